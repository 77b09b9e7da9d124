"""`kata new`: the files of a new kata."""

import keyword
import re
from pathlib import Path
from typing import Annotated

import typer

from harness.catalogue import manager
from harness.catalogue.files import expanded, write_text
from harness.catalogue.kata_toml import read_kata
from harness.catalogue.source.stubs import sync
from harness.cli import templates
from harness.errors import SelectionError, WorkspaceError
from harness.model import Kata, Pack
from harness.reports.next_steps import command, labelled, shown
from harness.reports.screen import line, say
from harness.workspace import workspace

HELP = """Write the files of a new kata (for authors).

It has one exercise, which passes `kata verify` as it is; put yours in its place. In a clone it joins the built-in
katas; with --into it is written as DIR/katas/NN_TOPIC and DIR/solutions/TOPIC.py.

\b
  kata new quantiles
  kata new quantiles --number 31 --into my-pack
"""


def run(
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", show_default=False, help="Lower-case letters, digits and underscores.")
    ],
    number: Annotated[
        int | None, typer.Option(min=1, max=99, show_default=False, help="Its place; the next free one if not given.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", show_default=False, help="The folder of a pack of your own.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(show_default=False, help="Its title; made from TOPIC if not given.")
    ] = None,
    part: Annotated[str, typer.Option(help="The part that it belongs to.")] = "Foundations",
) -> None:
    """Writes a kata that is whole, for its author to change."""
    if number is None and (numbered := re.fullmatch(r"(\d\d?)_(\w+)", topic)):  # as its folder is called
        number, topic = int(numbered[1]), numbered[2]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", topic) or keyword.iskeyword(topic):
        raise SelectionError(f"{topic!r} is no name for a topic: take lower-case letters, digits and underscores")
    catalogue = manager.load().catalogue
    taken = next((kata for kata in catalogue.katas if kata.topic == topic), None)
    if taken:
        raise SelectionError(f"there is a kata {topic} already, in {taken.folder}; choose another name")
    root = expanded(into).absolute() if into else workspace.clone()
    if root is None:
        raise WorkspaceError("torch-katas was not installed from a clone; say with --into DIR where your pack is")
    number = number or _free_number(catalogue.katas)
    title = title or topic.replace("_", " ").capitalize()
    files = {root / name: text for name, text in templates.files(number, topic, title=title, part=part).items()}
    there = next((path for path in (root / "katas" / f"{number:02}_{topic}", *files) if path.exists()), None)
    if there:
        raise WorkspaceError(f"{there}: is there already; move it away, or choose another name or number")
    for path, text in files.items():
        write_text(path, text)
    folder = root / "katas" / f"{number:02}_{topic}"
    kata = read_kata(folder, Pack(name=root.name, katas=root / "katas", solutions=root / "solutions"))
    sync([kata], write=True)
    paths = sorted([*files, kata.stub])
    say(line(("written", "bold")), *(line(f"  {shown(path)}", long=True) for path in paths), "")
    if into:
        say(line("A pack becomes known through an entry point; README.md says how. Then:"))
    say(command("sync", "kata sync"), labelled("", "after each change of the solution"))
    say(command("verify", f"kata verify {topic}"))
    say(command("mutate", f"kata mutate {topic}"), labelled("", "how strong the spec is; it starts at 100 %"))


def _free_number(katas: tuple[Kata, ...]) -> int:
    free = max((kata.number for kata in katas), default=0) + 1
    if free > 99:
        raise SelectionError("number 99 is taken; choose a free one with --number")
    return free
