"""Checks in a row by one warm parent: its memory stays flat, and nothing is left behind.

`python -m harness.benchmarks.stability [TOPIC] [CHECKS]`; 1,000 checks of one exercise by default.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from harness import manager
from harness.benchmarks.table import show
from harness.runner.control import Parent
from harness.runner.process import judge

TOPIC, CHECKS = "tensor_operations", 1000
SETTLED = 20
"""Checks after which the parent is as large as it gets."""

BAR_GROWTH = 0.05


def resident(process: int) -> int:
    """Kilobytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def descriptors(process: int) -> int:
    """How many files and sockets a process has open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def children(process: int) -> int:
    """How many children a process has, those that nobody waited for among them."""
    return len(Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split())


def temporary(folder: Path) -> int:
    """How many files and folders stand in a folder."""
    return sum(1 for _ in folder.rglob("*"))


def main(topic: str = TOPIC, checks: str = str(CHECKS)) -> None:
    """Measures and prints."""
    kata = manager.load().catalogue.find(topic)
    with tempfile.TemporaryDirectory() as name:
        os.environ["TMPDIR"] = tempfile.tempdir = name
        folder = Path(name)
        with Parent.start() as parent:
            assert parent.process is not None
            process = parent.process.pid
            measured = []
            for number in range(int(checks)):
                line = parent.another_line()
                judge(kata, "solution", exercises=kata.exercises[:1], parent=line)
                line.close()
                if number == min(SETTLED, int(checks) - 1) or number == int(checks) - 1:
                    parent.another_line().close()  # the parent has done with the check before
                    measured.append((resident(process), descriptors(process), children(process), temporary(folder)))
        tempfile.tempdir = None
    first, last = measured[0], measured[-1]
    growth = last[0] / first[0] - 1
    rows = [
        ("", f"after {SETTLED}", f"after {checks}", "bar"),
        ("memory of the parent", f"{first[0]:,} kB", f"{last[0]:,} kB", f"within 5 %: {_met(growth <= BAR_GROWTH)}"),
    ]
    for what, before, after in zip(("descriptors", "children", "temporary files"), first[1:], last[1:], strict=True):
        rows.append((f"{what}", str(before), str(after), f"no more: {_met(after <= before)}"))
    show(f"{checks} checks in a row: {kata.topic}.{kata.exercises[0].name}", rows)


def _met(met: bool) -> str:
    return "met" if met else "NOT met"


if __name__ == "__main__":
    main(*sys.argv[1:])
