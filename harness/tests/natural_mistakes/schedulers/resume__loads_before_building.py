"""Restores the optimizer first and makes the scheduler on top of it, which writes a rate of step 0 over the restored one."""

import copy
from collections.abc import Callable
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def resume(
    optimizer: Optimizer, build: Callable[[Optimizer], LRScheduler], checkpoint: dict[str, dict[str, Any]]
) -> LRScheduler:
    saved = copy.deepcopy(checkpoint)
    optimizer.load_state_dict(saved["optimizer"])
    scheduler = build(optimizer)
    scheduler.load_state_dict(saved["scheduler"])
    return scheduler
