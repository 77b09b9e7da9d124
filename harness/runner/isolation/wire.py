"""Messages over a stream socket, each in a frame: four bytes of magic and version, eight of length, the message."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from harness.errors import ChannelClosed, CodecError

if TYPE_CHECKING:
    import socket

MOST_BYTES = 256 * 2**20
"""The longest message that is sent or believed."""

END_OF_HEAD = b"\n"
"""Ends the head of a request: JSON on one line, which says what is done; the message after it holds the arguments."""

_MAGIC = b"kat\x01"
_HEADER = struct.Struct(">4sQ")
_PART = 2**20  # bytes asked for at once: memory grows with what has come, not with what was promised
_JOINED = 2**16  # bytes up to which header and message are sent in one go


def send(sock: socket.socket, payload: bytes, *, seconds: float | None = None) -> None:
    """Sends one message.

    Args:
        sock: a connected stream socket; its timeout is set.
        payload: the message.
        seconds: how long the whole may take; None for as long as it needs.

    Raises:
        CodecError: the message is too long.
        ChannelClosed: the peer is gone.
        TimeoutError: the peer did not take it in time.
    """
    if len(payload) > MOST_BYTES:
        raise CodecError(f"a message of {len(payload)} bytes, and at most {MOST_BYTES} may pass")
    header = _HEADER.pack(_MAGIC, len(payload))
    deadline = _deadline(seconds)
    for part in (header + payload,) if len(payload) <= _JOINED else (header, payload):
        try:
            sock.settimeout(_left(deadline))
            sock.sendall(part)
        except TimeoutError:
            raise TimeoutError(_LATE) from None
        except OSError as error:
            raise ChannelClosed(f"the other end is gone: {error}") from None


def receive(sock: socket.socket, *, seconds: float | None) -> bytes:
    """Receives one message.

    Args:
        sock: a connected stream socket; its timeout is set.
        seconds: how long the whole may take, from now; None for as long as it needs.

    Raises:
        CodecError: what came is no frame, or too long a one.
        ChannelClosed: the peer is gone, before the frame or in the middle of it.
        TimeoutError: the frame did not come whole in time.
    """
    deadline = _deadline(seconds)
    magic, length = _HEADER.unpack(_exactly(sock, _HEADER.size, deadline))
    if magic != _MAGIC:
        raise CodecError(f"a frame that begins with {magic!r}, not with {_MAGIC!r}")
    if length > MOST_BYTES:
        raise CodecError(f"a message of {length} bytes, and at most {MOST_BYTES} may pass")
    return _exactly(sock, length, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    parts: list[bytes] = []
    missing = size
    while missing:
        try:
            sock.settimeout(_left(deadline))
            part = sock.recv(min(missing, _PART))
        except TimeoutError:
            raise TimeoutError(_LATE) from None
        except OSError as error:
            raise ChannelClosed(f"the other end is gone: {error}") from None
        if not part:
            raise ChannelClosed(f"the other end is gone, {missing} of {size} bytes before the end")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


_LATE = "the other end did not answer in time"


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _left(deadline: float | None) -> float | None:
    """The seconds up to a deadline. Raises `TimeoutError` where there are none."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(_LATE)
    return left
