"""The margins are turned round along dimension 0 instead of along the samples."""

import torch
from torch import Tensor


def mirror_pad(signal: Tensor, margin: int) -> Tensor:
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(f"margin must be from 0 to {n - 1}, not {margin}")
    head = signal[..., 1 : margin + 1].flip(0)
    tail = signal[..., n - 1 - margin : n - 1].flip(0)
    return torch.cat([head, signal, tail], dim=-1)
