"""Tests of `harness.reports.layout`."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reports.layout import break_call, fit, session

plain = st.recursive(
    st.integers() | st.text("a,[('\"\\ é", max_size=12) | st.floats(allow_nan=False) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text("k", max_size=2), inner)
    ),
    max_leaves=20,
)


@given(arguments=st.lists(plain, max_size=4), width=st.integers(20, 100))
def test_a_broken_call_is_still_the_same_call(arguments, width):
    """Whatever the arguments are, the lines pasted together parse to the call that was broken."""
    call = f"solve({', '.join(map(repr, arguments))})"
    lines = break_call(call, 10_000, 10_000)
    assert ast.dump(ast.parse("\n".join(lines))) == ast.dump(ast.parse(call))
    narrow = break_call(call, width, 10_000)
    if not any("…" in line for line in narrow):
        assert ast.dump(ast.parse("\n".join(narrow))) == ast.dump(ast.parse(call))


@given(arguments=st.lists(plain, max_size=4), width=st.integers(20, 100), most=st.integers(1, 5))
def test_a_call_keeps_within_its_lines(arguments, width, most):
    """No line is wider, and there are no more lines, than was asked for."""
    lines = break_call(f"solve({', '.join(map(repr, arguments))})", width, most)
    assert len(lines) <= most
    assert all(len(line) <= width for line in lines)


def test_each_statement_has_a_prompt():
    """Statements of a session stand as at a prompt, whatever belongs to one under it."""
    calls = "net = Net(2)\nwith torch.no_grad():\n    y = net(1)\nf([1, 2, 3], [4, 5, 6], [7, 8, 9])"
    assert session(calls, 24, 9) == [
        (">>> ", "net = Net(2)"),
        (">>> ", "with torch.no_grad():"),
        ("... ", "    y = net(1)"),
        (">>> ", "f([1, 2, 3], [4, 5, 6],"),
        ("    ", "    [7, 8, 9])"),
    ]
    assert session("", 24, 9) == [(">>> ", "")]


@given(arguments=st.lists(st.lists(plain, max_size=3), min_size=1, max_size=9), most=st.integers(3, 12))
def test_of_many_statements_the_first_and_the_last_are_shown(arguments, most):
    """What is left out stands in the middle, one sign says so, and the rest can be pasted."""
    calls = [f"x{number} = solve({', '.join(map(repr, each))})" for number, each in enumerate(arguments)]
    lines = session("\n".join(calls), 60, most)
    assert len(lines) <= most
    assert lines[0][1].startswith("x0 = ")
    if len(calls) <= most and not any("…" in row for _, row in lines):
        assert ast.dump(ast.parse("\n".join(row for _, row in lines))) == ast.dump(ast.parse("\n".join(calls)))
    many = session("\n".join(f"f({number})" for number in range(40)), 60, most)
    assert (len(many), many[-1], many.count(("    ", "…"))) == (most, (">>> ", "f(39)"), 1)


def test_no_half_statement_ends_a_session():
    """Where a statement takes several lines, it is there from its beginning, or not at all."""
    long = f"g({', '.join(['[1, 2, 3, 4]'] * 6)})"
    lines = session("\n".join([*(f"f({number})" for number in range(9)), long, "y"]), 24, 8)
    assert lines == [*((">>> ", f"f({number})") for number in range(6)), ("    ", "…"), (">>> ", "y")]


def test_a_call_breaks_where_the_fewest_brackets_are_open():
    """Between two arguments rather than inside one."""
    call = "join(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([[5., 6.]]))"
    assert break_call(call, 55, 3) == ["join(torch.tensor([[1., 2.], [3., 4.]]),", "    torch.tensor([[5., 6.]]))"]


def test_a_call_that_is_cut_off_says_so():
    """An ellipsis stands where the rest was left out."""
    assert break_call("solve([1, 2, 3], [4, 5, 6], [7, 8, 9])", 20, 2) == ["solve([1, 2, 3],", "    [4, 5, 6], …"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("7", ["7"]),
        ("a, b", ["a, b"]),
        ("[[1],\n [2]]", ["[[1],", " [2]]"]),
        ("[[1],\n [2],\n [3],\n [4]]", ["[[1],", " [2],", "…"]),
        ("one long row\n of another", ["one long …", " of anoth…"]),
    ],
)
def test_values_keep_their_rows(text, expected):
    """Rows stay rows; what is too wide or too much is cut, visibly."""
    assert fit(text, 10, 3) == expected
