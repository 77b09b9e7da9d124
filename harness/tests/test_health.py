"""Tests of `harness.cli.health` and `kata doctor`."""

import json
import subprocess
import sys
from email.message import Message
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from harness.cli import health
from harness.cli.health import Health
from harness.tests.commands import Commands

TORCH: dict[str, Any] = {
    "version": "2.11.0",
    "built_for": None,
    "cuda": False,
    "devices": [],
    "mps": False,
    "threads": 4,
}


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(health, "_ask_torch", lambda: TORCH)
    return Commands(tmp_path, monkeypatch, capsys)


def found(name: str) -> list[Health]:
    return [each for each in health.examine() if each.name == name]


@pytest.mark.parametrize(
    ("version", "bounds", "expected"),
    [
        ("2.11.0+cpu", ">=2.11", True),
        ("2.9", ">=2.11", False),
        ("2.11", ">=2.11.0", True),
        ("3.14.1", "<3.14,>=3.11", False),
        ("3.13.1", "<3.14,>=3.11", True),
        ("1", "", True),
        ("1", "==2", False),
        ("2", "<=2", True),
        ("unknown", ">=1", False),
    ],
)
def test_versions_are_compared_as_numbers(version, bounds, expected):
    """Lower and upper bounds hold for numbers, and not for letters."""
    assert health._fits(version, SpecifierSet(bounds)) is expected


def test_a_machine_that_has_all_is_well(commands):
    """Exit code 0, and one line for all packages."""
    said = commands.run("doctor")
    assert said.code == 0
    assert "are there and new enough\n" in said.out
    assert "✓ import torch  2.11.0, 4 threads\n" in said.out
    assert f"✓ workspace     {commands.root}\n" in said.out
    assert "✓ katas         2 from 1 pack\n" in said.out


def test_packages_are_listed_on_request(commands):
    """`-v` names each with its version."""
    said = [line.split() for line in commands.run("doctor", "-v").out.splitlines()]
    assert ["✓", "pluggy", metadata.version("pluggy")] in said


def test_missing_and_old_packages_come_with_the_way_to_get_them(commands, monkeypatch):
    """Exit code 1, what is needed, and one command for all of it."""
    versions = {"torch": "2.9.1"}

    def version(name):
        if name in versions:
            return versions[name]
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(
        metadata, "requires", lambda _: ["torch>=2.11", "rich[all] >=14.0", "nox>=1; extra == 'dev'", "  "]
    )
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(health, "_uv_path", lambda: None)
    said = commands.run("doctor")
    assert said.code == 1
    assert "✗ torch         2.9.1, and >=2.11 is needed\n" in said.out
    assert "✗ rich          is not installed\n" in said.out
    assert "· extra dev     without nox: not needed for learning\n" in said.out
    assert said.out.endswith(f'To get what is missing:\n  {sys.executable} -m pip install "torch>=2.11" "rich>=14.0"\n')
    monkeypatch.setattr(health, "_uv_path", lambda: "/bin/uv")
    assert "  uv pip install" in commands.run("doctor").out


def test_an_uninstalled_project_is_found(commands, monkeypatch):
    """Run from the sources alone, nothing is known about the packages, and that is said."""

    def nothing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", nothing)
    monkeypatch.setattr(metadata, "metadata", nothing)
    said = commands.run("doctor")
    assert said.code == 1
    assert "✗ torch-katas   is not installed\n" in said.out


def test_another_python_is_found(commands, monkeypatch):
    """The version of Python is compared with what the project asks for."""
    of_another = Message()
    of_another["Requires-Python"] = ">=3.99"
    monkeypatch.setattr(metadata, "metadata", lambda _: of_another)
    said = commands.run("doctor")
    assert said.code == 1
    assert "and >=3.99 is needed" in said.out


def test_a_torch_that_cannot_be_imported_is_found(commands, monkeypatch):
    """What the import said last is shown, and everything else as well."""
    monkeypatch.setattr(health, "_ask_torch", lambda: "ImportError: libc10.so: cannot open")
    said = commands.run("doctor")
    assert said.code == 1
    assert "✗ import torch  ImportError: libc10.so: cannot open\n" in said.out
    assert "✓ workspace" in said.out


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (SimpleNamespace(returncode=0, stdout="warning\n{}\n", stderr=""), {}),
        (SimpleNamespace(returncode=1, stdout="", stderr="Traceback\nImportError: no\n\n"), "ImportError: no"),
        (SimpleNamespace(returncode=-11, stdout="", stderr=""), "ends the process with code -11"),
        (OSError("no process"), "cannot be tried: no process"),
    ],
)
def test_torch_is_asked_in_another_process(monkeypatch, run, expected):
    """A build that ends its process ends nothing else."""

    def answer(*_, **__):
        if isinstance(run, Exception):
            raise run
        return run

    monkeypatch.setattr(subprocess, "run", answer)
    assert health._ask_torch() == expected


def test_the_question_to_torch_is_one_that_it_understands():
    """The program for the other process runs, where torch is there."""
    pytest.importorskip("torch")
    answer = health._ask_torch()
    assert set(answer) == set(TORCH)


@pytest.mark.parametrize(
    ("torch", "driver", "expected"),
    [
        ({"cuda": True, "built_for": "12.8", "devices": ["A", "A"]}, None, ("ok", "A (torch built for 12.8)")),
        (
            {"built_for": "12.8"},
            None,
            ("note", "torch is built for 12.8, but there is no device: gpu exercises are skipped"),
        ),
        ({}, None, ("note", "torch is built for CPU only: gpu exercises are skipped")),
        (
            {},
            "/bin/nvidia-smi",
            ("note", "there is a driver, but torch is built for CPU only: gpu exercises are skipped"),
        ),
    ],
)
def test_cuda_is_found_or_missed(commands, monkeypatch, torch, driver, expected):
    """What torch was built for, what is there, and what it means; nothing of it is an error."""
    monkeypatch.setattr(health, "_ask_torch", lambda: TORCH | torch)
    monkeypatch.setattr("shutil.which", lambda *_, **__: driver)
    (cuda,) = found("CUDA")
    assert (cuda.state, cuda.said) == expected
    assert bool(cuda.mend) is bool(driver)


def test_an_apple_gpu_is_noted(commands, monkeypatch):
    """MPS is mentioned where it is there."""
    assert found("MPS") == []
    monkeypatch.setattr(health, "_ask_torch", lambda: TORCH | {"mps": True})
    assert found("MPS")[0].good


def test_broken_katas_are_named(commands):
    """A kata or pack that had to be left out should be mended."""
    (commands.katas_folder / "05_small_words" / "kata.toml").write_text("=")
    said = commands.run("doctor")
    assert said.code == 1
    assert "✓ katas         1 from 1 pack\n" in said.out
    assert "05_small_words of pack tiny is left out" in said.out


def test_workspaces_are_examined(commands, tmp_path, monkeypatch):
    """None, a wrong one, one that cannot be written, a full disk, a clone: each has its line."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5e8))
    assert found("disk")[0].state == "broken"
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5e12))
    assert found("disk")[0] == Health("disk", "note", "5000 GB free")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert found("workspace")[0].said == f"{commands.root} cannot be written"
    monkeypatch.undo()
    monkeypatch.setattr(health, "_ask_torch", lambda: TORCH)
    monkeypatch.chdir(tmp_path)
    assert found("workspace")[0].said.endswith(" (a clone)")
    monkeypatch.setattr("harness.workspace.workspace.clone", lambda: None)
    assert found("workspace")[0] == Health("workspace", "note", "none here", "`kata init DIR` makes one")
    monkeypatch.setenv("KATA_WORKSPACE", str(tmp_path))
    assert "is no workspace" in found("workspace")[0].said


def test_findings_are_documented_json(commands, monkeypatch):
    """The document has every finding, with the command that mends it."""
    monkeypatch.setattr(metadata, "requires", lambda _: ["no-such-package>=1", "pluggy>=1"])
    said = commands.run("doctor", "--json")
    document = json.loads(said.out)
    by_name = {each["name"]: each for each in document["findings"]}
    assert (said.code, document["kind"], document["passed"]) == (1, "doctor", False)
    assert by_name["no-such-package"]["state"] == "missing"
    assert 'install "no-such-package>=1"' in by_name["no-such-package"]["mend"]
    assert by_name["pluggy"] == {"name": "pluggy", "state": "ok", "said": metadata.version("pluggy"), "mend": None}
