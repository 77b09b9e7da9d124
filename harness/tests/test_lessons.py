from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.catalogue.lessons import Lesson, lesson_path, run
from harness.errors import CatalogueError
from harness.tests.tiny_kata import LESSON, make_kata

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    return tmp_path / "README.md"


def failures(path: Path, text: str) -> list[str]:
    """What goes wrong when this lesson's code is run."""
    path.write_text(text, encoding="utf-8")
    return run(path)


def fence(*lines: str, language: str = "python") -> str:
    return "\n".join([f"```{language}", *lines, "```", ""])


def test_statements_stand_under_the_exercises_names():
    """Each exercise's statement is the text under its heading, in the order of the lesson."""
    lesson = Lesson.parse(LESSON)

    assert lesson.exercises == ("double", "join_words")
    assert lesson.statement("double") == "Give twice the number. It is an integer, and may be negative."
    assert lesson.first_sentence("double") == "Give twice the number."
    assert lesson.first_sentence("join_words") == (
        "Join the words, in order, with `separator` between each two of them."
    )


def test_an_exercise_without_heading_has_no_statement():
    """What a lesson does not state is empty, not an error: `kata verify` says so in its own words."""
    lesson = Lesson.parse(LESSON)

    assert lesson.statement("other") == ""
    assert lesson.first_sentence("other") == ""


def test_only_a_bare_name_in_a_heading_of_the_third_level_is_an_exercise():
    """Headings in code, of other levels and with other words are part of the text, or end it."""
    lesson = Lesson.parse(
        "# `a`\n## `b`\n### `c` and `d`\n### e\n"
        "### `f` ###\n\nOne.\n\n#### `g`\n\n```python\n### `h`\n# comment\n```\n\nTwo.\n\n### Three\n\nFour.\n"
    )

    assert lesson.exercises == ("f",)
    assert lesson.statement("f") == "One.\n\n#### `g`\n\n```python\n### `h`\n# comment\n```\n\nTwo."


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("One line. Another.", "One line."),
        ("It goes on\nto the next line.\nAnother.", "It goes on to the next line."),
        ("No full stop\n\nAnother paragraph.", "No full stop"),
        ("A list follows:\n- one\n- two", "A list follows:"),
        ("A list follows:\n1. one", "A list follows:"),
        ("Code follows:\n```python\n>>> 1\n1\n```", "Code follows:"),
        ("Is it `a.b. C`? Yes.", "Is it `a.b. C`?"),
        ("Take some, e.g. Two, i.e. Three. Four.", "Take some, e.g. Two, i.e. Three."),
        ("Give 0.5 or 1.5 of it. `x` is given.", "Give 0.5 or 1.5 of it."),
        ("Give a, b … and z (see above.) Then.", "Give a, b … and z (see above.)"),
        ("See [the **docs**](https://a.b/c_(d)) or **this**. Next.", "See the docs or this."),
        ("Call `f[0](x)` **twice**. Next.", "Call `f[0](x)` twice."),
        ("Сложите числа, т.е. их сумму. Затем верните её.", "Сложите числа, т.е. их сумму."),
    ],
)
def test_the_first_sentence_stands_alone_on_one_line(statement, sentence):
    """A check that fails shows the sentence without markup, and whole."""
    assert Lesson.parse(f"### `f`\n\n{statement}\n").first_sentence("f") == sentence


@given(text=st.one_of(st.text(), st.text("#`~ \n>.a-\r")))
@example("```\n### `f`")
@example("### `f`\n### `f`\n")
def test_any_text_can_be_read(text):
    """Whatever a lesson holds, reading it does not fail, and a sentence is one line."""
    lesson = Lesson.parse(text)

    for name in lesson.exercises:
        assert "\n" not in lesson.first_sentence(name)


def test_lessons_that_cannot_be_read(lesson):
    """A missing file and another encoding each give a message that names the file."""
    with pytest.raises(CatalogueError, match=r"README.md: the lesson cannot be read \(No such file or directory\)"):
        run(lesson)
    lesson.write_bytes("# schön".encode("latin-1"))
    with pytest.raises(CatalogueError, match=r"README.md: is not UTF-8 \(byte 5\); save it as UTF-8"):
        Lesson.read(lesson)


def test_line_ends_do_not_matter(lesson):
    """A lesson from Windows is read like any other."""
    lesson.write_bytes(b"\xef\xbb\xbf" + LESSON.replace("\n", "\r\n").encode())

    assert Lesson.read(lesson) == Lesson.parse(LESSON)
    assert run(lesson) == []


def test_code_that_does_what_it_says_passes(lesson):
    """Blocks share their names, `...` stands for anything, blanks do not count, and errors may be expected."""
    text = "".join(
        [
            "Text with >>> in it.\n",
            fence(">>> a = [1,", "...      2]", "", ">>> a", "[1,    2]", language="Python title"),
            fence("$ not run", language="bash"),
            fence("1 / 0", language=""),
            fence(">>> class C:", "...     pass", ">>> C()", "<__main__.C object at ...>", ">>> sum(a)", "3"),
            fence(">>> 1 / 0", "Traceback (most recent call last):", "    ...", "ZeroDivisionError: division by zero"),
            fence(">>> raise SystemExit", "Traceback (most recent call last):", "SystemExit"),
            "1. In a list:\n\n",
            "   ```python\n   >>> a\n   [1, 2]\n   ```\n",
            "~~~pycon\n>>> '```'\n'```'\n~~~\n",
        ]
    )

    assert failures(lesson, text) == []


def test_a_wrong_output_is_shown_with_its_line(lesson):
    """A failure names file and line, what was run, what the lesson says and what came out."""
    text = "# Title\n\n" + fence(">>> 1 + 1", "3", ">>> a = 5", ">>> for i in range(2):", "...     print(i, a)", "0 5")

    assert failures(lesson, text) == [
        "README.md:4: >>> 1 + 1\n    expected: 3\n    got: 2",
        "README.md:7: >>> for i in range(2):\n    ...     print(i, a)\n"
        "    expected: 0 5\n    got:\n      0 5\n      1 5",
    ]


def test_an_exception_is_shown_with_its_line(lesson):
    """An error that the lesson does not mention, or mentions in other words, is shown without a traceback."""
    text = fence(">>> 1 / 0") + fence(">>> int('x')", "Traceback (most recent call last):", "ValueError: no")
    text += fence(">>> 1", "Traceback (most recent call last):", "ValueError: no")

    assert failures(lesson, text) == [
        "README.md:2: >>> 1 / 0\n    expected: nothing\n    raised: ZeroDivisionError: division by zero",
        "README.md:5: >>> int('x')\n    expected: ValueError: no\n"
        "    got: ValueError: invalid literal for int() with base 10: 'x'",
        "README.md:10: >>> 1\n    expected: ValueError: no\n    got: 1",
    ]


def test_code_that_would_not_be_run_is_a_problem(lesson):
    """Nothing that looks like Python in a lesson goes unchecked."""
    text = "\n".join(
        [
            fence("x = 1"),
            fence(">>> 1", "1", "", "2", language="py"),
            fence("y = 1", ">>> y", "1"),
            fence(">>>1"),
            "```python",
            ">>> 2",
            "2",
        ]
    )

    found = failures(lesson, text)

    assert found == [
        "README.md:1: this code is not run; write it with >>> and what it prints",
        "README.md:9: belongs to no >>>, so it is not checked: 2",
        "README.md:13: belongs to no >>>, so it is not checked: y = 1",
        "README.md:19: lacks blank after >>>: '>>>1'",
        "README.md:22: this block of code is never closed; put ``` under it",
        "README.md:14: >>> y\n    expected: 1\n    raised: NameError: name 'y' is not defined",
    ]


def test_running_leaves_the_command_line_alone(lesson, monkeypatch, capsys):
    """Doctest's habit of reading `-v` from the command line does not spoil the output."""
    monkeypatch.setattr("sys.argv", ["kata", "-v"])

    assert failures(lesson, fence(">>> print(1)", "1")) == []
    assert capsys.readouterr() == ("", "")


def test_a_lesson_in_the_readers_language_is_chosen(tmp_path):
    """A translation beside the lesson is taken if it is there; English where it is not."""
    kata = make_kata(tmp_path / "katas" / "01_x")
    russian, brazilian = kata.folder / "README.ru.md", kata.folder / "README.pt-br.md"
    for path in (russian, brazilian):
        path.write_text("# Title")

    assert [lesson_path(kata, text) for text in ("ru", "RU", "ru_RU.UTF-8", "pt_BR")] == [russian] * 3 + [brazilian]
    for text in (None, "", "en", "de", "pt", "../01_x/README", "C.UTF-8", "\0"):
        assert lesson_path(kata, text) == kata.lesson


def test_a_lesson_is_a_value():
    """A lesson does not change once it is read."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Lesson.parse(LESSON).fences = ()  # type: ignore[misc]
