"""Tests of `kata mutate`: what it judges, what it shows, what it remembers."""

import json
import sys
from pathlib import Path

import pytest

from harness.judge import run
from harness.model import Failure, Finding, Outcome
from harness.mutation import generate as making
from harness.mutation.subject import Mutant, diff_of
from harness.reports import progress_line
from harness.tests.commands import Commands
from harness.tests.tiny_kata import TOML, needs_cosmic_ray

RIGHT = "return 2 * number"


def mutants_of(kata, exercises=()):
    """Stands in for the operators: three mutants of `double`, of which the judge accepts the first two."""
    text = kata.solution.read_text()
    found = []
    for wrong in ("return number * 2", "return number + number", "return 'wrong'"):
        changed = text.replace(RIGHT, wrong)
        found.append(
            Mutant(
                exercise="double",
                judged=("double",),
                operator="by-hand",
                line=15,
                text=changed,
                diff=diff_of(text, changed),
            )
        )
    return tuple(found) if not exercises or "double" in {each.name for each in exercises} else ()


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    commands = Commands(tmp_path, monkeypatch, capsys)
    commands.judged = []
    commands.accepts = {"negated"}

    def judge(kata, references, *, exercises, **options):
        findings = []
        for reference in references:
            commands.judged.append(reference)
            way = reference.partition("__")[2]
            text = Path(reference).read_text() if reference.endswith(".py") else ""
            wrong = "wrong" in text or (reference.startswith("distorted:") and way not in commands.accepts)
            findings.append(
                Finding(
                    topic=kata.topic,
                    exercise=exercises[0].name,
                    implementation=reference,
                    test="test_a",
                    sentence="",
                    outcome=Outcome.FAILED if wrong else Outcome.PASSED,
                    seconds=0.1,
                    failure=Failure(message="is 'wrong'") if wrong else None,
                    touched=True,
                )
            )
        return tuple(findings)

    monkeypatch.setattr(run, "judge", judge)
    monkeypatch.setattr(making, "mutants_of", mutants_of)
    return commands


@pytest.fixture
def ids(commands):
    return [mutant.id for mutant in mutants_of(commands.kata)]


def test_survivors_are_shown_with_their_change(commands, ids):
    """A row an exercise, then each survivor with its id, its line and what was changed; code 1."""
    said = commands.run("mutate", "3.double")
    assert said.code == 1
    first, heads, row, *rest = said.out.splitlines()
    assert first == "✗ 03_tiny_things · 33.3 % of the mutants rejected"
    assert heads.split() == ["all", "dead", "late", "alive", "equal", "score", "outputs"]
    dead = sum(each.startswith("distorted:") for each in commands.judged) - 1
    assert row.split() == ["double", "3", "1", "0", "2", "0", "33.3", "%", f"{dead}/{dead + 1}"]
    assert rest[:5] == ["", f"  {ids[0]}  double:15  by-hand  survived", f"    -{RIGHT}", "    +return number * 2", ""]
    assert "  negated  double  output change  survived" in rest
    assert "kata mutate tiny_things --show ID" in said.out
    assert ids[2] not in said.out


def test_a_spec_that_is_strong_enough(commands, ids):
    """The share that is asked for decides, and no output change may survive; then the code is 0."""
    commands.accepts.clear()
    assert commands.run("mutate", "3.double", "--at-least", "33").code == 0
    assert commands.run("mutate", "3.double", "--at-least", "34").code == 1
    commands.accepts.add("negated")
    assert commands.run("mutate", "3.double", "--at-least", "0", "--fresh").code == 1


def test_equivalent_mutants_are_shown_when_asked_for(commands, ids):
    """Marked ones count neither way, and `--all` shows them with their reasons."""
    commands.accepts.clear()
    marks = "".join(f'{each} = "it is the same number"\n' for each in ids[:2])
    first, second = TOML.split('\n[[exercise]]\nname = "join_words"')
    toml = f'{first}\n[exercise.equivalent]\n{marks}\n[[exercise]]\nname = "join_words"{second}'
    (commands.katas_folder / "03_tiny_things" / "kata.toml").write_text(toml)
    said = commands.run("mutate", "3")
    assert (said.code, "100 %" in said.out, ids[0] in said.out) == (0, True, False)
    said = commands.run("mutate", "3", "--all")
    assert f"  {ids[0]}  double:15  by-hand  equivalent\n" in said.out
    assert said.out.count("    it is the same number\n") == 2


def test_what_is_known_is_said_to_be(commands):
    """A second call judges nothing; `--fresh` judges all again."""
    commands.run("mutate", "3")
    count = len(commands.judged)
    said = commands.run("mutate", "3")
    assert len(commands.judged) == count
    assert " judged" not in said.out
    assert "known from earlier" in said.out
    commands.run("mutate", "3", "--fresh")
    assert len(commands.judged) == 2 * count


def test_katas_are_summed_up(commands):
    """Of several katas there is a table with a row each at the end."""
    said = commands.run("mutate")
    assert [line.split()[:3] for line in said.out.splitlines()[-2:]] == [
        ["✗", "03_tiny_things", "3"],
        ["✗", "05_small_words", "3"],
    ]


def test_a_line_counts_on_a_terminal(commands, monkeypatch):
    """It says how many are done, and is gone at the end; a dumb terminal has none."""
    monkeypatch.setattr(progress_line, "_EVERY", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    said = commands.run("mutate", "3.double")
    count = len(commands.judged) - 1
    assert f"\r\x1b[K03_tiny_things: {count} of {count}, " in said.err
    assert said.err.endswith("\r\x1b[K")
    monkeypatch.setenv("TERM", "dumb")
    assert commands.run("mutate", "3.double", "--fresh").err == ""


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_tables_keep_to_the_width(commands, monkeypatch, columns):
    """No row is wider than the terminal, and none loses a number."""
    monkeypatch.setenv("COLUMNS", columns)
    said = commands.run("mutate", "3")
    rows = [line for line in said.out.splitlines() if "%" in line or "score" in line]
    assert max(map(len, rows)) <= int(columns)
    assert rows[1].endswith("outputs")
    assert "\x1b" not in said.out + said.err


def test_documented_json(commands, ids):
    """One document, with the fate of every mutant and output change."""
    said = commands.run("mutate", "3.double", "--json")
    assert said.code == 1
    document = json.loads(said.out)
    assert (document["version"], document["kind"], document["passed"], document["at_least"]) == (1, "mutate", False, 97)
    (kata,) = document["katas"]
    assert (kata["topic"], kata["passed"], kata["score"], kata["problems"]) == ("tiny_things", False, 1 / 3, [])
    (exercise,) = kata["exercises"]
    assert exercise["mutants"][2] == {
        "id": ids[2],
        "exercise": "double",
        "operator": "by-hand",
        "line": 15,
        "diff": [f"-{RIGHT}", "+return 'wrong'"],
        "fate": "killed",
        "by": "test_a",
        "said": "is 'wrong'",
        "reason": None,
    }
    changes = {each["name"]: each["fate"] for each in exercise["output_changes"]}
    assert changes["negated"] == "survived"
    assert kata["output_changes"] == {"rejected": len(changes) - 1, "of": len(changes)}


def test_mutants_are_listed(commands, ids):
    """Nothing is judged; the same as JSON."""
    said = commands.run("mutate", "3", "--list")
    assert said.code == 0
    assert said.out.splitlines()[:3] == [
        "03_tiny_things · 3 mutants",
        f"  {ids[0]}  double:15  by-hand",
        f"    -{RIGHT}",
    ]
    document = json.loads(commands.run("mutate", "3", "--list", "--json").out)
    assert [mutant["id"] for mutant in document["katas"][0]["mutants"]] == ids
    assert commands.judged == []


def test_one_mutant_may_be_tried_by_hand(commands, ids):
    """`--show` writes its file and says how to judge it; nobody's file is there before."""
    said = commands.run("mutate", "3", "--show", ids[2])
    assert said.code == 0
    file = commands.root / ".kata" / "mutants" / f"tiny_things_{ids[2]}.py"
    assert "return 'wrong'" in file.read_text()
    assert f"kata check tiny_things.double --impl .kata/mutants/{file.name}\n" in said.out
    said = commands.run("mutate", "3", "--show", "00000000")
    assert said.code == 2
    assert "there is no mutant '00000000' of tiny_things; `kata mutate --list` shows all" in said.err


def test_an_interrupted_campaign_says_how_to_go_on(commands, monkeypatch):
    """Code 130, and one line; what was judged is kept."""

    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "judge", interrupt)
    said = commands.run("mutate", "3")
    assert said.code == 130
    assert "interrupted: 0 of" in said.err
    assert "not judged again when you give the command once more" in " ".join(said.err.split())


def test_a_broken_reference_is_no_result(commands, monkeypatch):
    """Code 2: nothing was measured."""
    right = run.judge

    def judge(kata, references, **options):
        found = right(kata, references, **options)
        return [Finding(**{k: getattr(f, k) for k in f.__slots__} | {"outcome": Outcome.FAILED}) for f in found]

    monkeypatch.setattr(run, "judge", judge)
    said = commands.run("mutate", "3")
    assert said.code == 2
    assert "the reference does not pass test_a" in said.err


@needs_cosmic_ray
def test_the_operators_make_mutants(commands, monkeypatch):
    """Without anybody's stand-in, the tiny reference has mutants of both exercises, and of one when it is named."""
    monkeypatch.undo()
    found = making.mutants_of(stage_kata := commands.kata)
    assert {mutant.exercise for mutant in found} == {"double", "join_words"}
    assert {m.exercise for m in making.mutants_of(stage_kata, [stage_kata.exercise("double")])} == {"double"}
