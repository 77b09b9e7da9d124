"""Single definitions out of a file of Python: to show a reference, and to put one stub back."""

from __future__ import annotations

import ast
import io
from typing import TYPE_CHECKING

from harness.catalogue.source.markers import CLOSE, OPEN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def extract(text: str, name: str, *, without: Collection[str] = ()) -> str:
    """The source of a definition, after that of the module's own helpers that it uses; markers are left out.

    Args:
        text: a module.
        name: of a function or class in it.
        without: names of definitions that are not helpers.

    Raises:
        KeyError: the module does not define it.
        SyntaxError: the module is not valid Python.
    """
    tree, lines = ast.parse(text), _lines(text)
    if not _definitions(tree, name):
        raise KeyError(name)
    wanted, to_see = {name}, [name]
    while to_see:
        for definition in _definitions(tree, to_see.pop()):
            used = {node.id for node in ast.walk(definition) if isinstance(node, ast.Name)} - wanted - {*without}
            found = [each for each in sorted(used) if _definitions(tree, each)]
            wanted.update(found)
            to_see += found
    nodes = [node for node in tree.body if _names(node) & wanted]
    kept = [
        "".join(line for line in lines[first:last] if line.strip() not in (OPEN, CLOSE))
        for first, last in _spans(nodes)
    ]
    return "\n\n".join(part.rstrip() + "\n" for part in kept)


def replace(text: str, name: str, stub: str) -> str:
    """The text with the definitions of a name replaced by the one in `stub`, and everything else as it was.

    Raises:
        KeyError: the stub does not define it.
        SyntaxError: one of the two is not valid Python.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    stub_nodes = _definitions(ast.parse(stub), name)
    if not stub_nodes:
        raise KeyError(name)
    first, last = next(iter(_spans(stub_nodes)))
    new = "".join(_lines(stub)[first:last]).rstrip("\n").replace("\n", newline) + newline
    lines = _lines(text)
    spans = list(_spans(_definitions(ast.parse(text), name)))
    if not spans:
        before = text.rstrip()
        return before + (newline * 3 if before else "") + new
    for first, last in reversed(spans[1:]):
        del lines[first:last]
    first, last = spans[0]
    lines[first:last] = [new]
    return "".join(lines)


def _lines(text: str) -> list[str]:
    """The lines as Python counts them, each with its end."""
    return list(io.StringIO(text, newline=""))


def _names(node: ast.stmt) -> set[str]:
    """What a statement at module level defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}


def _definitions(tree: ast.Module, name: str) -> list[ast.stmt]:
    return [node for node in tree.body if name in _names(node)]


def _spans(nodes: Iterable[ast.stmt]) -> Iterable[tuple[int, int]]:
    """Each statement's lines, decorators included: the first, and the one after the last."""
    for node in nodes:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        yield first - 1, node.end_lineno or node.lineno
