"""Runs a spec against implementations: plain pytest in a process of its own, with the findings in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import RunError
from harness.judge.verdicts import finding_from_json
from harness.model import NO_DEADLINE
from harness.runner import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.model import Exercise, Finding, Kata
    from harness.runner.isolation.client import Parent
    from harness.workspace.workspace import Workspace

HYPOTHESIS_SEED = "0"
"""Two runs on the same file draw the same examples, so that they come to the same verdict."""

_TESTS_FAILED = 1
_NOT_FOR_SPECS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a run ended, and what it said where nobody was to see it."""

    returncode: int
    output: str = ""


def judge(
    kata: Kata,
    references: str | Sequence[str],
    *,
    exercises: Sequence[Exercise] = (),
    profile: str = "learner",
    workspace: Workspace | None = None,
    verbose: bool = False,
    debug: bool = False,
    diagnose: bool = False,
    parent: Parent | None = None,
    isolate: bool = True,
    deadline: float | None = None,
    options: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Judges implementations of a kata by its spec.

    Args:
        kata: whose spec.
        references: one or more values for `--impl`.
        exercises: judge only these; without any, all.
        profile: the Hypothesis profile.
        workspace: where `learner` is looked up and where failing examples are remembered.
        verbose: let pytest write to this process's output, tracebacks and all, and what the implementation printed.
        debug: run all in one process that has the terminal to itself, with no deadline, so that `breakpoint()` works.
        diagnose: say which known mistake explains a failure.
        parent: the warm parent that forks the judge, and a worker for the implementation. Without one, both are one
            fresh process.
        isolate: whether the implementation gets that worker, or lives in the judge that the warm parent forks.
        deadline: seconds that one call may take, where it is not the usual time.
        options: more options for pytest.

    Returns:
        What every test found out.

    Raises:
        RunError: the process died, or pytest could not run the spec.
        SettingError: an environment variable holds what the run could not work with.
    """
    settings.deadline()
    with tempfile.TemporaryDirectory(prefix="kata-run-") as folder:
        report = Path(folder) / "findings.json"
        scratch = Path(folder) / "tmp"  # whatever a run leaves behind when it is killed goes with the folder
        scratch.mkdir()
        arguments = [str(kata.spec), *_fixed_options(kata), f"--kata-report={report}"]
        arguments += [f"--impl={r}" for r in ([references] if isinstance(references, str) else references)]
        arguments += [f"--hypothesis-profile={profile}", f"--hypothesis-seed={HYPOTHESIS_SEED}", *options]
        arguments += [f"--kata-exercise={exercise.name}" for exercise in exercises]
        if diagnose:
            arguments.append("--diagnose")
        if debug:
            arguments += ["-v", "--tb=short", "--capture=no"]
        else:
            arguments += ["-v", "--tb=long", "-rP"] if verbose else ["-q", "--tb=no", "--no-header", "--no-summary"]
        environment = _environment(workspace) | {"TMPDIR": str(scratch)}
        if deadline is not None:
            environment["KATA_DEADLINE"] = f"{deadline:g}"
        if debug:
            ended = _run_fresh(arguments, environment | {NO_DEADLINE: "1"}, verbose=True)
        elif parent is None:
            ended = _run_fresh(arguments, environment, verbose=verbose)
        else:
            arguments += ["--isolate"] if isolate else []
            ended = _run_forked(parent, arguments, environment, folder, verbose=verbose)
        if not report.is_file():
            raise RunError(_why_no_report(kata, ended))
        found = json.loads(report.read_text(encoding="utf-8"))
    # Not the process's own code: once everything is told, it does not matter what happens at its end.
    if found["exit"] > _TESTS_FAILED:
        raise RunError(_why_no_report(kata, ended))
    return tuple(finding_from_json(finding) for finding in found["findings"])


def _run_fresh(arguments: list[str], environment: dict[str, str], *, verbose: bool) -> _Ended:
    done = subprocess.run(
        # Without the current folder among those for imports: a learner's scratch file may be called `random.py`.
        [sys.executable, "-P", "-m", "pytest", *arguments],
        env=environment,
        check=False,
        text=True,
        errors="replace",
        capture_output=not verbose,
    )
    return _Ended(done.returncode, (done.stderr or "") + (done.stdout or ""))


def _run_forked(
    parent: Parent, arguments: list[str], environment: dict[str, str], folder: str, *, verbose: bool
) -> _Ended:
    with tempfile.TemporaryFile() as output:
        streams = [1, 2] if verbose else [output.fileno(), output.fileno()]
        request = {
            "do": "judge",
            "arguments": arguments,
            "environment": environment,
            "cwd": str(Path.cwd()),
            "folder": folder,
        }
        answer, _ = parent.ask(request, streams)
        output.seek(0)
        return _Ended(answer["status"], output.read().decode(errors="replace"))


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
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_SPECS}
    if workspace is not None:
        environment["KATA_WORKSPACE"] = str(workspace.root)
        environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(workspace.state / "hypothesis")
    return environment


def _why_no_report(kata: Kata, ended: _Ended) -> str:
    if ended.returncode < 0:
        how = f"was ended by signal {-ended.returncode}"
    else:
        how = f"ended with exit code {ended.returncode}"
    last = "\n  ".join([line for line in ended.output.splitlines() if line.strip()][-8:])
    return f"the run of {kata.spec.name} {how} before it could tell what happened" + (f":\n  {last}" if last else "")
