"""What `kata mutate` shows: a table a kata, and below it every wrong answer that the spec accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.mutation.outputs.names import DISTORTIONS
from harness.mutation.score import EQUIVALENT, Judged, Strength, Tally
from harness.mutation.subject import Fate
from harness.reports.next_steps import command
from harness.reports.screen import Line, line

if TYPE_CHECKING:
    from harness.mutation.subject import Mutant

_HEADS = ("all", "dead", "late", "alive", "equal", "score", "outputs")
_WIDTHS = (5, 5, 5, 6, 6, 7, 9)


def render(strength: Strength, width: int, *, at_least: float, everything: bool = False) -> list[Line]:
    """The table of a kata, its survivors, and what else is wrong.

    Args:
        strength: of the kata.
        width: of the screen; a table that is wider has the names cut.
        at_least: percent of the mutants that have to be rejected.
        everything: show equivalent ones, too.
    """
    kata, whole = strength.kata, strength.whole
    good = strength.reaches(at_least)
    sign, style = ("✓", "green") if good else ("✗", "bold red")
    room = max(8, min(width - 2 - sum(_WIDTHS), max(len(name) for name in (*strength.exercises, "all exercises"))))
    lines = [
        line((sign, style), (f" {kata.folder.name}", "bold"), f" · {percent(whole)} of the mutants rejected", indent=2),
        line(("  " + _row("", _HEADS, room), "dim"), whole=True),
    ]
    for name, tally in strength.exercises.items():
        lines.append(line("  ", (_row(name, _cells(tally), room), "bold red" if tally.survivors else ""), whole=True))
    if len(strength.exercises) > 1:
        lines.append(line("  ", (_row("all exercises", _cells(whole), room), "bold"), whole=True))
    for name, tally in strength.exercises.items():
        for judged in tally.survivors:
            lines += [line(""), *_of(judged, name, "survived")]
        for judged in (*tally.mutants, *tally.changes) if everything else ():
            if judged.standing == EQUIVALENT:
                lines += [line(""), *_of(judged, name, "equivalent"), line(f"    {judged.reason}", indent=4)]
    if unjudged := whole.count(Fate.UNJUDGED):
        said = f"{unjudged} could not be judged here: their tests need what this machine does not have"
        lines += [line(""), line(f"  {said}", indent=2)]
    for problem in strength.problems:
        lines += [line(""), line("  ", (problem, "yellow"), indent=2, long=True)]
    if any(each.subject.mutant for each in whole.survivors):
        lines += [line(""), command("look", f"kata mutate {kata.topic} --show ID")]
    return lines


def summary(strengths: list[Strength], width: int, *, at_least: float) -> list[Line]:
    """A line a kata."""
    room = max(8, min(width - 2 - sum(_WIDTHS), max(len(each.kata.folder.name) for each in strengths)))
    lines = [line(("  " + _row("", _HEADS, room), "dim"), whole=True)]
    for each in strengths:
        sign, style = ("✓", "green") if each.reaches(at_least) else ("✗", "bold red")
        lines.append(line((sign, style), " ", _row(each.kata.folder.name, _cells(each.whole), room), whole=True))
    return lines


def listed(mutants: tuple[Mutant, ...]) -> list[Line]:
    """Every mutant with its change."""
    return [each for mutant in mutants for each in _of_mutant(mutant, ())]


def percent(tally: Tally) -> str:
    """The score; rounded down, so that 100 % is all of them."""
    return "none" if tally.score is None else f"{int(tally.score * 1000) / 10:g} %"


def _row(name: str, cells: tuple[str, ...], room: int) -> str:
    name = name if len(name) <= room else f"{name[: room - 1]}…"
    return f"{name:<{room}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))


def _cells(tally: Tally) -> tuple[str, ...]:
    numbers = [tally.count(standing) for standing in (Fate.KILLED, Fate.TIMED_OUT, Fate.SURVIVED, EQUIVALENT)]
    dead, of = tally.changes_told
    return (*map(str, (len(tally.mutants), *numbers)), percent(tally), f"{dead}/{of}")


def _of(judged: Judged, exercise: str, word: str) -> list[Line]:
    if judged.subject.mutant:
        return _of_mutant(judged.subject.mutant, ((f"  {word}", "red" if word == "survived" else "dim"),))
    name = judged.subject.name
    head = line("  ", (name, "bold"), f"  {exercise}  output change", (f"  {word}", "red"), whole=True)
    return [head, line(f"    {DISTORTIONS.get(name, '')}", indent=4)]


def _of_mutant(mutant: Mutant, more: tuple[tuple[str, str], ...]) -> list[Line]:
    head = line("  ", (mutant.id, "bold"), f"  {mutant.exercise}:{mutant.line}  {mutant.operator}", *more, whole=True)
    changes = [line("    ", (row, "red" if row[:1] == "-" else "green"), whole=True) for row in mutant.diff]
    return [head, *changes]


def as_data(strength: Strength, *, at_least: float) -> dict[str, Any]:
    """The same for a program, as `harness.reports.json_output` says."""
    dead, of = strength.whole.changes_told
    return {
        "topic": strength.kata.topic,
        "passed": strength.reaches(at_least),
        "score": strength.whole.score,
        "output_changes": {"rejected": dead, "of": of},
        "problems": list(strength.problems),
        "exercises": [_exercise(name, tally) for name, tally in strength.exercises.items()],
    }


def _exercise(name: str, tally: Tally) -> dict[str, Any]:
    return {
        "exercise": name,
        "score": tally.score,
        "mutants": [mutant_as_data(each.subject.mutant) | _fate(each) for each in tally.mutants if each.subject.mutant],
        "output_changes": [{"name": each.subject.name} | _fate(each) for each in tally.changes],
    }


def mutant_as_data(mutant: Mutant) -> dict[str, Any]:
    """What was changed, and where."""
    return {
        "id": mutant.id,
        "exercise": mutant.exercise,
        "operator": mutant.operator,
        "line": mutant.line,
        "diff": list(mutant.diff),
    }


def _fate(each: Judged) -> dict[str, Any]:
    return {
        "fate": each.standing,
        "by": each.result.by or None,
        "said": each.result.said or None,
        "reason": each.reason or None,
    }
