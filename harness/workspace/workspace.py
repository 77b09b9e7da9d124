"""Where a learner's files are: in a clone of the repository, or in a workspace that `kata init` made.

A workspace is a folder with `.kata/workspace.json` in it. Besides the learner's files and the lessons it holds, under
`.kata/`, the progress and the copies that are kept before anything of the learner's is changed.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness import hookimpl
from harness.catalogue.builtin import home
from harness.catalogue.files import digest, expanded, explained, read_bytes, read_text, write_text
from harness.catalogue.source.stubs import is_pristine, stub_of
from harness.errors import WorkspaceError
from harness.model import Implementation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model import Kata

__all__ = ["Added", "Workspace", "clone", "read_text"]

VERSION = 1
"""Version of the layout of `workspace.json`."""


def clone() -> Path | None:
    """The root of the repository that this harness runs from, unless it was installed away from one."""
    return home() if (home() / "pyproject.toml").is_file() else None


@dataclass(slots=True)
class Added:
    """What `Workspace.create` did.

    Attributes:
        new: files that were not there before.
        refreshed: lessons and untouched stubs that an update had changed.
        kept: files of the learner's that were left as they are.
        copies: for lessons that somebody had written into, where their copies are.
    """

    new: list[Path] = field(default_factory=list)
    refreshed: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    copies: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that holds a learner's files.

    Attributes:
        root: a clone of the repository, or a folder made by `kata init`.
        kind: which of the two.
    """

    root: Path
    kind: Literal["clone", "workspace"] = "workspace"

    @property
    def state(self) -> Path:
        """The folder for what the harness itself keeps."""
        return self.root / ".kata"

    @classmethod
    def locate(cls, start: Path | None = None) -> Workspace:
        """Finds the workspace: `$KATA_WORKSPACE`, else the nearest one around the working folder, else the clone.

        Raises:
            WorkspaceError: there is none.
        """
        found = cls.find(start)
        if found:
            return found
        raise WorkspaceError(f"{start or Path.cwd()}: there is no workspace here; `kata init DIR` makes one")

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace | None:
        """Finds the workspace as `locate` does, but gives None where there is none.

        Raises:
            WorkspaceError: `$KATA_WORKSPACE` names none.
        """
        named = os.environ.get("KATA_WORKSPACE")
        if named:
            root = expanded(Path(named)).absolute()
            if root == clone():
                return cls(root, "clone")
            if not _marker(root).is_file():
                raise WorkspaceError(f"KATA_WORKSPACE={named}: is no workspace; `kata init {named}` makes one there")
            return cls(root)
        here = (start or Path.cwd()).absolute()
        for folder in (here, *here.parents):
            if _marker(folder).is_file():
                return cls(folder)
        repository = clone()
        return cls(repository, "clone") if repository else None

    def is_elsewhere(self) -> bool:
        """Whether it is the clone for want of another: the working folder is in no workspace, and not in the clone."""
        if self.kind != "clone" or os.environ.get("KATA_WORKSPACE"):
            return False
        return not Path.cwd().resolve().is_relative_to(self.root.resolve())

    def file(self, kata: Kata) -> Path:
        """The learner's file, whether it exists or not. In a workspace another number, or no folder, will do."""
        if self.kind == "clone":
            return kata.stub
        name = f"{kata.topic}.py"
        usual = self.root / kata.folder.name / name
        if usual.exists():
            return usual
        others = sorted(self.root.glob(f"[0-9][0-9]_{kata.topic}/{name}"))
        return next((path for path in (*others, self.root / name) if path.exists()), usual)

    def keep_copy(self, path: Path) -> Path:
        """Copies a file under `.kata/copies/`, beside earlier copies.

        Raises:
            WorkspaceError: it cannot be read, or the copy cannot be written.
        """
        with explained(path):
            content = read_bytes(path)
        stamp = f"{datetime.now():%Y%m%d-%H%M%S}"
        folder = self.state / "copies" / (path.parent.name if path.stem == "README" else path.stem)
        with explained(folder, "write"):
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(1, 10_000):
                suffix = f"-{number}" if number > 1 else ""
                copy = folder / f"{path.stem}.{stamp}{suffix}{path.suffix}"
                with suppress(FileExistsError), copy.open("xb") as file:
                    file.write(content)
                    return copy
        raise WorkspaceError(f"{folder}: is full of copies; move some away")  # pragma: no cover - 10,000 in a second

    @classmethod
    def create(cls, root: Path, katas: Iterable[Kata]) -> tuple[Workspace, Added]:
        """Makes a workspace, or brings an existing one up to date; what the learner wrote stays.

        Raises:
            WorkspaceError: it is the clone, something is in the way, or nothing can be written there.
            CatalogueError: a solution gives no stub.
        """
        workspace = cls(root.absolute())
        if workspace.root.resolve() == clone():
            raise WorkspaceError(f"{root}: is the repository, where you can work as it is; name another folder")
        marker = _marker(workspace.root)
        written, added = _written(marker), Added()
        for kata in katas:
            file = workspace.file(kata)
            _bring_stub(file, stub_of(kata), added)
            folder = file.parent if file.parent != workspace.root else workspace.root / kata.folder.name
            for lesson in sorted(kata.folder.glob("README*.md")):
                _bring_lesson(workspace, lesson, folder / lesson.name, written, added)
        write_text(marker, json.dumps({"version": VERSION, "lessons": written}, indent=1, ensure_ascii=False) + "\n")
        return workspace, added


def _bring_stub(file: Path, stub: str, added: Added) -> None:
    if not file.exists():
        write_text(file, stub)
        added.new.append(file)
        return
    with explained(file):
        old = read_bytes(file)
    if old == stub.encode():
        return
    if is_pristine(old.decode("utf-8", "replace")):
        write_text(file, stub)
        added.refreshed.append(file)
    else:
        added.kept.append(file)


def _bring_lesson(workspace: Workspace, source: Path, lesson: Path, written: dict[str, str], added: Added) -> None:
    """Copies a lesson, and keeps a copy of the old one if somebody wrote into it after the last time."""
    key, before = lesson.relative_to(workspace.root).as_posix(), digest(lesson)
    if before != digest(source):
        if before and before != written.get(key):
            added.copies.append(workspace.keep_copy(lesson))
        write_text(lesson, read_text(source))
        (added.refreshed if before else added.new).append(lesson)
    written[key] = digest(lesson)


def _marker(root: Path) -> Path:
    return root / ".kata" / "workspace.json"


def _written(marker: Path) -> dict[str, str]:
    """Which content of each lesson the last `create` wrote; a damaged file counts as saying nothing."""
    try:
        lessons = json.loads(marker.read_bytes())["lessons"]
        return {str(key): str(value) for key, value in lessons.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


@hookimpl(trylast=True)
def kata_implementation(reference: str, kata: Kata) -> Implementation | None:
    """What the learner has written: `--impl learner`."""
    if reference != "learner":
        return None
    from harness.runner.loading import load_source

    file = Workspace.locate().file(kata)
    return Implementation(label=reference, path=file, load=lambda: load_source(file))
