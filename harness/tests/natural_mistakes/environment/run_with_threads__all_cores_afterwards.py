"""Afterwards gives torch one thread per core, whatever was set before."""

import os
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


def run_with_threads(count: int, work: Callable[[], T]) -> T:
    torch.set_num_threads(count)
    try:
        return work()
    finally:
        torch.set_num_threads(os.cpu_count() or 1)
