"""Checkpoints: the lesson stands in README.md of this kata's folder."""

import json
import math
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    copies = {}
    for name, tensor in model.state_dict().items():
        copies[name] = tensor.new_empty(tensor.shape).copy_(tensor)
    return copies


def extract_weights(source: Path, target: Path) -> None:
    # The caller knows who wrote this file, and a whole model cannot be read in any other way.
    model = torch.load(source, map_location="cpu", weights_only=False)
    torch.save(model.state_dict(), target)


def load_safely(path: Path, device: torch.device | str = "cpu") -> Any:
    try:
        with path.open("rb") as file:
            return torch.load(file, device, weights_only=True)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is no checkpoint that can be loaded safely: {error}") from error


def load_matching(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    own = model.state_dict()
    mismatched = [name for name in own if name in state and own[name].shape != state[name].shape]
    with torch.no_grad():
        for name in own:
            if name in state and name not in mismatched:
                own[name].copy_(state[name])
    return {
        "missing": [name for name in own if name not in state],
        "mismatched": mismatched,
        "unexpected": [name for name in state if name not in own],
    }


def save_atomically(value: Any, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        new = Path(folder) / path.name
        with new.open("wb") as file:
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def save_checkpoint(
    path: Path, epoch: int, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, loss: Tensor | float
) -> None:
    kind, numbers, *rest = np.random.get_state()
    checkpoint = {
        "epoch": epoch,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "loss": torch.as_tensor(loss, dtype=torch.float64).item(),
        "rng": {"torch": torch.get_rng_state(), "python": random.getstate(), "numpy": (kind, numbers.tolist(), *rest)},
    }
    save_atomically(checkpoint, path)


def load_checkpoint(path: Path, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> tuple[int, float]:
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    for key, target in {"model": model, "optimizer": optimizer, "scheduler": scheduler}.items():
        target.load_state_dict(checkpoint[key])
    model.zero_grad()  # the gradients of another past would be added to the next ones
    rng = checkpoint["rng"]
    torch.set_rng_state(rng["torch"])
    random.setstate(rng["python"])
    np.random.set_state(rng["numpy"])
    return checkpoint["epoch"], checkpoint["loss"]


def keep_best(
    folder: Path, epoch: int, metric: float, state: dict[str, Any], k: int = 3, mode: str = "min"
) -> list[str]:
    sign = {"min": 1, "max": -1}.get(mode)
    if sign is None:
        raise ValueError(f"mode is {mode!r}, but has to be 'min' or 'max'")
    new = folder / f"epoch_{epoch:04}.pt"
    old = [path for path in folder.glob("epoch_*.pt") if path.is_file() and path != new]
    ranking = [] if math.isnan(metric) else [(sign * metric, epoch, new)]
    for path in old:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not math.isnan(content["metric"]):
            ranking.append((sign * content["metric"], content["epoch"], path))
    best = [path for _, _, path in sorted(ranking)[:k]]
    if new in best:
        save_atomically({"epoch": epoch, "metric": metric, "state": state}, new)
    for path in old:
        if path not in best:
            path.unlink()
    return [path.name for path in best]


def save_tensors(state: dict[str, Tensor], metadata: dict[str, Any], path: Path) -> None:
    tensors = {}
    for name, tensor in state.items():
        tensors[name] = torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor.detach())
    save_file(tensors, path, {name: json.dumps(fact) for name, fact in metadata.items()} or None)
