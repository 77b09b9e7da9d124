"""What both ends of a call know: objects by number, and the memory behind tensors and arrays, each byte once."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import CodecError

if TYPE_CHECKING:
    from harness.data.codec.memory import Memory, Span

MOST_DEPTH = 64
"""Containers that may stand in one another."""

MOST_VALUES = 2**22
"""Items in all containers of a message."""

MOST_OBJECTS = 2**18
"""Tensors, arrays, generators and containers of a call: each takes far more memory than its few bytes in a message."""

MOST_ELEMENTS = 2**40
"""Product of a tensor's sides, not counting zeros: beyond it, arithmetic on shapes would no longer be exact."""

LONGEST_INTEGER = 1750
"""Bytes of an integer: a longer one could not be printed (`sys.get_int_max_str_digits`)."""

PLAIN_DTYPE = re.compile(r"[<>|](b1|[iu][1248]|f(2|4|8|16)|c(8|16|32)|[SU]\d{1,9}|[mM]8(\[\d{0,9}[A-Za-z]{1,7}\])?)")
"""The `dtype.str` of the NumPy arrays that pass."""

DTYPES: tuple[torch.dtype, ...] = (
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex32,
    torch.complex64,
    torch.complex128,
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
)
"""The element types that pass, by number."""

DTYPE_NUMBER = {dtype: number for number, dtype in enumerate(DTYPES)}
NAMED: dict[str, Any] = {
    f"torch.{name}": value
    for name, value in vars(torch).items()
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format)
}
"""What passes by its name."""

NAME_OF = {value: name for name, value in NAMED.items()}


_BEYOND = 2**64  # no address


class Table:
    """What both ends of a call know by number: objects with an identity, and pieces of memory."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.memories: list[Memory] = []
        self._numbers: dict[int, int] = {}
        self._order: list[int] | None = None  # numbers of the memories, by where they lie; None until asked for
        self._spans: list[Span] = []  # where, in the same order
        self._overlapping = False

    def add(self, value: object) -> None:
        """Gives an object the next number. It is kept alive, so that its id stays its own."""
        number = len(self.objects)
        if number >= MOST_OBJECTS:
            raise CodecError(f"more than {MOST_OBJECTS} tensors, arrays and containers")
        self._numbers[id(value)] = number
        self.objects.append(value)

    def number(self, value: object) -> int | None:
        """The number of an object, or None where it is new."""
        return self._numbers.get(id(value))

    def add_memory(self, memory: Memory) -> int:
        """Gives a piece of memory the next number."""
        number = len(self.memories)
        if number >= MOST_OBJECTS:
            raise CodecError(f"more than {MOST_OBJECTS} pieces of memory")
        self.memories.append(memory)
        self._order = None
        return number

    def find(self, span: Span) -> tuple[int, int] | None:
        """The number of the memory that holds a span, and the offset in it; None where none does."""
        if not self.memories:
            return None
        order = self._sorted() if self._order is None else self._order
        position = bisect_right(self._spans, (span.device, span.start, _BEYOND))
        # Pieces seldom overlap, and then only the nearest that begins before the span can hold it.
        for index in range(position - 1, -1 if self._overlapping else max(position - 2, -1), -1):
            if self._spans[index].covers(span):
                return order[index], span.start - self._spans[index].start
        return None

    def _sorted(self) -> list[int]:
        """Puts in order where the pieces of memory lie, without those that a call has moved by resizing."""
        there = sorted((memory.span, number) for number, memory in enumerate(self.memories) if not memory.has_moved())
        self._spans = [span for span, _ in there]
        self._order = [number for _, number in there]
        self._overlapping = any(
            left.device == right.device and right.start < left.stop for left, right in pairwise(self._spans)
        )
        return self._order

    def refresh(self) -> None:
        """Looks anew where the memory lies: a call may resize the storage of its arguments."""
        self._order = None

    def mark(self) -> tuple[int, int]:
        """Where the table stands, for `roll_back`."""
        return len(self.objects), len(self.memories)

    def roll_back(self, mark: tuple[int, int]) -> None:
        """Forgets what has come since, so that both ends still agree when a message was not sent after all."""
        objects, memories = mark
        for value in self.objects[objects:]:
            self._numbers.pop(id(value), None)
        del self.objects[objects:]
        del self.memories[memories:]
        self._order = None


def elements_of(sides: tuple[int, ...]) -> int:
    """The product of the sides, zeros left out."""
    return prod(sides) or prod(filter(None, sides))
