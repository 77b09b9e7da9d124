"""Calls step() without anything on every scheduler, also on those that wait for a metric."""

from collections.abc import Callable

from torch.optim.lr_scheduler import LRScheduler


def train_epochs(
    train: Callable[[], None],
    validate: Callable[[], float],
    schedulers: list[LRScheduler],
    epochs: int,
) -> list[float]:
    metrics = []
    for _ in range(epochs):
        train()
        metrics.append(validate())
        for s in schedulers:
            s.step()
    return metrics
