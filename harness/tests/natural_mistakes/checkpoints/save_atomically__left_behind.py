"""Writes a temporary file and replaces, but nothing removes the temporary file when something goes wrong."""

import os
import tempfile
from pathlib import Path
from typing import Any

import torch


def save_atomically(value: Any, path: Path) -> None:
    path = Path(path)
    descriptor, draft = tempfile.mkstemp(suffix=".part", dir=path.parent)
    with os.fdopen(descriptor, "wb") as stream:
        torch.save(value, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, path)
