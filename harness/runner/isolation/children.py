"""The life of a process that the warm parent has forked."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from harness.runner.isolation.limits import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable


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
