"""Checks in a row by one warm parent: its memory stays flat, and nothing is left behind.

    python -m harness.tests.benchmarks.stability [TOPIC] [CHECKS]

1,000 checks of one exercise by default. Every tenth is of a wrong answer, with its diagnosis, and every fiftieth of an
answer that ends its process. The exit code is 1 where something grows.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from harness.catalogue import manager
from harness.judge.run import judge
from harness.judge.verification import mistakes_of
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.table import met, show

if TYPE_CHECKING:
    from harness.model import Kata

TOPIC, CHECKS = "tensor_operations", 1000
WRONG_EVERY, CRASH_EVERY, TELL_EVERY = 10, 50, 200
SETTLED = 60
"""Checks after which the parent is as large as it gets: answers of all three kinds have been judged by then."""

BAR_GROWTH = 0.05

_CRASH = """

import functools
import os


@functools.wraps({name})
def _crash(*_, **__):
    os._exit(3)


{name} = _crash
"""


class Held(NamedTuple):
    """What a process holds at one time.

    Attributes:
        memory: kilobytes that are resident.
        descriptors: open files and sockets.
        children: processes, those that nobody waited for among them.
        temporary: files and folders in the temporary folder.
    """

    memory: int
    descriptors: int
    children: int
    temporary: int

    @classmethod
    def by(cls, process: int, folder: Path) -> Held:
        """Looks at a process and its temporary folder."""
        own = Path(f"/proc/{process}")
        status = (own / "status").read_text(encoding="ascii")
        return cls(
            memory=int(status.partition("VmRSS:")[2].split()[0]),
            descriptors=len(list((own / "fd").iterdir())),
            children=len((own / "task" / str(process) / "children").read_text(encoding="ascii").split()),
            temporary=sum(1 for _ in folder.rglob("*")),
        )

    def __str__(self) -> str:
        return (
            f"{self.memory:,} kB, {self.descriptors} descriptors, {self.children} children, "
            f"{self.temporary} temporary files"
        )


def main(topic: str = TOPIC, checks: str = str(CHECKS)) -> int:
    """Measures and prints."""
    kata, number = manager.load().catalogue.find(topic), int(checks)
    if number <= SETTLED:
        sys.exit(f"{number} checks say nothing: the parent has settled after {SETTLED}")
    with (
        tempfile.TemporaryDirectory() as answers,
        tempfile.TemporaryDirectory() as temporary,
        patch.dict(os.environ, TMPDIR=temporary),
        patch.object(tempfile, "tempdir", temporary),
        Parent.start() as parent,
    ):
        first, last = _measured(kata, number, parent, Path(answers), Path(temporary))
    growth = last.memory / first.memory - 1
    holds = [growth <= BAR_GROWTH, *(after <= before for before, after in zip(first[1:], last[1:], strict=True))]
    rows = [
        ("", f"after {SETTLED}", f"after {number}", "bar"),
        ("memory of the parent", f"{first.memory:,} kB", f"{last.memory:,} kB", met("within 5 %", holds[0])),
    ]
    names = ("descriptors", "children", "temporary files")
    for what, before, after, held in zip(names, first[1:], last[1:], holds[1:], strict=True):
        rows.append((what, str(before), str(after), met("no more", held)))
    show(f"{number} checks in a row: {kata.topic}.{kata.exercises[0].name}", rows)
    return int(not all(holds))


def _measured(kata: Kata, checks: int, parent: Parent, answers: Path, temporary: Path) -> tuple[Held, Held]:
    """What the parent holds when it has settled, and at the end."""
    assert parent.process is not None
    exercise = kata.exercises[0]
    wrong = next(f"mistake:{name}" for name in mistakes_of(kata) if name.partition("__")[0] == exercise.name)
    crash = answers / f"{kata.topic}.py"
    crash.write_text(kata.solution.read_text(encoding="utf-8") + _CRASH.format(name=exercise.name), encoding="utf-8")
    settled = None
    for number in range(1, checks + 1):
        answer = str(crash) if number % CRASH_EVERY == 0 else wrong if number % WRONG_EVERY == 0 else "solution"
        line = parent.another_line()
        judge(kata, answer, exercises=[exercise], diagnose=True, parent=line)
        line.close()
        if number not in (SETTLED, checks) and number % TELL_EVERY:
            continue
        for _ in range(2):  # by its second answer the parent has done with all that came before it was asked
            parent.preload(())
        held = Held.by(parent.process.pid, temporary)
        settled = settled or held
        sys.stdout.write(f"after {number} checks: {held}\n")
        sys.stdout.flush()
    assert settled is not None
    return settled, held


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
