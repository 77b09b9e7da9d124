"""The slices stop at twice half the size, so a picture with an odd side loses its last line of pixels."""

from torch import Tensor


def colour_planes(raw: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    h, w = raw.shape[-2:]
    bottom = h // 2 * 2
    right = w // 2 * 2
    r = raw[..., 0:bottom:2, 0:right:2]
    gr = raw[..., 0:bottom:2, 1:right:2]
    gb = raw[..., 1:bottom:2, 0:right:2]
    b = raw[..., 1:bottom:2, 1:right:2]
    return (r, gr, gb, b)
