"""On what the fate of a wrong answer depends: where none of that has changed, it need not be judged again."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import harness
from harness.catalogue.files import digest, digest_of_text, read_text
from harness.catalogue.source.fingerprints import fingerprints
from harness.catalogue.spec_source import tests_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalogue.spec_source import SpecTest
    from harness.model import Exercise, Kata
    from harness.mutation.subject import Subject

PROFILE = "verify"
"""The Hypothesis profile of a campaign: as many examples as a learner's, and no search for the smallest one."""

_JUDGING = {
    "__init__.py",
    "catalogue",
    "data",
    "diagnosis",
    "errors.py",
    "judge",
    "model.py",
    "runner",
    "spec",
    "workspace",
}
"""Entries of the harness that have an influence on a verdict, beside `mutation/outputs`."""

_LIBRARIES = ("hypothesis", "numpy", "pytest", "torch", "torchvision", "transformers")


class Keys:
    """Makes the keys of the subjects of one kata.

    Args:
        kata: whose spec judges.

    Raises:
        WorkspaceError: one of its files cannot be read.
        SyntaxError: its spec is not Python.
    """

    def __init__(self, kata: Kata) -> None:
        self._kata = kata
        self._right = fingerprints(read_text(kata.solution), [exercise.name for exercise in kata.exercises])
        self._probes = read_text(kata.probes) if kata.probes.exists() else ""
        tests, spec = tests_of(kata.spec), ast.parse(read_text(kata.spec))
        self._around = {exercise.name: _around(exercise, tests, spec) for exercise in kata.exercises}
        self._used = {name: self._used_by(text) for name, text in self._around.items()}

    def key(self, subject: Subject) -> str:
        """A hash of a subject and of all that may change what becomes of it."""
        names = dict.fromkeys(name for judged in subject.judged for name in (judged, *self._used[judged]))
        code = fingerprints(subject.mutant.text, names) if subject.mutant else self._right
        pieces = [subject.exercise, subject.name, subject.reference]
        pieces += [f"{name}:{self._around[name]}" for name in subject.judged]
        pieces += [f"{name}:{code[name]}" for name in names]
        pieces += [self._probes, " ".join(self._kata.capabilities), _surroundings()]
        return digest_of_text("\0".join(pieces))

    def _used_by(self, spec: str) -> tuple[str, ...]:
        words = set(re.findall(r"\w+", f"{spec} {self._probes}"))
        return tuple(exercise.name for exercise in self._kata.exercises if exercise.name in words)


def _around(exercise: Exercise, tests: Iterable[SpecTest], spec: ast.Module) -> str:
    """The spec without the tests of other exercises, and what `kata.toml` says about how this one is judged."""
    others = {test.name for test in tests if test.exercises != (exercise.name,)}
    kept = [node for node in spec.body if not (isinstance(node, ast.FunctionDef) and node.name in others)]
    return "\n".join([*map(ast.unparse, kept), *exercise.forbid])


@cache
def _surroundings() -> str:
    """A hash of the harness and of the libraries that it judges with."""
    folder = Path(harness.__file__).parent
    files = [path for path in sorted(folder.rglob("*.py")) if _judges(path.relative_to(folder))]
    return digest_of_text(" ".join([PROFILE, sys.version, *map(_version, _LIBRARIES), *map(digest, files)]))


def _judges(path: Path) -> bool:
    return path.parts[0] in _JUDGING or path.parts[:2] == ("mutation", "outputs")


def _version(library: str) -> str:
    try:
        return f"{library} {version(library)}"
    except PackageNotFoundError:
        return ""
