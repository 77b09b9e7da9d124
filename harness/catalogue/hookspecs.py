"""Every hook that a pack may implement: a signature and what it promises, no logic.

A pack is a distribution with an entry point in the group `torch_katas` that names a module or an object whose functions
carry `harness.hookimpl`. What is built in goes through the same hooks, and comes last
(`harness.catalogue.manager.DEFAULT_PLUGINS`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from harness import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalogue.requirements import Requirement
    from harness.model import Implementation, Kata, Pack

hookspec = pluggy.HookspecMarker(PROJECT)


@hookspec
def kata_packs() -> Iterable[Pack]:  # type: ignore[empty-body]
    """Gives the sets of katas that this plugin brings along."""


@hookspec
def kata_requirements() -> Iterable[Requirement]:  # type: ignore[empty-body]
    """Gives the resources that tests of its katas may need, each with its marker, option and guard."""


@hookspec(firstresult=True)
def kata_implementation(reference: str, kata: Kata) -> Implementation | None:
    """Finds the implementation of `kata` that a value of `--impl` stands for.

    Args:
        reference: what was given to `--impl`, such as `learner`, `solution` or a path.
        kata: the kata whose spec asks.

    Returns:
        The implementation, or None to let the other plugins try.

    Raises:
        harness.errors.SourceError: the reference is one of this plugin's, but leads nowhere.
    """
