"""What a spec cannot do itself: change global state around a call, compare two calls, and use a device without data."""

import hashlib
import random
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor


def under_default(module: ModuleType, default: torch.dtype, name: str, *args: Any) -> tuple[Any, list[str]]:
    """What an exercise gives while `default` is the default dtype, and the places of tensors that require gradients."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        result = getattr(module, name)(*args)
    finally:
        torch.set_default_dtype(before)
    members = result.items() if isinstance(result, dict) else enumerate(result if isinstance(result, tuple) else ())
    tracked = [f"[{key!r}]" for key, x in members if isinstance(x, Tensor) and x.requires_grad]
    if isinstance(result, Tensor) and result.requires_grad:
        tracked.append("the tensor")
    return result, tracked


def twice(module: ModuleType, name: str, *args: Any) -> tuple[Any, Any]:
    """What two calls of an exercise give: together, so that memory that the results share is seen."""
    function = getattr(module, name)
    return function(*args), function(*args)


def statistics_on_meta(
    module: ModuleType, shape: tuple[int, ...], dtype: torch.dtype
) -> dict[str, tuple[str, torch.dtype, tuple[int, ...]]]:
    """Device, dtype and shape of each tensor that `empty_statistics` gives for a sample on the device "meta"."""
    result = module.empty_statistics(torch.empty(shape, dtype=dtype, device="meta"))
    return {name: (x.device.type, x.dtype, tuple(x.shape)) for name, x in result.items()}


def uniform_and_global_states(
    module: ModuleType, seed: int, low: Tensor, high: Tensor, generator: torch.Generator
) -> tuple[Tensor, dict[str, tuple[str, str]]]:
    """What `uniform_between` gives, and of each global generator, seeded with `seed`, its state before and after."""
    before = _seeded(seed)
    result = module.uniform_between(low, high, generator)
    return result, _pairs(before)


def noise_and_global_states(
    module: ModuleType, global_seed: int, signal: Tensor, sigma: float, seed: int
) -> tuple[Tensor, dict[str, tuple[str, str]]]:
    """What `add_noise` gives, and of each global generator, seeded with `global_seed`, its state before and after."""
    before = _seeded(global_seed)
    result = module.add_noise(signal, sigma, seed)
    return result, _pairs(before)


def _seeded(seed: int) -> dict[str, str]:
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)
    return _states()


def _states() -> dict[str, str]:
    """A fingerprint of the state of each library's global generator."""
    states = {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "NumPy": repr([np.asarray(part).tolist() for part in np.random.get_state()]).encode(),
        "Python": repr(random.getstate()).encode(),
    }
    return {name: hashlib.sha256(state).hexdigest()[:16] for name, state in states.items()}


def _pairs(before: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (before[name], after) for name, after in _states().items()}
