"""Tests of `harness.catalogue.source.fingerprints`."""

import pytest

from harness.catalogue.source.fingerprints import fingerprints, first_lines, mentioned, own_fingerprints, users

SOURCE = """\
import torch
from functools import cache

LIMIT = 3


def helper(x):
    return x + LIMIT


@cache
def one(x):
    return helper(x)


def two(x):
    return 2 * x
"""


def changed(before: str, after: str) -> set[str]:
    """The exercises whose fingerprint differs."""
    old, new = (fingerprints(text, ["one", "two"]) for text in (before, after))
    return {name for name in old if old[name] != new[name]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("2 * x", "3 * x", {"two"}),
        ("return helper(x)", "return helper(x) + 0", {"one"}),
        ("x + LIMIT", "x - LIMIT", {"one"}),
        ("LIMIT = 3", "LIMIT = 4", {"one", "two"}),
        ("import torch", "import torch as t", {"one", "two"}),
        ("2 * x", "2*x  # twice", set()),
        ("def two", "\n\ndef two", set()),
        ("@cache\n", "", {"one"}),
        ("@cache\n", "@register\n", {"one", "two"}),
        ("LIMIT = 3", "LIMIT = 3\nif __name__ == '__main__':\n    print(1)", set()),
        ("2 * x", "helper(x)", {"two"}),
        ("def two(x):", "def one(x):\n    return 0\n\n\ndef two(x):", {"one"}),
        ("2 * x", "2 * (x", {"one", "two"}),
    ],
)
def test_a_change_reaches_what_depends_on_it(before, after, expected):
    """An edit changes the fingerprints of the exercises that can feel it, and of no other."""
    assert before in SOURCE
    assert changed(SOURCE, SOURCE.replace(before, after)) == expected


@pytest.mark.parametrize(
    "line",
    [
        "from torch import *",
        "import importlib",
        "from unittest import mock",
        "import sys\nsys.modules['x'] = 1",
        "from sys import modules",
        "def far(): exec('x')",
        "def far(): return globals()",
        "def far():\n    global LIMIT\n    LIMIT = 1",
        "def far(): torch.float = 1",
        "def far(): two.calls = 1",
        "def far(): del torch.nn.relu",
        "def far(): setattr(torch, 'x', 1)",
        "def far(): return two.__globals__",
        "class Far:\n    def __init_subclass__(cls): ...",
        "def __getattr__(name): return 1",
    ],
)
def test_what_cannot_be_decided_depends_on_everything(line):
    """Where code reaches what it does not name, every edit reaches every exercise."""
    source = f"{SOURCE}\n{line}\n"
    assert changed(source, source.replace("2 * x", "3 * x")) == {"one", "two"}


@pytest.mark.parametrize(
    "line", ["def far(m): return m.eval(), m.modules()", "import sys", "def far(x): x[0] = x.data = 1"]
)
def test_everyday_code_is_decided(line):
    """Methods that share a name with something far-reaching are none of it."""
    source = f"{SOURCE}\n{line}\n"
    assert changed(source, source.replace("2 * x", "3 * x")) == {"two"}


@pytest.mark.parametrize(
    ("value", "coupled"),
    [
        ("[]", True),
        ("{}", True),
        ("torch.zeros(2)", True),
        ("other", True),
        ("1", False),
        ("-1.5", False),
        ("(1, 'a')", False),
        ("2 * 8", False),
        ("torch.float32", False),
    ],
)
def test_definitions_that_share_state_see_one_another(value, coupled):
    """Two functions that use one changeable variable may feel each other's edits; a constant carries nothing."""
    source = f"import torch\nother = 1\nSTATE = {value}\ndef one(x): return STATE\ndef two(x): return STATE, 2\n"
    assert changed(source, source.replace("STATE, 2", "STATE, 3")) == ({"one", "two"} if coupled else {"two"})


@pytest.mark.parametrize("line", ["STATE: list = []", "STATE: int", "STATE.x = y = 1", "'a text'", "class STATE: pass"])
def test_statements_of_every_kind_are_read(line):
    """Annotations, texts and targets that are no names are no stumbling block."""
    source = f"{line}\ndef one(x): return x\ndef two(x): return 2\n"
    assert changed(source, source.replace("return 2", "return 3")) == {"two"}


def test_metaclasses_run_when_the_class_is_made():
    """A class with a metaclass may do anything when the module is loaded, so that all depends on it."""
    source = f"{SOURCE}\nclass Odd(metaclass=Meta):\n    x = 1\n"
    assert changed(source, source.replace("x = 1", "x = 2")) == {"one", "two"}


def test_what_is_not_defined_depends_on_the_whole_file():
    """An exercise that is no plain definition changes with every edit."""
    source = "one = two = lambda x: x\ndef other(): return 1\n"
    assert changed(source, source.replace("return 1", "return 2")) == {"one", "two"}
    assert changed("", "# nothing") == set()


def test_the_own_definition_alone():
    """Which exercise was edited is told by its own definition, wherever it now stands."""
    before, after = (own_fingerprints(text, ["one", "two", "three"]) for text in (SOURCE, SOURCE.replace("LIMIT", "L")))
    assert before == after
    assert before["three"] == ""
    assert own_fingerprints("(", ["one"]) == {"one": ""}
    assert first_lines(SOURCE, ["two", "three"]) == {"two": 16, "three": 0}
    assert first_lines("(", ["one"]) == {"one": 0}


def test_what_a_spec_mentions():
    """The names in a test, in the helpers, fixtures and variables that it uses, but not those in other tests."""
    spec = """
LIMIT: int = far
OTHER = five
def fix(): six()
@given(LIMIT)
def helper(impl): impl.two()
@mark
def test_a(impl, fix): helper(impl)
def test_b(impl): impl.three("four")
"""
    assert {"far", "two", "helper", "six"} <= mentioned(spec, ["test_a"])
    assert not {"three", "four", "five"} & mentioned(spec, ["test_a"])
    assert {"three", "four"} <= mentioned(spec, ["test_b"])


def test_users_are_told_for_definitions_and_constants():
    """What an exercise uses through helpers counts as used by it; what it uses through another exercise does not."""
    source = SOURCE + "\n\ndef three(x):\n    return one(x)\n\n\ndef lost(x):\n    return two(x)\n"
    using = users(source, ["one", "two", "three"])
    assert using["LIMIT"] == using["helper"] == using["one"] == ("one",)
    assert (using["three"], using["lost"]) == (("three",), ())
