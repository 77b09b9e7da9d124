"""Values to bytes."""

from __future__ import annotations

import struct
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.codec.table import DTYPE_NUMBER, MOST_DEPTH, NAME_OF, Table, memory_of, merged, span_of
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
        self._out = bytearray()

    def encode(self, value: object) -> bytes:
        """The message for a value.

        Raises:
            CodecError: it is not plain data, or nested too deep.
        """
        self._out = bytearray()
        self._memory(value)
        self._value(value, 0)
        return bytes(self._out)

    def _memory(self, value: object) -> None:
        """Writes the memory behind all tensors and arrays of the value that the table has not got yet."""
        fresh: list[Any] = []
        self._collect(value, fresh, 0)
        spans = [span for item in fresh if (span := span_of(item)) and self._table.find(span) is None]
        wanted = merged(spans)
        self._count(len(wanted))
        for span in wanted:
            buffer = memory_of(span, fresh)
            self._table.spans.append(span)
            self._table.buffers.append(buffer)
            self._text(span.device)
            self._blob(buffer.cpu().numpy().tobytes())

    def _collect(self, value: object, found: list[Any], depth: int) -> None:
        if depth > MOST_DEPTH:
            raise CodecError(f"nested more than {MOST_DEPTH} deep")
        kind = type(value)
        if kind is torch.Tensor or kind is np.ndarray:
            found.append(value)
        elif kind is list or kind is tuple:
            for item in value:  # type: ignore[attr-defined]
                self._collect(item, found, depth + 1)
        elif kind is dict:
            for item in value.values():  # type: ignore[attr-defined]
                self._collect(item, found, depth + 1)

    def _count(self, number: int) -> None:
        while number > 0x7F:
            self._out.append(number & 0x7F | 0x80)
            number >>= 7
        self._out.append(number)

    def _blob(self, data: bytes) -> None:
        self._count(len(data))
        self._out += data

    def _text(self, text: str) -> None:
        self._blob(text.encode("utf-8", "surrogatepass"))

    def _value(self, value: Any, depth: int) -> None:
        number = self._table.number(value)
        if number is not None:
            self._out += b"R"
            self._count(number)
            return
        kind = type(value)
        writer = _WRITERS.get(kind)
        if writer is not None:
            writer(self, value, depth)
        elif isinstance(value, np.generic):
            self._out += b"n"
            self._text(value.dtype.str)
            self._blob(value.tobytes())
        elif isinstance(value, PurePath):
            self._path(value)
        elif (handle := self._handle(value)) is not None:
            self._out += b"H"
            self._count(handle)
        else:
            raise CodecError(f"a {kind.__module__}.{kind.__qualname__} is not plain data")

    def _path(self, value: PurePath) -> None:
        try:
            inside = Path(value).resolve().relative_to(self._folder.resolve())
        except ValueError:
            raise CodecError(f"the path {value} leads out of the run's folder") from None
        self._out += b"P"
        self._text(inside.as_posix())

    def _tensor(self, value: torch.Tensor, _depth: int) -> None:
        if value.layout is not torch.strided or value.is_quantized or value.dtype not in DTYPE_NUMBER:
            raise CodecError(f"a {value.layout} tensor of {value.dtype} is not plain data")
        if value.requires_grad:
            raise CodecError("a tensor that requires grad is not plain data")
        self._table.add(value)
        self._out += b"T"
        self._count(DTYPE_NUMBER[value.dtype])
        self._text(str(value.device))
        self._sides(value.shape)
        self._sides(value.stride())
        self._place(value)

    def _sides(self, sides: Any) -> None:
        self._count(len(sides))
        for side in sides:
            self._count(side)

    def _place(self, value: Any) -> None:
        """Where a tensor or array lies: 0, or one more than its buffer's number, and the offset in bytes."""
        span = span_of(value)
        found = span and self._table.find(span)
        if span is None or found is None:
            self._count(0)
            return
        number, offset = found
        self._count(number + 1)
        self._count(offset)

    def _array(self, value: np.ndarray[Any, Any], _depth: int) -> None:
        if value.dtype.hasobject or value.dtype.names:
            raise CodecError(f"an array of {value.dtype} is not plain data")
        self._table.add(value)
        self._out += b"A"
        self._text(value.dtype.str)
        self._sides(value.shape)
        self._count(len(value.strides))
        for stride in value.strides:
            self._text(str(stride))
        span = span_of(value)
        # Strides may run backwards, so the first element need not be the lowest.
        first = value.__array_interface__["data"][0]
        self._count(0 if span is None else first - span.start)
        self._place(value)

    def _list(self, value: list[Any], depth: int) -> None:
        self._table.add(value)
        self._items(b"L", value, depth)

    def _tuple(self, value: tuple[Any, ...], depth: int) -> None:
        self._items(b"U", value, depth)

    def _items(self, tag: bytes, items: Any, depth: int) -> None:
        self._out += tag
        self._count(len(items))
        for item in items:
            self._value(item, depth + 1)

    def _dict(self, value: dict[Any, Any], depth: int) -> None:
        self._table.add(value)
        self._out += b"D"
        self._count(len(value))
        for key, item in value.items():
            self._value(key, depth + 1)
            self._value(item, depth + 1)

    def _generator(self, value: torch.Generator, _depth: int) -> None:
        self._table.add(value)
        self._out += b"G"
        self._text(str(value.device))
        self._blob(value.get_state().numpy().tobytes())

    def _slice(self, value: slice, depth: int) -> None:
        self._out += b"S"
        for part in (value.start, value.stop, value.step):
            self._value(part, depth + 1)

    def _tagged_text(self, tag: bytes, text: str) -> None:
        self._out += tag
        self._text(text)


def _constant(tag: bytes) -> Callable[[Encoder, Any, int], None]:
    def write(encoder: Encoder, _value: Any, _depth: int) -> None:
        encoder._out += tag

    return write


def _float(encoder: Encoder, value: float, _depth: int) -> None:
    encoder._out += b"f" + struct.pack("<d", value)


def _complex(encoder: Encoder, value: complex, _depth: int) -> None:
    encoder._out += b"c" + struct.pack("<dd", value.real, value.imag)


def _bytes(encoder: Encoder, value: bytes, _depth: int) -> None:
    encoder._out += b"b"
    encoder._blob(value)


def _size(encoder: Encoder, value: torch.Size, _depth: int) -> None:
    encoder._out += b"Z"
    encoder._sides(value)


_WRITERS: dict[type, Callable[[Encoder, Any, int], None]] = {
    type(None): _constant(b"N"),
    type(...): _constant(b"E"),
    bool: lambda encoder, value, depth: _constant(b"1" if value else b"0")(encoder, value, depth),
    int: lambda encoder, value, _: encoder._tagged_text(b"i", format(value, "x")),
    float: _float,
    complex: _complex,
    str: lambda encoder, value, _: encoder._tagged_text(b"s", value),
    bytes: _bytes,
    torch.Size: _size,
    torch.dtype: lambda encoder, value, _: encoder._tagged_text(b"t", NAME_OF[value]),
    torch.layout: lambda encoder, value, _: encoder._tagged_text(b"t", NAME_OF[value]),
    torch.memory_format: lambda encoder, value, _: encoder._tagged_text(b"t", NAME_OF[value]),
    torch.device: lambda encoder, value, _: encoder._tagged_text(b"d", str(value)),
    torch.Tensor: Encoder._tensor,
    np.ndarray: Encoder._array,
    torch.Generator: Encoder._generator,
    list: Encoder._list,
    tuple: Encoder._tuple,
    dict: Encoder._dict,
    slice: Encoder._slice,
}
