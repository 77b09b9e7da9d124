"""Trusts that logits and targets fit, and lets them stretch over each other."""

import torch
from torch import Tensor


def _log1p_exp(v: Tensor) -> Tensor:
    return torch.logaddexp(v, v.new_zeros(()))


def binary_cross_entropy(logits: Tensor, targets: Tensor, pos_weight: Tensor | None = None) -> Tensor:
    p = 1.0 if pos_weight is None else pos_weight
    losses = p * targets * _log1p_exp(-logits) + (1.0 - targets) * _log1p_exp(logits)
    return torch.mean(losses)
