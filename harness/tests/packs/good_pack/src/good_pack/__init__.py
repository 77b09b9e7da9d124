"""A pack with one kata, a requirement of its own, and a reference of its own for `--impl`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from good_pack.oven import OVEN
from harness import Implementation, Kata, Pack, hookimpl

if TYPE_CHECKING:
    from harness import Requirement

HERE = Path(__file__).parent


@hookimpl
def kata_packs() -> list[Pack]:
    return [Pack(name="good pack", katas=HERE / "katas", solutions=HERE / "solutions")]


@hookimpl
def kata_requirements() -> list[Requirement]:
    return [OVEN]


@hookimpl
def kata_implementation(reference: str, kata: Kata) -> Implementation | None:
    """`echo:` stands for answers that give back what they are given."""
    if reference != "echo:" or kata.topic != "scaling":
        return None
    return Implementation(label=reference, path=kata.stub, load=_echo)


def _echo() -> ModuleType:
    module = ModuleType("echo")
    vars(module)["scale"] = lambda x, factor=2.0: x
    return module
