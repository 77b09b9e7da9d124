"""Takes as many whole tiles as there are, and ignores the strip at the right and at the bottom."""

from torch import Tensor


def cut_tiles(picture: Tensor, height: int, width: int) -> Tensor:
    c, h, w = picture.shape
    down, across = h // height, w // width
    whole = picture[:, : down * height, : across * width]
    parts = whole.reshape(c, down, height, across, width)
    return parts.permute(1, 3, 0, 2, 4).reshape(down * across, c, height, width)
