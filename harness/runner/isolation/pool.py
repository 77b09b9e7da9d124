"""Work that is shared out over several lines to one warm parent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from harness.runner.isolation.client import Parent

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Line = TypeVar("_Line", bound="Parent | None")


def share_out(
    parent: _Line, items: Sequence[_Item], work: Callable[[_Item, _Line], _Result], *, at_once: int
) -> Generator[_Result]:
    """Does something with each item, several at a time, each with a line of its own meanwhile.

    When the generator is closed, or an item raises, what still runs is given up.

    Args:
        parent: gives the lines. Without one, there is none to be had.
        items: in the order of the results.
        work: is called with an item and a line, in a thread.
        at_once: how many items at a time, at most.

    Yields:
        What `work` gave, each as soon as all before it are there.
    """
    if not items:
        return
    at_once = min(at_once, len(items))
    lines = [] if parent is None else [parent.another_line() for _ in range(at_once)]
    free: SimpleQueue[_Line] = SimpleQueue()
    for number in range(at_once):
        free.put(cast("_Line", lines[number] if lines else None))

    def do(item: _Item) -> _Result:
        line = free.get()
        try:
            return work(item, line)
        finally:
            free.put(line)

    with ThreadPoolExecutor(max_workers=at_once) as pool:
        try:
            yield from pool.map(do, items)
        finally:
            for line in lines:
                line.give_up()
            pool.shutdown(cancel_futures=True)
            for line in lines:
                line.close()
