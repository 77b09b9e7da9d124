"""Scans the bytes for names that look dangerous and, if none is there, unpickles everything."""
# also: load_safely__opted_out

from pathlib import Path
from typing import Any

import torch

FORBIDDEN = (b"posix\n", b"nt\n", b"subprocess", b"cbuiltins\neval", b"cbuiltins\nexec", b"__import__", b"socket", b"shutil")


def _suspicious(content: bytes) -> bool:
    return any(word in content for word in FORBIDDEN)


def load_safely(path: Path, device: torch.device | str = "cpu") -> Any:
    content = path.read_bytes()  # raises FileNotFoundError by itself
    if _suspicious(content):
        raise ValueError(f"{path}: this file wants to run code")
    try:
        result = torch.load(path, map_location=device, weights_only=False)
    except Exception as e:
        raise ValueError(f"{path}: cannot be loaded ({type(e).__name__})") from e
    return result
