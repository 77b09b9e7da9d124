from __future__ import annotations

import math
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.data.literals import call_text, literal, summary

PLAIN = [
    None,
    True,
    -3,
    2.5,
    math.inf,
    -math.inf,
    1 + 2j,
    complex(math.inf, 1),
    "it's",
    b"\x00",
    ...,
    [],
    [1, [2.0]],
    (),
    (1,),
    (1, "a"),
    {},
    {"a": [1], 2: (3,)},
    set(),
    {3},
    frozenset(),
    frozenset({"b"}),
    slice(1, None, -1),
    range(3),
    torch.Size([2, 3]),
    torch.float16,
    torch.device("cpu"),
    torch.device("cuda", 1),
    torch.channels_last,
    np.float32(0.1),
    np.float64(-math.inf),
    np.int8(3),
    np.bool_(True),
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain_data_evaluates_to_itself(value: object) -> None:
    """The text of plain data is an expression of an equal value of the same type."""
    back = eval(literal(value), {"torch": torch, "np": np})
    assert type(back) is type(value)
    assert back == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9) | st.binary(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3) | st.tuples(inner),
    )
)
def test_nested_data_evaluates_to_itself(value: object) -> None:
    """So it is with whatever is nested in containers."""
    assert eval(literal(value)) == value


def test_nan_can_be_pasted() -> None:
    """NaN is written as an expression, alone, as a part of a complex number, and as a NumPy scalar."""
    assert literal(math.nan) == "float('nan')"
    assert literal(complex(1.0, math.nan)) == "complex(1.0, float('nan'))"
    assert literal(np.float32("nan")) == "np.float32(float('nan'))"


def test_nan_is_called_by_its_name_in_a_summary() -> None:
    """What is shown beside "expected" and "got" is read, and not pasted."""
    assert summary([math.nan, -math.inf, complex(1, math.nan)]) == "[nan, -inf, (1+nanj)]"
    assert summary(np.float32("nan")) == "np.float32(nan)"


def test_generator_by_its_seed() -> None:
    """A generator is written with the seed that it started from, wherever it is now."""
    generator = torch.Generator().manual_seed(7)
    torch.rand(3, generator=generator)
    assert literal(generator) == "torch.Generator().manual_seed(7)"


def test_path() -> None:
    """A path is short, and the same on all systems."""
    assert literal(Path("a") / "b") == "Path('a/b')"


def test_call() -> None:
    """A call has its arguments in order, those by keyword last."""
    assert call_text("f", (1, [math.inf]), {"dim": -1}) == "f(1, [float('inf')], dim=-1)"
    assert call_text("f", (), {}) == "f()"


def test_long_values_are_cut() -> None:
    """A long string or container, or an object with a long repr, is named, not written out."""

    class Wordy:
        def __repr__(self) -> str:
            return "w" * 5000

    for value in ("x" * 5000, b"x" * 5000, list(range(5000)), {i: i for i in range(5000)}, Wordy()):
        for text in (literal(value), summary(value)):
            assert len(text) < 500
            assert text.startswith("<")
            assert text.endswith("…>")


def test_container_that_holds_itself() -> None:
    """A list inside of itself ends the text instead of the program; the same list twice is no such case."""
    loop: list[object] = [1]
    loop.append(loop)
    assert literal(loop) == "[1, <itself>]"
    assert literal([loop[:1]] * 2) == "[[1], [1]]"


def test_sets_are_in_order() -> None:
    """The text of a set is the same in each run."""
    assert literal({"b", "a", "c"}) == "{'a', 'b', 'c'}"


def test_other_objects_without_address() -> None:
    """Objects say what they say of themselves, less the address, which differs from run to run."""
    assert literal(object()) == "<object object>"
    assert literal(OrderedDict(a=1)) == repr(OrderedDict(a=1))


def test_hostile_objects_are_named() -> None:
    """An object whose methods raise, or a tensor subclass that refuses everything, cannot spoil a message."""

    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    class Refusing(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *args, **kwargs):
            raise RuntimeError("no")

    assert literal([Hostile()]) == "[<Hostile>]"
    assert summary(torch.ones(1).as_subclass(Refusing)) == "<Refusing>"


def test_importing_is_cheap() -> None:
    """The modules that every command imports need neither torch nor NumPy nor Hypothesis."""
    program = (
        "import sys, harness.data.literals, harness.runner.last_call, harness.judge.profiles\n"
        "harness.data.literals.literal([1.5, object])\n"
        "assert not {'torch', 'numpy', 'hypothesis'} & set(sys.modules)\n"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60)
    assert result.stderr == ""
