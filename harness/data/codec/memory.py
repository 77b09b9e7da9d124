"""The memory behind tensors and arrays: which of it goes over, and what stands for it at the other end."""

from __future__ import annotations

import ctypes
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import torch

from harness.errors import CodecError

ALIGNMENT = 64
"""Modulo so many bytes, memory begins alike at both ends: a kernel's result may depend on it, to the bit."""

_BLOCK = 2**16  # bytes that are compared at once
_SMALL = 2**14  # bytes up to which a copy is cheaper than a view
CPU = torch.device("cpu")

Piece = torch.Tensor | np.ndarray[Any, Any]


class Span(NamedTuple):
    """Addresses from `start` up to `stop`, on one device."""

    device: str
    start: int
    stop: int

    def covers(self, other: Span) -> bool:
        """Whether the other lies within this one."""
        return self.start <= other.start and other.stop <= self.stop and self.device == other.device


class _Window:
    """Bytes at an address in NumPy's eyes, kept valid by what owns them."""

    def __init__(self, start: int, size: int, owner: object, *, read_only: bool) -> None:
        self._owner = owner
        self.__array_interface__ = {"version": 3, "data": (start, read_only), "shape": (size,), "typestr": "|u1"}


class Memory:
    """A piece of memory that has gone over, or has come: some bytes of a storage, which it keeps alive.

    Attributes:
        span: where it lies, or lay when it went over.
        first: the byte of the storage at which it begins.
        size: bytes.
        read_only: it belongs to arrays that may not be written to.
        sent: the message that brought it and its place there, where it came in one.
    """

    __slots__ = ("_device", "_storage", "_whole", "first", "read_only", "sent", "size", "span")

    def __init__(self, storage: torch.UntypedStorage, span: Span, *, read_only: bool) -> None:
        address = storage.data_ptr()
        self._storage = storage
        self._device = CPU if span.device == "cpu" else storage.device
        self.first = span.start - address
        self._whole = address, storage.nbytes()
        self.span = span
        self.size = span.stop - span.start
        self.read_only = read_only
        self.sent: tuple[bytes | memoryview, int] | None = None

    @classmethod
    def received(cls, device: torch.device, skew: int, message: bytes | memoryview, at: int, size: int) -> Memory:
        """New memory with the bytes that stand at a place in a message, beginning at `skew` modulo `ALIGNMENT`."""
        buffer = torch.empty(skew + size, dtype=torch.uint8, device=device)
        on_cpu = device is CPU
        start = buffer.data_ptr() + skew
        span = Span("cpu" if on_cpu else str(device), start, start + size)
        memory = cls(buffer.untyped_storage(), span, read_only=False)
        memory.sent = message, at
        if on_cpu and size <= _SMALL:
            ctypes.memmove(memory.span.start, bytes(message[at : at + size]), size)
        else:
            memory._write(0, np.frombuffer(message, np.uint8, size, at))
        return memory

    def copy(self) -> Memory:
        """New memory with the same bytes, that begins alike."""
        return Memory.received(self._device, self.span.start % ALIGNMENT, self.content(), 0, self.size)

    def has_moved(self) -> bool:
        """Whether its storage has been moved, cut or extended."""
        return self._whole != (self._storage.data_ptr(), self._storage.nbytes())

    def tensor(self, dtype: torch.dtype, first: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> torch.Tensor:
        """A tensor that lies in it, its first element at byte `first`. The caller has made sure that it fits."""
        empty = torch.empty(0, dtype=dtype, device=self._device)
        return empty.set_(self._storage, (self.first + first) // dtype.itemsize, shape, strides)

    def raw(self) -> torch.Tensor:
        """All of it, as uint8 of shape (size,)."""
        return self.tensor(torch.uint8, 0, (self.size,), (1,))

    def array(self, *, writeable: bool) -> np.ndarray[Any, Any]:
        """The same for NumPy; where it is not writeable, it cannot be made so."""
        raw = self.raw()
        return raw.numpy() if writeable else np.asarray(_Window(raw.data_ptr(), self.size, raw, read_only=True))

    def _host(self) -> np.ndarray[Any, Any]:
        """The same to look at; empty where the storage has been cut short.

        This is not `Tensor.numpy()`, after which torch would no longer resize the storage.
        """
        if self._device is not CPU:
            return self.raw().cpu().numpy()
        if self.first + self.size > self._storage.nbytes():
            return np.empty(0, np.uint8)
        start = self._storage.data_ptr() + self.first
        return np.asarray(_Window(start, self.size, self._storage, read_only=False))

    def content(self) -> bytes | memoryview:
        """Its bytes, for a message that is put together before they change."""
        if self.size <= _SMALL and self._device is CPU and not self.has_moved():
            return ctypes.string_at(self.span.start, self.size)
        return self._host().data

    def difference(self) -> tuple[int, bytes] | None:
        """Bytes that differ from those that came, and where they begin; as many as hold all that differ, and blocks."""
        if self.sent is None:
            return None
        message, at = self.sent
        if self.size <= _SMALL and self.content() == message[at : at + self.size]:
            return None
        now, was = self._host(), np.frombuffer(message, np.uint8, self.size, at)
        blocks = [
            first
            for first in range(0, now.size, _BLOCK)
            if not np.array_equal(now[first : first + _BLOCK], was[first : first + _BLOCK])
        ]
        return (blocks[0], now[blocks[0] : blocks[-1] + _BLOCK].tobytes()) if blocks else None

    def write(self, first: int, data: bytes) -> None:
        """Puts bytes in their place.

        Raises:
            CodecError: there is no such place, or nothing may be written there.
        """
        if self.read_only or not 0 <= first <= first + len(data) <= self.size or not data:
            raise CodecError(f"{len(data)} bytes written at byte {first} of memory of {self.size} bytes")
        self._write(first, np.frombuffer(data, np.uint8))

    def _write(self, first: int, data: np.ndarray[Any, Any]) -> None:
        if self._device is CPU:
            self._host()[first : first + data.size] = data
        else:
            self.raw()[first : first + data.size].copy_(torch.from_numpy(data.copy()))


def span_of(value: Piece) -> Span | None:
    """The addresses that a tensor or array covers; None where it has no elements or no memory.

    Raises:
        CodecError: its memory has been freed under it.
    """
    if not isinstance(value, torch.Tensor):
        if value.nbytes == 0:
            return None
        return Span("cpu", *np.lib.array_utils.byte_bounds(value))
    if value.is_meta or not value.numel():
        return None
    start = value.data_ptr()
    if value.is_contiguous():
        stop = start + value.nbytes
    else:
        last = sum((side - 1) * step for side, step in zip(value.shape, value.stride(), strict=True))
        stop = start + (last + 1) * value.element_size()
    storage = value.untyped_storage()
    if stop - storage.data_ptr() > storage.nbytes():
        raise CodecError("a tensor whose storage was cut short is not plain data")
    return Span("cpu" if value.is_cpu else str(value.device), start, stop)


def grouped(pieces: list[tuple[Span, Piece]]) -> list[tuple[Span, list[tuple[int, Piece]]]]:
    """The spans that hold the given ones, where such as overlap are one; with what lies in each, and its address."""
    groups: list[tuple[Span, list[tuple[int, Piece]]]] = []
    for span, piece in sorted(pieces, key=itemgetter(0)):
        if groups and groups[-1][0].device == span.device and span.start < groups[-1][0].stop:
            whole, members = groups[-1]
            members.append((span.start, piece))
            groups[-1] = whole._replace(stop=max(whole.stop, span.stop)), members
        else:
            groups.append((span, [(span.start, piece)]))
    return groups


def memory_of(span: Span, members: list[tuple[int, Piece]]) -> Memory:
    """The memory of one of those spans.

    Raises:
        CodecError: it is on a device, and no tensor's storage has it all.
    """
    size = span.stop - span.start
    for _, member in members:
        if isinstance(member, torch.Tensor):
            storage = member.untyped_storage()
            first = span.start - storage.data_ptr()
            if first >= 0 and first + size <= storage.nbytes():
                return Memory(storage, span, read_only=False)
    if span.device != "cpu":
        raise CodecError("tensors that overlap in memory of different owners are not plain data")
    # Spans that overlap lie in one allocation, whoever owns it, and all members together keep it.
    window = np.asarray(_Window(span.start, size, members, read_only=False))
    read_only = not any(isinstance(member, torch.Tensor) or member.flags.writeable for _, member in members)
    return Memory(torch.from_numpy(window).untyped_storage(), span, read_only=read_only)
