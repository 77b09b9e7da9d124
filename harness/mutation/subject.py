"""What a campaign judges, and what comes of it."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model import Failure, Finding


class Fate(StrEnum):
    """What became of a wrong answer.

    Attributes:
        KILLED: a test failed.
        TIMED_OUT: a call did not return in time, and that was the first failure.
        SURVIVED: all tests passed, though some may have been skipped.
        UNTOUCHED: so did they for an output change that found nothing to change.
        UNJUDGED: no test ran; all need what this machine does not have.
        ERROR: the harness failed, or the spec itself did. Never remembered.
    """

    KILLED = "killed"
    TIMED_OUT = "timed_out"
    SURVIVED = "survived"
    UNTOUCHED = "untouched"
    UNJUDGED = "unjudged"
    ERROR = "error"

    @property
    def dead(self) -> bool:
        """Whether the spec has rejected it."""
        return self in (Fate.KILLED, Fate.TIMED_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A reference with one small change.

    Attributes:
        exercise: whose definition was changed; for a helper, the first exercise that uses it.
        judged: the exercises whose tests may notice, that one first.
        operator: what was done, such as `mean-for-sum`, or `core/NumberReplacer` of cosmic-ray's.
        line: where in the reference it was done.
        text: the whole changed file.
        diff: the changed lines, those taken out with `-` before them, then those put in with `+`.
        serial: tells apart mutants with the same diff (the same line may stand in an exercise twice).
    """

    exercise: str
    judged: tuple[str, ...]
    operator: str
    line: int
    text: str
    diff: tuple[str, ...]
    serial: int = 0

    @property
    def id(self) -> str:
        """Eight hexadecimal digits, the same as long as the changed lines of the exercise are."""
        told = "\n".join((self.exercise, str(self.serial), *self.diff))
        return hashlib.sha256(told.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A wrong answer that a spec should reject, or the right one, which it must not.

    Attributes:
        exercise: under which it is counted.
        name: a mutant's id, or an output change's name; empty for the right answer.
        judged: the exercises whose tests may reject it.
        reference: the value of `--impl`, where that is no file.
        mutant: set for a mutant.
    """

    exercise: str
    name: str
    judged: tuple[str, ...]
    reference: str = ""
    mutant: Mutant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a subject.

    Attributes:
        fate: of it.
        by: the test that rejected it.
        said: what that test said, on one line.
        seconds: that the slowest test took.
    """

    fate: Fate
    by: str = ""
    said: str = ""
    seconds: float = 0.0


_MOST_SAID = 120


def result_of(subject: Subject, findings: Iterable[Finding]) -> Result:
    """What the findings about a subject come to."""
    ran = [finding for finding in findings if finding.outcome is not Outcome.SKIPPED]
    seconds = max((finding.seconds for finding in ran), default=0.0)
    first = next((finding for finding in ran if finding.outcome is not Outcome.PASSED), None)
    if first is not None:
        return Result(fate=_of_failure(first), by=first.test, said=_short(first.failure), seconds=seconds)
    if not ran:
        return Result(fate=Fate.UNJUDGED)
    if subject.reference.startswith("distorted:") and not any(finding.touched for finding in ran):
        return Result(fate=Fate.UNTOUCHED, seconds=seconds)
    return Result(fate=Fate.SURVIVED, seconds=seconds)


def _of_failure(finding: Finding) -> Fate:
    if finding.outcome is Outcome.TIMEOUT:
        return Fate.TIMED_OUT
    # A file that cannot be imported is the mutant's doing; every other error is the spec's, or ours.
    names = finding.failure.exceptions if finding.failure else ()
    if finding.outcome is Outcome.ERROR and "harness.errors.SourceError" not in names:
        return Fate.ERROR
    return Fate.KILLED


def _short(failure: Failure | None) -> str:
    lines = failure.message.strip().splitlines() if failure else []
    said = lines[0] if lines else ""
    return said if len(said) <= _MOST_SAID else f"{said[: _MOST_SAID - 1]}…"


def diff_of(before: str, after: str) -> tuple[str, ...]:
    """The lines that differ between two texts, without the context and the indentation that they share."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    indent = min((len(line) - 1 - len(line[1:].lstrip()) for line in changed if line[1:].strip()), default=0)
    return tuple(line[0] + line[1 + indent :] for line in changed)
