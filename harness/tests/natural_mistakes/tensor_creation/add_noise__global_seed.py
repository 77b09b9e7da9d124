"""Repeatability is bought by seeding the random numbers of the whole program."""

import torch
from torch import Tensor


def add_noise(signal: Tensor, sigma: float, seed: int) -> Tensor:
    torch.manual_seed(seed)
    hiss = torch.randn_like(signal).mul_(sigma)
    hiss += signal
    return hiss
