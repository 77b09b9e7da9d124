"""What `kata verify` finds in katas that are not whole, and what it says to do about it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from harness.errors import RunError
from harness.judge import verification
from harness.judge.verification import declared_exceptions, mistakes_of, verify
from harness.model import Failure, Finding, Outcome
from harness.tests.tiny_kata import LESSON, MISTAKES, SOLUTION, SPEC, make_kata

NOBODY: Any = None
"""A parent that nobody asks, since the runs are stood in for."""


@pytest.fixture
def judged(monkeypatch):
    """Takes the place of the run of a spec: gives the findings that it is told."""
    findings: list[Finding] = []
    monkeypatch.setattr(verification, "judge", lambda *_, **__: findings)
    return findings


def test_a_whole_kata_has_no_problems(specs, monkeypatch):
    """Stub, solution, mistakes and lesson of a good kata are as they should be."""
    monkeypatch.setattr(verification, "judge", specs.judge)
    specs.kata()
    (kata,) = specs.load().catalogue.katas
    assert verify(kata, NOBODY) == []


STATIC: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "no spec": ({"spec": None}, ["test_tiny_things.py is missing: `kata new` shows what a whole kata holds"]),
    "no lesson": ({"lesson": None}, ["README.md is missing: `kata new` shows what a whole kata holds"]),
    "no mistakes": ({"mistakes": None}, ["mistakes.py is missing: `kata new` shows what a whole kata holds"]),
    "a lesson that is no text": (
        {"lesson": LESSON.replace("Tiny", "T\udce9ny")},
        ["{folder}/README.md: is not UTF-8 (byte 3); save it as UTF-8"],
    ),
    "mistakes that are no text": (
        {"mistakes": MISTAKES + "# \udce9"},
        ["{folder}/mistakes.py: is not UTF-8 (byte 671); save it as UTF-8"],
    ),
    "a spec with a typo": (
        {"spec": "def f(:\n"},
        ["test_tiny_things.py is not valid Python: invalid syntax (test_tiny_things.py, line 1)"],
    ),
    "mistakes with a typo": (
        {"mistakes": "\ndef f(:\n"},
        ["mistakes.py is not valid Python: invalid syntax (mistakes.py, line 2)"],
    ),
    "no test": (
        {"spec": SPEC.replace('exercise("double")', 'exercise("join_words")')},
        ["test_tiny_things.py has no test of double: write one"],
    ),
    "a test without an exercise": (
        {"spec": SPEC + '\n\ndef test_a(impl):\n    """A sentence."""\n'},
        ['test_tiny_things.py::test_a must name exactly one exercise: @pytest.mark.exercise("…")'],
    ),
    "a test of something else": (
        {"spec": SPEC + '\n\n@pytest.mark.exercise("triple")\ndef test_a(impl):\n    """A sentence."""\n'},
        ['test_tiny_things.py::test_a must name exactly one exercise: @pytest.mark.exercise("…")'],
    ),
    "a test without a sentence": (
        {"spec": SPEC + '\n\n@pytest.mark.exercise("double")\ndef test_a(impl):\n    pass\n'},
        ["test_tiny_things.py::test_a has no docstring: say in a sentence what it checks; learners read it"],
    ),
    "a function that is no exercise": (
        {"solution": SOLUTION + "\n\ndef triple(number):\n    return 3 * number\n"},
        ["tiny_things.py defines triple, which is no exercise: list it in kata.toml, or call it _triple"],
    ),
    "no statement": (
        {"lesson": LESSON.replace("### `double`", "### Double")},
        ["README.md has no statement of double: write one under a heading ### `double`"],
    ),
    "an unknown statement": (
        {"lesson": LESSON + "\n### `triple`\n\nGive it three times.\n"},
        ["README.md states triple, which kata.toml does not list: list it, or rename the heading"],
    ),
    "another order": (
        {
            "lesson": LESSON.replace("`double`", "`d`")
            .replace("`join_words`", "`double`")
            .replace("`d`", "`join_words`")
        },
        ["README.md states the exercises in another order than kata.toml: bring one into line"],
    ),
    "no mistake": (
        {"mistakes": MISTAKES.replace("double__square", "join_words__square")},
        ["mistakes.py has no mistake for double: write at least one that people really make"],
    ),
    "a mistake of another name": (
        {"mistakes": MISTAKES + '\n\ndef double(number):\n    """You."""\n\n\ndef _helper():\n    pass\n'},
        ["mistakes.py: double must be called EXERCISE__what_went_wrong"],
    ),
    "a mistake without words": (
        {"mistakes": MISTAKES + "\n\ndef double__x(number):\n    pass\n"},
        ["mistakes.py: double__x has no docstring: write what a teacher would say"],
    ),
}


@pytest.mark.parametrize("name", STATIC)
def test_what_is_missing_is_named_with_what_to_do(tmp_path, judged, name):
    """A kata that is not complete is not run; each gap is a line that says how to fill it."""
    files, expected = STATIC[name]
    folder = tmp_path / "katas" / "03_tiny_things"
    texts = {kind: text for kind, text in files.items() if text is None or "\udce9" not in text}
    kata = make_kata(folder, **texts)
    for kind, text in files.items():
        if kind not in texts and text is not None:
            file = {"lesson": kata.lesson, "mistakes": kata.mistakes}[kind]
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert verify(kata, NOBODY) == [f"03_tiny_things: {line.format(folder=folder)}" for line in expected]


def test_what_belongs_to_no_kata_is_named(kata, judged):
    """Files that nobody lists are found; translations, probes and hidden files are none of these."""
    for name in ("notes.txt", "README.ru.md", ".hidden", "__pycache__", "probes.py", "data"):
        (kata.folder / name).touch()
    assert [line for line in verify(kata, NOBODY) if "belongs" in line] == [
        "03_tiny_things: data belongs to no kata: remove it, or move it where it is used",
        "03_tiny_things: notes.txt belongs to no kata: remove it, or move it where it is used",
    ]


def test_a_solution_that_is_missing_is_named(kata, judged):
    """A kata without its reference is not whole."""
    kata.solution.unlink()
    assert verify(kata, NOBODY) == [
        "03_tiny_things: tiny_things.py is missing: `kata new` shows what a whole kata holds"
    ]


WEAK = SPEC.replace("assert_value(impl.double(number), number + number)", "assert impl.double(0) == 0")
DYNAMIC: dict[str, tuple[dict[str, str], list[str]]] = {
    "a solution that fails": (
        {"solution": SOLUTION.replace("return 2 * number", "return 2 * abs(number)")},
        ["the solution does not pass test_is_twice_the_number (failed) for double(-*): *"],
    ),
    "a spec that is too weak": (
        {"spec": WEAK},
        [
            "mistakes.py: double__square passes the spec: add a test that it fails, or remove it",
        ],
    ),
    "a value of a mistake's that is right": (
        {
            "mistakes": MISTAKES.replace(
                "def double__square(number):", "def double__square(number, *, times=None):"
            ).replace("return number * number", "return (times or number) * number")
            + '\n\ndouble__square.varies = {"times": (3, 2)}\n'
        },
        ["mistakes.py: double__square~2 passes the spec: add a test that it fails, or remove it"],
    ),
    "a mistake that raises": (
        {"mistakes": MISTAKES.replace("join_words__adds_first_to_last.raises = IndexError\n", "")},
        [
            "mistakes.py: join_words__adds_first_to_last fails test_a_space_is_the_default by builtins.IndexError, "
            "not by an assertion: declare it (`join_words__adds_first_to_last.raises = …`), or mend the test or the"
        ],
    ),
    "a lesson that is wrong": (
        {"lesson": LESSON.replace("12", "13")},
        ["README.md:8: >>> 3 * 4\n    expected: 13\n    got: 12"],
    ),
}


@pytest.mark.parametrize("name", DYNAMIC)
def test_what_runs_otherwise_than_it_should_is_named(specs, monkeypatch, name):
    """Each flaw that only a run shows is a line that says what to do."""
    monkeypatch.setattr(verification, "judge", specs.judge)
    files, expected = DYNAMIC[name]
    specs.kata(**files)
    (kata,) = specs.load().catalogue.katas
    problems = "\n".join(verify(kata, NOBODY))
    for line in expected:
        for part in line.split("*"):
            assert part in problems
    assert problems.count("03_tiny_things: ") >= len(expected)


def found(implementation, outcome, *, test="test_a", exceptions=(), **failure):
    failed = Failure(message="why", exceptions=exceptions, **failure) if outcome != "passed" else None
    return Finding(
        topic="tiny_things",
        exercise="double",
        implementation=implementation,
        test=test,
        sentence="",
        outcome=Outcome(outcome),
        seconds=0.0,
        failure=failed,
    )


ASSERTION = ("harness.spec.asserts.Mismatch", "builtins.AssertionError", "builtins.Exception")
GOOD = [
    found("mistake:double__square", "failed", exceptions=ASSERTION),
    found("mistake:join_words__ignores_the_separator", "failed", exceptions=("hypothesis.errors.FlakyFailure",)),
    found(
        "mistake:join_words__adds_first_to_last", "failed", exceptions=("builtins.IndexError", "builtins.LookupError")
    ),
]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([found("stub", "todo"), found("solution", "passed"), found("solution", "skipped")], None),
        ([found("stub", "passed")], "the stub should be to do, but test_a passed: the markers in the solution leave"),
        ([found("stub", "failed")], "the stub should be to do, but test_a failed: why: the markers in the solution"),
        ([found("solution", "error")], "the solution does not pass test_a (error): why"),
        (
            [found("solution", "failed", call="double(3)")],
            "the solution does not pass test_a (failed) for double(3): why",
        ),
        (
            [found("mistake:double__square", "failed")],
            "mistakes.py: double__square fails test_a by failed, not by an assert",
        ),
        (
            [found("mistake:double__square", "timeout", exceptions=("harness.errors.DeadlineExceeded",))],
            "mistakes.py: double__square fails test_a by harness.errors.DeadlineExceeded, not by an assertion",
        ),
    ],
)
def test_findings_are_judged(kata, judged, more, said):
    """What the runs found out is held against the stub, the solution, the mistakes or the spec."""
    judged += [*GOOD, *more]
    problems = verify(kata, NOBODY)
    if said is None:
        assert problems == []
    else:
        (problem,) = problems
        assert problem.startswith(f"03_tiny_things: {said}")


@pytest.mark.parametrize(
    ("together", "apart", "said"),
    [
        ([found("solution", "passed")], [found("solution", "passed")], None),
        (
            [found("solution", "skipped"), found("stub", "todo"), found("stub", "todo", test="test_b")],
            [found("solution", "passed"), found("stub", "todo")],
            "test_a judges solution differently in one process (skipped) and with the implementation in a process of "
            "its own (passed)|test_b judges stub differently in one process (todo) and with the implementation in a "
            "process of its own (not run)",
        ),
    ],
)
def test_modes_that_disagree_are_a_problem(kata, monkeypatch, together, apart, said):
    """A verdict that depends on where the implementation lives is no verdict; each implementation is named once."""
    monkeypatch.setattr(verification, "judge", lambda *_, isolate, **__: [*GOOD, *(apart if isolate else together)])
    problems = [problem for problem in verify(kata, NOBODY) if "judges" in problem]
    assert len(problems) == (said.count("|") + 1 if said else 0)
    for problem, line in zip(problems, (said or "").split("|"), strict=False):
        assert line in problem


def test_a_spec_that_sees_where_the_implementation_lives_is_named(cellar, warm):
    """Both modes are really run: what only one of them can see is found."""
    spec = """
    import os
    import pytest

    @pytest.mark.exercise("f")
    def test_f(impl):
        "It is another process."
        assert impl.f() != os.getpid()
    """
    mistakes = 'def f__none():\n    """You gave nothing."""\n    return None\n\n\nf__none.raises = ()\n'
    solution = """
    import os

    def f():
        # <solution>
        return os.getpid()
        # </solution>
    """
    lesson = "# F\n\n## Exercises\n\n### `f`\n\nGive the number of the process.\n"
    kata = cellar.kata(solution, spec=spec, mistakes=mistakes, lesson=lesson)
    (different,) = [problem for problem in verify(kata, warm.another_line()) if "judges" in problem]
    assert "test_f judges solution differently in one process (failed)" in different
    assert "process of its own (passed)" in different


def test_a_run_that_dies_is_a_problem(kata, monkeypatch):
    """Where the spec cannot be run at all, that is what is said."""

    def die(*_args, **_options):
        raise RunError("the run was ended by signal 9")

    monkeypatch.setattr(verification, "judge", die)
    assert verify(kata, NOBODY) == ["03_tiny_things: the run was ended by signal 9"]


@pytest.mark.parametrize(("error", "said"), [("Traceback\nValueError: x\n", "ValueError: x"), ("", "no word why")])
def test_a_lesson_that_cannot_be_run_is_a_problem(kata, judged, monkeypatch, error, said):
    """A lesson that takes its process with it says the last that is known."""
    judged += GOOD
    done = subprocess.CompletedProcess([], 1, "", error)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert verify(kata, NOBODY) == [f"03_tiny_things: README.md could not be run: {said}"]


def test_mistakes_and_their_exceptions_are_read_without_running_them(kata):
    """Functions and classes, each with what it may raise: one exception, or several."""
    kata.mistakes.write_text(
        'class double__a:\n    """You."""\n\n    size = 1\n    raises = ValueError\n\n\ndef double__b(): ...\n\n\n'
        "double__b.raises = (IndexError, torch.cuda.OutOfMemoryError)\ndouble__b.note = 1\nx = 1\n\n\n"
        "def _helper(): ...\n",
        encoding="utf-8",
    )
    assert list(mistakes_of(kata)) == ["double__a", "double__b"]
    assert declared_exceptions(kata) == {"double__a": {"ValueError"}, "double__b": {"IndexError", "OutOfMemoryError"}}
