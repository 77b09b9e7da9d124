"""Tests of the commands of authors: `kata new`, `kata sync`, `kata verify`."""

import json
import threading

import pytest

from harness.catalogue.catalogue import load_catalogue
from harness.judge import verification
from harness.model import Pack
from harness.tests.commands import Commands


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    return Commands(tmp_path, monkeypatch, capsys)


# kata sync


def test_a_topic_limits_the_sync_to_one_kata(commands):
    """`kata sync TOPIC` writes that kata's stub and leaves another outdated one alone."""
    first, second = commands.load().catalogue.katas
    for kata in (first, second):
        kata.stub.unlink()
    said = commands.run("sync", first.topic)
    assert said.code == 0
    assert first.stub.is_file()
    assert not second.stub.exists()
    assert commands.run("sync", "--check", first.topic).out == "the stub is up to date\n"


def test_stubs_that_are_up_to_date(commands):
    """Nothing to do is no news, and code 0."""
    for arguments in (["sync"], ["sync", "--check"]):
        said = commands.run(*arguments)
        assert (said.code, said.out) == (0, "2 stubs are up to date\n")


def test_what_differs_is_named_with_the_command_that_mends_it(commands):
    """`--check` writes nothing and ends with code 1."""
    first, second = commands.load().catalogue.katas
    first.stub.unlink()
    second.solution.write_text(second.solution.read_text().replace("Doubles a", "Doubles any"))
    said = commands.run("sync", "--check")
    assert said.code == 1
    assert f"missing   {first.stub}: `kata sync` writes it\n" in said.out
    assert f"outdated  {second.stub}: `kata sync` writes it anew\n" in said.out
    assert not first.stub.exists()


def test_what_differs_is_written(commands):
    """`kata sync` writes it, says so, and has nothing to do after that."""
    first = commands.kata
    first.stub.unlink()
    said = commands.run("sync")
    assert (said.code, said.out) == (0, f"written   {first.stub}\n")
    assert commands.run("sync", "--check").code == 0


def test_edited_stubs_stay(commands):
    """Neither form touches them; only `--check` counts them as wrong, and says how to get the stub back."""
    stub = commands.kata.stub
    stub.write_text("mine")
    for arguments, code in ((["sync"], 0), (["sync", "--check"], 1)):
        said = commands.run(*arguments)
        assert said.code == code
        assert said.out == f"edited    {stub}: `kata reset tiny_things` brings the stub back and keeps a copy\n"
    assert stub.read_text() == "mine"


def test_a_kata_that_cannot_be_read_is_not_passed_over(commands):
    """The others are written, and the call ends with code 2."""
    (commands.katas_folder / "05_small_words" / "kata.toml").write_text("=")
    commands.kata.stub.unlink()
    said = commands.run("sync")
    assert said.code == 2
    assert commands.kata.stub.is_file()
    assert "05_small_words" in said.err


def test_a_wrong_solution_is_named(commands):
    """Markers that do not fit are an error with file and line."""
    commands.kata.solution.write_text("# <solution>\n")
    said = commands.run("sync")
    assert said.code == 2
    assert "tiny_things.py:1:" in said.err


# kata verify


def test_whole_katas_have_a_line_each(commands, monkeypatch):
    """In their order, whatever order they end in, and several at a time."""
    both = threading.Barrier(2, timeout=10)

    def verify(kata, _parent):
        both.wait()
        return []

    monkeypatch.setattr(verification, "verify", verify)
    said = commands.run("verify", "-j", "2")
    assert (said.code, said.out) == (0, "✓ 03_tiny_things: whole\n✓ 05_small_words: whole\n")


def test_problems_stand_below(commands, monkeypatch):
    """First a line a kata, then what is wrong, and code 1."""
    monkeypatch.setattr(verification, "verify", lambda kata, _: [f"{kata.topic}: mend it"] * (kata.number - 3))
    said = commands.run("verify", "3", "small", "5")
    assert said.code == 1
    assert said.out == (
        "✓ 03_tiny_things: whole\n✗ 05_small_words: 2 problems\n\nsmall_words: mend it\n\nsmall_words: mend it\n"
    )


def test_a_broken_kata_is_a_problem(commands, monkeypatch):
    """What the catalogue left out is no whole kata; whoever names another kata is not bothered with it."""
    monkeypatch.setattr(verification, "verify", lambda *_: [])
    (commands.katas_folder / "05_small_words" / "kata.toml").write_text("=")
    said = commands.run("verify")
    assert said.code == 1
    assert "05_small_words of pack tiny is left out" in said.out
    assert commands.run("verify", "3").code == 0
    assert commands.run("verify", "5").code == 2


def test_no_katas_are_no_success(commands, monkeypatch, tmp_path):
    """A pack without katas is the wrong set-up."""
    empty = tmp_path / "empty"
    empty.mkdir()
    catalogue = load_catalogue([Pack(name="empty", katas=empty, solutions=empty)])
    monkeypatch.setattr(
        "harness.catalogue.manager.load", lambda: type(commands.load())(commands.plugins, catalogue, ())
    )
    said = commands.run("verify")
    assert said.code == 2
    assert "there are no katas" in said.err


def test_verify_is_documented_json(commands, monkeypatch):
    """One document with the problems of each kata."""
    monkeypatch.setattr(verification, "verify", lambda kata, _: ["mend it"] * (kata.number == 3))
    said = commands.run("verify", "--json")
    assert said.code == 1
    assert json.loads(said.out) == {
        "version": 1,
        "kind": "verify",
        "passed": False,
        "problems": [],
        "katas": [{"topic": "tiny_things", "problems": ["mend it"]}, {"topic": "small_words", "problems": []}],
    }


# kata new


def test_a_new_kata_joins_the_clone(commands, monkeypatch):
    """It gets the next number, and its stub is up to date."""
    root = commands.katas_folder.parent
    monkeypatch.setattr("harness.workspace.workspace.clone", lambda: root)
    said = commands.run("new", "big_plans", "--title", 'Big "plans"', "--part", "Später")
    assert said.code == 0
    kata = commands.load().catalogue.find("big_plans")
    assert (kata.number, kata.title, kata.part) == (6, 'Big "plans"', "Später")
    assert all(path.is_file() for path in (kata.stub, kata.spec, kata.lesson, kata.mistakes, kata.solution))
    assert f"{kata.stub}\n" in said.out
    assert "  verify kata verify big_plans\n" in said.out
    assert commands.run("sync", "--check").code == 0


def test_a_new_kata_may_begin_a_pack(commands, tmp_path):
    """With --into nothing needs to be there before, and the number is free."""
    said = commands.run("new", "big_plans", "--into", str(tmp_path / "my pack"), "--number", "31")
    assert said.code == 0
    assert (tmp_path / "my pack" / "katas" / "31_big_plans" / "kata.toml").is_file()
    assert "entry point" in said.out


def test_a_new_kata_may_be_called_as_its_folder(commands, tmp_path):
    """The number may stand before the name."""
    assert commands.run("new", "13_big_plans", "--into", str(tmp_path / "my")).code == 0
    assert (tmp_path / "my" / "katas" / "13_big_plans" / "big_plans.py").is_file()


@pytest.mark.parametrize("there", ["katas/06_big_plans", "solutions/big_plans.py"])
def test_nothing_is_overwritten(commands, tmp_path, there):
    """Whatever is in the way is named, and nothing is written."""
    (tmp_path / "my" / there).mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    said = commands.run("new", "big_plans", "--into", str(tmp_path / "my"))
    assert said.code == 2
    assert "is there already" in said.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["Big"], "is no name for a topic"),
        (["1st"], "is no name for a topic"),
        (["class"], "is no name for a topic"),
        (["tiny_things"], "there is a kata tiny_things already"),
        (["big_plans"], "say with --into DIR"),
        (["big_plans", "--number", "100"], "Invalid value for '--number'"),
    ],
)
def test_wrong_calls_are_explained(commands, arguments, expected):
    """A name that is no topic, a topic that is taken, no place to put it: code 2."""
    said = commands.run("new", *arguments)
    assert said.code == 2
    assert expected in said.err


def test_numbers_end(commands, tmp_path):
    """After 99 a free number must be chosen."""
    (commands.katas_folder / "05_small_words").rename(commands.katas_folder / "99_small_words")
    said = commands.run("new", "big_plans", "--into", str(tmp_path))
    assert said.code == 2
    assert "choose a free one with --number" in said.err
