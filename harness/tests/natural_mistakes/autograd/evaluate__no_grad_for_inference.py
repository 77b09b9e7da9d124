"""Treats inference mode as another word for no_grad, so the result is no inference tensor."""

from collections.abc import Callable

import torch
from torch import Tensor


def evaluate(f: Callable[[Tensor], Tensor], x: Tensor, mode: str) -> Tensor:
    if mode in ("no_grad", "inference"):
        with torch.no_grad():
            return f(x).detach()
    if mode == "detach":
        with torch.enable_grad():
            value = f(x)
        return value.detach()
    raise ValueError(f"unknown mode: {mode!r}")
