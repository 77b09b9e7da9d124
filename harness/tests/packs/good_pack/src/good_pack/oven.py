"""The requirement `oven`: a resource that one process at a time can use, and that writes down who did."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness import Requirement, RequirementMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

_locked_for: list[str] = []


def bake(seconds: float) -> None:
    """Uses the oven. `$OVEN_LOG` names a file for the times, one line a use."""
    if _locked_for:
        raise RequirementMissing(f"{_locked_for[-1]} has no `oven` marker: add @pytest.mark.oven")
    begin = time.time()
    time.sleep(seconds)
    if log := os.environ.get("OVEN_LOG"):
        with Path(log).open("a") as file:
            file.write(f"{begin} {time.time()}\n")


@contextmanager
def _locked(test: str) -> Iterator[None]:
    _locked_for.append(test)
    try:
        yield
    finally:
        _locked_for.pop()


OVEN = Requirement(
    name="oven",
    help="an oven",
    missing=lambda: None if os.environ.get("OVEN") else "no oven on this machine",
    guard=_locked,
    serial=True,
)
