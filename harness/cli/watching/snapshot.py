"""What a kata's files hold at one moment, and which verdicts they have in common with an earlier moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.catalogue.files import digest, read_text
from harness.catalogue.source.fingerprints import fingerprints, first_lines, mentioned, own_fingerprints
from harness.catalogue.spec_source import tests_of
from harness.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.model import Exercise, Finding, Kata

_PASSING = (Outcome.ERROR, Outcome.TIMEOUT)
"""Outcomes that are judged again as soon as anything changes."""


def files_of(kata: Kata) -> tuple[Path, ...]:
    """The files of a kata, beside the learner's, on which a verdict or its screen depends."""
    toml = kata.folder / "kata.toml"
    return (toml, kata.spec, kata.solution, kata.probes, kata.mistakes, *sorted(kata.folder.glob("README*.md")))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a kata's files held at one moment.

    Attributes:
        kata: as `kata.toml` described it.
        file: the learner's file.
        source: its text.
        keys: for each exercise a hash of all that its verdict depends on.
        own: for each exercise a hash of its definition alone.
        code: for each exercise a hash of its definition and of all in the file that it uses.
    """

    kata: Kata
    file: Path
    source: str
    keys: dict[str, str]
    own: dict[str, str]
    code: dict[str, str]

    @classmethod
    def take(cls, kata: Kata, file: Path) -> Snapshot:
        """Reads the files.

        Raises:
            WorkspaceError: the learner's cannot be read, or is not UTF-8.
        """
        source = read_text(file)
        names = [exercise.name for exercise in kata.exercises]
        around = " ".join(digest(path) for path in files_of(kata))
        own_and_used = fingerprints(source, names)
        used = _used_by_tests(kata, around)
        keys = {}
        for name in names:
            pieces = [around, name, *(own_and_used[other] for other in names if other == name or other in used[name])]
            keys[name] = hashlib.sha256(" ".join(pieces).encode()).hexdigest()
        return cls(kata, file, source, keys, own_fingerprints(source, names), own_and_used)

    def edited(self, before: Snapshot | None) -> set[str]:
        """The exercises whose own definition is another than before."""
        return {name for name in self.own if before is None or self.own[name] != before.own.get(name)}


@lru_cache(maxsize=32)
def _used_by_tests(kata: Kata, _content: str) -> dict[str, frozenset[str]]:
    """For each exercise, the exercises that its tests may call, be it in a probe."""
    names = frozenset(exercise.name for exercise in kata.exercises)
    try:
        spec, tests = read_text(kata.spec), tests_of(kata.spec)
        probes = read_text(kata.probes) if kata.probes.exists() else ""
        found = {}
        for name in names:
            in_spec = mentioned(spec, [test.name for test in tests if name in test.exercises])
            found[name] = names & (in_spec | mentioned(probes, in_spec))
    except Exception:  # a spec that cannot be read, of which the judge will complain
        return dict.fromkeys(names, names)
    return found


@dataclass(frozen=True, slots=True)
class _Kept:
    key: str
    line: int
    findings: tuple[Finding, ...]


class Memory:
    """What was found out about exercises, by what that depends on."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def keep(self, snapshot: Snapshot, exercises: Iterable[Exercise], findings: Iterable[Finding]) -> None:
        """Remembers what the tests of some exercises found out about a snapshot."""
        by_exercise: dict[str, list[Finding]] = {exercise.name: [] for exercise in exercises}
        for finding in findings:
            by_exercise[finding.exercise].append(finding)
        lines = first_lines(snapshot.source, by_exercise)
        for name, found in by_exercise.items():
            lasts = not any(finding.outcome in _PASSING for finding in found)
            key = snapshot.keys[name] + ("" if lasts else snapshot.source)
            self._kept[snapshot.kata.topic, name] = _Kept(key, lines[name], tuple(found))

    def forget(self, kata: Kata) -> None:
        """Lets all of a kata be judged anew."""
        for exercise in kata.exercises:
            self._kept.pop((kata.topic, exercise.name), None)

    def findings(self, snapshot: Snapshot) -> dict[str, tuple[Finding, ...]]:
        """What holds of a snapshot, by exercise; those that must be judged first are not among them."""
        lines = first_lines(snapshot.source, snapshot.keys)
        text = snapshot.source.splitlines()
        found = {}
        for name, key in snapshot.keys.items():
            kept = self._kept.get((snapshot.kata.topic, name))
            if kept is None or kept.key not in (key, key + snapshot.source):
                continue
            moved = [_moved(finding, lines[name] - kept.line, snapshot.file, text) for finding in kept.findings]
            findings = tuple(finding for finding in moved if finding is not None)
            if len(findings) == len(moved):
                found[name] = findings
        return found


def _moved(finding: Finding, by: int, file: Path, text: list[str]) -> Finding | None:
    """The finding with the line that raised where it stands now; None where it cannot be found."""
    location = finding.failure.location if finding.failure else None
    if finding.failure is None or location is None or location.file != str(file):
        return finding
    for line in (location.line + by, location.line):
        if 0 < line <= len(text) and text[line - 1].strip() == location.code.strip():
            return replace(finding, failure=replace(finding.failure, location=replace(location, line=line)))
    return None
