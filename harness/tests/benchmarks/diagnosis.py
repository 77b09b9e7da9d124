"""How often a wrong answer is told apart: each known mistake of each kata is judged as if a learner had given it.

    python -m harness.tests.benchmarks.diagnosis [TOPIC …] [--in-process] [--all] [--distortions]

Right answers must have nothing said about them: the references, and those in another spelling where there are any. For
the distortions (wrong answers that nobody gives) the lines count what is guessed. The exit code is 1 where fewer
mistakes are named than promised, or where something is said about a right answer.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalogue import manager
from harness.judge.run import judge
from harness.judge.verdicts import fold
from harness.judge.verification import mistakes_of
from harness.model import Finding, Outcome
from harness.mutation.outputs.names import DISTORTIONS
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks.table import met, show

if TYPE_CHECKING:
    from harness.model import ExerciseVerdict, Kata

ALTERNATIVES = Path(__file__).parents[1] / "alternatives"
"""Where right answers in other spellings stand, one `TOPIC.py` a kata, in a checkout."""

BAR = 0.95
_AT_ONCE = 30  # implementations in one run of pytest


def main(arguments: list[str] | None = None) -> int:
    """Prints what is not named, and the table."""
    options = _options(arguments)
    rows: list[tuple[str, ...]] = [("kata", "mistakes", "named", "right answers", "wrongly called wrong", "seconds")]
    named = listed = wronged = 0
    begin = time.perf_counter()
    catalogue = manager.load().catalogue
    with nullcontext() if options.in_process else Parent.start() as parent:
        for kata in [catalogue.find(topic) for topic in options.topics] or catalogue.katas:
            start = time.perf_counter()
            mistakes, right = list(mistakes_of(kata)), _right_answers(kata)
            references = [*right, *(f"mistake:{name}" for name in mistakes)]
            verdicts = _verdicts(kata, references, parent, options.profile)
            result = {name: _result(name, verdicts[f"mistake:{name}"]) for name in mistakes}
            _say(f"{kata.topic}:")
            complaints = [each for answer in right for each in _complaints(answer, verdicts[answer])]
            for line in complaints:
                _say(f"    {line}")
            for name, word in result.items():
                if word != "named" or options.all:
                    _say(f"    {name}: {word}")
            if options.distortions:
                _print_guesses(kata, parent, options.profile)
            told = sum(word == "named" for word in result.values())
            named, listed, wronged = named + told, listed + len(mistakes), wronged + len(complaints)
            counts = (len(mistakes), told, len(right), len(complaints))
            rows.append((kata.topic, *map(str, counts), f"{time.perf_counter() - start:.1f}"))
    enough = named >= BAR * listed
    share = f"{named} of {listed}: {named / max(listed, 1):.1%}"
    rows.append(("all", str(listed), share, "", str(wronged), f"{time.perf_counter() - begin:.1f}"))
    rows.append(("bar", "", met(f"at least {BAR:.0%}", enough), "", met("none", not wronged), ""))
    show(f"Known mistakes told apart, {'in one process' if options.in_process else 'isolated'}", rows)
    return int(not enough or wronged > 0)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="how many known mistakes are told apart")
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--in-process", action="store_true", help="implementations beside the spec, as in pytest")
    parser.add_argument("--profile", default="learner", help="the Hypothesis profile")
    parser.add_argument("--all", action="store_true", help="list all mistakes, not only those that are not named")
    parser.add_argument("--distortions", action="store_true", help="count what is guessed about distorted answers")
    return parser.parse_args(arguments)


def _right_answers(kata: Kata) -> list[str]:
    """Values of `--impl`: the reference, and the answer in another spelling, if there is one."""
    alternative = ALTERNATIVES / f"{kata.topic}.py"
    if alternative.is_file():
        return ["solution", str(alternative)]
    _say(f"{kata.topic} has no right answer in another spelling: {alternative} does not exist")
    return ["solution"]


def _verdicts(
    kata: Kata, references: list[str], parent: Parent | None, profile: str
) -> dict[str, dict[str, ExerciseVerdict]]:
    """The verdicts by implementation and exercise, of the exercises that were judged."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for start in range(0, len(references), _AT_ONCE):
        part = references[start : start + _AT_ONCE]
        for finding in judge(kata, part, profile=profile, parent=parent, diagnose=True):
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


def _result(name: str, verdicts: dict[str, ExerciseVerdict]) -> str:
    verdict = verdicts.get(name.partition("__")[0])
    if verdict is None or verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED):
        return "not judged here"
    finding = verdict.finding
    if finding is None or finding.mistake is None:
        return f"nothing said ({verdict.outcome}: {finding and finding.failure and finding.failure.message!r:.200})"
    if finding.mistake_name == name:
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
