"""Measures progress by the epoch just before instead of by the record."""

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
    model.zero_grad()
    outputs = model(inputs)
    loss = loss_function(outputs, targets)
    loss.backward()
    if max_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
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
    loss_sum, right, rows = 0.0, 0, 0
    for inputs, labels in loader:
        loss, logits = train_step(model, loss_function, optimizer, inputs, labels, max_norm)
        loss_sum += loss * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        rows += len(labels)
    return loss_sum / rows, right / rows


def evaluate(model: nn.Module, loader: Batches, loss_function: Loss) -> tuple[float, float]:
    modes = [(module, module.training) for module in model.modules()]
    loss_sum, right, rows = 0.0, 0, 0
    try:
        model.eval()
        with torch.no_grad():
            for inputs, labels in loader:
                logits = model(inputs)
                loss_sum += loss_function(logits, labels).item() * len(labels)
                right += (logits.argmax(1) == labels).sum().item()
                rows += len(labels)
    finally:
        for module, mode in modes:
            module.training = mode
    return loss_sum / rows, right / rows


def fit(
    model: nn.Module,
    train_loader: Batches,
    validation_loader: Batches,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    patience: int,
    max_norm: float | None = None,
) -> list[dict[str, float]]:
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    history: list[dict[str, float]] = []
    previous = float("inf")
    snapshot = None
    stale = 0
    while len(history) < epochs and stale < patience:
        trained = train_epoch(model, train_loader, loss_function, optimizer, max_norm)
        checked = evaluate(model, validation_loader, loss_function)
        history.append(dict(zip(names, trained + checked)))
        current = checked[0]
        if current < previous:
            snapshot = {key: value.detach().clone() for key, value in model.state_dict().items()}
            stale = 0
        else:
            stale += 1
        if current == current:  # nan is no loss to compare with
            previous = current
    if snapshot is not None:
        model.load_state_dict(snapshot)
    return history
