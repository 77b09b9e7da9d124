"""The share of the way from low to high comes from randn, so it may be negative or more than the whole way."""

import torch
from torch import Tensor


def uniform_between(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    share = torch.randn(low.shape, generator=generator, dtype=low.dtype)
    width = high - low
    return low + width * share
