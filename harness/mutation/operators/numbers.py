"""Constants, bounds and small numbers that keep a division finite."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.operators.dimensions import is_dimension
from harness.mutation.operators.operator import Edits, called, operator, receiver, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source


def _is_small(node: ast.AST) -> bool:
    """Whether an expression is an epsilon, by its size or its name."""
    if isinstance(node, ast.Constant):
        return type(node.value) is float and 0 < node.value < 1e-2
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name.lower().rstrip("_") in ("eps", "epsilon", "tiny")


@operator("scaled-constant", "0.5 * x", "1.0 * x")
def scaled_constant(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A constant is off by a factor, has the other sign, or is nought."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float) or isinstance(node.value, bool):
        return
    parent = source.parent(node)
    if isinstance(parent, ast.FormattedValue | ast.JoinedStr):
        return
    if (isinstance(parent, ast.keyword) and parent.arg == "correction") or is_dimension(node, source):
        return
    if _is_small(node):
        yield from (source.replaced(node, text) for text in (repr(node.value * 10), "0.0"))
    elif isinstance(node.value, float) and node.value:
        yield from (source.replaced(node, text) for text in (repr(node.value * 2), f"-{source.code(node)}", "0.0"))
    elif (
        isinstance(node.value, int)
        and node.value > 1
        and not isinstance(parent, ast.Slice | ast.Subscript | ast.Tuple | ast.List)
    ):
        yield source.replaced(node, str(node.value * 2))  # its neighbours are another operator's


@operator("other-infinity", 'x.masked_fill(m, float("-inf"))', 'x.masked_fill(m, float("inf"))')
def other_infinity(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The infinity of the other sign, or a large number in place of an infinity."""
    if called(node) == "float" and isinstance(node, ast.Call) and node.args:
        text = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else None
        if text in ("inf", "-inf"):
            yield source.replaced(node.args[0], '"-inf"' if text == "inf" else '"inf"')
            yield source.replaced(node, "1e9" if text == "inf" else "-1e9")
    if isinstance(node, ast.Attribute) and node.attr == "inf":
        negative = source.parent(node)
        if isinstance(negative, ast.UnaryOp) and isinstance(negative.op, ast.USub):
            yield source.replaced(negative, source.code(node))
            yield source.replaced(negative, "-1e9")
        else:
            yield source.replaced(node, f"-{source.code(node)}")
            yield source.replaced(node, "1e9")


@operator("moved-epsilon", "(v + eps).sqrt()", "v.sqrt() + eps")
def moved_epsilon(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An epsilon is added outside a root, logarithm or quotient rather than inside, or the reverse."""
    if isinstance(node, ast.Call) and called(node) in ("sqrt", "rsqrt", "log"):
        on = receiver(node) or (node.args[0] if len(node.args) == 1 else None)
        if isinstance(on, ast.BinOp) and isinstance(on.op, ast.Add) and _is_small(on.right):
            inner = source.atom(on.left) if receiver(node) is not None else source.code(on.left)
            if receiver(node) is not None:
                yield source.replaced(node, f"{inner}.{called(node)}() + {source.code(on.right)}")
            else:
                yield source.replaced(node, f"{source.code(node.func)}({inner}) + {source.code(on.right)}")
    if not isinstance(node, ast.BinOp):
        return
    right = node.right
    if isinstance(node.op, ast.Add) and _is_small(right):
        on = receiver(node.left)
        if called(node.left) in ("sqrt", "std", "norm"):
            root = on if called(node.left) == "sqrt" and on is not None else None
            if root is not None:
                yield source.replaced(node, f"({source.atom(root)} + {source.code(right)}).sqrt()")
            else:
                yield source.replaced(node, f"({source.code(node.left)}.square() + {source.code(right)}).sqrt()")
    if isinstance(node.op, ast.Div) and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Add):
        over = f"{source.atom(node.left)} / {source.atom(right.left)}"
        if _is_small(right.right):
            yield source.replaced(node, f"{over} + {source.code(right.right)}")


@operator("exchanged-bounds", "x.clamp(min=a, max=b)", "x.clamp(min=b, max=a)")
def exchanged_bounds(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Two bounds given by name, the one for the other."""
    if isinstance(node, ast.Call):
        for one, other in zip(node.keywords, node.keywords[1:], strict=False):
            if (one.arg, other.arg) in (("min", "max"), ("low", "high"), ("start", "end"), ("a", "b")):
                yield source.exchanged(one.value, other.value)


@operator("off-by-one", "x[: n]", "x[: n - 1]")
def off_by_one(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A slice or a range is one too short or too long."""
    bounds: list[ast.expr] = []
    if isinstance(node, ast.Slice):
        bounds = [each for each in (node.lower, node.upper) if each is not None]
    elif isinstance(node, ast.Call) and called(node) in ("range", "narrow", "arange", "islice"):
        bounds = [each for each in node.args[-2:] if not isinstance(each, ast.Attribute | ast.Starred)]
    for bound in bounds:
        if whole_number(bound) is None:  # cosmic-ray changes those that are numbers
            yield from (source.replaced(bound, f"{source.atom(bound)} {change} 1") for change in "-+")
        elif isinstance(node, ast.Slice) and isinstance(bound, ast.UnaryOp):
            yield source.replaced(bound, str((whole_number(bound) or 0) + 1 or None))


@operator("open-slice", "x[1:]", "x[:]")
def open_slice(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A slice without one of its bounds, or without its step."""
    if isinstance(node, ast.Slice):
        for left_out in (node.lower, node.upper, node.step):
            if left_out is not None:
                yield source.replaced(left_out, "")
    if isinstance(node, ast.Slice) and node.step is not None and whole_number(node.step) not in (None, -1):
        yield source.replaced(node.step, f"-({source.code(node.step)})")


@operator("other-end", "hidden[-1]", "hidden[0]")
def other_end(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The first item in place of the last, or the last in place of the first."""
    if isinstance(node, ast.Subscript):
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for item in items:
            if whole_number(item) in (0, -1):
                yield source.replaced(item, "-1" if whole_number(item) == 0 else "0")
