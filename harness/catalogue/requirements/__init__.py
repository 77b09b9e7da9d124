"""Resources that a test may need and that not every machine, or not every run, has.

A `Requirement` is a marker, a pair of options, a look whether the resource is there, and a guard: while a test
*without* the marker runs, the guard keeps the resource out of its reach, so that a forgotten marker is found on the
machine of the person who forgot it.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import described

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


def _always_available() -> None:
    return None


def _no_guard(_test: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A resource behind a marker.

    Attributes:
        name: the marker's name; the options are `--NAME` and `--no-NAME`, with dashes for underscores.
        help: one line for `pytest --markers` and `pytest --help`.
        opt_in: its tests run only with `--NAME`. Otherwise they run wherever the resource is available.
        missing: gives the reason why the resource is not here, or None where it is.
        guard: given a test's node id, a context in which the resource is out of reach.
        serial: only one of the processes of a run may use the resource at a time.
    """

    name: str
    help: str
    opt_in: bool = False
    missing: Callable[[], str | None] = _always_available
    guard: Callable[[str], AbstractContextManager[None]] = _no_guard
    serial: bool = False

    @property
    def option(self) -> str:
        """The option that asks for it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def opposite(self) -> str:
        """The option that does without it."""
        return f"--no-{self.name.replace('_', '-')}"

    @property
    def dest(self) -> str:
        """The attribute under which pytest keeps the option's value: True, False or None where it was not given."""
        return f"kata_{self.name}"

    def reason_to_skip(self, wanted: bool | None) -> str | None:
        """Says why a test with the marker is skipped, or None where it runs.

        Args:
            wanted: the option's value; True runs the test even where the resource is missing, so that it fails.
        """
        if wanted is True:
            return None
        if wanted is False:
            return f"switched off by {self.opposite}; run it with {self.option}"
        if self.opt_in:
            return f"needs {self.help}; run it with {self.option}"
        try:
            missing = self.missing()
        except Exception as error:  # a third party's look may fail in any way
            missing = f"nobody can tell whether {self.help} is here ({described(error)})"
        return missing and f"{missing}; {self.option} runs it all the same"
