"""Values to bytes."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.codec.collecting import dtype_text, new_pieces
from harness.data.codec.memory import ALIGNMENT, grouped, memory_of
from harness.data.codec.nesting import CONTAINERS, NOT_IN_SLICES, check_nesting
from harness.data.codec.table import (
    DTYPE_NUMBER,
    MOST_DEPTH,
    MOST_ELEMENTS,
    MOST_VALUES,
    Table,
    elements_of,
)
from harness.data.codec.writer import Writer
from harness.errors import CodecError, SpecError

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
        self._to: Writer
        self._places: dict[int, tuple[int, int]]  # by id: the number of a memory, and the offset in it
        self._values: int
        self._shared: bool

    def encode(self, value: object, *, head: bytes = b"") -> bytes:
        """The message for a value.

        Args:
            value: plain data.
            head: other bytes to put before it, which whoever decodes it passes over.

        Raises:
            CodecError: it is not plain data, or nested too deep; then the table is as it was.
        """
        self._to, self._places, self._values, self._shared = Writer(head), {}, 0, False
        self._table.refresh()
        mark = self._table.mark()
        try:
            self._memory(value)
            self._value(value, 0)
            if self._shared:
                check_nesting(value, {})
        except (CodecError, SpecError):  # the latter is the word of who numbers handles
            self._table.roll_back(mark)
            raise
        except Exception as error:
            self._table.roll_back(mark)
            raise CodecError(f"not plain data: {type(error).__name__}: {error}") from error
        return self._to.message()

    def _memory(self, value: object) -> None:
        """Writes the memory behind all tensors and arrays of the value that the table has not got yet."""
        to = self._to
        groups = grouped(new_pieces(value, self._table, self._places))
        to.count(len(groups))
        for span, members in groups:
            number = self._table.add_memory(memory := memory_of(span, members))
            for start, piece in members:
                self._places[id(piece)] = number, start - span.start
            self._device(span.device == "cpu", span.device)
            to.out.append(span.start % ALIGNMENT)
            to.blob(memory.content())

    def _value(self, value: Any, depth: int) -> None:
        kind = type(value)
        writer = _WRITERS.get(kind)
        if writer is not None:
            writer(self._to, value)
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
            self._to.blob(value.tobytes()[: value.dtype.itemsize])  # an empty string has four bytes all the same
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
        to = self._to
        flags = value.is_conj() + 2 * value.is_neg() + 4 * value._is_view()
        to.out += bytes((_TENSOR, DTYPE_NUMBER[value.dtype], flags))
        self._device(value.is_cpu, value)
        self._sides(value.shape)
        to.counts(value.stride())
        place = self._places.get(id(value))
        if place is None:
            to.out.append(0)
        else:
            to.count(place[0] + 1)
            to.count(place[1])

    def _device(self, is_cpu: bool, device: str | torch.Tensor) -> None:
        if is_cpu:
            self._to.out.append(0)
        else:
            self._to.text(device if isinstance(device, str) else str(device.device))

    def _sides(self, sides: tuple[int, ...]) -> None:
        if elements_of(sides) > MOST_ELEMENTS:
            raise CodecError(f"a shape of {sides} is too large")
        self._to.out.append(len(sides))
        self._to.counts(sides)

    def _array(self, value: np.ndarray[Any, Any], _depth: int) -> None:
        to = self._to
        to.tagged(b"A", dtype_text(value.dtype))
        if not value.itemsize and value.size:
            raise CodecError("an array of elements without bytes is not plain data")
        self._table.add(value)
        to.out.append(value.flags.writeable)
        self._sides(value.shape)
        to.signed(value.strides)
        place = self._places.get(id(value))
        if place is None:
            to.out.append(0)
        else:
            to.count(place[0] + 1)
            # Strides may run backwards, so the first element need not be the lowest.
            to.count(value.__array_interface__["data"][0] - self._table.memories[place[0]].span.start)

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
        self._to.tagged(b"G", "" if value.device.type == "cpu" else str(value.device))
        self._to.blob(value.get_state().numpy().data)

    def _slice(self, value: slice, _depth: int) -> None:
        self._to.out += b"S"
        for part in (value.start, value.stop, value.step):
            if type(part) in NOT_IN_SLICES:
                raise CodecError(f"a slice of a {type(part).__name__} is not plain data")
            self._value(part, 0)


_TENSOR = ord("T")
_WRITERS: dict[type, Callable[[Writer, Any], None]] = {
    type(None): Writer.none,
    type(...): Writer.ellipsis,
    bool: Writer.boolean,
    int: Writer.integer,
    float: Writer.number,
    complex: Writer.complex_number,
    str: Writer.string,
    bytes: Writer.binary,
    torch.Size: Writer.size,
    torch.dtype: Writer.named,
    torch.layout: Writer.named,
    torch.memory_format: Writer.named,
    torch.device: Writer.device,
}
_OBJECT_WRITERS: dict[type, Callable[[Encoder, Any, int], None]] = {
    torch.Tensor: Encoder._tensor,
    np.ndarray: Encoder._array,
    torch.Generator: Encoder._generator,
    list: Encoder._list,
    tuple: Encoder._tuple,
    dict: Encoder._dict,
    slice: Encoder._slice,
}
