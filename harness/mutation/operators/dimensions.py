"""Which dimension: reduced, joined, moved or kept."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.operators.operator import Edits, called, keyword, operator, receiver, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_KEYWORDS = ("dim", "dims", "axis", "axes", "dim0", "dim1", "start_dim", "end_dim", "batch_dim", "normalized_dim")

_REDUCTIONS = {
    *("sum", "mean", "prod", "amax", "amin", "max", "min", "argmax", "argmin", "any", "all", "var", "std", "norm"),
    *("logsumexp", "median", "nanmean", "nansum", "count_nonzero", "squeeze", "flip", "sort", "argsort"),
}
_FIRST_ARGUMENT = _REDUCTIONS | {
    *("softmax", "log_softmax", "cumsum", "cumprod", "unsqueeze", "flatten", "unbind", "select", "narrow", "size"),
    *("index_select", "gather", "scatter", "scatter_", "scatter_add", "scatter_add_", "index_add_", "index_copy_"),
    *("movedim", "transpose", "swapaxes", "unfold", "tensor_split"),
}
"""Functions whose first argument, after the tensor, is a dimension."""
_SECOND_ARGUMENT = {"cat", "concat", "stack", "chunk", "split", "topk", "roll", "take_along_dim", "repeat_interleave"}
"""Functions with something else, such as a size, between the tensor and the dimension, or none but a list before it."""


def _place(call: ast.Call) -> int | None:
    """Which positional argument of a call is a dimension."""
    name, shift = called(call), receiver(call) is None
    if name in ("cat", "concat", "stack"):
        return 1
    if name in _FIRST_ARGUMENT:
        return int(shift)
    return int(shift) + 1 if name in _SECOND_ARGUMENT else None


def dimensions(node: ast.AST | None) -> Iterator[ast.expr]:
    """The parts of a call, or of a subscript of a shape, that say a dimension."""
    if isinstance(node, ast.Call):
        yield from (each.value for each in node.keywords if each.arg in _KEYWORDS)
        place = _place(node)
        if place is not None and len(node.args) > place:
            yield node.args[place]
        if called(node) in ("transpose", "swapaxes", "movedim") and place is not None and len(node.args) > place + 1:
            yield node.args[place + 1]
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
        yield node.slice


def is_dimension(node: ast.AST, source: Source) -> bool:
    """Whether a number says a dimension, alone or in a tuple."""
    chain = [node, *source.around(node)][:6]
    return any(inner is each for outer in chain for inner in dimensions(outer) for each in chain)


@operator("other-dim", "x.sum(dim=1)", "x.sum(dim=0)")
def other_dim(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Another dimension than the right one, from the front or from the back."""
    for dimension in dimensions(node):
        number = whole_number(dimension)
        if number is not None:
            # What -1 means in a matrix is what 1 means, so both neighbours are tried, and the other end.
            others = {0: (1, -1), 1: (0, -1), -1: (-2, 0)}.get(number, (number - 1, number + 1))
            yield from (source.replaced(dimension, str(other)) for other in others)
        elif isinstance(dimension, ast.Tuple | ast.List) and len(dimension.elts) > 1:
            yield from (source.replaced(dimension, source.code(element)) for element in dimension.elts)


@operator("no-dim", "x.sum(0)", "x.sum()")
def no_dim(node: ast.AST, source: Source) -> Iterator[Edits]:
    """All dimensions are reduced, not the one that was asked for."""
    if isinstance(node, ast.Call) and called(node) in _REDUCTIONS:
        place = _place(node)
        if place is not None and len(node.args) > place:
            yield source.without_argument(node, node.args[place])


@operator("keepdim", "x.amax(dim=1, keepdim=True)", "x.amax(dim=1, keepdim=False)")
def keepdim(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A reduced dimension goes away though it should stay, or stays."""
    if not isinstance(node, ast.Call) or called(node) not in _REDUCTIONS - {"squeeze", "flip", "sort", "argsort"}:
        return
    kept = keyword(node, "keepdim", "keepdims")
    if kept is None and keyword(node, "dim", "axis"):
        yield source.with_argument(node, "keepdim=True")
    elif isinstance(kept, ast.keyword) and isinstance(kept.value, ast.Constant) and kept.value.value is True:
        yield source.replaced(kept.value, "False")


@operator("dropped-attribute", "a @ b.mT", "a @ b")
def dropped_attribute(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A transposition is missing, or a loader is taken for its data set."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT", "H", "mH", "dataset", "module"):
        yield source.replaced(node, source.code(node.value))


@operator("einsum-output", 'torch.einsum("ij,jk->ik", a, b)', 'torch.einsum("ij,jk->ki", a, b)')
def einsum_output(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The dimensions of a result of `einsum` stand in another order, or an operand's do."""
    if not isinstance(node, ast.Call) or called(node) not in ("einsum", "rearrange") or not node.args:
        return
    pattern = node.args[0]
    if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str):
        code = source.code(pattern)
        for at in range(len(code) - 1):
            one, other = code[at], code[at + 1]
            if one.isalpha() and other.isalpha():
                yield source.replaced(pattern, code[:at] + other + one + code[at + 2 :])
