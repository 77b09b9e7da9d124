"""What this machine has of what the katas need. Nothing here fails because something is missing: that is a finding."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion

from harness.catalogue import manager
from harness.errors import KataError
from harness.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

DISTRIBUTION = "torch-katas"
LITTLE_DISK = 1_000_000_000

_TORCH = """
import json, torch
cuda = torch.cuda.is_available()
print("\\n" + json.dumps({
    "version": torch.__version__, "built_for": torch.version.cuda or torch.version.hip, "cuda": cuda,
    "devices": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else [],
    "mps": torch.backends.mps.is_available(), "threads": torch.get_num_threads(),
}))
"""


@dataclass(frozen=True, slots=True)
class Health:
    """One thing that was looked at.

    Attributes:
        name: what was looked at.
        state: a `note` is good to know, and nothing is wrong; all but it and `ok` should be mended.
        said: what was found.
        mend: what to do about it.
        package: where this is about a package, what pip would be asked to install.
    """

    name: str
    state: Literal["ok", "missing", "old", "broken", "note"]
    said: str
    mend: str | None = None
    package: str | None = None

    @property
    def good(self) -> bool:
        """Whether there is nothing to mend."""
        return self.state in ("ok", "note")


def examine() -> Iterator[Health]:
    """Looks at everything, the quick things first."""
    yield _python()
    yield from _packages()
    yield from _torch()
    yield _uv()
    yield from _katas()
    yield from _workspace()


def install(packages: list[str]) -> str:
    """The command that installs packages into this environment."""
    quoted = " ".join(f'"{package}"' for package in packages)
    return f"uv pip install {quoted}" if _uv_path() else f"{sys.executable} -m pip install {quoted}"


def _python() -> Health:
    version = ".".join(str(number) for number in sys.version_info[:3])
    wanted = _metadata("Requires-Python") or ""
    if _fits(version, SpecifierSet(wanted)):
        return Health("Python", "ok", f"{version} ({sys.executable})")
    return Health("Python", "old", f"{version}, and {wanted} is needed", "make an environment with another Python")


def _metadata(key: str) -> str | None:
    try:
        return metadata.metadata(DISTRIBUTION)[key]
    except (metadata.PackageNotFoundError, KeyError):
        return None


def _packages() -> Iterator[Health]:
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Health(DISTRIBUTION, "missing", "is not installed", "`pip install -e .` in the clone")
        return
    extras = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    absent: dict[str, list[str]] = {extra: [] for extra in extras}
    for requirement in map(Requirement, filter(str.strip, requirements)):
        name, bounds, marker = requirement.name, requirement.specifier, requirement.marker
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = ""
        fits = _fits(version, bounds)
        if marker is not None and not marker.evaluate({"extra": ""}):
            for extra in extras:
                if marker.evaluate({"extra": extra}) and not fits:
                    absent[extra].append(name)
        elif not version:
            yield Health(name, "missing", "is not installed", package=f"{name}{bounds}")
        elif not fits:
            yield Health(name, "old", f"{version}, and {bounds} is needed", package=f"{name}{bounds}")
        else:
            yield Health(name, "ok", version, package=name)
    for extra, names in absent.items():
        said = f"without {', '.join(names)}: not needed for learning" if names else "all there"
        mend = f'pip install -e ".[{extra}]" in the clone' if names else None
        yield Health(f"extra {extra}", "note", said, mend)


def _fits(version: str, bounds: SpecifierSet) -> bool:
    """Whether a version keeps within bounds. One that is none, such as a missing package's, does not."""
    try:
        return bounds.contains(version, prereleases=True)
    except InvalidVersion:
        return False


def _torch() -> Iterator[Health]:
    """Imports torch in a process of its own: a broken build may end the process that imports it."""
    seen = _ask_torch()
    if isinstance(seen, str):
        yield Health("import torch", "broken", seen, "install torch anew; README.md says how for your machine")
        return
    yield Health("import torch", "ok", f"{seen['version']}, {seen['threads']} threads")
    if seen["cuda"]:
        devices = ", ".join(dict.fromkeys(seen["devices"]))
        yield Health("CUDA", "ok", f"{devices} (torch built for {seen['built_for']})")
    elif seen["built_for"]:
        said = f"torch is built for {seen['built_for']}, but there is no device: gpu exercises are skipped"
        yield Health("CUDA", "note", said)
    elif shutil.which("nvidia-smi"):
        said = "there is a driver, but torch is built for CPU only: gpu exercises are skipped"
        yield Health("CUDA", "note", said, "README.md says how to install the build for CUDA")
    else:
        yield Health("CUDA", "note", "torch is built for CPU only: gpu exercises are skipped")
    if seen["mps"]:
        yield Health("MPS", "note", "there is an Apple GPU")


def _ask_torch() -> dict[str, Any] | str:
    try:
        command = [sys.executable, "-P", "-c", _TORCH]
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be tried: {error}"
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer
    last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    return last[0] if last else f"ends the process with code {done.returncode}"


def _uv_path() -> str | None:
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def _uv() -> Health:
    return Health("uv", "note", _uv_path() or "is not installed; it is optional, and makes installing fast")


def _katas() -> Iterator[Health]:
    harness = manager.load()
    count = len(harness.catalogue.katas)
    packs = len({kata.pack for kata in harness.catalogue.katas})
    yield Health("katas", "ok" if count else "missing", f"{count} from {packs} pack{'s' * (packs != 1)}")
    for problem in harness.problems:
        yield Health("katas", "broken", problem)


def _workspace() -> Iterator[Health]:
    try:
        place = Workspace.find()
    except KataError as error:
        yield Health("workspace", "broken", str(error))
        return
    if place is None:
        yield Health("workspace", "note", "none here", "`kata init DIR` makes one")
        return
    if os.access(place.root, os.W_OK):
        yield Health("workspace", "ok", f"{place.root}{' (a clone)' if place.kind == 'clone' else ''}")
    else:
        yield Health("workspace", "broken", f"{place.root} cannot be written", "check its rights, or `kata init DIR`")
    yield from _shadowing(place.root)
    free = shutil.disk_usage(place.root).free
    said = f"{free / 1e9:.0f} GB free"
    little = free < LITTLE_DISK
    yield Health(
        "disk", "broken" if little else "note", said, "make room: checks write small files" if little else None
    )


def _shadowing(root: Path) -> Iterator[Health]:
    """Files that Python, started in the workspace, imports instead of the modules of their names."""
    modules = {*sys.stdlib_module_names, *metadata.packages_distributions()}
    for path in sorted(root.iterdir()):
        if path.stem in modules and (path.suffix == ".py" or (path / "__init__.py").is_file()):
            said = f"{path.name} has the name of a module, which Python started there no longer finds"
            yield Health("workspace", "note", said, f"rename {path}")
