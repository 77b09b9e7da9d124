"""Leaves the tiles in their rows and columns instead of making one sequence of them."""

from torch import Tensor


def cut_tiles(picture: Tensor, height: int, width: int) -> Tensor:
    _, h, w = picture.shape
    if h % height != 0 or w % width != 0:
        raise ValueError("the tiles do not fill the picture")
    strips = picture.unfold(1, height, height)
    grid = strips.unfold(2, width, width)  # (c, down, across, height, width)
    return grid.permute(1, 2, 0, 3, 4)
