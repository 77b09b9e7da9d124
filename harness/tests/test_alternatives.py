"""Right answers in other spellings, written from lesson and stub alone: every spec has to accept them."""

from pathlib import Path

import pytest

from harness.catalogue import manager
from harness.judge.run import judge
from harness.model import Outcome

FOLDER = Path(__file__).parent / "alternatives"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_a_right_answer_in_another_spelling_passes(file):
    """Whoever solves a kata another way than the reference solution does has solved it."""
    kata = manager.load().catalogue.find(file.stem)
    findings = judge(kata, str(file), profile="grade")
    assert {finding.exercise for finding in findings} == {exercise.name for exercise in kata.exercises}
    wrong = [f for f in findings if f.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    assert [(f.test, f.failure and f.failure.message) for f in wrong] == []


def test_every_kata_has_an_alternative():
    """A kata without an independent right answer has not shown that its spec accepts one."""
    built_in = [kata.topic for kata in manager.load().catalogue.katas if kata.pack == "torch-katas"]
    assert sorted(file.stem for file in FOLDER.glob("*.py")) == sorted(built_in)
