"""Tests of the benchmarks: each runs on a tiny kata, and says what is and what is not as promised."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from harness.catalogue import manager
from harness.catalogue.catalogue import load_catalogue
from harness.judge.run import judge
from harness.model import ExerciseVerdict, Outcome, Verdict
from harness.runner.isolation.client import Parent
from harness.tests.benchmarks import diagnosis, hostile, isolation, latency, mutation, recording, stability, table
from harness.tests.tiny_kata import MISTAKES, SOLUTION, SPEC, needs_cosmic_ray, pack_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")


@pytest.fixture
def tiny(cellar, warm, monkeypatch):
    """The tiny kata, as `cellar`, alone in the catalogue; the tests' warm parent stands in for new ones."""
    monkeypatch.setenv("PYTHONPATH", cellar.path)
    kata = cellar.kata(SOLUTION, spec=SPEC, mistakes=MISTAKES)
    plugins, problems = manager.make_manager()
    alone = manager.Harness(plugins, load_catalogue([pack_of(kata.folder)]), problems)
    monkeypatch.setattr(manager, "load", lambda: alone)
    monkeypatch.setattr(Parent, "start", lambda: nullcontext(warm))
    return kata


def test_a_bar_is_met_or_not():
    """A table says which, and how busy the machine was."""
    assert table.met("at most 1 s", True) == "at most 1 s: met"
    assert table.met("", False) == "NOT met"


def test_isolation_compares_both_ways(tiny, capsys, monkeypatch):
    """Each kata has its ratio, and the exit code tells whether the bars are met."""
    monkeypatch.setattr(isolation, "BAR_OF_ALL", 1e6)
    monkeypatch.setattr(isolation, "BAR_OF_ANY", 1e6)
    assert isolation.main(["cellar", "--repetitions", "1"]) == 0
    said = capsys.readouterr().out
    assert "medians of 1" in said
    assert "load average" in said
    assert [line.split()[:2] for line in said.splitlines() if " cellar " in line] == [["cellar", "3"]]


@pytest.mark.parametrize(("isolated", "code"), [(1.0, 0), (1.9, 1), (2.1, 1)])
def test_isolation_may_cost_so_much(tiny, capsys, monkeypatch, isolated, code):
    """The bar of all katas is lower than that of each."""
    monkeypatch.setattr(isolation, "_measured", lambda *_: (3, isolated, 1.0))
    assert isolation.main(["cellar"]) == code
    said = capsys.readouterr().out
    assert ("at most 1.3: NOT met" in said) == (isolated > 1.3)
    assert ("at most 2: NOT met" in said) == (isolated > 2)


def test_diagnosis_counts_what_is_named(tiny, capsys, monkeypatch, tmp_path):
    """Known mistakes are named, nothing is said of a right answer, and a wrong one in its place is noticed."""
    (tmp_path / "cellar.py").write_text(SOLUTION)
    monkeypatch.setattr(diagnosis, "ALTERNATIVES", tmp_path)
    (tmp_path / "cellar").mkdir()
    natural = tmp_path / "cellar" / "double__square.py"
    natural.write_text("def double(number):\n    return number ** 2\n")
    arguments = ["cellar", "--profile", "grade", "--natural", str(tmp_path)]
    assert diagnosis.main(arguments) == 0
    assert "3 of 3: 100.0%" in capsys.readouterr().out
    natural.rename(tmp_path / "cellar" / "double__triples.py")
    assert diagnosis.main([*arguments, "--only", "natural"]) == 1
    assert "natural double__triples: taken for double__square" in capsys.readouterr().out
    (tmp_path / "cellar.py").write_text(SOLUTION.replace("2 * number", "number * number"))
    monkeypatch.setattr(diagnosis, "mistakes_of", lambda _: {})
    assert diagnosis.main(["cellar", "--profile", "grade"]) == 1
    said = capsys.readouterr().out
    assert "cellar.py: double failed, You squared the number" in said
    assert "none: NOT met" in said


def test_diagnosis_says_where_there_is_no_other_spelling(tiny, capsys, monkeypatch, tmp_path):
    """Without a file of right answers, the reference alone is right."""
    monkeypatch.setattr(diagnosis, "ALTERNATIVES", tmp_path)
    assert diagnosis._right_answers(tiny) == ["solution"]
    assert "cellar has no right answer in another spelling" in capsys.readouterr().out


def test_stability_looks_at_the_parent(tiny, capsys, monkeypatch):
    """It prints what the parent held before and after, and refuses to judge one that has not settled."""
    monkeypatch.setattr(stability, "SETTLED", 3)
    monkeypatch.setattr(stability, "WRONG_EVERY", 2)
    monkeypatch.setattr(stability, "CRASH_EVERY", 3)
    assert stability.main("cellar", "6") == 0
    said = capsys.readouterr().out
    assert "after 3 checks: " in said
    assert "6 checks in a row: cellar.double" in said
    with pytest.raises(SystemExit, match="3 checks say nothing"):
        stability.main("cellar", "3")


def test_the_crash_of_stability_ends_its_worker(tiny, warm, tmp_path):
    """The answer that is to end its process does so, and is not refused for its signature."""
    answer = tmp_path / "crash.py"
    answer.write_text(SOLUTION + stability._CRASH.format(name="double"))
    (finding,) = judge(tiny, str(answer), exercises=tiny.exercises[:1], parent=warm)
    assert finding.outcome is Outcome.FAILED
    assert "exit code 3" in finding.failure.message


def test_a_hostile_answer_harms_itself(tiny, cellar, capsys, monkeypatch):
    """The harmful exercise fails, and the others pass."""
    known = SimpleNamespace(TemporaryDirectory=lambda: nullcontext(str(cellar.folder)))
    monkeypatch.setattr(hostile, "tempfile", known)  # the warm parent looks for packs there
    try:
        assert hostile.main(["ends_process", "--warm-only"]) == 0
    finally:
        shutil.rmtree(cellar.folder / "katas" / "97_hostile")
        shutil.rmtree(cellar.folder / "hostile_dist-1.0.dist-info")
    said = capsys.readouterr().out
    assert [line.split()[:3] for line in said.splitlines() if "exit code 0" in line] == [
        ["ends_process", "failed", "right"]
    ]


@pytest.mark.parametrize(
    ("passed", "seconds", "code"),
    [
        (set(hostile.EXERCISES) - {"endless_loop"}, 2.9, 0),
        (set(hostile.EXERCISES) - {"endless_loop"}, 3.1, 1),
        (set(hostile.EXERCISES), 0.1, 1),
        (set(hostile.HARM) - {"endless_loop"}, 0.1, 1),
    ],
)
def test_harm_to_others_or_too_late_is_noticed(capsys, passed, seconds, code):
    """The exit code is 1 where another exercise fails, where the harmful one passes, and where it takes too long."""
    verdicts = tuple(
        ExerciseVerdict(
            exercise=name,
            outcome=Outcome.PASSED if name in passed else Outcome.FAILED,
            points=0,
            possible=1,
            seconds=0.0,
        )
        for name in hostile.EXERCISES
    )
    verdict = Verdict(topic="hostile", implementation="answer.py", exercises=verdicts)
    runs = {"endless_loop": hostile.Checked(verdict, seconds)}
    assert hostile._report({"endless_loop": {"endless_loop"}}, {}, runs, 1.0) == code
    assert ("NOT met" in capsys.readouterr().out) == (seconds > 3)


def test_an_unknown_harm_is_a_wrong_call(capsys):
    """The message says which there are."""
    with pytest.raises(SystemExit):
        hostile.main(["flood"])
    assert "flood: HARM is some of endless_loop, " in capsys.readouterr().err


def test_recording_prints_its_cost(capsys, monkeypatch):
    """One row, with its bar."""
    monkeypatch.setattr(recording, "_EXAMPLES", 1)
    monkeypatch.setattr(recording, "BAR", 0.0)
    assert recording.main() == 1
    assert "at most 0 µs: NOT met" in capsys.readouterr().out


def test_latency_compares_with_a_fresh_run(tiny, warm, capsys, monkeypatch):
    """Saving is measured beside the whole kata and a fresh run, which knows the same file and examples."""
    commands = []

    class Lent:
        def line(self, _kata):
            return warm.another_line()

        def close(self):
            pass

    monkeypatch.setattr(latency, "Warm", Lent)
    monkeypatch.setattr(latency, "WARM", 1)
    monkeypatch.setattr(latency, "COLD", 1)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    assert latency.main("cellar") == 1  # what takes no time is faster
    (command,) = commands
    assert {"--hypothesis-profile=learner", "--hypothesis-seed=0"} <= set(command)
    assert "2 exercises, solved but for one" in capsys.readouterr().out


@needs_cosmic_ray
def test_mutation_compares_with_a_fresh_run_for_each(tiny, capsys, monkeypatch):
    """A campaign judges all mutants, and a fresh run each of a sample, by the tests of the same exercise."""
    commands = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    assert mutation.main(["cellar", "--sample", "2"]) == 1  # what takes no time is faster
    assert 1 <= len(commands) <= 2
    assert {"-x", "--hypothesis-profile=verify", "--kata-exercise=double"} <= set(commands[0])
    said = capsys.readouterr().out
    assert "Mutants judged in a second: cellar" in said
    assert "at least 5: NOT met" in said
