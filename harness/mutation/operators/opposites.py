"""The function beside the right one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.edits import Edit
from harness.mutation.operators.memory import may_alias
from harness.mutation.operators.operator import Edits, called, keyword, operator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_BOTH_WAYS = """
    mean sum, max min, amax amin, argmax argmin, any all, var std, maximum minimum, cumsum cumprod, floor ceil,
    isnan isinf, tril triu, zeros ones, zeros_like ones_like, new_zeros new_ones, rand randn, sin cos, matmul mul,
    softmax log_softmax, sigmoid tanh, relu tanh, logical_and logical_or, exp expm1, log log1p, cat stack,
    hstack vstack, repeat tile, repeat_interleave tile, add sub, add_ sub_, mul div, mul_ div_, gt lt, ge le, eq ne,
    gt ge, lt le, train eval, no_grad enable_grad, no_grad inference_mode, tensor as_tensor, detach clone,
    uniform_ normal_, zeros_ ones_, xavier_uniform_ xavier_normal_, kaiming_uniform_ kaiming_normal_,
    parameters buffers, named_parameters named_buffers, max_pool2d avg_pool2d, MaxPool2d AvgPool2d, ReLU Tanh,
    BatchNorm1d LayerNorm, Adam AdamW, all_reduce reduce, match search, lower upper, keys values,
    startswith endswith, union intersection
"""
_ONE_WAY = """
    amax argmax, amin argmin, round floor, round trunc, sqrt rsqrt, square abs, logsumexp sum, logaddexp maximum,
    median mean, nanmean mean, expand repeat, reshape view, from_numpy tensor, eye ones, empty zeros,
    linspace logspace, randperm arange, permutation arange, clip_grad_norm_ clip_grad_value_, deepcopy copy,
    extend append, appendleft append
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(one, other) for one, other in (pair.split() for pair in text.split(","))]


_OTHERS: dict[str, list[str]] = {}
for _one, _other in (*_pairs(_BOTH_WAYS), *((b, a) for a, b in _pairs(_BOTH_WAYS)), *_pairs(_ONE_WAY)):
    _OTHERS.setdefault(_one, []).append(_other)

_ATTRIBUTES = {"min": "max", "max": "min", "eps": "tiny", "real": "imag"}


@operator("other-function", "x.mean(0)", "x.sum(0)")
def other_function(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Its opposite or neighbour is called in place of a function: `sum` for `mean`, `min` for `max`."""
    if isinstance(node, ast.Call):
        name = called(node)
        end = source.span(node.func)[1]
        for other in _OTHERS.get(name, ()):
            copying = {name, other} <= {"tensor", "as_tensor", "from_numpy"}
            if copying and not any(may_alias(each, source) for each in node.args):
                continue  # what is new anyway need not be copied
            yield Edit(end - len(name), end, other)


@operator("other-attribute", "torch.finfo(dtype).max", "torch.finfo(dtype).min")
def other_attribute(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The other end of a range."""
    if isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
        parent = source.parent(node)
        if not (isinstance(parent, ast.Call) and parent.func is node):
            end = source.span(node)[1]
            yield Edit(end - len(node.attr), end, _ATTRIBUTES[node.attr])


@operator("biased", "x.var(dim=0)", "x.var(dim=0, correction=0)")
def biased(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Variance or standard deviation with the other divisor, n for n - 1 or the reverse."""
    if not isinstance(node, ast.Call) or called(node) not in ("var", "std", "var_mean", "std_mean", "cov"):
        return
    said = keyword(node, "correction", "unbiased", "ddof")
    if said is None:
        yield source.with_argument(node, "correction=0")
    elif isinstance(said.value, ast.Constant) and isinstance(said.value.value, int):
        other = not said.value.value if said.arg == "unbiased" else 1 - said.value.value
        yield source.replaced(said.value, str(other))


_DROPPED = {
    *("clone", "detach", "contiguous", "copy", "item", "requires_grad_", "eval", "train", "cpu", "numpy", "tolist"),
    *("transpose", "permute", "flip", "t", "swapaxes", "movedim", "roll", "squeeze", "unsqueeze", "flatten"),
    *("round", "floor", "ceil", "trunc", "abs", "neg", "sqrt", "rsqrt", "square", "pow", "exp", "log", "log1p"),
    *("clamp", "clamp_min", "clamp_max", "softmax", "log_softmax", "sigmoid", "tanh", "relu", "masked_fill"),
    *("to", "float", "double", "long", "int", "bool", "half", "type_as", "expand", "expand_as", "reversed"),
    *("mean", "sum", "reshape", "view", "strip", "lower", "sorted", "deepcopy", "list", "tuple", "dict", "set"),
    *("retain_grad", "normalize", "dropout", "Parameter", "ModuleList", "ParameterList", "ModuleDict", "nan_to_num"),
    *("manual_seed", "str", "min", "max", "from_numpy", "checkpoint", "fsync", "no_sync"),
}


@operator("dropped-call", "x.detach().clone()", "x.clone()")
def dropped_call(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A step is left out: `detach`, `clone`, a transposition, a conversion, a rounding, `eval()`, `nn.Parameter`."""
    if not isinstance(node, ast.Call) or called(node) not in _DROPPED:
        return
    if isinstance(source.parent(node), ast.Expr):  # nothing would be left of the statement but a name
        return
    on = receiver(node)
    if on is not None:
        parent = source.parent(node)
        if not (isinstance(parent, ast.Assign) and ast.unparse(parent.targets[0]) == ast.unparse(on)):  # x = x
            yield source.replaced(node, source.code(on))
    elif len(node.args) and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp | ast.Constant):
        if called(node) not in ("min", "max") or len(node.args) == 1:
            yield source.replaced(node, source.code(node.args[0]))
        else:  # a guard, such as max(x, 1)
            yield from (source.replaced(node, source.code(argument)) for argument in node.args)
