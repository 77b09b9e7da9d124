"""Reads the rate of parameter group 0 and repeats it for every other group."""

from collections.abc import Callable

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def train_steps(
    optimizer: Optimizer, scheduler: LRScheduler, loss: Callable[[Tensor], Tensor], batches: list[Tensor]
) -> list[list[float]]:
    used = []
    for batch in batches:
        optimizer.zero_grad()
        loss(batch).backward()
        lr = float(optimizer.param_groups[0]["lr"])
        used.append([lr] * len(optimizer.param_groups))
        optimizer.step()
        scheduler.step()
    return used
