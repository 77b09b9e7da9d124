"""Lets each batch's mean go backward in full, whatever its share of the group."""

from collections.abc import Callable, Iterable
from itertools import islice

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]


def train_accumulated(
    model: nn.Module, loader: Batches, loss_function: Loss, optimizer: torch.optim.Optimizer, group: int
) -> list[float]:
    stream = iter(loader)
    history: list[float] = []
    while True:
        chunk = list(islice(stream, group))
        if not chunk:
            return history
        model.zero_grad()
        weighted, count = 0.0, 0
        for features, wanted in chunk:
            loss = loss_function(model(features), wanted)
            loss.backward()
            weighted += loss.item() * len(features)
            count += len(features)
        optimizer.step()
        history.append(weighted / count)
