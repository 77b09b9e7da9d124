"""The harness of torch-katas: catalogue, implementations under test, specs' vocabulary, verdicts.

A pack imports all that it needs from here. Nothing is loaded before it is asked for, so that importing this package
costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from harness.catalogue.requirements import Requirement
    from harness.errors import RequirementMissing
    from harness.model import Exercise, Implementation, Kata, Pack

PROJECT = "torch_katas"
"""Name of the pluggy project and of the entry-point group under which packs register."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a pack as the implementation of a hook from `harness.catalogue.hookspecs`."""

_WHERE = {
    "Exercise": "harness.model",
    "Implementation": "harness.model",
    "Kata": "harness.model",
    "Pack": "harness.model",
    "Requirement": "harness.catalogue.requirements",
    "RequirementMissing": "harness.errors",
}

__all__ = [
    "PROJECT",
    "Exercise",
    "Implementation",
    "Kata",
    "Pack",
    "Requirement",
    "RequirementMissing",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    """Finds a public name in the module that defines it, the first time that somebody asks."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_WHERE[name]), name)
    return value
