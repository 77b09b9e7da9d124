"""Scales the complete loss of each element by pos_weight, the part of no as well."""

import torch
from torch import Tensor


def binary_cross_entropy(logits: Tensor, targets: Tensor, pos_weight: Tensor | None = None) -> Tensor:
    if logits.shape != targets.shape:
        raise ValueError("logits and targets must have the same shape")
    zero = torch.zeros_like(logits)
    cost_yes = torch.logaddexp(zero, -logits)
    cost_no = torch.logaddexp(zero, logits)
    elementwise = targets * cost_yes + (1 - targets) * cost_no
    if pos_weight is not None:
        elementwise = elementwise * pos_weight
    return elementwise.mean()
