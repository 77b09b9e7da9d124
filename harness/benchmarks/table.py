"""How a benchmark prints what it found."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def timed(run: Callable[[], object], *, repetitions: int) -> list[float]:
    """Seconds of wall time of each of several runs."""
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def spread(seconds: Sequence[float]) -> str:
    """Median and range of some times."""
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}, {len(seconds)} runs)"


def show(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Prints rows of text as a table with a title; the first row is its head."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    head, *body = rows
    table = Table(*head, title=title, title_justify="left", box=box.SIMPLE)
    for row in body:
        table.add_row(*row)
    Console(width=110).print(table)
