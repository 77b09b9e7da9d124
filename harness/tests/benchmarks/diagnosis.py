"""How often a wrong answer is told apart: each known mistake of each kata is judged as if a learner had given it.

    python -m harness.tests.benchmarks.diagnosis [TOPIC …] [--exercise NAME] [--in-process] [--all] [--distortions]

A listed mistake is judged as it would stand in a learner's file, under the exercise's name and with names of its own
(`disguise`). The natural ones are written by people who had not seen the listed code: a file a mistake, called
`TOPIC/EXERCISE__what.py`; `# also: other` in it lists another listed mistake whose sentence is as true of it.

Right answers must have nothing said about them: the references, and those in another spelling where there are any. For
the distortions (wrong answers that nobody gives) the lines count what is guessed. The exit code is 1 where fewer
mistakes are named than promised, or where something is said about a right answer.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter, defaultdict
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.catalogue import manager
from harness.judge.run import judge
from harness.judge.verdicts import fold
from harness.judge.verification import mistakes_of
from harness.model import Finding, Outcome
from harness.mutation.outputs.names import DISTORTIONS
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.disguise import disguised
from harness.tests.benchmarks.table import met, show

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from harness.model import Exercise, ExerciseVerdict, Kata

ALTERNATIVES = Path(__file__).parents[1] / "alternatives"
"""Where right answers in other spellings stand, one `TOPIC.py` a kata, in a checkout."""

NATURAL = Path(__file__).parents[1] / "natural_mistakes"
"""Where mistakes stand as people write them."""

BAR = 0.95
"""How many of the listed mistakes must be named."""

BAR_NATURAL = 0.9
BAR_TAKEN = 0.01
"""How many of the natural ones may be taken for another mistake."""

_AT_ONCE = 30  # implementations in one run of pytest
_LISTED = ("listed", "named", "right", "wronged")
_NATURAL = ("natural", *(f"natural {what}" for what in ("rejected", "named", "taken", "guessed", "silent")))


def main(arguments: list[str] | None = None) -> int:
    """Prints what is not named, and the table."""
    options = _options(arguments)
    rows: list[tuple[str, ...]] = [("kata", "mistakes", "named", "right answers", "wrongly called wrong", "seconds")]
    others: list[tuple[str, ...]] = [("kata", *_NATURAL)]
    total = Counter[str]()
    begin = time.perf_counter()
    catalogue = manager.load().catalogue
    with nullcontext() if options.in_process else Parent.start() as parent, TemporaryDirectory() as folder:
        for kata in [catalogue.find(topic) for topic in options.topics] or catalogue.katas:
            start = time.perf_counter()
            _say(f"{kata.topic}:")
            counts = _counts_of(kata, parent, options, Path(folder))
            if options.distortions:
                _print_guesses(kata, parent, options.profile)
            rows.append((kata.topic, *_cells(counts, _LISTED), f"{time.perf_counter() - start:.1f}"))
            others.append((kata.topic, *_cells(counts, _NATURAL)))
            total.update(counts)
    share = f"{total['named']} of {total['listed']}: {total['named'] / max(total['listed'], 1):.1%}"
    rows.append(("all", str(total["listed"]), share, *_cells(total, _LISTED[2:]), f"{time.perf_counter() - begin:.1f}"))
    others.append(("all", *_cells(total, _NATURAL)))
    enough = total["named"] >= BAR * total["listed"]
    natural = total["natural named"] >= BAR_NATURAL * total["natural"]
    natural &= total["natural rejected"] == total["natural"]
    few = total["natural taken"] <= BAR_TAKEN * total["natural"]
    rows.append(("bar", "", met(f"at least {BAR:.0%}", enough), "", met("none", not total["wronged"]), ""))
    show(f"Known mistakes told apart, {'in one process' if options.in_process else 'isolated'}", rows)
    bars = met(f"at least {BAR_NATURAL:.0%}", natural), met(f"at most {BAR_TAKEN:.0%}", few)
    others.append(("bar", "", "", *bars, "", ""))
    show("Natural mistakes told apart", others)
    return int(not (enough and natural and few) or total["wronged"] > 0)


def _cells(counts: Counter[str], keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(counts[key]) for key in keys)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="how many known mistakes are told apart")
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--exercise", action="append", default=[], help="judge these exercises only")
    parser.add_argument("--natural", type=Path, default=NATURAL, help="where the natural mistakes stand")
    parser.add_argument("--only", choices=("listed", "natural", "right"), help="judge only these answers")
    parser.add_argument("--in-process", action="store_true", help="implementations beside the spec, as in pytest")
    parser.add_argument("--profile", default="learner", help="the Hypothesis profile")
    parser.add_argument("--all", action="store_true", help="list all mistakes, not only those that are not named")
    parser.add_argument("--distortions", action="store_true", help="count what is guessed about distorted answers")
    return parser.parse_args(arguments)


def _counts_of(kata: Kata, parent: Parent | None, options: argparse.Namespace, folder: Path) -> Counter[str]:
    counts = Counter[str]()
    exercises = [each for each in kata.exercises if not options.exercise or each.name in options.exercise]
    for exercise in exercises if options.only != "right" else ():
        listed = _disguised(kata, exercise.name, folder) if options.only != "natural" else {}
        natural = {} if options.only == "listed" else _natural(options.natural / kata.topic, exercise.name)
        references = [*map(str, listed.values()), *map(str, natural.values())]
        verdicts = _verdicts(kata, references, parent, options.profile, [exercise]) if references else {}
        for name, path in listed.items():
            word = _result(name, verdicts[str(path)])
            counts.update(listed=1, named=word == "named")
            _tell(name, word, options)
        for name, path in natural.items():
            word = _result(name, verdicts[str(path)], _also(path))
            rejected = word != "not judged here"
            kind = word.partition(" ")[0].partition(":")[0].replace("nothing", "silent")
            counts.update({"natural": 1, "natural rejected": int(rejected), f"natural {kind}": 1})
            _tell(f"natural {name}", word, options)
    right = _right_answers(kata) if not options.only or options.only == "right" else []
    answered = _verdicts(kata, right, parent, options.profile, exercises) if right else {}
    for answer in right:
        counts["right"] += 1
        for line in _complaints(answer, answered[answer]):
            counts["wronged"] += 1
            _say(f"    {line}")
    return counts


def _tell(name: str, word: str, options: argparse.Namespace) -> None:
    if word != "named" or options.all:
        _say(f"    {name}: {word}")


def _disguised(kata: Kata, exercise: str, folder: Path) -> dict[str, Path]:
    paths = {}
    for name in mistakes_of(kata):
        if name.startswith(f"{exercise}__"):
            paths[name] = folder / f"{name}.py"
            paths[name].write_text(disguised(kata, name), encoding="utf-8")
    return paths


def _natural(folder: Path, exercise: str) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob(f"{exercise}__*.py"))}


def _also(path: Path) -> set[str]:
    return set(re.findall(r"^# also: *(\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def _right_answers(kata: Kata) -> list[str]:
    """Values of `--impl`: the reference, and the answer in another spelling, if there is one."""
    alternative = ALTERNATIVES / f"{kata.topic}.py"
    if alternative.is_file():
        return ["solution", str(alternative)]
    _say(f"{kata.topic} has no right answer in another spelling: {alternative} does not exist")
    return ["solution"]


def _verdicts(
    kata: Kata,
    references: list[str],
    parent: Parent | None,
    profile: str,
    exercises: Sequence[Exercise] = (),
) -> dict[str, dict[str, ExerciseVerdict]]:
    """The verdicts by implementation and exercise, of the exercises that were judged."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for start in range(0, len(references), _AT_ONCE):
        part = references[start : start + _AT_ONCE]
        for finding in judge(kata, part, exercises=exercises, profile=profile, parent=parent, diagnose=True):
            findings[finding.implementation].append(finding)
    verdicts = {}
    for reference in references:
        judged = {finding.exercise for finding in findings[reference]}
        folded = fold(kata, reference, findings[reference])
        verdicts[reference] = {each.exercise: each for each in folded.exercises if each.exercise in judged}
    return verdicts


def _complaints(answer: str, verdicts: dict[str, ExerciseVerdict]) -> list[str]:
    """A line for each exercise of a right answer that does not pass, or about which something is said."""
    return [
        f"{Path(answer).name}: {each.exercise} {each.outcome}, {each.mistake or 'nothing said'}"
        for each in verdicts.values()
        if each.outcome not in (Outcome.PASSED, Outcome.SKIPPED) or each.mistake is not None
    ]


def _result(name: str, verdicts: dict[str, ExerciseVerdict], also: Collection[str] = ()) -> str:
    verdict = verdicts.get(name.partition("__")[0])
    if verdict is None or verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED):
        return "not judged here"
    finding = verdict.finding
    if finding is None or finding.mistake is None:
        return f"nothing said ({verdict.outcome}: {finding and finding.failure and finding.failure.message!r:.200})"
    if finding.mistake_name == name or finding.mistake_name in also:
        return "named"
    return f"taken for {finding.mistake_name}" if finding.mistake_name else f"guessed: {finding.mistake}"


def _print_guesses(kata: Kata, parent: Parent | None, profile: str) -> None:
    references = [f"distorted:{exercise.name}__{way}" for exercise in kata.exercises for way in DISTORTIONS]
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for reference, verdicts in _verdicts(kata, references, parent, profile).items():
        for verdict in verdicts.values():
            if verdict.outcome is Outcome.FAILED and verdict.finding is not None:
                finding = verdict.finding
                said[reference.rpartition("__")[2]][finding.mistake_name or finding.mistake or "nothing"] += 1
    for way, counter in said.items():
        _say(f"    {way}:")
        for text, number in counter.most_common():
            _say(f"        {number:>3} {text}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
