"""`kata check`: judges what somebody has written."""

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from harness.catalogue.files import expanded, read_text
from harness.cli.checking import Job, Judge
from harness.cli.learner import Standing
from harness.cli.options import Exercise as ExerciseArgument
from harness.cli.options import Json
from harness.errors import CatalogueError, SourceError
from harness.judge.verdicts import to_json
from harness.model import Exercise, Kata, Verdict
from harness.reports import json_output, terminal
from harness.reports.screen import columns, line, say
from harness.runner.isolation.client import Parent

HELP = """Check what you wrote.

Without a topic, the first kata that is not done. Exit code 0: all passed; 1: something did not; 2: the call is wrong.

\b
  kata check                                the next kata
  kata check 3                              kata 3; its name or the beginning of it will do, too
  kata check tensor_operations.swap_rows    one exercise; swap_rows alone will do
  kata check 3 --all-failures               with all that is wrong, not only the first
  kata check 3 --impl answers/              somebody else's file or folder
  kata check --all --json                   everything, for a program
  kata check 3 --debug                      in one process, so that breakpoint() works
"""


def run(
    topic: ExerciseArgument = None,
    impl: Annotated[
        str, typer.Option("--impl", metavar="WHAT", help="Judge this: learner, solution, a file or a folder.")
    ] = "learner",
    everything: Annotated[bool, typer.Option("--all", help="Check all katas.")] = False,
    as_json: Json = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show pytest's own output, too, and what your code prints.")
    ] = False,
    all_failures: Annotated[
        bool, typer.Option("--all-failures", help="Explain every exercise that fails, not only the first.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Run in one process and without a deadline, so that breakpoint() works.")
    ] = False,
) -> None:
    """Judges one kata, one exercise, or everything."""
    if everything and topic is not None:
        raise typer.BadParameter(f"names all katas; leave out {topic}", param_hint="--all")
    if debug and as_json:
        raise typer.BadParameter("gives the terminal to the debugger; leave out --json", param_hint="--debug")
    verdicts: list[Verdict] = []
    with ExitStack() as stack:
        # It warms up while the catalogue is read.
        parent = None if debug else stack.enter_context(Parent.start())
        standing = Standing.load()
        jobs = _jobs(standing, topic, impl, everything=everything)
        absent = [kata for kata in standing.katas if everything and kata not in {job.kata for job in jobs}]
        if not jobs and not as_json:
            say("All exercises are done. `kata check --all` checks them once more.")
            return
        judge = Judge(standing, parent, verbose=verbose and not as_json)
        unfinished = {kata.part for kata in standing.katas if not standing.part_done(kata)}
        for job, verdict in stack.enter_context(closing(judge.judged(jobs))):
            verdicts.append(verdict)
            if as_json:
                continue
            if everything or len(jobs) > 1:
                say(*terminal.brief(verdict, job.kata))
                continue
            completes = job.kata.part in unfinished and standing.part_done(job.kata)
            if not completes or _holds(standing, judge, job, verdicts):
                _show(standing, job, verdict, completes=completes, all_failures=all_failures)
    passed = all(verdict.passed for verdict in verdicts) and not absent
    if as_json:
        json_output.write(
            "check",
            passed=passed,
            verdicts=[to_json(verdict) for verdict in verdicts],
            not_submitted=[kata.topic for kata in absent],
        )
    else:
        say(*(terminal.absent(kata) for kata in absent))
    if standing.unsaved:
        raise standing.unsaved
    if everything and standing.harness.catalogue.problems:
        raise CatalogueError("not every kata could be read, see above")
    if not passed:
        raise typer.Exit(1)


def _jobs(standing: Standing, topic: str | None, impl: str, *, everything: bool) -> list[Job]:
    exercises: tuple[Exercise, ...] = ()
    if topic is not None:
        kata, exercise = standing.select(topic)
        exercises = (exercise,) if exercise else ()
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
            jobs.append(Job(kata, exercises, impl, file))
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
        if alone or not expanded(Path(impl)).is_dir():
            raise
        return None
    if not alone and expanded(Path(impl)).is_file() and file.stem != kata.topic:
        return None
    if file.is_file():
        read_text(file)
    return file


def _holds(standing: Standing, judge: Judge, done: Job, verdicts: list[Verdict]) -> bool:
    """Whether all of a part is still right, now that its last exercise is; says what is not."""
    others = [kata for kata in standing.part(done.kata) if done.exercises or kata != done.kata]
    if not others:
        return True
    say(line(f"All of {done.kata.part} is done. Checking it once more …", indent=2))
    jobs = [Job(kata, (), done.reference, standing.readable_file(kata)) for kata in others]
    held = True
    with closing(judge.judged(jobs)) as judged:
        for job, verdict in judged:
            verdicts.append(verdict)
            if not verdict.passed:
                say(*terminal.brief(verdict, job.kata))
                held = False
    return held


def _show(standing: Standing, job: Job, verdict: Verdict, *, completes: bool, all_failures: bool) -> None:
    own = job.reference == "learner"
    around = standing.surroundings(job.kata, job.file, own=own, completes=completes and verdict.passed)
    say(*terminal.render(verdict, job.kata, replace(around, all_failures=all_failures), columns()))
