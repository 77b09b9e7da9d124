"""What a worker may use: memory, core files, and no life beyond its parent's. Time is the judge's to watch."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

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
