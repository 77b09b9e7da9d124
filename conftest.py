"""What only this repository's own tests need: pytest's tools for testing its plugins."""

pytest_plugins = ["pytester"]
