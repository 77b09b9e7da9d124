"""What can happen while something is watched, beside keys and verdicts."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody wants to end: the exit code."""

    code: int


class Noticed:
    """Some file may have changed."""


class Redraw:
    """The terminal has another size, or is ours again."""


class Signals:
    """Turns signals into events while it is entered."""

    def __init__(self, put: Callable[[Stop | Redraw], None]) -> None:
        self._put = put
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH", "SIGCONT"):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._arrived)

    def __exit__(self, *_exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _arrived(self, number: int, _frame: object) -> None:
        ending = number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None))
        self._put(Stop(128 + number) if ending else Redraw())
