from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from harness.spec.tensor_drawing import table

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn)
LIMITS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64).map(float)


def test_default_floats_start_with_the_simplest() -> None:
    """Whole numbers come first, small ones before large ones, then halves, quarters, and so on."""
    values, whole = table(torch.float32, None, None, False)
    assert values[:5] == (0, 1, -1, 2, -2)
    assert values[whole : whole + 2] == (0.5, -0.5)
    assert (len(values), whole) == (256, 17)
    assert set(values) < {step / 16 for step in range(-128, 129)}


@pytest.mark.parametrize(
    ("dtype", "unique", "values"),
    [
        (torch.bool, False, {0, 1}),
        (torch.int64, False, set(range(-8, 9))),
        (torch.uint8, False, set(range(9))),
        (torch.int8, True, set(range(-128, 128))),
        (torch.uint8, True, set(range(256))),
    ],
)
def test_default_integers(dtype: torch.dtype, unique: bool, values: set[int]) -> None:
    """Integers are small, and more of them where all have to differ."""
    assert set(table(dtype, None, None, unique).values) == values


@pytest.mark.parametrize(
    ("least", "greatest", "low", "high"),
    [(0, None, 0, 8), (100, None, 100, 108), (None, 0, -8, 0), (None, -9, -17, -9)],
)
def test_one_limit(least: float | None, greatest: float | None, low: float, high: float) -> None:
    """The limit that is missing is the default one, or 8 away where that would be too near."""
    for dtype in (torch.float32, torch.int64):
        values = table(dtype, least, greatest, False).values
        assert (min(values), max(values)) == (low, high)


@given(st.sampled_from((*FLOATS, torch.int64, torch.int8, torch.uint8, torch.complex64)), LIMITS, LIMITS, st.booleans())
def test_values_are_right_for_any_limits(
    dtype: torch.dtype, least: float | None, greatest: float | None, unique: bool
) -> None:
    """Whatever the limits, a table has at most 256 different finite values, each between them and exact."""
    assume(least is None or greatest is None or least <= greatest)
    try:
        values, whole = table(dtype, least, greatest, unique)
    except InvalidArgument:
        return
    assert 0 < len(set(values)) == len(values) <= 256
    assert whole == sum(float(value).is_integer() for value in values)
    for value in values:
        assert math.isfinite(value)
        assert least is None or value >= least
        assert greatest is None or value <= greatest
        assert torch.tensor(value, dtype=dtype).item() == value


@pytest.mark.parametrize("dtype", FLOATS[:4])
@pytest.mark.parametrize(
    ("least", "greatest"), [(0, 1), (0.1, 0.2), (-1e-6, 1e-6), (0, 60000), (-1e308, 1e308), (3, 3)]
)
def test_ranges_are_filled(dtype: torch.dtype, least: float, greatest: float) -> None:
    """Narrow and wide ranges hold many values, up to both ends, and a range of one number holds that."""
    values = table(dtype, least, greatest, False).values
    span = min(greatest, torch.finfo(dtype).max) - max(least, torch.finfo(dtype).min)
    assert len(values) >= min(10, 1 + span * 1e9)
    assert max(values) - min(values) >= 0.8 * span


def test_wide_integer_ranges_have_no_pattern() -> None:
    """Integers from a wide range are odd and even, small and large."""
    values = table(torch.int64, -(2**63), 2**63 - 1, False).values
    assert {value % 2 for value in values} == {0, 1}
    assert values[:3] == (0, 1, -1)
    assert max(values) > 2**62
