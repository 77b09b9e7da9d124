"""Checks a kata itself: is its spec as strong, and its text as complete, as a learner may expect?

A kata is whole when a stub generated on the spot is to do and nothing else, the reference passes, every mistake fails
by an assertion (or as it declares), all that with the implementation in the judge's process and in one of its own, and
when every exercise has its spec, hints, mistakes and statement. How strong the spec is beyond that is measured by
`harness.mutation`.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING

from harness.catalogue import lessons
from harness.catalogue.files import read_text
from harness.catalogue.spec_source import SpecTest, tests_of
from harness.errors import KataError
from harness.judge.run import judge
from harness.model import Finding, Kata, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.runner.isolation.client import Parent

_LISTED = ("{topic}.py", "test_{topic}.py", "kata.toml", "README.md", "mistakes.py", "probes.py")


def verify(kata: Kata, parent: Parent) -> list[str]:
    """Everything that is wrong with a kata, each with what to do about it; an empty list where it is whole.

    Args:
        kata: the kata.
        parent: a line to a warm parent, on which nobody else waits meanwhile.
    """
    try:
        # Running an incomplete kata would only say the same again, less clearly.
        found = list(_static_problems(kata)) or [*_dynamic_problems(kata, parent), *_problems_of_lesson(kata)]
    except KataError as error:
        found = [str(error)]
    return [f"{kata.folder.name}: {problem}" for problem in found]


def mistakes_of(kata: Kata) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    """The mistakes that a kata lists, by name."""
    tree = ast.parse(read_text(kata.mistakes), filename=kata.mistakes.name)
    return {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }


def declared_exceptions(kata: Kata) -> dict[str, frozenset[str]]:
    """For each mistake that may fail by an exception (`raises = RuntimeError`, or a tuple), the exceptions' names."""
    return {name: _names(value) for name, value in _attributes(kata, "raises").items()}


def _variants(kata: Kata) -> list[str]:
    """The further forms of mistakes that say what may vary (`varies`), as `harness.runner.loading.mistake` has them."""
    found = []
    for name, values in _attributes(kata, "varies").items():
        number = sum(len(each.elts) for each in ast.walk(values) if isinstance(each, ast.Tuple))
        found += [f"{name}~{each}" for each in range(1, number + 1)]
    return found


def _attributes(kata: Kata, attribute: str) -> dict[str, ast.expr]:
    """What is assigned to an attribute of the mistakes that have it, by the mistake's name."""
    found: dict[str, ast.expr] = {}
    for node in ast.parse(read_text(kata.mistakes)).body:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.Assign) and ast.unparse(inner.targets[0]) == attribute:
                    found[node.name] = inner.value
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Attribute) and target.attr == attribute:
                found[ast.unparse(target.value)] = node.value
    return found


def _names(value: ast.expr) -> frozenset[str]:
    """The last parts of one dotted name, or of all in a tuple."""
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return frozenset(ast.unparse(part).rpartition(".")[2] for part in parts)


def _static_problems(kata: Kata) -> Iterator[str]:
    for path in (kata.spec, kata.lesson, kata.mistakes, kata.solution):
        if not path.is_file():
            yield f"{path.name} is missing: `kata new` shows what a whole kata holds"
            return
    listed = {name.format(topic=kata.topic) for name in _LISTED}
    for path in sorted(kata.folder.iterdir()):
        is_translation = path.name.startswith("README.") and path.suffix == ".md"
        if path.name not in listed and not is_translation and not path.name.startswith((".", "__pycache__")):
            yield f"{path.name} belongs to no kata: remove it, or move it where it is used"
    try:
        tests, mistakes = tests_of(kata.spec), mistakes_of(kata)
    except SyntaxError as error:
        yield f"{error.filename or 'a file'} is not valid Python: {error}"
        return
    yield from _problems_of_tests(kata, tests)
    yield from _problems_of_mistakes(kata, mistakes)
    for name in sorted(_public_functions(kata) - {e.name for e in kata.exercises}):
        yield f"{kata.solution.name} defines {name}, which is no exercise: list it in kata.toml, or call it _{name}"
    lesson = lessons.Lesson.read(kata.lesson)
    for exercise in kata.exercises:
        if not lesson.statement(exercise.name):
            yield (
                f"{kata.lesson.name} has no statement of {exercise.name}: "
                f"write one under a heading ### `{exercise.name}`"
            )
    order = [name for name in lesson.exercises if name in {e.name for e in kata.exercises}]
    if order != [e.name for e in kata.exercises] and len(order) == len(kata.exercises):
        yield f"{kata.lesson.name} states the exercises in another order than kata.toml: bring one into line"
    for name in lesson.exercises:
        if name not in {e.name for e in kata.exercises}:
            yield f"{kata.lesson.name} states {name}, which kata.toml does not list: list it, or rename the heading"


def _public_functions(kata: Kata) -> set[str]:
    """The functions and classes of the solution that a learner would take for exercises."""
    try:
        body = ast.parse(read_text(kata.solution)).body
    except SyntaxError:  # a run says so, and where
        return set()
    defined = (node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return {name for name in defined if not name.startswith("_")}


def _problems_of_tests(kata: Kata, tests: Iterable[SpecTest]) -> Iterator[str]:
    names = {e.name for e in kata.exercises}
    judged: set[str] = set()
    for test in tests:
        if len(test.exercises) != 1 or test.exercises[0] not in names:
            yield f'{kata.spec.name}::{test.name} must name exactly one exercise: @pytest.mark.exercise("…")'
        if not test.sentence:
            yield f"{kata.spec.name}::{test.name} has no docstring: say in a sentence what it checks; learners read it"
        judged.update(test.exercises)
    for name in sorted(names - judged):
        yield f"{kata.spec.name} has no test of {name}: write one"


def _problems_of_mistakes(kata: Kata, mistakes: dict[str, ast.FunctionDef | ast.ClassDef]) -> Iterator[str]:
    names = {e.name for e in kata.exercises}
    made = set()
    for name, node in mistakes.items():
        exercise, separator, _ = name.partition("__")
        if not separator or exercise not in names:
            yield f"mistakes.py: {name} must be called EXERCISE__what_went_wrong"
        if not ast.get_docstring(node):
            yield f"mistakes.py: {name} has no docstring: write what a teacher would say"
        made.add(exercise)
    for name in sorted(names - made):
        yield f"mistakes.py has no mistake for {name}: write at least one that people really make"


def _dynamic_problems(kata: Kata, parent: Parent) -> Iterator[str]:
    mistakes = [*mistakes_of(kata), *_variants(kata)]
    references = ["stub", "solution", *(f"mistake:{name}" for name in mistakes)]

    def run(*, isolate: bool) -> tuple[Finding, ...]:
        options = ["--kata-first-failure"]
        return judge(kata, references, profile="verify", parent=parent, isolate=isolate, options=options)

    apart, together = run(isolate=True), run(isolate=False)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in apart:
        findings[finding.implementation].append(finding)
    yield from _problems_of_stub(findings["stub"])
    yield from _problems_of_solution(findings["solution"])
    declared = declared_exceptions(kata)
    for name in mistakes:
        yield from _problems_of_wrong_answer(
            f"mistakes.py: {name}",
            findings[f"mistake:{name}"],
            allowed=declared.get(name.partition("~")[0], frozenset()),
        )
    yield from _differences(together, apart)


def _differences(together: Iterable[Finding], apart: Iterable[Finding]) -> Iterator[str]:
    """Where the two modes come to different outcomes."""
    in_one = {(f.implementation, f.test): f.outcome for f in together}
    in_two = {(f.implementation, f.test): f.outcome for f in apart}
    told: set[str] = set()
    for implementation, test in dict.fromkeys([*in_one, *in_two]):
        one, two = in_one.get((implementation, test)), in_two.get((implementation, test))
        # After the first difference between two runs of a mistake, its later tests differ as a matter of course.
        if one is not two and implementation not in told:
            told.add(implementation)
            yield (
                f"{test} judges {implementation} differently in one process ({one or 'not run'}) and with the "
                f"implementation in a process of its own ({two or 'not run'}): let the spec look at what both can show"
            )


def _problems_of_lesson(kata: Kata) -> list[str]:
    """Runs the lesson's code in a process of its own, since a lesson may change what is global."""
    program = (
        "import json, pathlib, sys\n"
        "from harness.catalogue import lessons\n"
        "print(json.dumps(lessons.run(pathlib.Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-P", "-c", program, str(kata.lesson)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        return [f"{kata.lesson.name} could not be run: {(done.stderr.strip().splitlines() or ['no word why'])[-1]}"]
    failures: list[str] = json.loads(done.stdout.splitlines()[-1])
    return failures


def _problems_of_stub(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.outcome not in (Outcome.TODO, Outcome.SKIPPED):
            said = f": {finding.failure.message}" if finding.failure else ""
            yield (
                f"the stub should be to do, but {finding.test} {finding.outcome}{said}: "
                "the markers in the solution leave too little or too much"
            )


def _problems_of_solution(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        if finding.outcome not in (Outcome.PASSED, Outcome.SKIPPED):
            said = finding.failure.message if finding.failure else ""
            call = f" for {finding.failure.call}" if finding.failure and finding.failure.call else ""
            yield f"the solution does not pass {finding.test} ({finding.outcome}){call}: {said}"


def _problems_of_wrong_answer(what: str, findings: list[Finding], *, allowed: frozenset[str]) -> Iterator[str]:
    failed = [f for f in findings if f.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    if not failed:
        yield f"{what} passes the spec: add a test that it fails, or remove it"
    for finding in failed:
        names = finding.failure.exceptions if finding.failure else ()
        short = {name.rpartition(".")[2] for name in names}
        if "AssertionError" in short or "Flaky" in "".join(short) or allowed & short:
            continue
        yield (
            f"{what} fails {finding.test} by {names[0] if names else finding.outcome}, not by an assertion: "
            f"declare it (`{what.rpartition(' ')[2]}.raises = …`), or mend the test or the mistake"
        )
