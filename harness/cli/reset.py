"""`kata reset`: starts a kata or an exercise anew."""

from typing import Annotated

import typer

from harness.catalogue.files import read_text, write_text
from harness.catalogue.source import definitions
from harness.catalogue.source.stubs import stub_of
from harness.cli.learner import Standing
from harness.errors import CatalogueError, WorkspaceError
from harness.model import Exercise, Kata
from harness.reports.next_steps import labelled, shown
from harness.reports.screen import line, say
from harness.workspace import progress

HELP = """Put the stub of a kata, or of one exercise, back.

What you wrote is kept as a copy, and the message says where.

\b
  kata reset tensor_operations.swap_rows    only this function
  kata reset tensor_operations              the whole file
"""


def run(
    topic: Annotated[
        str,
        typer.Argument(metavar="TOPIC[.EXERCISE]", show_default=False, help="Number, name, or the beginning of one."),
    ],
) -> None:
    """Replaces the learner's file, or one definition in it, by the stub."""
    standing = Standing.load()
    kata, exercise = standing.select(topic)
    file = standing.file(kata)
    what = f"{kata.topic}.{exercise.name}" if exercise else kata.topic
    new = _without(standing, kata, exercise) if exercise and file.exists() else stub_of(kata)
    if file.exists() and file.is_file() and file.read_bytes() == new.encode():
        say(f"{what}: nothing was written there yet")
        return
    copy = standing.workspace.keep_copy(file) if file.exists() else None
    write_text(file, new)
    names = (exercise.name,) if exercise else tuple(each.name for each in kata.exercises)
    progress.forget(standing.workspace, kata.topic, names)
    say(line((what, "bold"), " is as it was at the beginning."), labelled("edit", shown(file)))
    if copy:
        say(labelled("copy", shown(copy)))


def _without(standing: Standing, kata: Kata, exercise: Exercise) -> str:
    """The learner's file with the stub in place of what was written for one exercise."""
    file = standing.file(kata)
    text = read_text(file)
    try:
        return definitions.replace(text, exercise.name, stub_of(kata))
    except KeyError:
        raise CatalogueError(f"{kata.solution}: does not define {exercise.name}; `kata verify` says more") from None
    except (SyntaxError, ValueError) as error:
        line_ = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise WorkspaceError(
            f"{file}{line_}: is not valid Python, so that {exercise.name} cannot be found in it; mend that line, "
            f"or put the whole file back with `kata reset {kata.topic}` (a copy is kept)"
        ) from None
