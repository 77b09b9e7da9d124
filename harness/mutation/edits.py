"""One top-level statement of a reference, and changes of its text at the places of its syntax tree."""

from __future__ import annotations

import ast
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Dict, ast.Set, ast.ListComp)
_TIGHT = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Attribute, ast.Starred, ast.Await)
"""Inside these an expression needs parentheses unless it is an atom."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Other text in place of the characters from `start` up to `end`."""

    start: int
    end: int
    text: str


class Source:
    """A piece of Python with its syntax tree. Places are offsets in characters.

    Attributes:
        text: the piece.
        tree: what it says.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = list(io.StringIO(text, newline=""))
        self._offsets = [0]
        for line in self._lines:
            self._offsets.append(self._offsets[-1] + len(line))
        self._parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def offset(self, line: int, column: int) -> int:
        """The place of a line, from 1, and a column in UTF-8 bytes, as `ast` counts them."""
        if line > len(self._lines):
            return len(self.text)
        return self._offsets[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def line_of(self, offset: int) -> int:
        """The line, from 1, of a place."""
        return sum(start <= offset for start in self._offsets[:-1]) or 1

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins, and where it has ended; for a definition from its first decorator on."""
        first = min(
            ((each.lineno, each.col_offset - 1) for each in getattr(node, "decorator_list", [])),
            default=(node.lineno, node.col_offset),  # type: ignore[attr-defined]
        )
        return self.offset(*first), self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def code(self, node: ast.AST) -> str:
        """The text of a node, without parentheses around it."""
        start, end = self.span(node)
        return self.text[start:end]

    def atom(self, node: ast.AST) -> str:
        """The text of an expression as it can stand beside any operator: in parentheses where it needs them."""
        code = self.code(node)
        enclosed = isinstance(node, ast.Tuple | ast.GeneratorExp) and code[0] == "("
        return code if enclosed or isinstance(node, _ATOMS) else f"({code})"

    def parent(self, node: ast.AST) -> ast.AST | None:
        """What a node is a direct part of."""
        return self._parents.get(node)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node is a part of, from the inside out."""
        while (node := self._parents.get(node)) is not None:  # type: ignore[assignment]
            yield node

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function in which a node stands."""
        return next((n for n in self.around(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)), None)

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements among which one stands."""
        parent = self._parents[statement]
        for field in ("body", "orelse", "finalbody"):
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block
        return [statement]

    def replaced(self, node: ast.AST, text: str) -> Edit:
        """Another text for a node, in parentheses if it needs them there."""
        start, end = self.span(node)
        parent = self._parents.get(node)
        beside = isinstance(parent, _TIGHT) or (isinstance(parent, ast.Call) and parent.func is node)
        if not beside and not (isinstance(parent, ast.Subscript) and parent.value is node):
            return Edit(start, end, text)
        enclosed = self.text[start - 1 : start] == "(" and self.text[end : end + 1] == ")"
        if _is_atom(text, beside=parent):
            return Edit(start - enclosed, end + enclosed, text)
        return Edit(start, end, text if enclosed else f"({text})")

    def exchanged(self, a: ast.AST, b: ast.AST) -> tuple[Edit, Edit]:
        """Two nodes that do not overlap, each in the other's place."""
        return self.replaced(a, self.code(b)), self.replaced(b, self.code(a))

    def lines(self, statement: ast.stmt) -> tuple[int, int] | None:
        """The span of the whole lines of a statement, with the comments that end them; None if others share them."""
        start, end = self.span(statement)
        first = self._offsets[self.line_of(start) - 1]
        last = self._offsets[self.line_of(max(start, end - 1))]
        rest = self.text[end:last].strip()
        return (first, last) if not self.text[first:start].strip() and (not rest or rest[0] == "#") else None

    def without(self, statement: ast.stmt) -> Edit:
        """A statement left out: `pass` in its place where a block would be empty otherwise."""
        span = self.lines(statement)
        if span is None or len(self.block(statement)) == 1:
            return self.replaced(statement, "pass")
        return Edit(*span, "")

    def without_argument(self, call: ast.Call, argument: ast.expr | ast.keyword) -> Edit:
        """An argument left out of a call, and a comma with it."""
        places = sorted(self.span(each) for each in (*call.args, *call.keywords))
        own = self.span(argument)
        at = places.index(own)
        if at:
            return Edit(self._after_parentheses(places[at - 1][1]), own[1], "")
        return Edit(own[0], places[1][0] if len(places) > 1 else own[1], "")

    def with_argument(self, call: ast.Call, text: str) -> Edit:
        """One more argument at the end of a call."""
        end = self.span(call)[1] - 1
        before = self.text[:end].rstrip()
        separator = "" if before[-1] in "(" else " " if before[-1] == "," else ", "
        return Edit(len(before), len(before), separator + text)

    def changed(self, edits: Iterable[Edit]) -> str:
        """The text after some edits, no two of which overlap."""
        text = self.text
        for edit in sorted(edits, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text

    def _after_parentheses(self, offset: int) -> int:
        """The place of the comma that ends an argument; its own parentheses are no part of its node."""
        comma = self.text.find(",", offset)
        return comma if comma >= 0 and not self.text[offset:comma].strip(") \n\t") else offset


def _is_atom(text: str, beside: ast.AST | None) -> bool:
    """Whether an expression needs no parentheses inside another. What is no expression needs none either."""
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return True
    if isinstance(beside, ast.BoolOp | ast.IfExp):
        return not isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda | ast.NamedExpr)
    return isinstance(node, _ATOMS) or (text.startswith("(") and isinstance(node, ast.Tuple | ast.GeneratorExp))
