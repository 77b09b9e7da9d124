"""Runs of a spec in a process of its own: what it is given, what comes back, and what is said where nothing does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from harness.catalogue.catalogue import read_kata
from harness.errors import RunError
from harness.judge import run as runs
from harness.judge.verdicts import finding_to_json
from harness.model import Failure, Finding, Outcome, Pack
from harness.workspace.workspace import Workspace

FOUND = Finding(
    topic="tiny_things",
    exercise="double",
    implementation="learner",
    test="test_a",
    sentence="A sentence.",
    outcome=Outcome.FAILED,
    seconds=0.5,
    failure=Failure(message="why"),
)


class Fake:
    """Stands in for `subprocess.run`: writes a report, or none, and remembers how it was called."""

    def __init__(self):
        self.report = {"exit": 1, "findings": [finding_to_json(FOUND)]}
        self.returncode, self.stdout, self.stderr = 1, "", ""

    def __call__(self, command, **options):
        self.command, self.options = command, options
        if self.report is not None:
            (target,) = [argument for argument in command if argument.startswith("--kata-report=")]
            Path(target.partition("=")[2]).write_text(json.dumps(self.report), encoding="utf-8")
        return subprocess.CompletedProcess(command, self.returncode, self.stdout, self.stderr)


@pytest.fixture
def run(monkeypatch):
    fake = Fake()
    monkeypatch.setattr(subprocess, "run", fake)
    return fake


def test_findings_come_back(kata, run):
    """What the process wrote is what the caller gets."""
    assert runs.judge(kata, "learner") == (FOUND,)


def test_a_run_depends_on_its_arguments_alone(kata, run, monkeypatch):
    """Neither files around the caller nor variables meant for other runs of pytest change what is judged, or how."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("OTHER", "kept")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    runs.judge(kata, ["solution", "stub"], profile="verify", options=["--gpu"])
    for option in ("--impl=solution", "--impl=stub", "--hypothesis-profile=verify", "--hypothesis-seed=0", "--gpu"):
        assert option in run.command
    assert run.command[1:5] == ["-P", "-m", "pytest", str(kata.spec)]
    assert ["-c", os.devnull, f"--rootdir={kata.folder}", "--noconftest"] == run.command[5:9]
    assert "-q" in run.command
    assert run.options["capture_output"] is True
    environment = run.options["env"]
    assert not {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"} & set(environment)
    assert (environment["OTHER"], environment["PYTHONDONTWRITEBYTECODE"]) == ("kept", "1")


def test_a_workspace_is_where_things_are_kept(kata, run, tmp_path):
    """The learner's file and the failing examples are those of the workspace; one exercise may be judged alone."""
    runs.judge(kata, "learner", exercises=[kata.exercises[0]], workspace=Workspace(tmp_path), verbose=True)
    assert "--kata-exercise=double" in run.command
    assert run.options["env"]["KATA_WORKSPACE"] == str(tmp_path)
    assert run.options["env"]["HYPOTHESIS_STORAGE_DIRECTORY"] == str(tmp_path / ".kata" / "hypothesis")
    assert run.options["capture_output"] is False
    assert "-v" in run.command


@pytest.mark.parametrize(
    ("returncode", "error", "said"),
    [
        (-9, "", "the run of test_tiny_things.py was ended by signal 9 before it could tell what happened"),
        (7, "\n", "the run of test_tiny_things.py ended with exit code 7 before it could tell what happened"),
        (4, "a\n\nERROR: b\n", "ended with exit code 4 before it could tell what happened:\n  a\n  ERROR: b"),
        (1, "\n".join("abcdefghij"), "happened:\n  c\n  d\n  e\n  f\n  g\n  h\n  i\n  j"),
    ],
)
def test_a_process_that_dies_is_an_error(kata, run, returncode, error, said):
    """Where there is no report, the way in which the process ended is told, and its last words."""
    run.report, run.returncode, run.stderr = None, returncode, error
    with pytest.raises(RunError) as caught:
        runs.judge(kata, "learner")
    assert str(caught.value).endswith(said)


@pytest.mark.parametrize("code", [2, 3, 4, 5])
def test_a_run_that_was_not_finished_is_an_error(kata, run, code):
    """A report of a run that was interrupted, or that found no tests, is not a verdict."""
    run.report["exit"], run.returncode = code, code
    with pytest.raises(RunError, match=f"ended with exit code {code}"):
        runs.judge(kata, "learner")


def test_what_happens_after_the_report_does_not_matter(kata, run):
    """A process that told everything and then died at its very end has told everything."""
    run.returncode = -11
    assert runs.judge(kata, "learner") == (FOUND,)


@pytest.fixture
def scaling(packs, monkeypatch, tmp_path):
    """The kata of the good pack, found by the processes that start from here."""
    monkeypatch.setenv("PYTHONPATH", str(packs["good_pack"]))
    monkeypatch.chdir(tmp_path)
    home = packs["good_pack"] / "good_pack"
    pack = Pack(name="good pack", katas=home / "katas", solutions=home / "solutions")
    return read_kata(home / "katas" / "40_scaling", pack)


def test_a_real_run_tells_the_truth(scaling, tmp_path):
    """Each of several implementations is judged in one process, whatever stands in the folder around it."""
    (tmp_path / "conftest.py").write_text("1 / 0", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nonsense", encoding="utf-8")
    found = runs.judge(scaling, ["echo:", "mistake:scale__ignores_the_factor", "solution"], profile="verify")
    outcomes: dict[str, dict[str, str]] = {}
    for finding in found:
        outcomes.setdefault(finding.implementation, {})[finding.test] = str(finding.outcome)
    skipped = dict.fromkeys(["test_hot_tensors_are_scaled", "test_very_hot_tensors_are_scaled"], "skipped")
    assert outcomes["solution"] == skipped | {"test_numbers_are_doubled": "passed", "test_the_argument_stays": "passed"}
    assert outcomes["echo:"]["test_numbers_are_doubled"] == "failed"
    assert len(found) == 12


def test_a_real_process_that_dies(scaling, tmp_path):
    """An implementation that ends its process is a run without a verdict."""
    answer = tmp_path / "scaling.py"
    answer.write_text("import os\n\n\ndef scale(x, factor=2.0):\n    os._exit(0)\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"the run of test_scaling\.py ended with exit code 0 before it could tell"):
        runs.judge(scaling, str(answer), exercises=[scaling.exercises[0]])
