"""The harness's own tests run by the grader's profile: no deadline, and the same examples each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import profiles

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", None):
        profiles.use("grade")
