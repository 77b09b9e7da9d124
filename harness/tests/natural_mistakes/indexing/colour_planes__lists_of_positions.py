"""Row and column numbers are collected into lists and used as indices, so every plane is copied out of the picture."""

import torch
from torch import Tensor


def colour_planes(raw: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    height, width = raw.shape[-2], raw.shape[-1]

    even_rows = list(range(0, height, 2))
    odd_rows = list(range(1, height, 2))
    even_cols = list(range(0, width, 2))
    odd_cols = list(range(1, width, 2))

    def pick(rows: list[int], cols: list[int]) -> Tensor:
        return raw[..., rows, :][..., cols]

    red = pick(even_rows, even_cols)
    green_by_red = pick(even_rows, odd_cols)
    green_by_blue = pick(odd_rows, even_cols)
    blue = pick(odd_rows, odd_cols)
    return red, green_by_red, green_by_blue, blue
