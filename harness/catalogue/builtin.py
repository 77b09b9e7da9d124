"""The built-in pack and requirements, through the same hooks as anybody's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import hookimpl
from harness.model import Pack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalogue.requirements import Requirement

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
