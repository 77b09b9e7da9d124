"""Tests of `kata` as a whole: how it starts, how it ends, and what it says when something is wrong."""

import io
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.catalogue import manager
from harness.errors import KataError
from harness.tests.commands import Commands
from harness.tests.tiny_kata import write_kata

KATA = Path(sysconfig.get_path("scripts")) / "kata"
HEAVY = ("torch", "numpy", "pytest", "hypothesis", "pydoc", "asyncio", "transformers")


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    return Commands(tmp_path, monkeypatch, capsys)


def kata(*arguments: str, cwd: Any = None, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs the real command in a process of its own."""
    command = [str(KATA)] if KATA.exists() else [sys.executable, "-m", "harness"]
    return subprocess.run(
        [*command, *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        env={k: v for k, v in os.environ.items() if k not in ("KATA_WORKSPACE", "KATA_DEBUG")} | environment,
    )


def test_files_of_the_workspace_are_imported_by_nobody(tmp_path):
    """A scratch file may be called like a module: it is neither run nor in the way, and doctor names it."""
    kata("init", "work", cwd=tmp_path)
    for name in ("random.py", "json.py", "torch.py"):
        (tmp_path / "work" / name).write_text("raise SystemExit('a scratch file was run')\n")
    done = kata("check", "tensor_operations.turn_left", cwd=tmp_path / "work")
    assert (done.returncode, "turn_left" in done.stdout, "scratch" in done.stdout + done.stderr) == (1, True, False)
    said = " ".join(kata("doctor", "-v", cwd=tmp_path / "work").stdout.split())
    for name in ("random.py", "json.py", "torch.py"):
        assert f"{name} has the name of a module" in said


def test_a_folder_may_begin_with_a_tilde(tmp_path):
    """Of somebody who is not here, too: then it is a name like any other."""
    assert kata("init", "~nobody-of-that-name", cwd=tmp_path).returncode == 0
    assert (tmp_path / "~nobody-of-that-name" / "01_environment").is_dir()


def install_pack(folder: Path) -> dict[str, str]:
    """Makes a pack of one tiny kata known to every process that has this environment, as an installed one would be."""
    write_kata(folder / "pack" / "katas" / "70_tiny_things")
    (folder / "tiny_pack.py").write_text(
        "from pathlib import Path\n"
        "from harness import hookimpl\n"
        "from harness.model import Pack\n"
        "here = Path(__file__).parent / 'pack'\n"
        "@hookimpl\n"
        "def kata_packs():\n"
        "    return [Pack(name='tiny', katas=here / 'katas', solutions=here / 'solutions')]\n"
    )
    information = folder / "tiny_pack-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-pack\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[torch_katas]\ntiny = tiny_pack\n")
    return {"PYTHONPATH": str(folder)}


# the start


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], []])
def test_what_is_asked_often_starts_light(arguments):
    """Help, list and overview import nothing heavy: that is what keeps them within a moment of Python's own start."""
    program = (
        "import sys\n"
        "from harness.cli import main\n"
        f"code = main({arguments})\n"
        f"print([name for name in {HEAVY} if name in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == "[] 0"


def test_the_module_is_the_command(tmp_path):
    """`python -m harness` does what `kata` does."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", "--version"], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, kata("--version").stdout)
    assert re.fullmatch(r"torch-katas \d.*\n", done.stdout)


def test_every_command_has_help_with_examples(commands):
    """`-h` and `--help` say the same, and every name that a help text uses exists."""
    commands.monkeypatch.undo()
    catalogue = manager.load().catalogue
    listed = commands.run("--help").out
    assert commands.run("-h").out == listed
    names = re.findall(r"^  (\w+)  ", listed.partition("Commands:")[2], re.MULTILINE)
    assert len(names) == 13
    for command in names:
        said = commands.run(command, "-h")
        assert said.code == 0
        assert "kata " + command in said.out
        for name in re.findall(rf"kata {command} (tensor_operations\S*|3)\b", said.out):
            catalogue.select(name)


# the end


def test_a_wrong_call_is_code_two(commands):
    """An unknown command or option is explained on standard error."""
    for arguments in (["chek"], ["check", "--foo"], ["check", "3", "5"]):
        said = commands.run(*arguments)
        assert (said.code, said.out) == (2, "")
        assert "Error: " in said.err


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (KataError("a.py: is wrong; mend it"), 2, "kata: a.py: is wrong; mend it\n"),
        (PermissionError(13, "Permission denied", "a.py"), 2, "kata: a.py: Permission denied\n"),
        (OSError("odd"), 2, "kata: the system: odd\n"),
        (
            ZeroDivisionError("x"),
            2,
            "kata: this is a fault in torch-katas (ZeroDivisionError: x); KATA_DEBUG=1 shows where\n",
        ),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_are_one_line(commands, monkeypatch, error, code, expected):
    """Whatever a command raises, no traceback is shown, and the code is that of a wrong set-up."""

    def fails():
        raise error

    monkeypatch.setattr(manager, "load", fails)
    said = commands.run()
    assert (said.code, said.err) == (code, expected)


def test_a_debugger_sees_the_traceback(commands, monkeypatch):
    """With KATA_DEBUG the exception is let through."""
    monkeypatch.setenv("KATA_DEBUG", "1")
    with pytest.raises(KataError):
        commands.run("check", "none")


class Pipe(io.StringIO):
    """Standard output whose reader has gone, which shows when something is written or when it is flushed."""

    def __init__(self, *, on_flush: bool = False) -> None:
        super().__init__()
        self.on_flush = on_flush

    def write(self, text: str) -> int:
        if text and not self.on_flush:
            raise BrokenPipeError(32, "Broken pipe")
        return len(text)

    def flush(self) -> None:
        if self.on_flush:
            raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("on_flush", [False, True])
def test_a_reader_that_goes_is_no_error(monkeypatch, capsys, on_flush):
    """`kata list | head -1` ends without a complaint."""
    monkeypatch.setattr(sys, "stdout", Pipe(on_flush=on_flush))
    assert cli.main(["list", "--json"]) == 1
    assert capsys.readouterr().err == ""


def test_a_real_pipe_that_is_closed_is_no_error():
    """No words on standard error, even at the end of Python itself."""
    done = subprocess.run(
        [sys.executable, "-c", "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1); "
         "from harness.cli import main; sys.exit(main(['list', '--json']))"],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("option", [[], ["--debug"]])
def test_a_deadline_that_is_none_is_code_two(tmp_path, option):
    """One line names the variable, in every mode of `kata check`; what judges nothing does not mind."""
    said = kata("check", "1", *option, cwd=tmp_path, KATA_DEADLINE="soon", KATA_WORKSPACE="")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.splitlines()[-1].startswith("kata: KATA_DEADLINE=soon is no time for a call: ")
    assert "Traceback" not in said.stderr
    assert kata("list", cwd=tmp_path, KATA_DEADLINE="soon").returncode == 0


# the place


@pytest.mark.parametrize("arguments", [[], ["list"], ["list", "--json"], ["hint", "tiny"], ["check", "tiny", "--json"]])
def test_a_folder_apart_is_told_which_files_are_meant(commands, tmp_path, arguments):
    """Outside of any workspace it is those of the clone, and one line on standard error says so."""
    clone = commands.katas_folder.parent
    commands.monkeypatch.setattr("harness.workspace.workspace.clone", lambda: clone)
    apart = tmp_path / "apart"
    apart.mkdir()
    commands.monkeypatch.chdir(apart)
    said = commands.run(*arguments)
    assert said.code == 0
    assert said.err == (
        f"No workspace is around this folder: here are the files in {clone} (`kata init DIR` makes a workspace).\n"
    )


@pytest.mark.parametrize("place", ["clone", "below", "workspace", "named"])
def test_nothing_is_said_where_the_place_is_plain(commands, tmp_path, place):
    """In the clone and below it, in a workspace, and where a variable names one."""
    clone = commands.katas_folder.parent
    commands.monkeypatch.setattr("harness.workspace.workspace.clone", lambda: clone)
    commands.monkeypatch.chdir(
        {"clone": clone, "below": commands.katas_folder, "workspace": commands.root}.get(place, tmp_path)
    )
    if place == "named":
        commands.monkeypatch.setenv("KATA_WORKSPACE", str(clone))
    assert commands.run("list").err == ""


# the whole


def test_a_learners_first_minutes(tmp_path):
    """From an empty folder to a kata that passes, with the real command and the real judge."""
    environment = install_pack(tmp_path)
    root = tmp_path / "mes exercices à moi"
    made = kata("init", str(root), **environment)
    assert made.returncode == 0, made.stderr
    to_do = kata("check", "tiny_things", cwd=root, **environment)
    assert (to_do.returncode, to_do.stderr) == (1, "")
    assert "0 of 2 passed, 2 to do" in to_do.stdout
    file = root / "70_tiny_things" / "tiny_things.py"
    stub = file.read_text()
    file.write_text(stub.replace('raise NotImplementedError("double")', "return number * number"))
    wrong = kata("check", "tiny_things", cwd=root, **environment)
    assert wrong.returncode == 1
    assert "✗ double  Give twice the number.\n  The result is twice the number.\n\n    >>> double(" in wrong.stdout
    assert "    expected  " in wrong.stdout
    file.write_text(
        stub.replace('raise NotImplementedError("double")', "return number + number").replace(
            'raise NotImplementedError("join_words")', "return separator.join(words)"
        )
    )
    right = kata("check", "tiny_things", cwd=root / "70_tiny_things", **environment)
    assert right.returncode == 0
    assert "Well done: Tiny things is complete." in right.stdout
    assert "✓ 70 tiny_things" in kata("list", cwd=root, **environment).stdout


def test_output_without_unicode(tmp_path):
    """An ASCII terminal gets ASCII, not an exception."""
    root = tmp_path / "w"
    kata("init", str(root))
    done = kata(cwd=root, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "  o 01 environment" in done.stdout
