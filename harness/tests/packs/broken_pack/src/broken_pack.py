"""A pack that cannot be loaded."""

raise ImportError("the oven is not installed")
