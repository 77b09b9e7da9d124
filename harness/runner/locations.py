"""Which line of an implementation's file an exception came from, and whether that line says that all is still to do."""

from __future__ import annotations

import ast
import dis
import linecache
from typing import TYPE_CHECKING

from harness.model import Location

if TYPE_CHECKING:
    from pathlib import Path

# Not an attribute of the exception: some exceptions take none. The last few are all that anybody asks for.
_known: list[tuple[BaseException, Location]] = []
_MOST = 8
_MOST_CHARACTERS = 200


def locate(error: BaseException, path: Path) -> Location | None:
    """The innermost line of a file in an exception's traceback."""
    line, traceback = 0, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    if not line:
        return None
    return Location(file=str(path), line=line, code=excerpt(linecache.getline(str(path), line)))


def raises_itself(error: BaseException, path: Path) -> bool:
    """Whether an exception comes from a `raise` statement of that file.

    So it can be told whether a KeyboardInterrupt is somebody's at the keyboard: the interpreter lets that one in
    between any two instructions, but at no `raise`. One that was raised while another was handled is judged by that.
    """
    first, seen = error, {id(error)}
    while first.__context__ is not None and id(first.__context__) not in seen:
        first = first.__context__
        seen.add(id(first))
        if isinstance(first, KeyboardInterrupt):
            error = first
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    code = traceback.tb_frame.f_code
    return code.co_filename == str(path) and dis.opname[code.co_code[traceback.tb_lasti]] == "RAISE_VARARGS"


def excerpt(line: str) -> str:
    """As much of a line of code as a message has room for."""
    line = line.strip()
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}…"


def remember(error: BaseException, location: Location) -> None:
    """Keeps where an exception came from, for `location_of`."""
    _known.append((error, location))
    del _known[:-_MOST]


def location_of(error: BaseException, *, causes: bool = True) -> Location | None:
    """The line of the implementation's file where an exception came from.

    Args:
        error: any exception.
        causes: whether one that led to it will do as well.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        for known, location in reversed(_known):
            if known is current:
                return location
        current = (current.__cause__ or current.__context__) if causes else None
    return None


def is_to_do(error: BaseException, location: Location) -> bool:
    """Whether an exception comes from a `raise NotImplementedError` statement on that line.

    Torch raises the same type where a kernel is missing; that is a failure, not a to-do.
    """
    if type(error) is not NotImplementedError:
        return False
    try:
        tree = ast.parse("".join(linecache.getlines(location.file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it was compiled, but a tree takes more
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.lineno <= location.line <= (node.end_lineno or node.lineno):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(raised, ast.Name) and raised.id == "NotImplementedError":
                return True
    return False
