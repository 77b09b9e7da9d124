"""What a worker prints, on its way to where the judge prints."""

from __future__ import annotations

import os
import select
import sys
import threading

MOST_PRINTED = 64 * 1024
"""Bytes that one worker may print before nobody reads them any more."""

_MOST_PIECES = 32
"""How often one look into the pipe reads: code that prints from a thread of its own must not hold the judge up."""


class Printed:
    """Passes on what a worker prints to where this process prints, up to a limit; the rest is lost.

    A thread does so while the worker runs, so that no pipe fills up; `pass_on` does so now, so that what was printed
    during a call has arrived when the call returns, and counts as output of the test that made it.

    Args:
        descriptor: the reading end of the worker's pipe, which is closed when all has been read.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._pipe = open(descriptor, "rb", buffering=0)  # noqa: SIM115 - closed when it has ended
        self._left = MOST_PRINTED
        self._ended = False
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._pipe.fileno(), select.POLLIN)
        while not self._ended:
            poll.poll()
            self.pass_on()
        self._pipe.close()

    def pass_on(self) -> None:
        """Passes on what is there."""
        with self._lock:
            for _ in range(_MOST_PIECES):
                piece = None if self._ended else self._pipe.read(65536)
                if piece is None:  # nothing more for now
                    return
                if not piece:
                    self._ended = True
                elif self._left > 0:
                    sys.stdout.write(piece[: self._left].decode(errors="replace"))
                    self._left -= len(piece)
                    if self._left <= 0:
                        sys.stdout.write("\n… (more than that is not shown)\n")
