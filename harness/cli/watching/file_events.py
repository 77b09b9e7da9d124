"""Notices when files change: by events where the file system gives them, and by looking every now and then anyway."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

BURST_MS = 15
"""Saves that follow one another within so many milliseconds are one."""


class Eyes:
    """Watches folders in a thread. Whoever is called should look for itself what has changed: nothing is promised.

    Args:
        noticed: called when something may have changed in one of the folders.
    """

    def __init__(self, noticed: Callable[[], None]) -> None:
        self._noticed = noticed
        self._folders: frozenset[Path] = frozenset()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, folders: Iterable[Path]) -> None:
        """Watches these folders, and no longer those that were watched before."""
        wanted = frozenset(folder for folder in folders if folder.is_dir())
        alive = self._thread is not None and self._thread.is_alive()
        if wanted == self._folders and (alive or not wanted):
            return
        self.close()
        self._folders, self._stop = wanted, threading.Event()
        if wanted:
            self._thread = threading.Thread(target=self._run, args=(sorted(wanted), self._stop), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, folders: list[Path], stop: threading.Event) -> None:
        try:
            import watchfiles

            for _ in watchfiles.watch(
                *folders,
                watch_filter=None,
                step=BURST_MS,
                debounce=10 * BURST_MS,
                stop_event=stop,
                rust_timeout=200,
                raise_interrupt=False,
                recursive=False,
                ignore_permission_denied=True,
            ):
                self._noticed()
        except Exception:  # no events from this file system, or no more of them: looking every now and then must do
            stop.wait()


Stamp = tuple[int, int, int] | None


def stamp(path: Path) -> Stamp:
    """Changes when a file does; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def wait_for(file: Path) -> None:
    """Gives an editor that writes by renaming the moment in which there is no file."""
    for _ in range(10):
        if file.exists():
            return
        time.sleep(0.02)
