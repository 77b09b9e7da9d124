"""How a benchmark prints what it found."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDTH = 120
"""Columns of a table, wherever it is printed."""


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


def met(bar: str, holds: bool) -> str:
    """A bar, if it is not in the table's head, and whether it is met."""
    return (f"{bar}: " if bar else "") + ("met" if holds else "NOT met")


def show(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Prints rows of text as a table with a title, and how busy the machine was; the first row is the table's head."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    head, *body = rows
    table = Table(*head, title=title, title_justify="left", box=box.SIMPLE)
    for row in body:
        table.add_row(*row)
    if hasattr(os, "getloadavg"):
        last, earlier, _ = os.getloadavg()
        table.caption = f"load average {last:.1f} (1 minute), {earlier:.1f} (5 minutes), {os.cpu_count()} cores"
        table.caption_justify = "left"
    Console(width=WIDTH).print(table)
