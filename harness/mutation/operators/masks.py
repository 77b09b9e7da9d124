"""Conditions and masks: inverted, forgotten or always true."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.operators.operator import Edits, called, operator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_MASKED = {"masked_fill", "masked_fill_", "masked_select", "masked_scatter", "masked_scatter_", "where"}


@operator("inverted-mask", "x.masked_fill(m, 0)", "x.masked_fill(~m, 0)")
def inverted_mask(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A mask says what is kept where it should say what is left out, or the reverse."""
    if isinstance(node, ast.Call):
        masks = [each.value for each in node.keywords if each.arg and each.arg.endswith("mask")]
        if called(node) in _MASKED and node.args:
            masks.append(node.args[0 if receiver(node) is not None or called(node) == "where" else 1])
        for mask in masks:
            if not (isinstance(mask, ast.UnaryOp) and isinstance(mask.op, ast.Invert)):
                yield source.replaced(mask, f"~{source.atom(mask)}")


@operator("no-choice", "torch.where(m, a, b)", "a")
def no_choice(node: ast.AST, source: Source) -> Iterator[Edits]:
    """One of two values is taken everywhere; a mask is not applied."""
    if isinstance(node, ast.Call) and called(node) == "where" and receiver(node) is None and len(node.args) == 3:
        yield from (source.replaced(node, source.code(value)) for value in node.args[1:])
    if isinstance(node, ast.Call) and called(node) == "masked_fill" and receiver(node) is not None:
        yield source.replaced(node, source.code(receiver(node) or node))
    if isinstance(node, ast.IfExp):
        yield from (source.replaced(node, source.code(value)) for value in (node.body, node.orelse))


@operator("constant-condition", "if n > 3:\n    n = 3", "if False:\n    n = 3")
def constant_condition(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A condition makes no difference: a check is missing, a branch is always or never taken."""
    if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Constant):
        yield source.replaced(node.test, "False")
        # A check that always raises is rejected by any spec that has one test.
        if isinstance(node, ast.If) and not isinstance(node.body[0], ast.Raise):
            yield source.replaced(node.test, "True")
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        yield from (source.replaced(test, "True") for clause in node.generators for test in clause.ifs)


@operator("by-truth", "x is None", "not x")
def by_truth(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Truth in place of a comparison with None: what is nought or empty is taken for what is not given."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot):
        right = node.comparators[0]
        if isinstance(right, ast.Constant) and right.value is None:
            negation = "not " if isinstance(node.ops[0], ast.Is) else ""
            yield source.replaced(node, f"{negation}{source.atom(node.left)}")


@operator("elementwise-product", "a @ b", "a * b")
def elementwise_product(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A product element by element in place of the product of matrices."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield source.replaced(node, f"{source.atom(node.left)} * {source.atom(node.right)}")


@operator("other-text", 'f(reduction="mean")', 'f(reduction="sum")')
def other_text(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A word that chooses or is returned is another one."""
    if isinstance(node, ast.JoinedStr):
        yield source.replaced(node, '""')
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        parent = source.parent(node)
        # Patterns are another operator's; a key that is looked up is found or not, which any test notices.
        if called(parent) in ("einsum", "rearrange", "float") or isinstance(parent, ast.Subscript):
            return
        others = {"mean": "sum", "sum": "mean", "min": "max", "max": "min", "cuda": "cpu", "cpu": "cuda"}
        yield source.replaced(node, repr(others.get(node.value, node.value + "_")).replace("'", '"'))
