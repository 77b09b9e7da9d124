"""What the warm parent and those who ask it for processes say to each other.

A message is a JSON object, and may bring file descriptors.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING, Any, Self

from harness.errors import RunError
from harness.runner import settings

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def __init__(
        self,
        channel: socket.socket,
        process: subprocess.Popen[bytes] | None = None,
        complaints: IO[bytes] | None = None,
    ) -> None:
        self.channel = channel
        self.process = process
        self._complaints = complaints
        self._answered = False

    @classmethod
    def start(cls) -> Parent:
        """Starts a parent in a process of its own, and does not wait until it is warm.

        It ends when it is closed, or when this process does.

        Raises:
            SettingError: an environment variable holds what the parent could not work with.
        """
        settings.deadline()
        ours, theirs = socket.socketpair()
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the parent
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "harness.runner.isolation.forkserver", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
        theirs.close()
        return cls(ours, process, complaints)

    def another_line(self) -> Parent:
        """A second line to the same parent, for another thread."""
        _, descriptors = self.ask({"do": "line"})
        return Parent(socket.socket(fileno=descriptors[0]))

    def preload(self, capabilities: Iterable[str]) -> None:
        """Lets the parent import what katas with these capabilities need, so that their judges need not."""
        self.ask({"do": "preload", "capabilities": sorted(set(capabilities))})

    def give_up(self) -> None:
        """Ends the judge for which another thread waits on this line, which is told so. The line is spent."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

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
            raise RunError(f"the process that starts judges and workers has ended{self._last_word()}") from None
        self._answered = True
        if "error" in answer:
            raise RunError(answer["error"])
        return answer, came

    def close(self) -> None:
        """Ends the line, and the parent where it is ours; whatever it started ends with it."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_RDWR)  # a thread that still waits on it would keep it open
        self.channel.close()
        if self.process is not None:
            if not self._answered:  # still importing, for nobody
                self.process.kill()
            self.process.wait()
        if self._complaints is not None:
            self._complaints.close()

    def _last_word(self) -> str:
        if self._complaints is not None and not self._complaints.closed:
            self._complaints.seek(0)
            said = self._complaints.read().decode(errors="replace").strip().splitlines()
            if said:
                return f": {said[-1]} (`kata doctor` shows what is missing)"
        return ": run the command again"


def how_it_ended(status: int | None) -> str:
    """In words to a learner, how a worker ended whose exit code the parent gave: None if the parent had to end it."""
    if status is None:
        return "the process of your code was ended"
    if status < 0:
        name = signal.Signals(-status).name if -status in signal.Signals._value2member_map_ else f"signal {-status}"
        reason = {"SIGSEGV": "a segmentation fault", "SIGABRT": "an abort", "SIGBUS": "a bus error"}.get(name, name)
        return f"your code crashed Python itself ({reason})"
    return f"your code ended its process (exit code {status})"
