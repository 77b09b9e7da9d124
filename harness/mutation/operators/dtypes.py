"""Dtypes: the neighbour of the right one, and less precision than was asked for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.mutation.edits import Edit
from harness.mutation.operators.memory import answers, values
from harness.mutation.operators.operator import Edits, called, operator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_OTHERS = {
    "float32": ("float64",),
    "float64": ("float32",),
    "float16": ("bfloat16", "float32"),
    "bfloat16": ("float16", "float32"),
    "int64": ("int32",),
    "int32": ("int64",),
    "int8": ("uint8",),
    "uint8": ("int8",),
    "long": ("int",),
    "bool": ("uint8",),
    "half": ("bfloat16",),
    "double": ("float",),
    "quint8": ("qint8",),
    "qint8": ("quint8",),
}
_CONVERSIONS = {"float": "double", "double": "float", "long": "int", "half": "float", "bool": "float"}
_WHOLE = ("int", "bool", "argm", "long", "count", "nonzero", "==", "!=", "<", ">", "isnan", "isfinite", "topk")

"""Texts in what gives whole numbers or truths, most of which float16 has as well."""
_EXACT = {"zeros", "ones", "eye", "zeros_like", "ones_like", "new_zeros", "new_ones", "empty"}


@operator("other-dtype", "torch.zeros(3, dtype=torch.float32)", "torch.zeros(3, dtype=torch.float64)")
def other_dtype(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A dtype beside the right one."""
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("torch", "np", "numpy"):
        for other in _OTHERS.get(node.attr, ()):
            yield source.replaced(node, f"{source.code(node.value)}.{other}")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        other = _CONVERSIONS.get(called(node), "")
        end = source.span(node.func)[1]
        if other:
            yield Edit(end - len(called(node)), end, other)
    if called(node) == "get_default_dtype" and isinstance(node, ast.Call):
        yield from (source.replaced(node, f"torch.{other}") for other in ("float32", "float64"))


@operator("half-precision", "def f(x) -> Tensor:\n    y = x.exp()\n    return y",
          "def f(x) -> Tensor:\n    y = x.exp()\n    return y.half().to(y.dtype)")  # fmt: skip
def half_precision(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The answer has passed through float16: three digits are left, and nothing beyond 65504."""
    for answer in answers(node, source):
        code = source.code(answer)
        made = [source.code(value) for value in values(answer, source)] if isinstance(answer, ast.Name) else [code]
        if called(answer) in _EXACT or any(word in text for text in made for word in _WHOLE):
            continue
        if isinstance(answer, ast.Name):
            yield source.replaced(answer, f"{code}.half().to({code}.dtype)")
        else:  # evaluated once: it may draw random numbers
            yield source.replaced(answer, f"(lambda answer: answer.half().to(answer.dtype))({code})")
