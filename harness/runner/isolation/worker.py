"""The side of an implementation: a process that holds it, and answers the judge's calls in data.

It is forked from the warm parent, or started afresh where there is no fork (`python -m
harness.runner.isolation.worker FD`). It ends when the judge closes the channel.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.codec import Decoder, Encoder, Table
from harness.data.codec.changes import Watched, changes, watch
from harness.data.codec.exceptions import describe
from harness.errors import ChannelClosed, CodecError, ImplementationError, LimitExceeded, MemoryExceeded
from harness.runner import conditions
from harness.runner.handles import Target
from harness.runner.host import LocalHost
from harness.runner.isolation import limits
from harness.runner.isolation.wire import END_OF_HEAD, receive, send
from harness.runner.locations import location_of
from harness.runner.request import Request

if TYPE_CHECKING:
    from harness.model import Implementation, Kata


READY = b"ready"
"""What a worker sends first: what it takes to start counts for no call's deadline."""


class _Kept:
    """Stands for an object that stays here, on its way to the judge."""

    def __init__(self, number: int) -> None:
        self.number = number


class Worker:
    """Answers requests about one implementation until the channel is closed.

    Args:
        channel: to the judge.
        kata: the kata that is implemented.
        implementation: the code under test.
        folder: the run's folder, which both sides share.
    """

    def __init__(self, channel: socket.socket, kata: Kata, implementation: Implementation, folder: Path) -> None:
        self._channel = channel
        self._kata = kata
        self._folder = folder
        self._host = LocalHost(kata, implementation, apart=True)
        self._objects: dict[int, object] = {}
        self._numbers: dict[int, int] = {}
        self._next_number = 0
        self.spent = False

    def serve(self) -> None:
        """Says that it is ready, then answers requests until the judge closes the channel."""
        send(self._channel, READY)
        while True:
            try:
                message = receive(self._channel, seconds=None)
            except ChannelClosed:
                return
            answer = self._answer(message)
            with contextlib.suppress(Exception):  # the implementation may have put anything in its place
                sys.stdout.flush()  # before the answer, so that the judge has it when the call returns
            send(self._channel, answer)
            if self.spent:  # what the memory is full of may stay: the judge takes a fresh worker
                return

    def _keep(self, value: object) -> _Kept:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._next_number
            self._next_number += 1
            self._objects[number] = value
            self._numbers[id(value)] = number
        return _Kept(number)

    def _release(self, numbers: list[int]) -> None:
        for number in numbers:
            value = self._objects.pop(number, None)
            self._numbers.pop(id(value), None)

    def _object(self, number: int) -> object:
        try:
            return self._objects[number]
        except KeyError:
            raise CodecError(f"no handle {number} is known here") from None

    def _answer(self, message: bytes) -> bytes:
        table = Table()
        encoder = Encoder(
            table, handle=lambda value: value.number if type(value) is _Kept else None, folder=self._folder
        )
        end = message.index(END_OF_HEAD)
        released, operation, kind, value, seed, judged = json.loads(message[:end])
        args, kwargs = Decoder(table, handle=self._object, folder=self._folder).decode(message, end + 1)
        target = Target(kind, self._object(value) if kind == "object" else value)
        exercise = self._kata.exercise(judged) if judged else None
        request = Request(operation, target, args, kwargs, seed, exercise, self._keep)
        self._release(released)
        before = watch(table)
        try:
            result = self._host.perform(request)
            answer = ["result", changes(before, table), result, None]
        except LimitExceeded as error:
            self.spent = isinstance(error, MemoryExceeded)
            answer = ["exceeded", _changes(before, table), [type(error).__name__, str(error)], _where(error)]
        except Exception as error:
            answer = ["error", _changes(before, table), describe(error), _where(error)]
        try:
            return encoder.encode([*answer, self._host.touched()])
        except CodecError as error:  # what a call left on its arguments may itself be nothing that can cross
            refusal = ImplementationError(f"the result cannot be judged: {error}")
            return encoder.encode(["error", [], describe(refusal), None, self._host.touched()])


def _changes(before: Watched, table: Table) -> list[Any]:
    """What a call that failed left on its arguments, as far as that can cross."""
    try:
        return changes(before, table)
    except CodecError:
        return []


def _where(error: BaseException) -> list[Any] | None:
    location = location_of(error)
    return [location.file, location.line, location.code] if location else None


def run(channel: socket.socket, request: dict[str, Any]) -> None:
    """Serves one implementation on a channel.

    Args:
        channel: to the judge.
        request: `topic`, `reference` (a value of `--impl`), `folder`, `cwd`, and `environment` to put in place.
    """
    from harness.catalogue import manager

    limits.take_keyboard_away()
    os.chdir(request["cwd"])
    os.environ.update(request["environment"])
    conditions.heed(request["environment"])
    tempfile.tempdir = None  # to be found anew
    loaded = manager.load()
    kata = next(kata for kata in loaded.catalogue.katas if kata.topic == request["topic"])
    implementation = loaded.implementation(request["reference"], kata)
    Worker(channel, kata, implementation, Path(request["folder"])).serve()


if __name__ == "__main__":
    limits.die_with_parent()
    limits.apply()
    run(socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2]))
