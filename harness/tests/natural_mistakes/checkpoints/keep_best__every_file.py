"""Takes every .pt file in the folder for one of the checkpoints, whatever it is called."""

import math
import os
import tempfile
from pathlib import Path
from typing import Any

import torch


def _write(value: Any, path: Path) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def keep_best(
    folder: Path, epoch: int, metric: float, state: dict[str, Any], k: int = 3, mode: str = "min"
) -> list[str]:
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
    sign = 1 if mode == "min" else -1

    table = []
    for file in filter(Path.is_file, folder.glob("*.pt")):
        entry = torch.load(file, map_location="cpu", weights_only=True)
        table.append((sign * entry["metric"], entry["epoch"], file.name))
    mine = f"epoch_{epoch:04d}.pt"
    if not math.isnan(metric):
        table.append((sign * metric, epoch, mine))

    table.sort()
    best = [name for _, _, name in table[:k]]
    if mine in best:
        _write({"epoch": epoch, "metric": metric, "state": state}, folder / mine)
    for _, _, name in table[k:]:
        (folder / name).unlink(missing_ok=True)
    return best
