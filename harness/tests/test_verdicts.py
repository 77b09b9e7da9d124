"""From findings to a verdict, to JSON, and back; and from exceptions to findings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import (
    CatalogueError,
    DeadlineExceeded,
    ForbiddenCall,
    ImplementationCrashed,
    MissingName,
    RequirementMissing,
    SourceError,
    SpecError,
    ToDo,
    described,
)
from harness.judge import outcomes
from harness.judge.outcomes import finding_of_crash, judge_exception, shortened, summaries
from harness.judge.verdicts import finding_from_json, finding_to_json, fold, from_json, to_json
from harness.model import Exercise, ExerciseVerdict, Failure, Finding, Kata, Location, Outcome, Verdict
from harness.runner import last_call
from harness.spec.asserts import Mismatch


def exercise(name, *needs):
    return Exercise(name=name, points=3, difficulty=1, minutes=2, hints=(), needs=needs)


KATA = Kata(
    number=1,
    topic="tiny",
    pack="p",
    folder=Path("katas/01_tiny"),
    solution=Path("solutions/tiny.py"),
    title="",
    summary="",
    part="",
    exercises=(exercise("a"), exercise("b", "a"), exercise("c", "b")),
)


def finding(outcome, name="a", label="x", message="why"):
    return Finding(
        topic="tiny",
        exercise=name,
        implementation=label,
        test=f"test_{name}",
        sentence="A sentence.",
        outcome=Outcome(outcome),
        seconds=0.5,
        failure=None if outcome == "passed" else Failure(message=message),
    )


def folded(*found, **options):
    return {verdict.exercise: verdict for verdict in fold(KATA, "x", found, **options).exercises}


GRAVEST_FIRST = ["error", "timeout", "failed", "todo", "passed", "skipped"]


@given(outcomes=st.lists(st.sampled_from(GRAVEST_FIRST), min_size=1))
def test_the_gravest_outcome_decides(outcomes):
    """An exercise is as good as its worst test, and skipped only if all of its tests were."""
    verdict = folded(*map(finding, outcomes))["a"]
    gravest = min(outcomes, key=GRAVEST_FIRST.index)
    assert verdict.outcome == gravest
    assert verdict.points == (3 if gravest == "passed" else 0)
    assert verdict.possible == 3
    assert verdict.seconds == 0.5 * len(outcomes)
    assert verdict.skipped == (("why",) if "skipped" in outcomes else ())
    assert (verdict.finding is None) == (gravest in ("passed", "skipped"))


def test_what_no_test_judged_is_not_right():
    """An exercise without findings is an error, not a pass."""
    assert folded()["a"].outcome is Outcome.ERROR


def test_only_findings_on_this_implementation_count():
    """Findings on others, and on other katas, are passed over."""
    other = replace(finding("failed"), topic="other")
    assert folded(finding("passed"), finding("failed", label="y"), other)["a"].outcome is Outcome.PASSED


def test_needs_block():
    """An exercise that fails while one that it needs has not passed is blocked by it; one that passes has passed."""
    verdicts = folded(finding("failed"), finding("failed", "b"), finding("todo", "c"))
    assert [verdict.outcome for verdict in verdicts.values()] == ["failed", "blocked", "blocked"]
    assert (verdicts["b"].blocked_by, verdicts["c"].blocked_by) == (("a",), ("b",))
    assert verdicts["b"].finding is not None
    verdicts = folded(finding("skipped"), finding("failed", "b"), finding("passed", "c"))
    assert [verdict.outcome for verdict in verdicts.values()] == ["skipped", "failed", "passed"]
    assert folded(finding("failed"), finding("skipped", "b"))["b"].outcome is Outcome.SKIPPED


def test_one_exercise_can_be_folded_alone():
    """Where one exercise was judged, the verdict is about that one, and what was not judged blocks nothing."""
    verdicts = folded(finding("failed", "b"), only=[KATA.exercises[1]])
    assert {name: verdict.outcome for name, verdict in verdicts.items()} == {"b": "failed"}


def test_a_verdict_is_passed_if_nothing_failed():
    """Skipped exercises hold nobody up; anything else does."""
    verdict = fold(KATA, "x", [finding("passed"), finding("skipped", "b"), finding("passed", "c")])
    assert verdict.passed
    assert (verdict.count(Outcome.PASSED), verdict.count(Outcome.SKIPPED)) == (2, 1)
    assert not fold(KATA, "x", [finding("passed"), finding("todo", "b"), finding("passed", "c")]).passed


def test_a_kata_knows_its_exercises():
    """Minutes and points add up, and an unknown exercise is a KeyError."""
    assert (KATA.minutes, KATA.points, KATA.exercise("b").name) == (6, 9, "b")
    with pytest.raises(KeyError, match="d"):
        KATA.exercise("d")


texts = st.text(max_size=20)
maybe_texts = st.none() | texts
failures = st.builds(
    Failure,
    message=texts,
    call=maybe_texts,
    expected=maybe_texts,
    got=maybe_texts,
    difference=maybe_texts,
    location=st.none() | st.builds(Location, file=texts, line=st.integers(1, 10**6), code=texts),
    exceptions=st.lists(texts, max_size=3).map(tuple),
)
found = st.builds(
    Finding,
    topic=texts,
    exercise=texts,
    implementation=texts,
    test=texts,
    sentence=texts,
    outcome=st.sampled_from(Outcome),
    seconds=st.floats(0, 1e6),
    failure=st.none() | failures,
    touched=st.none() | st.booleans(),
)
verdicts = st.builds(
    Verdict,
    topic=texts,
    implementation=texts,
    exercises=st.lists(
        st.builds(
            ExerciseVerdict,
            exercise=texts,
            outcome=st.sampled_from(Outcome),
            points=st.integers(0, 9),
            possible=st.integers(0, 9),
            seconds=st.floats(0, 1e6),
            blocked_by=st.lists(texts, max_size=2).map(tuple),
            finding=st.none() | found,
            mistake=maybe_texts,
            skipped=st.lists(texts, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(verdict=verdicts)
def test_a_verdict_survives_json(verdict):
    """What is written as JSON is read again as the same verdict."""
    assert from_json(json.loads(json.dumps(to_json(verdict)))) == verdict


@given(finding=found)
def test_a_finding_survives_json(finding):
    """What a worker writes is what the other side reads, even if a later version has written more."""
    data = json.loads(json.dumps(finding_to_json(finding)))
    data["news"] = 1
    if data["failure"]:
        data["failure"]["news"] = 2
        if data["failure"]["location"]:
            data["failure"]["location"]["news"] = 3
    assert finding_from_json(data) == finding


def test_json_of_another_version_is_refused():
    """A reader does not guess what another schema means."""
    with pytest.raises(ValueError, match="a verdict of schema 2; this version reads 1"):
        from_json({"schema": 2})
    with pytest.raises(ValueError, match="schema None"):
        from_json({})


class SilentError(Exception):
    def __str__(self):
        raise ZeroDivisionError


class ImposterError(Exception):
    """As asyncio.IncompleteReadError has, it has an attribute that means something else."""

    expected = object()
    call = "no call"


class FlakyFailure(ExceptionGroup):
    """As Hypothesis raises it."""


def caught(error):
    """The exception as it is when it has been raised."""
    try:
        raise error
    except type(error):
        return error


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (ToDo("to do: a.py:3"), "todo", "to do: a.py:3"),
        (DeadlineExceeded("did not return within 10 s"), "timeout", "did not return within 10 s"),
        (SourceError("a.py:1 is not Python"), "error", "a.py:1 is not Python"),
        (SpecError("argument 1 is a module"), "error", "argument 1 is a module"),
        (RequirementMissing("no network"), "error", "no network"),
        (CatalogueError("the solution is wrong"), "error", "the solution is wrong"),
        (MissingName("f is not defined"), "failed", "f is not defined"),
        (ForbiddenCall("without torch.cat"), "failed", "without torch.cat"),
        (ImplementationCrashed("raised SystemExit"), "failed", "raised SystemExit"),
        (ValueError("bad: value"), "failed", "ValueError: bad: value"),
        (ValueError(), "failed", "ValueError (without a message)"),
        (AssertionError("x: should be 1"), "failed", "x: should be 1"),
        (AssertionError(), "failed", "AssertionError"),
        (SilentError(), "failed", "SilentError: its message cannot be read"),
        (ImposterError("a"), "failed", "ImposterError: a"),
        (KeyboardInterrupt(), "failed", "KeyboardInterrupt (without a message)"),
        (ExceptionGroup("two", [ExceptionGroup("in", [ToDo("a")]), ValueError("b")]), "todo", "a"),
        (FlakyFailure("f", [ValueError("b")]), "failed", outcomes._FLAKY),
        (ValueError("\n".join("abcdefghijklmnop")), "failed", "ValueError: " + "\n".join("abcdefghijkl") + "…"),
        (ValueError("\ud800"), "failed", r"ValueError: \ud800"),
    ],
)
def test_an_exception_says_what_became_of_a_test(error, outcome, message):
    """Each kind of exception has its outcome, and its message says no more than a person wants to read."""
    last_call.record(lambda: "f(1)")
    try:
        judged, failure = judge_exception(caught(error))
    finally:
        last_call.forget()
    assert (judged, failure.message) == (outcome, message)
    assert failure.call == (None if isinstance(error, SourceError) else "f(1)")
    assert (failure.expected, failure.got, failure.difference) == (None, None, None)
    json.dumps(finding_to_json(replace(finding("failed"), failure=failure)))


def test_what_hypothesis_complains_of_is_the_specs_fault():
    """A failed health check says nothing about the implementation."""
    from hypothesis.errors import FailedHealthCheck

    assert judge_exception(FailedHealthCheck("too slow"))[0] is Outcome.ERROR


def test_a_mismatch_keeps_its_parts():
    """A comparison's call, expected and got can be laid out one by one; its types are known by name."""
    outcome, failure = judge_exception(Mismatch("differs", call="f(2)", expected="1", got="2"))
    assert outcome is Outcome.FAILED
    assert (failure.call, failure.expected, failure.got, failure.difference) == ("f(2)", "1", "2", "differs")
    assert failure.exceptions == ("harness.spec.asserts.Mismatch", "builtins.AssertionError", "builtins.Exception")


def test_learners_lines_are_shown_where_they_help(impl_factory):
    """An exception of the implementation's shows its line; a comparison, and a message that has one, do not."""
    proxy = impl_factory.make("def f(x):\n    assert x\n\n\ndef g():\n    raise SystemExit\n")
    with pytest.raises(AssertionError) as assertion:
        proxy.f(0)
    assert judge_exception(assertion.value)[1].location.code == "assert x"
    comparison = Mismatch("should raise ValueError")
    comparison.__cause__ = assertion.value
    assert judge_exception(comparison)[1].location is None
    with pytest.raises(ImplementationCrashed) as crash:
        proxy.g()
    assert judge_exception(crash.value)[1].location.code == "raise SystemExit"
    missing = MissingName("h is not defined")
    missing.__cause__ = assertion.value
    assert judge_exception(missing)[1].location is None


@pytest.mark.parametrize(
    ("statement", "message"),
    [("assert x", "AssertionError (without a message)"), ("assert x, 'no x'", "AssertionError: no x")],
)
def test_a_learners_own_assertion_is_no_word_of_the_spec(impl_factory, statement, message):
    """An `assert` that fails in the learner's file is shown as the exception that it is."""
    with pytest.raises(AssertionError) as assertion:
        impl_factory.make(f"def f(x):\n    {statement}\n").f(0)
    assert judge_exception(assertion.value)[1].message == message


@given(text=st.text())
def test_a_shortened_message_can_be_shown(text):
    """Whatever a message holds, a few lines of it can be written to any terminal."""
    short = shortened(text * 3)
    short.encode("utf-8")
    assert len(short) <= 2001
    assert len(short.split("\n")) <= 12
    assert shortened("a" * 3000) == "a" * 2000 + "…"


def test_any_exception_can_be_described():
    """Type and message, or that there is none."""
    assert [described(error) for error in (ValueError("a"), ValueError(), SilentError())] == [
        "ValueError: a",
        "ValueError (without a message)",
        "SilentError: its message cannot be read",
    ]


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("katas/03_tiny_things/test_tiny_things.py::test_is_twice_the_number[a-b.py]", "a-b.py"),
        ("03_tiny_things/test_tiny_things.py::TestGroup::test_is_twice_the_number[solution-3]", "solution"),
        ("03_tiny_things/test_tiny_things.py::test_is_twice_the_number", ""),
        ("03_tiny_things/test_tiny_things.py::test_no_such_test[solution]", None),
        ("elsewhere/test_other.py::test_is_twice_the_number[solution]", None),
    ],
)
def test_a_crash_is_known_by_its_node_id(kata, nodeid, expected):
    """From xdist's word for a worker that died, the test, its exercise and the implementation are found."""
    crash = finding_of_crash(nodeid, [KATA, kata], ["solution", "a-b.py"])
    if expected is None:
        assert crash is None
        return
    assert (crash.topic, crash.exercise, crash.implementation) == ("tiny_things", "double", expected)
    assert (crash.outcome, crash.failure.message) == (Outcome.ERROR, "the process that ran this test died")


def test_a_summary_is_a_line_for_each_implementation():
    """Each implementation of each kata has a line, which names what has not passed."""
    some = [finding("passed"), finding("failed", "b"), finding("passed", label="y"), finding("passed")]
    assert summaries([KATA], some) == [
        "tiny [x]: 1 of 2 exercises passed; b failed",
        "tiny [y]: 1 of 1 exercises passed",
    ]
