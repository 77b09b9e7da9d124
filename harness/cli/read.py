"""`kata read`: a lesson, or what an exercise asks for, in the terminal."""

from harness.catalogue.lessons import Lesson
from harness.cli.learner import Standing, lesson_of
from harness.cli.options import Exercise as ExerciseArgument
from harness.errors import SelectionError
from harness.reports.latex import plain
from harness.reports.screen import page

HELP = """Read a lesson, or what an exercise asks for.

Without a name, it is about the first exercise that is not done. On a terminal, a long text is shown a page at a time; q
ends it.

\b
  kata read                               the exercise that is next
  kata read 3                             the whole lesson of kata 3
  kata read tensor_operations.swap_rows   one exercise; swap_rows alone will do
"""


def run(exercise: ExerciseArgument = None) -> None:
    """Shows Markdown of a lesson, with its formulas as a terminal can show them."""
    standing = Standing.load()
    kata, about = standing.select(exercise) if exercise else standing.select_exercise(None)
    path = lesson_of(kata)
    if about is None:
        page(plain(path.read_text(encoding="utf-8-sig")))
        return
    stated = Lesson.read(path).statement(about.name)
    if not stated:
        raise SelectionError(f"{path} does not state {about.name}; `kata read {kata.topic}` shows all of it")
    page(plain(f"# {kata.topic}.{about.name}\n\n{stated}"))
