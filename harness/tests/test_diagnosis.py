import sys
import time
from contextlib import nullcontext, suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue import manager
from harness.diagnosis import diagnose as diagnosing
from harness.diagnosis import recognition
from harness.diagnosis.diagnose import diagnose
from harness.diagnosis.likeness import Likeness
from harness.diagnosis.recorder import Traced
from harness.diagnosis.replay import Comparison, Replay
from harness.errors import MissingName
from harness.judge.diagnosing import Diagnoses
from harness.judge.run import judge
from harness.judge.verdicts import finding_from_json, finding_to_json, fold, from_json, to_json
from harness.model import Failure, Finding, Kata, Outcome
from harness.runner import seeds
from harness.runner.isolation.client import Parent
from harness.runner.loading import solution, submission, variants
from harness.runner.proxy import Impl
from harness.runner.session import Session
from harness.spec import assert_value
from harness.tests.tiny_kata import MISTAKES, make_kata

SECOND_MISTAKE = '''

def double__adds_two(number):
    """You added two.

    That is twice the number for two alone.
    """
    return number + 2


def double__wrong_type(number):
    """You asked for the length of a number, and numbers have none."""
    return len(number)


double__wrong_type.raises = TypeError
'''


@given(number=st.integers(-50, 50))
def is_twice(impl, number):
    assert_value(impl.double(number), number + number)


@pytest.fixture
def kata(tmp_path):
    seeds.register_torch_generator()
    return make_kata(tmp_path / "katas/01_tiny", mistakes=MISTAKES + SECOND_MISTAKE)


@pytest.fixture
def judged(kata, tmp_path):
    """Judges an answer to `double` as pytest would, and gives what was recorded."""
    sessions, diagnoses = [], Diagnoses()

    def judged(body, test=is_twice):
        file = tmp_path / "answer.py"
        answer = kata.solution.read_text().replace("    return 2 * number\n", body)
        file.write_text(answer)
        session, exercise = Session.start(kata, submission(kata, file)), kata.exercise("double")
        sessions.append(session)
        recorder = diagnoses.watch(session)
        diagnoses.begin(session, exercise, "is_twice")
        arguments = {"impl": Impl(session)}
        try:
            test(**arguments)
        except Exception as error:
            diagnoses.fail(session, exercise, "is_twice", test, arguments, error)
        return recorder.tests

    yield judged
    for session in sessions:
        session.close()


def mistakes_of(kata: Kata, tests: list[Traced], *, apart: bool = False) -> list[tuple[str, str | None]]:
    return [(each.test, each.mistake) for each in diagnose(kata, tests, apart=apart)]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("    return number * number\n", "double__square"),
        ("    return number**2\n", "double__square"),
        ("    return sum([number, 1, 1])\n", "double__adds_two"),
        ("    return len(number)\n", "double__wrong_type"),
    ],
)
def test_a_known_mistake_is_recognised_in_any_spelling(kata, judged, apart, body, mistake):
    """The mistake that gives the same wrong results is named, however the answer is written."""
    assert mistakes_of(kata, judged(body), apart=apart) == [("is_twice", mistake)]


def test_what_only_looks_like_a_mistake_is_said_to(kata, judged):
    """An answer with a mistake and another one besides is told what the example that is shown looks like."""
    (found,) = diagnose(kata, judged("    return number * number if number < 4 else 5\n"), apart=False)
    assert found.mistake == "double__square"
    assert found.sentence.startswith(f"{recognition.LOOKS_LIKE}You squared the number")


@pytest.mark.parametrize(("added", "named"), [(2, True), (3, True), (-1, True), (7, False)])
def test_a_number_of_a_mistake_s_own_may_vary(kata, judged, added, named):
    """A mistake stands for all the values that it says may vary, in a function or in a class."""
    text = kata.mistakes.read_text().replace("double__adds_two(number):", "double__adds_two(number, *, more=2):")
    text = text.replace("return number + 2", "return number + more")
    kata.mistakes.write_text(text + '\n\ndouble__adds_two.varies = {"more": (3, -1)}\n')
    found = mistakes_of(kata, judged(f"    return number + {added}\n"))
    assert (found == [("is_twice", "double__adds_two")]) is named


def test_an_attribute_of_a_class_may_vary():
    class Mistake:
        size = 1

    Mistake.varies = {"size": (2, 3)}
    assert [each.size for each in variants(Mistake)] == [1, 2, 3]


def test_all_sentences_are_given(kata, judged):
    """What a mistake says comes whole, on one line."""
    (found,) = diagnose(kata, judged("    return number + 2\n"), apart=False)
    assert found.sentence == "You added two. That is twice the number for two alone."


@pytest.mark.parametrize(
    "body",
    [
        "    return number + number\n",
        "    return 3 * number + 1 + number % 7\n",
        "    return number * number if number == 3 else 5 + number % 7\n",
        "    return float(number)\n",
        "    raise TypeError('something else')\n",
    ],
)
def test_nothing_known_is_nothing_named(kata, judged, body):
    """A right answer, and a wrong one that no mistake explains on most examples, are not given a mistake's name."""
    assert mistakes_of(kata, judged(body)) in ([], [("is_twice", None)])


def test_a_right_answer_is_left_alone(kata, judged):
    """Where no test failed, nothing is said at all."""
    assert diagnose(kata, judged("    return number + number\n"), apart=False) == []


def test_further_examples_tell_mistakes_apart(kata, judged):
    """If two mistakes give the same on the smallest example, the test is run on others."""

    def only_once(impl):
        assert_value(impl.double(-1), -2)

    tests = judged("    return number + 2\n", only_once)
    tests[0].test = "is_twice"
    assert mistakes_of(kata, tests) == [("is_twice", "double__square")]  # 1 = (-1)² = -1 + 2: the first one listed
    assert mistakes_of(kata, judged("    return number + 2\n")) == [("is_twice", "double__adds_two")]


@given(number=st.integers(-50, 50))
def is_twice_if_it_is_anything(impl, number):
    with suppress(Exception):
        result = impl.double(number)
    if number >= 0:
        assert_value(result, number + number)


def test_an_exception_elsewhere_does_not_silence_a_mistake(kata, judged):
    """What raises where the mistake does not is another matter than the wrong result that is shown."""
    body = "    if number < 0:\n        raise KeyError(number)\n    return number * number\n"
    tests = judged(body, is_twice_if_it_is_anything)
    assert [mistake for _, mistake in mistakes_of(kata, tests)] == ["double__square"]


def test_without_a_known_mistake_a_guess_is_made(kata, judged):
    """A wrong result that resembles the right one gets a guess, which has no name."""
    (found,) = diagnose(kata, judged("    return 3 * 2 * number\n"), apart=False)
    assert found.mistake is None
    assert "3 times what it should be" in found.sentence


def test_nothing_is_guessed_where_the_shown_example_raises(kata, judged):
    """What is shown is an exception, so a guess about the wrong results of other examples would mislead."""
    tests = judged("    return 3 * 2 * number\n")
    (test,) = tests
    assert not test.raised
    test.raised = True
    assert diagnose(kata, tests, apart=False) == []


def test_an_exception_that_is_shown_is_noted(judged):
    """A test that failed by the answer's own exception has raised."""
    (test,) = judged("    return number.nothing\n")
    assert test.failed
    assert test.raised


def test_broken_mistakes_break_nothing(kata, judged):
    """Where the file of mistakes cannot be loaded, nothing is named."""
    tests = judged("    return number * number\n")
    kata.mistakes.write_text("1 / 0")
    assert mistakes_of(kata, tests) in ([], [("is_twice", None)])


def test_an_error_of_the_diagnosis_breaks_nothing(kata, judged, monkeypatch):
    """The diagnosis itself may fail: a warning says so, and the verdict stands."""
    tests = judged("    return number * number\n")
    monkeypatch.setattr(diagnosing, "recognise", lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="broke off"):
        assert diagnose(kata, tests, apart=False) == []


def test_an_endless_mistake_ends_in_time(kata, judged, monkeypatch):
    """A mistake that does not return is given up with the copy in which it runs."""
    monkeypatch.setattr(diagnosing, "PATIENCE", 0.5)
    tests = judged("    return number * number\n")
    kata.mistakes.write_text("def double__endless(number):\n    while True:\n        pass\n")
    start = time.monotonic()
    assert mistakes_of(kata, tests, apart=True) in ([], [("is_twice", None)])
    assert time.monotonic() - start < 5


def test_time_is_bounded(kata, judged, monkeypatch):
    """When the time is up, nothing is named."""
    tests = judged("    return number * number\n")
    monkeypatch.setattr(recognition, "BUDGET", 0.0)
    assert mistakes_of(kata, tests) in ([], [("is_twice", None)])


def test_the_judge_never_loads_mistakes_or_solutions(kata, judged):
    """In isolated mode they run in a copy of the process, and no trace of them is left in this one."""
    tests = judged("    return number * number\n")
    before = set(sys.modules)
    assert mistakes_of(kata, tests, apart=True) == [("is_twice", "double__square")]
    assert {name for name in set(sys.modules) - before if "mistakes" in name or "tiny" in name} == set()


def test_the_reference_does_what_it_did(kata, judged):
    """A trace of the reference, done once more with it, comes out the same."""
    (test,) = judged("    return 2 * number\n")
    assert {Replay(kata, solution(kata)).compare(example) for example in test.others()} == {Comparison(Likeness.SAME)}


def test_objects_are_done_with_once_more(tmp_path):
    """Calls of handles, of their methods and with handles as arguments are repeated as they were."""
    toml_solution = '''\
"""Tiny things."""


def double(number):
    """Gives a generator, a function and the number."""
    # <solution>
    return [iter([number, number + 1]), lambda other: next(other), number]
    # </solution>


def join_words(words, separator=" "):
    """Joins."""
    # <solution>
    return separator.join(words)
    # </solution>
'''
    kata = make_kata(tmp_path / "katas/01_tiny", solution=toml_solution)
    session, diagnoses = Session.start(kata, solution(kata)), Diagnoses()
    recorder, proxy = diagnoses.watch(session), Impl(session)
    diagnoses.begin(session, kata.exercise("double"), "test")
    items, function, _ = proxy.double(5)
    assert function(items) == 5
    assert function(items) == 6
    with pytest.raises(StopIteration):
        function(items)
    example = recorder.tests[0].example
    assert Replay(kata, solution(kata)).likenesses(example) == [Likeness.SAME] * 4
    session.close()


FINDING = Finding(
    topic="tiny",
    exercise="double",
    implementation="learner",
    test="is_twice",
    sentence="The result is twice the number.",
    outcome=Outcome.FAILED,
    seconds=0.1,
    failure=Failure(message="is 9, and should be 6"),
)


def test_a_finding_carries_the_mistake_into_the_verdict(kata):
    """The sentence reaches the exercise's verdict, and name and sentence survive JSON."""
    finding = replace(FINDING, mistake="You squared.", mistake_name="double__square")
    assert finding_from_json(finding_to_json(finding)) == finding
    verdict = fold(kata, "learner", [finding])
    assert verdict.exercises[0].mistake == "You squared."
    assert from_json(to_json(verdict)) == verdict


def test_what_the_harness_refuses_is_not_diagnosed(kata, judged):
    """An answer without the function has its message already."""

    def missing(impl):
        raise MissingName("double is not defined")

    assert diagnose(kata, judged("    return number\n", missing), apart=False) == []


@pytest.mark.parametrize(
    ("isolated", "topic", "mistake"),
    [
        (False, "tensor_creation", "split_records__one_tensor"),
        (True, "tensor_creation", "split_records__one_tensor"),
        (True, "environment", "run_with_threads__another_exception"),
    ],
)
def test_a_whole_run_names_the_mistake(isolated, topic, mistake):
    """With `--diagnose`, the findings of a run say which mistake was made, in one process or in two."""
    kata = manager.load().catalogue.find(topic)
    judged = [kata.exercise(mistake.partition("__")[0])]
    with Parent.start() if isolated else nullcontext() as parent:
        reference = f"mistake:{mistake}"
        findings = judge(kata, reference, exercises=judged, profile="verify", parent=parent, options=["--diagnose"])
    (diagnosed,) = (finding for finding in findings if finding.mistake)
    assert (diagnosed.mistake_name, diagnosed.outcome) == (mistake, Outcome.FAILED)
