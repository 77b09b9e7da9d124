"""The times are spread from 0 up to the end of the last column, instead of up to its beginning."""

import torch
from torch import Tensor


def spectrogram_axes(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    def axis(end: float, points: int) -> Tensor:
        return torch.linspace(0, end, points, dtype=torch.float32)

    duration = frames * hop
    return axis(duration, frames), axis(rate / 2, bins)
