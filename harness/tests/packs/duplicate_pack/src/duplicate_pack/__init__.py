"""A pack whose kata has the topic of another pack's."""

from pathlib import Path

from harness import Pack, hookimpl

HERE = Path(__file__).parent


@hookimpl
def kata_packs() -> list[Pack]:
    return [Pack(name="duplicate pack", katas=HERE / "katas", solutions=HERE / "solutions")]
