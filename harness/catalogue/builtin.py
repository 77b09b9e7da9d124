"""The built-in pack, requirements and implementations, through the same hooks as anybody's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import PROJECT, hookimpl
from harness.model import Pack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalogue.requirements import Requirement
    from harness.model import Implementation, Kata

BUILT_IN = "torch-katas"


def home() -> Path:
    """The folder that holds `katas/` and `solutions/`: the repository, or what the installed wheel carries."""
    here = Path(__file__).resolve().parents[1]
    carried = here / "_packaged"
    return carried if carried.is_dir() else here.parent


@hookimpl(trylast=True)
def kata_packs() -> Iterable[Pack]:
    """The katas of this repository."""
    return [Pack(name=BUILT_IN, katas=home() / "katas", solutions=home() / "solutions")]


@hookimpl(trylast=True)
def kata_requirements() -> Iterable[Requirement]:
    """A CUDA device, and the network."""
    from harness.catalogue.requirements.gpu import GPU
    from harness.catalogue.requirements.slow_download import SLOW_DOWNLOAD

    return [GPU, SLOW_DOWNLOAD]


@hookimpl(trylast=True)
def kata_implementation(reference: str, kata: Kata) -> Implementation | None:
    """`learner`, `solution`, `stub`, `mistake:NAME`, `distorted:WAY`, or a path."""
    from harness.runner import loading
    from harness.workspace.workspace import Workspace

    kind, _, rest = reference.partition(":")
    if reference == "learner":
        return loading.learner(Workspace.locate().file(kata))
    if reference == "solution":
        return loading.solution(kata)
    if reference == "stub":
        return loading.stub(kata)
    if kind == "mistake":
        return loading.mistake(kata, rest)
    if kind == "distorted":
        from harness.mutation.outputs.names import distorted

        return distorted(kata, rest)
    try:
        path = Path(reference).expanduser().absolute()
    except RuntimeError:  # ~somebody who is not here
        path = Path(reference)
    return loading.submission(kata, path, label=reference)


PLUGIN_NAME = f"{PROJECT}.builtins"
