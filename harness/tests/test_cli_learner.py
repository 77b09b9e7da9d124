"""Tests of the commands of learners, `kata check` aside (see `test_cli_check.py`)."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue.source.stubs import stub_of
from harness.model import Outcome
from harness.tests.commands import Commands
from harness.tests.tiny_kata import SOLUTION
from harness.workspace import progress


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    return Commands(tmp_path, monkeypatch, capsys)


def answers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Somebody sits at the terminal and types."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: text == "y")


# kata


def test_at_the_beginning_the_first_exercise_is_next(commands):
    """Parts, katas, what is done of them, and the next exercise with lesson, file and commands."""
    said = commands.run()
    line = stub_of(commands.kata).splitlines().index('    raise NotImplementedError("double")') + 1
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        f"torch-katas · 0 of 4 exercises done · {commands.root}\n"
        "\n"
        "Foundations       ░░░░░░░░░░ 0/2 · 5 min left\n"
        "  ○ 03 tiny_things   0/2      5 min\n"
        "\n"
        "Words             ░░░░░░░░░░ 0/2 · 5 min left\n"
        "  ○ 05 small_words   0/2      5 min\n"
        "\n"
        "Next: double  Give twice the number. (2 min)\n"
        "\n"
        f"  read   {Path('03_tiny_things', 'README.md')}\n"
        f"  edit   {Path('03_tiny_things', 'tiny_things.py')}:{line}\n"
        "  check  kata check tiny_things\n"
        "  hint   kata hint tiny_things.double\n"
    )


def test_progress_is_shown(commands):
    """What passed counts, and the next exercise is the first that did not."""
    commands.outcomes["join_words"] = Outcome.FAILED
    commands.run("check", "3")
    said = commands.run()
    assert "· 1 of 4 exercises done ·" in said.out
    assert "▸ 03 tiny_things   1/2" in said.out
    assert "Next: join_words" in said.out


def test_edited_files_are_marked(commands):
    """A verdict on another content than the file's is shown as such, in the list of katas and of exercises."""
    commands.run("check", "3")
    assert "edited since" not in commands.run().out
    commands.file.write_text("x = 1\n")
    assert "✓ 03 tiny_things   2/2  *" in commands.run().out
    assert "  * edited since it was checked\n" in commands.run("list").out
    assert "edited since" in commands.run("list", "3").out


def test_at_the_end_everything_can_be_checked_again(commands):
    """When all is done, the overview says so."""
    commands.run("check", "--all")
    said = commands.run()
    assert "All is done." in said.out
    assert "kata check --all" in said.out


def test_without_a_workspace_the_way_to_one_is_shown(commands, tmp_path, monkeypatch):
    """The katas are listed all the same; what needs the learner's files fails with one line."""
    monkeypatch.chdir(tmp_path)
    said = commands.run()
    assert said.code == 0
    assert "  begin  kata init my-katas\n" in said.out
    assert "  begin  kata init my-katas\n" in commands.run("list", "3").out
    assert json.loads(commands.run("list", "--json").out)["katas"][0]["file"] is None
    for command in (["check"], ["hint"], ["reset", "3"]):
        failed = commands.run(*command)
        assert failed.code == 2
        assert "there is no workspace here; `kata init DIR` makes one" in failed.err


def test_damaged_progress_is_set_aside(commands):
    """Nobody is kept from working by a damaged file, and the copy is named."""
    (commands.workspace.state / "progress.json").write_text("{")
    said = commands.run()
    assert said.code == 0
    assert "the progress was damaged and is set aside as" in said.err
    assert commands.run().err == ""


# kata list


def test_exercises_are_listed(commands):
    """State, difficulty, minutes and hints of each, and where to read and write."""
    commands.outcomes["join_words"] = Outcome.FAILED
    commands.run("check", "3")
    commands.run("hint", "tiny.join")
    commands.run("hint", "tiny.join")
    said = commands.run("list", "tiny_things")
    assert "03 Tiny things · 1 of 2 done · 5 min\n" in said.out
    assert "  ✓ double      passed     *       2 min\n" in said.out
    assert "  ✗ join_words  failed     **      3 min  2 hints\n" in said.out


def test_needs_are_listed(commands):
    """An exercise that needs another says which one."""
    toml = commands.katas_folder / "03_tiny_things" / "kata.toml"
    toml.write_text(toml.read_text().replace("points = 2", 'points = 2\nneeds = ["double"]'))
    assert "needs double" in commands.run("list", "3").out


def test_a_wide_list_has_summaries(commands, monkeypatch):
    """Where there is room, every kata says what one can do after it."""
    monkeypatch.setenv("COLUMNS", "120")
    assert "You can double a number" in commands.run("list").out


def test_the_list_is_documented_json(commands):
    """The document is what `harness.reports.json_output` says."""
    commands.run("check", "3")
    document = json.loads(commands.run("list", "--json").out)
    kata = document["katas"][0]
    assert (document["version"], document["kind"], len(document["katas"])) == (1, "list", 2)
    assert {key: kata[key] for key in ("number", "topic", "points", "file")} == {
        "number": 3,
        "topic": "tiny_things",
        "points": 3,
        "file": str(commands.file),
    }
    assert kata["exercises"][0] == {
        "name": "double",
        "points": 1,
        "difficulty": 1,
        "minutes": 2,
        "outcome": "passed",
        "edited_since": False,
        "hints": 0,
    }
    assert len(json.loads(commands.run("list", "5", "--json").out)["katas"]) == 1


# kata hint


def test_every_hint_comes_in_its_turn(commands):
    """One more each time; after the third, the way to the solution."""
    first, second, third, fourth = (commands.run("hint", "tiny_things.double") for _ in range(4))
    assert first.out == (
        "tiny_things.double  Give twice the number.\n"
        "\n"
        "  1. What is two times a number?\n"
        "\n"
        "  more   kata hint tiny_things.double\n"
    )
    assert "  2. https://docs.python.org/" in second.out
    assert "  3. Add the number to itself." not in second.out
    assert "  3. Add the number to itself." in third.out
    assert "That was the last hint.\n  see    kata solution tiny_things.double\n" in third.out
    assert "There are no more hints.\n  see    kata solution tiny_things.double\n" in fourth.out


def test_a_hint_without_a_name_is_about_the_next_exercise(commands):
    """Of all katas, or of the named one."""
    commands.outcomes["join_words"] = Outcome.FAILED
    commands.run("check", "3")
    assert commands.run("hint").out.startswith("tiny_things.join_words")
    assert commands.run("hint", "5").out.startswith("small_words.double")


def test_when_all_is_done_a_hint_needs_a_name(commands):
    """There is no next exercise then."""
    commands.run("check", "3")
    said = commands.run("hint", "3")
    assert said.code == 2
    assert "all exercises of tiny_things are done; name one, such as tiny_things.double" in said.err
    commands.run("check", "5")
    assert "all exercises are done; name one" in commands.run("hint").err


def test_a_lesson_that_cannot_be_read_costs_the_statement_only(commands):
    """Hints and verdicts come all the same."""
    commands.kata.lesson.unlink()
    assert commands.run("hint").out.startswith("tiny_things.double\n")


# kata solution


def test_a_solution_needs_a_yes(commands, monkeypatch):
    """At a terminal one is asked, elsewhere the option is named; nothing is shown before."""
    said = commands.run("solution", "tiny_things.double")
    assert (said.code, said.out) == (2, "")
    assert "double has not passed yet; add --yes" in said.err
    answers(monkeypatch, "n")
    said = commands.run("solution", "tiny_things.double")
    assert (said.code, said.out) == (1, "")
    answers(monkeypatch, "y")
    said = commands.run("solution", "tiny_things.double")
    assert said.code == 0
    assert "return 2 * number" in said.out


def test_a_solution_is_shown_without_markers(commands):
    """Only the asked exercise, as plain Python."""
    said = commands.run("solution", "tiny_things.double", "--yes")
    namespace: dict[str, Any] = {}
    exec(said.out, namespace)
    assert namespace["double"](4) == 8
    assert "solution>" not in said.out
    assert "join_words" not in namespace


def test_what_has_passed_may_be_seen(commands):
    """Nobody is asked about an exercise that is done."""
    commands.run("check", "tiny.double")
    assert commands.run("solution", "tiny_things.double").code == 0


def test_a_whole_kata_may_be_seen(commands):
    """All exercises of it, in order."""
    assert "2 exercises of tiny_things have not passed yet" in commands.run("solution", "3").err
    said = commands.run("solution", "3", "-y")
    assert said.out.index("def double") < said.out.index("def join_words")


def test_a_solution_needs_a_name(commands):
    """Nobody sees one by accident."""
    said = commands.run("solution")
    assert said.code == 2
    assert "`kata solution TOPIC.EXERCISE`" in said.err


def test_a_solution_is_coloured_on_a_terminal(commands, monkeypatch):
    """A terminal gets colours, and the same text."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in commands.run("solution", "tiny_things.double", "-y").out


@pytest.mark.parametrize("text", ["def other(): ...\n", "def double(:\n"])
def test_a_broken_solution_is_the_authors_fault(commands, text):
    """The message sends them to `kata verify`."""
    commands.kata.solution.write_text(text)
    said = commands.run("solution", "tiny_things.double", "-y")
    assert said.code == 2
    assert "`kata verify tiny_things` says more" in said.err


# kata reset


def test_one_exercise_is_reset(commands):
    """The stub stands in its place, the other answer stays, a copy holds both, and the progress starts anew."""
    mine = SOLUTION.replace("2 * number", "number * number")
    commands.file.write_text(mine)
    commands.run("check", "3")
    said = commands.run("reset", "tiny_things.double")
    assert said.code == 0
    text = commands.file.read_text()
    assert 'raise NotImplementedError("double")' in text
    assert "separator.join(words)" in text
    copy = Path(said.out.split("copy   ")[1].strip())
    assert copy.read_text() == mine
    known = progress.load(commands.workspace)
    assert known.of("tiny_things", "double").outcome is None
    assert known.of("tiny_things", "join_words").outcome is Outcome.PASSED


def test_a_whole_kata_is_reset(commands):
    """Whatever the file held, even if it is no text, is kept as a copy."""
    commands.file.write_bytes(b"\xff\x00")
    said = commands.run("reset", "3")
    assert said.code == 0
    assert commands.file.read_text() == stub_of(commands.kata)
    (copy,) = (commands.workspace.state / "copies" / "tiny_things").iterdir()
    assert copy.read_bytes() == b"\xff\x00"


def test_a_missing_file_comes_back(commands):
    """There is nothing to copy then."""
    commands.file.unlink()
    said = commands.run("reset", "tiny_things.double")
    assert (said.code, commands.file.read_text()) == (0, stub_of(commands.kata))
    assert "copy" not in said.out


def test_an_untouched_stub_is_left_alone(commands):
    """No copies pile up."""
    for what in ("3", "tiny.double"):
        assert "nothing was written there yet" in commands.run("reset", what).out
    assert not (commands.workspace.state / "copies").exists()


def test_broken_python_cannot_be_reset_in_part(commands):
    """The line is named, and the way to reset the whole file; the file stays."""
    commands.file.write_text("x = 1\ndef double(:\n")
    said = commands.run("reset", "tiny_things.double")
    assert said.code == 2
    assert "tiny_things.py:2: is not valid Python" in said.err
    assert "`kata reset tiny_things`" in said.err
    assert commands.file.read_text() == "x = 1\ndef double(:\n"
    commands.file.write_text("x = 1\0\n")
    assert "is not valid Python" in commands.run("reset", "tiny_things.double").err


def test_nothing_is_reset_without_a_copy(commands):
    """Where no copy can be kept, the learner's file stays."""
    commands.file.write_text("mine")
    (commands.workspace.state / "copies").write_text("in the way")
    said = commands.run("reset", "3")
    assert (said.code, commands.file.read_text()) == (2, "mine")


def test_an_exercise_that_the_solution_lacks_cannot_be_reset(commands, monkeypatch):
    """A kata at odds with its solution is its author's fault."""
    monkeypatch.setattr("harness.cli.reset.stub_of", lambda _: "x = 1\n")
    commands.file.write_text("mine = 1")
    said = commands.run("reset", "tiny_things.double")
    assert said.code == 2
    assert "does not define double" in said.err


# kata init


def test_a_workspace_is_made(commands, tmp_path):
    """With blanks in its path, and commands that can be pasted."""
    root = tmp_path / "my new katas"
    said = commands.run("init", str(root))
    assert said.code == 0
    assert (root / "03_tiny_things" / "tiny_things.py").is_file()
    assert said.out == f"{root}: 4 new\n\n  begin  cd '{root}'\n  next   kata\n"


def test_init_again_changes_nothing(commands):
    """In the workspace itself there is no need to go there."""
    said = commands.run("init", ".")
    assert said.out == f"{commands.root}: everything is up to date\n\n  next   kata\n"


def test_init_again_says_what_it_kept(commands):
    """Answers are left alone, and a changed lesson is copied before it is refreshed."""
    commands.file.write_text("mine")
    (commands.root / "03_tiny_things" / "README.md").write_text("notes")
    shutil.rmtree(commands.root / "05_small_words")
    said = commands.run("init", str(commands.root))
    assert "2 new, 1 brought up to date, 1 left as you wrote them" in said.out
    assert "(you had changed this lesson)" in said.out


def test_init_needs_a_folder_that_can_be_written(commands, tmp_path):
    """A file in the way is named, and stays."""
    (tmp_path / "file").write_text("precious")
    said = commands.run("init", str(tmp_path / "file"))
    assert (said.code, (tmp_path / "file").read_text()) == (2, "precious")
    assert "cannot be written" in said.err


def test_init_without_katas_makes_nothing(commands, tmp_path):
    """A broken installation leaves no empty workspace behind."""
    for toml in commands.katas_folder.glob("*/kata.toml"):
        toml.unlink()
    said = commands.run("init", str(tmp_path / "new"))
    assert (said.code, (tmp_path / "new").exists()) == (2, False)
    assert "there are no katas to put there" in said.err


def test_a_part_has_a_bar(commands):
    """What is done of a part fills its bar, and what is left of it is told in minutes."""
    commands.run("check", "3.double")
    assert "Foundations       █████░░░░░ 1/2 · 3 min left\n" in commands.run().out
    commands.run("check", "3")
    assert "Foundations       ██████████ 2/2 · done\n" in commands.run("list").out


def test_progress_goes_to_another_machine(commands, tmp_path, monkeypatch):
    """A copy of the workspace elsewhere knows the same, and no path of the first is in it."""
    commands.run("check", "3")
    copy = tmp_path / "another machine"
    shutil.copytree(commands.root, copy)
    assert str(tmp_path).encode() not in (copy / ".kata" / "progress.json").read_bytes()
    monkeypatch.chdir(copy)
    assert "2 of 4 exercises done" in commands.run().out
    assert "edited since" not in commands.run("list", "3").out


# kata read


def test_an_exercise_is_read_in_the_terminal(commands):
    """Its statement, whole and without markup; without a name, that of the next one."""
    said = commands.run("read", "tiny_things.join_words")
    assert said.code == 0
    assert said.out.split()[0] == "tiny_things.join_words"
    assert "Join the words, in order, with separator between each two of them." in " ".join(said.out.split())
    assert commands.run("read").out.split()[0] == "tiny_things.double"


def test_a_lesson_is_read_in_the_terminal(commands):
    """All of it, in the width of the terminal, with formulas as signs."""
    lesson = commands.kata.lesson
    lesson.write_text(lesson.read_text() + "\n## More\n\nIt is $x_1^2$, " + "and so on, " * 30 + "\n")
    said = commands.run("read", "3")
    assert "It is x₁²" in said.out
    assert "3 * 4" in said.out
    assert max(map(len, said.out.splitlines())) <= 80


def test_what_is_not_stated_is_said(commands):
    """A statement that is missing is one line with the way to the lesson."""
    lesson = commands.kata.lesson
    lesson.write_text(lesson.read_text().replace("### `double`", "### Double"))
    said = commands.run("read", "3.double")
    assert said.code == 2
    assert "does not state double; `kata read tiny_things` shows all of it" in " ".join(said.err.split())
