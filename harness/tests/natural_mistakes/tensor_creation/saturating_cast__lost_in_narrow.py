"""Whether something was lost is asked after x itself has been squeezed into the narrow dtype."""

import torch
from torch import Tensor


def _limits(dtype: torch.dtype) -> tuple[float, float]:
    info = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    return info.min, info.max


def saturating_cast(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    smallest, largest = _limits(dtype)
    limited = x.clamp(smallest, largest)
    if not dtype.is_floating_point:
        limited = limited.round()
    narrow = limited.to(dtype)
    lost = narrow != x.to(dtype)
    return narrow, lost
