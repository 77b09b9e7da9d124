"""Bytes to counts, blobs and text, with every length checked against what is there."""

from __future__ import annotations

import struct
from typing import Any

import torch

from harness.data.codec.table import LONGEST_INTEGER, NAMED
from harness.errors import CodecError

MOST_DIMENSIONS = 64

_MOST = 2**63 - 1
_FLOAT = struct.Struct("<d")
_COMPLEX = struct.Struct("<dd")
_LONGEST_NAME = 64  # bytes


class Reader:
    """Reads a message from its beginning to its end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        """Takes the message, which begins at a place in the data and goes on to their end."""
        self.data = data
        self.at = at

    def take(self, size: int) -> bytes:
        """The next bytes."""
        return self.data[self.skip(size) : self.at]

    def skip(self, size: int) -> int:
        """Passes over so many bytes, and gives the place where they begin."""
        at = self.at
        if size > len(self.data) - at:
            raise CodecError(f"ends in the middle: {size} bytes promised, {len(self.data) - at} there")
        self.at += size
        return at

    def byte(self) -> int:
        """The next byte. Raises `IndexError` where there is none."""
        at = self.at
        self.at = at + 1
        return self.data[at]

    def count(self, most: int = _MOST) -> int:
        """A number that is not negative, as LEB128."""
        at = self.at
        number = self.data[at]
        self.at = at + 1
        if number > 0x7F:
            number = self._rest(number & 0x7F)
        if number > most:
            raise CodecError(f"a count of {number}, and at most {most} can be meant")
        return number

    def _rest(self, number: int) -> int:
        for shift in range(7, 64, 7):
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise CodecError("a count without end")

    def blob(self) -> bytes:
        """Bytes with their length before them."""
        return self.take(self.count())

    def text(self) -> str:
        """A text of any length."""
        return str(self.blob(), "utf-8", "surrogatepass")

    def name(self) -> str:
        """A short text."""
        size = self.count(_LONGEST_NAME)
        return str(self.take(size), "utf-8") if size else ""

    def length(self, each: int = 1) -> int:
        """A number of things that follow, of at least `each` bytes."""
        return self.count((len(self.data) - self.at) // each)

    def counts(self, length: int) -> tuple[int, ...]:
        """So many numbers that are not negative, but not more than there can be dimensions."""
        if length > MOST_DIMENSIONS:
            raise CodecError(f"{length} dimensions")
        at = self.at
        near = self.data[at : at + length]
        if len(near) == length and (not near or max(near) < 0x80):  # one byte each
            self.at = at + length
            return tuple(near)
        return tuple(self.count() for _ in range(length))

    def signed(self, length: int) -> tuple[int, ...]:
        """So many numbers of either sign."""
        return tuple(-(number + 1) // 2 if number % 2 else number // 2 for number in self.counts(length))

    def integer(self) -> int:
        """A whole number as a value."""
        return int.from_bytes(self.take(self.count(LONGEST_INTEGER)), "little", signed=True)

    def number(self) -> float:
        """A number with a fraction."""
        value: float = _FLOAT.unpack(self.take(8))[0]
        return value

    def complex_number(self) -> complex:
        """A complex number."""
        return complex(*_COMPLEX.unpack(self.take(16)))

    def size(self) -> torch.Size:
        """The shape of a tensor as a value."""
        return torch.Size(self.signed(self.byte()))

    def named(self) -> Any:
        """A dtype, layout or memory format. Raises `KeyError` where there is none of that name."""
        return NAMED[self.name()]

    def device(self) -> torch.device:
        """A device as a value, which there need not be here."""
        return torch.device(self.name())
