"""What stands in for the keyboard in a process that has none."""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn


def take_away() -> None:
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
