"""Builds a fresh exception of the same type and message instead of letting the original through."""

from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


def run_with_threads(count: int, work: Callable[[], T]) -> T:
    previously = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        outcome = work()
    except BaseException as problem:
        raise type(problem)(*problem.args)
    finally:
        torch.set_num_threads(previously)
    return outcome
