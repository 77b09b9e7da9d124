"""`kata` alone: where somebody stands, and what is next."""

from harness.cli.learner import Standing, statement
from harness.cli.list import all_katas
from harness.reports.next_steps import command, labelled, line_to_edit, shown
from harness.reports.screen import Line, line, say

HELP = """Learn PyTorch by writing small functions until their specs pass.

Alone, `kata` shows where you stand and what is next.

\b
  kata check        check the next kata
  kata hint         a hint for the next exercise
  kata list 3       the exercises of kata 3
"""


def run() -> None:
    """Shows where the learner stands."""
    standing = Standing.load()
    total = sum(len(kata.exercises) for kata in standing.katas)
    done = sum(standing.done(kata) for kata in standing.katas)
    where = f" · {standing.place.root}" if standing.place else ""
    say(
        line(("torch-katas", "bold"), f" · {done} of {total} exercises done{where}", long=True),
        line(""),
        *all_katas(standing),
        line(""),
        *_next(standing),
    )


def _next(standing: Standing) -> list[Line]:
    if standing.place is None:
        return [line("There is no workspace here. To make one:"), command("begin", "kata init my-katas")]
    found = standing.next_exercise()
    if found is None:
        return [
            line(("All is done. ", "bold green"), "To check everything once more:"),
            command("check", "kata check --all"),
        ]
    kata, exercise = found
    file = standing.file(kata)
    said = f"  {statement(kata, exercise.name)} ({exercise.minutes} min)"
    edit = f"{shown(file)}:{line_to_edit(file, exercise.name)}"
    return [
        line("Next: ", (exercise.name, "bold"), said, indent=6),
        line(""),
        labelled("read", shown(standing.lesson(kata))),
        labelled("edit", edit),
        command("check", f"kata check {kata.topic}"),
        command("hint", f"kata hint {kata.topic}.{exercise.name}"),
    ]
