"""How often a wrong answer is told apart: each known mistake of each kata is judged as if a learner had given it.

    python -m harness.benchmarks.diagnosis [TOPIC …] [--isolate] [--all] [--distortions]

Right answers, the references, must have nothing said about them. For the distortions (wrong answers that nobody gives)
the table counts what is guessed. The exit code is 1 where fewer mistakes are named than promised.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from harness import manager
from harness.distortions import DISTORTIONS
from harness.model import Finding, Outcome
from harness.runner.control import Parent
from harness.runner.process import judge
from harness.verdicts import fold
from harness.verification import mistakes_of

if TYPE_CHECKING:
    from harness.model import ExerciseVerdict, Kata

BAR = 0.95
_AT_ONCE = 30  # implementations in one run of pytest


def main(arguments: list[str] | None = None) -> int:
    """Prints the table."""
    options = _options(arguments)
    parent = Parent.start() if options.isolate else None
    katas = [k for k in manager.load().catalogue.katas if not options.topics or k.topic in options.topics]
    named = listed = 0
    for kata in katas:
        start = time.perf_counter()
        names = list(mistakes_of(kata))
        verdicts = _verdicts(kata, ["solution", *(f"mistake:{name}" for name in names)], parent, options.profile)
        result = {name: _result(name, verdicts[f"mistake:{name}"]) for name in names}
        seconds = time.perf_counter() - start
        right = sum(word == "named" for word in result.values())
        named, listed = named + right, listed + len(names)
        said = sum(each.mistake is not None for each in verdicts["solution"].values())
        _say(f"{kata.topic:<24} {right:>4} of {len(names):>4} named, {said} said of the reference, {seconds:6.1f} s")
        for name, word in result.items():
            if word != "named" or options.all:
                _say(f"    {name}: {word}")
        if options.distortions:
            _print_guesses(kata, parent, options.profile)
    _say(f"{'all':<24} {named:>4} of {listed:>4} named: {named / max(listed, 1):.1%} (at least {BAR:.0%})")
    if parent is not None:
        parent.close()
    return int(named < BAR * listed)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="how many known mistakes are told apart")
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--isolate", action="store_true", help="implementations in processes of their own")
    parser.add_argument("--profile", default="learner", help="the Hypothesis profile")
    parser.add_argument("--all", action="store_true", help="list all mistakes, not only those that are not named")
    parser.add_argument("--distortions", action="store_true", help="count what is guessed about distorted answers")
    return parser.parse_args(arguments)


def _verdicts(
    kata: Kata, references: list[str], parent: Parent | None, profile: str
) -> dict[str, dict[str, ExerciseVerdict]]:
    """The verdicts by implementation and exercise, of the exercises that were judged."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for start in range(0, len(references), _AT_ONCE):
        part = references[start : start + _AT_ONCE]
        for finding in judge(kata, part, profile=profile, parent=parent, options=["--diagnose"]):
            findings[finding.implementation].append(finding)
    verdicts = {}
    for reference in references:
        judged = {finding.exercise for finding in findings[reference]}
        folded = fold(kata, reference, findings[reference])
        verdicts[reference] = {each.exercise: each for each in folded.exercises if each.exercise in judged}
    return verdicts


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
