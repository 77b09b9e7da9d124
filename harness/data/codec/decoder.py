"""Bytes to values. The bytes may come from code that lies: nothing is believed, and nothing of the sender's is run."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.codec.building import Place, array_dtype, build_array, build_tensor, device_named, set_state
from harness.data.codec.memory import ALIGNMENT, CPU, Memory
from harness.data.codec.nesting import CONTAINERS, NOT_IN_SLICES, check_nesting
from harness.data.codec.reader import Reader
from harness.data.codec.table import DTYPES, MOST_DEPTH, MOST_VALUES, Table
from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LONGEST_PATH = 4096  # bytes
_TAGS_NOT_IN_SLICES = b"LUDS"
_MOST_CLASHES = 64  # keys of one dict with the same hash: chosen ones make it slow without end


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
        self._in: Reader
        self._values: int
        self._shared: bool

    def decode(self, data: bytes, at: int = 0) -> Any:
        """The value of a message.

        Args:
            data: the message.
            at: where it begins.

        Raises:
            CodecError: it is malformed.
        """
        self._in, self._values, self._shared = Reader(data, at), 0, False
        try:
            self._memory()
            value = self._value(0)
            if self._in.at != len(data):
                raise CodecError(f"{len(data) - self._in.at} bytes too many")
            if self._shared:
                check_nesting(value, {})
        except CodecError:
            raise
        except Exception as error:
            raise CodecError(f"malformed: {type(error).__name__}: {error}") from None
        return value

    def _memory(self) -> None:
        incoming = self._in
        for _ in range(incoming.length(each=4)):
            device, skew, size = self._device(), incoming.byte(), incoming.count()
            at = incoming.skip(size)
            if skew >= ALIGNMENT or not size or (device is not CPU and device.type == "meta"):
                raise CodecError("a piece of memory that can be none")
            self._table.add_memory(Memory.received(device, skew, incoming.data, at, size))

    def _device(self) -> torch.device:
        size = self._in.byte()
        return device_named(str(self._in.take(size), "utf-8")) if size else CPU

    def _value(self, depth: int) -> Any:
        tag = self._in.byte()
        atom = _ATOMS.get(tag)
        if atom is not None:
            return atom(self._in)
        reader = _READERS.get(tag)
        if reader is None:
            raise CodecError(f"an unknown tag {tag}")
        return reader(self, depth)

    def _known(self, _depth: int) -> Any:
        value = self._table.objects[self._in.count(len(self._table.objects) - 1)]
        self._shared |= type(value) in CONTAINERS
        return value

    def _place(self) -> Place:
        number = self._in.count(len(self._table.memories))
        return (self._table.memories[number - 1], self._in.count()) if number else None

    def _tensor(self, _depth: int) -> torch.Tensor:
        incoming = self._in
        dtype, flags, device = DTYPES[incoming.byte()], incoming.byte(), self._device()
        shape = incoming.counts(incoming.byte())
        value = build_tensor(dtype, flags, device, shape, incoming.counts(len(shape)), self._place())
        self._table.add(value)
        return value

    def _array(self, _depth: int) -> np.ndarray[Any, Any]:
        incoming = self._in
        dtype, writeable, shape = array_dtype(incoming.name()), incoming.byte(), incoming.counts(incoming.byte())
        value = build_array(dtype, bool(writeable), shape, incoming.signed(len(shape)), self._place())
        self._table.add(value)
        return value

    def _scalar(self, _depth: int) -> Any:
        dtype, blob = array_dtype(self._in.name()), self._in.blob()
        if len(blob) != dtype.itemsize:
            raise CodecError(f"a {dtype} of {len(blob)} bytes")
        return np.frombuffer(blob, dtype)[0] if blob else dtype.type()

    def _length(self, depth: int, each: int = 1) -> int:
        length = self._in.length(each)
        self._values += length
        if depth > MOST_DEPTH:
            raise CodecError(f"nested more than {MOST_DEPTH} deep")
        if self._values > MOST_VALUES:
            raise CodecError(f"more than {MOST_VALUES} values")
        return length

    def _list(self, depth: int) -> list[Any]:
        value: list[Any] = []
        self._table.add(value)
        for _ in range(self._length(depth)):
            value.append(self._value(depth + 1))  # noqa: PERF401 - a comprehension would not show what went before
        return value

    def _tuple(self, depth: int) -> tuple[Any, ...]:
        value = tuple([self._value(depth + 1) for _ in range(self._length(depth))])
        self._table.add(value)
        return value

    def _dict(self, depth: int) -> dict[Any, Any]:
        value: dict[Any, Any] = {}
        self._table.add(value)
        length = self._length(depth)
        if length % 2:
            raise CodecError("a key without its value")
        parts = [self._value(depth + 1) for _ in range(length)]
        if length > _MOST_CLASHES and max(Counter(map(hash, parts[::2])).values()) > _MOST_CLASHES:
            raise CodecError("a dict with too many keys of the same hash")
        value.update(zip(parts[::2], parts[1::2], strict=True))
        return value

    def _generator(self, _depth: int) -> torch.Generator:
        value = torch.Generator(self._device())
        set_state(value, self._in.blob())
        self._table.add(value)
        return value

    def _slice(self, _depth: int) -> slice:
        start, stop, step = (self._part() for _ in range(3))
        return slice(start, stop, step)

    def _part(self) -> Any:
        """A bound of a slice: looked at before it is read, so that slices of slices end."""
        if self._in.data[self._in.at] not in _TAGS_NOT_IN_SLICES:
            value = self._value(0)
            if type(value) not in NOT_IN_SLICES:
                return value
        raise CodecError("a slice of a container")

    def _path(self, _depth: int) -> Path:
        text = str(self._in.take(self._in.count(_LONGEST_PATH)), "utf-8", "surrogatepass")
        path = self._folder / text
        if ".." in PurePosixPath(text).parts or not path.resolve().is_relative_to(self._folder.resolve()):
            raise CodecError("a path that leads out of the run's folder")
        return path


_ATOMS: dict[int, Callable[[Reader], Any]] = {
    ord(tag): reader
    for tag, reader in {
        "N": lambda _: None,
        "E": lambda _: ...,
        "1": lambda _: True,
        "0": lambda _: False,
        "i": Reader.integer,
        "f": Reader.number,
        "c": Reader.complex_number,
        "s": Reader.text,
        "b": Reader.blob,
        "Z": Reader.size,
        "t": Reader.named,
        "d": Reader.device,
    }.items()
}
_READERS: dict[int, Callable[[Decoder, int], Any]] = {
    ord(tag): reader
    for tag, reader in {
        "R": Decoder._known,
        "T": Decoder._tensor,
        "A": Decoder._array,
        "n": Decoder._scalar,
        "G": Decoder._generator,
        "L": Decoder._list,
        "U": Decoder._tuple,
        "D": Decoder._dict,
        "S": Decoder._slice,
        "P": Decoder._path,
        "H": lambda decoder, _: decoder._handle(decoder._in.count()),
    }.items()
}
