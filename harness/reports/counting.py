"""A line that counts while somebody waits, on a terminal and nowhere else."""

from __future__ import annotations

import os
import sys
import threading
import time

_EVERY = 0.2


class Counting:
    """Counts what is done, from several threads. Use as a context: afterwards the line is gone.

    Args:
        what: is counted.
        of: how many there will be.
    """

    def __init__(self, what: str, of: int) -> None:
        self._what, self._of = what, of
        self._lock = threading.Lock()
        self._begin, self._said = time.monotonic(), 0.0
        self._shows = sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")
        self.done = self.known = 0

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._shows:
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
            if self._shows and now - self._said > _EVERY:
                self._said = now
                sys.stderr.write(f"\r\x1b[K{self._what}: {self.done} of {self._of}, {self.per_second:.1f} a second")
                sys.stderr.flush()
