"""Tests of `kata watch` with a judge that says what it is told."""

import io
import sys
import threading
import time
from typing import Any
from unittest import mock

import pytest

from harness.cli.watching import loop as sessions
from harness.errors import RunError
from harness.judge import run
from harness.model import Failure, Outcome
from harness.tests.commands import Commands
from harness.tests.tiny_kata import SOLUTION


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    return Commands(tmp_path, monkeypatch, capsys)


class Watching:
    """A session in this thread, driven from another: each step waits for a text, then does something."""

    def __init__(self, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands, self.out = commands, io.StringIO()
        made = sessions.Session.__init__

        def noticed(session, *args, **kwargs):
            made(session, *args, **kwargs)
            self.session = session

        monkeypatch.setattr(sessions.Session, "__init__", noticed)

    def run(self, *steps, topic: str = "tiny", options=()) -> str:
        """Watches until the steps are done; gives all that was shown."""
        from harness.cli import main

        failed = []

        def drive():
            seen = 0
            try:
                for text, act in steps:
                    end = time.monotonic() + 15
                    while text not in self.out.getvalue()[seen:]:
                        assert time.monotonic() < end, f"{text!r} is not in {self.out.getvalue()[seen:]!r}"
                        time.sleep(0.01)
                    seen = self.out.getvalue().index(text, seen) + len(text)
                    act()
            except BaseException as error:
                failed.append(error)
            finally:
                self.session._events.put("q")

        driver = threading.Thread(target=drive)
        driver.start()
        with mock.patch.object(sys, "stdout", self.out):  # here, since pytest puts its own in place for each phase
            self.code = main(["watch", topic, *options])
        driver.join()
        if failed:
            raise failed[0]
        return self.out.getvalue()

    def press(self, key):
        return lambda: self.session._events.put(key)

    def save(self, text):
        return lambda: self.commands.file.write_text(text)

    def fails(self, name, outcome=Outcome.FAILED, then=lambda: None):
        def change():
            self.commands.outcomes[name] = outcome
            then()

        return change


@pytest.fixture
def watching(commands, monkeypatch):
    return Watching(commands, monkeypatch)


def nothing():
    pass


def judged(commands: Commands) -> list[Any]:
    """What was judged, run by run."""
    return [[e.name for e in r["exercises"]] or "all" for r in commands.requests if r["topic"] == "tiny_things"]


@pytest.mark.parametrize("options", [(), ("--poll",)])
def test_a_save_brings_a_verdict_on_what_was_edited(commands, watching, options):
    """Only the exercise whose definition changed is judged again; the verdict on the other stands."""
    commands.outcomes.update(double=Outcome.TODO, join_words=Outcome.FAILED)
    commands.file.write_text(SOLUTION)
    watching.run(
        ("1 to do\n", watching.fails("double", then=watching.save(SOLUTION.replace("2 * number", "3 * number")))),
        ("2 failed", nothing),
        options=options,
    )
    assert watching.code == 0
    assert sorted(judged(commands)[:2]) == [["double"], ["join_words"]]
    assert judged(commands)[2:] == [["double"]]


def test_a_finished_kata_is_checked_whole_and_leads_to_the_next(commands, watching):
    """The last exercise is followed by all of them, then by the next kata, which is judged while nobody waits."""
    commands.outcomes["double"] = Outcome.TODO
    commands.file.write_text(SOLUTION)
    shown = watching.run(
        (
            "1 to do\n",
            watching.fails("double", Outcome.PASSED, watching.save(SOLUTION.replace("2 * n", "n + n * 1 or n"))),
        ),
        ("Well done", nothing),
    )
    assert "Checking it once more …" in shown
    assert "all" in judged(commands)
    assert "Next: 05 Small words" in shown


def test_keys(commands, watching):
    """A hint, the list, the verdict again, everything judged once more, and the next kata."""
    commands.outcomes["join_words"] = Outcome.FAILED
    shown = watching.run(
        ("1 failed", watching.press("h")),
        ("Which type knows how to join texts?", watching.press("l")),
        ("05 small_words", watching.press("x")),
        ("1 failed", watching.press("R")),
        ("Judging all of Tiny things", nothing),
        ("1 failed", watching.press("n")),
        ("05 Small words ·", nothing),
    )
    assert len([each for each in judged(commands) if "join_words" in each]) == 2
    assert "tiny_things.join_words" in shown


def test_a_hint_is_about_what_is_shown(commands, watching):
    """The exercise on the screen is the first that is wrong, also where one before it is still to do."""
    commands.outcomes.update(double=Outcome.TODO, join_words=Outcome.FAILED)
    shown = watching.run(
        ("✗ join_words", watching.press("h")),
        ("Which type knows how to join texts?", watching.press("s")),
        ("Join the words, in order,", nothing),
    )
    assert "tiny_things.join_words" in shown


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda commands: commands.file.unlink(), "is missing; `kata init"),
        (lambda commands: commands.file.write_bytes(b"\xff"), "is not UTF-8"),
        (lambda commands: (commands.file.unlink(), commands.file.mkdir()), "cannot be read"),
        (lambda commands: (commands.kata.folder / "kata.toml").write_text('title = "x"\nsumary ='), "kata.toml"),
    ],
)
def test_nothing_ends_it(commands, watching, damage, said):
    """A file that is gone, no text or no file, and a broken `kata.toml`, are named, and mended ones judged."""
    commands.outcomes["double"] = Outcome.FAILED
    toml = commands.kata.folder / "kata.toml"
    good, file = toml.read_text(), commands.file

    def mend():
        if file.is_dir():
            file.rmdir()
        file.write_text(SOLUTION)
        toml.write_text(good)

    watching.run(("1 failed", lambda: damage(commands)), (said, mend), ("1 failed", nothing))
    assert watching.code == 0


def test_authors_files_are_watched(commands, watching):
    """An edited spec has everything judged again."""
    commands.outcomes["double"] = Outcome.TODO
    edit = lambda: commands.kata.spec.write_text(commands.kata.spec.read_text() + "\nX = 1\n")  # noqa: E731
    watching.run(("1 to do\n", watching.fails("double", then=edit)), ("1 failed\n", nothing))
    assert len(judged(commands)) == 4


def test_a_judge_that_dies_is_told_of(commands, watching, monkeypatch):
    """What the run could not tell is shown, and the next save is judged."""
    honest = commands.judge

    def dies(*_args, **_more):
        monkeypatch.setattr(run, "judge", honest)
        raise RunError("the run of the spec ended with exit code 3")

    monkeypatch.setattr(run, "judge", dies)
    commands.outcomes["double"] = Outcome.FAILED
    commands.file.write_text(SOLUTION)
    watching.run(("exit code 3", watching.save(SOLUTION + "\nX = 1\n")), ("1 failed", nothing))


def test_a_parent_that_dies_is_started_anew(commands, watching, monkeypatch):
    """The run that found it gone is repeated with another one."""
    from harness.runner.isolation.client import Parent
    from harness.tests.commands import NoParent

    def gone(_self):
        monkeypatch.setattr(NoParent, "another_line", lambda self: NoParent())
        raise RunError("has ended")

    monkeypatch.setattr(NoParent, "another_line", gone)
    started: list[NoParent] = []

    def start():
        started.append(NoParent())
        return started[-1]

    monkeypatch.setattr(Parent, "start", start)
    commands.outcomes["double"] = Outcome.FAILED
    watching.run(("1 failed", nothing))
    assert len(started) == 2


def test_a_save_gives_the_running_judge_up(commands, watching, monkeypatch):
    """While a check runs, a save ends it, and the newest content is judged."""
    honest, release, began = commands.judge, threading.Event(), threading.Event()

    def slow(*args, **more):
        began.set()
        if not release.wait(0 if release.is_set() else 20):
            raise RunError("was ended by signal 9")
        return honest(*args, **more)

    monkeypatch.setattr(run, "judge", slow)
    commands.outcomes["double"] = Outcome.FAILED

    def save():
        assert began.wait(20)
        release.set()
        commands.file.write_text(SOLUTION)

    watching.run(("Judging Tiny things", save), ("1 failed", nothing))


def test_what_broke_in_a_finished_part_is_shown(commands, watching):
    """Before a part is celebrated, its other katas are judged once more; one that no longer holds is shown instead."""
    for toml in commands.katas_folder.glob("*/kata.toml"):
        toml.write_text(toml.read_text().replace('part = "Words"', 'part = "Foundations"'))
    commands.run("check", "5")
    honest = commands.judge

    def judge(kata, references, **more):
        commands.outcomes["join_words"] = Outcome.PASSED if kata.topic == "tiny_things" else Outcome.FAILED
        return honest(kata, references, **more)

    commands.monkeypatch.setattr(run, "judge", judge)
    shown = watching.run(("All of Foundations is done", nothing), ("05 Small words · 1 of 2 passed, 1 failed", nothing))
    assert "Well done" not in shown


def test_a_finished_part_is_celebrated(commands, watching):
    """Where all of it holds, the part is complete."""
    for toml in commands.katas_folder.glob("*/kata.toml"):
        toml.write_text(toml.read_text().replace('part = "Words"', 'part = "Foundations"'))
    commands.outcomes["double"] = Outcome.PASSED
    shown = watching.run(("Tiny things is complete", nothing), topic="5")
    assert "Small words is complete" in shown


def test_the_end_of_the_input_and_signals_end_it():
    """Ctrl-D is a key; a signal comes as an exit code."""
    import signal

    from harness.cli.watching.events import Redraw, Signals, Stop

    came: list[Any] = []
    before = signal.getsignal(signal.SIGTERM)
    with Signals(came.append) as _:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGWINCH)
    assert came[0] == Stop(128 + signal.SIGTERM)
    assert isinstance(came[1], Redraw)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_failure_moves_with_its_line(commands):
    """A verdict that stands names the line where the code is now."""
    from dataclasses import replace

    from harness.cli.watching.snapshot import Memory, Snapshot
    from harness.model import Location

    commands.file.write_text(SOLUTION)
    snapshot = Snapshot.take(commands.kata, commands.file)
    line = SOLUTION[: SOLUTION.index("return separator")].count("\n") + 1
    where = Location(file=str(commands.file), line=line, code="return separator.join(words)")
    commands.outcomes["join_words"] = Outcome.FAILED
    commands.failures["join_words"] = Failure(message="no", location=where)
    memory = Memory()
    memory.keep(snapshot, commands.kata.exercises, commands.judge(commands.kata, "learner"))
    commands.file.write_text(SOLUTION.replace("def double", "\n\n\ndef double"))
    moved = memory.findings(Snapshot.take(commands.kata, commands.file))["join_words"][0].failure
    assert moved is not None
    assert moved.location == replace(where, line=line + 3)
    commands.failures["join_words"] = Failure(message="no", location=replace(where, code="gone"))
    memory.keep(snapshot, commands.kata.exercises, commands.judge(commands.kata, "learner"))
    assert set(memory.findings(snapshot)) == {"double"}


def test_errors_hold_for_the_same_text_only(commands):
    """What could not be judged is judged again as soon as anything changes."""
    from harness.cli.watching.snapshot import Memory, Snapshot

    commands.outcomes["double"] = Outcome.ERROR
    commands.file.write_text(SOLUTION)
    memory, snapshot = Memory(), Snapshot.take(commands.kata, commands.file)
    memory.keep(snapshot, commands.kata.exercises, commands.judge(commands.kata, "learner"))
    assert set(memory.findings(snapshot)) == {"double", "join_words"}
    commands.file.write_text(SOLUTION + "# the end\n")
    assert set(memory.findings(Snapshot.take(commands.kata, commands.file))) == {"join_words"}
