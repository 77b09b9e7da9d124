"""The warm parent: a process that has paid for all imports, and forks judges and workers on request.

It never loads a spec, a solution or anybody's answer, since its children inherit its memory. One thread, no CUDA. It
speaks `harness.runner.isolation.client` with its client and with the judges that it forked. When the client is gone it
ends all its children, removes what their runs left behind, and ends.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from harness.runner.isolation.client import receive_message, send_message
from harness.runner.isolation.limits import die_with_parent, in_child, live_on
from harness.runner.isolation.preloading import PRELOADS, freeze, warm_up, warm_up_further

_IDLE = 1.0
"""Seconds without a judge after which there is time."""

_DONE = object()


class WarmParent:
    """Serves one client, and the judges that it asks for."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._lines = selectors.DefaultSelector()
        self._lines.register(client, selectors.EVENT_READ)
        self._judges: dict[socket.socket, tuple[int, socket.socket]] = {}  # its line → its process, who asked for it
        self._to_close: set[socket.socket] = set()  # lines of clients that gave up a judge which has not ended yet
        self._workers: dict[int, socket.socket] = {}  # process id → the line of the judge that asked for it
        self._folders: set[str] = set()  # of judges, whose clients remove them if they live to do so
        self._has_judged = False
        self._further = warm_up_further()

    def serve(self) -> None:
        """Answers until the client is gone."""
        while True:
            for key, _ in self._wait():
                line = key.fileobj
                assert isinstance(line, socket.socket)
                try:
                    message, descriptors = receive_message(line)
                except (EOFError, OSError):
                    if line is self._client:
                        self._end_all()
                        return
                    self._line_ended(line)
                    continue
                try:
                    self._do(line, message, descriptors)
                except Exception as error:  # whoever asked gets to know; the others go on
                    send_message(line, {"error": f"{type(error).__name__}: {error}"})
                finally:
                    for descriptor in descriptors:
                        os.close(descriptor)

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        """What has come in; once there is time, the parent gets warmer while it waits."""
        while self._has_judged and not (self._judges or self._workers):
            if (came := self._lines.select(_IDLE)) or next(self._further, _DONE) is _DONE:
                return came or self._lines.select()
        return self._lines.select()

    def _do(self, line: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
        match message["do"]:
            case "preload":
                for capability in message["capabilities"]:
                    for module in PRELOADS.get(capability, ()):
                        importlib.import_module(module)
                freeze()
                send_message(line, {})
            case "line":
                ours, theirs = socket.socketpair()
                self._lines.register(ours, selectors.EVENT_READ)
                send_message(line, {}, [theirs.fileno()])
                theirs.close()
            case "judge":
                self._fork_judge(line, message, descriptors)
            case "worker":
                self._fork_worker(line, message)
            case "end":
                status = self._end_worker(message["pid"])
                send_message(line, {"status": status})
            case other:
                send_message(line, {"error": f"the warm parent does not know how to {other!r}"})

    def _fork_judge(self, asked_by: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
        self._folders = {message["folder"], *(each for each in self._folders if Path(each).exists())}
        ours, theirs = socket.socketpair()
        process = os.fork()
        if process == 0:  # pragma: no cover - runs in the child
            in_child(lambda: _judge(theirs, message, descriptors), keep=[theirs.fileno(), *descriptors])
        theirs.close()
        self._judges[ours] = process, asked_by
        self._lines.register(ours, selectors.EVENT_READ)

    def _line_ended(self, line: socket.socket) -> None:
        """Ends what was asked for on the line of a client; of a judge, tells whoever asked for it how it ended."""
        self._lines.unregister(line)
        if line in self._judges:
            self._judge_ended(line)
            return
        given_up = [process for process, asked_by in self._judges.values() if asked_by is line]
        for process in given_up:  # their own lines end with them
            _kill_group(process)
        if given_up:
            self._to_close.add(line)
        else:
            line.close()

    def _judge_ended(self, line: socket.socket) -> None:
        """Workers that a judge left behind end with it."""
        process, asked_by = self._judges.pop(line)
        self._has_judged = True
        for worker in [worker for worker, asked_by in self._workers.items() if asked_by is line]:
            self._end_worker(worker)
        line.close()
        _, status = os.waitpid(process, 0)
        with contextlib.suppress(OSError):  # it may be gone by now
            send_message(asked_by, {"status": os.waitstatus_to_exitcode(status)})
        if asked_by in self._to_close:
            self._to_close.discard(asked_by)
            asked_by.close()

    def _fork_worker(self, line: socket.socket, message: dict[str, Any]) -> None:
        ours, theirs = socket.socketpair()
        printed, printer = os.pipe()
        if can_fork():
            process = os.fork()
            if process == 0:  # pragma: no cover - runs in the child
                in_child(lambda: _work(theirs, printer, message), keep=[theirs.fileno(), printer])
        else:
            process = _spawn_worker(theirs, printer, message)
        theirs.close()
        os.close(printer)
        self._workers[process] = line
        send_message(line, {"pid": process}, [ours.fileno(), printed])
        ours.close()
        os.close(printed)

    def _end_worker(self, process: int) -> int | None:
        """Ends a worker and all that it started; gives how it had ended by itself, or None where it had not."""
        if self._workers.pop(process, None) is None:
            return None
        # A worker whose channel broke is a moment away from its end.
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process, signal.SIGKILL)
            return os.waitstatus_to_exitcode(status)
        _kill_group(process)
        _, status = os.waitpid(process, 0)
        code = os.waitstatus_to_exitcode(status)
        return None if code == -signal.SIGKILL else code

    def _end_all(self) -> None:
        for worker in list(self._workers):
            self._end_worker(worker)
        for process, _ in self._judges.values():
            _kill_group(process)
            os.waitpid(process, 0)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)


def _kill_group(process: int) -> None:
    """Kills a process that was not waited for yet, and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    os.kill(process, signal.SIGKILL)  # it may not have made its group yet


def can_fork() -> bool:
    """Whether workers are forked. `KATA_FORK=0` has each started afresh, as where there is no fork."""
    return hasattr(os, "fork") and os.environ.get("KATA_FORK") != "0"


def _judge(
    channel: socket.socket, message: dict[str, Any], descriptors: list[int]
) -> int:  # pragma: no cover - runs in the child
    import pytest

    from harness.runner import conditions
    from harness.runner.isolation import remote
    from harness.runner.isolation.client import Parent

    for number, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, number)
    os.chdir(message["cwd"])
    os.environ.clear()
    os.environ.update(message["environment"])
    conditions.heed(message["environment"])
    tempfile.tempdir = None  # to be found anew
    os.setpgid(0, 0)
    remote.use_parent(Parent(channel))
    return int(pytest.main(message["arguments"]))


def _work(
    channel: socket.socket, printer: int, message: dict[str, Any]
) -> None:  # pragma: no cover - runs in the child
    from harness.runner.isolation import limits, worker

    os.dup2(printer, 1)
    os.dup2(printer, 2)
    os.setpgid(0, 0)
    limits.apply()
    worker.run(channel, message)


def _spawn_worker(channel: socket.socket, printer: int, message: dict[str, Any]) -> int:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "harness.runner.isolation.worker", str(channel.fileno()), json.dumps(message)],
        pass_fds=[channel.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=printer,
        stderr=printer,
        process_group=0,
    )
    process.returncode = 0  # waited for by us, by its number
    return process.pid


def main() -> None:
    """Warms up, then serves the client whose descriptor the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in the terminal is the client's to handle
    die_with_parent()
    client = socket.socket(fileno=int(sys.argv[1]))
    warm_up()
    live_on()  # from now on it notices by itself that the client has ended, and tidies up
    WarmParent(client).serve()


if __name__ == "__main__":
    main()
