"""A listed mistake as it would stand in a learner's file: under the exercise's name, and with names of its own inside.

Renamed is what is private to it: helpers, attributes that it sets, keys of a `state` that it fills. What the statement
or the spec mentions keeps its name.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.model import Kata

_OF_TORCH = {
    *dir(torch.nn.Module()),
    *dir(torch.optim.Optimizer),
    *dir(torch.optim.lr_scheduler.LRScheduler),
    *dir(torch.utils.data.DataLoader([0])),
    *dir(torch.autograd.Function),
    *("param_groups", "state", "defaults", "optimizer", "base_lrs", "last_epoch"),
}

Definition = ast.FunctionDef | ast.ClassDef


def disguised(kata: Kata, name: str) -> str:
    """The source of a module that defines the exercise as the mistake does."""
    body = ast.parse(kata.mistakes.read_text(encoding="utf-8")).body
    own = {defined: node for node in body for defined in _defined(node)}
    needed = _needed(own, name)
    kept = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom) or needed & set(_defined(node))]
    tree = ast.Module(body=kept, type_ignores=[])
    exercise = name.partition("__")[0]
    prescribed = _mentioned(kata.stub, kata.spec, kata.probes)
    names = {old: exercise if old == name else f"own_{old.strip('_')}" for old in needed}
    attributes = {old: f"own_{old.strip('_')}" for old in _attributes(tree) - prescribed - _OF_TORCH}
    keys = {key: f"own_{key}" for key in _state_keys(tree) - prescribed}
    tree = _with_parameters(_Renaming(names, attributes, keys).visit(tree), kata, exercise)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _with_parameters(tree: ast.Module, kata: Kata, exercise: str) -> ast.Module:
    """A module in which an exercise with other parameters than the reference's is called by one with those."""
    reference = ast.parse(kata.solution.read_text(encoding="utf-8")).body
    found = [each for each in (*tree.body, *reference) if isinstance(each, ast.FunctionDef) and each.name == exercise]
    if len(found) < 2:
        return tree
    answer, right = found
    more = {each.arg for each in answer.args.kwonlyargs} - {each.arg for each in right.args.kwonlyargs}
    if answer.args.vararg is None and not more:
        return tree
    answer.name = "own_answer"
    parameters = [each.arg for each in (*right.args.posonlyargs, *right.args.args)]
    passed = [*parameters, *(f"{each.arg}={each.arg}" for each in right.args.kwonlyargs)]
    for each in (*right.args.posonlyargs, *right.args.args, *right.args.kwonlyargs):
        each.annotation = None
    text = f"def {exercise}({ast.unparse(right.args)}):\n    return own_answer({', '.join(passed)})\n"
    imports = [each for each in reference if isinstance(each, ast.Import | ast.ImportFrom)]  # for the defaults
    return ast.Module(body=[*imports, *tree.body, *ast.parse(text).body], type_ignores=[])


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, Definition):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [
        inner.id for target in targets for inner in ast.walk(target) if _stored(inner) and isinstance(inner, ast.Name)
    ]


def _stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _needed(own: dict[str, ast.stmt], name: str) -> set[str]:
    """The names of the module that a mistake needs, itself among them."""
    found, left = set[str](), [name]
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += [node.id for node in ast.walk(own[each]) if isinstance(node, ast.Name) and node.id in own]
    return found


@cache
def _mentioned(*paths: Path) -> set[str]:
    """The identifiers that statement, spec and probes use as attributes, as strings, or in code within prose."""
    found = set[str]()
    for path in paths:
        if not path.is_file():
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                if node.value.isidentifier():
                    found.add(node.value)
                found.update(re.findall(r"\w+", " ".join(re.findall(r"`[^`]*`|\"[^\"]*\"", node.value))))
    return found


def _attributes(tree: ast.Module) -> set[str]:
    """What classes set on `self`, and the methods that begin with an underscore."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.update(
                each.name for each in node.body if isinstance(each, ast.FunctionDef) and re.match(r"_[^_]", each.name)
            )
        elif isinstance(node, ast.Attribute) and _stored(node) and ast.unparse(node.value) == "self":
            found.add(node.attr)
    spelt = {part for text in _strings(tree) for part in re.findall(r"\w+", text)}
    return found - spelt


def _strings(tree: ast.Module) -> Iterator[str]:
    documented = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, Definition)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in documented:
            yield node.value


def _state_keys(tree: ast.Module) -> set[str]:
    """The strings in functions that are handed a `state` or a `memory`, if they could be keys in it."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and {"state", "memory"} & {each.arg for each in node.args.args}:
            for inner in ast.walk(node):
                keys: list[ast.expr | None] = []
                if isinstance(inner, ast.Subscript):
                    keys = [inner.slice]
                elif isinstance(inner, ast.Dict):
                    keys = list(inner.keys)
                elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                    keys = list(inner.args[:1]) if inner.func.attr in ("get", "setdefault", "pop") else []
                found.update(key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
    return found


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], attributes: dict[str, str], keys: dict[str, str]) -> None:
        self._names, self._attributes, self._keys = names, attributes, keys

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        self.generic_visit(node)
        node.attr = self._attributes.get(node.attr, node.attr)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str):
            node.value = self._keys.get(node.value, node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = self._attributes.get(node.name, self._names.get(node.name, node.name))
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.name = self._names.get(node.name, node.name)
        return node
