"""Restores model, scheduler and generators, but the optimizer begins without its past."""

import random
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def load_checkpoint(path: Path, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> tuple[int, float]:
    ckpt = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(ckpt["model"])
    scheduler.load_state_dict(ckpt["scheduler"])

    rng = ckpt["rng"]
    torch.set_rng_state(rng["torch"])
    random.setstate(rng["python"])
    name, words, pos, has_gauss, cached = rng["numpy"]
    np.random.set_state((name, np.array(words, dtype=np.uint32), pos, has_gauss, cached))

    return ckpt["epoch"], ckpt["loss"]
