"""Text on a terminal, or on whatever stands in for one: its width, its colours, and the signs that it can print."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from rich.console import Console
    from rich.text import Text

WIDEST = 100
NARROWEST = 40

_ASCII: Final = str.maketrans(
    {
        "…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "·": "-", "×": "x", "≤": "<=",
        "≥": ">=", "→": "->", "−": "-", "≠": "!=", "✓": "+", "✗": "x", "○": "o", "⊘": "#", "▸": ">", "█": "#", "░": ".",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a screen: pieces of text, each with a style of Rich's, or none.

    Attributes:
        pieces: text and style.
        indent: where it is broken, the lines after the first begin in this column.
        whole: it is never broken, but cut off at the right edge.
        long: it is neither broken nor cut off, so that paths and commands can be copied from a terminal.
    """

    pieces: tuple[tuple[str, str], ...]
    indent: int = 0
    whole: bool = False
    long: bool = False


def line(*pieces: str | tuple[str, str], indent: int = 0, whole: bool = False, long: bool = False) -> Line:
    """Makes a line of texts and of pairs of text and style."""
    return Line(tuple((p, "") if isinstance(p, str) else p for p in pieces), indent, whole, long)


def printable(text: str, encoding: str | None) -> str:
    """The text as a stream of that encoding can print it: signs become ASCII where it must be so."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    except LookupError:  # an encoding that Python does not know
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def columns(stream: TextIO | None = None) -> int:
    """How wide a screen may be."""
    return max(NARROWEST, min(WIDEST, _console(stream or sys.stdout).width))


def rows(stream: TextIO | None = None) -> int:
    """How many lines a screen has."""
    return _console(stream or sys.stdout).height


def height_of(lines: Sequence[Line | str], width: int) -> int:
    """How many lines of a screen some lines take."""
    return sum(len(_laid_out(each if isinstance(each, Line) else line(each), width)) for each in lines)


def say(*lines: Line | str, stream: TextIO | None = None) -> None:
    """Prints lines, broken or cut off at the width of the terminal."""
    stream = stream or sys.stdout
    console = _console(stream)
    with console.capture() as captured:
        for each in lines:
            for text in _laid_out(each if isinstance(each, Line) else line(each), columns(stream)):
                console.print(text, soft_wrap=True)
    stream.write(printable(captured.get(), getattr(stream, "encoding", None)))


def page(text: str) -> None:
    """Prints Markdown, a page at a time where standard output is a terminal."""
    from rich.markdown import Markdown
    from rich.theme import Theme

    stream = sys.stdout
    console = _console(stream)
    console.push_theme(Theme({"markdown.code": "bold cyan"}))  # colours of the terminal's own, and no background
    shown = Markdown(text, code_theme="ansi_dark", hyperlinks=False)
    if console.is_terminal and not console.is_dumb_terminal:
        os.environ.setdefault("LESS", "-FRX")  # colours, and no pager for what fits
        with console.pager(styles=True):
            console.print(shown, width=columns(stream))
        return
    with console.capture() as captured:
        console.print(shown, width=columns(stream))
    lines = (each.rstrip() for each in captured.get().splitlines())
    stream.write(printable("\n".join(lines) + "\n", getattr(stream, "encoding", None)))


def remark(message: str) -> None:
    """Prints what somebody may want to know, on standard error."""
    say(line((message, "dim"), long=True), stream=sys.stderr)


def complain(message: object) -> None:
    """Prints what went wrong, on standard error."""
    say(line(("kata: ", "bold red"), str(message), indent=6, long=True), stream=sys.stderr)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    # 0 is what `docker run -t` says where it does not know.
    width = shutil.get_terminal_size().columns if os.environ.get("COLUMNS", "").strip() == "0" else None
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, legacy_windows=False)


def _laid_out(item: Line, width: int) -> list[Text]:
    """The lines on the screen that a line comes to. A word that is too long for them, such as a path, is left whole."""
    from rich.text import Text

    text = Text.assemble(*((piece.expandtabs(4), style) for piece, style in item.pieces))
    if item.whole:
        text.truncate(width, overflow="ellipsis")
        text.rstrip()
        return [text]
    if item.long:
        width = sys.maxsize
    lead, body = text.divide([item.indent]) if item.indent else (Text(), text)
    laid_out = []
    for part in body.split("\n", allow_blank=True):
        for piece in _filled(part, width - item.indent):
            laid_out.append(Text.assemble(lead, piece))
            laid_out[-1].rstrip()
            lead = Text(" " * item.indent)
    return laid_out


def _filled(text: Text, width: int) -> list[Text]:
    """Breaks a line at its blanks only: Rich would break long words, or cut them off."""
    from rich.cells import cell_len

    breaks, start = [], 0
    for word in re.finditer(r"(\s*)\S+", text.plain):
        if word.start() > start and cell_len(text.plain[start : word.end()]) > width:
            start = word.end(1)
            breaks.append(start)
    return list(text.divide(breaks))
