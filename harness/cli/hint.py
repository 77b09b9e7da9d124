"""`kata hint`: one more hint each time."""

from harness.cli.learner import Standing, statement
from harness.cli.options import Exercise as ExerciseArgument
from harness.model import Exercise, Kata
from harness.reports.latex import plain
from harness.reports.next_steps import command
from harness.reports.screen import Line, line, say
from harness.workspace import progress

HELP = """Give one more hint.

The first is a question, the second says where to read, the third is almost the answer. Without a name, it is about the
first exercise that is not done.

\b
  kata hint
  kata hint tensor_operations.swap_rows
"""


def run(exercise: ExerciseArgument = None) -> None:
    """Shows the hints taken so far and one more."""
    standing = Standing.load()
    kata, about = standing.select_exercise(exercise)
    say(*one_more(standing, kata, about))


def one_more(standing: Standing, kata: Kata, about: Exercise) -> list[Line | str]:
    """Takes a hint for an exercise, and gives the lines that show it after those that were taken before."""
    had = standing.record(kata, about).hints
    taken = progress.take_hint(standing.workspace, kata.topic, about.name, most=len(about.hints))
    name = f"{kata.topic}.{about.name}"
    lines: list[Line | str] = [line((name, "bold"), f"  {statement(kata, about.name)}", indent=2), ""]
    for number, hint in enumerate(about.hints[:taken], start=1):
        style = "dim" if number < taken else ""
        lines.append(line((f"  {number}. ", style), (plain(hint), style), indent=5))
    lines.append("")
    if taken < len(about.hints):
        return [*lines, command("more", f"kata hint {name}")]
    end = "That was the last hint." if had < taken else "There are no more hints."
    return [*lines, end, command("see", f"kata solution {name}")]
