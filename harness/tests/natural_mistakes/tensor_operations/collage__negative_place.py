"""Turns a negative place into a positive one by adding the number of dimensions of one colour's picture."""

import torch
from torch import Tensor


def glue(rows: list[list[Tensor]]) -> Tensor:
    return torch.cat([torch.cat(scans, dim=1) for scans in rows], dim=0)


def collage(
    red: list[list[Tensor]], green: list[list[Tensor]], blue: list[list[Tensor]], colour_dim: int = 0
) -> Tensor:
    planes = [glue(colour) for colour in (red, green, blue)]
    place = colour_dim
    if place < 0:
        place += planes[0].dim()
    return torch.stack(planes, dim=place)
