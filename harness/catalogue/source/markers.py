"""The markers in a solution, and what is left of it without the lines between them.

The comment `# <solution>` opens and `# </solution>` closes what a stub must not show, each on a line of its
own. Inside a function the lines between become `raise NotImplementedError("name")`; elsewhere they go away.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

OPEN, CLOSE = "# <solution>", "# </solution>"

_LOOKS_LIKE_MARKER = re.compile(r"<\W*solution|solution\W*>", re.IGNORECASE)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Flaw(ValueError):  # noqa: N818 - reads as what it says
    """What is wrong with a solution, and in which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Block:
    """What stands between two markers.

    Attributes:
        first: line of the opening marker.
        last: line of the closing one.
        indent: what its first statement is indented by.
        scopes: the functions and classes around it, outermost first.
    """

    first: int
    last: int
    indent: str
    scopes: tuple[_Scope, ...]

    @property
    def function(self) -> _Function | None:
        """The function or method that the block belongs to."""
        return next((scope for scope in self.scopes if not isinstance(scope, ast.ClassDef)), None)

    @property
    def name(self) -> str:
        """The name of that function, after those of the classes around it."""
        until = [isinstance(scope, ast.ClassDef) for scope in self.scopes].index(False)
        return ".".join(scope.name for scope in self.scopes[: until + 1])


def cut(lines: Sequence[str], exercises: Collection[str] | None = None) -> list[str]:
    """The lines of a solution without what stands between its markers.

    Args:
        lines: the solution.
        exercises: names that must have markers; where not given, all public functions and classes.

    Raises:
        Flaw: the markers do not fit.
    """
    tree = _parse(lines, "the solution is not valid Python")
    blocks = [_block(tree, lines, first, last) for first, last in _markers(lines)]
    _check_cover(tree, blocks, exercises)
    kept = _keep(lines, blocks)
    try:
        _parse([text for _, text in kept], "what stands outside the markers is not valid Python")
    except Flaw as flaw:
        number, _ = kept[min(flaw.line, len(kept)) - 1]
        raise Flaw(number, f"{flaw}, or put the markers inside the function's body") from None
    return [text for _, text in kept]


def _parse(lines: Iterable[str], trouble: str) -> ast.Module:
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError as error:
        raise Flaw(error.lineno or 1, f"{trouble} ({error.msg}); mend it") from None
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes; brackets nested without end
        raise Flaw(1, f"{trouble} ({error or 'nested too deeply'}); mend it") from None


def _markers(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The lines of each pair of markers."""
    pairs: list[tuple[int, int]] = []
    opened: int | None = None
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        line = token.start[0]
        if token.type != tokenize.COMMENT or not _LOOKS_LIKE_MARKER.search(token.string):
            continue
        if lines[line - 1].strip() not in (OPEN, CLOSE):
            raise Flaw(line, f"looks like a marker; write {OPEN} or {CLOSE} on a line of its own")
        if token.string == OPEN:
            if opened:
                raise Flaw(line, f"{OPEN} inside the one of line {opened}; close that one first with {CLOSE}")
            opened = line
        elif opened:
            pairs.append((opened, line))
            opened = None
        else:
            raise Flaw(line, f"{CLOSE} closes nothing; put {OPEN} above the lines to leave out")
    if opened:
        raise Flaw(opened, f"{OPEN} is never closed; put {CLOSE} under the lines to leave out")
    return pairs


def _start(statement: ast.stmt) -> int:
    decorators = statement.decorator_list if isinstance(statement, _Scope) else []
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _block(tree: ast.Module, lines: Sequence[str], first: int, last: int) -> _Block:
    """Finds what stands between two markers: whole statements, all in one body."""
    found: list[tuple[ast.stmt, tuple[_Scope, ...]]] = []

    def visit(node: ast.AST, scopes: tuple[_Scope, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt) and first < _start(child) < last:
                found.append((child, scopes))
            else:
                visit(child, (*scopes, child) if isinstance(child, _Scope) else scopes)

    visit(tree, ())
    if not found:
        raise Flaw(first, "no statement stands between the markers; put them around whole statements")
    if any((statement.end_lineno or 0) > last for statement, _ in found):
        raise Flaw(last, f"{CLOSE} cuts a statement in two; put it under the statement's last line")
    statement, scopes = found[0]
    if any(other.col_offset != statement.col_offset or around != scopes for other, around in found):
        raise Flaw(first, "the markers reach over the end of a body; give each body markers of its own")
    return _Block(first, last, lines[statement.lineno - 1][: statement.col_offset], scopes)


def _check_cover(tree: ast.Module, blocks: Sequence[_Block], exercises: Collection[str] | None) -> None:
    """Refuses an exercise whose answer would stand in the stub, or that would be missing from it."""
    covered = {block.function for block in blocks}
    left_out = {line for block in blocks if not block.function for line in range(block.first, block.last)}
    defined = {node.name: node for node in tree.body if isinstance(node, _Scope)}
    if exercises is None:
        exercises = [name for name, n in defined.items() if not name.startswith("_") and n.lineno not in left_out]
    for name in exercises:
        if name not in defined:
            raise Flaw(1, f"the solution does not define {name}; write it, or take it out of kata.toml")
        node = defined[name]
        if node.lineno in left_out:
            raise Flaw(node.lineno, f"{name} is left out as a whole; put the markers inside its body")
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        functions = [f for f in inside if isinstance(f, _Function) and f.lineno not in left_out]
        for function in functions:
            if function not in covered and not _is_empty(function):
                raise Flaw(function.lineno, f"{function.name} has no markers; put {OPEN} … {CLOSE} around its body")
        if covered.isdisjoint(functions):
            raise Flaw(node.lineno, f"nothing is left to write in {name}; put markers inside a function's body")


def _is_empty(function: _Function) -> bool:
    """Whether it does nothing: an overload, a protocol's method."""
    return all(
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in function.body
    )


def _keep(lines: Sequence[str], blocks: Iterable[_Block]) -> list[tuple[int, str]]:
    """The lines that stay, each with its number in the solution."""
    kept: list[tuple[int, str]] = []
    position = 0  # index of the first line that is not dealt with
    for block in blocks:
        kept += [(number + 1, lines[number]) for number in range(position, block.first - 1)]
        position = block.last
        if block.function:
            kept.append((block.first, f'{block.indent}raise NotImplementedError("{block.name}")'))
            continue
        before = after = 0  # blank lines, which would run together
        while kept and not kept[-1][1].strip():
            kept.pop()
            before += 1
        while position < len(lines) and not lines[position].strip():
            position += 1
            after += 1
        if kept and not kept[-1][1].endswith(":"):
            kept += [(block.first, "")] * max(before, after)
    return kept + [(number + 1, lines[number]) for number in range(position, len(lines))]
