"""Restores all but the scheduler, which stays at whatever step the new object is."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def _restore_generators(states: dict[str, Any]) -> None:
    numpy_state = list(states["numpy"])
    numpy_state[1] = np.asarray(numpy_state[1], dtype="uint32")
    np.random.set_state(tuple(numpy_state))
    random.setstate(states["python"])
    torch.set_rng_state(states["torch"].cpu())


def load_checkpoint(path: Path, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> tuple[int, float]:
    saved = torch.load(path, map_location=torch.device("cpu"), weights_only=True)
    for part, key in ((model, "model"), (optimizer, "optimizer")):
        part.load_state_dict(saved[key])
    _restore_generators(saved["rng"])
    return saved["epoch"], saved["loss"]
