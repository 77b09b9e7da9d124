"""Makes the scheduler after the optimizer was restored and then repairs the groups' rates alone, not their momentum."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def resume(
    optimizer: Optimizer, build: Callable[[Optimizer], LRScheduler], checkpoint: dict[str, dict[str, Any]]
) -> LRScheduler:
    old_optimizer = checkpoint["optimizer"]
    optimizer.load_state_dict(deepcopy(old_optimizer))

    sched = build(optimizer)
    sched.load_state_dict(deepcopy(checkpoint["scheduler"]))

    for group, old_group in zip(optimizer.param_groups, old_optimizer["param_groups"], strict=True):
        group["lr"] = old_group["lr"]
    return sched
