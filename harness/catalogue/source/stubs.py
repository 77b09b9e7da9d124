"""Stubs: made from solutions, told from files that a learner has edited, kept in step with the solutions."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.catalogue.source.markers import Flaw, cut
from harness.errors import CatalogueError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from harness.model import Kata

_FOOTER = re.compile(r"# stub ([0-9a-f]{12})\b.*")


class Status(StrEnum):
    """What `sync` found, or did, about a stub."""

    SAME = "same"
    WRITTEN = "written"
    OUTDATED = "outdated"
    MISSING = "missing"
    EDITED = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What `sync` found, or did, about one kata's stub."""

    kata: Kata
    status: Status
    path: Path


def make_stub(solution_text: str, *, path: Path, exercises: Collection[str] | None = None) -> str:
    """The stub of a solution. Its last line holds a checksum, by which `is_pristine` knows it again.

    Args:
        solution_text: the solution, with markers (see `harness.catalogue.source.markers`).
        path: where the solution stands, for messages.
        exercises: names that must have markers; where not given, all public functions and classes.

    Raises:
        CatalogueError: the markers do not fit; the message says file, line and what to do.
    """
    try:
        body = _canonical("\n".join(cut(_lines(solution_text), exercises)))
    except Flaw as flaw:
        raise CatalogueError(f"{path}:{flaw.line}: {flaw}") from None
    mark = f"# stub {_checksum(body)}: says that nothing was written here yet; this line may stay or go"
    return f"{body}\n\n\n{mark}\n"


def stub_of(kata: Kata) -> str:
    """The stub of a kata, made from its solution.

    Raises:
        CatalogueError: the solution cannot be read, or its markers do not fit.
    """
    try:
        text = kata.solution.read_bytes().decode("utf-8")
    except OSError as error:
        raise CatalogueError(f"{kata.solution}: cannot be read ({error.strerror}); every kata has one") from None
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{kata.solution}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    return make_stub(text, path=kata.solution, exercises=[exercise.name for exercise in kata.exercises])


def is_pristine(text: str) -> bool:
    """Whether this is a stub in which nobody has written anything. It may come from an older solution.

    Line ends do not count, nor do blanks at the ends of lines and blank lines at the end of the file.
    """
    body, claimed = _split(text)
    return claimed == _checksum(body)


def sync(katas: Iterable[Kata], *, write: bool) -> list[Change]:
    """Compares the stubs in the katas' folders with the solutions, and brings them up to date if asked to.

    A stub in which somebody has written something is never touched.

    Args:
        katas: the katas to look at.
        write: writes what is missing or outdated. Nothing is written where a solution is wrong.

    Raises:
        CatalogueError: a line for every solution that is wrong.
        WorkspaceError: a stub cannot be read or written.
    """
    stubs: list[tuple[Kata, str]] = []
    problems: list[str] = []
    for kata in katas:
        try:
            stubs.append((kata, stub_of(kata)))
        except CatalogueError as error:
            problems.append(str(error))
    if problems:
        raise CatalogueError("\n".join(problems))
    return [Change(kata=kata, status=_sync(kata.stub, stub, write=write), path=kata.stub) for kata, stub in stubs]


def _sync(path: Path, stub: str, *, write: bool) -> Status:
    try:
        status = _compare(path, stub)
        if not write or status not in (Status.MISSING, Status.OUTDATED):
            return status
        new = path.with_name(f".{path.name}.new")
        new.write_text(stub, encoding="utf-8", newline="\n")
        new.replace(path)
    except OSError as error:
        raise WorkspaceError(f"{path}: cannot be read or written ({error.strerror}); mend its rights") from None
    return Status.WRITTEN


def _compare(path: Path, stub: str) -> Status:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return Status.MISSING
    except UnicodeDecodeError:
        return Status.EDITED
    if _split(text)[0] == _split(stub)[0]:
        return Status.SAME
    return Status.OUTDATED if is_pristine(text) else Status.EDITED


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _canonical(text: str) -> str:
    """The text without what an editor or a checkout may change about it unasked."""
    return "\n".join(line.rstrip() for line in _lines(text)).strip("\n")


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _split(text: str) -> tuple[str, str | None]:
    """The text without the checksum's line, and that checksum."""
    text = _canonical(text)
    body, _, last = text.rpartition("\n")
    footer = _FOOTER.fullmatch(last)
    return (_canonical(body), footer[1]) if footer else (text, None)
