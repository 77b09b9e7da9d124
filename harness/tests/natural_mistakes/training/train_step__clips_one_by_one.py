"""Bounds the norm of every parameter's gradient separately."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]


def train_step(
    model: nn.Module,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    max_norm: float | None = None,
) -> tuple[float, Tensor]:
    model.zero_grad()
    optimizer.zero_grad()

    out = model(inputs)
    cost = loss_function(out, targets)
    cost.backward()

    if max_norm is not None:
        with torch.no_grad():
            for param in model.parameters():
                if param.grad is None:
                    continue
                length = param.grad.norm()
                if length > max_norm:
                    param.grad.mul_(max_norm / length)

    result = cost.item(), out.detach().clone()
    optimizer.step()
    return result
