"""Recognises a plateau scheduler by its class's name, so one of a derived class is stepped without the metric."""

from collections.abc import Callable

from torch.optim.lr_scheduler import LRScheduler


def _wants_metric(scheduler: LRScheduler) -> bool:
    return scheduler.__class__.__name__ == "ReduceLROnPlateau"


def train_epochs(
    train: Callable[[], None],
    validate: Callable[[], float],
    schedulers: list[LRScheduler],
    epochs: int,
) -> list[float]:
    history: list[float] = []
    while len(history) < epochs:
        train()
        score = validate()
        history.append(score)
        for sched in schedulers:
            if _wants_metric(sched):
                sched.step(score)
            else:
                sched.step()
    return history
