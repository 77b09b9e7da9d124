from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.data.literals import literal, summary
from harness.spec.strategies import shapes, tensors

DTYPES = (
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.int64,
    torch.int8,
    torch.uint8,
    torch.uint16,
    torch.bool,
    torch.complex64,
    torch.complex128,
)
SIDES = shapes(max_dims=4, min_side=0, max_side=3)


def paste(text: str) -> Any:
    """What a learner gets who pastes the text at a prompt."""
    return eval(text, {"torch": torch, "np": np})


def same_strides(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors lie alike in memory; the stride of a side of one means nothing, nor any without elements."""
    told = [(s, t) for s, t, side in zip(a.stride(), b.stride(), a.shape, strict=True) if side > 1]
    return a.numel() == 0 or all(s == t for s, t in told)


def assert_same(back: torch.Tensor, x: torch.Tensor) -> None:
    assert type(back) is torch.Tensor
    assert (back.dtype, back.shape, back.device) == (x.dtype, x.shape, x.device)
    assert same_strides(back, x)
    np.testing.assert_array_equal(wide(back).numpy(), wide(x).numpy())


def wide(x: torch.Tensor) -> torch.Tensor:
    return x.to(torch.complex128 if x.is_complex() else torch.float64).resolve_conj().resolve_neg()


@given(tensors(shape=SIDES, dtype=st.sampled_from(DTYPES), noncontiguous=True))
def test_tensors_evaluate_to_themselves(x: torch.Tensor) -> None:
    """The text of a small tensor gives the same dtype, shape, strides and values."""
    assert_same(paste(literal(x)), x)


INTEGERS = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64)
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2)


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS], ids=str)
@given(bits=st.binary(min_size=32, max_size=32))
def test_no_bit_is_lost(dtype: torch.dtype, bits: bytes) -> None:
    """Whatever bits an element has, its text gives them back; which NaN it is does not matter."""
    x = torch.frombuffer(bytearray(bits), dtype=dtype)
    back = paste(literal(x))
    nan = (x != x) if dtype.is_floating_point else torch.zeros(len(x), dtype=torch.bool)
    same = (x.view(torch.uint8) == back.view(torch.uint8)).view(len(x), -1).all(1)
    assert back.dtype is dtype
    assert bool((same | nan).all())


@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS], ids=str)
def test_the_extremes_are_written_in_full(dtype: torch.dtype) -> None:
    """The least and the greatest element of a dtype can be pasted."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    x = torch.tensor([limits.min, limits.max, 0, 1], dtype=dtype)
    assert torch.equal(paste(literal(x)).view(torch.uint8), x.view(torch.uint8))


@given(tensors(shape=SIDES, elements=st.floats(width=32)))
def test_all_floats_survive(x: torch.Tensor) -> None:
    """No bit of a float is lost on the way, whether it is huge, tiny, infinite or not a number."""
    back = paste(literal(x))
    assert_same(back, x)
    assert torch.equal(back.signbit(), x.signbit()) or bool(x.isnan().any())


@st.composite
def views(draw: st.DrawFn) -> torch.Tensor:
    """Tensors as views make them: permuted, cut, with steps, expanded, one after another."""
    x: torch.Tensor = draw(tensors(shape=shapes(min_dims=1, max_side=4), dtype=torch.int64))
    for _ in range(draw(st.integers(1, 3))):
        way, dim = draw(st.integers(0, 3)), draw(st.integers(0, x.ndim - 1))
        if way == 0:
            x = x.permute(draw(st.permutations(range(x.ndim))))
        elif way == 1:
            index = draw(st.slices(x.shape[dim]).filter(lambda s: s.step is None or s.step > 0))
            x = x[(slice(None),) * dim + (index,)]
        elif way == 2:
            x = x.narrow(dim, 0, min(1, x.shape[dim])).expand(*x.shape)
        else:
            x = x.unfold(dim, min(2, x.shape[dim]), 1)
    return x


@given(views())
def test_views_keep_their_strides(x: torch.Tensor) -> None:
    """However a view lies in memory, its text gives one that lies alike, or is plainly no expression."""
    text = literal(x)
    if text.startswith("<"):
        assert x.numel() > 64
    else:
        assert_same(paste(text), x)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: torch.tensor([[1.0, 2.0]]), "torch.tensor([[1.0, 2.0]])"),
        (lambda: torch.tensor(3), "torch.tensor(3)"),
        (lambda: torch.tensor([True]), "torch.tensor([True])"),
        (lambda: torch.tensor([1, 2], dtype=torch.int8), "torch.tensor([1, 2], dtype=torch.int8)"),
        (lambda: torch.tensor([0.1]), "torch.tensor([0.1])"),
        (lambda: torch.tensor([0.1 + 1j]), "torch.tensor([(0.1+1j)])"),
        (lambda: torch.tensor([0.1], dtype=torch.bfloat16), "torch.tensor([0.1], dtype=torch.bfloat16)"),
        (lambda: torch.tensor([math.nan, -math.inf]), "torch.tensor([float('nan'), float('-inf')])"),
        (lambda: torch.zeros(0, 3), "torch.zeros((0, 3))"),
        (lambda: torch.zeros(0, dtype=torch.int64), "torch.zeros((0,), dtype=torch.int64)"),
        (lambda: torch.tensor([[1, 2], [3, 4]]).mT, "torch.tensor([[1, 2], [3, 4]]).mT"),
        (lambda: torch.ones(1, 1, 2, dtype=torch.int64).expand(1, 2, 2), "torch.tensor([[[1, 1]]]).expand((1, 2, 2))"),
        (lambda: torch.arange(4)[::2], "torch.tensor([0, 0, 2])[::2]"),
        (lambda: torch.arange(8).view(2, 4)[:, ::2], "torch.tensor([[0, 0, 2, 0], [4, 0, 6, 0]])[:, ::2]"),
        (lambda: torch.arange(6).view(2, 3)[:, :2], "torch.tensor([[0, 1, 0], [3, 4, 0]])[:, :2]"),
        (lambda: torch.arange(10).view(2, 5)[:, 0:3:2], "torch.tensor([[0, 0, 2, 0, 0], [5, 0, 7, 0, 0]])[:, :3:2]"),
        (
            lambda: torch.arange(4).view(1, 2, 2).permute(2, 0, 1),
            "torch.tensor([[[0, 1], [2, 3]]]).permute((2, 0, 1))",
        ),
        (
            lambda: torch.zeros(2, 100)[:, ::50],
            "torch.empty_strided((2, 2), (100, 50)).copy_(torch.tensor([[0.0, 0.0], [0.0, 0.0]]))",
        ),
        (lambda: torch.arange(3).unfold(0, 2, 1), "torch.tensor([0, 1, 2]).as_strided((2, 2), (1, 1))"),
        (lambda: torch.tensor([1 + 2j]).conj(), "torch.tensor([(1-2j)])"),
        (lambda: torch.tensor([1 + 2j]).conj().imag, "torch.tensor([-2.0])"),
        (lambda: torch.empty(99, 2, device="meta"), "torch.empty((99, 2), device='meta')"),
        (
            lambda: torch.empty(2, 3, device="meta", dtype=torch.bool).mT,
            "torch.empty_strided((3, 2), (1, 3), dtype=torch.bool, device='meta')",
        ),
        (lambda: torch.ones(1, requires_grad=True), "torch.tensor([1.0])"),
    ],
)
def test_the_text_is_the_one_a_learner_would_write(make: Any, text: str) -> None:
    """Dtype and strides are there only where they are not the ones to be expected, and numbers have few digits."""
    assert literal(make()) == text


@pytest.mark.parametrize("write", [literal, summary])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (torch.arange(100.0).view(4, 25) / 3, "<tensor float32 (4, 25), min 0, max 33>"),
        (torch.full((65,), math.nan), "<tensor float32 (65,), min nan, max nan>"),
        (torch.arange(65) > 3, "<tensor bool (65,), min 0, max 1>"),
        (torch.zeros(65, dtype=torch.complex64), "<tensor complex64 (65,)>"),
        (torch.nn.Parameter(torch.zeros(65)), "<Parameter float32 (65,), min 0, max 0>"),
        (torch.eye(2).to_sparse(), "<tensor float32 (2, 2), sparse_coo>"),
        (np.arange(65), "<array int64 (65,), min 0, max 64>"),
        (np.zeros(65, dtype=complex), "<array complex128 (65,)>"),
        (np.array([None]), "<array object (1,)>"),
        (np.zeros(1, dtype=">f4"), "<array >f4 (1,)>"),
    ],
)
def test_large_or_odd_ones_are_summarised(write: Any, value: object, text: str) -> None:
    """What is too long or too odd to be written out is named in a form that nobody takes for an expression."""
    assert write(value) == text


def test_subclasses_are_no_expressions() -> None:
    """The text of a parameter is not that of a tensor."""
    assert literal(torch.nn.Parameter(torch.zeros(2))) == "<Parameter float32 (2,)>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (torch.tensor([1.0]), "tensor([1.0], dtype=float32, shape=(1,))"),
        (torch.tensor(3), "tensor(3, dtype=int64, shape=())"),
        (torch.zeros(0, 2), "tensor([], dtype=float32, shape=(0, 2))"),
        (torch.zeros(1, device="meta"), "tensor(..., dtype=float32, shape=(1,), device=meta)"),
        (torch.nn.Parameter(torch.ones(1)), "Parameter([1.0], dtype=float32, shape=(1,))"),
        ((torch.tensor([1]), 2), "(tensor([1], dtype=int64, shape=(1,)), 2)"),
        (torch.tensor([math.nan, -math.inf]), "tensor([nan, -inf], dtype=float32, shape=(2,))"),
        (torch.tensor([complex(1, math.nan)]), "tensor([(1+nanj)], dtype=complex64, shape=(1,))"),
        (torch.tensor([65504.0], dtype=torch.float16), "tensor([65504.0], dtype=float16, shape=(1,))"),
        (torch.tensor([16777216.0], dtype=torch.bfloat16), "tensor([16777216.0], dtype=bfloat16, shape=(1,))"),
        (torch.tensor([1e30]), "tensor([1e+30], dtype=float32, shape=(1,))"),
        (np.array([math.nan, 1j]), "array([(nan+0j), 1j], dtype=complex128, shape=(2,))"),
        (np.array([math.inf]), "array([inf], dtype=float64, shape=(1,))"),
        (np.array([0.1], dtype=np.float32), "array([0.1], dtype=float32, shape=(1,))"),
        (
            torch.arange(32).view(2, 16) + 10,
            "tensor([[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25],\n"
            "        [26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41]], dtype=int64, shape=(2, 16))",
        ),
    ],
)
def test_summaries_say_dtype_and_shape(value: object, text: str) -> None:
    """A summary has the values, dtype and shape, and long matrices stand in rows."""
    assert summary(value) == text


ARRAYS = [
    np.array([[1.0, 2.0]]),
    np.array([0.1, math.nan], dtype=np.float32),
    np.array([0.1 + 1j, complex(math.inf, 0)], dtype=np.complex64),
    np.arange(3, dtype=np.uint8),
    np.array(True),
    np.array(["a", "bcd"]),
    np.zeros((0, 2), dtype=np.float16),
    np.zeros((2, 0), dtype="<U3"),
    np.arange(6).reshape(2, 3).T,
    np.arange(6).reshape(2, 3)[::-1],
    np.arange(6).reshape(2, 3)[:, ::-1].T,
]


@pytest.mark.parametrize("x", ARRAYS, ids=repr)
def test_arrays_evaluate_to_themselves(x: np.ndarray[Any, Any]) -> None:
    """The text of an array gives the same dtype, shape, strides and values."""
    back = paste(literal(x))
    assert type(back) is np.ndarray
    assert (back.dtype, back.shape) == (x.dtype, x.shape)
    assert x.size == 0 or back.strides == x.strides
    np.testing.assert_array_equal(back, x)


def test_array_with_gaps_loses_them() -> None:
    """Of an array with gaps, the text keeps the values only."""
    assert literal(np.arange(4)[::2]) == "np.array([0, 2])"
