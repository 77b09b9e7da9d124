"""No margin is ever refused; one that is too large just gives a shorter result than promised."""

import torch
from torch import Tensor


def _backwards(part: Tensor) -> Tensor:
    return part.flip(-1)


def mirror_pad(signal: Tensor, margin: int) -> Tensor:
    length = signal.shape[-1]
    before = _backwards(signal[..., 1 : 1 + margin])
    start = max(length - 1 - margin, 0)
    after = _backwards(signal[..., start : length - 1])
    return torch.cat((before, signal, after), dim=-1)
