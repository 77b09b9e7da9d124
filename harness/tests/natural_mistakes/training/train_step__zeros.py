"""Clears old gradients by writing zeros into them instead of taking them away."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]


def wipe_gradients(module: nn.Module) -> None:
    for p in module.parameters():
        if p.grad is not None:
            p.grad = torch.zeros_like(p.grad)


def train_step(
    model: nn.Module,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    max_norm: float | None = None,
) -> tuple[float, Tensor]:
    wipe_gradients(model)
    predicted = model(inputs)
    loss = loss_function(predicted, targets)
    loss.backward()
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    value = loss.item()
    optimizer.step()
    return value, predicted.detach()
