"""What became of wrong answers, kept so that a campaign that was broken off goes on where it was.

It stands in `.kata/mutation.sqlite`, by hashes of all that a result depends on, and may be removed at any time.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Self

from harness.errors import WorkspaceError
from harness.mutation.subject import Fate, Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.workspace.workspace import Workspace

VERSION = 1

KEEP = 14 * 24 * 3600
"""Seconds after which what nobody asked for is forgotten."""

_PATIENCE = 30.0
"""Seconds that another campaign may take to write."""

_TABLE = """
create table if not exists results (
    key text primary key, fate text not null, by text not null, said text not null, seconds real not null,
    used integer not null
) without rowid
"""


class Journal:
    """Results by key. Several threads may use one journal, and several processes one file.

    Args:
        connection: to an open database.

    Attributes:
        trouble: why something was not kept, or what became of a damaged file; empty where all is well.
    """

    def __init__(self, connection: sqlite3.Connection, trouble: str = "") -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.trouble = trouble

    @classmethod
    def open(cls, workspace: Workspace | None) -> Journal:
        """Opens the journal of a workspace. Where there is none, or none can be written, results last for one run."""
        if workspace is None:
            return cls(_connected(":memory:"))
        file = workspace.state / "mutation.sqlite"
        try:
            workspace.state.mkdir(parents=True, exist_ok=True)
            return cls(_connected(str(file)))
        except (OSError, sqlite3.OperationalError) as error:
            return cls(_connected(":memory:"), f"{file}: cannot be used ({error}); what is judged now is not kept")
        except sqlite3.DatabaseError:
            where = _set_aside(workspace, file)
            said = (
                f"{file}: was damaged, and {f'is set aside as {where}' if where else 'is not used'}; all is judged anew"
            )
            return cls(_connected(str(file) if where else ":memory:"), said)

    def known(self, key: str) -> Result | None:
        """What is known under a key."""
        try:
            with self._lock:
                row = self._connection.execute(
                    "select fate, by, said, seconds from results where key = ?", (key,)
                ).fetchone()
            return Result(fate=Fate(row[0]), by=row[1], said=row[2], seconds=row[3]) if row else None
        except (sqlite3.Error, ValueError):  # what cannot be read is judged again
            return None

    def enter(self, results: dict[str, Result]) -> None:
        """Keeps results by their keys, at once; errors are not kept, so that they are tried again."""
        now = int(time.time())
        rows = [
            (key, result.fate.value, result.by, result.said, result.seconds, now)
            for key, result in results.items()
            if result.fate is not Fate.ERROR
        ]
        self._write("insert or replace into results values (?, ?, ?, ?, ?, ?)", rows)

    def used(self, keys: list[str]) -> None:
        """Notes that results were of use, and forgets those that have not been for long."""
        now = int(time.time())
        self._write("update results set used = ? where key = ?", [(now, key) for key in keys])
        self._write("delete from results where used < ?", [(now - KEEP,)])

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        try:
            with self._lock, self._connection:
                self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            self.trouble = self.trouble or f"the journal cannot be written ({error}); what is judged now is not kept"


def _connected(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_PATIENCE, check_same_thread=False)
    try:
        with closing(connection.execute("pragma user_version")) as cursor:
            if cursor.fetchone()[0] not in (0, VERSION):
                raise sqlite3.DatabaseError("another version")
        with connection:
            connection.execute(_TABLE)
            connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("select key, fate, by, said, seconds, used from results limit 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(workspace: Workspace, file: Path) -> Path | None:
    """Moves a damaged file among the copies."""
    with suppress(WorkspaceError, OSError):
        copy = workspace.keep_copy(file)
        file.unlink()
        return copy
    return None
