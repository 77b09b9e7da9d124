"""`kata list`: all katas, or the exercises of one."""

from typing import Any

from harness.cli.learner import DONE, Standing
from harness.cli.options import Json, Topic
from harness.model import Exercise, Kata
from harness.reports import json_output
from harness.reports.next_steps import command, labelled, shown
from harness.reports.screen import Line, columns, line, say
from harness.reports.symbols import SIGNS, UNKNOWN, Sign

HELP = """List the katas, or the exercises of one.

\b
  kata list                      all katas
  kata list 3                    the exercises of kata 3
  kata list tensor_operations    the same
"""


def run(
    topic: Topic = None,
    as_json: Json = False,
) -> None:
    """Lists katas or exercises."""
    standing = Standing.load()
    kata = standing.select(topic)[0] if topic is not None else None
    if as_json:
        json_output.write("list", katas=[_as_data(standing, each) for each in ([kata] if kata else standing.katas)])
    elif kata:
        say(*_one(standing, kata))
    else:
        say(*all_katas(standing))


def all_katas(standing: Standing) -> list[Line]:
    """A line a kata, under the names of the parts."""
    lines: list[Line] = []
    wide = max(len(kata.topic) for kata in standing.katas)
    part = None
    for kata in standing.katas:
        if kata.part != part:
            lines += [line("")] if part else []
            part = kata.part
            lines.append(_part(standing, kata, wide))
        done, of = standing.done(kata), len(kata.exercises)
        sign = SIGNS_OF_KATA[(done > 0) + (done == of)]
        stale = " *" if any(standing.edited_since(kata, each) for each in kata.exercises) else "  "
        lines.append(
            line(
                "  ",
                (sign.sign, sign.style),
                f" {kata.number:02} {kata.topic:<{wide}}  ",
                (f"{done:>2}/{of:<2}", sign.style),
                stale,
                f" {kata.minutes:>3} min",
                (f"  {kata.summary}" if columns() >= 100 else "", "dim"),
                whole=True,
            )
        )
    if any(standing.edited_since(kata, each) for kata in standing.katas for each in kata.exercises):
        lines.append(line(("  * edited since it was checked", "dim")))
    return lines


def _part(standing: Standing, kata: Kata, wide: int) -> Line:
    """The name of a part, a bar that shows how much of it is done, and how many minutes are left."""
    katas = standing.part(kata)
    exercises = [(each, exercise) for each in katas for exercise in each.exercises]
    left = sum(exercise.minutes for each, exercise in exercises if standing.record(each, exercise).outcome not in DONE)
    done = sum(standing.done(each) for each in katas)
    filled = done * _BAR // len(exercises)
    return line(
        (f"{kata.part:<{wide + 7}}", "bold"),
        ("█" * filled, "green"),
        ("░" * (_BAR - filled), "dim"),
        f" {done}/{len(exercises)}",
        (f" · {left} min left" if left else " · done", "dim"),
        whole=True,
    )


_BAR = 10

SIGNS_OF_KATA = (UNKNOWN, Sign("▸", "begun", "yellow"), Sign("✓", "done", "green"))


def _one(standing: Standing, kata: Kata) -> list[Line]:
    wide, done = max(len(exercise.name) for exercise in kata.exercises), standing.done(kata)
    lines = [
        line(
            (f"{kata.number:02} {kata.title}", "bold"), f" · {done} of {len(kata.exercises)} done · {kata.minutes} min"
        ),
        line(kata.summary),
        line(""),
    ]
    for exercise in kata.exercises:
        sign = state(standing, kata, exercise)
        lines.append(
            line(
                "  ",
                (sign.sign, sign.style),
                f" {exercise.name:<{wide}}  ",
                (f"{sign.word:<10}", sign.style),
                f" {'*' * exercise.difficulty:<5} {exercise.minutes:>3} min",
                (_remarks(standing, kata, exercise), "dim"),
                whole=True,
            )
        )
    where = standing.file(kata) if standing.place else None
    lines += [
        line(""),
        labelled("read", shown(standing.lesson(kata))),
        labelled("edit", shown(where)) if where else command("begin", "kata init my-katas"),
        command("check", f"kata check {kata.topic}"),
    ]
    return lines


def state(standing: Standing, kata: Kata, exercise: Exercise) -> Sign:
    """The sign of an exercise's last outcome."""
    outcome = standing.record(kata, exercise).outcome
    return SIGNS[outcome] if outcome else UNKNOWN


def _remarks(standing: Standing, kata: Kata, exercise: Exercise) -> str:
    hints = standing.record(kata, exercise).hints
    remarks = ["edited since"] if standing.edited_since(kata, exercise) else []
    remarks += [f"{hints} hint{'s' * (hints > 1)}"] if hints else []
    remarks += [f"needs {', '.join(exercise.needs)}"] if exercise.needs else []
    return "".join(f"  {remark}" for remark in remarks)


def _as_data(standing: Standing, kata: Kata) -> dict[str, Any]:
    return {
        "number": kata.number,
        "topic": kata.topic,
        "title": kata.title,
        "summary": kata.summary,
        "part": kata.part,
        "minutes": kata.minutes,
        "points": kata.points,
        "file": str(standing.file(kata)) if standing.place else None,
        "exercises": [
            {
                "name": exercise.name,
                "points": exercise.points,
                "difficulty": exercise.difficulty,
                "minutes": exercise.minutes,
                "outcome": standing.record(kata, exercise).outcome,
                "edited_since": standing.edited_since(kata, exercise),
                "hints": standing.record(kata, exercise).hints,
            }
            for exercise in kata.exercises
        ],
    }
