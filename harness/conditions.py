"""The conditions of every call into an implementation: a seed, one thread, a deadline, a clean slate afterwards."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from harness.errors import Alarm, DeadlineExceeded
from harness.model import NO_DEADLINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

DEADLINE = 10.0
"""Seconds that one call may take."""

_INSIST_EVERY = 0.5
"""Seconds after which a call that swallowed the alarm is alarmed again."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Breaks off what runs inside after so many seconds of wall time.

    Works in the main thread of a system with interval timers, and keeps still under a debugger.

    Raises:
        DeadlineExceeded: the time was up.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
        or _debugger_is_active()
    ):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _INSIST_EVERY)
    try:
        yield
    except Alarm:
        raise DeadlineExceeded(f"did not return within {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _debugger_is_active() -> bool:
    if os.environ.get(NO_DEADLINE):
        return True
    trace = sys.gettrace()
    # A coverage tool's tracer is no debugger: nobody waits at a prompt.
    return trace is not None and "coverage" not in type(trace).__module__ and type(trace).__name__ != "CTracer"


@contextmanager
def clean_slate(seed: int) -> Iterator[None]:
    """Seeds torch and runs one thread inside; afterwards puts torch's global state back as it was.

    The caller's own random state is not touched: whether the implementation runs in this process or in another one, the
    caller draws the same numbers.

    Args:
        seed: for torch's default generator, 0 to 2**64 - 1.
    """
    random_state = torch.default_generator.get_state()
    dtype = torch.get_default_dtype()
    device = torch.get_default_device()
    grad_enabled = torch.is_grad_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    anomaly = torch.is_anomaly_enabled()
    threads = torch.get_num_threads()
    if threads != 1:
        torch.set_num_threads(1)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.default_generator.set_state(random_state)
        if torch.get_default_dtype() is not dtype:
            torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device == torch.device("cpu") else device)
        if torch.is_grad_enabled() is not grad_enabled:
            torch.set_grad_enabled(grad_enabled)
        if torch.are_deterministic_algorithms_enabled() is not deterministic:
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        if torch.is_anomaly_enabled() is not anomaly:
            torch.autograd.set_detect_anomaly(anomaly)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
