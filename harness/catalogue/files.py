"""Files, read and written so that nothing is lost and what goes wrong is one line that says what to do."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def expanded(path: Path) -> Path:
    """A path with the home folder in the place of `~`; as it is where nobody of that name is here."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def read_bytes(path: Path) -> bytes:
    """What a file holds.

    Raises:
        OSError: it cannot be read, or is a pipe, a device or the like, which might never come to an end.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "is no ordinary file")
    return path.read_bytes()


def read_text(path: Path) -> str:
    """Reads a file as UTF-8; a byte order mark is left out, line ends stay as they are.

    Raises:
        WorkspaceError: it cannot be read, or is not UTF-8.
    """
    with explained(path):
        return read_bytes(path).decode("utf-8-sig")


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
        return _hash(read_bytes(path))
    except OSError:
        return ""


def digest_of_text(text: str) -> str:
    """A short hash of a text, whatever it holds."""
    return _hash(text.encode(errors="surrogatepass"))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
