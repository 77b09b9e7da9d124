from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SpecError
from harness.spec.asserts import Mismatch, assert_tensor, assert_value
from harness.spec.strategies import dtypes, shapes, tensors

ALL_DTYPES = st.one_of(dtypes(), st.sampled_from([torch.complex64, torch.uint16, torch.uint64, torch.float8_e5m2]))


def difference(actual: object, expected: torch.Tensor, **options: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        assert_tensor(actual, expected, **options)
    assert caught.value.difference is not None
    return caught.value.difference


def value_difference(actual: object, expected: object, **options: Any) -> str:
    with pytest.raises(Mismatch) as caught:
        assert_value(actual, expected, **options)
    assert caught.value.difference is not None
    return caught.value.difference


class EqualToAll:
    """Says yes to whatever it is asked."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("a")

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self


class Agreeing(torch.Tensor):
    """A tensor subclass that answers every question by yes."""

    @classmethod
    def __torch_function__(cls, *args, **kwargs):
        return True


class YesString(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Raising:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not ask")

    __hash__ = object.__hash__


class TestTensor:
    @given(tensors(shape=shapes(min_side=0), dtype=ALL_DTYPES, noncontiguous=True))
    def test_equal_tensors_pass(self, x: torch.Tensor) -> None:
        """A tensor equals its copy, whatever its dtype, shape, strides or lack of elements."""
        assert_tensor(x.clone(), x)
        assert_tensor(x, x.contiguous())

    @given(tensors(dtype=ALL_DTYPES), st.data())
    def test_one_element_is_enough(self, x: torch.Tensor, data: st.DataObject) -> None:
        """A change of one element is found, and its index and both values are named."""
        index = tuple(data.draw(st.integers(0, side - 1)) for side in x.shape)
        y = x.clone()
        y[index] = not x[index] if x.dtype is torch.bool else 5 if x[index] != 5 else 4
        found = difference(y, x)
        if index:
            assert f"1 of {x.numel()} elements differs; the first at [{', '.join(map(str, index))}]: is " in found
        else:
            assert found.startswith("is ")

    @pytest.mark.parametrize(
        ("actual", "expected", "text"),
        [
            ([1.0], torch.ones(1), "the type is list, and should be torch.Tensor"),
            (None, torch.ones(1), "the type is NoneType, and should be torch.Tensor"),
            (torch.ones(1).double(), torch.ones(2), "the dtype is torch.float64, and should be torch.float32"),
            (torch.ones(1, 2), torch.ones(2), "the shape is (1, 2), and should be (2,)"),
            (torch.ones(0), torch.ones(0, 1), "the shape is (0,), and should be (0, 1)"),
            (torch.ones(2).to_sparse(), torch.ones(2), "the layout is torch.sparse_coo, and should be torch.strided"),
            (torch.ones(2, device="meta"), torch.ones(2), "the device is meta, and should be cpu"),
            (torch.ones(2), torch.ones(2, device="meta"), "the device is cpu, and should be meta"),
        ],
    )
    def test_what_is_named_first(self, actual: object, expected: torch.Tensor, text: str) -> None:
        """The type comes first, then dtype, shape, layout, device; values only after all these."""
        assert difference(actual, expected) == text

    @pytest.mark.parametrize(
        "actual",
        [
            EqualToAll(),
            Raising(),
            torch.ones(2).as_subclass(Agreeing),
            torch.nn.Parameter(torch.ones(2), requires_grad=False),
            np.ones(2, dtype=np.float32),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_only_plain_tensors_pass(self, actual: object) -> None:
        """An object that is equal to everything gains nothing, and neither does a subclass with the right values."""
        assert difference(actual, torch.ones(2)).startswith("the type is ")

    def test_meta_has_no_values(self) -> None:
        """On meta, dtype and shape are all there is to compare."""
        assert_tensor(torch.ones(2, device="meta"), torch.zeros(2, device="meta"))

    def test_sparse_values(self) -> None:
        """Sparse tensors are compared if a sparse one is expected."""
        assert_tensor(torch.eye(2).to_sparse(), torch.eye(2).to_sparse())
        assert "1 of 4" in difference(torch.tensor([[1.0, 0], [0, 2]]).to_sparse(), torch.eye(2).to_sparse())

    def test_conjugate_and_negative_views(self) -> None:
        """Views that conjugate or negate when they are read are compared by what is read."""
        x = torch.tensor([1 + 2j, 3 - 1j])
        assert_tensor(x.conj(), torch.tensor([1 - 2j, 3 + 1j]))
        assert_tensor(x.conj().imag, torch.tensor([-2.0, 1.0]))
        assert difference(x.conj(), x).startswith("2 of 2 elements differ; the first at [0]: is (1-2j)")

    def test_tensors_that_require_grad(self) -> None:
        """Whether a tensor requires grad is not compared, and does not disturb."""
        assert_tensor(torch.ones(2, requires_grad=True) * 1, torch.ones(2))

    @pytest.mark.parametrize(
        ("dtype", "rtol", "atol"),
        [
            (torch.float16, 1e-3, 1e-5),
            (torch.bfloat16, 1.6e-2, 1e-5),
            (torch.float32, 1.3e-6, 1e-5),
            (torch.float64, 1e-7, 1e-7),
            (torch.complex64, 1.3e-6, 1e-5),
            (torch.complex128, 1e-7, 1e-7),
            (torch.int64, 0, 0),
        ],
    )
    @pytest.mark.parametrize("expected", [1.0, 4.0, -1000.0])
    def test_same_verdict_as_torch_testing(self, dtype: torch.dtype, rtol: float, atol: float, expected: float) -> None:
        """By default a value may be off as far as `torch.testing.assert_close` allows for its dtype."""
        want = torch.tensor([expected], dtype=dtype)
        for factor in (0.5, 0.9, 1.1, 2, 100):
            wide = want.to(torch.complex128 if dtype.is_complex else torch.float64)
            got = (wide + factor * (atol + rtol * abs(expected))).to(dtype)
            try:
                torch.testing.assert_close(got, want)
            except AssertionError:
                assert f"tolerance: rtol {rtol:g}, atol {atol:g}" in difference(got, want) or not rtol
            else:
                assert_tensor(got, want)

    def test_one_tolerance_leaves_the_other(self) -> None:
        """Where only one tolerance is given, the other is that of the dtype; 0 means exactly."""
        close = torch.nextafter(torch.ones(1), torch.zeros(1))
        assert_tensor(close, torch.ones(1), rtol=0.0)
        assert_tensor(close, torch.ones(1), atol=0.0)
        assert "tolerance" not in difference(close, torch.ones(1), rtol=0.0, atol=0.0)

    def test_integers_with_tolerance(self) -> None:
        """Integers are exact, unless the spec allows more."""
        assert_tensor(torch.tensor([5]), torch.tensor([6]), atol=1.0)
        assert "tolerance: rtol 0, atol 1" in difference(torch.tensor([4]), torch.tensor([6]), atol=1.0)

    @pytest.mark.parametrize("off", [0, 1])
    def test_large_integers_are_exact(self, off: int) -> None:
        """Integers that no float can hold are told apart."""
        for dtype in (torch.int64, torch.uint64):
            x = torch.tensor([2**62 + off], dtype=dtype)
            if off:
                assert "is 4611686018427387905" in difference(x, torch.tensor([2**62], dtype=dtype))
            else:
                assert_tensor(x, torch.tensor([2**62], dtype=dtype))

    def test_nan(self) -> None:
        """NaN is wrong where a number is expected, and where NaN is expected unless the spec says otherwise."""
        nan, one = torch.tensor([1.0, math.nan]), torch.ones(2)
        assert "the first at [1]: is nan, and should be 1.0" in difference(nan, one, equal_nan=True)
        assert "is nan, and should be nan" in difference(nan, nan)
        assert "is 1.0, and should be nan" in difference(one, nan, equal_nan=True, rtol=10.0)
        assert_tensor(nan, nan.clone(), equal_nan=True)

    def test_infinity(self) -> None:
        """Infinity equals infinity of its sign alone, however wide the tolerance."""
        inf = torch.tensor([math.inf])
        assert_tensor(inf, inf.clone())
        for actual, expected in ((-inf, inf), (torch.ones(1), inf), (inf, torch.ones(1))):
            assert "absolute" not in difference(actual, expected, rtol=10.0, atol=math.inf)

    def test_differences_are_measured(self) -> None:
        """The message has the greatest absolute and relative difference among the wrong elements, and the tolerance."""
        found = difference(torch.tensor([1.0, 3.0, 1.0]), torch.tensor([1.0, 2.0, 0.0]))
        assert found == (
            "2 of 3 elements differ; the first at [1]: is 3.0, and should be 2.0; greatest absolute difference 1; "
            "greatest relative difference 0.5; tolerance: rtol 1.3e-06, atol 1e-05"
        )
        assert "relative" not in difference(torch.ones(1), torch.zeros(1))

    def test_does_not_import_torch_testing(self) -> None:
        """The first comparison does not pay a second for importing `torch.testing`'s own."""
        program = (
            "import sys, torch\nfrom harness.spec.asserts import assert_tensor\nbefore = set(sys.modules)\n"
            "assert_tensor(torch.ones(2), torch.ones(2))\nprint(*set(sys.modules) - before)\n"
        )
        root = Path(__file__).parents[2]
        result = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=100)
        assert (result.stdout.strip(), result.stderr) == ("", "")


EQUAL = [
    None,
    ...,
    True,
    3,
    2.5,
    math.inf,
    1j,
    "a",
    b"a",
    range(3),
    slice(1, None),
    torch.float32,
    torch.device("cpu"),
    torch.strided,
    torch.Size([2, 3]),
    Path("a"),
    np.int8(3),
    np.float32(0.5),
    [],
    [1, (2.0, {"a": [None]})],
    {(1, "a"): 2},
    {1, 2},
    frozenset("ab"),
    {"t": torch.ones(2), "a": [np.ones(2)]},
    np.array(["a", "b"]),
    np.array([1.5], dtype=">f4"),
    torch.Generator().manual_seed(3),
]


class TestValue:
    @pytest.mark.parametrize("value", EQUAL, ids=lambda value: type(value).__name__)
    def test_equal_values_pass(self, value: object) -> None:
        """Plain data equals itself, at any depth, in a container of its own."""
        assert_value(value, value)
        assert_value([value], [value])

    @pytest.mark.parametrize(
        ("actual", "expected", "text"),
        [
            (True, 1, "the type is bool, and should be int"),
            (1, 1.0, "the type is int, and should be float"),
            (np.float64(1), 1.0, "the type is numpy.float64, and should be float"),
            ((1,), [1], "the type is tuple, and should be list"),
            ((2, 3), torch.Size([2, 3]), "the type is tuple, and should be torch.Size"),
            (1.0, torch.tensor(1.0), "the type is float, and should be torch.Tensor"),
            (torch.tensor(1), 1, "the type is torch.Tensor, and should be int: `.item()` makes a Python number of"),
            ("ab", "aB", "is 'ab', and should be 'aB'"),
            ([1], [1, 2], "the length is 1, and should be 2"),
            ([1, [2, (3,)]], [1, [2, (4,)]], "at [1][1][0]: is 3, and should be 4"),
            ({"a": [1]}, {"a": [2]}, "at ['a'][0]: is 1, and should be 2"),
            ({"a": 1}, {}, "'a' should not be there"),
            ({}, {"a": 1}, "'a' is missing"),
            ({True: 0}, {1: 0}, "1 is missing"),
            ([{1.0}], [{1}], "at [0]: 1 is missing"),
            ({(True,)}, {(1,)}, "at [0]: the type is bool, and should be int"),
            (slice(1), slice(2), "is slice(None, 1, None), and should be slice(None, 2, None)"),
            (range(2), range(3), "is range(0, 2), and should be range(0, 3)"),
            (torch.float16, torch.float32, "is torch.float16, and should be torch.float32"),
            (np.int8(1), np.int8(2), "is np.int8(1), and should be np.int8(2)"),
            ({"x": torch.ones(1)}, {"x": torch.ones(2)}, "at ['x']: the shape is (1,), and should be (2,)"),
            (np.ones(1), np.ones(1, dtype=np.float32), "the dtype is float64, and should be float32"),
            (np.ones(1), np.ones((1, 1)), "the shape is (1,), and should be (1, 1)"),
            ([np.array(["a", "b"])], [np.array(["a", "c"])], "at [0][1]: is 'b', and should be 'c'"),
            (np.arange(3)[::-1], np.arange(3), "2 of 3 elements differ; the first at [0]: is 2, and should be 0"),
        ],
    )
    def test_difference_is_named_with_its_place(self, actual: object, expected: object, text: str) -> None:
        """Types are compared exactly, and the first difference is named, with the way to it."""
        assert value_difference(actual, expected).startswith(text)

    def test_floats_are_exact_by_default(self) -> None:
        """A float may be off only as far as the spec allows."""
        assert value_difference(1.0000001, 1.0) == "is 1.0000001, and should be 1.0"
        assert_value([1.0000001], [1.0], rtol=1e-6)
        assert_value(1.05 + 0j, 1 + 0j, atol=0.1)
        assert_value(np.float32(1.05), np.float32(1), atol=0.1)
        assert value_difference(math.inf, 1.0, atol=math.inf) == "is inf, and should be 1.0"

    def test_integers_have_no_tolerance(self) -> None:
        """The tolerance is for floats."""
        assert value_difference(1, 2, atol=5.0) == "is 1, and should be 2"

    @pytest.mark.parametrize("nan", [math.nan, complex(math.nan, 0), np.float32("nan")])
    def test_nan_equals_nothing(self, nan: Any) -> None:
        """NaN is wrong everywhere, and a spec that expects it is told what to do instead."""
        assert "NaN equals nothing, not even NaN" in value_difference(nan, nan, atol=1.0)
        assert "NaN equals" not in value_difference(nan, type(nan)(1), atol=1.0)

    def test_tensors_inside_have_their_tolerance(self) -> None:
        """Tensors and arrays inside have the tolerance of their dtype, unless the spec gives one."""
        close = torch.nextafter(torch.ones(1), torch.zeros(1))
        assert_value([close, close.numpy()], [torch.ones(1), np.ones(1, dtype=np.float32)])
        assert_value([torch.ones(1) * 1.05], [torch.ones(1)], atol=0.1)
        assert "tolerance: rtol 0, atol 0.01" in value_difference([torch.ones(1) * 1.05], [torch.ones(1)], atol=0.01)

    def test_generators_by_state(self) -> None:
        """Generators are equal if they would go on alike."""
        one, two = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
        torch.rand(1, generator=one)
        assert value_difference(one, two) == "the generator is not in the state in which it should be"
        torch.rand(1, generator=two)
        assert_value(one, two)

    @pytest.mark.parametrize(
        "expected", [1, "a", None, [1], {"a": 1}, 2.5, {"a"}, torch.float32, torch.ones(1)], ids=repr
    )
    @pytest.mark.parametrize("make", [EqualToAll, Raising, lambda: YesString("b")])
    def test_hostile_objects_fail(self, make: Any, expected: object) -> None:
        """An object that is equal to everything, or raises when it is compared, has the wrong type, and that is all."""
        assert value_difference(make(), expected).startswith("the type is ")
        assert value_difference([make()], [expected]).startswith("at [0]: the type is ")
        assert value_difference({"k": make()}, {"k": expected}).startswith("at ['k']: the type is ")

    def test_hostile_keys_fail(self) -> None:
        """A key that is equal to the right one is not the right one."""
        assert value_difference({EqualToAll(): 1}, {"a": 1}).startswith("'a' is missing, and <")
        assert value_difference({(EqualToAll(),)}, {("a",)}).startswith("at [0]: the type is ")
        hostile, text = np.array([Raising()], dtype=object), np.array(["a"], dtype=object)
        assert value_difference(hostile, text).startswith("at [0]: the type is ")

    def test_handles_are_named_in_words(self) -> None:
        """A type of the harness means nothing to a learner."""
        handle = type("Handle", (), {"__module__": "harness.runner.handles", "_kind": lambda _: "Net"})()
        assert value_difference(handle, 1) == "the type is Net, and should be int"

    def test_unknown_data_is_the_specs_mistake(self) -> None:
        """A spec can expect plain data only: other types might be equal by any rule."""
        with pytest.raises(SpecError, match=r"decimal\.Decimal is not"):
            assert_value(Decimal(1), Decimal(1))
