"""Gives 0 where no row carries any weight, to avoid dividing by zero."""

import torch
from torch import Tensor


def _row_losses(z: Tensor, y: Tensor) -> Tensor:
    shifted = z - z.detach().amax(dim=1, keepdim=True)
    normaliser = shifted.exp().sum(dim=1).log()
    return normaliser - shifted[torch.arange(len(y)), y]


def cross_entropy(logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = -100) -> Tensor:
    valid = labels != ignore_index
    z, y = logits[valid], labels[valid]
    if weight is None:
        importance = torch.ones(len(y), dtype=logits.dtype)
    else:
        importance = weight[y]
    total = importance.sum()
    if total == 0:
        return logits.sum() * 0.0
    return (importance * _row_losses(z, y)).sum() / total
