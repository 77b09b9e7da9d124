"""Puts the model, the optimizer and the scheduler themselves into the dict."""

import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def _generators() -> dict:
    kind, keys, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), *rest),
    }


def save_checkpoint(
    path: Path, epoch: int, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, loss: Tensor | float
) -> None:
    rng = _generators()
    number = loss.item() if isinstance(loss, Tensor) else float(loss)
    torch.save(
        {"epoch": epoch, "model": model, "optimizer": optimizer, "scheduler": scheduler, "loss": number, "rng": rng},
        path,
    )
