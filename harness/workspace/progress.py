"""What is known about a learner's exercises: the last outcome of each, and how many hints were taken.

It stands in `.kata/progress.json`, by the exercise's name, and holds no path, so that an update of the katas, another
number or another machine loses nothing:

    {"version": 2, "exercises": {"tensor_operations.swap_rows": {
      "outcome": "passed", "code": "hash of the exercise", "when": "2026-01-31T12:00:00+00:00", "hints": 1}}}

The hash is that of the exercise's definition and of all that it uses (see `harness.catalogue.source.fingerprints`).
Version 1 had the hash of the whole file instead, which is read as unknown.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness.catalogue.files import explained, read_bytes, write_text
from harness.errors import WorkspaceError
from harness.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.model import Verdict
    from harness.workspace.workspace import Workspace

VERSION = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What is known about one exercise.

    Attributes:
        outcome: of the last check, None where there was none.
        code: fingerprint of the exercise as it was then (see `harness.catalogue.source.fingerprints`).
        when: the time of that check, in ISO format.
        hints: how many were taken.
    """

    outcome: Outcome | None = None
    code: str = ""
    when: str = ""
    hints: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known about all exercises of one workspace.

    Attributes:
        records: by `topic.exercise`.
        set_aside: where the damaged file was put, if it was damaged.
    """

    records: dict[str, Record]
    set_aside: Path | None = None

    def of(self, topic: str, exercise: str) -> Record:
        """What is known about an exercise."""
        return self.records.get(f"{topic}.{exercise}", Record())

    def enter(self, verdict: Verdict, code: Mapping[str, str]) -> None:
        """Takes a verdict into account, on exercises with these fingerprints."""
        when = datetime.now(UTC).isoformat(timespec="seconds")
        for each in verdict.exercises:
            known = self.of(verdict.topic, each.exercise)
            self.records[f"{verdict.topic}.{each.exercise}"] = replace(
                known, outcome=each.outcome, code=code.get(each.exercise, ""), when=when
            )


def load(workspace: Workspace) -> Progress:
    """Reads what is known. Nothing known is no error.

    Raises:
        WorkspaceError: there is a file, but it cannot be read.
    """
    file = _file(workspace)
    with explained(file):
        try:
            content = read_bytes(file)
        except FileNotFoundError:
            return Progress({})
    try:
        return Progress(_parse(json.loads(content)))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Progress({}, _set_aside(workspace, file))


def _set_aside(workspace: Workspace, file: Path) -> Path:
    """Moves a damaged file among the copies; where nothing can be written it stays where it is."""
    with suppress(WorkspaceError, OSError):
        copy = workspace.keep_copy(file)
        file.unlink()
        return copy
    return file


def _parse(document: dict[str, object]) -> dict[str, Record]:
    if document["version"] not in (1, VERSION):
        raise ValueError(document["version"])
    entries: dict[str, dict[str, object]] = document["exercises"]  # type: ignore[assignment]
    records = {}
    for name, entry in entries.items():
        outcome = entry.get("outcome")
        records[name] = Record(
            outcome=None if outcome is None else Outcome(str(outcome)),
            code=str(entry.get("code", "")),
            when=str(entry.get("when", "")),
            hints=int(str(entry.get("hints", 0))),
        )
    return records


def record(workspace: Workspace, verdict: Verdict, code: Mapping[str, str]) -> Progress:
    """Keeps a verdict on exercises with these fingerprints."""
    return _change(workspace, lambda known: known.enter(verdict, code))


def take_hint(workspace: Workspace, topic: str, exercise: str, *, most: int) -> int:
    """Counts one more hint for an exercise, and gives how many were taken now."""

    def count(known: Progress) -> None:
        record = known.of(topic, exercise)
        known.records[f"{topic}.{exercise}"] = replace(record, hints=min(record.hints + 1, most))

    return _change(workspace, count).of(topic, exercise).hints


def forget(workspace: Workspace, topic: str, exercises: tuple[str, ...]) -> None:
    """Forgets outcomes and hints of exercises that somebody starts anew."""

    def drop(known: Progress) -> None:
        for exercise in exercises:
            known.records.pop(f"{topic}.{exercise}", None)

    _change(workspace, drop)


def _file(workspace: Workspace) -> Path:
    return workspace.state / "progress.json"


def _change(workspace: Workspace, change: Callable[[Progress], None]) -> Progress:
    """Reads, changes and writes as one step, whoever else does so at the same time."""
    from filelock import FileLock, Timeout

    file = _file(workspace)
    with explained(file, "write"):
        workspace.state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(workspace.state / "progress.lock", timeout=10)
        try:
            lock.acquire()
        except Timeout:
            raise WorkspaceError(f"{lock.lock_file}: another `kata` holds this file; end it, then try again") from None
    try:
        progress = load(workspace)
        change(progress)
        entries = {name: asdict(each) for name, each in sorted(progress.records.items())}
        write_text(file, json.dumps({"version": VERSION, "exercises": entries}, indent=1, ensure_ascii=False) + "\n")
    finally:
        with suppress(OSError):
            lock.release()
    return progress
