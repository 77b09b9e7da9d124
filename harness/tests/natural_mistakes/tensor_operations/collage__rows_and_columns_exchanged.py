"""Glues along dimension 0 within a row and along dimension 1 between rows."""

import torch
from torch import Tensor


def collage(
    red: list[list[Tensor]], green: list[list[Tensor]], blue: list[list[Tensor]], colour_dim: int = 0
) -> Tensor:
    pictures = []
    for table in (red, green, blue):
        strips = [torch.cat(line, 0) for line in table]
        pictures.append(torch.cat(strips, 1))
    return torch.stack(pictures, colour_dim)
