"""`kata hint`: one more hint each time."""

from harness import progress
from harness.cli.options import Exercise
from harness.cli.standing import Standing, statement
from harness.reports.screen import line, say
from harness.reports.terminal import command

HELP = """Give one more hint.

The first is a question, the second says where to read, the third is almost the answer. Without a name, it is about the
first exercise that is not done.

\b
  kata hint
  kata hint tensor_operations.swap_rows
"""


def run(exercise: Exercise = None) -> None:
    """Shows the hints taken so far and one more."""
    standing = Standing.load()
    kata, about = standing.select_exercise(exercise)
    had = standing.record(kata, about).hints
    taken = progress.take_hint(standing.workspace, kata.topic, about.name, most=len(about.hints))
    name = f"{kata.topic}.{about.name}"
    say(line((name, "bold"), f"  {statement(kata, about.name)}", indent=2), "")
    for number, hint in enumerate(about.hints[:taken], start=1):
        style = "dim" if number < taken else ""
        say(line((f"  {number}. ", style), (hint, style), indent=5))
    say("")
    if taken < len(about.hints):
        say(command("more", f"kata hint {name}"))
    elif had < taken:
        say("That was the last hint.", command("see", f"kata solution {name}"))
    else:
        say("There are no more hints.", command("see", f"kata solution {name}"))
