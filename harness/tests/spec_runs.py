"""Runs of pytest on tiny katas, as a learner or an instructor would start them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

# A run in this process forgets the modules that it was the first to import. Torch cannot be imported twice, and of two
# copies of the harness's classes neither would know the other's.
import filelock
import torch

from harness import hookimpl
from harness.catalogue import manager
from harness.catalogue.catalogue import load_catalogue
from harness.catalogue.requirements import gpu, slow_download
from harness.judge.verdicts import finding_from_json
from harness.mutation.outputs import wrapping
from harness.runner import proxy
from harness.spec import asserts, strategies
from harness.tests.tiny_kata import write_kata

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from harness.catalogue.requirements import Requirement
    from harness.model import Finding, Kata, Pack

IMPORTED = (filelock, torch, asserts, wrapping, proxy, gpu, slow_download, strategies)
PACKS = Path(__file__).parent / "packs"
"""Where the third-party packs stand."""


class SpecRuns:
    """A folder `katas/` with one tiny kata, and pytest beside it."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester, self.monkeypatch = pytester, monkeypatch
        self.folder = pytester.path / "katas" / "03_tiny_things"
        self.learner = self.folder / "tiny_things.py"
        self.report = pytester.path / "findings.json"
        self.packs: list[Pack] = []
        self.requirements: list[Requirement] = []
        monkeypatch.setattr(manager, "load", self.load)
        monkeypatch.delenv("KATA_WORKSPACE", raising=False)

    def load(self) -> manager.Harness:
        """Stands in for `manager.load`: nothing but the tiny kata, and the requirements of the test."""
        catalogue = load_catalogue(self.packs)
        plugins, _ = manager.make_manager()
        if self.requirements:
            plugins.register(_Requirements(self.requirements), "requirements of the test")
        return manager.Harness(plugins, catalogue, catalogue.problems)

    def kata(self, learner: str | None = None, **files: str | None) -> None:
        """Writes the kata; the arguments are those of `harness.tests.tiny_kata.write_kata`, and the learner's file."""
        self.packs = [write_kata(self.folder, **{name: text and dedent(text) for name, text in files.items()})]
        if learner is not None:
            self.learner.write_text(dedent(learner), encoding="utf-8")

    def run(self, *options: str, profile: str | None = "grade") -> pytest.RunResult:
        """Runs the spec in this process, by a profile that remembers nothing of other runs, or by none."""
        self.report.unlink(missing_ok=True)
        fixed = ["-p", "no:randomly", "-p", "no:cacheprovider", "--import-mode=importlib"]
        fixed += [f"--hypothesis-profile={profile}"] if profile else []
        return self.pytester.runpytest_inprocess(str(self.folder), *fixed, f"--kata-report={self.report}", *options)

    def judge(
        self, kata: Kata, references: Sequence[str], *, profile: str, options: Sequence[str], **_where: object
    ) -> list[Finding]:
        """Stands in for `harness.judge.run.judge`: what it does in another process is done in this one."""
        self.run(*options, *(f"--impl={reference}" for reference in references), profile=profile)
        return self.findings()

    def findings(self) -> list[Finding]:
        """What the last run found out."""
        return [finding_from_json(each) for each in json.loads(self.report.read_text(encoding="utf-8"))["findings"]]

    def outcomes(self) -> dict[str, str]:
        """The outcome of each test of the last run, by its name."""
        return {finding.test: str(finding.outcome) for finding in self.findings()}


class _Requirements:
    def __init__(self, requirements: list[Requirement]) -> None:
        self._requirements = requirements

    @hookimpl
    def kata_requirements(self) -> list[Requirement]:
        return self._requirements


_BUILD = """
import os, sys
from setuptools.build_meta import build_wheel
_, target, *sources = sys.argv  # the backend writes arguments of its own there
for source in sources:
    os.chdir(source)
    build_wheel(target)
"""


def install_packs(folder: Path) -> dict[str, Path]:
    """Builds a wheel of each pack by its build backend, without a network, and unpacks it as an installer would.

    Returns:
        For each pack, by name, the folder to put on the path.
    """
    names = sorted(file.parent.name for file in PACKS.glob("*/pyproject.toml"))
    for name in names:  # the backend leaves files beside the source
        shutil.copytree(PACKS / name, folder / "source" / name)
    sources = [str(folder / "source" / name) for name in names]
    done = subprocess.run([sys.executable, "-c", _BUILD, folder, *sources], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in names:
        (wheel,) = folder.glob(f"torch_katas_{name}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / name)
    return {name: folder / name for name in names}
