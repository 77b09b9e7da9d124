"""The last two letters of the result stand in the wrong order."""

import torch
from torch import Tensor


def mix_channels(pictures: Tensor, weights: Tensor) -> Tensor:
    return torch.einsum("nc,...chw->...nwh", weights, pictures)
