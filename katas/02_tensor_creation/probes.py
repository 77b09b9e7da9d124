"""What a spec cannot do itself: change torch's global state around a call, and use a device without data."""

from types import ModuleType

import numpy as np
import torch
from torch import Tensor


def snapshot_under(module: ModuleType, default: torch.dtype, array: np.ndarray) -> Tensor:
    """What `snapshot` gives while `default` is the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        return module.snapshot(array)
    finally:
        torch.set_default_dtype(before)


def statistics_on_meta(
    module: ModuleType, shape: tuple[int, ...], dtype: torch.dtype
) -> dict[str, tuple[str, torch.dtype, tuple[int, ...]]]:
    """Device, dtype and shape of each tensor that `empty_statistics` gives for a sample on the device "meta"."""
    result = module.empty_statistics(torch.empty(shape, dtype=dtype, device="meta"))
    return {name: (x.device.type, x.dtype, tuple(x.shape)) for name, x in result.items()}


def uniform_and_global_state(
    module: ModuleType, seed: int, low: Tensor, high: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """What `uniform_between` gives, and the state of the global generator, seeded with `seed`, before and after."""
    torch.manual_seed(seed)
    before = torch.get_rng_state()
    result = module.uniform_between(low, high, generator)
    return result, before, torch.get_rng_state()


def noise_and_global_state(
    module: ModuleType, global_seed: int, signal: Tensor, sigma: float, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """What `add_noise` gives, and the state of the global generator, seeded with `global_seed`, before and after."""
    torch.manual_seed(global_seed)
    before = torch.get_rng_state()
    result = module.add_noise(signal, sigma, seed)
    return result, before, torch.get_rng_state()
