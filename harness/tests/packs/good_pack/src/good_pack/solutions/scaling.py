"""Scaling: see README.md."""

from torch import Tensor


def scale(x: Tensor, factor: float = 2.0) -> Tensor:
    """Scales a tensor.

    Args:
        x: any shape, floating point.
        factor: by which to multiply.

    Returns:
        As `x`: its numbers times `factor`.
    """
    # <solution>
    return x * factor
    # </solution>
