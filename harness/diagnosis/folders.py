"""Folders that spec and implementation share: what lay in them before a call, to be laid out once more."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import stat
from typing import TYPE_CHECKING, Any

import torch

from harness.data.copying import NotCopied
from harness.data.crossing import Crossing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePath

LARGEST = 1_000_000
"""Bytes of all files of one folder that are still copied."""

_MOST = 1_000
"""Files and folders in one folder."""

Files = dict[str, bytes | None]
"""The files of a folder by their paths in it, sorted; a folder in it has no bytes."""


def folders_in(paths: Iterable[PurePath], base: Path) -> set[Path]:
    """The folders right below `base` in which paths lie."""
    return {base / path.relative_to(base).parts[0] for path in paths if base in path.parents}


def files_of(folder: Path) -> Files:
    """What lies in a folder.

    Raises:
        NotCopied: it is too much, or something else than files and folders, or goes while it is read.
    """
    found: Files = {}
    room = LARGEST
    try:
        for entry in _entries(folder):
            name = os.path.relpath(entry.path, folder)
            if entry.is_dir(follow_symlinks=False):
                found[name] = None
                continue
            found[name] = _content(entry.path, room)
            room -= len(found[name] or b"")
            if room < 0 or len(found) > _MOST:
                raise NotCopied
    except OSError as error:
        raise NotCopied from error
    return dict(sorted(found.items()))


def _content(path: str, most: int) -> bytes:
    # An answer may put anything in a file's place at any time: no link is followed, and no pipe is waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotCopied
        return file.read(most + 1)


def _entries(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)


def lay_out(folder: Path, files: Files) -> None:
    """Makes a folder hold these files and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():  # a folder comes before what is in it
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)


def loaded(content: bytes) -> Any:
    """What a file of torch's or safetensors' holds, in plain types, or else the bytes themselves.

    Two files that hold the same need not be the same: a state dict may have been written as a dict of another type, and
    safetensors writes its metadata in any order.
    """
    size = int.from_bytes(content[:8], "little")
    if content[8:9] == b"{" and size < len(content):
        with contextlib.suppress(ValueError):
            return json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True), content[8 + size :]
    try:
        held = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return Crossing((), handle=lambda other: other).result(held)
    except Exception:  # whatever it is, it is no such file
        return content
