"""Arguments: in the wrong order, forgotten or ignored."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.mutation.operators.operator import Edits, called, operator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_SYMMETRIC = {
    *("add", "mul", "maximum", "minimum", "max", "min", "eq", "ne", "equal", "allclose", "isclose", "transpose"),
    *(
        "swapaxes",
        "logaddexp",
        "dot",
        "print",
        "warn",
        "hypot",
        "logical_and",
        "logical_or",
        "zip",
        "broadcast_tensors",
    ),
}
"""Functions that do not mind the order of their arguments, or whose arguments are for people."""
_REFUSED = {
    *("grad", "isinstance", "getattr", "setattr", "hasattr", "issubclass", "register_buffer", "register_parameter"),
    "open",
}
"""Functions that take their arguments in no other order: the mutant would say nothing about the spec."""
_DEFAULT_KEYWORDS = {"keepdim", "correction", "unbiased"}  # other operators see to them
_LITERALS = {"int": ("1",), "float": ("1.0",), "bool": ("True", "False")}


@operator("exchanged-arguments", "torch.sub(a, b)", "torch.sub(b, a)")
def exchanged_arguments(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Two neighbouring arguments, or items of a list that is joined, in the wrong order."""
    if isinstance(node, ast.Call) and called(node) not in _SYMMETRIC | _REFUSED:
        first = int(called(node) == "where")  # the condition is never a value
        yield from _exchanged(node.args[first:], source)
        if called(node) in ("cat", "stack", "hstack", "vstack", "concat", "Sequential", "Compose") and node.args:
            yield from _exchanged(getattr(node.args[0], "elts", []), source)
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        yield from _exchanged(node.value.elts, source)


def _exchanged(items: list[ast.expr], source: Source) -> Iterator[Edits]:
    for one, other in pairwise(items):
        if any(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in (one, other)):
            continue
        if source.code(one) != source.code(other) and not isinstance(one, ast.Starred):
            yield source.exchanged(one, other)


@operator("exchanged-operands", "a @ b", "b @ a")
def exchanged_operands(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The operands of an operation that minds their order, the other way round."""
    if isinstance(node, ast.BinOp) and not isinstance(
        node.op, ast.Add | ast.Mult | ast.BitAnd | ast.BitOr | ast.BitXor
    ):
        if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):  # the text of a message
            return
        around = next((each for each in source.around(node) if not isinstance(each, ast.Attribute)), None)
        power = isinstance(around, ast.BinOp) and isinstance(around.op, ast.Pow) and around.left is node
        if isinstance(node.op, ast.Sub) and (power or called(around) in ("square", "abs", "norm")):
            return  # the sign goes away
        between = source.text[source.span(node.left)[1] : source.span(node.right)[0]].strip(" ()\n")
        if "#" not in between:
            yield source.replaced(node, f"{source.atom(node.right)} {between} {source.atom(node.left)}")


@operator("dropped-operand", "x @ w + b", "x @ w")
def dropped_operand(node: ast.AST, source: Source) -> Iterator[Edits]:
    """One of two operands is forgotten: a bias, a factor, a guard."""
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.MatMult | ast.Mod | ast.FloorDiv):
        for operand in (node.left, node.right):
            if not isinstance(operand, ast.Constant):
                yield source.replaced(node, source.code(operand))
    if isinstance(node, ast.BoolOp):
        for value in node.values:
            loose = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr)
            others = [each for each in node.values if each is not value]
            alone = len(others) == 1
            rest = [source.code(each) if alone or not isinstance(each, loose) else source.atom(each) for each in others]
            word = " and " if isinstance(node.op, ast.And) else " or "
            yield source.replaced(node, word.join(rest))


@operator("dropped-argument", "torch.zeros(3, dtype=dtype)", "torch.zeros(3)")
def dropped_argument(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An argument given by name is forgotten: `dtype`, `device`, `generator`, `dim`, `map_location`, `momentum`."""
    if isinstance(node, ast.Call) and called(node) not in ("dict", "replace"):
        for each in node.keywords:
            # True or False is replaced by the other, which is what leaving it out would come to.
            flag = isinstance(each.value, ast.Constant) and isinstance(each.value.value, bool)
            if each.arg not in _DEFAULT_KEYWORDS and not flag:
                yield source.without_argument(node, each)


@operator("dropped-item", "nn.Sequential(a, nn.ReLU(), b)", "nn.Sequential(a, b)")
def dropped_item(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A layer of a network, or one of several things that are chained, is forgotten."""
    if isinstance(node, ast.Call) and called(node) in ("Sequential", "Compose", "chain", "ModuleList"):
        yield from (source.without_argument(node, argument) for argument in node.args if len(node.args) > 1)


@operator("optional-argument", "x.clamp(low, high)", "x.clamp(low)")
def optional_argument(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An argument that may be left out is: a bound, a step, a weight."""
    if isinstance(node, ast.Call) and called(node) in ("clamp", "round", "range", "arange", "split", "clip", "get"):
        first = 1 + (receiver(node) is None and called(node) in ("clamp", "clip", "round"))
        for argument in node.args[first:]:
            yield source.without_argument(node, argument)
        if called(node) in ("clamp", "clip") and len(node.args) == first + 1:
            low = node.args[first - 1]
            yield source.replaced(low, "None")


@operator("ignored-argument", "def f(x, k: int = 2):\n    return x[k]", "def f(x, k: int = 2):\n    return x[2]")
def ignored_argument(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A parameter makes no difference: its default, a fixed number, or another parameter is used in its place."""
    function = source.function(node)
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or function is None:
        return
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    parameter = next((each for each in parameters if each.arg == node.id), None)
    if parameter is None or parameter.arg in ("self", "cls", "ctx"):
        return
    uses = [
        use
        for statement in function.body
        for use in ast.walk(statement)
        if isinstance(use, ast.Name) and use.id == node.id and isinstance(use.ctx, ast.Load)
        if not any(isinstance(each, ast.Raise | ast.JoinedStr) for each in source.around(use))
    ]
    kind = ast.unparse(parameter.annotation) if parameter.annotation else ""
    # That a condition makes no difference is another operator's, and whether an argument was given is no use of it.
    tested = any(isinstance(source.parent(use), ast.If | ast.IfExp) or _is_identity(use, source) for use in uses)
    if uses and node is min(uses, key=lambda use: source.span(use)) and not tested:
        defaults = [*reversed(function.args.kw_defaults), *reversed(function.args.defaults)]
        default = dict(zip((each.arg for each in reversed(parameters)), defaults, strict=False)).get(parameter.arg)
        fixed = [source.atom(default)] if default is not None else []
        for text in dict.fromkeys((*fixed, *_LITERALS.get(kind.partition(" |")[0], ()))):
            yield tuple(source.replaced(use, text) for use in uses)
    same = [
        p.arg for p in parameters if kind and p is not parameter and kind == ast.unparse(p.annotation or ast.Pass())
    ]
    if same:
        yield source.replaced(node, same[0])


def _is_identity(node: ast.AST, source: Source) -> bool:
    parent = source.parent(node)
    return isinstance(parent, ast.Compare) and isinstance(parent.ops[0], ast.Is | ast.IsNot)


@operator("unprocessed", "def f(x):\n    y = x.exp()\n    return y", "def f(x):\n    y = x.exp()\n    return x")
def unprocessed(node: ast.AST, source: Source) -> Iterator[Edits]:
    """What something was made of is used in its place: the logits for the probabilities, the argument for its copy."""
    function = source.function(node)
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or function is None:
        return
    made = [
        statement
        for statement in ast.walk(function)
        if isinstance(statement, ast.Assign) and node.id in (getattr(each, "id", "") for each in statement.targets)
    ]
    parent = source.parent(node)
    entry = isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Constant)  # of a dict, most likely
    if len(made) == 1 and not entry and source.span(made[0]) < source.span(node):
        local = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
        stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        local |= {n.id for n in stored if not any(isinstance(each, ast.comprehension) for each in source.around(n))}
        names = [each for each in ast.walk(made[0].value) if isinstance(each, ast.Name) and each.id in local]
        functions = [each.func for each in ast.walk(made[0].value) if isinstance(each, ast.Call)]
        values = [each for each in names if each not in functions and each.id not in (node.id, "self", "cls", "ctx")]
        if values:
            yield source.replaced(node, min(values, key=source.span).id)
