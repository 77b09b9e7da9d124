"""Bytes to values. The bytes may come from code that lies: nothing is believed, and nothing of the sender's is run."""

from __future__ import annotations

import struct
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.codec.table import DTYPES, MOST_DEPTH, MOST_ELEMENTS, NAMED, Span, Table
from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MOST_DIMENSIONS = 64
_LONGEST_INTEGER = 4096  # hexadecimal digits
_ARRAY_KINDS = "?bhilqBHILQefdFDSUmM" + "iufcb"


class Decoder:
    """Reads values that an `Encoder` with an equal table wrote.

    Args:
        table: of this end; grows as values are read.
        handle: makes what stands for the handle of a number; raises `CodecError` where there is no such handle.
        folder: the run's folder, to which paths are relative.
    """

    def __init__(self, table: Table, *, handle: Callable[[int], object], folder: Path) -> None:
        self._table = table
        self._handle = handle
        self._folder = folder
        self._data = memoryview(b"")
        self._at = 0

    def decode(self, data: bytes) -> Any:
        """The value of a message.

        Raises:
            CodecError: it is malformed.
        """
        self._data, self._at = memoryview(data), 0
        try:
            self._memory()
            value = self._value(0)
        except CodecError:
            raise
        except (ValueError, TypeError, RuntimeError, OverflowError, IndexError, MemoryError, struct.error) as error:
            raise CodecError(f"malformed: {type(error).__name__}: {error}") from None
        if self._at != len(self._data):
            raise CodecError(f"{len(self._data) - self._at} bytes too many")
        return value

    def _take(self, size: int) -> memoryview:
        if size > len(self._data) - self._at:
            raise CodecError(f"ends in the middle: {size} bytes promised, {len(self._data) - self._at} there")
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def _count(self, most: int = 2**63 - 1) -> int:
        number = shift = 0
        while True:
            byte = self._take(1)[0]
            number |= (byte & 0x7F) << shift
            if number > most:
                raise CodecError(f"a count of {number}, and at most {most} can be meant")
            if byte < 0x80:
                return number
            shift += 7

    def _blob(self) -> memoryview:
        return self._take(self._count())

    def _text(self, most: int | None = None) -> str:
        text = bytes(self._blob())
        if most is not None and len(text) > most:
            raise CodecError(f"a text of {len(text)} bytes, and at most {most} can be meant")
        return text.decode("utf-8", "surrogatepass")

    def _length(self) -> int:
        """A number of items that follow, each of at least one byte."""
        return self._count(len(self._data) - self._at)

    def _memory(self) -> None:
        for _ in range(self._length()):
            device, blob = self._text(32), self._blob()
            if not blob:
                raise CodecError("an empty piece of memory")
            buffer = torch.frombuffer(bytearray(blob), dtype=torch.uint8)
            if device != "cpu":
                buffer = buffer.to(device)
            start = buffer.data_ptr()
            self._table.buffers.append(buffer)
            self._table.spans.append(Span(device, start, start + len(blob)))

    def _value(self, depth: int) -> Any:
        if depth > MOST_DEPTH:
            raise CodecError(f"nested more than {MOST_DEPTH} deep")
        tag = bytes(self._take(1))
        reader = _READERS.get(tag)
        if reader is None:
            raise CodecError(f"an unknown tag {tag!r}")
        return reader(self, depth)

    def _known(self, _depth: int) -> Any:
        number = self._count()
        if number >= len(self._table.objects):
            raise CodecError(f"refers to object {number} of {len(self._table.objects)}")
        return self._table.objects[number]

    def _integer(self, _depth: int) -> int:
        return int(self._text(_LONGEST_INTEGER), 16)

    def _sides(self) -> tuple[int, ...]:
        length = self._count(_MOST_DIMENSIONS)
        return tuple(self._count() for _ in range(length))

    def _place(self) -> tuple[torch.Tensor, int] | None:
        number = self._count()
        if number == 0:
            return None
        if number > len(self._table.buffers):
            raise CodecError(f"refers to buffer {number - 1} of {len(self._table.buffers)}")
        return self._table.buffers[number - 1], self._count()

    def _tensor(self, _depth: int) -> torch.Tensor:
        dtype = DTYPES[self._count(len(DTYPES) - 1)]
        device = torch.device(self._text(32))
        shape, strides, place = self._sides(), self._sides(), self._place()
        if len(shape) != len(strides) or prod(shape) > MOST_ELEMENTS:
            raise CodecError(f"a tensor of shape {shape} and strides {strides}")
        value = self._build(dtype, device, shape, strides, place)
        self._table.add(value)
        return value

    def _build(
        self,
        dtype: torch.dtype,
        device: torch.device,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        place: tuple[torch.Tensor, int] | None,
    ) -> torch.Tensor:
        if device.type == "meta" or 0 in shape:
            return torch.empty_strided(shape, strides, dtype=dtype, device="meta" if device.type == "meta" else "cpu")
        if place is None:
            raise CodecError("a tensor with elements, and no memory")
        buffer, offset = place
        last = sum((side - 1) * step for side, step in zip(shape, strides, strict=True))
        if offset + (last + 1) * dtype.itemsize > buffer.numel():
            raise CodecError(f"a tensor of shape {shape} and strides {strides} does not fit its memory")
        first = buffer.storage_offset() + offset
        if first % dtype.itemsize:
            raise CodecError(f"a tensor of {dtype} at byte {first}")
        value = torch.empty(0, dtype=dtype, device=buffer.device)
        return value.set_(buffer.untyped_storage(), first // dtype.itemsize, shape, strides)

    def _array(self, _depth: int) -> np.ndarray[Any, Any]:
        dtype = self._dtype()
        shape = self._sides()
        strides = tuple(int(self._text(24)) for _ in range(self._count(_MOST_DIMENSIONS)))
        first, place = self._count(), self._place()
        if len(shape) != len(strides) or prod(shape) > MOST_ELEMENTS:
            raise CodecError(f"an array of shape {shape} and strides {strides}")
        if place is None:
            if prod(shape):
                raise CodecError("an array with elements, and no memory")
            value: np.ndarray[Any, Any] = np.empty(shape, dtype)
        else:
            buffer, offset = place  # NumPy checks that shape, strides and offset stay inside
            value = np.ndarray(shape, dtype, buffer=buffer.numpy(), offset=offset + first, strides=strides)
        self._table.add(value)
        return value

    def _dtype(self) -> np.dtype[Any]:
        text = self._text(32)
        dtype = np.dtype(text)
        if dtype.hasobject or dtype.names or dtype.shape:
            raise CodecError(f"an array of {text}")
        return dtype

    def _scalar(self, _depth: int) -> Any:
        dtype = self._dtype()
        blob = bytes(self._blob())
        if len(blob) != dtype.itemsize:
            raise CodecError(f"a {dtype} of {len(blob)} bytes")
        return np.frombuffer(blob, dtype)[0] if dtype.itemsize else dtype.type()

    def _list(self, depth: int) -> list[Any]:
        value: list[Any] = []
        self._table.add(value)
        value.extend(self._value(depth + 1) for _ in range(self._length()))
        return value

    def _tuple(self, depth: int) -> tuple[Any, ...]:
        return tuple(self._value(depth + 1) for _ in range(self._length()))

    def _dict(self, depth: int) -> dict[Any, Any]:
        value: dict[Any, Any] = {}
        self._table.add(value)
        for _ in range(self._length()):
            key = self._value(depth + 1)
            value[key] = self._value(depth + 1)
        return value

    def _generator(self, _depth: int) -> torch.Generator:
        value = torch.Generator(self._text(32))
        state = bytearray(self._blob())
        value.set_state(torch.frombuffer(state, dtype=torch.uint8) if state else torch.empty(0, dtype=torch.uint8))
        self._table.add(value)
        return value

    def _slice(self, depth: int) -> slice:
        return slice(*(self._value(depth + 1) for _ in range(3)))

    def _name(self, _depth: int) -> Any:
        text = self._text(64)
        if text not in NAMED:
            raise CodecError(f"an unknown name {text!r}")
        return NAMED[text]

    def _path(self, _depth: int) -> Path:
        path = self._folder / self._text(4096)
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise CodecError("a path that leads out of the run's folder")
        return path


_READERS: dict[bytes, Callable[[Decoder, int], Any]] = {
    b"R": Decoder._known,
    b"N": lambda decoder, depth: None,
    b"E": lambda decoder, depth: ...,
    b"1": lambda decoder, depth: True,
    b"0": lambda decoder, depth: False,
    b"i": Decoder._integer,
    b"f": lambda decoder, depth: struct.unpack("<d", decoder._take(8))[0],
    b"c": lambda decoder, depth: complex(*struct.unpack("<dd", decoder._take(16))),
    b"s": lambda decoder, depth: decoder._text(),
    b"b": lambda decoder, depth: bytes(decoder._blob()),
    b"Z": lambda decoder, depth: torch.Size(decoder._sides()),
    b"t": Decoder._name,
    b"d": lambda decoder, depth: torch.device(decoder._text(32)),
    b"T": Decoder._tensor,
    b"A": Decoder._array,
    b"n": Decoder._scalar,
    b"G": Decoder._generator,
    b"L": Decoder._list,
    b"U": Decoder._tuple,
    b"D": Decoder._dict,
    b"S": Decoder._slice,
    b"P": Decoder._path,
    b"H": lambda decoder, depth: decoder._handle(decoder._count()),
}
