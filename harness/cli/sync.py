"""`kata sync`: stubs are made from the solutions."""

from typing import Annotated

import typer

from harness.catalogue import manager
from harness.catalogue.source import stubs
from harness.catalogue.source.stubs import Change, Status
from harness.cli.options import Topics
from harness.errors import CatalogueError
from harness.reports.screen import complain, line, say

HELP = """Bring the stubs up to date with the solutions (for authors).

A stub in which somebody has written something is never touched.

\b
  kata sync                      write what is missing or outdated
  kata sync tensor_operations    of one kata only
  kata sync --check              only say what differs; exit code 1 if anything does
"""

_WRITES = {
    Status.OUTDATED: ("outdated", "`kata sync` writes it anew"),
    Status.MISSING: ("missing", "`kata sync` writes it"),
}


def run(
    topics: Topics = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say what differs.")] = False,
) -> None:
    """Writes stubs, or compares them."""
    catalogue = manager.load().catalogue
    problems = () if topics else catalogue.problems
    for problem in problems:
        complain(problem)
    changes = stubs.sync(catalogue.chosen(topics), write=not check)
    differing = [change for change in changes if change.status is not Status.SAME]
    for change in differing:
        _report(change)
    wrong = [change for change in differing if change.status is not Status.WRITTEN]
    if not differing:
        say("the stub is up to date" if len(changes) == 1 else f"{len(changes)} stubs are up to date")
    if problems:
        raise CatalogueError("not every kata could be read, see above")
    if check and wrong:
        raise typer.Exit(1)


def _report(change: Change) -> None:
    if change.status is Status.WRITTEN:
        say(line("written   ", str(change.path), indent=10, long=True))
    elif change.status is Status.EDITED:
        how = f"`kata reset {change.kata.topic}` brings the stub back and keeps a copy"
        say(line("edited    ", f"{change.path}: {how}", indent=10, long=True))
    else:
        what, how = _WRITES[change.status]
        say(line(f"{what:<10}", f"{change.path}: {how}", indent=10, long=True))
