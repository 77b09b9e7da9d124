"""Counts, blobs and text to bytes: what `harness.codec.reader` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGE = 2**16  # bytes from which a blob is not copied twice


class Writer:
    """Writes a message from its beginning to its end."""

    def __init__(self) -> None:
        """Begins an empty one."""
        self.out = bytearray()
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
        """Bytes with their length before them; taken when the message is asked for, if they are many."""
        self.count(len(data))
        if len(data) < _LARGE:
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

    def device(self, device: str) -> None:
        """The name of a device."""
        self.text("" if device == "cpu" else device)
