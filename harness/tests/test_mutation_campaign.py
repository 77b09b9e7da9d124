"""Campaigns: what becomes of wrong answers, and what need not be judged again."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from harness.catalogue.catalogue import read_kata
from harness.cli import templates
from harness.errors import RunError
from harness.judge import run as runs
from harness.model import Failure, Finding, Outcome
from harness.mutation import cache as journals
from harness.mutation import run as campaigns
from harness.mutation.cache import Journal
from harness.mutation.generate import mutants_of
from harness.mutation.run import Campaign, ReferenceFails, subjects_of
from harness.mutation.score import strength_of
from harness.mutation.subject import Fate, Mutant, Result
from harness.tests.commands import NoParent
from harness.tests.tiny_kata import SOLUTION, SPEC, TOML, make_kata, needs_cosmic_ray, pack_of
from harness.workspace.workspace import Workspace

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")

RIGHT = {"double": "return 2 * number", "join_words": "return separator.join(words)"}
WEAK = SPEC.replace("st.integers(-50, 50)", "st.sampled_from([0, 2])")


def mutant(wrong: str, *, exercise: str = "double", judged: tuple[str, ...] = ()) -> Mutant:
    """The tiny kata's reference with another last line of an exercise."""
    text = SOLUTION.replace(RIGHT[exercise], wrong)
    diff = (f"-{RIGHT[exercise]}", f"+{wrong}")
    return Mutant(exercise=exercise, judged=judged or (exercise,), operator="by-hand", line=13, text=text, diff=diff)


def fates(results) -> dict[str, Fate]:
    """The fate of each mutant by what was written, of each output change by its name."""
    return {(s.mutant.diff[1] if s.mutant else s.name): result.fate for s, result in results.items()}


# With real judges


@pytest.fixture
def tiny(cellar):
    """Writes the tiny kata where the warm parent finds it."""
    folder = cellar.folder / "katas" / "90_cellar"

    def write(**files):
        return make_kata(folder, **files)

    yield write
    cellar.kata("def f():\n    pass\n")


def judged(kata, warm, mutants, changes=()):
    subjects = [s for s in subjects_of(kata, mutants, kata.exercises[:1]) if s.mutant or s.name in changes]
    with warm.another_line() as line, Journal.open(None) as journal:
        return Campaign(kata, subjects, line, journal, jobs=2).run()


@needs_fork
def test_a_weak_spec_accepts_what_a_strong_one_rejects(tiny, warm):
    """The same mutants and output changes, two specs of one exercise: survivors are found, and only there."""
    wrong = [mutant("return number * number"), mutant("return 2 * number + 1")]
    found = fates(judged(tiny(spec=WEAK), warm, wrong, ["times_1_5", "slightly_off"]))
    assert found["+return number * number"] is Fate.SURVIVED
    assert found["+return 2 * number + 1"] is Fate.KILLED
    assert found["times_1_5"] is Fate.KILLED
    assert found["slightly_off"] is Fate.UNTOUCHED
    results = judged(tiny(), warm, wrong)
    assert set(fates(results).values()) == {Fate.KILLED}
    assert {result.by for result in results.values()} == {"test_is_twice_the_number"}


@needs_fork
def test_whatever_a_mutant_does_to_its_process_is_its_own_end(tiny, warm):
    """One that cannot be imported, one that ends its process and one that never returns; the others are judged."""
    kata = tiny()
    broken = replace(mutant("import"), text=f"import torhc\n{SOLUTION}")
    results = judged(
        kata,
        warm,
        [
            broken,
            mutant("import os; os._exit(0)"),
            mutant("while True: pass"),
            mutant("return number"),
            mutant("return number + number"),
        ],
    )
    assert fates(results) == {
        "+import": Fate.KILLED,
        "+import os; os._exit(0)": Fate.KILLED,
        "+while True: pass": Fate.TIMED_OUT,
        "+return number": Fate.KILLED,
        "+return number + number": Fate.SURVIVED,
    }
    late = next(result for result in results.values() if result.fate is Fate.TIMED_OUT)
    assert late.said.startswith("did not return within ")


@needs_fork
def test_all_who_use_a_helper_may_reject_its_mutants(tiny, warm):
    """What the first exercise's tests accept goes on to the next one's."""
    kata = tiny(spec=WEAK)
    both = ("double", "join_words")
    wrong = replace(mutant("return separator.join(words[:1])", exercise="join_words"), exercise="double", judged=both)
    (result,) = judged(kata, warm, [wrong]).values()
    assert result.fate is Fate.KILLED
    assert result.by == "test_a_space_is_the_default"


@needs_cosmic_ray
@needs_fork
def test_a_new_kata_begins_with_all_of_them_rejected(cellar, warm):
    """The spec that `kata new` writes is as strong as a spec can be, and shows how an equivalent mutant is marked."""
    for name, text in templates.files(90, "cellar", title="New", part="Foundations").items():
        (cellar.folder / name).write_text(text)
    kata = read_kata(cellar.folder / "katas" / "90_cellar", pack_of(cellar.folder / "katas" / "90_cellar"))
    strength = strength_of(
        kata, judged(kata, warm, mutants_of(kata), ["right_if_not_empty", "right_if_small", "aliased"])
    )
    assert strength.problems == ()
    assert [each.subject.name for each in strength.whole.survivors] == []
    assert strength.whole.count("equivalent") == 1
    assert strength.whole.dead > 8


# With a judge that says what it is told


class Told:
    """Stands in for `harness.judge.run.judge`: rejects files in which `wrong` stands, and counts what it is asked."""

    def __init__(self):
        self.references: list[str] = []
        self.outcome = {"solution": Outcome.PASSED}
        self.before = lambda references: None

    def __call__(self, kata, references, *, exercises, **options):
        self.before(references)
        self.options = options
        findings = []
        for reference in references:
            text = Path(reference).read_text() if reference.endswith(".py") else reference
            outcome = self.outcome.get(reference, Outcome.FAILED if "wrong" in text else Outcome.PASSED)
            self.references.append(text if reference.endswith(".py") else reference)
            findings.append(
                Finding(
                    topic=kata.topic,
                    exercise=exercises[0].name,
                    implementation=reference,
                    test=f"test_{exercises[0].name}",
                    sentence="",
                    outcome=outcome,
                    seconds=0.5,
                    failure=None if outcome is Outcome.PASSED else Failure(message="so\nand so"),
                    touched=True if reference.startswith("distorted:") else None,
                )
            )
        return tuple(findings)

    @property
    def mutants(self) -> int:
        """How many mutants it was asked about since the last time."""
        count = sum("def double" in text for text in self.references)
        self.references.clear()
        return count


@pytest.fixture
def told(monkeypatch):
    judge = Told()
    monkeypatch.setattr(runs, "judge", judge)
    return judge


@pytest.fixture
def place(tmp_path):
    return Workspace(tmp_path / "place")


WRONG = [mutant(f"return 'wrong' * {number}") for number in range(3)]


def run(kata, place, mutants=WRONG, **options):
    subjects = [s for s in subjects_of(kata, mutants) if s.mutant]
    with Journal.open(place) as journal:
        results = Campaign(kata, subjects, NoParent(), journal, jobs=1, **options).run()
        assert not journal.trouble
        return results


def test_what_is_known_is_not_judged_again(kata, told, place):
    """Nor is the reference, which is judged first; `fresh` judges all anew."""
    first = run(kata, place)
    assert told.references[0] == "solution"
    assert told.mutants == 3
    assert run(kata, place) == first
    assert told.references == []
    assert run(kata, place, fresh=True) == first
    assert told.mutants == 3


def test_only_what_changed_is_judged_again(kata, told, place):
    """A test of another exercise changes nothing, a test or a helper of this one all, and a new mutant itself alone."""
    run(kata, place)
    told.references.clear()
    spec = kata.spec.read_text()
    kata.spec.write_text(spec.replace('" ".join(words)', '(" ").join(words[:9])'))
    run(kata, place)
    assert told.mutants == 0
    run(kata, place, [*WRONG, mutant("return 'wrong' * 9")])
    assert told.mutants == 1
    kata.spec.write_text(spec.replace("-50, 50", "-60, 60"))
    run(kata, place)
    assert told.mutants == 3
    kata.spec.write_text(spec.replace("max_size=4", "max_size=5"))
    run(kata, place)
    assert told.mutants == 3


def test_what_was_broken_off_goes_on(kata, told, place, monkeypatch):
    """After Ctrl-C half way, the next campaign judges the rest."""
    monkeypatch.setattr(campaigns, "AT_ONCE", 1)

    def interrupt(references):
        if len(told.references) == 3:  # the reference and two mutants
            raise KeyboardInterrupt

    told.before = interrupt
    ticks = []
    with pytest.raises(KeyboardInterrupt):
        run(kata, place, tell=lambda subject, result, known: ticks.append(known))
    assert ticks == [False, False]
    told.before = lambda references: None
    told.references.clear()
    results = run(kata, place, tell=lambda subject, result, known: ticks.append(known))
    assert ticks[2:] == [True, True, False]
    assert told.mutants == 1
    assert set(fates(results).values()) == {Fate.KILLED}


def test_a_run_that_dies_is_tried_again_one_by_one(kata, told, place):
    """Only who ends a run alone, too, is an error: that is no kill, and is not remembered."""

    def die(references):
        if any("* 1" in Path(each).read_text() for each in references if each.endswith(".py")):
            raise RunError("the run\n  ended")

    told.before = die
    found = run(kata, place)
    assert [result.fate for result in found.values()] == [Fate.KILLED, Fate.ERROR, Fate.KILLED]
    assert [result.said for result in found.values()] == ["so", "the run ended", "so"]
    told.before = lambda references: None
    told.references.clear()
    assert {result.fate for result in run(kata, place).values()} == {Fate.KILLED}
    assert told.mutants == 1


def test_a_reference_that_fails_ends_it(kata, told, place):
    """Nothing else is judged, and the message says which test it was."""
    told.outcome["solution"] = Outcome.FAILED
    with pytest.raises(ReferenceFails, match=r"the reference does not pass test_double, .*: so; mend that first"):
        run(kata, place)
    assert told.mutants == 0


def test_mutants_have_less_time_than_learners(kata, told, place, monkeypatch):
    """Three times the reference's slowest test, at least two seconds, and never more than the usual deadline."""
    run(kata, place)
    assert told.options["deadline"] == 2
    monkeypatch.setattr(campaigns, "TIMES_SLOWER", 9)
    run(kata, place, fresh=True)
    assert told.options["deadline"] == 4.5
    monkeypatch.setenv("KATA_DEADLINE", "3")
    run(kata, place, fresh=True)
    assert told.options["deadline"] == 3
    assert told.options["options"] == ["--kata-first-failure"]


# The journal


def test_two_campaigns_may_write_at_once(place):
    """What either has kept is there, whoever opens the file."""
    keys = [[f"{number}-{each}" for each in range(40)] for number in range(2)]
    result = Result(fate=Fate.KILLED, by="test_a", said="“so”", seconds=0.5)

    def write(mine):
        with Journal.open(place) as journal:
            for key in mine:
                journal.enter({key: result})
            assert not journal.trouble

    threads = [threading.Thread(target=write, args=(mine,)) for mine in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Journal.open(place) as journal:
        assert {journal.known(key) for mine in keys for key in mine} == {result}


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"\x00" * 5000])
def test_a_damaged_journal_is_set_aside(place, content):
    """It is told where, and a new one is begun."""
    place.state.mkdir(parents=True)
    file = place.state / "mutation.sqlite"
    file.write_bytes(content)
    with Journal.open(place) as journal:
        assert "was damaged" in journal.trouble
        journal.enter({"a": Result(fate=Fate.SURVIVED)})
    (copy,) = (place.state / "copies").rglob("*.sqlite")
    assert str(copy) in journal.trouble
    assert copy.read_bytes() == content
    with Journal.open(place) as journal:
        assert journal.known("a") == Result(fate=Fate.SURVIVED)


def test_a_journal_that_cannot_be_kept(place):
    """Where there is no place to write, results are known for one run, and why is told."""
    place.root.mkdir()
    place.state.write_text("a file is in the way")
    with Journal.open(place) as journal:
        assert "cannot be used" in journal.trouble
        journal.enter({"a": Result(fate=Fate.KILLED)})
        assert journal.known("a") is not None
    with Journal.open(None) as journal:
        assert not journal.trouble


def test_a_write_that_fails_is_told(place):
    """A full disk or a lost file ends no campaign."""
    journal = Journal.open(place)
    journal.close()
    journal.enter({"a": Result(fate=Fate.KILLED)})
    assert "cannot be written" in journal.trouble
    assert journal.known("a") is None


def test_old_results_are_forgotten(place, monkeypatch):
    """What is used stays; what nobody asked for in a long time goes."""
    with Journal.open(place) as journal:
        journal.enter({"a": Result(fate=Fate.KILLED), "b": Result(fate=Fate.KILLED)})
        now = journals.time.time()
        monkeypatch.setattr(journals.time, "time", lambda: now + journals.KEEP + 2)
        journal.used(["a"])
        assert journal.known("a") is not None
        assert journal.known("b") is None


def test_what_another_version_wrote_is_not_read(place):
    """Neither a file of another version nor an unknown fate is taken for a result."""
    with Journal.open(place) as journal:
        journal.enter({"a": Result(fate=Fate.KILLED)})
    file = place.state / "mutation.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("update results set fate = 'eaten'")
    with Journal.open(place) as journal:
        assert journal.known("a") is None
    with sqlite3.connect(file) as connection:
        connection.execute("pragma user_version = 99")
    with Journal.open(place) as journal:
        assert "set aside" in journal.trouble


# Equivalent mutants


def marked(folder, *marks: str):
    """The tiny kata, with marks below the keys of `double`."""
    table = "\n".join(["", "[exercise.equivalent]", *(f'{mark} = "the same"' for mark in marks), "", ""])
    first, second = TOML.split('\n[[exercise]]\nname = "join_words"')
    return make_kata(
        folder / "katas" / "03_tiny_things", toml=f'{first}{table}[[exercise]]\nname = "join_words"{second}'
    )


def test_marked_mutants_count_neither_way(tmp_path, told, place):
    """An equivalent mutant that survives does not lower the score; the reason is kept."""
    same = mutant("return number + number")
    kata = marked(tmp_path, same.id)
    strength = strength_of(kata, run(kata, place, [*WRONG, same]))
    tally = strength.exercises["double"]
    assert (tally.count("equivalent"), tally.dead, tally.score) == (1, 3, 1.0)
    assert tally.mutants[-1].reason == "the same"
    assert strength.problems == ()
    assert strength.reaches(100)


def test_marks_that_hold_no_longer(tmp_path, told, place):
    """One without a mutant, and one whose mutant is rejected after all, are problems that say what to remove."""
    kata = marked(tmp_path, "0123abcd", WRONG[0].id, "times_1_5", "extra_dimensions")
    strength = strength_of(kata, run(kata, place))
    assert strength.problems == (
        "kata.toml: double: 0123abcd is marked as equivalent, but there is none any more; remove the mark",
        "kata.toml: double: times_1_5 is marked as equivalent, but there is none any more; remove the mark",
        "kata.toml: double: extra_dimensions is marked as equivalent, but there is none any more; "
        "did you mean extra_dimension?",
        f"kata.toml: double: {WRONG[0].id} is marked as equivalent, but test_double rejects it; remove the mark",
    )
    assert strength.whole.score == 1
    assert not strength.reaches(0)
