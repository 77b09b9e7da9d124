"""From the way in which a test ended to what a report can lay out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.catalogue.spec_source import exercise_of_test, first_paragraph
from harness.errors import (
    DeadlineExceeded,
    ForbiddenCall,
    ImplementationCrashed,
    ImplementationError,
    KataError,
    LimitExceeded,
    SourceError,
    ToDo,
    WorkerDied,
    described,
)
from harness.judge.collection import shortened_references
from harness.judge.verdicts import fold
from harness.model import Failure, Finding, Outcome
from harness.runner import last_call
from harness.runner.locations import location_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from harness.model import Exercise, Kata, Location
    from harness.runner.session import Session

_FLAKY = "gave different results for the same arguments: it depends on something besides them, or changes them"
_NOT_SUBMITTED = "harness.errors.NotSubmitted"
_MOST_LINES = 12
_MOST_CHARACTERS = 2000


def finding_of(
    kata: Kata,
    exercise: Exercise,
    reference: str,
    item: pytest.Item,
    call: pytest.CallInfo[None],
    report: pytest.TestReport,
    session: Session | None,
) -> Finding:
    """What a test found out, from pytest's word on one phase of it and from the session that it used, if any."""
    outcome, failure = Outcome.PASSED, None
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        outcome, failure = Outcome.SKIPPED, Failure(message=reason.removeprefix("Skipped: "))
    elif call.excinfo is not None:
        outcome, failure = judge_exception(call.excinfo.value)
        failure = replace(failure, printed=_last_lines(last_call.printed(report.capstdout)))
    elif report.failed:  # a test that should fail and did not: pytest's word alone
        outcome, failure = Outcome.FAILED, Failure(message=shortened(str(report.longrepr)))
    if session is not None and failure is not None:
        failure = _with_short_paths(failure, session.base)
    return Finding(
        topic=kata.topic,
        exercise=exercise.name,
        implementation=reference,
        test=getattr(item, "originalname", item.name),
        sentence=first_paragraph(getattr(item, "obj", None).__doc__),
        outcome=outcome,
        seconds=call.duration,
        failure=failure,
        touched=session.touched() if session is not None else None,
    )


def finding_of_crash(nodeid: str, katas: Iterable[Kata], references: Iterable[str]) -> Finding | None:
    """What is known about a test whose process died, from its node id alone; None where it belongs to no kata."""
    path, _, rest = nodeid.partition("::")
    test, _, parameters = rest.rpartition("::")[2].partition("[")
    kata = next((k for k in katas if k.spec.as_posix().endswith(f"/{path}")), None)
    if kata is None or (exercise := exercise_of_test(kata.spec, test)) is None:
        return None
    parameters, known = parameters.removesuffix("]"), shortened_references(list(references))
    return Finding(
        topic=kata.topic,
        exercise=exercise,
        # Other parameters of the test follow after a dash.
        implementation=next((r for r, short in known.items() if f"{parameters}-".startswith(f"{short}-")), parameters),
        test=test,
        sentence="",
        outcome=Outcome.ERROR,
        seconds=0.0,
        failure=Failure(message="the process that ran this test died"),
    )


def summaries(katas: Iterable[Kata], findings: Iterable[Finding]) -> list[str]:
    """A line on each implementation of each kata, with the exercises that were judged."""
    lines = []
    findings = list(findings)
    by_topic = {kata.topic: kata for kata in katas}
    for label, topic in dict.fromkeys((f.implementation, f.topic) for f in findings):
        judged = {f.exercise for f in findings if (f.implementation, f.topic) == (label, topic)}
        failures = [f.failure for f in findings if (f.implementation, f.topic) == (label, topic) and f.failure]
        if any(_NOT_SUBMITTED in failure.exceptions for failure in failures):
            points = by_topic[topic].points
            lines.append(f"{topic} [{label}]: not submitted, 0 of {points} points")
            continue
        verdicts = [e for e in fold(by_topic[topic], label, findings).exercises if e.exercise in judged]
        others = [f"{e.exercise} {e.outcome}" for e in verdicts if e.outcome is not Outcome.PASSED]
        line = f"{topic} [{label}]: {len(verdicts) - len(others)} of {len(verdicts)} exercises passed"
        lines.append(f"{line}; {', '.join(others)}" if others else line)
    return lines


def judge_exception(error: BaseException) -> tuple[Outcome, Failure]:
    """What an exception that ended a test says about the implementation."""
    error = innermost(error)
    if type(error).__name__ in ("FlakyFailure", "Flaky", "FlakyReplay"):
        return Outcome.FAILED, Failure(message=_FLAKY, call=last_call.last_call(), exceptions=_type_names(error))
    # Only assertions of ours say these; other exceptions may well have attributes of the same names.
    parts = vars(error) if isinstance(error, AssertionError) else {}
    call, expected, got, difference = (_text(parts.get(name)) for name in ("call", "expected", "got", "difference"))
    if isinstance(error, LimitExceeded):
        call = error.call
    return _outcome(error), Failure(
        message=shortened(_message(error)),
        call=None if isinstance(error, SourceError) else call or last_call.last_call(),
        expected=expected,
        got=got,
        difference=difference,
        location=_location(error),
        exceptions=_type_names(error),
    )


def _with_short_paths(failure: Failure, base: Path) -> Failure:
    """The failure with paths that begin in the folder which `impl.folder()` gave, not at the root of this machine."""
    given = re.compile(rf"{re.escape(str(base))}[\\/]+\w+(?P<below>[\\/]+)?")
    texts = {name: getattr(failure, name) for name in ("message", "call", "expected", "got", "difference", "printed")}
    short: dict[str, Any] = {
        name: given.sub(lambda found: "" if found["below"] else "folder", text) for name, text in texts.items() if text
    }
    return replace(failure, **short)


def innermost(error: BaseException) -> BaseException:
    """The first single exception in a group."""
    while isinstance(error, BaseExceptionGroup) and "Flaky" not in type(error).__name__:
        error = error.exceptions[0]
    return error


def _outcome(error: BaseException) -> Outcome:
    if isinstance(error, ToDo):
        return Outcome.TODO
    if isinstance(error, DeadlineExceeded):
        return Outcome.TIMEOUT
    if isinstance(error, ForbiddenCall | WorkerDied) or (
        isinstance(error, ImplementationError) and not isinstance(error, SourceError)
    ):
        return Outcome.FAILED
    return Outcome.ERROR if isinstance(error, KataError) or _is_hypothesis_complaint(error) else Outcome.FAILED


def _is_hypothesis_complaint(error: BaseException) -> bool:
    """Whether Hypothesis found fault with the spec rather than with the implementation."""
    return any(
        f"{kind.__module__}.{kind.__name__}" == "hypothesis.errors.HypothesisException" for kind in type(error).__mro__
    )


def is_ours(error: BaseException) -> bool:
    """Whether the harness raised it on purpose, so that its message says it all."""
    return isinstance(error, KataError | LimitExceeded)


def _message(error: BaseException) -> str:
    said = described(error)
    # An assertion of the spec's is a sentence of its own; one in the learner's file is an exception like any other.
    if is_ours(error) or (isinstance(error, AssertionError) and location_of(error, causes=False) is None):
        return said.partition(": ")[2] or type(error).__name__
    return said


def _last_lines(printed: str, most: int = 5) -> str | None:
    lines = [line[:400] for line in printed.splitlines() if line.strip()]
    return "\n".join(lines[-most:]) or None


def _text(part: object) -> str | None:
    return part if isinstance(part, str) else None


def shortened(text: str) -> str:
    """At most so many lines and characters of a message as somebody may want to read, and none that cannot be shown."""
    lines = text.strip().encode("utf-8", "backslashreplace").decode().splitlines()
    more = len(lines) > _MOST_LINES
    text = "\n".join(lines[:_MOST_LINES])
    return f"{text[:_MOST_CHARACTERS]}…" if more or len(text) > _MOST_CHARACTERS else text


def _type_names(error: BaseException) -> tuple[str, ...]:
    return tuple(f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__[:-2])


def _location(error: BaseException) -> Location | None:
    if isinstance(error, ImplementationError) and not isinstance(error, ImplementationCrashed):
        return None  # the message shows the line, where there is one
    # A comparison fails in the spec, whatever exception of the implementation's it is about.
    return location_of(error, causes=not isinstance(error, AssertionError))
