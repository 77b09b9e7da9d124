"""Loops: one time too few, and what belongs inside or after them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.edits import Edit
from harness.mutation.operators.operator import Edits, called, operator
from harness.mutation.operators.statements import bound, used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source


@operator("one-time-fewer", "for x in xs:\n    f(x)", "for x in list(xs)[:-1]:\n    f(x)")
def one_time_fewer(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A loop leaves out its last time, or its first."""
    loops: list[ast.expr] = []
    if isinstance(node, ast.For):
        loops = [node.iter]
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
        loops = [clause.iter for clause in node.generators]
    for each in loops:
        for part in ("[:-1]", "[1:]"):
            if called(each) == "range" and (part == "[:-1]" or (isinstance(node, ast.For) and not _counted(node))):
                continue  # another operator shortens ranges
            yield source.replaced(each, f"list({source.code(each)}){part}")


def _counted(loop: ast.For) -> bool:
    """Whether it matters which time round a loop is."""
    return any(bound(loop.target) & used(statement) for statement in loop.body)


@operator("after-the-loop", "for b in batches:\n    step(b)\n    tick()", "for b in batches:\n    step(b)\ntick()")
def after_the_loop(node: ast.AST, source: Source) -> Iterator[Edits]:
    """What each time round should do at its end is done once, after the loop: a scheduler's step, a `zero_grad()`."""
    if isinstance(node, ast.For | ast.While) and len(node.body) > 1 and not node.orelse:
        last = node.body[-1]
        span, own = source.lines(last), source.lines(node)
        if span and own and not isinstance(last, ast.Return | ast.Break | ast.Continue | ast.Raise):
            yield Edit(*span, _indented(source.text[slice(*span)], last.col_offset, node.col_offset))


@operator("before-the-loop", "for b in batches:\n    clear()\n    step(b)", "clear()\nfor b in batches:\n    step(b)")
def before_the_loop(node: ast.AST, source: Source) -> Iterator[Edits]:
    """What each time round should begin with is done once, before the loop: a `zero_grad()`, a new list."""
    if isinstance(node, ast.For | ast.While) and len(node.body) > 1:
        first = node.body[0]
        span, own = source.lines(first), source.lines(node)
        needs = used(first) & (bound(node.target) if isinstance(node, ast.For) else set())
        if span and own and not needs and isinstance(first, ast.Expr | ast.Assign | ast.AugAssign):
            moved = _indented(source.text[slice(*span)], first.col_offset, node.col_offset)
            yield Edit(own[0], own[0], moved), Edit(*span, "")


@operator("in-the-loop", "for b in batches:\n    step(b)\ntick()", "for b in batches:\n    step(b)\n    tick()")
def in_the_loop(node: ast.AST, source: Source) -> Iterator[Edits]:
    """What should be done once, after a loop, is done each time round; a `return` ends the loop the first time."""
    if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While):
        block = source.block(node)
        at = next((place for place, each in enumerate(block) if each is node), 0)
        loop = block[at - 1] if at else None
        if isinstance(loop, ast.For | ast.While) and not loop.orelse:
            span = source.lines(node)
            if span:
                yield Edit(*span, _indented(source.text[slice(*span)], node.col_offset, loop.body[0].col_offset))


def _indented(text: str, before: int, after: int) -> str:
    """Lines with another indentation."""
    lines = text.splitlines(keepends=True)
    return "".join(" " * after + line[before:] if not line[:before].strip() else line for line in lines)
