"""The judge's side of an implementation that lives in a worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Any

from harness.data.codec import Decoder, Encoder, Table
from harness.data.codec.changes import apply
from harness.data.codec.exceptions import rebuild
from harness.errors import (
    ChannelClosed,
    CodecError,
    DeadlineExceeded,
    ForbiddenCall,
    ImplementationError,
    KataError,
    LimitExceeded,
    MemoryExceeded,
    RunError,
    SpecError,
    ToDo,
    WorkerDied,
)
from harness.model import Location
from harness.runner import conditions
from harness.runner.isolation.client import Parent, how_it_ended
from harness.runner.isolation.output import Printed
from harness.runner.isolation.wire import END_OF_HEAD, receive, send
from harness.runner.locations import remember

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.model import Kata
    from harness.runner.request import Request

GRACE = 1.0
"""Seconds that a worker has beyond the deadline, to break a call off by itself and live on."""

START = 60.0
"""Seconds within which a worker has to be ready for its first call."""

# What only the judge can know (that a spec is wrong, that a resource is missing) is not a worker's to say.
_BELIEVED = (CodecError, ForbiddenCall, ImplementationError, SpecError, ToDo)

_PASSED_ON = ("KATA_DEADLINE", "KATA_WORKSPACE", "KATA_LANG", "PYTHONPATH", "TMPDIR")

_parent: Parent | None = None


def use_parent(parent: Parent) -> None:
    """Says which warm parent this process asks for workers: the one that forked it."""
    global _parent
    _parent = parent


def parent() -> Parent:
    """The warm parent of this process; started now where there is none yet."""
    global _parent
    if _parent is None:
        _parent = Parent.start()
    return _parent


class Reference:
    """Stands for an object that stays in a worker."""

    __slots__ = ("__weakref__", "number", "worker")

    def __init__(self, number: int, worker: int) -> None:
        self.number = number
        self.worker = worker


class RemoteHost:
    """An implementation in a worker of its own. Does what `harness.runner.host.Host` does, from another process.

    Args:
        kata: the kata that is implemented.
        reference: the value of `--impl` that stands for it.
        folder: the run's folder.
    """

    def __init__(self, kata: Kata, reference: str, folder: Path) -> None:
        self._kata = kata
        self._reference = reference
        self._folder = folder
        self._channel: socket.socket | None = None
        self._process = 0
        self._references: weakref.WeakValueDictionary[int, Reference] = weakref.WeakValueDictionary()
        self._released: list[int] = []
        self._touched: bool | None = None
        self._printed: Printed  # while there is a channel

    def touched(self) -> bool | None:
        """Whether a distorted implementation has really changed a result; None where it is not distorted."""
        return self._touched

    def anew(self) -> RemoteHost:
        """The same implementation for another worker."""
        return RemoteHost(self._kata, self._reference, self._folder)

    def perform(self, request: Request) -> Any:
        """Carries out one request in the worker; see `harness.runner.host.Host.perform`.

        Raises:
            DeadlineExceeded: the worker did not answer in time and was ended.
            WorkerDied: it ended by itself.
            Exception: what the implementation raised, rebuilt.
        """
        __tracebackhide__ = True
        table, channel = Table(), self._connected()
        released = list(self._released)
        target, judged = request.target, request.judged
        value = self._number(target.value) if target.kind == "object" else target.value
        head = json.dumps([released, request.operation, target.kind, value, request.seed, judged and judged.name])
        encoder = Encoder(table, handle=self._number, folder=self._folder)
        message = encoder.encode(request.arguments(), head=head.encode() + END_OF_HEAD)
        del self._released[: len(released)]
        answer = self._exchange(channel, message)
        decoder = Decoder(table, handle=lambda number: request.handle(self._refer(number)), folder=self._folder)
        try:
            status, changed, value, where, touched = decoder.decode(answer)
            apply(changed, table)
            raised = None if status == "result" else self._raised(status, value, where)
        except (CodecError, ValueError, TypeError) as error:
            self.end()
            raise WorkerDied(f"the answer was malformed: {error}") from None
        self._touched = touched if type(touched) is bool else None
        if raised is None:
            return value
        if isinstance(raised, MemoryExceeded):
            self.end()
        raise raised

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Runs a call, and kills the worker after so many seconds, in the middle or after it."""
        self._connected()
        timer = threading.Timer(seconds, os.killpg, (self._process, signal.SIGKILL))
        timer.start()
        try:
            call()
        except WorkerDied:
            pass
        finally:
            timer.join()
            self.end()

    def end(self) -> int | None:
        """Ends the worker, and gives the exit code with which it had ended by itself, or None."""
        if self._channel is None:
            return None
        self._channel.close()
        self._channel = None
        answer, _ = parent().ask({"do": "end", "pid": self._process})
        self._printed.pass_on()
        status: int | None = answer["status"]
        return status

    def _connected(self) -> socket.socket:
        if self._channel is None:
            answer, descriptors = parent().ask(
                {
                    "do": "worker",
                    "topic": self._kata.topic,
                    "reference": self._reference,
                    "folder": str(self._folder),
                    "cwd": os.getcwd(),  # noqa: PTH109 - a string is wanted
                    "environment": {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                }
            )
            self._printed = Printed(descriptors[1])
            self._channel = socket.socket(fileno=descriptors[0])
            self._process = answer["pid"]
            self._references.clear()
            self._released = []
            self._wait_until_ready(self._channel)
        return self._channel

    def _wait_until_ready(self, channel: socket.socket) -> None:
        try:
            receive(channel, seconds=START)
        except (TimeoutError, CodecError) as error:
            self.end()
            raise RunError(f"the process for your code could not be started: {error}") from None

    def _exchange(self, channel: socket.socket, message: bytes) -> bytes:
        __tracebackhide__ = True
        try:
            send(channel, message, seconds=conditions.DEADLINE + GRACE)
            answer = receive(channel, seconds=conditions.DEADLINE + GRACE)
            self._printed.pass_on()
            return answer
        except TimeoutError:
            self.end()
            raise DeadlineExceeded(f"did not return within {conditions.DEADLINE:g} s") from None
        except (ChannelClosed, OSError):
            raise WorkerDied(how_it_ended(self.end())) from None
        except CodecError as error:
            self.end()
            raise WorkerDied(f"the answer was malformed: {error}") from None

    def _number(self, value: object) -> int | None:
        if type(value) is not Reference:
            return None
        if value.worker != self._process or self._references.get(value.number) is not value:
            raise SpecError("the object of this handle is gone: the process that held it has ended")
        return value.number

    def _refer(self, number: int) -> Reference:
        known = self._references.get(number)
        if known is None:
            if number in self._released:  # let go of while the answer was under way that brings it again
                self._released.remove(number)
            known = self._references[number] = Reference(number, self._process)
            weakref.finalize(known, self._released.append, number)
        return known

    def _raised(self, status: Any, value: Any, where: Any) -> BaseException:
        error: BaseException = _limit(value) if status == "exceeded" else rebuild(value)
        if isinstance(error, KataError) and not isinstance(error, _BELIEVED):
            error = ImplementationError(f"{type(error).__name__}: {error}")
        if isinstance(where, list) and len(where) == 3:
            file, line, code = where
            if type(file) is str and type(line) is int and type(code) is str:
                remember(error, Location(file=file, line=line, code=code[:200]))
        return error


def _limit(said: Any) -> LimitExceeded:
    name, message = said if isinstance(said, list) and len(said) == 2 else (None, None)
    if type(message) is not str:
        raise CodecError("a limit without a message")
    return MemoryExceeded(message[:200]) if name == "MemoryExceeded" else DeadlineExceeded(message[:200])
