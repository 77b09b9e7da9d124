"""How thoroughly Hypothesis works.

Four profiles: `learner` is quick and remembers a failing example; `grade` gives the same verdict everywhere; `thorough`
looks for what the others miss; `verify` runs wrong answers, of which only the failure matters, not the smallest one.

This module imports neither torch nor Hypothesis before they are needed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES = ("learner", "grade", "thorough", "verify")
"""The names that `use` takes."""


def register() -> None:
    """Makes our profiles known to Hypothesis; chooses none."""
    from hypothesis import HealthCheck, Phase, settings

    # All report one failure, the first that was found, without the phase that explains it: a learner wants one, soon.
    phases = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
    learner = settings(
        settings.get_profile("default"),
        max_examples=40,
        deadline=None,
        derandomize=False,
        phases=phases,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow],  # a loaded machine is no fault of the answer
    )
    grade = settings(
        settings.get_profile("ci"),
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        print_blob=False,
        report_multiple_bugs=False,
    )
    # What is wrong has to show in as many examples as a learner's check draws.
    verify = settings(grade, max_examples=learner.max_examples, phases=[p for p in phases if p is not Phase.shrink])
    thorough = settings(grade, max_examples=1000, derandomize=False)
    for name, profile in zip(PROFILES, (learner, grade, thorough, verify), strict=True):
        settings.register_profile(name, profile)


def use(name: str) -> None:
    """Makes a profile the one by which tests run from now on.

    Raises:
        ValueError: there is no such profile.
    """
    from hypothesis import settings

    if name not in PROFILES:
        raise ValueError(f"there is no profile {name!r}: choose one of {', '.join(PROFILES)}")
    register()
    settings.load_profile(name)


def draw_alike(test: Callable[..., Any], key: str) -> None:
    """Lets a derandomized test draw the same examples whichever implementation it judges.

    Hypothesis by itself mixes the test's id, and so the implementation's name, into its seed. The same code must get
    the same verdict under another name.

    Args:
        test: a test function; nothing happens to one that draws nothing.
        key: tells tests apart.
    """
    from hypothesis import is_hypothesis_test, seed, settings

    if is_hypothesis_test(test) and settings().derandomize:
        seed(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))(test)
