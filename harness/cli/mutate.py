"""`kata mutate`: measures how many wrong answers the specs reject."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.catalogue import manager
from harness.catalogue.files import write_text
from harness.cli.options import Json
from harness.errors import CatalogueError, SelectionError
from harness.model import Exercise, Kata
from harness.reports import json_output
from harness.reports.next_steps import command, labelled, shown
from harness.reports.screen import columns, complain, line, say
from harness.runner.isolation.client import Parent
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from harness.mutation.cache import Journal
    from harness.mutation.score import Strength
    from harness.mutation.subject import Mutant

HELP = """Measure how strong the specs are (for authors).

The reference is changed in one small place at a time, and what it returns in ways that make any answer wrong: a good
spec rejects all of that. Exit code 0: it rejects enough of the mutants and all output changes; 1: it does not.
Whatever has not changed since it was judged is not judged again, also after Ctrl-C.

\b
  kata mutate                                all katas
  kata mutate 3 5                            two
  kata mutate tensor_operations.swap_rows    one exercise
  kata mutate 3 --show 1a2b3c4d              one mutant, and how to judge it by hand

A mutant that no spec can tell from a right answer is marked in kata.toml, below the keys of its exercise:

\b
  [exercise.equivalent]
  1a2b3c4d = "the sum of no numbers is zero either way"
"""

Chosen = list[tuple[Kata, tuple[Exercise, ...]]]


def run(
    topics: Annotated[
        list[str] | None,
        typer.Argument(metavar="TOPIC[.EXERCISE]", show_default=False, help="Number, name, or the beginning of one."),
    ] = None,
    at_least: Annotated[
        float, typer.Option(min=0, max=100, metavar="PERCENT", help="How many of a kata's mutants have to be rejected.")
    ] = 97,
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", min=1, metavar="N", show_default="cores", help="How many runs at a time.")
    ] = os.cpu_count() or 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Judge all anew, whatever is known already.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Show equivalent mutants, too, with their reasons.")
    ] = False,
    only_list: Annotated[bool, typer.Option("--list", help="List the mutants; judge none.")] = False,
    show: Annotated[
        str | None, typer.Option("--show", metavar="ID", show_default=False, help="Show one mutant; judge none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judges mutants and output changes of the references."""
    with ExitStack() as stack:
        # It warms up while the mutants are made.
        parent = None if only_list or show else stack.enter_context(Parent.start())
        chosen = _chosen(topics)
        if show:
            _show(chosen, show)
        elif parent is None:
            _list(chosen, as_json=as_json)
        else:
            from harness.mutation.cache import Journal

            journal = stack.enter_context(Journal.open(Workspace.find()))
            how = _How(at_least, jobs, fresh=fresh, everything=everything, quiet=as_json)
            strengths = _judge(chosen, parent, journal, how)
            passed = all(each.reaches(at_least) for each in strengths)
            if as_json:
                from harness.mutation import report

                katas = [report.as_data(each, at_least=at_least) for each in strengths]
                json_output.write("mutate", passed=passed, at_least=at_least, katas=katas)
            if not passed:
                raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _How:
    """What the options say about a campaign."""

    at_least: float
    jobs: int
    _: KW_ONLY
    fresh: bool
    everything: bool
    quiet: bool


def _chosen(topics: list[str] | None) -> Chosen:
    """The katas that are asked for, each with the exercises, or with none for all."""
    catalogue = manager.load().catalogue
    if not catalogue.katas:
        raise CatalogueError("there are no katas here; install torch-katas again")
    exercises: dict[Kata, list[Exercise] | None] = {}
    for text in topics or [kata.topic for kata in catalogue.katas]:
        kata, exercise = catalogue.select(text)
        known = exercises.setdefault(kata, [])
        exercises[kata] = None if exercise is None or known is None else [*known, exercise]
    return [(kata, tuple(dict.fromkeys(wanted or ()))) for kata, wanted in exercises.items()]


def _mutants(kata: Kata, exercises: Sequence[Exercise]) -> "tuple[Mutant, ...]":
    from harness.mutation.generate import mutants_of

    try:
        return mutants_of(kata, exercises)
    except SyntaxError as error:
        raise CatalogueError(
            f"{kata.solution}:{error.lineno or 1}: is not valid Python ({error.msg}); mend it"
        ) from None


def _judge(chosen: Chosen, parent: Parent, journal: "Journal", how: _How) -> "list[Strength]":
    from harness.mutation import report

    strengths = []
    for kata, exercises in chosen:
        strengths.append(_strength(kata, exercises, parent, journal, how))
        if journal.trouble:
            complain(journal.trouble)
            journal.trouble = ""
    if len(strengths) > 1 and not how.quiet:
        say(*report.summary(strengths, columns(), at_least=how.at_least))
    return strengths


def _strength(kata: Kata, exercises: tuple[Exercise, ...], parent: Parent, journal: "Journal", how: _How) -> "Strength":
    """Judges one kata, and says what came of it."""
    from harness.mutation import report
    from harness.mutation.run import Campaign, subjects_of
    from harness.mutation.score import strength_of
    from harness.reports.progress_line import Counting

    subjects = subjects_of(kata, _mutants(kata, exercises), exercises)
    with Counting(kata.folder.name, len(subjects)) as count:
        campaign = Campaign(
            *(kata, subjects, parent, journal),
            jobs=how.jobs,
            fresh=how.fresh,
            tell=lambda _, __, known: count.tick(known=known),
        )
        try:
            results = campaign.run()
        except KeyboardInterrupt:
            kept = f"{count.done} of {len(subjects)} of {kata.folder.name} are judged"
            complain(f"interrupted: {kept}, and not judged again when you give the command once more")
            raise typer.Exit(130) from None
    strength = strength_of(kata, results, exercises)
    if not how.quiet:
        say(*report.render(strength, columns(), at_least=how.at_least, everything=how.everything))
        new = count.done - count.known
        earlier = f"{count.known} known from earlier" if count.known else ""
        now = f"{new} judged, {count.per_second:.1f} a second" if new else ""
        say(line((f"  {'; '.join(filter(None, (now, earlier)))}", "dim"), indent=2), "")
    return strength


def _list(chosen: Chosen, *, as_json: bool) -> None:
    from harness.mutation import report

    found = [(kata, _mutants(kata, exercises)) for kata, exercises in chosen]
    if as_json:
        katas = [
            {"topic": kata.topic, "mutants": [report.mutant_as_data(mutant) for mutant in mutants]}
            for kata, mutants in found
        ]
        json_output.write("mutants", katas=katas)
        return
    for kata, mutants in found:
        say(line((kata.folder.name, "bold"), f" · {len(mutants)} mutants"), *report.listed(mutants))


def _show(chosen: Chosen, name: str) -> None:
    from harness.mutation import report

    for kata, exercises in chosen:
        for mutant in _mutants(kata, exercises):
            if mutant.id == name:
                place = Workspace.find()
                folder = place.state / "mutants" if place else Path.cwd()
                file = folder / f"{kata.topic}_{name}.py"
                write_text(file, mutant.text)
                say(*report.listed((mutant,)), "", labelled("file", shown(file)))
                say(
                    *(
                        command("check", f"kata check {kata.topic}.{each} --impl {shown(file)}")
                        for each in mutant.judged
                    )
                )
                return
    of = " or ".join(kata.topic for kata, _ in chosen)
    raise SelectionError(f"there is no mutant {name!r} of {of}; `kata mutate --list` shows all")
