"""What a worker may use: memory, core files, and no life beyond its parent's. Time is the judge's to watch."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

MEMORY = 4 << 30
"""Bytes that an implementation may take beyond what the process held before it was loaded."""


def apply() -> None:
    """Limits this process and all that it starts. Where the system has no such limit, there is none."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    held = address_space()
    if held is not None:
        limit = held + MEMORY
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def address_space() -> int | None:
    """Bytes of address space that this process holds, or None where that cannot be known or limited."""
    if sys.platform != "linux":  # macOS takes the limit, and does not keep it
        return None
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


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
