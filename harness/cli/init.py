"""`kata init`: a folder to work in, apart from the repository."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from harness.catalogue import manager
from harness.catalogue.files import expanded
from harness.errors import CatalogueError
from harness.reports.next_steps import command, labelled, shown
from harness.reports.screen import complain, line, say
from harness.workspace.workspace import Workspace

HELP = """Make a folder to work in, with the stubs and lessons of all katas.

Run it again after an update: new katas are added, lessons and untouched stubs are brought up to date, and what you
wrote stays as it is.

\b
  kata init my-katas
"""


def run(
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False, help="The folder; it may exist.")],
) -> None:
    """Makes a workspace, or brings one up to date."""
    harness = manager.load()
    for problem in harness.problems:
        complain(problem)
    if not harness.catalogue.katas:
        raise CatalogueError("there are no katas to put there; install torch-katas again, or mend what is named above")
    workspace, added = Workspace.create(expanded(folder), harness.catalogue.katas)
    counts = [
        (len(added.new), "new"),
        (len(added.refreshed), "brought up to date"),
        (len(added.kept), "left as you wrote them"),
    ]
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    say(line((str(workspace.root), "bold"), f": {said or 'everything is up to date'}", long=True))
    for copy in added.copies:
        say(labelled("copy", f"{shown(copy)} (you had changed this lesson)"))
    say("")
    if workspace.root != Path.cwd():
        say(command("begin", f"cd {shlex.quote(shown(workspace.root))}"))
    say(command("next", "kata"))
