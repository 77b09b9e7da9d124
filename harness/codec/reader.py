"""Bytes to counts, blobs and text, with every length checked against what is there."""

from __future__ import annotations

from harness.errors import CodecError

MOST_DIMENSIONS = 64

_MOST = 2**63 - 1
_LONGEST_NAME = 64  # bytes


class Reader:
    """Reads a message from its beginning to its end."""

    def __init__(self, data: bytes) -> None:
        """Takes the message."""
        self.data = data
        self.at = 0

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
        """The next byte."""
        return self.data[self.skip(1)]

    def count(self, most: int = _MOST) -> int:
        """A number that is not negative, as LEB128."""
        number = self.byte()
        if number > 0x7F:
            number &= 0x7F
            for shift in range(7, 64, 7):
                byte = self.byte()
                number |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
            else:
                raise CodecError("a count without end")
        if number > most:
            raise CodecError(f"a count of {number}, and at most {most} can be meant")
        return number

    def blob(self) -> bytes:
        """Bytes with their length before them."""
        return self.take(self.count())

    def text(self) -> str:
        """A text of any length."""
        return str(self.blob(), "utf-8", "surrogatepass")

    def name(self) -> str:
        """A short text."""
        return str(self.take(self.count(_LONGEST_NAME)), "utf-8")

    def length(self, each: int = 1) -> int:
        """A number of things that follow, of at least `each` bytes."""
        return self.count((len(self.data) - self.at) // each)

    def sides(self) -> tuple[int, ...]:
        """The shape of something."""
        return self.counts(self.count(MOST_DIMENSIONS))

    def counts(self, length: int) -> tuple[int, ...]:
        """So many numbers that are not negative."""
        near = self.data[self.at : self.at + length]
        if len(near) == length and max(near, default=0) < 0x80:  # one byte each
            self.at += length
            return tuple(near)
        return tuple(self.count() for _ in range(length))

    def signed(self, length: int) -> tuple[int, ...]:
        """So many numbers of either sign."""
        return tuple(-(number + 1) // 2 if number % 2 else number // 2 for number in self.counts(length))
