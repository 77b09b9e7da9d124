"""Reads a `kata.toml`, and reports all that is wrong with it at once: where, what, and what to write."""

from __future__ import annotations

import difflib
import graphlib
import keyword
import re
import reprlib
import tomllib
from typing import TYPE_CHECKING

from harness.errors import CatalogueError
from harness.model import Exercise, Kata, Pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

CAPABILITIES = ("processes", "loopback", "unix_sockets", "compiler", "meta", "torchvision", "transformers")
"""What a kata's worker may need beyond the ordinary."""

RESERVED = ("folder", "fresh", "kill_after", "probes")
"""Names that the fixture `impl` has for itself."""

FOLDER = re.compile(r"(\d\d)_([a-z][a-z0-9_]*)", re.ASCII)
"""The name of a kata's folder: number and topic."""

_MUTANT = re.compile(r"[0-9a-f]{8}", re.ASCII)
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+", re.ASCII)
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_HINTS = "a question, a pointer to the documentation, almost the answer"


class _Table:
    """One table of the file, read key by key; `close` reports the keys that are missing or unknown."""

    def __init__(self, values: dict[str, object], prefix: str, problems: list[str]) -> None:
        self.values, self.prefix, self.problems = values, prefix, problems
        self.asked: dict[str, str | None] = {}  # key → what to add, where it is required

    def wrong(self, key: str, what: str) -> None:
        self.problems.append(f"{self.prefix}{key if key.isidentifier() else repr(key)}: {what}")

    def get(self, key: str, example: str | None) -> object:
        self.asked[key] = example
        return self.values.get(key)

    def text(self, key: str) -> str:
        value = self.get(key, f'{key} = "…"')
        if isinstance(value, str) and value.strip() and len(value.strip().splitlines()) == 1:
            return value.strip()
        if key in self.values:
            self.wrong(key, f"is {_short(value)}; write one line of text in quotes")
        return ""

    def whole(self, key: str, low: int, high: int) -> int:
        value = self.get(key, f"{key} = {low}")
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        if key in self.values:
            self.wrong(key, f"is {_short(value)}; write a whole number from {low} to {high}")
        return 0

    def texts(self, key: str, example: str | None = None) -> tuple[str, ...]:
        value = self.get(key, example)
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            for item in dict.fromkeys(item for item in value if value.count(item) > 1):
                self.wrong(key, f"names {_short(item)} more than once; keep one")
            return tuple(item.strip() for item in value)
        if key in self.values:
            self.wrong(key, f'is {_short(value)}; write a list of texts that are not empty: ["…", "…"]')
        return ()

    def reasons(self, key: str) -> tuple[tuple[str, str], ...]:
        entries = self.get(key, None)
        if key in self.values and not isinstance(entries, dict):
            self.wrong(key, f'is {_short(entries)}; write a table: [exercise.{key}], and in it 1a2b3c4d = "why"')
        if not isinstance(entries, dict):
            return ()
        table = _Table(entries, f"{self.prefix}{key}.", self.problems)
        for name in entries:
            # Whether there is such an output change is not known here; `kata mutate` names marks that fit nothing.
            if not _MUTANT.fullmatch(name) and not name.isidentifier():
                table.wrong(name, "is neither a mutant's id nor an output change's name; `kata mutate` shows both")
        return tuple((name, table.text(name)) for name in entries)

    def close(self) -> None:
        missing = {k: example for k, example in self.asked.items() if example and k not in self.values}
        for key in self.values:
            if key not in self.asked:
                close = [
                    *difflib.get_close_matches(key, missing),
                    *difflib.get_close_matches(key, self.asked),
                ]
                known = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(self.asked)}"
                self.wrong(key, f"unknown key; {known}")
                missing.pop(close[0] if close else key, None)
        for key, example in missing.items():
            self.wrong(key, f"missing; add {example}")


def _short(value: object) -> str:
    try:
        text = reprlib.repr(value)
    except ValueError:  # an integer with more digits than Python writes
        return "a huge number"
    return text if len(text) <= 60 else f"{text[:59]}…"


def near(text: str, known: Iterable[object]) -> str:
    """What `text` may have meant: the near misses among the known names, or all of these."""
    names = [str(name) for name in known]
    close = difflib.get_close_matches(text, names, 3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(names) or 'none'}"


def _parse(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise CatalogueError(f"{file}: missing; every kata has one (`kata new` writes an example)") from None
    except OSError as error:
        raise CatalogueError(f"{file}: cannot be read ({error.strerror}); mend the file or its rights") from None
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except RecursionError:
        raise CatalogueError(f"{file}: is nested too deeply; no key needs a list in a list") from None
    except ValueError as error:  # TOMLDecodeError, or a number with more digits than Python reads
        at = _AT_LINE.search(str(error))
        line, what = (f":{at[1]}", str(error)[: at.start()]) if at else ("", str(error))
        raise CatalogueError(f"{file}{line}: is not valid TOML ({what}); mend it") from None


def _exercise(table: _Table, names: Sequence[object]) -> Exercise:
    name = table.text("name")
    if keyword.iskeyword(name) or (name and not (name.isidentifier() and name.isascii())):
        table.wrong("name", f"{name!r} is no Python name; write the function's or class's name")
    elif name.startswith("_") or name in RESERVED:
        table.wrong("name", f"{name!r} is reserved for the harness; choose another name")
    elif name and names.count(name) > 1:
        table.wrong("name", f"{name!r} is the name of more than one exercise; rename all but one")
    exercise = Exercise(
        name=name,
        points=table.whole("points", 1, 5),
        difficulty=table.whole("difficulty", 1, 5),
        minutes=table.whole("minutes", 1, 240),
        hints=table.texts("hints", 'hints = ["…?", "…", "…"]'),
        needs=table.texts("needs"),
        forbid=table.texts("forbid"),
        equivalent=table.reasons("equivalent"),
    )
    if (exercise.hints or table.values.get("hints") == []) and len(exercise.hints) != 3:
        table.wrong("hints", f"are {len(exercise.hints)}; write exactly three: {_HINTS}")
    for needed in exercise.needs:
        if needed == name:
            table.wrong("needs", f"names {name!r} itself; leave it out")
        elif needed not in names:
            table.wrong("needs", f"{needed!r} is no exercise of this kata; {near(needed, names)}")
    for dotted in exercise.forbid:
        if not _DOTTED.fullmatch(dotted):
            table.wrong("forbid", f'{dotted!r} is no dotted name; write it in full: "torch.softmax"')
    table.close()
    return exercise


def _exercises(table: _Table) -> tuple[Exercise, ...]:
    entries = table.get("exercise", "a table [[exercise]] for each exercise")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        if "exercise" in table.values:
            table.wrong("exercise", f"is {_short(entries)}; write a table [[exercise]] for each exercise")
        return ()
    names = [name.strip() if isinstance(name := entry.get("name"), str) else None for entry in entries]
    read = []
    for index, (entry, name) in enumerate(zip(entries, names, strict=True), start=1):
        unique = name is not None and name.isidentifier() and names.count(name) == 1
        place = f"exercise {name}: " if unique else f"exercise[{index}]."
        read.append(_exercise(_Table(entry, place, table.problems), names))
    try:
        graphlib.TopologicalSorter({e.name: [n for n in e.needs if n != e.name] for e in read}).prepare()
    except graphlib.CycleError as error:
        circle = " and ".join(sorted(set(error.args[1])))
        table.wrong("exercise", f"{circle} need each other; break the circle of `needs`")
    return tuple(read)


def read_kata(folder: Path, pack: Pack) -> Kata:
    """Reads a kata's `kata.toml`.

    Raises:
        CatalogueError: a line for everything that is wrong with it: file, key, what is wrong, what to write.
    """
    file = folder / "kata.toml"
    problems: list[str] = []
    named = FOLDER.fullmatch(folder.name)
    topic = named[2] if named else ""
    if not named or keyword.iskeyword(topic):
        problems.append("its folder's name is not two digits, _ and a topic; rename it, such as 03_tensor_basics")
    table = _Table(_parse(file), "", problems)
    kata = Kata(
        number=int(named[1]) if named else 0,
        topic=topic,
        pack=pack.name,
        folder=folder,
        solution=pack.solutions / f"{topic}.py",
        title=table.text("title"),
        summary=table.text("summary"),
        part=table.text("part"),
        capabilities=table.texts("capabilities"),
        exercises=_exercises(table),
    )
    for capability in kata.capabilities:
        if capability not in CAPABILITIES:
            table.wrong("capabilities", f"{capability!r} is unknown; {near(capability, CAPABILITIES)}")
    table.close()
    if problems:
        raise CatalogueError("\n".join(f"{file}: {problem}" for problem in problems))
    return kata
