"""Runs of pytest on a tiny kata: what is collected, what comes out, and what a learner reads."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from harness.catalogue.requirements import Requirement
from harness.errors import RequirementMissing
from harness.judge.collection import reference_of
from harness.judge.pytest_plugin import HARNESS, KataPlugin
from harness.judge.verdicts import SCHEMA_VERSION
from harness.runner import conditions
from harness.tests.tiny_kata import SOLUTION, SPEC, TOML

ALL = ["test_is_twice_the_number", "test_a_space_is_the_default", "test_the_separator_stands_between_words"]


def said(result):
    """All that a run wrote."""
    return result.stdout.str() + result.stderr.str()


def learner(double="return 2 * number", above=""):
    """A learner's file with this body of `double`, and everything else right."""
    return above + SOLUTION.replace("return 2 * number", double)


def test_the_plugin_needs_no_torch():
    """Every run of pytest loads the plugin, also where nobody learns torch."""
    program = "import sys, harness.judge.pytest_plugin, harness.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_solution_passes(specs):
    """The reference passes its spec, and the run ends with a line that says so."""
    specs.kata()
    result = specs.run("--impl", "solution", "-v")
    result.assert_outcomes(passed=3)
    assert specs.outcomes() == dict.fromkeys(ALL, "passed")
    result.stdout.fnmatch_lines([
        "*::test_is_twice_the_number[[]solution[]] PASSED*",
        "*= katas =*",
        "tiny_things [[]solution[]]: 2 of 2 exercises passed",
    ])  # fmt: skip
    (first, *_) = specs.findings()
    assert first.sentence == "The result is twice the number."
    assert (first.topic, first.exercise, first.implementation) == ("tiny_things", "double", "solution")
    assert first.seconds > 0
    assert (first.failure, first.touched) == (None, None)


def test_the_learners_file_is_judged_by_default(specs):
    """A stub is to do: it fails, in one line each, and without a traceback."""
    specs.kata()
    result = specs.run()
    result.assert_outcomes(failed=3)
    assert specs.outcomes() == dict.fromkeys(ALL, "todo")
    result.stdout.fnmatch_lines([f"to do: {specs.learner}:13", "tiny_things *double todo, join_words todo"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*raise *")


def test_several_implementations_in_one_run(specs, tmp_path):
    """Each value of `--impl` is judged, once, under its own name."""
    specs.kata(learner=learner("return 3 * number"))
    folder = tmp_path / "somebody"
    folder.mkdir()
    (folder / "tiny_things.py").write_text(SOLUTION, encoding="utf-8")
    references = ["solution", str(folder), "stub", "solution"]
    specs.run(*(f"--impl={reference}" for reference in references))
    counted = {r: [str(f.outcome) for f in specs.findings() if f.implementation == r] for r in references}
    assert counted == {"solution": ["passed"] * 3, str(folder): ["passed"] * 3, "stub": ["todo"] * 3}


def test_one_exercise_can_be_judged_alone(specs):
    """The tests of other exercises are deselected."""
    specs.kata()
    specs.run("--impl=solution", "--kata-exercise=double").assert_outcomes(passed=1, deselected=2)
    assert list(specs.outcomes()) == ALL[:1]


def test_a_mistake_is_judged_by_its_own_exercise(specs):
    """Tests of exercises that a mistake has left right say nothing about it."""
    specs.kata()
    specs.run("--impl=mistake:double__square").assert_outcomes(failed=1, deselected=2)
    assert specs.outcomes() == {ALL[0]: "failed"}
    specs.run("--impl=distorted:join_words__reversed")
    assert set(specs.outcomes()) == set(ALL[1:])
    assert [finding.touched for finding in specs.findings()] == [True, True]


def test_one_failure_may_be_enough(specs):
    """Asked so, the run leaves out the other tests of an exercise that has failed one; a to-do is no failure."""
    specs.kata(learner=learner().replace("separator.join(words)", "''"))
    options = [
        "--impl=learner",
        "--impl=distorted:join_words__extra_dimension",
        "--impl=distorted:join_words__constant",
        "--impl=stub",
    ]
    specs.run("--kata-first-failure", "--kata-exercise=join_words", *options)
    counted: dict[str, list[str]] = {}
    for finding in specs.findings():
        counted.setdefault(finding.implementation, []).append(str(finding.outcome))
    assert list(counted.values()) == [
        ["failed", "skipped"],
        ["passed", "passed"],
        ["failed", "skipped"],
        ["todo", "todo"],
    ]


BROKEN = {
    "syntax": (learner(above="def f(:\n"), ["tiny_things.py:1 is not valid Python: *", "    def f(:"]),
    "import": (
        learner(above="import torhc\n"),
        ["tiny_things.py:1 fails when the file is imported: ModuleNotFoundError: *", "    import torhc"],
    ),
    "exit": (
        learner(above="raise SystemExit(0)\n"),
        ["tiny_things.py:1 fails when the file is imported: SystemExit: 0"],
    ),
    "null byte": (learner(above="x = '\0'\n"), ["tiny_things.py:1 holds a null byte, *"]),
    "nested": (learner(above=f"x = {'-' * 100_000}1\n"), ["tiny_things.py is too deeply nested for Python *"]),
    "huge": ("#" * 1_000_001, ["*tiny_things.py is larger than 1,000,000 bytes: *"]),
    "missing": ("", ["double is not defined in tiny_things.py: it should be a function, called as double(number)"]),
    "signature": (
        learner().replace("def double(number: int)", "def double(n: int)").replace("2 * number", "2 * n"),
        ["double has other parameters *", "  asked for: double(number)", "  written:   double(n)"],
    ),
    "exits later": (
        learner("raise SystemExit"),
        [
            "tiny_things.py raised SystemExit, which ends a program or a test: *",
            "*tiny_things.py:14",
            "    raise SystemExit",
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_used_is_explained(specs, name):
    """What is wrong with the learner's file is said in the learner's terms; nothing of the harness is to be seen."""
    source, lines = BROKEN[name]
    specs.kata(learner=source)
    result = specs.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(lines)
    for hidden in ("Traceback", "harness", "hypothesis/", "Failing test case"):
        result.stdout.no_fnmatch_line(f"*{hidden}*")
    assert specs.outcomes()[ALL[0]] == ("failed" if name in ("missing", "signature", "exits later") else "error")


def test_a_file_that_is_no_text_is_explained(specs):
    """The line that is not UTF-8 is shown."""
    specs.kata(learner="")
    specs.learner.write_bytes("x = 'Übung'\n".encode("latin1"))
    specs.run().stdout.fnmatch_lines(["tiny_things.py:1 is not UTF-8 text: save the file as UTF-8", "    x = '*bung'"])


def test_an_exception_shows_the_learners_line(specs):
    """An ordinary exception has its traceback, which leads through the spec to the learner's line and nowhere else."""
    specs.kata(learner=learner("return number.doubled"))
    result = specs.run()
    result.stdout.fnmatch_lines(
        ["E*AttributeError: *'doubled'*", "katas/03_tiny_things/tiny_things.py:14: AttributeError"]
    )
    result.stdout.no_fnmatch_line("harness/*")
    result.stdout.no_fnmatch_line("*/host.py*")
    failure = specs.findings()[0].failure
    assert failure.message == "AttributeError: 'int' object has no attribute 'doubled'"
    assert (failure.call, failure.location.line, failure.location.code) == ("double(0)", 14, "return number.doubled")
    assert failure.exceptions[0] == "builtins.AttributeError"


def test_a_wrong_result_shows_the_call(specs):
    """A failed comparison has the smallest call that was found, what was expected and what came."""
    specs.kata(learner=learner("return number"))
    result = specs.run()
    result.stdout.fnmatch_lines(["E*called: *double(1)", "E*expected: *2", "E*got: *1"])
    result.stdout.no_fnmatch_line("harness/*")
    failure = specs.findings()[0].failure
    assert (failure.call, failure.expected, failure.got, failure.location) == ("double(1)", "2", "1", None)


def test_only_what_the_shown_call_printed_is_kept(specs):
    """Printing is how a beginner looks into a function, and of a hundred examples one is shown."""
    specs.kata(learner=learner('print(f"got {number}: schön")\n    return number'))
    specs.run()
    failure = specs.findings()[0].failure
    assert (failure.call, failure.printed) == ("double(1)", "got 1: schön")


def test_a_junit_file_tells_what_was_judged(specs):
    """Each test with kata, exercise and points, ids without paths of this machine, and nothing encoded."""
    specs.kata()
    answers = specs.pytester.mkdir("alice")
    (answers / "tiny_things.py").write_text(SOLUTION, encoding="utf-8")
    specs.run(f"--impl={answers}", "--junitxml=found.xml")
    text = (specs.pytester.path / "found.xml").read_text(encoding="utf-8")
    for name, value in (("kata", "tiny_things"), ("exercise", "double"), ("points", "1")):
        assert f'<property name="{name}" value="{value}" />' in text
    assert f'name="{ALL[0]}[alice]"' in text
    assert str(answers) not in text
    assert "hypothesis-statistics" not in text


def test_answers_of_one_name_keep_their_paths(specs):
    """Where the last part of a path does not tell two answers apart, all of it is the id."""
    for folder in ("a", "b"):
        specs.pytester.mkpydir(folder)
        (specs.pytester.path / folder / "tiny_things.py").write_text(SOLUTION, encoding="utf-8")
    specs.kata()
    result = specs.run("--impl=a/tiny_things.py", "--impl=b/tiny_things.py", "--impl=solution", "-v")
    for name in ("a/tiny_things.py", "b/tiny_things.py", "solution"):
        result.stdout.fnmatch_lines([f"*{ALL[0]}[[]{name}] PASSED*"])


def test_a_diagnosis_stands_in_the_summary(specs):
    """With --diagnose, the section on katas says which mistake it probably was."""
    specs.kata(learner=learner("return number * number"))
    specs.run("--diagnose").stdout.fnmatch_lines(["*= katas =*", "tiny_things.double: You squared the number: *"])


FILES = '''
    import pytest


    @pytest.mark.exercise("double")
    @pytest.mark.parametrize("below", ["words/list.txt", ""])
    def test_files(impl, below):
        """A file is opened."""
        impl.double(impl.folder() / below)
'''


def test_paths_begin_in_the_tests_own_folder(specs):
    """Where on this machine the folder lies says nothing to a learner."""
    specs.kata(spec=FILES, learner=learner("return open(number)"))
    specs.run()
    below, itself = [finding.failure for finding in specs.findings()]
    assert below.message.endswith("No such file or directory: 'words/list.txt'")
    assert below.call == "double(Path('words/list.txt'))"
    assert (itself.message[-8:], itself.call) == ("'folder'", "double(Path('folder'))")


@pytest.mark.parametrize(
    "does",
    [
        "import sys; sys.exit(0)",
        "import pytest; pytest.skip('too hard')",
        "import pytest; pytest.exit('enough')",
        "import pytest; pytest.xfail('known')",
        "import unittest; raise unittest.SkipTest('too hard')",
        "import hypothesis; hypothesis.reject()",
        "raise BaseException",
    ],
)
def test_no_trick_passes_or_breaks_the_run(specs, does):
    """An answer that tries to leave the test fails it, and the other tests run on."""
    specs.kata(learner=learner(does))
    result = specs.run()
    result.assert_outcomes(failed=1, passed=2)
    assert list(specs.outcomes().values()) == ["failed", "passed", "passed"]


@pytest.mark.parametrize("handler", ["except Exception:", "except:", "finally:"])
def test_an_endless_loop_times_out(specs, monkeypatch, handler):
    """A call without end is broken off once, not once for each example that Hypothesis would like to try."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.3)
    monkeypatch.setattr(conditions, "_INSIST_EVERY", 0.05)
    loop = f"while True:\n        try:\n            time.sleep(0.01)\n        {handler}\n            number += 1"
    specs.kata(learner=learner(loop, "import time\n"))
    specs.run("--kata-exercise=double").stdout.fnmatch_lines(["did not return within 0.3 s"])
    (found,) = specs.findings()
    assert (found.outcome, found.failure.message) == ("timeout", "did not return within 0.3 s")
    assert found.failure.call.startswith("double(")
    assert found.seconds < 2


def test_a_forbidden_function_fails_the_exercise(specs):
    """The message names the function, and the line that calls it is shown."""
    toml = TOML.replace("forbid = []", 'forbid = ["functools.reduce"]')
    specs.kata(
        toml=toml, learner=learner("return reduce(int.__add__, [number, number])", "from functools import reduce\n")
    )
    result = specs.run()
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines([
        "double is to be written without functools.reduce, and your code calls it",
        "*tiny_things.py:15",
        "    return reduce(int.__add__, [[]number, number[]])",
    ])  # fmt: skip
    assert specs.findings()[0].failure.location.line == 15


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ("", "this one names none: mark it @pytest.mark.exercise(*) with one of double, join_words"),
        ('@pytest.mark.exercise("double", "join_words")', "this one names 'double', 'join_words'"),
        ('@pytest.mark.exercise("double")\n@pytest.mark.exercise("double")', "this one names 'double', 'double'"),
        ('@pytest.mark.exercise("triple")', "this one names 'triple'"),
        ("@pytest.mark.exercise([])", "this one names *"),
    ],
)
def test_every_test_names_one_exercise(specs, marker, complaint):
    """A spec with a test that names no exercise, two, or one that does not exist is not run."""
    specs.kata(spec=SPEC.replace('@pytest.mark.exercise("double")', marker))
    result = specs.run("--impl=solution")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: *::test_is_twice_the_number*: a test judges exactly one exercise *{complaint}*"]
    )


def test_the_fixture_serves_specs_only(specs):
    """A test that is no spec's is told so, and tests that do without the fixture are left alone."""
    specs.kata()
    other = specs.pytester.path / "test_other.py"
    other.write_text("def test_a(impl):\n    pass\n\n\ndef test_b():\n    pass\n", encoding="utf-8")
    result = specs.run(str(other), "--impl=solution")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["`impl` serves specs of katas only, and *test_other.py is none"])
    assert set(specs.outcomes()) == set(ALL)


def test_tests_are_found_by_the_name_of_their_exercise(specs):
    """`-k` knows exercises, whatever their tests are called."""
    specs.kata()
    specs.run("--impl=solution", "-k", "join_words")
    assert {finding.exercise for finding in specs.findings()} == {"join_words"}


def test_a_test_may_do_without_the_fixture(specs):
    """What such a test finds out is about no implementation in particular."""
    specs.kata(spec=SPEC + '\n\n@pytest.mark.exercise("double")\ndef test_world():\n    """The world stands."""\n')
    specs.run("--impl=solution").assert_outcomes(passed=4)
    assert specs.findings()[-1].implementation == ""


def test_a_value_that_means_nothing_is_a_wrong_call(specs):
    """A typo in `--impl` is one line and exit code 4, before anything runs."""
    specs.kata()
    for options in (["--impl=nowhere"], ["--impl=solution", "--impl=mistake:double"]):
        result = specs.run(*options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert result.errlines[1:] == [""]
    specs.run("--impl=nowhere").stderr.fnmatch_lines(
        ["ERROR: *nowhere does not exist: --impl takes learner, solution, *"]
    )


def two_katas(specs, answered):
    """A second kata beside the first one, and a folder with an answer to one of them."""
    specs.kata()
    first, specs.folder = specs.folder, specs.folder.with_name("04_more_things")
    specs.kata(spec=SPEC.replace("tiny", "more"))
    specs.folder = first
    answers = specs.pytester.mkdir("answers")
    (answers / f"{answered}.py").write_text(SOLUTION, encoding="utf-8")


def test_a_folder_may_answer_some_katas_only(specs):
    """Of a folder that knows one of two katas, one test of the other one fails with what is missing."""
    two_katas(specs, "tiny_things")
    result = specs.run(str(specs.folder.with_name("04_more_things")), "--impl=answers")
    result.assert_outcomes(passed=3, errors=1, deselected=2)
    result.stdout.fnmatch_lines(["*answers holds neither more_things.py nor 04_more_things/more_things.py"])
    result.stdout.fnmatch_lines(["more_things [[]answers]: not submitted, 0 of 3 points"])
    assert [str(finding.outcome) for finding in specs.findings()] == ["passed"] * 3 + ["error"]


def test_a_folder_without_the_katas_of_the_run_is_a_wrong_call(specs):
    """A folder that only knows katas that were not asked for is refused before anything runs."""
    two_katas(specs, "more_things")
    result = specs.run("--impl=answers")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *answers holds neither tiny_things.py nor 03_tiny_things/tiny_things.py"])


def test_without_a_workspace_there_is_no_learner(specs, monkeypatch):
    """Where the learner's file cannot be found, the line says how to make a place for it."""
    specs.kata()
    monkeypatch.setenv("KATA_WORKSPACE", str(specs.pytester.path / "nowhere"))
    result = specs.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: KATA_WORKSPACE=*nowhere: is no workspace; `kata init *"])


def test_a_worker_makes_its_tests_complain(specs):
    """In a worker of xdist's, whose own words nobody hears, every test fails with the complaint."""

    class Worker:
        @pytest.hookimpl
        def pytest_configure(self, config):
            config.workerinput = {}

    specs.kata(spec=SPEC.replace('@pytest.mark.exercise("double")', ""))
    result = specs.pytester.runpytest_inprocess(
        str(specs.folder), "-p", "no:randomly", "-p", "no:cov", plugins=[Worker()]
    )
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["*a test judges exactly one exercise of kata.toml and this one names none*"])


locked: list[str] = []


@contextmanager
def lock(test):
    """A guard that can be asked for the test that it guards."""
    locked.append(test)
    yield
    locked.pop()


def bake():
    """Uses the oven."""
    if locked:
        raise RequirementMissing(f"{locked[-1]} has no `oven` marker: add @pytest.mark.oven")


OVEN = Requirement(name="oven", help="an oven", missing=lambda: "no oven here", guard=lock, serial=True)
BAKING = SPEC.replace("\nwords =", "from harness.tests.test_pytest_plugin import bake\n\nwords =")
BAKING = BAKING.replace(
    '    """The result is twice the number."""\n', '    """The result is twice the number."""\n    bake()\n'
)
MARKED = BAKING.replace('@pytest.mark.exercise("double")', '@pytest.mark.oven\n@pytest.mark.exercise("double")')


def test_a_test_with_a_marker_is_skipped_where_the_resource_is_missing(specs):
    """The reason names the option that runs it all the same; the kata has passed as far as it could be judged."""
    specs.requirements = [OVEN]
    specs.kata(spec=MARKED)
    result = specs.run("--impl=solution", "-rs")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * no oven here; --oven runs it all the same"])
    found = specs.findings()[0]
    assert (found.outcome, found.failure.message) == ("skipped", "no oven here; --oven runs it all the same")
    result = specs.run("--impl=solution", "-rs", "--no-oven")
    result.stdout.fnmatch_lines(["SKIPPED * switched off by --no-oven; run it with --oven"])


def test_the_option_forces_a_test_with_a_marker(specs):
    """With the option the test runs, whatever the look for the resource says, and no guard is in its way."""
    specs.requirements = [OVEN]
    specs.kata(spec=MARKED)
    specs.run("--impl=solution", "--oven", "--strict-markers").assert_outcomes(passed=3)
    assert locked == []


def test_a_test_without_the_marker_is_guarded(specs):
    """The forgotten marker is named; the guard is there for the test alone."""
    specs.requirements = [OVEN]
    specs.kata(spec=BAKING)
    result = specs.run("--impl=solution")
    result.assert_outcomes(failed=1, passed=2)
    node = "katas/03_tiny_things/test_tiny_things.py::test_is_twice_the_number[[]solution[]]"
    result.stdout.fnmatch_lines([f"E*RequirementMissing: {node} has no `oven` marker: add @pytest.mark.oven"])
    assert specs.outcomes()[ALL[0]] == "error"
    assert locked == []


def _raise(test):
    raise ZeroDivisionError


def test_a_guard_that_fails_fails_the_test(specs):
    """A third party's guard that raises is an error of the test, and does not end the run."""
    specs.requirements = [Requirement(name="oven", help="an oven", guard=_raise)]
    specs.kata()
    specs.run("--impl=solution").assert_outcomes(errors=3)
    assert specs.outcomes() == dict.fromkeys(ALL, "failed")


def test_options_and_markers_are_documented(specs):
    """Every requirement's options stand in the help, and its marker in the list of markers."""
    specs.requirements = [OVEN]
    specs.kata()
    specs.run("--help").stdout.fnmatch_lines(["*--oven *run the tests that need an oven*", "*--no-oven *skip them*"])
    specs.run("--markers").stdout.fnmatch_lines(["@pytest.mark.exercise(name): *", "@pytest.mark.oven: needs an oven"])


def test_what_is_wrong_with_packs_stands_at_the_top(specs):
    """A broken kata is named in the header of every run."""
    specs.kata(toml="title = 1\n")
    specs.pytester.makepyfile("def test_a(): pass")
    specs.run().stdout.fnmatch_lines(["katas: 03_tiny_things of pack tiny is left out:*"])


def test_profiles_can_be_chosen(specs):
    """Specs run by the learner's profile unless another one is named."""
    spec = "from hypothesis import settings\n" + SPEC + '\n\nprint("examples:", settings.default.max_examples)\n'
    specs.kata(spec=spec)
    for profile, expected in ((None, 40), ("grade", 100), ("thorough", 1000)):
        options = ["--impl=solution", "-s", "--collect-only"]
        specs.run(*options, profile=profile).stdout.fnmatch_lines([f"examples: {expected}"])


def test_examples_do_not_depend_on_what_the_answer_is_called(specs):
    """The same code is judged by the same examples under whatever name, and each test draws its own."""
    drawn = specs.pytester.path / "drawn.txt"
    test = """

@pytest.mark.exercise("double")
@given(number=st.integers())
def test_drawn_{name}(impl, number):
    "Numbers are drawn."
    with open({file!r}, "a") as out:
        print("{name}", number, file=out)
"""
    specs.kata(spec=SPEC + "".join(test.format(name=name, file=str(drawn)) for name in "ab"))
    lists = []
    for name in ("one.py", "another.py"):
        answer = specs.pytester.path / name
        answer.write_text(specs.load().catalogue.katas[0].solution.read_text(), encoding="utf-8")
        drawn.unlink(missing_ok=True)
        specs.run(f"--impl={answer}")
        lists.append(drawn.read_text().splitlines())
    assert lists[0] == lists[1]
    assert [line[2:] for line in lists[0] if line[0] == "a"] != [line[2:] for line in lists[0] if line[0] == "b"]


def test_an_answer_cannot_spoil_the_examples_of_the_next(specs):
    """Arrays that stand in the spec, as examples or parameters, are the author's for every answer that is judged."""
    spec = """
    import numpy as np
    import pytest
    from hypothesis import example, given, strategies as st

    @pytest.mark.exercise("double")
    @given(number=st.just(None))
    @example(number=np.ones(2))
    def test_example(impl, number):
        "Ones are doubled."
        if number is not None:
            assert number.tolist() == [1.0, 1.0]
            impl.double(number)

    @pytest.mark.exercise("double")
    @pytest.mark.parametrize("number", [np.ones(2)])
    def test_parameter(impl, number):
        "Ones are doubled."
        assert number.tolist() == [1.0, 1.0]
        impl.double(number)
    """
    specs.kata(spec=spec, learner=SOLUTION.replace("return 2 * number", "number *= 2\n    return number"))
    specs.run("--impl=learner", "--impl=solution")
    assert [str(finding.outcome) for finding in specs.findings()] == ["passed"] * 4


def test_random_numbers_do_not_depend_on_the_order(specs):
    """A test that draws nothing from Hypothesis meets the same numbers whichever tests ran before it."""
    spec = SPEC + (
        '\n\n@pytest.mark.exercise("double")\n@pytest.mark.parametrize("n", [1, 2])\ndef test_drawn(impl, n):\n'
        '    """Numbers are drawn."""\n    import torch\n    print("drawn:", torch.rand(1).item())\n'
    )
    specs.kata(spec=spec)
    lines = [line for line in specs.run("--impl=solution", "-s").outlines if "drawn:" in line]
    drawn = {line.partition("drawn: ")[2].rstrip(".") for line in lines}
    assert (len(lines), len(drawn)) == (2, 1)


def test_a_report_is_written(specs):
    """Findings, schema and exit code stand in the file, and what a failure consists of can be read from it."""
    specs.kata(learner=learner("return number"))
    specs.run()
    data = json.loads(specs.report.read_text(encoding="utf-8"))
    assert (data["schema"], data["exit"], len(data["findings"])) == (SCHEMA_VERSION, 1, 3)
    assert data["findings"][0]["failure"]["call"] == "double(1)"


def test_the_summary_can_be_left_out(specs):
    """With --no-summary there is no line on katas, and none without findings either."""
    specs.kata()
    specs.run("--impl=solution", "--no-summary").stdout.no_fnmatch_line("*exercises passed*")
    other = specs.pytester.makepyfile("def test_a(): pass")
    specs.pytester.runpytest_inprocess(str(other)).stdout.no_fnmatch_line("*= katas =*")


def test_a_pass_that_should_fail_is_a_failure(specs):
    """A strict xfail that passes, and what goes wrong after a test, are found out as well."""
    spec = SPEC.replace(
        '@pytest.mark.exercise("double")', '@pytest.mark.xfail(strict=True)\n@pytest.mark.exercise("double")'
    )
    spec += "\n\n@pytest.fixture\ndef late():\n    yield\n    1 / 0\n\n\n"
    spec += '@pytest.mark.exercise("join_words")\ndef test_late(impl, late):\n    """Goes wrong afterwards."""\n'
    specs.kata(spec=spec)
    specs.run("--impl=solution")
    found = [(f.test, str(f.outcome)) for f in specs.findings()]
    assert found[0] == (ALL[0], "failed")
    assert found[-2:] == [("test_late", "passed"), ("test_late", "failed")]


def test_a_crash_of_a_worker_is_a_finding(specs):
    """What xdist reports about a process that died counts as an error of the test."""
    specs.kata()
    plugin = KataPlugin(specs.load())
    plugin.references = ["solution"]
    nodeid = f"katas/03_tiny_things/test_tiny_things.py::{ALL[0]}[solution]"
    when: Any = "???"  # as xdist has it
    for each in (nodeid, "elsewhere.py::test_a"):
        report = pytest.TestReport(each, ("", None, ""), {}, "failed", "died", when)
        plugin.pytest_runtest_logreport(report)
    (found,) = plugin.findings.all()
    assert (found.test, found.implementation, found.outcome) == (ALL[0], "solution", "error")


def test_a_worker_shares_the_lock(specs, tmp_path):
    """The processes of one run find the lock in the folder that they share."""
    from harness.judge.pytest_plugin import _turn

    config: Any = specs.pytester.parseconfigure(f"--basetemp={tmp_path / 'run' / 'gw0'}")
    assert config.stash[HARNESS].catalogue.katas == ()
    (tmp_path / "run").mkdir()
    lock: Any = _turn(config, "gpu")
    assert lock.lock_file == str(tmp_path / "run" / "gw0" / "gpu.lock")
    config.workerinput = {}
    lock = _turn(config, "gpu")
    assert lock.lock_file == str(tmp_path / "run" / "gpu.lock")


def overlap(log):
    """Whether any two uses of the oven overlapped."""
    times = sorted(tuple(map(float, line.split())) for line in log.read_text(encoding="utf-8").splitlines())
    assert len(times) == 4
    return any(end > begin for (_, end), (begin, _) in pairwise(times))


def test_two_processes_come_to_the_same(packs, pytester, monkeypatch, tmp_path):
    """In random order on two workers a third party's spec finds out the same as in one process; ovens take turns."""
    monkeypatch.syspath_prepend(packs["good_pack"])
    monkeypatch.setenv("PYTHONPATH", str(packs["good_pack"]))  # for the workers
    monkeypatch.setenv("OVEN", "1")
    monkeypatch.setenv("OVEN_LOG", str(tmp_path / "log"))
    spec = packs["good_pack"] / "good_pack" / "katas" / "40_scaling" / "test_scaling.py"
    fixed = ["-p", "no:cacheprovider", "--import-mode=importlib", "--hypothesis-profile=grade"]
    fixed += ["--impl=solution", "--impl=mistake:scale__in_place"]
    found = []
    for run, options in (
        (pytester.runpytest_inprocess, ["-p", "no:randomly"]),
        (pytester.runpytest_subprocess, ["-n", "2"]),
    ):
        (tmp_path / "log").unlink(missing_ok=True)
        result = run(str(spec), *fixed, *options, f"--kata-report={tmp_path / 'report'}")
        result.assert_outcomes(passed=6, failed=2)
        assert not overlap(tmp_path / "log")
        data = json.loads((tmp_path / "report").read_text(encoding="utf-8"))["findings"]
        for each in data:
            del each["seconds"]
        found.append(sorted(data, key=lambda each: (each["implementation"], each["test"])))
    assert found[0] == found[1]


def test_the_reference_is_read_from_the_fixture():
    """An item without parameters has no reference."""
    item: Any = object()
    assert reference_of(item) is None
