"""Values to bytes."""

from __future__ import annotations

import struct
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.codec.collecting import dtype_text, new_pieces
from harness.codec.memory import ALIGNMENT, Span, gather
from harness.codec.nesting import CONTAINERS, NOT_IN_SLICES, check_nesting
from harness.codec.table import (
    DTYPE_NUMBER,
    LONGEST_INTEGER,
    MOST_DEPTH,
    MOST_ELEMENTS,
    MOST_OBJECTS,
    MOST_VALUES,
    NAME_OF,
    Table,
    elements_of,
)
from harness.codec.writer import Writer
from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable


class Encoder:
    """Writes values, with what `table` knows referred to by number.

    Args:
        table: of this end; grows as values are written.
        handle: gives the number of a handle, or None where the value is none.
        folder: the only place where paths may lead.
    """

    def __init__(self, table: Table, *, handle: Callable[[object], int | None], folder: Path) -> None:
        self._table = table
        self._handle = handle
        self._folder = folder
        self._to = Writer()
        self._spans: dict[int, Span] = {}
        self._values = 0
        self._shared = False

    def encode(self, value: object) -> bytes:
        """The message for a value.

        Raises:
            CodecError: it is not plain data, or nested too deep; then the table is as it was.
        """
        self._to, self._spans, self._values, self._shared = Writer(), {}, 0, False
        self._table.refresh()
        mark = self._table.mark()
        try:
            self._memory(value)
            self._value(value, 0)
            if self._shared:
                check_nesting(value, {})
            if len(self._table.objects) > MOST_OBJECTS:
                raise CodecError(f"more than {MOST_OBJECTS} tensors, arrays and containers")
        except CodecError:
            self._table.roll_back(mark)
            raise
        except Exception as error:
            self._table.roll_back(mark)
            raise CodecError(f"not plain data: {type(error).__name__}: {error}") from error
        return self._to.message()

    def _memory(self, value: object) -> None:
        """Writes the memory behind all tensors and arrays of the value that the table has not got yet."""
        memories = gather(new_pieces(value, self._table, self._spans))
        self._to.count(len(memories))
        for memory in memories:
            self._table.add_memory(memory)
            self._to.device(memory.span.device)
            self._to.out.append(memory.span.start % ALIGNMENT)
            self._to.blob(memory.content())

    def _value(self, value: Any, depth: int) -> None:
        kind = type(value)
        writer = _WRITERS.get(kind)
        if writer is not None:
            writer(self, value)
        elif (object_writer := _OBJECT_WRITERS.get(kind)) is not None:
            number = self._table.number(value)
            if number is None:
                object_writer(self, value, depth)
            else:
                self._shared |= kind in CONTAINERS
                self._to.out += b"R"
                self._to.count(number)
        elif isinstance(value, np.generic):
            self._to.tagged(b"n", dtype_text(value.dtype))
            self._to.blob(value.tobytes())
        elif isinstance(value, PurePath):
            self._path(value)
        elif (handle := self._handle(value)) is not None:
            self._to.out += b"H"
            self._to.count(handle)
        else:
            raise CodecError(f"a {kind.__module__}.{kind.__qualname__} is not plain data")

    def _path(self, value: PurePath) -> None:
        try:
            inside = Path(value).resolve().relative_to(self._folder.resolve())
        except ValueError:
            raise CodecError(f"the path {value} leads out of the run's folder") from None
        self._to.tagged(b"P", inside.as_posix())

    def _tensor(self, value: torch.Tensor, _depth: int) -> None:
        self._table.add(value)
        self._to.out += b"T"
        self._to.out.append(DTYPE_NUMBER[value.dtype])
        self._to.out.append(value.is_conj() + 2 * value.is_neg())
        self._to.device("cpu" if value.is_cpu else str(value.device))
        self._sides(value.shape)
        self._to.counts(value.stride())
        self._place(value)

    def _sides(self, sides: tuple[int, ...]) -> None:
        if elements_of(sides) > MOST_ELEMENTS:
            raise CodecError(f"a shape of {sides} is too large")
        self._to.count(len(sides))
        self._to.counts(sides)

    def _place(self, value: torch.Tensor | np.ndarray[Any, Any], first: int = 0) -> None:
        """Where a tensor or array lies: 0, or one more than its memory's number, and its first element's offset."""
        span = self._spans.get(id(value))
        found = span and self._table.find(span)
        if found is None:
            self._to.count(0)
            return
        number, offset = found
        self._to.count(number + 1)
        self._to.count(offset + first)

    def _array(self, value: np.ndarray[Any, Any], _depth: int) -> None:
        text = dtype_text(value.dtype)
        if not value.itemsize and value.size:
            raise CodecError("an array of elements without bytes is not plain data")
        self._table.add(value)
        self._to.tagged(b"A", text)
        self._to.out.append(value.flags.writeable)
        self._sides(value.shape)
        self._to.signed(value.strides)
        # Strides may run backwards, so the first element need not be the lowest.
        span = self._spans.get(id(value))
        self._place(value, 0 if span is None else value.__array_interface__["data"][0] - span.start)

    def _items(self, tag: bytes, items: Any, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise CodecError(f"nested more than {MOST_DEPTH} deep")
        self._values += len(items)
        if self._values > MOST_VALUES:
            raise CodecError(f"more than {MOST_VALUES} values")
        self._to.out += tag
        self._to.count(len(items))
        for item in items:
            self._value(item, depth + 1)

    def _list(self, value: list[Any], depth: int) -> None:
        self._table.add(value)
        self._items(b"L", value, depth)

    def _tuple(self, value: tuple[Any, ...], depth: int) -> None:
        self._items(b"U", value, depth)
        self._table.add(value)  # after its items, as at the other end

    def _dict(self, value: dict[Any, Any], depth: int) -> None:
        self._table.add(value)
        self._items(b"D", [part for item in value.items() for part in item], depth)

    def _generator(self, value: torch.Generator, _depth: int) -> None:
        self._table.add(value)
        self._to.out += b"G"
        self._to.device(str(value.device))
        self._to.blob(value.get_state().numpy().tobytes())

    def _integer(self, value: int) -> None:
        size = value.bit_length() // 8 + 1
        if size > LONGEST_INTEGER:
            raise CodecError(f"an integer of {size} bytes, and at most {LONGEST_INTEGER} may pass")
        self._to.out += b"i"
        self._to.blob(value.to_bytes(size, "little", signed=True))

    def _plain(self, tag: bytes, data: bytes) -> None:
        self._to.out += tag
        self._to.out += data

    def _tagged_blob(self, data: bytes) -> None:
        self._to.out += b"b"
        self._to.blob(data)

    def _size(self, value: torch.Size) -> None:
        self._to.out += b"Z"
        self._to.count(len(value))
        self._to.signed(value)

    def _slice(self, value: slice) -> None:
        self._to.out += b"S"
        for part in (value.start, value.stop, value.step):
            if type(part) in NOT_IN_SLICES:
                raise CodecError(f"a slice of a {type(part).__name__} is not plain data")
            self._value(part, 0)


def _named(encoder: Encoder, value: Any) -> None:
    encoder._to.tagged(b"t", NAME_OF[value])


_WRITERS: dict[type, Callable[[Encoder, Any], None]] = {
    type(None): lambda encoder, _: encoder._plain(b"N", b""),
    type(...): lambda encoder, _: encoder._plain(b"E", b""),
    bool: lambda encoder, value: encoder._plain(b"1" if value else b"0", b""),
    int: Encoder._integer,
    float: lambda encoder, value: encoder._plain(b"f", struct.pack("<d", value)),
    complex: lambda encoder, value: encoder._plain(b"c", struct.pack("<dd", value.real, value.imag)),
    str: lambda encoder, value: encoder._to.tagged(b"s", value),
    bytes: Encoder._tagged_blob,
    torch.Size: Encoder._size,
    torch.dtype: _named,
    torch.layout: _named,
    torch.memory_format: _named,
    torch.device: lambda encoder, value: encoder._to.tagged(b"d", str(value)),
    slice: Encoder._slice,
}
_OBJECT_WRITERS: dict[type, Callable[[Encoder, Any, int], None]] = {
    torch.Tensor: Encoder._tensor,
    np.ndarray: Encoder._array,
    torch.Generator: Encoder._generator,
    list: Encoder._list,
    tuple: Encoder._tuple,
    dict: Encoder._dict,
}
