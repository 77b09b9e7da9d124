"""The warm parent: a process that has paid for all imports, and forks judges and workers on request.

It never loads a spec, a solution or anybody's answer, since its children inherit its memory. One thread, no CUDA. It
speaks `harness.runner.control` with its client and with the judges that it forked, and ends, with all its children,
when the client is gone.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from harness.runner.control import receive_message, send_message
from harness.runner.limits import die_with_parent

_PRELOADS = {"transformers": ("transformers",)}
"""What a kata's capability asks the parent to import before it forks."""

_THROW_AWAY = """
import torch
from hypothesis import given
from harness.asserts import assert_tensor, assert_value
from harness.strategies import matrices

@given(x=matrices())
def test_warm(x):
    assert_tensor(x + 0, x)
    assert_value([1.0], [1.0])
"""


def warm_up() -> None:
    """Imports what every run needs and pays the costs of first use."""
    import torch

    torch.set_num_threads(1)  # an OpenMP pool of several threads would not survive the fork
    import pytest

    from harness import face, manager, profiles  # noqa: F401 - their import is the point
    from harness.runner import remote, worker  # noqa: F401

    manager.load()
    x = torch.ones(2, 2, requires_grad=True)
    (x @ x).sum().backward()  # type: ignore[no-untyped-call]
    profiles.use("learner")
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        test = Path(folder) / "test_warm.py"
        test.write_text(_THROW_AWAY, encoding="utf-8")
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            options = ("-c", os.devnull, "--rootdir", folder, "--import-mode=importlib", "-q")
            pytest.main([str(test), *options, "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"])
    freeze()


def freeze() -> None:
    """Takes what is there out of the garbage collector's sight, so that no child copies it or walks through it."""
    gc.collect()
    gc.freeze()


class WarmParent:
    """Serves one client, and the judges that it asks for."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._lines = selectors.DefaultSelector()
        self._lines.register(client, selectors.EVENT_READ)
        self._judges: dict[socket.socket, tuple[int, socket.socket]] = {}  # its line → its process, who asked for it
        self._to_close: set[socket.socket] = set()  # lines of clients that gave up a judge which has not ended yet
        self._workers: dict[int, socket.socket] = {}  # process id → the line of the judge that asked for it

    def serve(self) -> None:
        """Answers until the client is gone."""
        while True:
            for key, _ in self._lines.select():
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

    def _do(self, line: socket.socket, message: dict[str, Any], descriptors: list[int]) -> None:
        match message["do"]:
            case "preload":
                for capability in message["capabilities"]:
                    for module in _PRELOADS.get(capability, ()):
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
        ours, theirs = socket.socketpair()
        process = os.fork()
        if process == 0:  # pragma: no cover - runs in the child
            _in_child(lambda: _judge(theirs, message, descriptors), keep=[theirs.fileno(), *descriptors])
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
                _in_child(lambda: _work(theirs, printer, message), keep=[theirs.fileno(), printer])
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


def _kill_group(process: int) -> None:
    """Kills a process that was not waited for yet, and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    os.kill(process, signal.SIGKILL)  # it may not have made its group yet


def can_fork() -> bool:
    """Whether workers are forked. `KATA_FORK=0` has each started afresh, as where there is no fork."""
    return hasattr(os, "fork") and os.environ.get("KATA_FORK") != "0"


def _in_child(run: Any, *, keep: list[int]) -> NoReturn:  # pragma: no cover - runs in the child
    """Runs something as the whole life of a forked process."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        die_with_parent()
        _close_others(keep)
        code = run() or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _close_others(keep: list[int]) -> None:  # pragma: no cover - runs in the child
    """Closes every inherited descriptor but the three standard ones and those to keep."""
    start = 3
    for descriptor in sorted(keep):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, 4096)


def _judge(
    channel: socket.socket, message: dict[str, Any], descriptors: list[int]
) -> int:  # pragma: no cover - runs in the child
    import pytest

    from harness.runner import remote
    from harness.runner.control import Parent

    for number, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, number)
    os.chdir(message["cwd"])
    os.environ.clear()
    os.environ.update(message["environment"])
    tempfile.tempdir = None  # to be found anew
    os.setpgid(0, 0)
    remote.use_parent(Parent(channel))
    return int(pytest.main(message["arguments"]))


def _work(
    channel: socket.socket, printer: int, message: dict[str, Any]
) -> None:  # pragma: no cover - runs in the child
    from harness.runner import limits, worker

    os.dup2(printer, 1)
    os.dup2(printer, 2)
    os.setpgid(0, 0)
    limits.apply()
    worker.run(channel, message)


def _spawn_worker(channel: socket.socket, printer: int, message: dict[str, Any]) -> int:
    process = subprocess.Popen(
        [sys.executable, "-m", "harness.runner.worker", str(channel.fileno()), json.dumps(message)],
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
    WarmParent(client).serve()


if __name__ == "__main__":
    main()
