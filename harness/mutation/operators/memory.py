"""Who shares memory with whom, and what is changed in place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.edits import Edit
from harness.mutation.operators.operator import Edits, called, operator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_VIEWS = {
    *("expand", "expand_as", "view", "view_as", "reshape", "transpose", "permute", "t", "swapaxes", "movedim"),
    *("squeeze", "unsqueeze", "flatten", "unflatten", "diagonal", "unfold", "narrow", "select", "unbind", "split"),
    *("chunk", "detach", "detach_", "requires_grad_", "from_numpy", "as_tensor", "as_strided", "contiguous", "to"),
    *("numpy", "broadcast_to", "ravel", "real", "from_dlpack", "asarray"),
}
"""Functions whose results may share memory with what they are given."""
_VIEW_ATTRIBUTES = {"T", "mT", "H", "mH", "grad", "data", "real", "imag", "weight", "bias"}

_IN_PLACE = {
    *("add", "sub", "mul", "div", "clamp", "abs", "sqrt", "rsqrt", "exp", "log", "round", "floor", "neg", "sigmoid"),
    *("tanh", "relu", "square", "pow", "masked_fill", "scatter", "scatter_add", "index_add", "index_fill"),
    *("index_copy", "lerp", "addcmul", "addcdiv", "copysign", "nan_to_num", "tril", "triu", "logical_not", "detach"),
    *("transpose", "unsqueeze", "squeeze", "index_put", "fill_diagonal", "cumsum", "erf", "ceil", "trunc", "frac"),
}


def may_alias(node: ast.AST | None, source: Source, depth: int = 4) -> bool:
    """Whether an expression may share memory with an argument or with something that outlives the call."""
    if node is None or not depth:
        return False
    if isinstance(node, ast.IfExp):
        return may_alias(node.body, source, depth) or may_alias(node.orelse, source, depth)
    if isinstance(node, ast.Subscript):
        return may_alias(node.value, source, depth)
    if isinstance(node, ast.Attribute):
        own = isinstance(node.value, ast.Name) and node.value.id == "self"
        return own or (node.attr in _VIEW_ATTRIBUTES and may_alias(node.value, source, depth))
    if isinstance(node, ast.Call):
        on = receiver(node) or next(iter(node.args), None)
        return called(node) in _VIEWS and may_alias(on, source, depth)
    if isinstance(node, ast.Name):
        return any(may_alias(value, source, depth - 1) for value in values(node, source))
    return isinstance(node, ast.arg)


def values(name: ast.Name, source: Source) -> Iterator[ast.AST]:
    """What a local name may stand for: a parameter, or what is assigned to it."""
    function = source.function(name)
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.arg) and node.arg == name.id and node.arg not in ("self", "cls"):
            yield node
        if isinstance(node, ast.Assign) and any(getattr(each, "id", "") == name.id for each in node.targets):
            yield node.value


def answers(node: ast.AST, source: Source) -> Iterator[ast.expr]:
    """The tensors in what a statement returns, where its function says that it returns tensors."""
    function = source.function(node)
    if not isinstance(node, ast.Return) or node.value is None or function is None or function.returns is None:
        return
    if "Tensor" not in ast.unparse(function.returns):
        return
    kinds = function.returns.slice if isinstance(function.returns, ast.Subscript) else None
    if isinstance(node.value, ast.Tuple):
        several = kinds.elts if isinstance(kinds, ast.Tuple) else []
        for at, item in enumerate(node.value.elts):
            if at >= len(several) or ast.unparse(several[at]).endswith("Tensor"):
                yield item
    elif isinstance(node.value, ast.Dict | ast.List):
        yield from node.value.values if isinstance(node.value, ast.Dict) else node.value.elts
    elif kinds is None:
        yield node.value


@operator("copied-answer", "def f(x) -> Tensor:\n    return x.T", "def f(x) -> Tensor:\n    return x.T.clone()")
def copied_answer(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The answer is a copy where it might share memory with what it was made of."""
    for answer in answers(node, source):
        if may_alias(answer, source):
            yield source.replaced(answer, f"{source.atom(answer)}.clone()")


@operator("detached-answer", "def f(x) -> Tensor:\n    return x", "def f(x) -> Tensor:\n    return x.detach()")
def detached_answer(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The answer is not the argument itself, or has lost its history where something is to be learned through it."""
    for answer in answers(node, source):
        itself = isinstance(answer, ast.Name) and may_alias(answer, source)
        if (itself or _is_learned_through(node, source)) and called(answer) not in ("detach", "grad"):
            yield source.replaced(answer, f"{source.atom(answer)}.detach()")


def _is_learned_through(node: ast.AST, source: Source) -> bool:
    """Whether gradients have to flow through what a function returns: it is a module's, or a loss, or says so.

    Elsewhere most texts are silent about gradients, and a spec has nothing to go by.
    """
    classes = [each for each in source.around(node) if isinstance(each, ast.ClassDef)]
    if any(ast.unparse(base).endswith(("Module", "Function")) for each in classes for base in each.bases):
        return True
    function = source.function(node)
    said = (ast.get_docstring(function) or "").casefold() if function else ""
    return function is not None and ("loss" in function.name or "differentia" in said or "backpropagat" in said)


@operator("in-place", "def f(x):\n    return x.clamp(0, 1)", "def f(x):\n    return x.clamp_(0, 1)")
def in_place(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An argument is changed in place where a new tensor should be made."""
    on = receiver(node)
    if isinstance(node, ast.Call) and called(node) in _IN_PLACE and on is not None and may_alias(on, source):
        end = source.span(node.func)[1]
        yield Edit(end, end, "_")


@operator("out-of-place", "x.mul_(2)", "x.mul(2)")
def out_of_place(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A new tensor is made where one should be changed in place."""
    name = called(node)
    if (
        isinstance(node, ast.Call)
        and name.endswith("_")
        and receiver(node) is not None
        and name.strip("_") in _IN_PLACE
    ):
        end = source.span(node.func)[1]
        yield Edit(end - 1, end, "")


@operator("assigned-anew", "def f(x):\n    x += 1", "def f(x):\n    x = x + 1")
def assigned_anew(node: ast.AST, source: Source) -> Iterator[Edits]:
    """`x = x + y` in place of `x += y`: the tensor that others see stays as it was."""
    if isinstance(node, ast.AugAssign) and may_alias(node.target, source):
        target, value = source.code(node.target), source.atom(node.value)
        between = source.text[source.span(node.target)[1] : source.span(node.value)[0]]
        yield source.replaced(node, f"{target} = {target} {between.strip(' (').removesuffix('=')} {value}")


@operator("changed-in-place", "def f(x):\n    x = x + 1", "def f(x):\n    x += 1")
def changed_in_place(node: ast.AST, source: Source) -> Iterator[Edits]:
    """`x += y` in place of `x = x + y`: others see the change."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.value, ast.BinOp):
        return
    target, value = node.targets[0], node.value
    if ast.unparse(target) == ast.unparse(value.left) and may_alias(target, source):
        sign = source.text[source.span(value.left)[1] : source.span(value.right)[0]].strip(" ()\n")
        yield source.replaced(node, f"{source.code(target)} {sign}= {source.code(value.right)}")


@operator("written-into", "def f(x):\n    x = x * 2", "def f(x):\n    x[...] = x * 2")
def written_into(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An argument is written into where its name should be given to a new tensor."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0]
        if any(isinstance(value, ast.arg) for value in values(name, source)):
            yield source.replaced(name, f"{name.id}[...]")
