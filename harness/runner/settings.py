"""What environment variables set for a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL = 10.0
_LONGEST = 86_400.0  # a day; timers of some systems take no more than a few


def deadline(environment: Mapping[str, str] | None = None) -> float:
    """Seconds that one call into an implementation may take: what `KATA_DEADLINE` says, else 10.

    Args:
        environment: where the variable is looked up. None: this process's environment.

    Raises:
        SettingError: the variable says something else than a number of seconds, more than 0 and up to a day.
    """
    said = (os.environ if environment is None else environment).get("KATA_DEADLINE", "")
    if not said.strip():
        return _USUAL
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise SettingError(
            f"KATA_DEADLINE={said} is no time for a call: let the environment variable say seconds, more than 0 and "
            f"at most {_LONGEST:g}, or unset it; without it they are {_USUAL:g}"
        )
    return seconds
