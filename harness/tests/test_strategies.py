from __future__ import annotations

import doctest
import importlib
import time
import warnings
from typing import Any, cast

import pytest
import torch
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NonInteractiveExampleWarning

from harness.spec.strategies import (
    broadcastable_pairs,
    dtypes,
    float_dtypes,
    generators,
    integer_dtypes,
    matmul_pairs,
    matrices,
    seeds,
    shapes,
    tensors,
    vectors,
)

SEARCH = settings(max_examples=2000, database=None, derandomize=True)


def drawn(strategy: st.SearchStrategy[Any], count: int = 100) -> list[Any]:
    """What a test of so many examples would see."""
    seen = []

    @settings(max_examples=count, database=None, derandomize=True, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def test(value: Any) -> None:
        seen.append(value)

    test()
    return seen


class TestShapes:
    @given(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.data())
    def test_within_limits(self, dims: int, more: int, side: int, longer: int, data: st.DataObject) -> None:
        """Number of dimensions and sides stay within their limits."""
        strategy = shapes(min_dims=dims, max_dims=dims + more, min_side=side, max_side=side + longer)
        shape = data.draw(strategy)
        assert type(shape) is tuple
        assert dims <= len(shape) <= dims + more
        assert all(side <= n <= side + longer for n in shape)

    def test_shrinks(self) -> None:
        """The smallest shape has the fewest and shortest sides that will do."""
        assert find(shapes(), lambda shape: len(shape) > 1 and max(shape) > 2, settings=SEARCH) in ((1, 3), (3, 1))
        assert find(shapes(), lambda shape: True, settings=SEARCH) == ()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"min_dims": 4}, "min_dims=4 is greater than max_dims=3: swap them"),
            ({"max_side": 0}, "min_side=1 is greater than max_side=0: swap them"),
            ({"min_dims": -1}, "min_dims=-1 is negative: pass 0 or more"),
            ({"min_side": -1}, "min_side=-1 is negative: pass 0 or more"),
        ],
    )
    def test_wrong_limits(self, options: Any, message: str) -> None:
        """Wrong limits are refused when the strategy is made, with what to do instead."""
        with pytest.raises(InvalidArgument, match=message):
            shapes(**options)


class TestDtypes:
    @pytest.mark.parametrize(
        ("make", "simplest", "count"), [(float_dtypes, torch.float32, 4), (integer_dtypes, torch.int64, 5)]
    )
    def test_kinds(self, make: Any, simplest: torch.dtype, count: int) -> None:
        """All dtypes of the kind come, and the simplest is the usual one."""
        seen = set(drawn(make(), 200))
        assert len(seen) == count
        assert {dtype.is_floating_point for dtype in seen} == {make is float_dtypes}
        assert find(make(), lambda dtype: True, settings=SEARCH) is simplest

    def test_all(self) -> None:
        """`dtypes` gives both kinds, and bool."""
        assert len(set(drawn(dtypes(), 300))) == 10


class TestTensors:
    @given(st.data(), dtypes() | st.just(torch.complex64), shapes(min_side=0), st.booleans())
    def test_as_asked(self, data: st.DataObject, dtype: torch.dtype, shape: tuple[int, ...], strided: bool) -> None:
        """A tensor is plain, dense, on the CPU, without grad, with shape, dtype and elements as documented."""
        x = data.draw(tensors(shape=shape, dtype=dtype, noncontiguous=strided))
        assert type(x) is torch.Tensor
        assert (x.shape, x.dtype, x.device.type, x.layout) == (shape, dtype, "cpu", torch.strided)
        assert not x.requires_grad
        parts = torch.view_as_real(x) if x.is_complex() else x
        wide = parts.double()
        assert bool((wide.abs() <= 8).all())
        assert torch.equal(wide * 16, (wide * 16).round())
        assert strided or x.is_contiguous()

    @given(tensors(shape=shapes(max_dims=1), dtype=float_dtypes()))
    def test_shape_and_dtype_may_be_drawn(self, x: torch.Tensor) -> None:
        """Shape and dtype may come from strategies."""
        assert x.ndim <= 1
        assert x.is_floating_point()

    def test_elements_are_various(self) -> None:
        """Elements are drawn one by one: nearly all tensors hold several values, zeros and fractions among them."""
        seen = torch.stack(drawn(tensors(shape=(4, 4)), 200))  # (200, 4, 4)
        assert sum(len(x.unique()) > 4 for x in seen) > 180
        assert len({tuple(x.flatten().tolist()) for x in seen}) > 190
        assert 0.01 < (seen == 0).double().mean() < 0.2
        assert 0.3 < (seen < 0).double().mean() < 0.6
        fractions = (seen != seen.round()).flatten(1).any(1).double().mean()
        assert 0.25 < fractions < 0.75

    def test_shrinks(self) -> None:
        """The smallest failing tensor is small, and has simple numbers in it."""
        assert torch.equal(find(tensors(), lambda x: True, settings=SEARCH), torch.tensor(0.0))
        assert torch.equal(find(tensors(), lambda x: bool((x < 0).any()), settings=SEARCH), torch.tensor(-1.0))
        uneven = find(matrices(), lambda x: x.shape[0] < x.shape[1] and bool(x.any()), settings=SEARCH)
        assert torch.equal(uneven, torch.tensor([[1.0, 0.0]]))
        fraction = find(vectors(size=2), lambda x: bool((x != x.round()).any()), settings=SEARCH)
        assert torch.equal(fraction, torch.tensor([0.5, 0.0]))

    def test_limits(self) -> None:
        """`min_value` and `max_value` hold, in every dtype, and both sides of a range come up."""
        for dtype in (torch.float32, torch.int64, torch.uint8, torch.bfloat16):
            seen = torch.stack(drawn(tensors(shape=(8,), dtype=dtype, min_value=1, max_value=100)))
            assert 1 <= seen.min() < 5
            assert 90 < seen.max() <= 100

    @pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.int8, torch.uint8, torch.complex64])
    def test_unique(self, dtype: torch.dtype) -> None:
        """With `unique`, no two elements are equal, in any shape that the default shapes give."""
        for x in drawn(tensors(shape=shapes(min_dims=3), dtype=dtype, unique=True)):
            assert len(set(x.flatten().tolist())) == x.numel()

    def test_unique_shrinks(self) -> None:
        """The simplest different elements are the smallest whole numbers."""
        x = find(vectors(size=4, unique=True), lambda x: True, settings=SEARCH)
        assert torch.equal(x, torch.tensor([0.0, 1.0, -1.0, 2.0]))

    def test_elements(self) -> None:
        """Elements may come from a strategy of the spec's, all different if asked."""
        strategy = st.sampled_from([0.5, 3.0])
        assert set(torch.stack(drawn(tensors(shape=(2,), elements=strategy))).flatten().tolist()) == {0.5, 3.0}
        for x in drawn(tensors(shape=(2,), elements=strategy, unique=True)):
            assert sorted(x.tolist()) == [0.5, 3.0]

    def test_noncontiguous(self) -> None:
        """With `noncontiguous`, some are transposed, some have gaps in their last or first dimension, some neither."""
        strides = {x.stride() for x in drawn(tensors(shape=(2, 3), noncontiguous=True))}
        assert strides == {(3, 1), (1, 2), (6, 2), (6, 1)}
        assert {x.stride() for x in drawn(tensors(shape=(3,), noncontiguous=True))} == {(1,), (2,)}
        assert {x.stride() for x in drawn(tensors(shape=(), noncontiguous=True))} == {()}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"shape": 3}, r"shape=3 does not fit: pass a tuple of sides such as \(2, 3\)"),
            ({"shape": (2, -1)}, r"shape=\(2, -1\) does not fit"),
            ({"dtype": float}, "dtype=<class 'float'> does not fit: pass a dtype such as torch.float32"),
            ({"dtype": torch.bits8}, "torch.bits8 has no default elements: pass elements="),
            ({"elements": 3}, "elements=3 is no strategy: pass one such as st.floats"),
            ({"elements": st.floats(), "min_value": 0}, "min_value has no effect on elements: put the limit"),
            ({"max_value": float("nan")}, "max_value=nan is not a finite number: pass one, or None"),
            ({"min_value": "1"}, "min_value='1' is not a finite number"),
            ({"min_value": 2, "max_value": 1}, "min_value=2 is greater than max_value=1: swap them"),
            ({"dtype": torch.uint8, "max_value": -1}, "torch.uint8 has no number between .*: widen the limits"),
        ],
    )
    def test_wrong_arguments(self, options: Any, message: str) -> None:
        """Wrong arguments are refused when the strategy is made, with what to do instead; so they are for pairs."""
        with pytest.raises(InvalidArgument, match=message):
            tensors(**options)
        if "shape" not in options:
            with pytest.raises(InvalidArgument, match=message):
                matmul_pairs(**options)

    @pytest.mark.parametrize(
        ("strategy", "message"),
        [
            (tensors(shape=cast("Any", st.just([2]))), r"shape=\[2\] does not fit"),
            (tensors(dtype=cast("Any", st.just(None))), "dtype=None does not fit"),
            (tensors(shape=(300,), unique=True), "asks for 300 different numbers.*: draw smaller shapes, or widen"),
            (tensors(dtype=torch.int8, elements=st.just(300)), "torch.int8 cannot hold .*: draw numbers that fit"),
            (tensors(elements=st.just("a")), "cannot hold .*: draw numbers that fit"),
        ],
    )
    def test_wrong_draws(self, strategy: Any, message: str) -> None:
        """What shows only when a tensor is drawn is refused then."""
        with pytest.raises(InvalidArgument, match=message):
            drawn(strategy)

    def test_fast(self) -> None:
        """Drawing costs well under a millisecond and a half, Hypothesis's own work included."""
        drawn(tensors(shape=(4, 4)), 10)
        start = time.perf_counter()
        drawn(tensors(shape=(4, 4)), 300)
        assert (time.perf_counter() - start) / 300 < 0.01  # a loaded machine has time, one draw per element does not


class TestSizes:
    def test_default(self) -> None:
        """Sides that are not given are 1 to 4, all of them."""
        assert {x.shape for x in drawn(vectors(), 200)} == {(1,), (2,), (3,), (4,)}
        assert len({x.shape for x in drawn(matrices(), 300)}) == 16

    @given(matrices(rows=2, columns=st.integers(5, 6), dtype=torch.int64))
    def test_given(self, x: torch.Tensor) -> None:
        """Sides may be given as a number, as none at all, or by a strategy, beside the options of `tensors`."""
        assert x.shape in ((2, 5), (2, 6))
        assert x.dtype is torch.int64

    def test_empty(self) -> None:
        """A side of 0 is a size as any other."""
        assert drawn(vectors(size=0), 1)[0].shape == (0,)

    @pytest.mark.parametrize("wrong", [-1, 2.0, True, (3,)])
    def test_wrong(self, wrong: Any) -> None:
        """A side that is none is refused, with what to do instead."""
        with pytest.raises(InvalidArgument, match=r"rows=.* does not fit: pass a whole number such as 3"):
            matrices(rows=wrong)


class TestPairs:
    @given(broadcastable_pairs(max_dims=3, max_side=3, dtype=dtypes()))
    def test_broadcast(self, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
        """The two broadcast, within the limits, and have one dtype."""
        a, b = pair
        shape = (a + b).shape
        assert len(shape) <= 3
        assert max(shape, default=1) <= 3
        assert a.dtype is b.dtype

    def test_broadcast_is_really_needed(self) -> None:
        """Many pairs differ in shape, by a missing dimension or by a side of one, on either side."""
        pairs = drawn(broadcastable_pairs(), 200)
        assert sum(a.shape != b.shape for a, b in pairs) > 80
        assert any(a.ndim < b.ndim for a, b in pairs)
        assert any(a.ndim > b.ndim for a, b in pairs)
        assert any(a.ndim == b.ndim and a.shape != b.shape for a, b in pairs)

    @pytest.mark.parametrize("batch", [(), (2,), shapes(max_dims=2)])
    def test_matmul(self, batch: Any) -> None:
        """The two multiply as matrices, in batches of the same shape."""
        for a, b in drawn(matmul_pairs(batch=batch, min_value=0)):
            assert (a @ b).shape == (*a.shape[:-1], b.shape[-1])
            assert a.shape[:-2] == b.shape[:-2]
            assert bool((a >= 0).all() and (b >= 0).all())
            assert batch != (2,) or a.shape[:-2] == (2,)

    def test_shrink(self) -> None:
        """The smallest failing pair is two small tensors."""
        a, b = find(broadcastable_pairs(), lambda pair: True, settings=SEARCH)
        assert a.shape == b.shape == ()
        a, b = find(matmul_pairs(), lambda pair: bool((pair[0] @ pair[1]).sum() > 0), settings=SEARCH)
        assert a.numel() == b.numel() == 1


class TestSeeds:
    def test_range(self) -> None:
        """Seeds are those that every library takes, and differ."""
        seen = drawn(seeds(), 50)
        assert all(0 <= seed < 2**32 for seed in seen)
        assert len(set(seen)) > 20

    def test_generators(self) -> None:
        """A generator starts at its seed, and the simplest has seed 0."""
        generator = find(generators(), lambda generator: True, settings=SEARCH)
        assert generator.initial_seed() == 0
        assert torch.equal(generator.get_state(), torch.Generator().manual_seed(0).get_state())


@pytest.mark.parametrize("name", ["spec.asserts", "runner.last_call", "data.literals", "spec.strategies"])
def test_examples_of_the_documentation(name: str) -> None:
    """The examples in the docstrings of the specs' vocabulary run as they stand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NonInteractiveExampleWarning)
        result = doctest.testmod(importlib.import_module(f"harness.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
