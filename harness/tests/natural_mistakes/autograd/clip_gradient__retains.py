"""Asks h to keep its gradient, so that it has a .grad after every backward pass."""

from typing import Any

import torch
from torch import Tensor


def clip_gradient(h: Tensor, limit: float) -> tuple[list[Tensor], Any]:
    seen: list[Tensor] = []

    def on_gradient(arriving: Tensor) -> Tensor:
        seen.append(arriving.detach().clone())
        return torch.clamp(arriving, -limit, limit)

    h.retain_grad()
    return seen, h.register_hook(on_gradient)
