"""Code and values, broken or cut so that they fit into a few lines of a given width."""

from __future__ import annotations

_MOST_OF_ONE = 6
"""Lines of one statement."""

_OPENING, _CLOSING = "([{", ")]}"


def session(calls: str, width: int, most: int) -> list[tuple[str, str]]:
    """Statements, one a line, as they would stand at a prompt: pairs of a prompt and a line of code.

    A statement is broken as `break_call` does. Of too many lines, those in the middle are left out: the first ones say
    what everything is, and the last one is what it is about.
    """
    lines = []
    for statement in calls.splitlines() or [""]:
        first, *rest = break_call(statement, width, _MOST_OF_ONE)
        lines.append(("... " if statement[:1].isspace() else ">>> ", first))
        lines += [("    ", row) for row in rest]
    if len(lines) > most:
        tail = most // 2
        while tail > 1 and lines[-tail][0] == "    ":  # half a statement says nothing
            tail -= 1
        lines[most - tail - 1 : -tail] = [("    ", "…")]
    return lines


def break_call(call: str, width: int, most: int) -> list[str]:
    """Breaks a call after commas inside its brackets, where Python lets it be broken: it can still be pasted.

    One that needs more than `most` lines is cut off, and then ends in an ellipsis.
    """
    lines = [line for row in call.splitlines() for line in _broken(row, width)] or [""]
    lines = [_cut(line if number == 0 else f"    {line}", width) for number, line in enumerate(lines)]
    if len(lines) > most:
        lines[most - 1 :] = [_cut(lines[most - 1], width - 2) + " …"]
    return lines


def _broken(text: str, width: int) -> list[str]:
    """Fills lines with pieces; a line ends where the fewest brackets are open, unless that leaves most of it empty."""
    lines: list[str] = []
    pieces = _pieces(text)
    while pieces:
        room = width if not lines else width - 4
        fits = 1
        while fits < len(pieces) and len("".join(piece for piece, _ in pieces[: fits + 1]).rstrip()) <= room:
            fits += 1
        if fits < len(pieces):
            filled = [n for n in range(1, fits + 1) if len("".join(piece for piece, _ in pieces[:n])) > room // 3]
            fits = min(reversed(filled or [fits]), key=lambda n: pieces[n - 1][1])
        lines.append("".join(piece for piece, _ in pieces[:fits]).rstrip())
        pieces = pieces[fits:]
    return lines


def _pieces(text: str) -> list[tuple[str, int]]:
    """The text in pieces that end after a comma outside strings, each with the number of brackets open there."""
    pieces, start, depth, quote, escaped = [], 0, 0, "", False
    for position, sign in enumerate(text):
        if escaped:
            escaped = False
        elif quote:
            escaped = sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in _OPENING:
            depth += 1
        elif sign in _CLOSING:
            depth -= 1
        elif sign == "," and depth > 0 and text[position + 1 : position + 2] == " ":
            pieces.append((text[start : position + 2], depth))
            start = position + 2
    return [*pieces, (text[start:], depth)]


def fit(text: str, width: int, most: int) -> list[str]:
    """A value in at most that many lines. A single long line is broken after commas; rows stay rows and are cut."""
    rows = text.splitlines() or [""]
    if len(rows) == 1:
        return break_call(text, width, most)
    if len(rows) > most:
        rows = [*rows[: most - 1], "…"]
    return [_cut(row, width) for row in rows]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
