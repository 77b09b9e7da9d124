from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ChannelClosed, CodecError
from harness.runner.isolation import wire
from harness.runner.isolation.wire import receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = struct.Struct(">4sQ")


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def _sent(data: bytes) -> socket.socket:
    """A socket from which these bytes can be read, and no more."""
    one, other = socket.socketpair()
    with one:
        one.sendall(data)
    return other


@given(payloads=st.lists(st.binary(max_size=300), max_size=4))
def test_messages_arrive_one_by_one(payloads: list[bytes]) -> None:
    """Messages arrive whole, in order, with their borders, empty ones too."""
    one, other = socket.socketpair()
    with one, other:
        for payload in payloads:
            send(one, payload)
        assert [receive(other, seconds=5) for _ in payloads] == payloads


def test_a_large_message_arrives(ends: tuple[socket.socket, socket.socket]) -> None:
    """A message beyond what the socket holds arrives in parts."""
    payload = bytes(range(256)) * 2**14
    sender = threading.Thread(target=send, args=(ends[0], payload), kwargs={"seconds": 20})
    sender.start()
    assert receive(ends[1], seconds=20) == payload
    sender.join()


def test_a_message_byte_by_byte_arrives(ends: tuple[socket.socket, socket.socket]) -> None:
    """A message that comes in single bytes is put together."""
    frame = HEADER.pack(b"kat\x01", 5) + b"hello"

    def trickle() -> None:
        for byte in frame:
            ends[0].sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    assert receive(ends[1], seconds=None) == b"hello"
    sender.join()


@pytest.mark.parametrize("header", [b"\0" * 12, b"kat\x02" + b"\0" * 8, b"GET / HTTP/1.1\r\n"])
def test_what_is_no_frame_is_refused(header: bytes) -> None:
    """Bytes without the magic of this version are refused."""
    with _sent(header) as other, pytest.raises(CodecError, match="begins with"):
        receive(other, seconds=5)


@pytest.mark.parametrize("length", [wire.MOST_BYTES + 1, 2**64 - 1])
def test_forged_lengths_are_refused(length: int) -> None:
    """A length beyond the cap is refused before anything is read or allocated for it."""
    with _sent(HEADER.pack(b"kat\x01", length) + b"x") as other, pytest.raises(CodecError, match="at most"):
        receive(other, seconds=5)


def test_too_long_a_message_is_not_sent(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message beyond the cap is refused by the sender already."""
    monkeypatch.setattr(wire, "MOST_BYTES", 3)
    with pytest.raises(CodecError, match="4 bytes"):
        send(ends[0], b"four")


@pytest.mark.parametrize("came", [b"", b"kat", HEADER.pack(b"kat\x01", 9) + b"short"])
def test_a_peer_that_is_gone_is_named(came: bytes) -> None:
    """An end of the stream, before a frame or within it, is ChannelClosed, a CodecError."""
    with _sent(came) as other, pytest.raises(ChannelClosed, match="gone"):
        receive(other, seconds=5)
    assert issubclass(ChannelClosed, CodecError)


def test_sending_to_nobody_is_channel_closed(ends: tuple[socket.socket, socket.socket]) -> None:
    """A broken pipe is ChannelClosed, and so is a socket that was closed here."""
    ends[1].close()
    with pytest.raises(ChannelClosed):
        send(ends[0], b"x")
    ends[0].close()
    with pytest.raises(ChannelClosed):
        receive(ends[0], seconds=None)


@pytest.mark.parametrize("came", [b"", b"kat", HEADER.pack(b"kat\x01", 9) + b"short"])
def test_a_late_message_is_a_timeout(ends: tuple[socket.socket, socket.socket], came: bytes) -> None:
    """A frame that is not whole in time raises TimeoutError."""
    ends[0].sendall(came)
    with pytest.raises(TimeoutError):
        receive(ends[1], seconds=0.05)


def test_the_deadline_is_for_the_whole_frame(ends: tuple[socket.socket, socket.socket]) -> None:
    """A peer that sends a byte now and then does not put the deadline off."""
    done = threading.Event()

    def trickle() -> None:
        ends[0].sendall(HEADER.pack(b"kat\x01", 1000))
        while not done.wait(0.02):
            ends[0].sendall(b"x")

    sender = threading.Thread(target=trickle)
    sender.start()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(ends[1], seconds=0.2)
    done.set()
    sender.join()
    assert time.monotonic() - start < 5


def test_no_time_left_is_a_timeout(ends: tuple[socket.socket, socket.socket]) -> None:
    """With no time at all nothing is read."""
    send(ends[0], b"x")
    with pytest.raises(TimeoutError):
        receive(ends[1], seconds=0)


def test_a_peer_that_does_not_read_is_a_timeout(ends: tuple[socket.socket, socket.socket]) -> None:
    """Sending has a deadline too: a worker that stops reading does not hold the judge."""
    with pytest.raises(TimeoutError):
        send(ends[0], b"x" * 2**24, seconds=0.1)


@given(data=st.binary(max_size=40))
def test_arbitrary_bytes_are_a_message_or_refused(data: bytes) -> None:
    """No bytes on the stream do anything but give a message or raise CodecError."""
    with _sent(data) as other, contextlib.suppress(CodecError):
        assert isinstance(receive(other, seconds=5), bytes)
