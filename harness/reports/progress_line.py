"""A line that counts while somebody waits: always the same one on a terminal, now and then a new one elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time

_EVERY = 0.2
"""Seconds after which the line on a terminal is written anew."""

_EVERY_ELSEWHERE = 60.0
"""Seconds between two lines in a log."""


class Counting:
    """Counts what is done, from several threads, on standard error. Use as a context: a terminal's line is then gone.

    Args:
        what: is counted.
        of: how many there will be.
    """

    def __init__(self, what: str, of: int) -> None:
        self._what, self._of = what, of
        self._lock = threading.Lock()
        self._begin = self._said = time.monotonic()
        self._terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")
        self.done = self.known = 0

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    @property
    def per_second(self) -> float:
        """How many were done in a second, without those that were known before."""
        return (self.done - self.known) / max(time.monotonic() - self._begin, 1e-9)

    def tick(self, *, known: bool = False) -> None:
        """One more is done, or was known before."""
        with self._lock:
            self.done += 1
            self.known += known
            now = time.monotonic()
            if now - self._said > (_EVERY if self._terminal else _EVERY_ELSEWHERE):
                self._said = now
                line = f"{self._what}: {self.done} of {self._of}, {self.per_second:.1f} a second"
                sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
                sys.stderr.flush()
