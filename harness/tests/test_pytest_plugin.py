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
from harness.tests.kitchen import SOLUTION, SPEC, TOML

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


def test_the_solution_passes(stall):
    """The reference passes its spec, and the run ends with a line that says so."""
    stall.kata()
    result = stall.run("--impl", "solution", "-v")
    result.assert_outcomes(passed=3)
    assert stall.outcomes() == dict.fromkeys(ALL, "passed")
    result.stdout.fnmatch_lines([
        "*::test_is_twice_the_number[[]solution[]] PASSED*",
        "*= katas =*",
        "tiny_things [[]solution[]]: 2 of 2 exercises passed",
    ])  # fmt: skip
    (first, *_) = stall.findings()
    assert first.sentence == "The result is twice the number."
    assert (first.topic, first.exercise, first.implementation) == ("tiny_things", "double", "solution")
    assert first.seconds > 0
    assert (first.failure, first.touched) == (None, None)


def test_the_learners_file_is_judged_by_default(stall):
    """A stub is to do: it fails, in one line each, and without a traceback."""
    stall.kata()
    result = stall.run()
    result.assert_outcomes(failed=3)
    assert stall.outcomes() == dict.fromkeys(ALL, "todo")
    result.stdout.fnmatch_lines([f"to do: {stall.learner}:13", "tiny_things *double todo, join_words todo"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*raise *")


def test_several_implementations_in_one_run(stall, tmp_path):
    """Each value of `--impl` is judged, once, under its own name."""
    stall.kata(learner=learner("return 3 * number"))
    folder = tmp_path / "somebody"
    folder.mkdir()
    (folder / "tiny_things.py").write_text(SOLUTION, encoding="utf-8")
    references = ["solution", str(folder), "stub", "solution"]
    stall.run(*(f"--impl={reference}" for reference in references))
    counted = {r: [str(f.outcome) for f in stall.findings() if f.implementation == r] for r in references}
    assert counted == {"solution": ["passed"] * 3, str(folder): ["passed"] * 3, "stub": ["todo"] * 3}


def test_one_exercise_can_be_judged_alone(stall):
    """The tests of other exercises are deselected."""
    stall.kata()
    stall.run("--impl=solution", "--kata-exercise=double").assert_outcomes(passed=1, deselected=2)
    assert list(stall.outcomes()) == ALL[:1]


def test_a_mistake_is_judged_by_its_own_exercise(stall):
    """Tests of exercises that a mistake has left right say nothing about it."""
    stall.kata()
    stall.run("--impl=mistake:double__square").assert_outcomes(failed=1, deselected=2)
    assert stall.outcomes() == {ALL[0]: "failed"}
    stall.run("--impl=distorted:join_words__reversed")
    assert set(stall.outcomes()) == set(ALL[1:])
    assert [finding.touched for finding in stall.findings()] == [True, True]


def test_one_failure_may_be_enough(stall):
    """Asked so, the run leaves out the other tests of an exercise that has failed one; a to-do is no failure."""
    stall.kata(learner=learner().replace("separator.join(words)", "''"))
    options = [
        "--impl=learner",
        "--impl=distorted:join_words__extra_dimension",
        "--impl=distorted:join_words__constant",
        "--impl=stub",
    ]
    stall.run("--kata-first-failure", "--kata-exercise=join_words", *options)
    counted: dict[str, list[str]] = {}
    for finding in stall.findings():
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
def test_a_file_that_cannot_be_used_is_explained(stall, name):
    """What is wrong with the learner's file is said in the learner's terms; nothing of the harness is to be seen."""
    source, lines = BROKEN[name]
    stall.kata(learner=source)
    result = stall.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(lines)
    for hidden in ("Traceback", "harness", "hypothesis/", "Failing test case"):
        result.stdout.no_fnmatch_line(f"*{hidden}*")
    assert stall.outcomes()[ALL[0]] == ("failed" if name in ("missing", "signature", "exits later") else "error")


def test_a_file_that_is_no_text_is_explained(stall):
    """The line that is not UTF-8 is shown."""
    stall.kata(learner="")
    stall.learner.write_bytes("x = 'Übung'\n".encode("latin1"))
    stall.run().stdout.fnmatch_lines(["tiny_things.py:1 is not UTF-8 text: save the file as UTF-8", "    x = '*bung'"])


def test_an_exception_shows_the_learners_line(stall):
    """An ordinary exception has its traceback, which leads through the spec to the learner's line and nowhere else."""
    stall.kata(learner=learner("return number.doubled"))
    result = stall.run()
    result.stdout.fnmatch_lines(
        ["E*AttributeError: *'doubled'*", "katas/03_tiny_things/tiny_things.py:14: AttributeError"]
    )
    result.stdout.no_fnmatch_line("harness/*")
    result.stdout.no_fnmatch_line("*/host.py*")
    failure = stall.findings()[0].failure
    assert failure.message == "AttributeError: 'int' object has no attribute 'doubled'"
    assert (failure.call, failure.location.line, failure.location.code) == ("double(0)", 14, "return number.doubled")
    assert failure.exceptions[0] == "builtins.AttributeError"


def test_a_wrong_result_shows_the_call(stall):
    """A failed comparison has the smallest call that was found, what was expected and what came."""
    stall.kata(learner=learner("return number"))
    result = stall.run()
    result.stdout.fnmatch_lines(["E*called: *double(1)", "E*expected: *2", "E*got: *1"])
    result.stdout.no_fnmatch_line("harness/*")
    failure = stall.findings()[0].failure
    assert (failure.call, failure.expected, failure.got, failure.location) == ("double(1)", "2", "1", None)


FILES = '''
    import pytest


    @pytest.mark.exercise("double")
    @pytest.mark.parametrize("below", ["words/list.txt", ""])
    def test_files(impl, below):
        """A file is opened."""
        impl.double(impl.folder() / below)
'''


def test_paths_begin_in_the_tests_own_folder(stall):
    """Where on this machine the folder lies says nothing to a learner."""
    stall.kata(spec=FILES, learner=learner("return open(number)"))
    stall.run()
    below, itself = [finding.failure for finding in stall.findings()]
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
def test_no_trick_passes_or_breaks_the_run(stall, does):
    """An answer that tries to leave the test fails it, and the other tests run on."""
    stall.kata(learner=learner(does))
    result = stall.run()
    result.assert_outcomes(failed=1, passed=2)
    assert list(stall.outcomes().values()) == ["failed", "passed", "passed"]


@pytest.mark.parametrize("handler", ["except Exception:", "except:", "finally:"])
def test_an_endless_loop_times_out(stall, monkeypatch, handler):
    """A call without end is broken off once, not once for each example that Hypothesis would like to try."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.3)
    monkeypatch.setattr(conditions, "_INSIST_EVERY", 0.05)
    loop = f"while True:\n        try:\n            time.sleep(0.01)\n        {handler}\n            number += 1"
    stall.kata(learner=learner(loop, "import time\n"))
    stall.run("--kata-exercise=double").stdout.fnmatch_lines(["did not return within 0.3 s"])
    (found,) = stall.findings()
    assert (found.outcome, found.failure.message) == ("timeout", "did not return within 0.3 s")
    assert found.failure.call.startswith("double(")
    assert found.seconds < 2


def test_a_forbidden_function_fails_the_exercise(stall):
    """The message names the function, and the line that calls it is shown."""
    toml = TOML.replace("forbid = []", 'forbid = ["functools.reduce"]')
    stall.kata(
        toml=toml, learner=learner("return reduce(int.__add__, [number, number])", "from functools import reduce\n")
    )
    result = stall.run()
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines([
        "double is to be written without functools.reduce, and your code calls it",
        "*tiny_things.py:15",
        "    return reduce(int.__add__, [[]number, number[]])",
    ])  # fmt: skip
    assert stall.findings()[0].failure.location.line == 15


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
def test_every_test_names_one_exercise(stall, marker, complaint):
    """A spec with a test that names no exercise, two, or one that does not exist is not run."""
    stall.kata(spec=SPEC.replace('@pytest.mark.exercise("double")', marker))
    result = stall.run("--impl=solution")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: *::test_is_twice_the_number*: a test judges exactly one exercise *{complaint}*"]
    )


def test_the_fixture_serves_specs_only(stall):
    """A test that is no spec's is told so, and tests that do without the fixture are left alone."""
    stall.kata()
    other = stall.pytester.path / "test_other.py"
    other.write_text("def test_a(impl):\n    pass\n\n\ndef test_b():\n    pass\n", encoding="utf-8")
    result = stall.run(str(other), "--impl=solution")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["`impl` serves specs of katas only, and *test_other.py is none"])
    assert set(stall.outcomes()) == set(ALL)


def test_a_test_may_do_without_the_fixture(stall):
    """What such a test finds out is about no implementation in particular."""
    stall.kata(spec=SPEC + '\n\n@pytest.mark.exercise("double")\ndef test_world():\n    """The world stands."""\n')
    stall.run("--impl=solution").assert_outcomes(passed=4)
    assert stall.findings()[-1].implementation == ""


def test_a_value_that_means_nothing_is_a_wrong_call(stall):
    """A typo in `--impl` is one line and exit code 4, before anything runs."""
    stall.kata()
    for options in (["--impl=nowhere"], ["--impl=solution", "--impl=mistake:double"]):
        result = stall.run(*options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert result.errlines[1:] == [""]
    stall.run("--impl=nowhere").stderr.fnmatch_lines(
        ["ERROR: *nowhere does not exist: --impl takes learner, solution, *"]
    )


def two_katas(stall, answered):
    """A second kata beside the first one, and a folder with an answer to one of them."""
    stall.kata()
    first, stall.folder = stall.folder, stall.folder.with_name("04_more_things")
    stall.kata(spec=SPEC.replace("tiny", "more"))
    stall.folder = first
    answers = stall.pytester.mkdir("answers")
    (answers / f"{answered}.py").write_text(SOLUTION, encoding="utf-8")


def test_a_folder_may_answer_some_katas_only(stall):
    """Of a folder that knows one of two katas, the other one's tests fail with what is missing."""
    two_katas(stall, "tiny_things")
    result = stall.run(str(stall.folder.with_name("04_more_things")), "--impl=answers")
    result.assert_outcomes(passed=3, errors=3)
    result.stdout.fnmatch_lines(["*answers holds neither more_things.py nor 04_more_things/more_things.py"])
    assert [str(finding.outcome) for finding in stall.findings()] == ["passed"] * 3 + ["error"] * 3


def test_a_folder_without_the_katas_of_the_run_is_a_wrong_call(stall):
    """A folder that only knows katas that were not asked for is refused before anything runs."""
    two_katas(stall, "more_things")
    result = stall.run("--impl=answers")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *answers holds neither tiny_things.py nor 03_tiny_things/tiny_things.py"])


def test_without_a_workspace_there_is_no_learner(stall, monkeypatch):
    """Where the learner's file cannot be found, the line says how to make a place for it."""
    stall.kata()
    monkeypatch.setenv("KATA_WORKSPACE", str(stall.pytester.path / "nowhere"))
    result = stall.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: KATA_WORKSPACE=*nowhere: is no workspace; `kata init *"])


def test_a_worker_makes_its_tests_complain(stall):
    """In a worker of xdist's, whose own words nobody hears, every test fails with the complaint."""

    class Worker:
        @pytest.hookimpl
        def pytest_configure(self, config):
            config.workerinput = {}

    stall.kata(spec=SPEC.replace('@pytest.mark.exercise("double")', ""))
    result = stall.pytester.runpytest_inprocess(
        str(stall.folder), "-p", "no:randomly", "-p", "no:cov", plugins=[Worker()]
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


def test_a_test_with_a_marker_is_skipped_where_the_resource_is_missing(stall):
    """The reason names the option that runs it all the same; the kata has passed as far as it could be judged."""
    stall.requirements = [OVEN]
    stall.kata(spec=MARKED)
    result = stall.run("--impl=solution", "-rs")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * no oven here; --oven runs it all the same"])
    found = stall.findings()[0]
    assert (found.outcome, found.failure.message) == ("skipped", "no oven here; --oven runs it all the same")
    result = stall.run("--impl=solution", "-rs", "--no-oven")
    result.stdout.fnmatch_lines(["SKIPPED * switched off by --no-oven; run it with --oven"])


def test_the_option_forces_a_test_with_a_marker(stall):
    """With the option the test runs, whatever the look for the resource says, and no guard is in its way."""
    stall.requirements = [OVEN]
    stall.kata(spec=MARKED)
    stall.run("--impl=solution", "--oven", "--strict-markers").assert_outcomes(passed=3)
    assert locked == []


def test_a_test_without_the_marker_is_guarded(stall):
    """The forgotten marker is named; the guard is there for the test alone."""
    stall.requirements = [OVEN]
    stall.kata(spec=BAKING)
    result = stall.run("--impl=solution")
    result.assert_outcomes(failed=1, passed=2)
    node = "katas/03_tiny_things/test_tiny_things.py::test_is_twice_the_number[[]solution[]]"
    result.stdout.fnmatch_lines([f"E*RequirementMissing: {node} has no `oven` marker: add @pytest.mark.oven"])
    assert stall.outcomes()[ALL[0]] == "error"
    assert locked == []


def _raise(test):
    raise ZeroDivisionError


def test_a_guard_that_fails_fails_the_test(stall):
    """A third party's guard that raises is an error of the test, and does not end the run."""
    stall.requirements = [Requirement(name="oven", help="an oven", guard=_raise)]
    stall.kata()
    stall.run("--impl=solution").assert_outcomes(errors=3)
    assert stall.outcomes() == dict.fromkeys(ALL, "failed")


def test_options_and_markers_are_documented(stall):
    """Every requirement's options stand in the help, and its marker in the list of markers."""
    stall.requirements = [OVEN]
    stall.kata()
    stall.run("--help").stdout.fnmatch_lines(["*--oven *run the tests that need an oven*", "*--no-oven *skip them*"])
    stall.run("--markers").stdout.fnmatch_lines(["@pytest.mark.exercise(name): *", "@pytest.mark.oven: needs an oven"])


def test_what_is_wrong_with_packs_stands_at_the_top(stall):
    """A broken kata is named in the header of every run."""
    stall.kata(toml="title = 1\n")
    stall.pytester.makepyfile("def test_a(): pass")
    stall.run().stdout.fnmatch_lines(["katas: 03_tiny_things of pack tiny is left out:*"])


def test_profiles_can_be_chosen(stall):
    """Specs run by the learner's profile unless another one is named."""
    spec = "from hypothesis import settings\n" + SPEC + '\n\nprint("examples:", settings.default.max_examples)\n'
    stall.kata(spec=spec)
    for profile, expected in ((None, 40), ("grade", 100), ("thorough", 1000)):
        options = ["--impl=solution", "-s", "--collect-only"]
        stall.run(*options, profile=profile).stdout.fnmatch_lines([f"examples: {expected}"])


def test_examples_do_not_depend_on_what_the_answer_is_called(stall):
    """The same code is judged by the same examples under whatever name, and each test draws its own."""
    drawn = stall.pytester.path / "drawn.txt"
    test = """

@pytest.mark.exercise("double")
@given(number=st.integers())
def test_drawn_{name}(impl, number):
    "Numbers are drawn."
    with open({file!r}, "a") as out:
        print("{name}", number, file=out)
"""
    stall.kata(spec=SPEC + "".join(test.format(name=name, file=str(drawn)) for name in "ab"))
    lists = []
    for name in ("one.py", "another.py"):
        answer = stall.pytester.path / name
        answer.write_text(stall.load().catalogue.katas[0].solution.read_text(), encoding="utf-8")
        drawn.unlink(missing_ok=True)
        stall.run(f"--impl={answer}")
        lists.append(drawn.read_text().splitlines())
    assert lists[0] == lists[1]
    assert [line[2:] for line in lists[0] if line[0] == "a"] != [line[2:] for line in lists[0] if line[0] == "b"]


def test_an_answer_cannot_spoil_the_examples_of_the_next(stall):
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
    stall.kata(spec=spec, learner=SOLUTION.replace("return 2 * number", "number *= 2\n    return number"))
    stall.run("--impl=learner", "--impl=solution")
    assert [str(finding.outcome) for finding in stall.findings()] == ["passed"] * 4


def test_random_numbers_do_not_depend_on_the_order(stall):
    """A test that draws nothing from Hypothesis meets the same numbers whichever tests ran before it."""
    spec = SPEC + (
        '\n\n@pytest.mark.exercise("double")\n@pytest.mark.parametrize("n", [1, 2])\ndef test_drawn(impl, n):\n'
        '    """Numbers are drawn."""\n    import torch\n    print("drawn:", torch.rand(1).item())\n'
    )
    stall.kata(spec=spec)
    lines = [line for line in stall.run("--impl=solution", "-s").outlines if "drawn:" in line]
    drawn = {line.partition("drawn: ")[2].rstrip(".") for line in lines}
    assert (len(lines), len(drawn)) == (2, 1)


def test_a_report_is_written(stall):
    """Findings, schema and exit code stand in the file, and what a failure consists of can be read from it."""
    stall.kata(learner=learner("return number"))
    stall.run()
    data = json.loads(stall.report.read_text(encoding="utf-8"))
    assert (data["schema"], data["exit"], len(data["findings"])) == (SCHEMA_VERSION, 1, 3)
    assert data["findings"][0]["failure"]["call"] == "double(1)"


def test_the_summary_can_be_left_out(stall):
    """With --no-summary there is no line on katas, and none without findings either."""
    stall.kata()
    stall.run("--impl=solution", "--no-summary").stdout.no_fnmatch_line("*exercises passed*")
    other = stall.pytester.makepyfile("def test_a(): pass")
    stall.pytester.runpytest_inprocess(str(other)).stdout.no_fnmatch_line("*= katas =*")


def test_a_pass_that_should_fail_is_a_failure(stall):
    """A strict xfail that passes, and what goes wrong after a test, are found out as well."""
    spec = SPEC.replace(
        '@pytest.mark.exercise("double")', '@pytest.mark.xfail(strict=True)\n@pytest.mark.exercise("double")'
    )
    spec += "\n\n@pytest.fixture\ndef late():\n    yield\n    1 / 0\n\n\n"
    spec += '@pytest.mark.exercise("join_words")\ndef test_late(impl, late):\n    """Goes wrong afterwards."""\n'
    stall.kata(spec=spec)
    stall.run("--impl=solution")
    found = [(f.test, str(f.outcome)) for f in stall.findings()]
    assert found[0] == (ALL[0], "failed")
    assert found[-2:] == [("test_late", "passed"), ("test_late", "failed")]


def test_a_crash_of_a_worker_is_a_finding(stall):
    """What xdist reports about a process that died counts as an error of the test."""
    stall.kata()
    plugin = KataPlugin(stall.load())
    plugin.references = ["solution"]
    nodeid = f"katas/03_tiny_things/test_tiny_things.py::{ALL[0]}[solution]"
    when: Any = "???"  # as xdist has it
    for each in (nodeid, "elsewhere.py::test_a"):
        report = pytest.TestReport(each, ("", None, ""), {}, "failed", "died", when)
        plugin.pytest_runtest_logreport(report)
    (found,) = plugin.findings.all()
    assert (found.test, found.implementation, found.outcome) == (ALL[0], "solution", "error")


def test_a_worker_shares_the_lock(stall, tmp_path):
    """The processes of one run find the lock in the folder that they share."""
    from harness.judge.pytest_plugin import _turn

    config: Any = stall.pytester.parseconfigure(f"--basetemp={tmp_path / 'run' / 'gw0'}")
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
