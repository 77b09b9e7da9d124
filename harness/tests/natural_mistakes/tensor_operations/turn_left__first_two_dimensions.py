"""Written for one picture: the dimensions are counted from the front."""

import torch
from torch import Tensor


def turn_left(pictures: Tensor) -> Tensor:
    mirrored = torch.flip(pictures, dims=(1,))
    return torch.transpose(mirrored, 0, 1)
