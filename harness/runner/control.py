"""What the warm parent and those who ask it for processes say: a JSON object a message, with file descriptors."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from typing import Any, Self

from harness.errors import RunError

_HEADER = struct.Struct("<I")
_MOST_BYTES = 1 << 20
_MOST_DESCRIPTORS = 4


def send_message(channel: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
    """Sends a message, and duplicates of file descriptors with it."""
    data = json.dumps(message).encode()
    socket.send_fds(channel, [_HEADER.pack(len(data))], descriptors or [])
    channel.sendall(data)


def receive_message(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receives a message and the descriptors that came with it.

    Raises:
        EOFError: the other side is gone.
    """
    header, descriptors, _, _ = socket.recv_fds(channel, _HEADER.size, _MOST_DESCRIPTORS)
    header += _exactly(channel, _HEADER.size - len(header))
    (size,) = _HEADER.unpack(header)
    if size > _MOST_BYTES:
        raise EOFError
    return json.loads(_exactly(channel, size)), descriptors


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = channel.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


class Parent:
    """A line to a warm parent: ask it for a worker, or for a judge.

    Args:
        channel: a connected socket to it.
        process: the parent's process, where it is ours to end.
    """

    def __init__(self, channel: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self.channel = channel
        self.process = process

    @classmethod
    def start(cls) -> Parent:
        """Starts a parent in a process of its own. It ends when this one does, or when it is closed."""
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.runner.parent", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        return cls(ours, process)

    def another_line(self) -> Parent:
        """A second line to the same parent, for another thread."""
        _, descriptors = self.ask({"do": "line"})
        return Parent(socket.socket(fileno=descriptors[0]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def ask(self, message: dict[str, Any], descriptors: list[int] | None = None) -> tuple[dict[str, Any], list[int]]:
        """Sends a request and waits for the answer.

        Raises:
            RunError: the parent is gone, or could not do it.
        """
        try:
            send_message(self.channel, message, descriptors)
            answer, came = receive_message(self.channel)
        except (EOFError, OSError):
            raise RunError("the process that starts judges and workers has ended: run the command again") from None
        if "error" in answer:
            raise RunError(answer["error"])
        return answer, came

    def close(self) -> None:
        """Ends the line, and the parent where it is ours; whatever it started ends with it."""
        self.channel.close()
        if self.process is not None:
            self.process.wait()
