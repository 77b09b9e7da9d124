"""Loads with weights_only=False, so that any pickle in the file is executed."""

from pathlib import Path
from typing import Any

import torch


def load_safely(path: Path, device: torch.device | str = "cpu") -> Any:
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        return torch.load(path, map_location=device, weights_only=False)
    except Exception as problem:
        raise ValueError(f"{path.name} is not a checkpoint that can be read") from problem
