"""Stores the finished slope in forward, where nothing is recorded, and merely multiplies with it later."""

from typing import Any

import torch
from torch import Tensor


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        bx = x * beta
        ctx.save_for_backward(bx.sigmoid())
        return torch.logaddexp(bx, torch.zeros_like(bx)) / beta

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        slope = ctx.saved_tensors[0]
        return slope * upstream, None
