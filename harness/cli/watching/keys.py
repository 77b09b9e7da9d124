"""A learner's terminal while something is watched: keys one at a time, and a screen that is replaced.

Where standard output is no terminal, or a dumb one, screens follow one another; where standard input is none, there are
no keys.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from harness.reports.screen import Line, line, say

if TYPE_CHECKING:
    from collections.abc import Callable

END_OF_INPUT = "\x04"
"""What Ctrl-D sends, and what stands for the end of the input."""

_CLEAR = "\x1b[2J\x1b[H"


class Terminal:
    """Standard input and output. Use as a context: afterwards the terminal is as it was before.

    Args:
        pressed: is given every key, in a thread of its own.
    """

    def __init__(self, pressed: Callable[[str], None]) -> None:
        self._pressed = pressed
        self._saved: list[object] | None = None
        self._wake, self._woken = -1, -1
        self._reader: threading.Thread | None = None
        self.has_keys = _is_terminal(sys.stdin) and sys.platform != "win32"
        self.replaces = _is_terminal(sys.stdout) and os.environ.get("TERM", "dumb") not in ("", "dumb")
        self._shown = 0

    def __enter__(self) -> Self:
        if self.has_keys:
            import termios

            self._saved = termios.tcgetattr(sys.stdin.fileno())
            self._woken, self._wake = os.pipe()
            self.resume()
            self._reader = threading.Thread(target=self._read, daemon=True)
            self._reader.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._reader is not None:
            os.write(self._wake, b".")
            self._reader.join()
            os.close(self._wake)
            os.close(self._woken)
        self.restore()

    def resume(self) -> None:
        """Takes keys one at a time, and does not show them; also after the process was stopped and continued."""
        if self._saved is not None:
            import termios
            import tty

            with contextlib.suppress(termios.error):
                tty.setcbreak(sys.stdin.fileno(), termios.TCSANOW)

    def restore(self) -> None:
        """Puts the terminal back as it was."""
        if self._saved is not None:
            import termios

            with contextlib.suppress(termios.error):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._saved)  # type: ignore[arg-type]

    def show(self, *lines: Line | str) -> None:
        """Replaces the screen; where that cannot be, appends to what is there under a line with the time."""
        with contextlib.suppress(OSError):  # the terminal may be gone; then a signal or the end of the input tells
            if self.replaces:
                sys.stdout.write(_CLEAR)
            elif self._shown:
                say("", line((f"--- {time.strftime('%H:%M:%S')} ---", "dim")))
            self._shown += 1
            say(*lines)
            sys.stdout.flush()

    def add(self, *lines: Line | str) -> None:
        """Adds lines to the screen."""
        with contextlib.suppress(OSError):
            say(*lines)
            sys.stdout.flush()

    def _read(self) -> None:
        descriptor = sys.stdin.fileno()
        while True:
            ready, _, _ = select.select([descriptor, self._woken], [], [])
            if self._woken in ready:
                return
            try:
                keys = os.read(descriptor, 64).decode(errors="replace")
            except OSError:
                keys = ""
            if not keys:
                self._pressed(END_OF_INPUT)
                return
            if not keys.startswith("\x1b"):  # an arrow, or another key that sends several signs
                for key in keys:
                    self._pressed(key)


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):  # none, or closed
        return False
