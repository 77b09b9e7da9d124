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
    raise NotImplementedError("scale")


# stub 194044e5f4a7: says that nothing was written here yet; this line may stay or go
