"""Saves right into the final file, though it is flushed and synchronised afterwards."""

import os
from pathlib import Path
from typing import Any

import torch


def save_atomically(value: Any, path: Path) -> None:
    with open(path, "wb") as out:
        torch.save(value, out)
        out.flush()
        os.fsync(out.fileno())
