"""Stores the epoch at which the next run would begin, one more than was given."""

import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def save_checkpoint(
    path: Path, epoch: int, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, loss: Tensor | float
) -> None:
    np_state = list(np.random.get_state())
    np_state[1] = [int(word) for word in np_state[1]]

    content = {}
    content["rng"] = dict(torch=torch.get_rng_state(), python=random.getstate(), numpy=tuple(np_state))
    content["model"] = model.state_dict()
    content["optimizer"] = optimizer.state_dict()
    content["scheduler"] = scheduler.state_dict()
    if isinstance(loss, torch.Tensor):
        loss = loss.detach().item()
    content["loss"] = float(loss)
    start = epoch + 1
    content["epoch"] = start
    torch.save(content, path)
