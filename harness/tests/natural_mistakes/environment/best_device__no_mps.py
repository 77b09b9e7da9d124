"""Chooses between cuda and cpu, and has never heard of Apple's GPUs."""

import re

import torch


def _exists(wanted: str) -> bool:
    if wanted == "cpu":
        return True
    if not torch.cuda.is_available():
        return False
    if wanted == "cuda":
        return True
    match = re.fullmatch(r"cuda:(0|[1-9][0-9]*)", wanted)
    return match is not None and int(match[1]) < torch.cuda.device_count()


def best_device(override: str | None = None) -> torch.device:
    if override is not None:
        if not _exists(override):
            raise ValueError(f"this machine has no device {override!r}")
        return torch.device(override)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
