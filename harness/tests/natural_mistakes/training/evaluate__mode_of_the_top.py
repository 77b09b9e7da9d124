"""Remembers only model.training and sets the whole tree to it afterwards."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]


def evaluate(model: nn.Module, loader: Batches, loss_function: Loss) -> tuple[float, float]:
    was_training = model.training
    model.eval()
    loss_sum = 0.0
    right = 0
    seen = 0
    try:
        with torch.no_grad():
            for inputs, labels in loader:
                logits = model(inputs)
                loss_sum += loss_function(logits, labels).item() * len(labels)
                right += (logits.argmax(-1) == labels).sum().item()
                seen += len(labels)
    finally:
        model.train(was_training)
    return loss_sum / seen, right / seen
