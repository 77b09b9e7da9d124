"""Judges for commands: several katas at a time over lines of one warm parent, and the verdicts kept."""

import os
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness.cli.learner import Standing, code_of
from harness.judge import run
from harness.judge.verdicts import fold
from harness.model import Exercise, Kata, Verdict
from harness.runner.isolation.client import Parent
from harness.runner.isolation.pool import share_out


@dataclass(frozen=True)
class Job:
    """One run of one spec.

    Attributes:
        kata: whose spec.
        exercises: those to judge; none named means all.
        reference: the value of `--impl`.
        file: that it stands for.
    """

    kata: Kata
    exercises: tuple[Exercise, ...]
    reference: str
    file: Path


class Judge:
    """Judges by one warm parent, several jobs at a time; without a parent, one by one where a debugger can look on.

    Args:
        standing: keeps the verdicts on the learner's own files.
        parent: forks a judge for every job.
        verbose: let pytest speak.
    """

    def __init__(self, standing: Standing, parent: Parent | None, *, verbose: bool) -> None:
        self._standing = standing
        self._parent = parent
        self._verbose = verbose

    def judged(self, jobs: list[Job]) -> Generator[tuple[Job, Verdict]]:
        """The verdicts in the order of the jobs, each as soon as it is there."""
        if not jobs:
            return
        at_once = 1 if self._verbose or self._parent is None else os.cpu_count() or 1
        if self._parent:
            self._parent.preload(capability for job in jobs for capability in job.kata.capabilities)
        with closing(share_out(self._parent, jobs, self._judge, at_once=at_once)) as verdicts:
            for job, (code, verdict) in zip(jobs, verdicts, strict=True):
                if job.reference == "learner":
                    self._standing.remember(verdict, code)
                yield job, verdict

    def _judge(self, job: Job, line: Parent | None) -> tuple[dict[str, str], Verdict]:
        code = code_of(job.kata, job.file)  # before the run: whoever edits the file meanwhile has edited it since
        findings = run.judge(
            job.kata,
            job.reference,
            exercises=job.exercises,
            workspace=self._standing.place,
            verbose=self._verbose,
            debug=line is None,
            diagnose=line is not None,
            parent=line,
        )
        return code, fold(job.kata, job.reference, findings, only=job.exercises)
