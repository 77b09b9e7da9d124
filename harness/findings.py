"""From the exception that ended a test to what a report can lay out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness import calls
from harness.errors import (
    DeadlineExceeded,
    ForbiddenCall,
    ImplementationError,
    KataError,
    RequirementMissing,
    SourceError,
    SpecError,
    ToDo,
)
from harness.model import Failure, Outcome

if TYPE_CHECKING:
    from harness.model import Finding, Location

_FLAKY = "gave different results for the same arguments: it depends on something besides them, or changes them"


def judge_exception(error: BaseException) -> tuple[Outcome, Failure]:
    """What an exception that ended a test says about the implementation."""
    error = innermost(error)
    outcome = _outcome(error)
    if type(error).__name__ in ("FlakyFailure", "Flaky", "FlakyReplay"):
        return Outcome.FAILED, Failure(message=_FLAKY, call=calls.last_call(), exceptions=_type_names(error))
    message = str(error) if isinstance(error, KataError | AssertionError) else _describe(error)
    return outcome, Failure(
        message=_first_lines(message) or type(error).__name__,
        call=None if isinstance(error, SourceError) else getattr(error, "call", None) or calls.last_call(),
        expected=getattr(error, "expected", None),
        got=getattr(error, "got", None),
        difference=getattr(error, "difference", None),
        location=_location(error),
        exceptions=_type_names(error),
    )


def with_diagnosis(
    findings: list[Finding], *, topic: str, implementation: str, test: str, sentence: str, mistake: str | None
) -> list[Finding]:
    """The findings, with what probably went wrong added to the first failure of a test."""
    for place, finding in enumerate(findings):
        same_test = (finding.topic, finding.implementation, finding.test) == (topic, implementation, test)
        if same_test and finding.outcome is Outcome.FAILED:
            changed = replace(finding, mistake=sentence, mistake_name=mistake)
            return [*findings[:place], changed, *findings[place + 1 :]]
    return findings


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
    if isinstance(error, SourceError | SpecError | RequirementMissing) or _is_hypothesis_complaint(error):
        return Outcome.ERROR
    return Outcome.FAILED


def _is_hypothesis_complaint(error: BaseException) -> bool:
    """Whether Hypothesis found fault with the spec rather than with the implementation."""
    return any(
        f"{kind.__module__}.{kind.__name__}" == "hypothesis.errors.HypothesisException" for kind in type(error).__mro__
    )


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _first_lines(text: str, most: int = 12) -> str:
    lines = text.strip().splitlines()
    return "\n".join([*lines[:most], "…"] if len(lines) > most else lines)


def _type_names(error: BaseException) -> tuple[str, ...]:
    return tuple(f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__[:-2])


def _location(error: BaseException) -> Location | None:
    if isinstance(error, ImplementationError):
        return None
    from harness.host import location_of

    # A forbidden call is the learner's own line, too, and a comparison that failed is not.
    if isinstance(error, AssertionError) and not isinstance(error, ForbiddenCall):
        return None
    return location_of(error)
