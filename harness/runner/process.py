"""Runs a spec in a fresh process: plain pytest, with the findings in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import RunError
from harness.verdicts import finding_from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Exercise, Finding, Kata
    from harness.workspace import Workspace

HYPOTHESIS_SEED = "0"
"""Two runs on the same file draw the same examples, so that they come to the same verdict."""

_TESTS_FAILED = 1


def judge(
    kata: Kata,
    references: str | Sequence[str],
    *,
    exercise: Exercise | None = None,
    profile: str = "learner",
    workspace: Workspace | None = None,
    verbose: bool = False,
    options: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Judges implementations of a kata by its spec.

    Args:
        kata: whose spec.
        references: one or more values for `--impl`.
        exercise: judge only this one.
        profile: the Hypothesis profile.
        workspace: where `learner` is looked up and where failing examples are remembered.
        verbose: let pytest write to this process's output, tracebacks and all.
        options: more options for pytest.

    Returns:
        What every test found out.

    Raises:
        RunError: the process died, or pytest could not run the spec.
    """
    with tempfile.TemporaryDirectory(prefix="kata-run-") as folder:
        report = Path(folder) / "findings.json"
        command = [sys.executable, "-m", "pytest", str(kata.spec), *_fixed_options(kata), f"--kata-report={report}"]
        command += [f"--impl={r}" for r in ([references] if isinstance(references, str) else references)]
        command += [f"--hypothesis-profile={profile}", f"--hypothesis-seed={HYPOTHESIS_SEED}", *options]
        if exercise is not None:
            command.append(f"--kata-exercise={exercise.name}")
        command += ["-v", "--tb=long"] if verbose else ["-q", "--tb=no", "--no-header", "--no-summary"]
        done = subprocess.run(
            command, env=_environment(workspace), check=False, text=True, errors="replace", capture_output=not verbose
        )
        if not report.is_file():
            raise RunError(_why_no_report(kata, done))
        findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    if not findings and done.returncode > _TESTS_FAILED:
        raise RunError(_why_no_report(kata, done))
    return tuple(finding_from_json(finding) for finding in findings)


def _fixed_options(kata: Kata) -> list[str]:
    """Makes a run independent of where the command was typed: no ini-file, no conftest, no cache, no random order."""
    return [
        "-c",
        os.devnull,
        f"--rootdir={kata.folder}",
        "--noconftest",
        "--import-mode=importlib",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-p",
        "no:xdist",
    ]


def _environment(workspace: Workspace | None) -> dict[str, str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
    }
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if workspace is not None:
        environment["KATA_WORKSPACE"] = str(workspace.root)
        environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(workspace.state / "hypothesis")
    return environment


def _why_no_report(kata: Kata, done: subprocess.CompletedProcess[str]) -> str:
    said = [line for line in ((done.stderr or "") + (done.stdout or "")).splitlines() if line.strip()]
    if done.returncode < 0:
        how = f"was ended by signal {-done.returncode}"
    else:
        how = f"ended with exit code {done.returncode}"
    last = "\n  ".join(said[-8:])
    return f"the run of {kata.spec.name} {how} before it could tell what happened" + (f":\n  {last}" if last else "")
