"""What crosses no channel, and is to be as if it had: results with memory of their own, whatever else holds them."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.codec.collecting import dtype_text, new_pieces
from harness.data.codec.memory import ALIGNMENT, grouped, memory_of
from harness.data.codec.nesting import CONTAINERS
from harness.data.codec.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from harness.data.codec.memory import Memory, Piece, Span


def with_own_memory(result: Any, arguments: Collection[object]) -> Any:
    """Copies what a result would not share with the caller if it came from another process.

    What is an argument, or lies in the memory of one, stays as it is, and what lies together in other memory lies
    together in the copy. Lists and dicts are changed in place; those among the arguments too, where the call has put
    something into them.

    Args:
        result: plain data.
        arguments: all tensors, arrays, generators and containers of the call.

    Raises:
        CodecError: a part of the result is nothing that could cross.
    """
    table, values = Table(), [result]
    for argument in arguments:
        if type(argument) in CONTAINERS:
            values.append(argument)
        else:
            table.add(argument)
    found = new_pieces(values, table, {})
    if found and table.objects:
        taken = [whole for whole, _ in grouped(new_pieces(table.objects, Table(), {}))]
        found = [(span, piece) for span, piece in found if not any(whole.covers(span) for whole in taken)]
    copies: dict[int, Any] = {}
    for span, members in grouped(found):
        copies.update(_copied(span, members))
    exchange = _Exchange(copies, table)
    exchanged = [exchange(value) for value in values]
    return exchanged[0]


def _copied(span: Span, members: list[tuple[int, Piece]]) -> Iterator[tuple[int, Piece]]:
    """Copies by the ids of the originals, which lie together in a span."""
    if len(members) == 1 and span.start % ALIGNMENT == 0:
        piece = members[0][1]
        if isinstance(piece, torch.Tensor) and piece.is_contiguous():
            yield id(piece), piece.clone()  # by far the most frequent case, and the fastest way
            return
    memory = memory_of(span, members).copy()
    for start, piece in members:
        yield id(piece), _alike(piece, memory, start - span.start)


def _alike(piece: Piece, memory: Memory, first: int) -> Piece:
    if isinstance(piece, torch.Tensor):
        return memory.tensor(piece.dtype, first, piece.shape, piece.stride())
    dtype_text(piece.dtype)
    lowest, _ = np.lib.array_utils.byte_bounds(piece)  # strides may run backwards
    first += piece.__array_interface__["data"][0] - lowest
    return np.ndarray(piece.shape, piece.dtype, memory.array(writeable=piece.flags.writeable), first, piece.strides)


class _Exchange:
    """Puts copies in the place of what they are copies of."""

    def __init__(self, copies: dict[int, Any], table: Table) -> None:
        self._copies = copies
        self._table = table
        self._seen: set[int] = set()

    def __call__(self, value: Any) -> Any:
        kind = type(value)
        if kind is tuple or kind is slice:
            parts = value if kind is tuple else (value.start, value.stop, value.step)
            items = [self(item) for item in parts]
            if all(map(is_, items, parts)):
                return value
            return tuple(items) if kind is tuple else slice(*items)
        if (kind is list or kind is dict) and id(value) not in self._seen:
            self._seen.add(id(value))
            self._contents(value)
        elif kind is torch.Generator and id(value) not in self._copies and self._table.number(value) is None:
            self._copies[id(value)] = torch.Generator(value.device).set_state(value.get_state())
        return self._copies.get(id(value), value)

    def _contents(self, value: list[Any] | dict[Any, Any]) -> None:
        if isinstance(value, list):
            items = [self(item) for item in value]
            if not all(map(is_, items, value)):
                value[:] = items
            return
        parts = [part for entry in value.items() for part in entry]
        items = [self(part) for part in parts]
        if not all(map(is_, items, parts)):
            value.clear()
            value.update(zip(items[::2], items[1::2], strict=True))
