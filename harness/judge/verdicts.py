"""From what single tests found out to a verdict, and from a verdict to JSON and back.

The JSON of a verdict, schema version 1:

    {"schema": 1, "topic": "tensor_operations", "implementation": "learner", "passed": false, "exercises": [
      {"exercise": "join_rows", "outcome": "failed", "points": 0, "possible": 1, "seconds": 0.21,
       "blocked_by": [], "mistake": null, "skipped": [],
       "finding": {"test": "test_rows_of_both_stand_in_order", "sentence": "…", "failure": {
         "message": "…", "call": "join_rows(…)", "expected": "…", "got": "…", "difference": "…",
         "location": {"file": "…", "line": 31, "code": "…"}, "exceptions": ["builtins.TypeError", …],
         "printed": "…"}, "mistake": null, "mistake_name": null}}]}

`outcome` is one of passed, failed, todo, skipped, blocked, error, timeout. `mistake` says what probably went wrong;
without a `mistake_name` it is but a guess. Whatever is unknown is null. A reader may meet further keys in the same
version; a changed meaning gets another version.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from harness.model import ExerciseVerdict, Failure, Finding, Location, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from harness.model import Exercise, Kata

SCHEMA_VERSION = 1

# The first of these that any test of an exercise came to is what the exercise came to.
_GRAVITY = (Outcome.ERROR, Outcome.TIMEOUT, Outcome.FAILED, Outcome.TODO)


def fold(kata: Kata, label: str, findings: Iterable[Finding], *, only: Collection[Exercise] = ()) -> Verdict:
    """Puts the findings about one implementation together.

    Args:
        kata: whose spec was run.
        label: the implementation's.
        findings: those of other implementations are passed over.
        only: the exercises that were judged, where it was not the whole kata.
    """
    by_exercise: dict[str, list[Finding]] = {exercise.name: [] for exercise in kata.exercises}
    for finding in findings:
        if finding.topic == kata.topic and finding.implementation == label:
            by_exercise[finding.exercise].append(finding)
    verdicts: dict[str, ExerciseVerdict] = {}
    for exercise in kata.exercises:
        if not only or exercise in only:
            verdicts[exercise.name] = _fold_exercise(exercise, by_exercise[exercise.name])
    return Verdict(
        topic=kata.topic,
        implementation=label,
        exercises=tuple(_block(kata, verdict, verdicts) for verdict in verdicts.values()),
    )


def _fold_exercise(exercise: Exercise, findings: list[Finding]) -> ExerciseVerdict:
    skipped = [f.failure.message for f in findings if f.outcome is Outcome.SKIPPED and f.failure]
    decisive = next((f for outcome in _GRAVITY for f in findings if f.outcome is outcome), None)
    if decisive is not None:
        outcome = decisive.outcome
    elif any(f.outcome is Outcome.PASSED for f in findings):
        outcome = Outcome.PASSED
    elif findings:
        outcome = Outcome.SKIPPED
    else:
        outcome = Outcome.ERROR  # an exercise that no test judged has not been shown to be right
    return ExerciseVerdict(
        exercise=exercise.name,
        outcome=outcome,
        points=exercise.points if outcome is Outcome.PASSED else 0,
        possible=exercise.points,
        seconds=sum(f.seconds for f in findings),
        finding=decisive,
        mistake=decisive.mistake if decisive else None,
        skipped=tuple(dict.fromkeys(skipped)),
    )


def _block(kata: Kata, verdict: ExerciseVerdict, all_verdicts: dict[str, ExerciseVerdict]) -> ExerciseVerdict:
    """Turns a failure into `blocked` where an exercise that this one needs has not passed."""
    if verdict.outcome not in (Outcome.FAILED, Outcome.ERROR, Outcome.TODO, Outcome.TIMEOUT):
        return verdict
    missing = tuple(
        name
        for name in kata.exercise(verdict.exercise).needs
        if name in all_verdicts and all_verdicts[name].outcome not in (Outcome.PASSED, Outcome.SKIPPED)
    )
    if not missing:
        return verdict
    return replace(verdict, outcome=Outcome.BLOCKED, blocked_by=missing)


def to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as data for `json.dumps`, in the schema above."""
    data = asdict(verdict)
    return {"schema": SCHEMA_VERSION, "passed": verdict.passed} | data


def from_json(data: dict[str, Any]) -> Verdict:
    """The verdict that `to_json` was given.

    Raises:
        ValueError: the data are of another schema version.
    """
    if data.get("schema") != SCHEMA_VERSION:
        raise ValueError(f"a verdict of schema {data.get('schema')!r}; this version reads {SCHEMA_VERSION}")
    exercises = []
    for item in data["exercises"]:
        finding = item["finding"]
        exercises.append(
            ExerciseVerdict(
                exercise=item["exercise"],
                outcome=Outcome(item["outcome"]),
                points=item["points"],
                possible=item["possible"],
                seconds=item["seconds"],
                blocked_by=tuple(item["blocked_by"]),
                finding=finding and finding_from_json(finding),
                mistake=item["mistake"],
                skipped=tuple(item["skipped"]),
            )
        )
    return Verdict(topic=data["topic"], implementation=data["implementation"], exercises=tuple(exercises))


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """A finding as data for `json.dumps`."""
    return asdict(finding)


def finding_from_json(data: dict[str, Any]) -> Finding:
    """The finding that `finding_to_json` was given."""
    failure = data["failure"]
    if failure is not None:
        location = failure["location"]
        failure = Failure(
            **_known(Failure, failure)
            | {
                "location": location and Location(**_known(Location, location)),
                "exceptions": tuple(failure["exceptions"]),
            }
        )
    return Finding(**_known(Finding, data) | {"outcome": Outcome(data["outcome"]), "failure": failure})


def _known(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """What this version knows of the data; a later one may have written more."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
