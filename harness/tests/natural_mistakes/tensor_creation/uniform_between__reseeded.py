"""Each call puts the generator back to its seed before it draws."""

import torch
from torch import Tensor


def uniform_between(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    generator.manual_seed(generator.initial_seed())
    u = torch.empty_like(low).uniform_(generator=generator)
    drawn = torch.lerp(low, high, u)
    return torch.where(low == high, low, drawn)
