"""Parses the override with torch.device and compares the index found there with the number of GPUs."""

import re

import torch


def best_device(override: str | None = None) -> torch.device:
    has_cuda = torch.cuda.is_available()
    has_mps = torch.backends.mps.is_available()

    if override is None:
        if has_cuda:
            return torch.device("cuda")
        if has_mps:
            return torch.device("mps")
        return torch.device("cpu")

    problem = ValueError(f"cannot compute on {override}")
    if not re.fullmatch(r"cpu|mps|cuda(:(0|[1-9][0-9]*))?", override):
        raise problem
    try:
        chosen = torch.device(override)
    except RuntimeError:
        raise problem from None

    if chosen.type == "mps" and not has_mps:
        raise problem
    if chosen.type == "cuda":
        if not has_cuda:
            raise problem
        if chosen.index is not None and not 0 <= chosen.index < torch.cuda.device_count():
            raise problem
    return chosen
