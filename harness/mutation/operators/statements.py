"""Statements: forgotten, or in the wrong order."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.mutation.edits import Edit
from harness.mutation.operators.operator import NAMESPACES, Edits, called, operator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Assert, ast.Delete)
_TRAINING = {"backward", "step", "zero_grad", "clip_grad_norm_", "clip_grad_value_", "unscale_", "update", "grad"}
_REGISTERING = {"save_for_backward", "register_buffer", "register_parameter", "add_module"}
_ERRORS = {"ValueError": "RuntimeError", "TypeError": "ValueError", "RuntimeError": "ValueError"}


def bound(statement: ast.AST) -> set[str]:
    """The names to which a statement gives a value."""
    stored = (ast.Store, ast.Del)
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, stored)}


def used(statement: ast.AST) -> set[str]:
    """The names whose values a statement uses."""
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def known_before(statement: ast.stmt, source: Source) -> set[str]:
    """The names that have a value when a statement is reached, parameters included."""
    function = source.function(statement)
    if function is None:
        return set()
    names = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    around = [statement, *source.around(statement)]
    elsewhere: set[ast.AST] = {*around}
    for outer in around:
        if isinstance(outer, ast.If) and any(each in outer.orelse for each in around):  # only one branch is run
            elsewhere.update(inner for each in outer.body for inner in ast.walk(each))
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and node not in elsewhere and source.span(node) < source.span(statement):
            names |= bound(node)
    return names


@operator("dropped-statement", "optimizer.zero_grad()\nloss.backward()", "loss.backward()")
def dropped_statement(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A statement is forgotten: `zero_grad()`, `step()`, `eval()`, an update, a bookkeeping line."""
    if not isinstance(node, _SIMPLE):
        return
    if isinstance(node, ast.Assign | ast.AnnAssign):
        new = bound(node) - known_before(node, source)
        # Without it the first use of the name would fail, which any test notices.
        if new or (isinstance(node, ast.AnnAssign) and node.value is None):
            return
    yield source.without(node)


@operator("exchanged-statements", "loss.backward()\noptimizer.step()", "optimizer.step()\nloss.backward()")
def exchanged_statements(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Two neighbouring statements in the wrong order."""
    if not isinstance(node, _SIMPLE):
        return
    other = _next(node, source)
    if not isinstance(other, _SIMPLE):
        return
    touch = (bound(node) & (used(other) | bound(other))) or (bound(other) & used(node))
    if not touch and not _affects(node, other) and not _affects(other, node):
        return  # independent of each other: nothing would change
    if (bound(node) & used(other)) - known_before(node, source):
        return  # the second needs what the first makes
    if source.lines(node) and source.lines(other):
        yield source.exchanged(node, other)


def _affects(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether a statement changes what another uses: an attribute or item, or by a call."""
    text = ast.unparse(other)
    if isinstance(one, ast.Assign | ast.AugAssign):
        targets = one.targets if isinstance(one, ast.Assign) else [one.target]
        return any(_mentions(text, target) for target in targets)
    call = one.value if isinstance(one, ast.Expr) else None
    if not isinstance(call, ast.Call) or called(call) in _REGISTERING:
        return False
    if called(call) in _TRAINING:  # these act on each other through what no name says
        return any(called(node) in _TRAINING for node in ast.walk(other))
    on = receiver(call)
    if on is not None:
        return _mentions(text, on)
    return bool(used(call) & used(other) - NAMESPACES)


def _mentions(text: str, node: ast.expr) -> bool:
    """Whether a text holds an expression, and not as a part of a longer name."""
    return re.search(rf"(?<![\w.]){re.escape(ast.unparse(node))}(?!\w)", text) is not None


@operator(
    "late-zero-grad",
    "optimizer.zero_grad()\nloss = f(x)\nloss.backward()",
    "loss = f(x)\nloss.backward()\noptimizer.zero_grad()\n",
)
def late_zero_grad(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Gradients are cleared after they were computed, before anybody has used them."""
    if isinstance(node, ast.Expr) and called(node.value) == "zero_grad":
        block, own = source.block(node), source.lines(node)
        at = next((place for place, each in enumerate(block) if each is node), len(block))
        for later in block[at + 1 :]:
            span = source.lines(later)
            if own and span and isinstance(later, ast.Expr) and called(later.value) == "backward":
                moved = source.text[slice(*own)].rstrip("\n") + "\n"
                text = source.text[slice(*span)].rstrip("\n") + "\n"
                yield Edit(*own, ""), Edit(*span, text + moved)


@operator("other-exception", 'raise ValueError("no")', 'raise RuntimeError("no")')
def other_exception(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An exception of another type is raised."""
    if isinstance(node, ast.Raise) and node.exc is not None:
        kind = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(kind, ast.Name) and kind.id[:1].isupper():
            yield source.replaced(kind, _ERRORS.get(kind.id, "ValueError"))


@operator("no-clean-up", "try:\n    work()\nfinally:\n    tidy()", "if True:\n    work()\nif True:\n    tidy()")
def no_clean_up(node: ast.AST, source: Source) -> Iterator[Edits]:
    """What must happen in any case happens only if nothing goes wrong before."""
    if isinstance(node, ast.Try) and node.finalbody and not node.handlers:
        start, after_body = source.span(node)[0], source.span(node.body[-1])[1]
        last = source.text.find("finally", after_body)
        if 0 <= last < source.span(node.finalbody[0])[0]:
            yield Edit(start, start + len("try"), "if True"), Edit(last, last + len("finally"), "if True")


@operator(
    "swallowed-exception",
    "try:\n    f()\nexcept OSError:\n    raise",
    "try:\n    f()\nexcept OSError:\n    pass",
)
def swallowed_exception(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An exception ends where it was caught, though it should go on to the caller."""
    if isinstance(node, ast.Raise) and any(isinstance(each, ast.ExceptHandler) for each in source.around(node)):
        yield source.replaced(node, "pass")


@operator("exchanged-targets", "self.a = x\nself.b = y", "self.b = x\nself.a = y")
def exchanged_targets(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Two values are given to each other's names."""
    if not isinstance(node, ast.Assign):
        return
    target = node.targets[0]
    if isinstance(target, ast.Tuple):
        for one, other in pairwise(target.elts):
            if not any(isinstance(each, ast.Starred) or source.code(each) == "_" for each in (one, other)):
                yield source.exchanged(one, other)
    after = _next(node, source)
    other_target = after.targets[0] if isinstance(after, ast.Assign) else None
    if isinstance(target, ast.Attribute) and isinstance(other_target, ast.Attribute):
        yield source.exchanged(target, other_target)


def _next(statement: ast.stmt, source: Source) -> ast.stmt | None:
    """The statement after another in the same block."""
    return next((after for one, after in pairwise(source.block(statement)) if one is statement), None)
