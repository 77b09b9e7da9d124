"""All mutants of a reference solution."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.catalogue.files import read_text
from harness.catalogue.source.fingerprints import users
from harness.mutation.edits import Edit, Source
from harness.mutation.mutable_nodes import changeable, given_lines
from harness.mutation.operators import OPERATORS, cosmic_ray
from harness.mutation.subject import Mutant, diff_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.model import Exercise, Kata


@dataclass(frozen=True, slots=True)
class _Part:
    """A top-level statement of a reference, the lines before it and after it, and who uses it."""

    before: str
    source: Source
    after: str
    judged: tuple[str, ...]


def mutants_of(kata: Kata, exercises: Sequence[Exercise] = ()) -> tuple[Mutant, ...]:
    """All mutants of a kata's reference.

    What the stub gives is not changed, nor are docstrings, annotations, imports and messages of exceptions. Mutants
    that do not compile, that say the same as the reference, or the same as another mutant, are left out.

    Args:
        kata: with a reference that can be parsed.
        exercises: whose definitions, and whose helpers, to change; all without any.

    Returns:
        In the order of the file. A mutant of an exercise's own definition is for its own tests to kill; one of a
        helper for those of all exercises that use it.

    Raises:
        KataError: cosmic-ray is not installed, or the reference cannot be read.
        SyntaxError: the reference is not Python.
    """
    wanted = {exercise.name for exercise in exercises or kata.exercises}
    text = read_text(kata.solution)
    given = given_lines(text)
    found: list[Mutant] = []
    serials: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for part in _parts(text, [exercise.name for exercise in kata.exercises]):
        first = part.before.count("\n") + 1
        seen = {_said(part.source.text)}
        for operator, edits in _changes(part.source, given, first):
            changed = part.source.changed(edits)
            said = _said(changed)
            if said is None or said in seen:
                continue
            seen.add(said)
            diff = diff_of(part.source.text, changed)
            serial = serials[part.judged[0], diff]
            serials[part.judged[0], diff] += 1
            mutant = Mutant(
                exercise=part.judged[0],
                judged=part.judged,
                operator=operator,
                line=first - 1 + part.source.line_of(min(edits).start),
                text=part.before + changed + part.after,
                diff=diff,
                serial=serial,
            )
            if wanted & {*part.judged}:
                found.append(mutant)
    return tuple(found)


def _parts(text: str, exercises: Sequence[str]) -> Iterator[_Part]:
    """The statements that define exercises or what they use."""
    whole = Source(text)
    using = users(text, exercises)
    for node in whole.tree.body:
        names = [getattr(node, "name", "")]
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]
        judged = tuple(name for name in exercises if any(name in using.get(each, ()) for each in names))
        span = whole.lines(node)
        if judged and span:
            yield _Part(text[: span[0]], Source(text[slice(*span)]), text[span[1] :], judged)


def _changes(source: Source, given: frozenset[int], first: int) -> list[tuple[str, tuple[Edit, ...]]]:
    """Operators and what they do, from the top of a statement to its end; our own before cosmic-ray's."""
    nodes = changeable(source, frozenset(line - first + 1 for line in given))
    changes = [
        (operator.name, (edits,) if isinstance(edits, Edit) else edits)
        for operator in OPERATORS
        for node in nodes
        for edits in operator.find(node, source)
    ]
    changes += cosmic_ray.changes(source, nodes)
    return sorted(changes, key=lambda change: min(change[1]).start)


def _said(text: str) -> str | None:
    """What a text says, however it is formatted; None if it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # such as `1 is None`
            tree = ast.parse(text)
            compile(tree, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    return ast.dump(_Signs().visit(tree))


class _Signs(ast.NodeTransformer):
    """Makes a number of a sign and a number: `-0` is 0."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Works out a minus before a number."""
        self.generic_visit(node)
        number = node.operand.value if isinstance(node.operand, ast.Constant) else None
        if isinstance(node.op, ast.USub) and type(number) is int:
            return ast.Constant(-number)
        return node
