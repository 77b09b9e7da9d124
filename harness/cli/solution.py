"""`kata solution`: the reference, for those who have tried."""

import sys
from typing import Annotated

import typer

from harness.catalogue.files import read_text
from harness.catalogue.source.definitions import extract
from harness.cli.learner import DONE, Standing
from harness.cli.options import Exercise as ExerciseArgument
from harness.errors import CatalogueError, SelectionError
from harness.model import Exercise, Kata
from harness.reports.screen import complain, printable

HELP = """Show the reference solution of an exercise.

There are other right answers: whatever passes the spec is right.

\b
  kata solution tensor_operations.swap_rows
  kata solution tensor_operations.swap_rows --yes    do not ask first
"""


def run(
    exercise: ExerciseArgument = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, although it has not passed yet.")] = False,
) -> None:
    """Prints the reference, once somebody really wants it."""
    standing = Standing.load()
    if exercise is None:
        raise SelectionError(
            "which one? Name it: `kata solution TOPIC.EXERCISE` (`kata list TOPIC` shows the exercises)"
        )
    kata, about = standing.select(exercise)
    open_ones = [each for each in ((about,) if about else kata.exercises) if not _done(standing, kata, each)]
    if open_ones and not yes and not _confirmed(kata, open_ones):
        raise typer.Exit(1)
    text = read_text(kata.solution)
    try:
        others = {each.name for each in kata.exercises}
        sources = [extract(text, each.name, without=others) for each in ((about,) if about else kata.exercises)]
    except (KeyError, SyntaxError) as error:
        raise CatalogueError(f"{kata.solution}: {error!r}; `kata verify {kata.topic}` says more") from None
    _show("\n\n".join(sources))


def _done(standing: Standing, kata: Kata, exercise: Exercise) -> bool:
    return standing.record(kata, exercise).outcome in DONE


def _confirmed(kata: Kata, exercises: list[Exercise]) -> bool:
    count = f"{len(exercises)} exercises of {kata.topic} have" if len(exercises) > 1 else f"{exercises[0].name} has"
    if not sys.stdin.isatty():
        raise SelectionError(f"{count} not passed yet; add --yes to see the answer all the same")
    complain(f"{count} not passed yet; `kata hint` may be enough.")
    return typer.confirm("Show the answer?", err=True)


def _show(source: str) -> None:
    if not sys.stdout.isatty():
        sys.stdout.write(printable(source, sys.stdout.encoding))
        return
    from rich.console import Console
    from rich.syntax import Syntax

    Console().print(
        Syntax(printable(source, sys.stdout.encoding), "python", theme="ansi_dark", background_color="default")
    )
