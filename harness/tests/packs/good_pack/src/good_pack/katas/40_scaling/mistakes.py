"""What people get wrong in scaling."""


def scale__ignores_the_factor(x, factor=2.0):
    """You always double, whatever `factor` says."""
    return x * 2.0


def scale__in_place(x, factor=2.0):
    """You change the argument itself: `mul_` works in place."""
    return x.mul_(factor)
