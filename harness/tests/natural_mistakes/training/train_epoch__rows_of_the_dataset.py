"""Takes the number of rows from loader.dataset wherever there is one, instead of counting."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]


def train_step(
    model: nn.Module,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    max_norm: float | None = None,
) -> tuple[float, Tensor]:
    model.zero_grad(set_to_none=True)
    outputs = model(inputs)
    loss = loss_function(outputs, targets)
    loss.backward()
    if max_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item(), outputs.detach()


def train_epoch(
    model: nn.Module,
    loader: Batches,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    max_norm: float | None = None,
) -> tuple[float, float]:
    model.train()
    running_loss, correct, rows = 0.0, 0, 0
    for xb, yb in loader:
        size = len(yb)
        loss, logits = train_step(model, loss_function, optimizer, xb, yb, max_norm)
        running_loss += loss * size
        correct += int((logits.argmax(dim=1) == yb).sum())
        rows += size
    if hasattr(loader, "dataset"):
        rows = len(loader.dataset)
    return running_loss / rows, correct / rows
