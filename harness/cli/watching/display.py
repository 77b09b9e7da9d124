"""The one screen of `kata watch`, with the keys under it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.reports.screen import Line, line, rows

if TYPE_CHECKING:
    from harness.cli.watching.keys import Terminal

Screen = Callable[[], Sequence[Line | str]]
"""Gives the lines of a screen; called again where the terminal has another size."""

_KEYS = (("h", "hint"), ("s", "statement"), ("n", "next"), ("l", "list"), ("r", "rerun"), ("q", "quit"))


class Display:
    """Shows a screen, and can show it again.

    Args:
        terminal: where.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._screen: Screen = tuple
        self._watched = ""

    def height(self) -> int | None:
        """How many lines there are above the keys; None where lines may scroll away."""
        return rows() - len(self._footer()) - 1 if self._terminal.replaces else None

    def show(self, screen: Screen, watched: str) -> None:
        """Shows a screen, and under it which keys there are and what is watched."""
        self._screen, self._watched = screen, watched
        self._terminal.show(*screen(), *self._footer())

    def again(self) -> None:
        """Shows the last screen once more, on a terminal that has another size or was somebody else's meanwhile."""
        self._terminal.resume()
        self.show(self._screen, self._watched)

    def add(self, text: str) -> None:
        """Adds a line to the screen."""
        self._terminal.add(line((text, "dim")))

    def _footer(self) -> list[Line | str]:
        if not self._terminal.has_keys:
            return []
        keys = [piece for key, word in _KEYS for piece in ((key, "bold cyan"), (f" {word}   ", "dim"))]
        return ["", line(*keys, (self._watched, "dim"), whole=True)]
