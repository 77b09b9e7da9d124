"""What a spec says about itself, read without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.catalogue.files import read_text

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecTest:
    """A test function of a spec.

    Attributes:
        name: the function's.
        exercises: all that its markers name; the contract asks for exactly one.
        sentence: the first paragraph of its docstring, on one line.
    """

    name: str
    exercises: tuple[str, ...]
    sentence: str


def tests_of(spec: Path) -> tuple[SpecTest, ...]:
    """The test functions of a spec, in order."""
    tree = ast.parse(read_text(spec), filename=spec.name)
    return tuple(
        SpecTest(name=node.name, exercises=_exercises(node), sentence=first_paragraph(ast.get_docstring(node)))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def exercise_of_test(spec: Path, name: str) -> str | None:
    """The exercise that the test of that name judges, if there is such a test and it names one."""
    for test in tests_of(spec):
        if test.name == name and len(test.exercises) == 1:
            return test.exercises[0]
    return None


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a text, on one line."""
    return " ".join((text or "").strip().split("\n\n")[0].split())


def _exercises(node: ast.FunctionDef) -> tuple[str, ...]:
    return tuple(
        argument.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.exercise"
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )
