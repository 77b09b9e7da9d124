"""Tests of `harness.reports.screen`."""

import io
import sys

import pytest

from harness.reports import screen
from harness.reports.screen import Line, columns, complain, line, printable, say


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")


def test_a_width_of_zero_is_an_unknown_one(monkeypatch):
    """A terminal under docker says that it has 0 columns, and means that it does not know."""
    monkeypatch.setenv("COLUMNS", "0")
    assert said("one line") == "one line\n"
    assert columns(io.StringIO()) >= 40


def said(*lines: Line | str, stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    say(*lines, stream=stream)
    return stream.getvalue()


def test_lines_are_broken_at_blanks():
    """A sentence is broken at the width of the terminal, and goes on under its beginning."""
    text = said(line("label  ", "word " * 15, indent=7))
    assert text == "label  " + " ".join(["word"] * 10) + "\n" + " " * 7 + " ".join(["word"] * 5) + "\n"


def test_a_long_word_is_left_whole():
    """A path can be copied, however narrow the terminal is."""
    path = "/a/very/long/path" * 6
    assert said(line("see ", path, " there", indent=4)).splitlines() == ["see " + path, "    there"]


def test_what_is_to_be_copied_is_left_alone():
    """A long line stays one, blanks and all: the terminal breaks it where it must."""
    path = "/my folder/" * 9
    assert said(line("edit ", path, indent=5, long=True)) == f"edit {path}\n"


def test_rows_are_cut_and_not_broken():
    """A line that is whole ends in an ellipsis where it is too wide, and not in blanks."""
    assert said(line("x" * 70, whole=True)) == "x" * 59 + "…\n"
    assert said(line("x   ", whole=True)) == "x\n"


def test_ends_of_lines_are_kept():
    """A text of several lines stays one, each set in like the first."""
    assert said(line("- ", "one\n\ntwo", indent=2)) == "- one\n\n  two\n"


def test_nothing_is_taken_for_markup():
    """Brackets, and names of emoji, are text."""
    assert said("[bold]x[/] :smile: [1, 2]") == "[bold]x[/] :smile: [1, 2]\n"


def test_colours_are_for_terminals():
    """A terminal gets colours; a file, a dumb terminal, and whoever sets NO_COLOR get none."""
    assert "\x1b[" in said(line(("x", "red")), stream=Terminal())
    assert said(line(("x", "red"))) == "x\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_switched_off(monkeypatch, name, value):
    """The usual variables are respected."""
    monkeypatch.setenv(name, value)
    assert "\x1b[3" not in said(line(("x", "red")), stream=Terminal())


@pytest.mark.parametrize(("wide", "expected"), [("20", 40), ("72", 72), ("250", 100)])
def test_the_width_has_bounds(monkeypatch, wide, expected):
    """A screen is neither too narrow nor too wide to be read."""
    monkeypatch.setenv("COLUMNS", wide)
    assert screen.columns() == expected


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "✓ 3×2 … é 猫"),
        (None, "✓ 3×2 … é 猫"),
        ("ascii", "+ 3x2 ... ? ?"),
        ("latin-1", "+ 3x2 ... é ?"),
        ("no-such-encoding", "+ 3x2 ... ? ?"),
    ],
)
def test_signs_fall_back(encoding, expected):
    """What an encoding cannot print becomes ASCII, and never an exception."""
    assert printable("✓ 3×2 … é 猫", encoding) == expected


def test_a_stream_gets_what_it_can_print():
    """Standard output in ASCII gets no other sign."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, "ascii", write_through=True)
    say("✓ done", stream=stream)
    assert buffer.getvalue() == b"+ done\n"


def test_complaints_go_to_standard_error(capsys):
    """What went wrong is no part of the output, and says who says it."""
    complain("it broke\nmend it")
    assert capsys.readouterr() == ("", "kata: it broke\n      mend it\n")
    assert sys.stdout is not sys.stderr
