"""`kata watch`: a verdict whenever a file is saved."""

from typing import Annotated

import typer

from harness.cli.learner import Standing
from harness.cli.options import Topic

HELP = """Check a kata whenever you save it.

Without a topic, the first kata that is not done; when one is done, the next. Keys: h a hint, n the next kata,
l the list, r judge everything again, q quit.

\b
  kata watch
  kata watch 3
  kata watch 3 --poll    on a file system that tells nobody of changes
"""


def run(
    topic: Topic = None,
    poll: Annotated[bool, typer.Option("--poll", help="Look at the files often, and wait for no events.")] = False,
) -> None:
    """Watches the learner's files."""
    from harness.cli.watching.loop import Session

    standing = Standing.load()
    standing.workspace  # noqa: B018 - raises where there is none
    if topic is not None:
        kata = standing.select(topic)[0]
    else:
        upcoming = standing.next_exercise()
        kata = upcoming[0] if upcoming else standing.katas[-1]
    code = Session(standing, kata, poll=poll).run()
    if code:
        raise typer.Exit(code)
