"""What a mutation operator is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.mutation.edits import Edit, Source

Edits = Edit | tuple[Edit, ...]
Find = Callable[[ast.AST, Source], Iterator[Edits]]


@dataclass(frozen=True, slots=True)
class Operator:
    """A way of going wrong.

    Attributes:
        name: how reports call it.
        about: one sentence: what goes wrong.
        before: an example of what it changes.
        after: what becomes of the example.
        find: gives, for one node of a syntax tree, each change that can be made there.
    """

    name: str
    about: str
    before: str
    after: str
    find: Find


def operator(name: str, before: str, after: str) -> Callable[[Find], Operator]:
    """Makes an operator of a function, whose docstring says what goes wrong."""

    def made(find: Find) -> Operator:
        return Operator(name, find.__doc__ or "", before, after, find)

    return made


def called(node: ast.AST | None) -> str:
    """The last part of the name of the function that a node calls; empty where it calls none by name."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


NAMESPACES = {"torch", "F", "nn", "np", "math", "functional", "linalg", "fft", "special", "init", "transforms"}


def receiver(node: ast.AST) -> ast.expr | None:
    """On what a method is called; None for a plain function and one of a module, such as `torch.sum`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    value = node.func.value
    last = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return None if last in NAMESPACES else value


def keyword(call: ast.Call, *names: str) -> ast.keyword | None:
    """The first keyword argument of one of these names."""
    return next((each for each in call.keywords if each.arg in names), None)


def whole_number(node: ast.AST) -> int | None:
    """The value of an integer literal, which may have a sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = whole_number(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None
