"""Distortions make a right answer wrong, and know whether they did."""

from __future__ import annotations

import collections

import numpy as np
import pytest
import torch

from harness.distorting import WAYS, distort
from harness.distortions import DISTORTIONS, TOUCHED, distorted
from harness.errors import SourceError


def change(way, result, *arguments, **keywords):
    """What a function that returns `result` returns when it is distorted, and whether that was noted."""
    touched = [False]
    return distort(lambda *_, **__: result, way, touched)(*arguments, **keywords), touched[0]


def same(a, b):
    """Equal, of one type and dtype, NaN included."""
    if isinstance(a, torch.Tensor):
        return type(a) is type(b) and a.dtype is b.dtype and a.shape == b.shape and a.tolist() == b.tolist()
    return type(a) is type(b) and repr(a) == repr(b)


F = torch.tensor([1.0, -2.0])
I = torch.tensor([[1, 2], [3, 4]])  # noqa: E741
B = torch.tensor([True, False])

CHANGED = [
    ("times_1_5", F, torch.tensor([1.5, -3.0])),
    ("times_1_5", I, torch.tensor([[1, 3], [4, 6]])),
    ("times_1_5", 2, 3),
    ("times_1_5", 2.0, 3.0),
    ("slightly_off", F, F * 1.001),
    ("slightly_off", F.half(), (F * (1 + 4 * 2**-10)).half()),
    ("slightly_off", 2.0, 2.002),
    ("negated", F, -F),
    ("negated", B, ~B),
    ("negated", True, False),
    ("negated", 3, -3),
    ("other_dtype", F, F.double()),
    ("other_dtype", F.double(), F),
    ("other_dtype", I, I.int()),
    ("other_dtype", B, B.to(torch.uint8)),
    ("other_dtype", F.half(), F),
    ("other_dtype", 3, 3.0),
    ("extra_dimension", F, F[None]),
    ("constant", F, F * 0),
    ("constant", I, torch.zeros_like(I)),
    ("constant", B, torch.tensor([False, False])),
    ("constant", 3, 0),
    ("constant", "text", ""),
    ("reversed", F, torch.tensor([-2.0, 1.0])),
    ("reversed", I, torch.tensor([[2, 1], [4, 3]])),
    ("reversed", "text", "txet"),
    ("not_a_number", 2.0, float("nan")),
    ("input_unchanged", F, None),
]

UNCHANGED = [
    ("times_1_5", B),
    ("times_1_5", "text"),
    ("times_1_5", torch.zeros(2)),
    ("times_1_5", torch.Size([2])),
    ("slightly_off", I),
    ("slightly_off", 2),
    ("negated", "text"),
    ("negated", torch.zeros(2)),
    ("other_dtype", 2.0),
    ("other_dtype", torch.Size([2])),
    ("extra_dimension", 3),
    ("constant", torch.zeros(2)),
    ("constant", None),
    ("reversed", torch.tensor(3.0)),
    ("reversed", torch.ones(2)),
    ("reversed", 3),
    ("not_a_number", I),
    ("not_a_number", torch.empty(0)),
    ("not_a_number", 3),
    ("negated", np.array(["a"])),
    ("negated", object),
]


def test_every_way_has_a_name_and_is_tried():
    """The module without torch names what the one with torch does, and this file tries all."""
    assert list(DISTORTIONS) == list(WAYS)
    assert {way for way, *_ in CHANGED} == set(WAYS)


@pytest.mark.parametrize(("way", "result", "expected"), CHANGED, ids=[f"{w}-{type(r).__name__}" for w, r, _ in CHANGED])
def test_what_can_be_distorted_is(way, result, expected):
    """Each leaf is changed as the name says, wherever it stands, and the change is noted."""
    argument = torch.zeros(3)
    if way == "input_unchanged":
        got, touched = change(way, result, 1, argument)
        assert got is argument
        assert touched
        return
    for wrap in (lambda x: x, lambda x: [x, "a"][:1], lambda x: (x,), lambda x: {"a": x}):
        got, touched = change(way, wrap(result))
        wanted = wrap(expected)
        assert touched
        if isinstance(wanted, list | tuple):
            assert type(got) is type(wanted)
            got, wanted = got[0], wanted[0]
        elif isinstance(wanted, dict):
            got, wanted = got["a"], wanted["a"]
        assert same(got, wanted)


@pytest.mark.parametrize(("way", "result"), UNCHANGED, ids=[f"{w}-{type(r).__name__}" for w, r in UNCHANGED])
def test_what_cannot_be_distorted_is_not_held_against_anybody(way, result):
    """A result that comes out the same is not touched."""
    got, touched = change(way, result)
    assert not touched
    assert got is result or same(got, result)


def test_only_the_last_element_is_no_number():
    """One element among many is what a careless comparison overlooks."""
    got, touched = change("not_a_number", torch.ones(2, 2))
    assert torch.isnan(got).tolist() == [[False, False], [False, True]]
    assert touched


def test_arrays_are_distorted_like_tensors():
    """NumPy's numbers are changed as torch's are, and what is no number stays."""
    a = np.array([1.0, 2.0])
    got, touched = change("times_1_5", a[::-1])
    assert (type(got), got.dtype, got.tolist(), touched) == (np.ndarray, a.dtype, [3.0, 1.5], True)
    assert change("slightly_off", np.array([1, 2]))[1] is False
    assert a.tolist() == [1.0, 2.0]


def test_named_tuples_stay_named():
    """Tuples with names, torch's own among them, keep their types."""
    pair = collections.namedtuple("pair", "a b")
    assert change("negated", pair(1, 2))[0] == pair(-1, -2)
    assert type(change("negated", F.topk(1))[0]) is type(F.topk(1))


@pytest.mark.parametrize(
    ("arguments", "keywords", "result", "expected", "touched"),
    [
        ((3, 4), {}, 7, 3, True),
        ((), {"x": F}, I, F, True),
        ((), {"n": 3}, 7, 7, False),
        ((F,), {}, None, None, False),
        ((F,), {}, F, F, False),
        ((F,), {}, F.clone(), F, False),
    ],
    ids=["no tensor", "by name", "nothing to give", "no result", "the same", "equal"],
)
def test_the_first_tensor_comes_back_instead(arguments, keywords, result, expected, touched):
    """`input_unchanged` gives the first tensor, or the first argument, unless that is the right result anyway."""
    got, noted = change("input_unchanged", result, *arguments, **keywords)
    assert got is expected
    assert noted is touched


class Meter:
    """Counts what is added."""

    scale = 2

    def __init__(self, start=1):
        self.total = start

    def add(self, n):
        self.total += n
        return self.total

    @staticmethod
    def double(n):
        return 2 * n


def test_methods_of_a_class_are_distorted():
    """A class keeps its name, its signature and its state; what its methods return is distorted."""
    touched = [False]
    wrong = distort(Meter, "negated", touched)
    meter = wrong(5)
    assert not touched[0]
    assert (wrong.__name__, meter.add(1), meter.add(1), meter.total, meter.scale) == ("Meter", -6, -7, 7, 2)
    assert wrong.double(4) == -8
    assert isinstance(meter, Meter)
    assert touched[0]


def test_an_autograd_function_is_distorted():
    """A forward pass that is static is distorted where torch calls it."""

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

    assert distort(Twice, "negated", [False]).apply(torch.ones(2)).tolist() == [-2.0, -2.0]


def test_one_exercise_of_the_reference_is_distorted(kata):
    """The implementation differs from the reference in that exercise, judges it alone, and notes what it did."""
    found = distorted(kata, "double__constant")
    module = found.load()
    assert (found.label, found.only) == ("distorted:double__constant", "double")
    assert (module.double(0), getattr(module, TOUCHED)) == (0, [False])
    assert (module.double(3), module.join_words(["a", "b"]), getattr(module, TOUCHED)) == (0, "a b", [True])


@pytest.mark.parametrize("name", ["double", "double__squared", "triple__negated", ""])
def test_unknown_distortions_are_refused(kata, name):
    """The message lists the ways there are."""
    with pytest.raises(
        SourceError, match="is no distortion of tiny_things: they are called EXERCISE__WAY, with times_1_5"
    ):
        distorted(kata, name)
