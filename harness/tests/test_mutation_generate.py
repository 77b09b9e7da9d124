"""Tests of `harness.mutation.generate`."""

from __future__ import annotations

import ast
import sys

import pytest

from harness.errors import KataError
from harness.model import Exercise, Kata
from harness.mutation.generate import mutants_of
from harness.tests.tiny_kata import needs_cosmic_ray

WHOLE = '''\
"""Lesson: see README.md, 1 + 1."""

import math
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

if TYPE_CHECKING:
    LIMIT = 3 + 4

T = TypeVar("T", bound=Tensor)

# <solution>
_EPS = 1e-5


def _scaled(x: Tensor, by: float = 2.0) -> Tensor:
    """Scales by 3 + 3."""
    return x * by


def _unused(x: Tensor) -> Tensor:
    return x - 7


# </solution>


def first(x: Tensor, n: int = 5) -> Tensor:
    """Sums 5 + 5."""
    # <solution>
    if n < 0:
        raise ValueError(f"n is {n + 1}, " + "not " + str(9 + 9))
    small: "Tensor[1 + 1]" = _scaled(x) + _EPS
    return small.sum(0)
    # </solution>


class Second:
    """Counts to 8 + 8."""

    kept = 6 - 5  # given to the learner

    @staticmethod
    def shift(x: Tensor) -> Tensor:
        """Shifts."""
        # <solution>
        def inner(y: Tensor) -> Tensor:
            """Inner 4 - 3."""
            return y - 1.5

        return inner(_scaled(x))
        # </solution>


def third(x: Tensor) -> Tensor:
    """Uses the first."""
    # <solution>
    return first(x) - math.pi
    # </solution>
'''


def _kata(tmp_path, text: str, *names: str) -> Kata:
    solution = tmp_path / "topic.py"
    solution.write_text(text, encoding="utf-8", newline="\n")
    exercises = tuple(Exercise(name=name, points=1, difficulty=1, minutes=1, hints=()) for name in names)
    return Kata(
        number=1, topic="topic", pack="tiny", folder=tmp_path, solution=solution,
        title="", summary="", part="", exercises=exercises,
    )  # fmt: skip


@pytest.fixture
def kata(tmp_path):
    return _kata(tmp_path, WHOLE, "first", "Second", "third")


def _told(mutants) -> str:
    return "\n".join(line for mutant in mutants for line in mutant.diff)


@needs_cosmic_ray
def test_every_mutant_is_python_and_differs_from_all_others(kata):
    """Every mutant compiles, says something else than the reference, and no two say the same."""
    mutants = mutants_of(kata)
    said = [ast.dump(ast.parse(mutant.text)) for mutant in mutants]
    assert len(mutants) > 30
    assert len({*said, ast.dump(ast.parse(WHOLE))}) == len(said) + 1
    assert len({mutant.id for mutant in mutants}) == len(mutants)


@needs_cosmic_ray
def test_mutants_stand_in_the_order_of_the_file(kata):
    """Mutants come by line, and each is changed in the line that it names."""
    mutants = mutants_of(kata)
    lines = WHOLE.splitlines()
    assert [mutant.line for mutant in mutants] == sorted(mutant.line for mutant in mutants)
    for mutant in mutants:
        assert mutant.text.splitlines()[: mutant.line - 1] == lines[: mutant.line - 1]
        assert mutant.text.splitlines()[mutant.line - 1] != lines[mutant.line - 1]


@needs_cosmic_ray
def test_what_does_nothing_is_left_alone(kata):
    """Docstrings, annotations, imports, code for type checkers, messages and what the stub gives stay as they are."""
    for mutant in mutants_of(kata):
        gone = [line[1:].strip() for line in mutant.diff if line[0] == "-"]
        assert not [line for line in gone if line.startswith(('"""', "import", "from", "LIMIT", "T =", "kept", "def "))
                    and "by: float" not in line]  # fmt: skip
        for text in ("n + 1", "9 + 9", '"not "', "Tensor[1 + 1]", "4 - 3", "# <solution>", "# </solution>"):
            assert mutant.text.count(text) == WHOLE.count(text)


@needs_cosmic_ray
def test_helpers_and_constants_count_for_all_who_use_them(kata):
    """A mutant of a helper is judged by all exercises that use it, directly or through helpers; others by their own."""
    judged = {line: mutant.judged for mutant in mutants_of(kata) for line in mutant.diff if line[0] == "-"}
    assert judged["-_EPS = 1e-5"] == ("first",)
    assert judged["-return x * by"] == ("first", "Second")
    assert judged["-return small.sum(0)"] == ("first",)
    assert judged["-return first(x) - math.pi"] == ("third",)


@needs_cosmic_ray
def test_what_no_exercise_uses_is_left_alone(kata):
    """A definition that no exercise reaches has no mutants: nothing could notice."""
    assert "x - 7" not in _told(mutants_of(kata))


@needs_cosmic_ray
def test_nested_functions_and_methods_are_changed(kata):
    """The bodies of methods, and of functions in them, are changed, as the class's own."""
    inner = [m for m in mutants_of(kata) if "-return y - 1.5" in m.diff]
    assert {m.exercise for m in inner} == {"Second"}
    assert "+return y + 1.5" in _told(inner)


@needs_cosmic_ray
def test_chosen_exercises_have_the_mutants_they_have_among_all(kata):
    """Asked for one exercise, the same mutants come, with the same ids, those of its helpers included."""
    wanted = mutants_of(kata, [kata.exercise("Second")])
    assert wanted == tuple(m for m in mutants_of(kata) if "Second" in m.judged)
    assert "-return x * by" in _told(wanted)


@needs_cosmic_ray
def test_ids_stay_when_other_lines_change(tmp_path, kata):
    """Lines added elsewhere, and comments, change no mutant's id; only places move."""
    before = {mutant.id for mutant in mutants_of(kata) if mutant.exercise == "third"}
    text = (
        WHOLE.replace("import math\n", "import math\nimport re\n")
        .replace("x - 7", "x - 8")
        .replace("    if n < 0:", "    # checks\n    if n <= 0:")
    )
    after = mutants_of(_kata(tmp_path, text, "first", "Second", "third"))
    assert {mutant.id for mutant in after if mutant.exercise == "third"} == before


@needs_cosmic_ray
def test_equal_lines_have_mutants_of_their_own(tmp_path):
    """A line that stands twice in an exercise has its mutants twice, with different ids."""
    kata = _kata(tmp_path, "def f(x):\n    x.add_(1.5)\n    x.mul_(2)\n    x.add_(1.5)\n", "f")
    twice = [mutant for mutant in mutants_of(kata) if mutant.diff == ("-x.add_(1.5)", "+x.sub_(1.5)")]
    assert [(mutant.line, mutant.serial) for mutant in twice] == [(2, 0), (4, 1)]
    assert len({mutant.id for mutant in twice}) == 2


@needs_cosmic_ray
def test_our_own_operators_come_before_cosmic_rays(tmp_path):
    """What two operators make is counted once, as ours; what only cosmic-ray makes bears its name."""
    kata = _kata(tmp_path, "def f(x):\n    return x.sum(dim=1, keepdim=True) - 3\n", "f")
    made = {mutant.diff[-1]: mutant.operator for mutant in mutants_of(kata)}
    assert made["+return x.sum(dim=1, keepdim=False) - 3"] == "keepdim"
    assert made["+return x.sum(dim=1, keepdim=True) + 3"] == "core/ReplaceBinaryOperator_Sub_Add"
    assert made["+return x.sum(dim=1, keepdim=True) - 4"] == "core/NumberReplacer"


@needs_cosmic_ray
@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ("for x in xs:\n        work(x)", "for x in []:"),
        ("while xs:\n        if xs.pop():\n            continue\n        work()", "break"),
        ("try:\n        work()\n    except OSError:\n        pass", "except CosmicRayTestingException:"),
        ("try:\n        xs = not xs\n    except (OSError, work.Error):\n        pass", "xs = xs"),
        ("if work in xs and xs:\n        xs.pop()", "if work in xs or xs:"),
        ("if work in xs:\n        xs.pop()\n    xs.clear()", "if not work in xs:"),
        ("return not xs", "return xs"),
        ("return 3 < xs <= 4", "return 3 < xs < 4"),
    ],
)
def test_cosmic_ray_changes_loops_conditions_and_handlers(tmp_path, body, gone):
    """cosmic-ray's operators for statements leave the rest of the statement as it was."""
    mutants = mutants_of(_kata(tmp_path, f"def f(xs, work):\n    {body}\n", "f"))
    cores = [mutant for mutant in mutants if mutant.operator.startswith("core/") and f"+{gone}" in mutant.diff]
    assert [len(mutant.diff) for mutant in cores] == [2]


@needs_cosmic_ray
def test_what_is_no_python_is_left_out(tmp_path):
    """A change that would leave a `break` outside its loop is no mutant; the others of the same statement are."""
    text = "def f(xs):\n    for x in xs:\n        g(x)\n        if x == 3:\n            break\n"
    mutants = mutants_of(_kata(tmp_path, text, "f"))
    assert {"dropped-statement", "constant-condition"} <= {mutant.operator for mutant in mutants}
    assert "after-the-loop" not in {mutant.operator for mutant in mutants}


@needs_cosmic_ray
def test_the_same_mutants_come_again(kata):
    """Two calls give the same mutants, in the same order."""
    assert mutants_of(kata) == mutants_of(kata)


@needs_cosmic_ray
def test_decorators_are_taken_away(tmp_path):
    """A decorator that is no part of the stub is left out, line and all."""
    kata = _kata(tmp_path, "class C:\n    @staticmethod\n    def f(x):\n        return x\n", "C")
    (mutant,) = [mutant for mutant in mutants_of(kata) if mutant.operator == "core/RemoveDecorator"]
    assert mutant.text == "class C:\n    def f(x):\n        return x\n"


def test_without_cosmic_ray_one_is_told_how_to_get_it(kata, monkeypatch):
    """Where cosmic-ray is not installed, the error says so and gives the command."""
    monkeypatch.setitem(sys.modules, "cosmic_ray.plugins", None)
    with pytest.raises(KataError, match=r"cosmic-ray.*pip install"):
        mutants_of(kata)
