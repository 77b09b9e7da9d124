"""What both ends of a call know: objects by number, and the memory behind tensors and arrays, each byte once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from harness.errors import CodecError

MOST_DEPTH = 64
"""Containers that may stand in one another."""

MOST_ELEMENTS = 2**40
"""Product of the sides of a tensor: beyond it, arithmetic on shapes would no longer be exact."""

_ALIGNMENT = 16  # bytes; a multiple of every element's size

DTYPES = tuple(
    getattr(torch, name)
    for name in (
        "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex32 complex64 complex128 "
        "uint16 uint32 uint64 float8_e4m3fn float8_e5m2"
    ).split()
)
DTYPE_NUMBER = {dtype: number for number, dtype in enumerate(DTYPES)}
NAMED = {
    f"torch.{name}": value
    for name, value in vars(torch).items()
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format)
}
NAME_OF = {value: name for name, value in NAMED.items()}


class Span(NamedTuple):
    """Addresses from `start` up to `stop`, on one device."""

    device: str
    start: int
    stop: int


class Table:
    """What both ends of a call know by number: objects with an identity, and buffers of memory."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.buffers: list[torch.Tensor] = []  # uint8, one-dimensional
        self.spans: list[Span] = []  # where each buffer lies on this end, or stood when it was sent
        self._numbers: dict[int, int] = {}

    def add(self, value: object) -> None:
        """Gives an object the next number. It is kept alive, so that its id stays its own."""
        self._numbers[id(value)] = len(self.objects)
        self.objects.append(value)

    def number(self, value: object) -> int | None:
        """The number of an object, or None where it is new."""
        return self._numbers.get(id(value))

    def find(self, span: Span) -> tuple[int, int] | None:
        """The buffer that holds a span, and the offset in it; None where no buffer does."""
        for number, (device, start, stop) in enumerate(self.spans):
            if device == span.device and start <= span.start and span.stop <= stop:
                return number, span.start - start
        return None


def span_of(value: torch.Tensor | np.ndarray[Any, Any]) -> Span | None:
    """The addresses that a tensor or array covers; None where it has no elements or no memory."""
    if isinstance(value, torch.Tensor):
        if value.numel() == 0 or value.device.type == "meta":
            return None
        last = sum((side - 1) * step for side, step in zip(value.shape, value.stride(), strict=True))
        start = value.data_ptr()
        return Span(str(value.device), start, start + (last + 1) * value.element_size())
    if value.size == 0:
        return None
    start, stop = np.lib.array_utils.byte_bounds(value)
    return Span("cpu", start, stop)


def merged(spans: list[Span]) -> list[Span]:
    """The spans that hold the given ones, where such as overlap are one; aligned for every dtype."""
    result: list[Span] = []
    for span in sorted(spans):
        start = span.start - span.start % _ALIGNMENT
        if result and result[-1].device == span.device and start < result[-1].stop:
            result[-1] = result[-1]._replace(stop=max(result[-1].stop, span.stop))
        else:
            result.append(Span(span.device, start, span.stop))
    return result


def memory_of(span: Span, members: list[torch.Tensor | np.ndarray[Any, Any]]) -> torch.Tensor:
    """The memory of a span, as uint8 of shape (bytes,), shared with the objects that cover it and kept alive by it.

    Raises:
        CodecError: the objects overlap, and none of their owners has it all.
    """
    size = span.stop - span.start
    for member in members:
        if isinstance(member, torch.Tensor):
            storage = member.untyped_storage()
            start = span.start - storage.data_ptr()
            if str(member.device) == span.device and 0 <= start and start + size <= storage.nbytes():
                return torch.empty(0, dtype=torch.uint8, device=member.device).set_(storage, start, (size,), (1,))
        else:
            flat = _flat(member)
            start = span.start - flat.__array_interface__["data"][0]
            if 0 <= start and start + size <= flat.nbytes:
                return torch.from_numpy(flat[start : start + size])
    raise CodecError("tensors and arrays that overlap, with different owners of their memory: pass one of them")


def _flat(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """All memory of the array that owns an array's memory: uint8, (bytes,)."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if not owner.flags.writeable:
        owner = owner.copy(order="K")
    owner = owner if owner.flags.c_contiguous else owner.T
    if not owner.flags.c_contiguous:
        raise CodecError("an array whose memory has no order: pass a copy of it")
    return owner.reshape(-1).view(np.uint8)
