"""Which parts of a reference may be changed: what a learner writes, and what does something when it runs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.catalogue.source.markers import CLOSE, OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_TYPE_MAKERS = {"TypeVar", "ParamSpec", "TypeVarTuple", "NewType", "NamedTuple", "cast"}


def given_lines(text: str) -> frozenset[int]:
    """The lines of a reference that its stub shows, from 1; none where it has no markers at all."""
    inside = False
    given: set[int] = set()
    marked = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() in (OPEN, CLOSE):
            inside, marked = line.strip() == OPEN, True
        elif not inside:
            given.add(number)
    return frozenset(given) if marked else frozenset()


def changeable(source: Source, given: frozenset[int]) -> list[ast.AST]:
    """All nodes of a statement that may be changed, in the order of the text.

    Docstrings, annotations, imports, code for type checkers and what raised exceptions are told are no part of it.

    Args:
        source: the statement.
        given: its lines, from 1, that a learner is given.
    """
    nodes = [
        node
        for statement in source.tree.body
        for node in _walk(statement)
        if getattr(node, "lineno", None) is not None and node.lineno not in given  # type: ignore[attr-defined]
    ]
    return sorted(nodes, key=lambda node: source.span(node)[0])


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node) or _is_for_types(node):
        return
    yield node
    if isinstance(node, ast.JoinedStr):  # before Python 3.12, no place is known inside
        return
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params", "type_comment"):
            continue
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Assert) and field == "msg"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_for_types(node: ast.AST) -> bool:
    """Whether a node matters to type checkers only."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return any(ast.unparse(each).rpartition(".")[2] == "overload" for each in node.decorator_list)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).rpartition(".")[2] in _TYPE_MAKERS
    return type(node).__name__ == "TypeAlias"
