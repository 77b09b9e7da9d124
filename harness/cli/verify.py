"""`kata verify`: checks the katas themselves."""

import os
from contextlib import closing
from typing import Annotated

import typer

from harness.catalogue import manager
from harness.cli.options import Json, Topics
from harness.errors import CatalogueError
from harness.model import Kata
from harness.reports import json_output
from harness.reports.screen import line, say

HELP = """Check that katas are whole and their specs strong (for authors).

A stub is to do and nothing else, the solution passes, every mistake fails, in one process and with the implementation
in its own; every exercise has its spec, hints, mistakes and statement; and the lesson's examples hold. Stubs are made
on the spot: what you wrote into yours does not matter. `kata mutate` measures how strong the specs are beyond that.

\b
  kata verify                      all katas
  kata verify tensor_operations    one
"""


def run(
    topics: Topics = None,
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", min=1, metavar="N", show_default="cores", help="How many at a time.")
    ] = os.cpu_count() or 1,
    as_json: Json = False,
) -> None:
    """Verifies katas, several at a time."""
    catalogue = manager.load().catalogue
    katas = catalogue.chosen(topics)
    if not katas and not catalogue.problems:
        raise CatalogueError("there are no katas here; install torch-katas again")
    general = [] if topics else list(catalogue.problems)
    found = _run(katas, jobs, quiet=as_json)
    passed = not general and not any(found)
    if as_json:
        of_katas = [{"topic": kata.topic, "problems": each} for kata, each in zip(katas, found, strict=True)]
        json_output.write("verify", passed=passed, problems=general, katas=of_katas)
    else:
        say(*(line(f"\n{problem}", long=True) for problem in [*general, *(p for each in found for p in each)]))
    if not passed:
        raise typer.Exit(1)


def _run(katas: list[Kata], jobs: int, *, quiet: bool) -> list[list[str]]:
    from harness.judge.verification import verify
    from harness.runner.isolation.client import Parent
    from harness.runner.isolation.pool import share_out

    found = []
    with Parent.start() as parent:
        parent.preload(["meta", *(capability for kata in katas for capability in kata.capabilities)])
        with closing(share_out(parent, katas, verify, at_once=jobs)) as verified:
            for kata, problems in zip(katas, verified, strict=True):
                found.append(problems)
                if not quiet:
                    count = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
                    sign, style, said = ("✗", "bold red", count) if problems else ("✓", "green", "whole")
                    say(line((sign, style), f" {kata.folder.name}: {said}"))
    return found
