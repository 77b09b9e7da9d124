"""Runs f with recording whatever the mode, and only cuts off the result."""

from collections.abc import Callable

import torch
from torch import Tensor

MODES = {"no_grad", "inference", "detach"}


def evaluate(f: Callable[[Tensor], Tensor], x: Tensor, mode: str) -> Tensor:
    if mode not in MODES:
        raise ValueError("mode must be one of " + ", ".join(sorted(MODES)))
    with torch.enable_grad():
        recorded = f(x)
    return recorded.detach()
