"""Moves the schedule on before the optimizer's step, so each batch is trained with the next step's rate."""

from collections.abc import Callable

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def train_steps(
    optimizer: Optimizer, scheduler: LRScheduler, loss: Callable[[Tensor], Tensor], batches: list[Tensor]
) -> list[list[float]]:
    log: list[list[float]] = []
    for x in batches:
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        value = loss(x)
        value.backward()
        log.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
    return log
