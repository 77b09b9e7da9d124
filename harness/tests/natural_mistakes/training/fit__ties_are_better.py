"""Counts an epoch that only reaches the lowest loss again as progress."""

import copy
import math
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
    log = []
    lowest, best_weights, waited = math.inf, None, 0
    for _ in range(epochs):
        train_loss, train_accuracy = train_epoch(model, train_loader, loss_function, optimizer, max_norm)
        validation_loss, validation_accuracy = evaluate(model, validation_loader, loss_function)
        log.append(
            {
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "validation_loss": validation_loss,
                "validation_accuracy": validation_accuracy,
            }
        )
        if validation_loss < math.inf and validation_loss <= lowest:
            lowest = validation_loss
            best_weights = copy.deepcopy(model.state_dict())
            waited = 0
        else:
            waited += 1
            if waited == patience:
                break
    if best_weights is not None:
        model.load_state_dict(best_weights)
    return log
