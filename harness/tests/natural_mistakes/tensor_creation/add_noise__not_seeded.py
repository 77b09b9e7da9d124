"""A seeded generator is prepared, but randn is never told to use it."""

import torch
from torch import Tensor


def add_noise(signal: Tensor, sigma: float, seed: int) -> Tensor:
    generator = torch.Generator()
    generator.manual_seed(seed)
    noise = sigma * torch.randn(signal.shape, dtype=signal.dtype)
    return signal + noise
