"""A verdict on one screen: what came of each exercise, what went wrong first, and what to do next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.model import Outcome
from harness.reports.layout import fit, session
from harness.reports.next_steps import command, labelled, line_to_edit, shown
from harness.reports.screen import Line, height_of, line
from harness.reports.symbols import SIGNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import ExerciseVerdict, Failure, Kata, Verdict

_WRONG = (Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT)
_COUNTED = (Outcome.FAILED, Outcome.ERROR, Outcome.TIMEOUT, Outcome.TODO, Outcome.BLOCKED, Outcome.SKIPPED)
_MANY = 7
_LABEL = 10  # "expected", and what sets it off from the value
_MARGIN = 2


class _Room(NamedTuple):
    """How much of a screen there is room for.

    Attributes:
        table: whether each exercise has a line; the headline counts them anyway.
        code: lines of the calls.
        value: lines of what was expected, and of what came.
        rest: whether there is room for the statement's further lines, for the learner's line and what was printed.
    """

    table: bool = True
    code: int = 12
    value: int = 4
    rest: bool = True


_ROOMS = (
    _Room(),
    _Room(table=False),
    _Room(table=False, code=5),
    _Room(table=False, code=5, value=2, rest=False),
    _Room(table=False, code=3, value=2, rest=False),
)
"""What is given up where a terminal is too low, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a screen says beside the verdict.

    Attributes:
        file: the file that was judged.
        statement: gives the first sentence of an exercise's statement in the lesson, empty where there is none.
        own: the learner's own file was judged, so that hints and next steps are welcome.
        then: the next exercise of this kata that is not done, where only one was judged.
        after: the kata to go on with, where there is one.
        lesson: the lesson of that kata.
        completed: the part that is complete with this kata, all of it checked once more.
        pending: how many exercises of the kata are still being judged.
        all_failures: explain every exercise that is wrong, not only the first.
    """

    file: Path
    statement: Callable[[str], str]
    own: bool = True
    then: str | None = None
    after: Kata | None = None
    lesson: Path | None = None
    completed: str | None = None
    pending: int = 0
    all_failures: bool = False


def render(
    verdict: Verdict, kata: Kata, around: Surroundings, width: int = 80, height: int | None = None
) -> list[Line]:
    """The screen of one kata's verdict, in at most so many lines, where that can be."""
    lines: list[Line] = []
    for room in _ROOMS:
        lines = _render(verdict, kata, around, width, room)
        if height is None or height_of(lines, width) <= height:
            break
    return lines


def _render(verdict: Verdict, kata: Kata, around: Surroundings, width: int, room: _Room) -> list[Line]:
    shown_first = foremost(verdict)
    first = shown_first if shown_first and shown_first.outcome in _WRONG else None
    to_do = shown_first if shown_first and not first else None
    common = _common_failure(verdict)
    lines = [_headline(verdict, kata, around)]
    if first and common:
        lines += [line(""), *_failure(common, around, width, room)]
        return [*lines, *(_next_after_error(kata) if around.own else [])]
    if not first or (room.table and len(verdict.exercises) > 1):
        lines += [line(""), *_table(verdict, width)]
    if verdict.passed and (around.pending or not around.own):
        return lines
    lines.append(line(""))
    if first:
        wrong = [each for each in verdict.exercises if each.outcome in _WRONG]
        for number, each in enumerate(wrong if around.all_failures else wrong[:1]):
            lines += [line("")] * bool(number) + _wrong(each, kata, around, width, room)
        if around.own and len(wrong) > 1 and not around.all_failures:
            lines.append(command("all", f"kata check {kata.topic} --all-failures"))
    elif to_do:
        lines += _to_do(to_do.exercise, kata, around)
    else:
        lines += _nothing_left(verdict, kata, around)
    return lines


def foremost(verdict: Verdict) -> ExerciseVerdict | None:
    """The exercise that a screen is about: the first that is wrong, else the first to do; None where neither is."""
    wrong = (each for each in verdict.exercises if each.outcome in _WRONG)
    to_do = (each for each in verdict.exercises if each.outcome is Outcome.TODO)
    return next(wrong, None) or next(to_do, None)


def brief(verdict: Verdict, kata: Kata) -> list[Line]:
    """One line about a kata, where many are judged."""
    sign = next((SIGNS[each.outcome] for each in verdict.exercises if each.outcome in _WRONG), None)
    sign = sign or (SIGNS[Outcome.PASSED] if verdict.passed else SIGNS[Outcome.TODO])
    return [line((sign.sign, sign.style), f" {kata.number:02} {kata.topic}: ", *_counts(verdict), indent=2)]


def absent(kata: Kata) -> Line:
    """One line about a kata for which nothing was handed in."""
    sign = SIGNS[Outcome.TODO]
    said = f" {kata.number:02} {kata.topic}: not submitted, 0 of {kata.points} points"
    return line((sign.sign, sign.style), said, indent=2)


def _headline(verdict: Verdict, kata: Kata, around: Surroundings) -> Line:
    pending = (f", {around.pending} being judged",) if around.pending else ()
    whose = () if verdict.implementation == "learner" else (f" · {verdict.implementation}",)
    return line((f"{kata.number:02} {kata.title}", "bold"), " · ", *_counts(verdict), *pending, *whose, indent=3)


def _counts(verdict: Verdict) -> list[tuple[str, str]]:
    passed = f"{verdict.count(Outcome.PASSED)} of {len(verdict.exercises)} passed"
    pieces = [(passed, "green" if verdict.passed else "")]
    for outcome in _COUNTED:
        count = verdict.count(outcome)
        if count:
            errors = "s" if outcome is Outcome.ERROR and count > 1 else ""
            pieces += [(", ", ""), (f"{count} {SIGNS[outcome].word}{errors}", SIGNS[outcome].style)]
    return pieces


def _common_failure(verdict: Verdict) -> Failure | None:
    """The one reason why nothing could be judged: the file itself cannot be used."""
    errors = [each.finding if each.outcome is Outcome.ERROR else None for each in verdict.exercises]
    failures = {each.failure if each else None for each in errors}
    return failures.pop() if len(failures) == 1 else None


def _table(verdict: Verdict, width: int) -> list[Line]:
    """A line an exercise; where they are many and short, two columns, so that all stays on one screen."""
    wide = max(len(each.exercise) for each in verdict.exercises)
    cells = [_cell(each, wide) for each in verdict.exercises]
    lengths = [sum(len(text) for text, _ in cell) for cell in cells]
    half = (width + 1) // 2
    if len(cells) <= _MANY or max(lengths) > half:
        return [line(*cell, whole=True) for cell in cells]
    rows = (len(cells) + 1) // 2
    lines = []
    for row in range(rows):
        right = cells[row + rows] if row + rows < len(cells) else ()
        lines.append(line(*cells[row], " " * (half - lengths[row]), *right, whole=True))
    return lines


def _cell(each: ExerciseVerdict, wide: int) -> tuple[tuple[str, str], ...]:
    sign = SIGNS[each.outcome]
    name = f" {each.exercise:<{wide}}  "
    return ("  ", ""), (sign.sign, sign.style), (name, ""), (sign.word, sign.style), (_remark(each), "dim")


def _remark(each: ExerciseVerdict) -> str:
    if each.blocked_by:
        return f" by {', '.join(each.blocked_by)}"
    if each.outcome is Outcome.SKIPPED:
        return f": {_reason(each)}" if each.skipped else ""
    return f"  in part: {_reason(each)}" if each.skipped and each.outcome is Outcome.PASSED else ""


def _reason(each: ExerciseVerdict) -> str:
    """Why a test was skipped, without the option of pytest's that would run it."""
    return each.skipped[0].partition(";")[0]


def _wrong(each: ExerciseVerdict, kata: Kata, around: Surroundings, width: int, room: _Room) -> list[Line]:
    sign = SIGNS[each.outcome]
    statement = around.statement(each.exercise)
    name = f"{sign.sign} {each.exercise}", sign.style
    lines = [line(name, f"  {statement}", indent=_MARGIN, whole=not room.rest)]
    if each.finding and each.finding.sentence:
        lines.append(line("  ", (_one_line(each.finding.sentence), "bold"), indent=_MARGIN))
    if each.finding and each.finding.failure:
        lines += [line(""), *_failure(each.finding.failure, around, width, room)]
    elif not each.finding:
        lines.append(line("  No test has judged it; `kata verify` says what its spec lacks.", indent=_MARGIN))
    if each.mistake:
        lines += [line(""), line("  ", (_one_line(each.mistake), "yellow"), indent=_MARGIN)]
    if around.own:
        lines += [line(""), command("hint", f"kata hint {kata.topic}.{each.exercise}")]
    return lines


def _failure(failure: Failure, around: Surroundings, width: int, room: _Room) -> list[Line]:
    inner = width - 2 * _MARGIN
    lines = []
    if failure.call:
        for prompt, row in session(failure.call, inner - 4, room.code):
            lines.append(line(f"    {prompt}", (row, "cyan"), whole=True))
    laid_out = [(label, text) for label, text in (("expected", failure.expected), ("got", failure.got)) if text]
    for label, text in laid_out:
        first, *rest = fit(text, inner - _LABEL, room.value)
        lines.append(line("    ", (f"{label:<{_LABEL}}", "dim"), first, whole=True))
        lines += [line(" " * (4 + _LABEL), row, whole=True) for row in rest]
    if failure.difference:
        text = "\n".join(failure.difference.splitlines()[:3])
        lines.append(line("    ", (f"{'differs':<{_LABEL}}", "dim"), (text, "bold"), indent=4 + _LABEL))
    elif not laid_out:
        lines += [line("    ", (row, "bold"), indent=4) for row in _said(failure.message)]
    if failure.location and room.rest:
        where = f"{_shown(Path(failure.location.file), around)}:{failure.location.line}"
        lines.append(line("    ", (f"{'at':<{_LABEL}}", "dim"), (where, "underline"), long=True))
        lines.append(line(" " * (4 + _LABEL), failure.location.code.strip(), whole=True))
    for label, row in zip(
        ("printed", "", "", "", ""), (failure.printed or "" if room.rest else "").splitlines()[-5:], strict=False
    ):
        lines.append(line("    ", (f"{label:<{_LABEL}}", "dim"), row, whole=True))
    return lines


def _said(message: str) -> list[str]:
    """The message in at most eight lines, without what pytest adds to the sentence of an assertion."""
    rows = message.splitlines() or [""]
    added = (number for number, row in enumerate(rows) if number and re.match(r"\s*(assert |\+  (where|and) )", row))
    return rows[: min(8, next(added, len(rows)))]


def _to_do(name: str, kata: Kata, around: Surroundings) -> list[Line]:
    lines = [line("Next: ", (name, "bold"), f"  {around.statement(name)}", indent=6)]
    if around.own:
        lines += [
            line(""),
            labelled("edit", f"{shown(around.file)}:{line_to_edit(around.file, name)}"),
            command("check", f"kata check {kata.topic}"),
            command("hint", f"kata hint {kata.topic}.{name}"),
        ]
    return lines


def _nothing_left(verdict: Verdict, kata: Kata, around: Surroundings) -> list[Line]:
    if len(verdict.exercises) < len(kata.exercises) and around.then:
        return [line(("Right.", "bold green")), *_to_do(around.then, kata, around)]
    complete = f"{kata.title} is complete."
    if around.completed:
        complete = f"{kata.title} is complete, and with it the part {around.completed}: all of it holds."
    lines = [line(("Well done: ", "bold green"), complete, indent=11)]
    if around.after is None:
        return [*lines, line("That was the last one. ", ("kata check --all", "cyan"), " checks everything once more.")]
    lines.append(line(f"Next: {around.after.number:02} {around.after.title}. {around.after.summary}", indent=6))
    lines += [line(""), labelled("read", shown(around.lesson))] if around.lesson else [line("")]
    lines.append(command("check", f"kata check {around.after.topic}"))
    return lines


def _next_after_error(kata: Kata) -> list[Line]:
    return [line(""), line("Mend this first. Then:"), command("check", f"kata check {kata.topic}")]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shown(path: Path, around: Surroundings) -> str:
    return shown(around.file) if path.name == around.file.name and not path.is_absolute() else shown(path)
