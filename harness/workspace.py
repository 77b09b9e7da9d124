"""Where a learner's files are: in a clone of the repository, or in a workspace that `kata init` made.

A workspace is a folder with `.kata/workspace.json` in it. Besides the learner's files and the lessons it holds, under
`.kata/`, the progress and the copies that are kept before anything of the learner's is changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.builtin import home
from harness.errors import WorkspaceError
from harness.stubs import is_pristine, stub_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.model import Kata

VERSION = 1
"""Version of the layout of `workspace.json`."""


@contextmanager
def explained(path: Path, action: str = "read") -> Iterator[None]:
    """Turns what the operating system says about `path` into one line that says what to do."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise WorkspaceError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise WorkspaceError(
            f"{path}: cannot be {'read' if action == 'read' else 'written'} ({error.strerror or error}); "
            f"check what is there and who may {action} it"
        ) from None


def read_text(path: Path) -> str:
    """Reads a file as UTF-8; a byte order mark is left out, line ends stay as they are.

    Raises:
        WorkspaceError: it cannot be read, or is not UTF-8.
    """
    with explained(path):
        return path.read_bytes().decode("utf-8-sig")


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all, in the place that a link leads to, and makes its folder where there is none.

    Raises:
        WorkspaceError: it cannot be written.
    """
    with explained(path, "write"):
        place = path.resolve()
        if place.is_dir():
            raise IsADirectoryError(None, "a folder is in the way")
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
            mode = place.stat().st_mode if place.exists() else 0o666 & ~_umask()
            Path(name).chmod(mode & 0o7777)
            Path(name).replace(place)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def digest(path: Path) -> str:
    """A short hash of a file's content; empty where there is no file that can be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    except OSError:
        return ""


def clone() -> Path | None:
    """The root of the repository that this harness runs from, unless it was installed away from one."""
    return home() if (home() / "pyproject.toml").is_file() else None


@dataclass(frozen=True, slots=True)
class Added:
    """What `Workspace.create` did.

    Attributes:
        new: files that were not there before.
        refreshed: lessons and untouched stubs that an update had changed.
        kept: files of the learner's that were left as they are.
        copies: for lessons that somebody had written into, where their copies are.
    """

    new: tuple[Path, ...]
    refreshed: tuple[Path, ...]
    kept: tuple[Path, ...]
    copies: tuple[Path, ...]


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
            root = Path(named).expanduser().absolute()
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
            content = path.read_bytes()
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
            WorkspaceError: a file or folder is in the way, or nothing can be written there.
            CatalogueError: a solution gives no stub.
        """
        workspace = cls(root.absolute())
        marker = _marker(workspace.root)
        written = _written(marker)
        new: list[Path] = []
        refreshed: list[Path] = []
        kept: list[Path] = []
        copies: list[Path] = []
        for kata in katas:
            stub, target = stub_of(kata), workspace.file(kata)
            if not target.exists():
                new.append(target)
                write_text(target, stub)
            elif (old := read_text(target)) != stub:
                (refreshed if is_pristine(old) else kept).append(target)
                if is_pristine(old):
                    write_text(target, stub)
            for source in sorted(kata.folder.glob("README*.md")):
                folder = target.parent if target.parent != workspace.root else workspace.root / kata.folder.name
                lesson = folder / source.name
                key = lesson.relative_to(workspace.root).as_posix()
                before, after = digest(lesson), digest(source)
                if before != after:
                    (refreshed if before else new).append(lesson)
                    if before and before != written.get(key):
                        copies.append(workspace.keep_copy(lesson))
                    write_text(lesson, read_text(source))
                written[key] = digest(lesson)
        write_text(marker, json.dumps({"version": VERSION, "lessons": written}, indent=2, ensure_ascii=False) + "\n")
        return workspace, Added(tuple(new), tuple(refreshed), tuple(kept), tuple(copies))


def _marker(root: Path) -> Path:
    return root / ".kata" / "workspace.json"


def _written(marker: Path) -> dict[str, str]:
    """Which content of each lesson the last `create` wrote; a damaged file counts as saying nothing."""
    try:
        lessons = json.loads(marker.read_bytes())["lessons"]
        return {str(key): str(value) for key, value in lessons.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
