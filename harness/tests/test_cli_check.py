"""Tests of `kata check`."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.errors import RunError
from harness.judge import run
from harness.model import Failure, Outcome
from harness.tests.commands import OTHER_TOML, Commands
from harness.tests.tiny_kata import write_kata
from harness.workspace import progress


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    return Commands(tmp_path, monkeypatch, capsys)


def test_all_passed_is_code_zero(commands):
    """A kata that passes is complete, is remembered, and leads to the next."""
    said = commands.run("check", "tiny_things")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("03 Tiny things · 2 of 2 passed\n")
    assert "Next: 05 Small words" in said.out
    assert progress.load(commands.workspace).of("tiny_things", "double").outcome is Outcome.PASSED


def test_the_next_kata_is_the_one_that_follows(commands):
    """Whoever begins in the middle goes on from there, and comes to the beginning after the end."""
    write_kata(commands.katas_folder / "07_large_words", toml=OTHER_TOML.replace("Small", "Large"))
    commands.run("init", ".")
    assert "Next: 07 Large words" in commands.run("check", "5").out
    assert "Next: 03 Tiny things" in commands.run("check", "7").out


def test_a_failure_is_code_one(commands):
    """What did not pass is shown, with the way to a hint, and remembered."""
    commands.outcomes["join_words"] = Outcome.FAILED
    said = commands.run("check", "3")
    assert said.code == 1
    assert "✗ join_words  Join the words, in order" in said.out
    assert "kata hint tiny_things.join_words" in said.out
    assert progress.load(commands.workspace).of("tiny_things", "join_words").outcome is Outcome.FAILED


def test_one_exercise_is_judged_alone(commands):
    """`TOPIC.EXERCISE` judges that one, and keeps what is known about the others."""
    commands.run("check", "3")
    commands.outcomes["double"] = Outcome.TODO
    said = commands.run("check", "tiny.dou")
    assert said.code == 1
    assert [exercise.name for exercise in commands.requests[-1]["exercises"]] == ["double"]
    assert "join_words" not in said.out
    assert progress.load(commands.workspace).of("tiny_things", "join_words").outcome is Outcome.PASSED


def test_a_passed_exercise_leads_to_the_next_one(commands):
    """Right, and on with the kata."""
    said = commands.run("check", "tiny.double")
    assert said.code == 0
    assert "Right.\nNext: join_words" in said.out


def test_without_a_topic_the_next_kata_is_judged(commands):
    """First the first; when that is done, the second; then there is nothing left to check."""
    assert "03 Tiny things" in commands.run("check").out
    assert "05 Small words" in commands.run("check").out
    said = commands.run("check")
    assert (said.code, said.out) == (0, "All exercises are done. `kata check --all` checks them once more.\n")
    assert len(commands.requests) == 2


def test_skipped_exercises_hold_nobody_up(commands):
    """What cannot run on this machine is no reason to stay in a kata."""
    commands.outcomes["join_words"] = Outcome.SKIPPED
    assert commands.run("check").code == 0
    assert "05 Small words" in commands.run("check").out


def test_the_workspace_is_the_judges(commands):
    """The judge looks the learner's file up where the command found it."""
    commands.run("check", "3")
    assert (commands.requests[0]["references"], commands.requests[0]["workspace"]) == ("learner", commands.workspace)


def test_a_file_that_is_edited_meanwhile_counts_as_edited(commands, monkeypatch):
    """The verdict belongs to the content that was there when the run began."""

    def judge(kata, references, **more):
        commands.file.write_text("edited while the spec ran")
        return commands.judge(kata, references, **more)

    monkeypatch.setattr(run, "judge", judge)
    commands.run("check", "3")
    assert "edited since" in commands.run("list", "3").out


def test_all_katas_have_a_line_each(commands):
    """`--all` judges everything, several at a time, and shows a line a kata in their order."""
    commands.outcomes["double"] = Outcome.TODO
    said = commands.run("check", "--all")
    assert said.code == 1
    assert said.out == "○ 03 tiny_things: 1 of 2 passed, 1 to do\n○ 05 small_words: 1 of 2 passed, 1 to do\n"


def test_all_with_a_topic_is_a_contradiction(commands):
    """Both at once is a wrong call."""
    said = commands.run("check", "3", "--all")
    assert said.code == 2
    assert "leave out 3" in said.err


def test_json_is_all_there_is(commands):
    """One document on standard output, with the verdicts, whatever they are."""
    commands.outcomes["double"] = Outcome.FAILED
    said = commands.run("check", "3", "--json", "-v")
    document = json.loads(said.out)
    assert (said.code, document["version"], document["kind"], document["passed"]) == (1, 1, "check", False)
    assert [each["outcome"] for each in document["verdicts"][0]["exercises"]] == ["failed", "passed"]
    assert commands.requests[0]["verbose"] is False


def test_json_is_there_when_nothing_is_left(commands):
    """A program gets its document also when all exercises are done."""
    commands.run("check", "--all")
    said = commands.run("check", "--json")
    assert (said.code, json.loads(said.out)["verdicts"]) == (0, [])


def test_verbose_is_passed_on(commands):
    """`-v` lets pytest speak."""
    commands.run("check", "3", "-v")
    assert commands.requests[0]["verbose"] is True


def test_the_solution_leaves_no_trace(commands):
    """Judging something else than the learner's file changes no progress, and offers no hints."""
    commands.outcomes["double"] = Outcome.FAILED
    said = commands.run("check", "3", "--impl", "solution")
    assert said.code == 1
    assert "· solution" in said.out
    assert "hint" not in said.out
    assert progress.load(commands.workspace).records == {}


def test_what_is_made_on_the_spot_is_judged(commands):
    """A stub has no file that could be read before."""
    commands.outcomes["double"] = Outcome.TODO
    assert commands.run("check", "3", "--impl", "stub").code == 1
    assert commands.requests[0]["references"] == "stub"


def test_somebodys_file_is_judged(commands, tmp_path):
    """A path is passed on as it was typed."""
    answer = tmp_path / "tiny_things.py"
    answer.write_text("x = 1")
    assert commands.run("check", "3", "--impl", str(answer)).code == 0
    assert commands.requests[0]["references"] == str(answer)


def test_a_file_alone_tells_its_kata(commands, tmp_path):
    """Without a topic, a file is judged by the kata that it is named after."""
    answer = tmp_path / "small_words.py"
    answer.write_text("x = 1")
    said = commands.run("check", "--impl", str(answer))
    assert [each["topic"] for each in commands.requests] == ["small_words"]
    assert "05 Small words" in said.out


def test_what_was_not_handed_in_is_said(commands, tmp_path):
    """With --all, a kata that a folder of answers lacks is a line, and the whole has not passed."""
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "tiny_things.py").write_text(commands.kata.solution.read_text())
    said = commands.run("check", "--all", "--impl", str(tmp_path / "answers"))
    assert said.code == 1
    assert "✓ 03 tiny_things: 2 of 2 passed\n○ 05 small_words: not submitted, 0 of 3 points\n" in said.out
    document = json.loads(commands.run("check", "--all", "--json", "--impl", str(tmp_path / "answers")).out)
    assert (document["passed"], document["not_submitted"]) == (False, ["small_words"])


def test_somebodys_folder_is_judged_as_far_as_it_goes(commands, tmp_path):
    """Without a topic, every kata that the folder has a file for."""
    folder = tmp_path / "answers"
    (folder / "09_small_words").mkdir(parents=True)
    (folder / "09_small_words" / "small_words.py").write_text("x = 1")
    commands.run("check", "--impl", str(folder))
    assert [each["topic"] for each in commands.requests] == ["small_words"]


@pytest.mark.parametrize("content", [None, "notes.txt", "unknown.py"])
def test_a_folder_without_any_kata_is_an_error(commands, tmp_path, content):
    """An empty folder, or one with other files, gives a line that says what should be there."""
    folder = tmp_path / "answers"
    folder.mkdir()
    if content:
        (folder / content).write_text("x")
    said = commands.run("check", "--impl", str(folder))
    assert said.code == 2
    assert " ".join(said.err.split()).startswith(f"kata: {folder}: holds no file of a kata that is known here, such as")
    one = commands.run("check", "3", "--impl", str(folder))
    assert one.code == 2
    assert "holds neither tiny_things.py nor 03_tiny_things/tiny_things.py" in one.err


def test_a_path_that_leads_nowhere_is_an_error(commands, tmp_path):
    """A mistyped path is named."""
    said = commands.run("check", "--impl", str(tmp_path / "none"))
    assert said.code == 2
    assert "does not exist" in said.err


def test_a_submission_that_is_no_text_is_an_error(commands, tmp_path):
    """Bytes that are not UTF-8 are found before anything runs."""
    answer = tmp_path / "tiny_things.py"
    answer.write_bytes(b"# \xff")
    said = commands.run("check", "3", "--impl", str(answer))
    assert (said.code, commands.requests) == (2, [])
    assert "is not UTF-8 (byte 2); save it as UTF-8" in said.err


def test_the_learners_file_must_be_text(commands):
    """So for the learner's own."""
    commands.file.write_bytes(b"# \xff")
    said = commands.run("check", "3")
    assert (said.code, commands.requests) == (2, [])
    assert "save it as UTF-8" in said.err


def test_a_folder_instead_of_the_file_is_an_error(commands):
    """What cannot be read is named with the reason."""
    commands.file.unlink()
    commands.file.mkdir()
    said = commands.run("check", "3")
    assert said.code == 2
    assert "cannot be read (Is a directory)" in said.err


def test_a_missing_file_comes_with_the_way_back(commands, monkeypatch):
    """In a workspace `kata init` brings it back, in a clone `kata reset`."""
    commands.file.unlink()
    said = commands.run("check", "3")
    assert said.code == 2
    assert said.err.startswith(f"kata: {commands.file} is missing; `kata init")
    commands.kata.stub.unlink()
    commands.monkeypatch.setattr("harness.workspace.workspace.clone", lambda: commands.katas_folder.parent)
    monkeypatch.setenv("KATA_WORKSPACE", str(commands.katas_folder.parent))
    assert "`kata reset tiny_things` brings it back" in " ".join(commands.run("check", "3").err.split())


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("tensors", "there is no kata 'tensors'"),
        ("tinythings", "did you mean tiny_things?"),
        ("tiny_things.dubble", "did you mean double?"),
        ("4", "there is no kata '4'"),
        ("", "there is no kata ''"),
    ],
)
def test_an_unknown_name_gets_near_misses(commands, topic, expected):
    """A wrong name is an error with what may have been meant."""
    said = commands.run("check", topic)
    assert (said.code, said.out, commands.requests) == (2, "", [])
    assert expected in said.err


def test_an_ambiguous_beginning_is_an_error(commands):
    """Where several katas begin so, they are named."""
    (commands.katas_folder / "05_small_words").rename(commands.katas_folder / "05_tiny_words")
    said = commands.run("check", "tiny")
    assert said.code == 2
    assert "'tiny' may be 03_tiny_things or 05_tiny_words; write more of the name" in said.err


def test_a_kata_with_a_typo_is_an_error(commands):
    """The asked kata's `kata.toml` is named with file and key, and the other kata can still be checked."""
    toml = commands.katas_folder / "03_tiny_things" / "kata.toml"
    toml.write_text(toml.read_text().replace("summary", "sumary"))
    said = commands.run("check", "tiny")
    assert said.code == 2
    assert "did you mean 'summary'?" in said.err
    assert "Traceback" not in said.err
    assert commands.run("check", "small").code == 0
    everything = commands.run("check", "--all")
    assert everything.code == 2
    assert "05 small_words: 2 of 2 passed" in everything.out
    assert "not every kata could be read" in everything.err


def test_without_any_kata_there_is_nothing_to_check(commands):
    """Where all katas are broken, the set-up is wrong."""
    for toml in commands.katas_folder.glob("*/kata.toml"):
        toml.write_text("=")
    said = commands.run("check")
    assert said.code == 2
    assert "there are no katas here" in said.err


def test_an_unwritable_workspace_is_an_error_after_the_verdict(commands):
    """Where the progress cannot be kept, the verdict is shown all the same."""
    (commands.workspace.state / "progress.lock").mkdir()
    said = commands.run("check", "3")
    assert said.code == 2
    assert "2 of 2 passed" in said.out
    assert "cannot be written" in said.err


def test_a_run_that_dies_is_one_line(commands, monkeypatch):
    """The process of the spec may crash; the command tells so."""

    def dies(*_, **__):
        raise RunError("the run of test_tiny_things.py was ended by signal 11 before it could tell what happened")

    monkeypatch.setattr(run, "judge", dies)
    said = commands.run("check", "3")
    assert (said.code, said.out) == (2, "")
    assert "ended by signal 11" in said.err


def test_a_broken_answer_is_a_verdict(commands):
    """A learner's syntax error is an outcome of the exercises: code 1."""
    for name in ("double", "join_words"):
        commands.outcomes[name] = Outcome.ERROR
        commands.failures[name] = Failure(message="tiny_things.py:3 is not valid Python: invalid syntax")
    said = commands.run("check", "3")
    assert said.code == 1
    assert said.out.count("is not valid Python") == 1


def test_two_checks_at_once_both_count(commands):
    """Progress of parallel runs is merged."""
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda topic: commands.run("check", topic).code, ["3", "5"]))
    assert codes == [0, 0]
    assert len(progress.load(commands.workspace).records) == 4


def test_debugging_needs_no_warm_parent(commands, monkeypatch):
    """`--debug` starts nothing beforehand, and gives one plain process the terminal."""
    monkeypatch.setattr("harness.runner.isolation.client.Parent.start", lambda: pytest.fail("a parent was started"))
    assert commands.run("check", "3", "--debug").code == 0
    assert (commands.requests[0]["debug"], commands.requests[0]["parent"]) == (True, None)


def test_debugging_and_json_exclude_each_other(commands):
    """A debugger speaks on standard output, where a program expects JSON."""
    said = commands.run("check", "3", "--debug", "--json")
    assert (said.code, commands.requests) == (2, [])
    assert "leave out --json" in said.err


def test_the_warm_parent_is_the_default(commands):
    """Judges are forked, several at a time, each over a line of its own."""
    commands.run("check", "--all")
    lines = [request["parent"] for request in commands.requests]
    assert None not in lines
    assert commands.requests[0]["debug"] is False


def test_what_the_code_printed_is_shown(commands):
    """The last lines that the learner's code printed stand under what went wrong."""
    commands.outcomes["double"] = Outcome.FAILED
    commands.failures["double"] = Failure(message="wrong", printed="number = 3\nand so on")
    out = commands.run("check", "3").out
    assert "    printed   number = 3\n              and so on\n" in out


def in_one_part(commands: Commands) -> None:
    """Puts both katas into one part."""
    for toml in commands.katas_folder.glob("*/kata.toml"):
        toml.write_text(toml.read_text().replace('part = "Words"', 'part = "Foundations"'))


def test_a_part_is_checked_once_more_when_its_last_exercise_is_done(commands):
    """What was done before is judged again, and then the part is complete."""
    in_one_part(commands)
    commands.run("check", "3")
    assert len(commands.requests) == 1
    said = commands.run("check", "5")
    assert [request["topic"] for request in commands.requests] == ["tiny_things", "small_words", "tiny_things"]
    assert said.code == 0
    assert "All of Foundations is done. Checking it once more …" in said.out
    assert "complete, and with it the part Foundations: all of it holds." in " ".join(said.out.split())
    commands.run("check", "5")
    assert len(commands.requests) == 4, "a part that was complete is not checked again"


def test_a_part_that_no_longer_holds_is_not_celebrated(commands, monkeypatch):
    """What broke since it was checked is named instead, and counts."""
    in_one_part(commands)
    commands.run("check", "3")
    honest = commands.judge

    def judge(kata, references, **more):
        commands.outcomes["double"] = Outcome.FAILED if kata.topic == "tiny_things" else Outcome.PASSED
        return honest(kata, references, **more)

    monkeypatch.setattr(run, "judge", judge)
    said = commands.run("check", "5")
    assert said.code == 1
    assert "03 tiny_things: 1 of 2 passed, 1 failed" in said.out
    assert "Well done" not in said.out
    assert progress.load(commands.workspace).of("tiny_things", "double").outcome is Outcome.FAILED
