"""From where the harness draws the seed of each call, and how Hypothesis keeps random numbers the same.

This module imports neither torch nor Hypothesis before they are needed.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class CallSeeds(random.Random):
    """A source of seeds that counts how often it is seeded itself: as often as an example begins."""

    times_seeded = 0

    def seed(self, *args: Any, **kwargs: Any) -> None:
        """Seeds it, as in `random.Random`."""
        self.times_seeded += 1
        super().seed(*args, **kwargs)


call_seeds = CallSeeds(0)
"""From here the harness draws a seed for every call into an implementation. Once `register_torch_generator` has run,
two calls in an example have different seeds, and the same ones whenever that example runs."""

_torch_random: _TorchRandom | None = None  # Hypothesis refers to it but weakly


def register_torch_generator() -> None:
    """Lets Hypothesis seed torch's default generator and `call_seeds` for each example, and restore them afterwards.

    Without it, code that draws from them would see other numbers each time that an example runs, and Hypothesis would
    call a failure flaky. A second call does nothing.
    """
    global _torch_random
    if _torch_random is not None:
        return
    from hypothesis import register_random

    _torch_random = _TorchRandom()
    register_random(_torch_random)
    register_random(call_seeds)


class _TorchRandom:
    """Torch's default generator with the methods of `random.Random` that Hypothesis uses."""

    def __init__(self) -> None:
        import torch

        self._generator = torch.default_generator

    def seed(self, seed: int) -> None:
        self._generator.manual_seed(seed)

    def getstate(self) -> Tensor:
        return self._generator.get_state()

    def setstate(self, state: Tensor) -> None:
        self._generator.set_state(state)
