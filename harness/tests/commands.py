"""For tests of the command line: two tiny katas, a workspace, and a judge that says what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from harness.catalogue import manager
from harness.catalogue.catalogue import load_catalogue
from harness.cli import main
from harness.judge import run
from harness.model import Exercise, Failure, Finding, Kata, Outcome
from harness.runner.isolation.client import Parent
from harness.tests.tiny_kata import TOML, pack_of, write_kata
from harness.workspace import workspace
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pytest

OTHER_TOML = TOML.replace("Tiny things", "Small words").replace('part = "Foundations"', 'part = "Words"')


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str


class NoParent:
    """Stands in for a warm parent where no judge is forked."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def another_line(self) -> NoParent:
        return NoParent()

    def preload(self, capabilities: Iterable[str]) -> None: ...

    def give_up(self) -> None: ...

    def close(self) -> None: ...


class Commands:
    """The pack stands in `pack/`, the workspace in `wörk space/`, which is the working folder as well."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.katas_folder = folder / "pack" / "katas"
        self.root = folder / "wörk space"
        self.requests: list[dict[str, Any]] = []
        write_kata(self.katas_folder / "03_tiny_things")
        write_kata(self.katas_folder / "05_small_words", toml=OTHER_TOML)
        self.plugins = manager.make_manager()[0]
        monkeypatch.setattr(manager, "load", self.load)
        monkeypatch.setattr(workspace, "clone", lambda: None)
        monkeypatch.setattr(run, "judge", self.judge)
        monkeypatch.setattr(Parent, "start", lambda: NoParent())
        for name in ("KATA_WORKSPACE", "KATA_DEBUG", "KATA_LANG", "NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("COLUMNS", "80")
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, Failure] = {}
        self.workspace, _ = Workspace.create(self.root, self.load().catalogue.katas)
        monkeypatch.chdir(self.root)

    @property
    def kata(self) -> Kata:
        """The first kata, with the exercises `double` and `join_words`."""
        return self.load().catalogue.find("tiny_things")

    @property
    def file(self) -> Path:
        """The learner's file of the first kata."""
        return self.workspace.file(self.kata)

    def load(self) -> manager.Harness:
        """Stands in for `manager.load`: the tiny pack, and whatever was made of its files meanwhile."""
        catalogue = load_catalogue([pack_of(self.katas_folder / "03_tiny_things")])
        return manager.Harness(self.plugins, catalogue, catalogue.problems)

    def judge(
        self, kata: Kata, references: str, *, exercises: Sequence[Exercise] = (), **more: Any
    ) -> tuple[Finding, ...]:
        """Stands in for `harness.judge.run.judge`: exercises come out as `outcomes` says, else as passed."""
        self.requests.append({"topic": kata.topic, "references": references, "exercises": tuple(exercises), **more})
        findings = []
        for each in exercises or kata.exercises:
            outcome = self.outcomes.get(each.name, Outcome.PASSED)
            failure = (
                None if outcome is Outcome.PASSED else self.failures.get(each.name, Failure(message=f"{outcome}!"))
            )
            findings.append(
                Finding(
                    topic=kata.topic,
                    exercise=each.name,
                    implementation=references,
                    test=f"test_{each.name}",
                    sentence=f"The sentence about {each.name}.",
                    outcome=outcome,
                    seconds=0.25,
                    failure=failure,
                )
            )
        return tuple(findings)

    def run(self, *arguments: str) -> Said:
        """Runs `kata` with these arguments."""
        self.capsys.readouterr()
        code = main(list(arguments))
        captured = self.capsys.readouterr()
        return Said(code, captured.out, captured.err)
