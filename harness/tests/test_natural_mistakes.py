"""Wrong answers in natural code, written from a mistake's sentence and the stub alone: every spec has to reject them.

Whether they are also told apart is measured by `python -m harness.tests.benchmarks.diagnosis --only natural`.
"""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from harness.catalogue import manager
from harness.judge.run import judge
from harness.judge.verdicts import fold
from harness.judge.verification import mistakes_of
from harness.model import Outcome
from harness.runner.isolation.client import Parent

FOLDER = Path(__file__).parent / "natural_mistakes"
TOPICS = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


@pytest.fixture(scope="module")
def parent():
    with Parent.start() as parent:
        yield parent


@pytest.mark.parametrize("topic", TOPICS)
def test_every_natural_mistake_is_rejected(parent, topic):
    """Whoever makes a mistake in code of their own has not solved the exercise."""
    kata = manager.load().catalogue.find(topic)
    passed = []
    for exercise in kata.exercises:
        files = {str(file): file for file in (FOLDER / topic).glob(f"{exercise.name}__*.py")}
        if not files:
            continue
        options = ["--kata-first-failure"]
        findings = judge(kata, list(files), exercises=[exercise], profile="learner", parent=parent, options=options)
        for reference, file in files.items():
            verdict = next(e for e in fold(kata, reference, findings).exercises if e.exercise == exercise.name)
            passed += [file.stem] if verdict.outcome in (Outcome.PASSED, Outcome.SKIPPED) else []
    assert passed == []


@pytest.mark.parametrize("topic", TOPICS)
def test_two_mistakes_of_every_exercise_are_written_anew(topic):
    """Each is a listed mistake's, and so are those whose sentences are as true of it."""
    kata = manager.load().catalogue.find(topic)
    files = sorted((FOLDER / topic).glob("*.py"))
    listed = mistakes_of(kata)
    assert {file.stem for file in files} <= set(listed)
    written = Counter(file.stem.partition("__")[0] for file in files)
    numbers = Counter(name.partition("__")[0] for name in listed)
    assert {e.name: written[e.name] for e in kata.exercises if written[e.name] < min(2, numbers[e.name])} == {}
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert file.stem.partition("__")[0] in {getattr(node, "name", None) for node in ast.parse(text).body}
        assert set(re.findall(r"^# also: *(\w+)", text, re.MULTILINE)) <= set(listed) - {file.stem}
