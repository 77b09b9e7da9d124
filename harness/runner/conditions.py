"""The conditions of every call into an implementation: seeds, one thread, a deadline, a clean slate afterwards."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.errors import Alarm, DeadlineExceeded
from harness.model import NO_DEADLINE
from harness.runner import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import CodeType, FrameType

DEADLINE = settings.deadline()
"""Seconds that one call may take; a slow machine may be given more."""


def heed(environment: Mapping[str, str]) -> None:
    """Takes the deadline that an environment names, if it does: a forked process was born with its parent's."""
    global DEADLINE
    if "KATA_DEADLINE" in environment:
        DEADLINE = settings.deadline(environment)


_INSIST_EVERY = 0.5
"""Seconds after which a call that swallowed the alarm is alarmed again."""

_IMPORTING = 3
"""How many times the deadline a call may take that is importing: on first use, torch imports much of itself."""

_LINES_TO_TRY = 8
"""How many lines later, at most, a call that swallowed the alarm is broken off."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Breaks off what runs inside after so many seconds of wall time.

    Works in the main thread of a system with interval timers, and keeps still under a debugger. May be nested.

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
    caller = sys._getframe(2).f_code  # beyond contextlib: it and what called it are none of the alarm's business
    alarms = 0

    def ring(_signal: int, frame: FrameType | None) -> None:
        nonlocal alarms
        if _is_importing(frame, caller) and time.monotonic() - begin < _IMPORTING * seconds:
            return
        alarms += 1
        if alarms > 1:
            _raise_at_a_line(frame, caller, alarms % _LINES_TO_TRY)
        raise Alarm

    trace = sys.gettrace()
    handler = signal.signal(signal.SIGALRM, ring)
    begin = time.monotonic()
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _INSIST_EVERY)
    try:
        yield
    except Alarm:
        raise DeadlineExceeded(f"did not return within {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if alarms > 1:
            sys.settrace(trace)
        if remaining:  # somebody else's alarm, or that of a deadline around this one
            remaining = max(remaining - (time.monotonic() - begin), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, remaining, interval)


def _is_importing(frame: FrameType | None, caller: CodeType) -> bool:
    """Whether a module is being imported, which would stay half-made for all later calls if it were broken off."""
    while frame is not None and frame.f_code is not caller:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _raise_at_a_line(frame: FrameType | None, caller: CodeType, skip: int) -> None:
    """Raises the alarm once more, some lines after this one.

    An alarm that rings within a `try: … except: …` is swallowed, and so is each that rings there later. The lines of
    the handler lie outside, so one more raised there gets through. Which line it takes is tried out, one alarm after
    another: a trace function that raises is taken off by Python.
    """

    def insist(_frame: FrameType, event: str, _argument: object) -> Any:  # pragma: no cover - no tool sees it run
        nonlocal skip
        if event == "line":
            if skip == 0:
                raise Alarm
            skip -= 1
        return insist

    while frame is not None and frame.f_code is not caller:
        frame.f_trace = insist
        frame = frame.f_back
    sys.settrace(lambda *_: None)


def _debugger_is_active() -> bool:
    if os.environ.get(NO_DEADLINE):
        return True
    trace = sys.gettrace()
    # A coverage tool's tracer is no debugger: nobody waits at a prompt.
    return trace is not None and "coverage" not in type(trace).__module__ and type(trace).__name__ != "CTracer"


_numpy_source = np.random.MT19937(0)
"""What NumPy's global functions draw from during a call."""

_seed_numpy = np.random.RandomState(_numpy_source).seed


@contextmanager
def clean_slate(seed: int, *, alone: bool = False) -> Iterator[None]:
    """Seeds torch, NumPy and `random` and runs one thread inside; puts the global state back as it was afterwards.

    The caller's own random state is not touched: whether the implementation runs in this process or in another one, the
    caller draws the same numbers.

    Args:
        seed: for all default generators, 0 to 2**64 - 1.
        alone: nobody draws from torch's and Python's generators in this process but inside, where they are seeded:
            their state, which takes longest to read out, is not put back.
    """
    put_back = None if alone else _random_state()
    # Lent another source rather than read out and put back, which takes NumPy a tenth of a millisecond.
    numpy_source = np.random.get_bit_generator()  # type: ignore[attr-defined]
    dtype = torch.get_default_dtype()
    device = torch.get_default_device()
    grad_enabled = torch.is_grad_enabled()
    deterministic = torch.get_deterministic_debug_mode()
    anomaly = torch.is_anomaly_enabled()
    precision = torch.get_float32_matmul_precision()
    threads = torch.get_num_threads()
    if threads != 1:
        torch.set_num_threads(1)
    torch.default_generator.manual_seed(seed)
    for generator in _cuda_generators():
        generator.manual_seed(seed)
    random.seed(seed)
    _seed_numpy(seed % 2**32)
    np.random.set_bit_generator(_numpy_source)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if put_back is not None:
            put_back()
        np.random.set_bit_generator(numpy_source)  # type: ignore[attr-defined]
        if torch.get_default_dtype() is not dtype:
            torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(None if device == torch.device("cpu") else device)
        if torch.is_grad_enabled() is not grad_enabled:
            torch.set_grad_enabled(grad_enabled)
        if torch.get_deterministic_debug_mode() != deterministic:
            torch.set_deterministic_debug_mode(deterministic)
        if torch.is_anomaly_enabled() is not anomaly:
            torch.autograd.set_detect_anomaly(anomaly)
        if torch.get_float32_matmul_precision() != precision:
            torch.set_float32_matmul_precision(precision)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


def _random_state() -> Callable[[], None]:
    """What puts the default generators of torch and Python into the state in which they are now."""
    torch_state = torch.default_generator.get_state()
    cuda_states = [generator.get_state() for generator in _cuda_generators()]
    python_state = random.getstate()

    def put_back() -> None:
        torch.default_generator.set_state(torch_state)
        for generator, state in zip(_cuda_generators(), cuda_states, strict=False):  # a call may initialise CUDA
            generator.set_state(state)
        random.setstate(python_state)

    return put_back


def _cuda_generators() -> tuple[torch.Generator, ...]:
    return tuple(torch.cuda.default_generators) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
