"""Half the rate is divided into as many steps as there are bins, so the last bin falls one step short."""

import torch
from torch import Tensor


def spectrogram_axes(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    nyquist = rate / 2
    columns = torch.arange(frames, dtype=torch.float64)
    rows = torch.arange(bins, dtype=torch.float64)
    times = (columns * hop).to(torch.float32)
    frequencies = (rows * (nyquist / bins)).to(torch.float32)
    return times, frequencies
