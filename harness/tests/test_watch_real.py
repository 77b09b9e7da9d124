"""Tests of `kata watch` as a process of its own in a terminal, with a tiny kata and the real judge."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import harness
from harness.tests.tiny_kata import SOLUTION, write_kata

SITE = """
import os, pathlib
from harness.catalogue import builtin
builtin.home = lambda: pathlib.Path(os.environ["TINY_HOME"])
"""

WAIT = 90


class Process:
    """A `kata watch` behind a pseudo-terminal."""

    def __init__(self, folder: Path, *, term: str = "xterm", piped: bool = False) -> None:
        write_kata(folder / "home" / "katas" / "03_tiny_things")
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(SITE)
        (folder / "tmp").mkdir()
        root = str(Path(harness.__file__).parent.parent)
        path = os.pathsep.join([str(folder / "site"), root])
        self.mark = str(folder)
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("KATA_WORKSPACE", "COLUMNS")},
            "PYTHONPATH": path,
            "TINY_HOME": str(folder / "home"),
            "TERM": term,
            "TMPDIR": str(folder / "tmp"),
        }
        self.folder = folder
        workspace = folder / "work"
        subprocess.run(
            [sys.executable, "-m", "harness", "init", str(workspace)],
            env=self.environment, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        self.file = workspace / "03_tiny_things" / "tiny_things.py"
        ours, theirs = pty.openpty()
        self.before = termios.tcgetattr(theirs)
        self.terminal, self.shown = ours, ""
        self._theirs = theirs
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness", "watch"],
            env=self.environment, cwd=workspace, start_new_session=True,
            stdin=subprocess.DEVNULL if piped else theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip

    def wait_for(self, text: str) -> None:
        """Reads what is shown until the text is there; what came before it is done with."""
        end = time.monotonic() + WAIT
        while text not in self.shown:
            assert time.monotonic() < end, f"{text!r} is not in {self.shown!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.shown += re.sub(r"\x1b\[[0-9;]*m", "", os.read(self.terminal, 65536).decode())
        self.shown = self.shown.partition(text)[2]

    def press(self, key: str) -> None:
        os.write(self.terminal, key.encode())

    def processes(self) -> list[int]:
        """All processes that have this test's environment, the parent, judges and workers among them."""
        found = []
        for each in Path("/proc").iterdir():
            try:
                if each.name.isdigit() and f"TINY_HOME={self.mark}".encode() in (each / "environ").read_bytes():
                    found.append(int(each.name))
            except OSError:
                continue
        return found

    def ended(self) -> int:
        """Waits until it has ended, and nothing of it is left; gives its exit code."""
        code = self.process.wait(timeout=WAIT)
        end = time.monotonic() + WAIT
        while self.processes():
            assert time.monotonic() < end, f"left behind: {self.processes()}"
            time.sleep(0.1)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.terminal)
        os.close(self._theirs)


@pytest.fixture
def started(tmp_path):
    if not Path("/proc/self/environ").exists():
        pytest.skip("looks for processes in /proc")
    processes = []

    def start(**options):
        processes.append(Process(tmp_path, **options))
        return processes[-1]

    yield start
    for process in processes:
        process.close()


def test_from_a_stub_to_the_end(started):
    """Saves, a syntax error, a save by renaming and keys lead where they should, and the terminal is left as it was."""
    watch = started()
    watch.wait_for("2 to do\r\n")
    watch.wait_for("q quit")
    watch.file.write_text(SOLUTION.replace("2 * number", "print('seen') or 3 * number"))
    watch.wait_for("1 failed\r\n")
    watch.wait_for("printed   seen")
    watch.file.write_text("def double(:\n")
    watch.wait_for("is not valid Python")
    watch.press("l")
    watch.wait_for("Foundations")
    other = watch.file.with_suffix(".tmp")
    other.write_text(SOLUTION)
    other.replace(watch.file)
    watch.wait_for("Well done")
    watch.press("q")
    assert watch.ended() == 0
    assert termios.tcgetattr(watch._theirs) == watch.before
    assert list((watch.folder / "tmp").iterdir()) == []


def test_an_endless_loop_is_given_up_for_the_next_save(started):
    """A save while a check runs ends the judge and its worker; the newest content is judged."""
    watch = started()
    watch.wait_for("2 to do\r\n")
    watch.file.write_text(SOLUTION.replace("return 2 * number", "while True: pass"))
    watch.wait_for("Judging what you saved")
    watch.file.write_text(SOLUTION.replace("2 * number", "3 * number"))
    watch.wait_for("1 failed\r\n")
    watch.press("\x04")
    assert watch.ended() == 0
    assert list((watch.folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(started, number):
    """However it is ended in the middle of a check, all its processes end with it, and none of their files stays."""
    watch = started()
    watch.wait_for("2 to do\r\n")
    watch.file.write_text(SOLUTION.replace("return 2 * number", "while True: pass"))
    watch.wait_for("Judging what you saved")
    assert len(watch.processes()) >= 3
    watch.process.send_signal(number)
    assert watch.ended() in (128 + number, -number)
    assert list((watch.folder / "tmp").iterdir()) == []
    if number != signal.SIGKILL:
        assert termios.tcgetattr(watch._theirs) == watch.before


def test_a_dumb_terminal_gets_plain_lines(started):
    """Without a terminal to read from there are no keys, and on a dumb one nothing is cleared."""
    watch = started(term="dumb", piped=True)
    watch.wait_for("2 to do\r\n")
    watch.file.write_text(SOLUTION.replace("2 * number", "3 * number"))
    watch.wait_for("---")
    watch.wait_for("1 failed\r\n")
    assert "\x1b" not in watch.shown
    assert "quit" not in watch.shown
    watch.process.terminate()
    assert watch.ended() == 128 + signal.SIGTERM
