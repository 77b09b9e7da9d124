"""What a process that the harness starts may have: so much memory, no core files, no keyboard, its parent's life.

Time is the judge's to watch.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = 4 << 30
"""Bytes that an implementation may take beyond what the process held before it was loaded."""

DRIVER = Path("/dev/nvidiactl")
"""Is there on a machine with a GPU for CUDA."""


def apply() -> None:
    """Limits this process and all that it starts. Where the system has no such limit, there is none."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":  # macOS takes the limit, and does not keep it
        return
    # CUDA reserves many times the addresses that it ever uses: there, only memory that can be written to counts.
    kind = resource.RLIMIT_DATA if DRIVER.exists() else resource.RLIMIT_AS
    limit = held(kind) + MEMORY
    hard = resource.getrlimit(kind)[1]
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(kind, (limit, limit))


def held(kind: int) -> int:
    """Bytes that this process holds of what `RLIMIT_AS` or `RLIMIT_DATA` limits."""
    total, *_, data, _ = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(data if kind == resource.RLIMIT_DATA else total) * os.sysconf("SC_PAGE_SIZE")


def die_with_parent() -> None:
    """Asks Linux to end this process when its parent ends; elsewhere the closed channel does it, a little later."""
    _when_the_parent_ends(signal.SIGKILL)


def live_on() -> None:
    """Takes `die_with_parent` back."""
    _when_the_parent_ends(0)


def _when_the_parent_ends(number: int) -> None:
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
        ctypes.CDLL(None).prctl(set_parent_death_signal, number)


def in_child(run: Callable[[], int | None], *, keep: list[int]) -> NoReturn:  # pragma: no cover - runs in the child
    """Runs something as the whole life of a forked process."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        die_with_parent()
        _close_others(keep)
        code = run() or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _close_others(keep: list[int]) -> None:  # pragma: no cover - runs in the child
    """Closes every inherited descriptor but the three standard ones and those to keep."""
    start = 3
    for descriptor in sorted(keep):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, 4096)


def take_keyboard_away() -> None:
    """Has `breakpoint()`, `input()` and whatever else reads standard input say that this process has no keyboard."""
    sys.stdin = _NoKeyboard()
    if os.environ.get("PYTHONBREAKPOINT") != "0":  # which says that `breakpoint()` is to do nothing
        sys.breakpointhook = _refuse


def _refuse(*_arguments: object, **_more: object) -> NoReturn:
    raise OSError("a check has no keyboard, for `breakpoint()` or `input()`: `kata check --debug` has one")


class _NoKeyboard(io.TextIOBase):
    """Not an input that has ended: a debugger takes that for a wish to quit."""

    read = readline = _refuse

    def readable(self) -> bool:
        return True
