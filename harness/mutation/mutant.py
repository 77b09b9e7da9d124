"""A small wrong change of a reference solution."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass


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


def diff_of(before: str, after: str) -> tuple[str, ...]:
    """The lines that differ between two texts, without the context and the indentation that they share."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    indent = min((len(line) - 1 - len(line[1:].lstrip()) for line in changed if line[1:].strip()), default=0)
    return tuple(line[0] + line[1 + indent :] for line in changed)
