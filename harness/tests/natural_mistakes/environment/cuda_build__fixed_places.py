"""Slices CUDA's version as if the major number always had two digits."""

import torch


def cuda_build() -> tuple[int, int] | None:
    text = torch.version.cuda
    if text is None:
        return None
    first, second = text[:2], text[3:]
    return int(first), int(second)
