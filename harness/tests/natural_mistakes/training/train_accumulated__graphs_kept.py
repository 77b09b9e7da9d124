"""Makes one big loss of the whole group and goes backward only at its end."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]


def in_groups(loader: Batches, size: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
    it = iter(loader)
    while members := list(islice(it, size)):
        yield members


def train_accumulated(
    model: nn.Module, loader: Batches, loss_function: Loss, optimizer: torch.optim.Optimizer, group: int
) -> list[float]:
    results = []
    for members in in_groups(loader, group):
        total_rows = sum(y.shape[0] for _, y in members)
        optimizer.zero_grad()
        model.zero_grad()
        loss = sum(loss_function(model(x), y) * (y.shape[0] / total_rows) for x, y in members)
        loss.backward()
        results.append(loss.item())
        optimizer.step()
    return results
