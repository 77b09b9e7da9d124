"""Seeds on the way in, and does nothing on the way out."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    for plant in (random.seed, np.random.seed, torch.manual_seed):
        plant(seed)
    yield
