"""`kata check`: judges what somebody has written."""

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import Exercise as ExerciseArgument
from harness.cli.options import Json
from harness.cli.standing import Standing, statement
from harness.errors import CatalogueError, SourceError
from harness.files import digest, read_text
from harness.model import Exercise, Kata, Verdict
from harness.reports import json
from harness.reports.screen import columns, say
from harness.runner import process
from harness.verdicts import fold, to_json

HELP = """Check what you wrote.

Without a topic, the first kata that is not done. Exit code 0: all passed; 1: something did not; 2: the call is wrong.

\b
  kata check                                the next kata
  kata check 3                              kata 3; its name or the beginning of it will do, too
  kata check tensor_operations.swap_rows    one exercise
  kata check 3 --impl answers/              somebody else's file or folder
  kata check --all --json                   everything, for a program
"""


@dataclass(frozen=True)
class _Job:
    """One run of one spec."""

    kata: Kata
    exercise: Exercise | None
    reference: str
    file: Path


def run(
    topic: ExerciseArgument = None,
    impl: Annotated[
        str, typer.Option("--impl", metavar="WHAT", help="Judge this: learner, solution, a file or a folder.")
    ] = "learner",
    everything: Annotated[bool, typer.Option("--all", help="Check all katas.")] = False,
    as_json: Json = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show pytest's own output, too.")] = False,
) -> None:
    """Judges one kata, one exercise, or everything."""
    if everything and topic is not None:
        raise typer.BadParameter(f"names all katas; leave out {topic}", param_hint="--all")
    standing = Standing.load()
    jobs = _jobs(standing, topic, impl, everything=everything)
    if not jobs and not as_json:
        say("All exercises are done. `kata check --all` checks them once more.")
        return
    verdicts: list[Verdict] = []
    with closing(_judged(standing, jobs, verbose=verbose and not as_json)) as judged:
        for job, verdict in judged:
            verdicts.append(verdict)
            if not as_json:
                _show(standing, job, verdict, brief=everything or len(jobs) > 1)
    passed = all(verdict.passed for verdict in verdicts)
    if as_json:
        json.write("check", passed=passed, verdicts=[to_json(verdict) for verdict in verdicts])
    if standing.unsaved:
        raise standing.unsaved
    if everything and standing.harness.catalogue.problems:
        raise CatalogueError("not every kata could be read, see above")
    if not passed:
        raise typer.Exit(1)


def _jobs(standing: Standing, topic: str | None, impl: str, *, everything: bool) -> list[_Job]:
    exercise = None
    if topic is not None:
        kata, exercise = standing.select(topic)
        katas: tuple[Kata, ...] = (kata,)
    elif everything or impl != "learner":
        katas = standing.katas
    else:
        unfinished = standing.next_exercise()
        katas = (unfinished[0],) if unfinished else ()
    jobs = []
    for kata in katas:
        file = _file(standing, kata, impl, alone=len(katas) == 1)
        if file:
            jobs.append(_Job(kata, exercise, impl, file))
    if katas and not jobs:
        example = standing.katas[0]
        raise SourceError(
            f"{impl}: holds no file of a kata that is known here, such as {example.topic}.py "
            f"or {example.folder.name}/{example.topic}.py (`kata list` shows all)"
        )
    return jobs


def _file(standing: Standing, kata: Kata, impl: str, *, alone: bool) -> Path | None:
    """The file that is judged; None where somebody's folder just has none for this kata."""
    if impl == "learner":
        return standing.readable_file(kata)
    try:
        file = standing.harness.implementation(impl, kata).path
    except SourceError:
        if alone or not Path(impl).expanduser().is_dir():
            raise
        return None
    if not alone and Path(impl).expanduser().is_file() and file.stem != kata.topic:
        return None
    if file.is_file():
        read_text(file)
    return file


def _judged(standing: Standing, jobs: list[_Job], *, verbose: bool) -> Generator[tuple[_Job, Verdict]]:
    """The verdicts in the order of the jobs, each as soon as it is there."""

    def judge(job: _Job) -> tuple[str, Verdict]:
        content = digest(job.file)  # before the run: whoever edits the file meanwhile has edited it since
        findings = process.judge(
            job.kata,
            job.reference,
            exercise=job.exercise,
            workspace=standing.place,
            verbose=verbose,
        )
        return content, fold(job.kata, job.reference, findings, only=job.exercise)

    with ThreadPoolExecutor(max_workers=1 if verbose else os.cpu_count()) as pool:
        try:
            for job, (content, verdict) in zip(jobs, pool.map(judge, jobs), strict=True):
                if job.reference == "learner":
                    standing.remember(verdict, content)
                yield job, verdict
        finally:
            pool.shutdown(cancel_futures=True)


def _show(standing: Standing, job: _Job, verdict: Verdict, *, brief: bool) -> None:
    from harness.reports import terminal

    if brief:
        say(*terminal.brief(verdict, job.kata))
        return
    own = job.reference == "learner"
    unfinished = standing.next_exercise() if own else None
    then = standing.next_exercise(of=job.kata) if own else None
    around = terminal.Surroundings(
        file=job.file,
        statement=lambda name: statement(job.kata, name),
        own=own,
        then=then[1].name if then else None,
        after=unfinished[0] if unfinished else None,
        lesson=standing.lesson(unfinished[0]) if unfinished else None,
    )
    say(*terminal.render(verdict, job.kata, around, columns()))
