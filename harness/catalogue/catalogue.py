"""All katas of all packs, and from what somebody types to the kata that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from harness.catalogue.kata_toml import CAPABILITIES, FOLDER, RESERVED, near, read_kata
from harness.errors import CatalogueError, SelectionError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.model import Exercise, Kata, Pack

__all__ = ["CAPABILITIES", "RESERVED", "Catalogue", "load_catalogue", "read_kata"]

_Found = TypeVar("_Found")


def _choose(text: str, folders: Iterable[tuple[str, _Found]]) -> list[_Found]:
    """What is meant by a number, a folder's name, a topic, or the beginning of one of the latter two."""
    if text.isdecimal():
        start = f"{text.lstrip('0').zfill(2)}_"
        return [item for name, item in folders if name.startswith(start)]
    named = [(name, name[3:], item) for name, item in folders] if text else []
    exact = [item for name, topic, item in named if text in (name, topic)]
    return exact or [item for name, topic, item in named if name.startswith(text) or topic.startswith(text)]


@dataclass(frozen=True)
class Catalogue:
    """All katas that could be read, in order.

    Attributes:
        katas: ordered by number, then topic.
        problems: what was left out and why, each ready to be shown.
        broken: name of a folder whose `kata.toml` is wrong, and what is wrong with it.
    """

    katas: tuple[Kata, ...] = ()
    problems: tuple[str, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()

    def find(self, text: str) -> Kata:
        """The kata of this number (`3`, `03`), folder, topic, or beginning of a name that only one has.

        Raises:
            SelectionError: none or more than one answers to it, or the one that does is broken.
        """
        text = PurePath(text.strip()).name
        found = _choose(text, [(kata.folder.name, kata) for kata in self.katas])
        if len(found) == 1:
            return found[0]
        if found:
            candidates = " or ".join(kata.folder.name for kata in found)
            raise SelectionError(f"{text!r} may be {candidates}; write more of the name")
        broken = _choose(text, self.broken)
        if broken:
            raise SelectionError("\n".join(broken))
        topics = [kata.topic for kata in self.katas]
        raise SelectionError(f"there is no kata {text!r}; {near(text, topics)} (`kata list` shows all)")

    def chosen(self, texts: Iterable[str] | None) -> list[Kata]:
        """The katas that some texts name, each once, or all where there is no text.

        Raises:
            SelectionError: a text names none, or more than one.
        """
        return list(dict.fromkeys(self.find(text) for text in texts)) if texts else list(self.katas)

    def select(self, text: str) -> tuple[Kata, Exercise | None]:
        """The kata and, where `text` is `TOPIC.EXERCISE`, the exercise; the beginning of either name will do.

        The whole name of an exercise will do alone, where one kata has it and no topic is called so.

        Raises:
            SelectionError: none or more than one answers to it, or the one that does is broken.
        """
        topic, dot, name = PurePath(text.strip()).name.partition(".")
        named = [] if dot else [kata for kata in self.katas if topic in {each.name for each in kata.exercises}]
        if len(named) == 1 and topic not in {kata.topic for kata in self.katas}:
            return named[0], named[0].exercise(topic)
        if len(named) > 1:
            where = " or ".join(f"{kata.topic}.{topic}" for kata in named)
            raise SelectionError(f"several katas have an exercise {topic!r}: write {where}")
        kata = self.find(topic)
        if not dot:
            return kata, None
        names = [exercise.name for exercise in kata.exercises]
        found = [n for n in names if n == name] or [n for n in names if name and n.startswith(name)]
        if len(found) > 1:
            raise SelectionError(f"{text!r} may be {' or '.join(found)}; write more of the name")
        if not found:
            raise SelectionError(f"{kata.topic} has no exercise {name!r}; {near(name, names)}")
        return kata, kata.exercise(found[0])

    @cached_property
    def _folders(self) -> dict[Path, Kata]:
        return {kata.folder.resolve(): kata for kata in self.katas}

    def of_folder(self, folder: Path) -> Kata | None:
        """The kata whose folder this is."""
        return self._folders.get(folder.resolve())

    def of_spec(self, path: Path) -> Kata | None:
        """The kata whose spec this file is."""
        kata = self.of_folder(path.parent)
        return kata if kata and path.name == kata.spec.name else None


def load_catalogue(packs: Iterable[Pack]) -> Catalogue:
    """Reads all katas of all packs. What is broken is left out and named in `problems`; the others stay.

    Where two katas have the same topic, the first pack's stays.
    """
    katas: dict[str, tuple[Kata, Pack]] = {}
    problems: list[str] = []
    broken: list[tuple[str, str]] = []
    for pack in packs:
        try:
            folders = sorted(folder for folder in pack.katas.iterdir() if _is_kata(folder))
        except OSError as error:
            why = f"{pack.katas}: {error.strerror}"
            problems.append(f"pack {pack.name} is left out ({why}); mend its folder or install it again")
            continue
        for folder in folders:
            try:
                kata = read_kata(folder, pack)
            except CatalogueError as error:
                problems.append(f"{folder.name} of pack {pack.name} is left out:\n{error}")
                broken.append((folder.name, str(error)))
                continue
            first, owner = katas.setdefault(kata.topic, (kata, pack))
            if first is not kata:
                problems.append(
                    f"{folder} of pack {pack.name} is left out: pack {owner.name} has the topic {kata.topic} "
                    f"already, in {first.folder}; rename one of them or uninstall its pack"
                )
    return Catalogue(
        katas=tuple(sorted((kata for kata, _ in katas.values()), key=lambda kata: (kata.number, kata.topic))),
        problems=tuple(problems),
        broken=tuple(broken),
    )


def _is_kata(folder: Path) -> bool:
    """Whether it has a kata's name, or holds what only a kata holds."""
    return folder.is_dir() and bool(FOLDER.fullmatch(folder.name) or (folder / "kata.toml").exists())
