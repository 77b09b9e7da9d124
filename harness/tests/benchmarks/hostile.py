"""Answers that do harm, each in one exercise of a tiny kata: what becomes of the other exercises, and when it is over.

    python -m harness.tests.benchmarks.hostile [HARM …] [--deadline SECONDS] [--warm-only]

Each is checked by a fresh `kata check`, and once more by a parent that is warm already. The exit code is 1 where an
exercise gets a wrong verdict, or where harm takes longer than the deadline of a call and two seconds. Of the fresh
command that is what it takes beyond a check of right answers only, which is mostly imports.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from harness import PROJECT
from harness.catalogue.catalogue import read_kata
from harness.judge.run import judge
from harness.judge.verdicts import fold, from_json
from harness.model import Outcome, Pack
from harness.runner import conditions
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.table import met, show

if TYPE_CHECKING:
    from harness.model import Kata, Verdict

SLACK = 2.0
"""Seconds that a command may take beyond the deadline."""

HARM = {
    "endless_loop": "while True: pass",
    "swallows_all": "while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "takes_100_gb": "return number + len(bytearray(100 << 30))",
    "ends_process": "import os; os._exit(0)",
    "segmentation": "import ctypes; return ctypes.string_at(0)",
    "prints_on_on": "while True: print('and on ' * 1000)",
}
"""What stands in the exercise of that name in place of the right answer."""

EXERCISES = ("right_before", *HARM, "right_after")
_RIGHT = "return number + 1"

_PACK = """\
from pathlib import Path
from harness import hookimpl
from harness.model import Pack

@hookimpl
def kata_packs():
    here = Path(__file__).parent
    return [Pack(name="hostile", katas=here / "katas", solutions=here / "solutions")]
"""

_TOML = """\
title = "Hostile answers"
summary = "You can harm nobody but yourself."
part = "Foundations"
capabilities = []
"""

_EXERCISE = """
[[exercise]]
name = "{name}"
points = 1
difficulty = 1
minutes = 1
hints = ["?", "…", "!"]
"""

_SPEC = """\
import pytest
from hypothesis import given, strategies as st
from harness.spec import assert_value
"""

_TEST = '''

@pytest.mark.exercise("{name}")
@given(number=st.integers(0, 99))
def test_{name}(impl, number):
    """The result is the next number."""
    assert_value(impl.{name}(number), number + 1)
'''


class Checked(NamedTuple):
    """One check of an answer: its verdict, and the seconds that it took."""

    verdict: Verdict
    seconds: float


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kata = install(folder)
        path = os.pathsep.join(filter(None, [name, os.environ.get("PYTHONPATH")]))
        harms = {"nothing": set(), **{each: {each} for each in options.harms}, "all of it": set(options.harms)}
        answers = {each: _answer(folder, each, harmful) for each, harmful in harms.items()}
        with patch.dict(os.environ, PYTHONPATH=path, KATA_DEADLINE=str(options.deadline)):
            fresh = {} if options.warm_only else {each: _fresh(file) for each, file in answers.items()}
            with Parent.start() as parent:
                _warm(kata, answers["nothing"], parent)  # until it is warm
                warm = {each: _warm(kata, file, parent) for each, file in answers.items()}
    return _report(harms, fresh, warm, options.deadline)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="what harmful answers do")
    parser.add_argument("harms", nargs="*", metavar="HARM", help=f"some of {', '.join(HARM)} (default: all)")
    parser.add_argument("--deadline", type=float, default=conditions.DEADLINE, help="seconds of a call (%(default)s)")
    parser.add_argument("--warm-only", action="store_true", help="leave out the fresh commands")
    options = parser.parse_args(arguments)
    if unknown := set(options.harms) - HARM.keys():
        parser.error(f"{', '.join(sorted(unknown))}: HARM is some of {', '.join(HARM)}")
    options.harms = options.harms or list(HARM)
    return options


def install(folder: Path) -> Kata:
    """Writes a pack into a folder of PYTHONPATH as an installer would, with the kata `hostile`."""
    katas, solutions = folder / "katas", folder / "solutions"
    files = {
        folder / "hostile_pack.py": _PACK,
        folder / "hostile_dist-1.0.dist-info" / "METADATA": "Metadata-Version: 2.1\nName: hostile-dist\nVersion: 1.0\n",
        folder / "hostile_dist-1.0.dist-info" / "entry_points.txt": f"[{PROJECT}]\nhostile = hostile_pack\n",
        katas / "97_hostile" / "kata.toml": _TOML + "".join(_EXERCISE.format(name=name) for name in EXERCISES),
        katas / "97_hostile" / "test_hostile.py": _SPEC + "".join(_TEST.format(name=name) for name in EXERCISES),
        katas / "97_hostile" / "mistakes.py": "",
        katas / "97_hostile" / "README.md": "# Hostile answers\n",
        solutions / "hostile.py": _source(set()),
    }
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return read_kata(katas / "97_hostile", Pack(name="hostile", katas=katas, solutions=solutions))


def _source(harmful: set[str]) -> str:
    bodies = {name: HARM[name] if name in harmful else _RIGHT for name in EXERCISES}
    return "\n\n".join(f"def {name}(number):\n    {body}\n" for name, body in bodies.items())


def _answer(folder: Path, name: str, harmful: set[str]) -> Path:
    file = folder / f"{name.replace(' ', '_')}.py"
    file.write_text(_source(harmful), encoding="utf-8")
    return file


def _fresh(answer: Path) -> Checked:
    command = [sys.executable, "-m", "harness", "check", "hostile", "--impl", str(answer), "--json"]
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if not done.stdout:
        sys.exit(f"`{' '.join(command[2:])}` ended with exit code {done.returncode}: {done.stderr}")
    return Checked(from_json(json.loads(done.stdout)["verdicts"][0]), seconds)


def _warm(kata: Kata, answer: Path, parent: Parent) -> Checked:
    start = time.perf_counter()
    findings = judge(kata, str(answer), diagnose=True, parent=parent)
    return Checked(fold(kata, str(answer), findings), time.perf_counter() - start)


def _report(harms: dict[str, set[str]], fresh: dict[str, Checked], warm: dict[str, Checked], deadline: float) -> int:
    """Prints the table; gives 1 where something is not as promised."""
    rows = [("harm", "outcome", "the others", "message", "fresh", "warm", f"at most {deadline + SLACK:g} s")]
    missed = False
    for name, harmful in harms.items():
        runs = [each[name] for each in (warm, fresh) if each]
        right = all(_is_right(run.verdict, harmful) for run in runs)
        seconds = max([warm[name].seconds, *([fresh[name].seconds - fresh["nothing"].seconds] if fresh else [])])
        in_time = len(harmful) > 1 or seconds <= deadline + SLACK  # several have a deadline each
        missed |= not (right and in_time)
        finding = next((each.finding for each in warm[name].verdict.exercises if each.exercise == name), None)
        rows.append(
            (
                name,
                finding.outcome if finding else "",
                "right" if right else "WRONG",
                finding.failure.message.partition("\n")[0] if finding and finding.failure else "",
                f"{fresh[name].seconds:.1f} s" if fresh else "",
                f"{warm[name].seconds:.1f} s",
                met("", in_time) if len(harmful) == 1 else "",
            )
        )
    show(f"Harm in one exercise of {len(EXERCISES)}, with {deadline:g} s for a call", rows)
    return int(missed)


def _is_right(verdict: Verdict, harmful: set[str]) -> bool:
    """Whether all exercises passed but the harmful ones."""
    passed = {each.exercise for each in verdict.exercises if each.outcome is Outcome.PASSED}
    return passed == set(EXERCISES) - harmful


if __name__ == "__main__":
    sys.exit(main())
