"""Tests of `harness.reports.layout`."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reports.layout import break_call, fit

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
