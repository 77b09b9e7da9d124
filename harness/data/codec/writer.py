"""Counts, text and other values without parts, to bytes: what `harness.data.codec.reader` reads."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from harness.data.codec.table import LONGEST_INTEGER, NAME_OF
from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

_FLOAT = struct.Struct("<d")
_COMPLEX = struct.Struct("<dd")
_LARGE = 2**16  # bytes from which a blob is not copied twice


class Writer:
    """Writes a message from its beginning to its end."""

    def __init__(self, head: bytes = b"") -> None:
        """Begins one after other bytes."""
        self.out = bytearray(head)
        self._parts: list[bytes | bytearray | memoryview] = []

    def message(self) -> bytes:
        """What has been written."""
        return b"".join((*self._parts, self.out))

    def count(self, number: int) -> None:
        """A number that is not negative, as LEB128."""
        while number > 0x7F:
            self.out.append(number & 0x7F | 0x80)
            number >>= 7
        self.out.append(number)

    def counts(self, numbers: Iterable[int]) -> None:
        """Numbers that are not negative."""
        for number in numbers:
            if number < 0x80:
                self.out.append(number)
            else:
                self.count(number)

    def signed(self, numbers: Iterable[int]) -> None:
        """Numbers of either sign."""
        self.counts(number * 2 if number >= 0 else -number * 2 - 1 for number in numbers)

    def blob(self, data: bytes | memoryview) -> None:
        """Bytes with their length before them; if they are many, taken when the message is asked for."""
        size = len(data)
        if size < 0x80:
            self.out.append(size)
        else:
            self.count(size)
        if size < _LARGE:
            self.out += data
        else:
            self._parts += (self.out, data)
            self.out = bytearray()

    def text(self, text: str) -> None:
        """A text of any length."""
        self.blob(text.encode("utf-8", "surrogatepass"))

    def tagged(self, tag: bytes, text: str) -> None:
        """A tag and a text."""
        self.out += tag
        self.text(text)

    def none(self, _: None) -> None:
        """The value None."""
        self.out += b"N"

    def ellipsis(self, _: object) -> None:
        """The value `...`."""
        self.out += b"E"

    def boolean(self, value: bool) -> None:
        """A truth value."""
        self.out += b"1" if value else b"0"

    def integer(self, value: int) -> None:
        """A whole number.

        Raises:
            CodecError: it is so long that it could not be printed.
        """
        size = value.bit_length() // 8 + 1
        if size > LONGEST_INTEGER:
            raise CodecError(f"an integer of {size} bytes, and at most {LONGEST_INTEGER} may pass")
        self.out += b"i"
        self.blob(value.to_bytes(size, "little", signed=True))

    def number(self, value: float) -> None:
        """A number with a fraction."""
        self.out += b"f"
        self.out += _FLOAT.pack(value)

    def complex_number(self, value: complex) -> None:
        """A complex number."""
        self.out += b"c"
        self.out += _COMPLEX.pack(value.real, value.imag)

    def string(self, value: str) -> None:
        """A text as a value."""
        self.out += b"s"
        self.text(value)

    def binary(self, value: bytes) -> None:
        """Bytes as a value."""
        self.out += b"b"
        self.blob(value)

    def size(self, value: torch.Size) -> None:
        """The shape of a tensor as a value."""
        self.out += b"Z"
        self.count(len(value))
        self.signed(value)

    def named(self, value: Any) -> None:
        """A dtype, layout or memory format."""
        self.tagged(b"t", NAME_OF[value])

    def device(self, value: torch.device) -> None:
        """A device as a value."""
        # Torch keeps eight bits of a number: "cuda:128" gives one that it writes as -128, and then would not read.
        self.tagged(b"d", value.type if value.index is None else f"{value.type}:{value.index % 256}")
