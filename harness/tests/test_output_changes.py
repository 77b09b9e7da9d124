"""Distortions make a right answer wrong, and know whether they did."""

from __future__ import annotations

import collections
import copy
import dataclasses
import enum
import functools
import io
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from harness.errors import KataError, SourceError
from harness.judge.run import judge
from harness.mutation.outputs.names import DISTORTIONS, distorted
from harness.mutation.outputs.values import VALUES
from harness.mutation.outputs.wrapping import WAYS, distort


def change(way, result, *arguments, **keywords):
    """What a function that returns `result` returns when it is distorted, and whether that was noted."""
    touched = [False]
    return distort(lambda *_, **__: result, way, touched)(*arguments, **keywords), touched[0]


def alike(a, b):
    """Equal, of the same types and dtypes all the way down, NaN included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype is b.dtype and np.array_equal(a, b, equal_nan=a.is_floating_point())
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return repr(a) == repr(b)


@dataclasses.dataclass(frozen=True)
class Box:
    """A result with a name for its part."""

    part: object


F = torch.tensor([1.0, -2.0])
I = torch.tensor([[1, 2], [3, 4]])  # noqa: E741
B = torch.tensor([True, False])
C = torch.arange(32).view(2, 2, 2, 2, 2)

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
    ("last_slightly_off", F, torch.tensor([1.0, -2.002])),
    ("last_slightly_off", torch.zeros(2), torch.tensor([0.0, 1e-3])),
    ("last_off_by_one", I, torch.tensor([[1, 2], [3, 5]])),
    ("last_off_by_one", 3, 4),
    ("half_precision", F / 3, (F / 3).half().float()),
    ("half_precision", 0.1, 0.0999755859375),
    ("extra_dimension_behind", I, I[..., None]),
    ("permuted_0", I, I[[1, 0]]),
    ("permuted_1", I, I[:, [1, 0]]),
    ("permuted_2", C, C.roll(1, 2)),
    ("permuted_3", C, C.roll(1, 3)),
    ("permuted_last", C, C.roll(1, 4)),
    ("transposed", I, I.T),
    ("transposed", torch.ones(2, 3), torch.ones(3, 2)),
    ("other_case", "Text", "tEXT"),
    ("trailing_space", "text", "text "),
]

WHOLE = [
    ("items_reversed", [1, "a", [2, 3]], [[2, 3], "a", 1]),
    ("items_reversed", (1, 2), (2, 1)),
    ("items_reversed", ([1, 2],), ([2, 1],)),
    ("items_reversed", {"x": 1, "y": 2}, {"x": 2, "y": 1}),
    ("shorter", [1, 2], [1]),
    ("shorter", (F, I), (F,)),
    ("shorter", "text", "tex"),
    ("shorter", I, I[:1]),
    ("shorter", {"x": [1, 2]}, {"x": [1]}),
    ("key_missing", {"x": 1, "y": 2}, {"x": 1}),
    ("key_missing", [collections.OrderedDict(x=1)], [collections.OrderedDict()]),
    ("nothing", [1, 2], None),
    ("nothing", I, None),
    ("times_1_5", {2, 4}, {3, 6}),
    ("trailing_space", frozenset({"a"}), frozenset({"a "})),
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
    ("last_slightly_off", I),
    ("last_slightly_off", torch.empty(0)),
    ("last_off_by_one", F),
    ("last_off_by_one", B),
    ("last_off_by_one", True),
    ("half_precision", F),
    ("half_precision", 0.5),
    ("extra_dimension_behind", 2.0),
    ("permuted_0", torch.tensor(3)),
    ("permuted_0", torch.ones(3)),
    ("permuted_1", F),
    ("permuted_3", I),
    ("permuted_last", C[0]),
    ("transposed", F),
    ("transposed", torch.eye(2)),
    ("items_reversed", [1]),
    ("items_reversed", (1, 1)),
    ("items_reversed", torch.Size([1, 2])),
    ("shorter", 3),
    ("shorter", ""),
    ("shorter", []),
    ("shorter", torch.tensor(3)),
    ("shorter", torch.empty(0, 2)),
    ("key_missing", {}),
    ("key_missing", [1]),
    ("other_case", "12"),
    ("trailing_space", 3),
    ("nothing", None),
    ("times_1_5", torch.tensor([float("nan")])),
    ("negated", np.array(["a"])),
    ("negated", object),
]


def test_every_way_has_a_name():
    """The module without torch names what the package with torch does."""
    assert sorted(DISTORTIONS) == sorted(WAYS)


def test_every_change_of_a_value_is_tried():
    """No way that looks at nothing but the result is missing from the tables."""
    assert {way for way, *_ in CHANGED + WHOLE} == set(VALUES)


@pytest.mark.parametrize(("way", "result", "expected"), CHANGED, ids=[f"{w}-{type(r).__name__}" for w, r, _ in CHANGED])
def test_what_can_be_distorted_is(way, result, expected):
    """Each leaf is changed as the name says, wherever it stands, and the change is noted."""
    for wrap in (
        lambda x: x,
        lambda x: [x],
        lambda x: (x,),
        lambda x: {"a": x},
        lambda x: collections.OrderedDict(a=x),
        Box,
    ):
        before = copy.deepcopy(result)
        got, touched = change(way, wrap(result))
        assert touched
        got, wanted = (vars(x) if isinstance(x, Box) else x for x in (got, wrap(expected)))
        assert alike(got, wanted)
        assert alike(result, before)


@pytest.mark.parametrize(("way", "result", "expected"), WHOLE, ids=[f"{w}-{type(r).__name__}" for w, r, _ in WHOLE])
def test_containers_are_distorted_as_a_whole(way, result, expected):
    """What is done to a list, a tuple or a dict is done to the outermost that it can be done to."""
    got, touched = change(way, result)
    assert touched
    assert alike(got, expected)


@pytest.mark.parametrize(("way", "result"), UNCHANGED, ids=[f"{w}-{type(r).__name__}" for w, r in UNCHANGED])
def test_what_cannot_be_distorted_is_not_held_against_anybody(way, result):
    """A result that comes out the same is not touched."""
    got, touched = change(way, result)
    assert not touched
    assert got is result or alike(got, result)


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
        ((), {"n": 3}, 7, 3, True),
        ((F,), {}, None, None, False),
        ((F,), {}, F, F, False),
        ((F,), {}, F.clone(), F, False),
    ],
    ids=["no tensor", "by name", "no tensor, by name", "no result", "the same", "equal"],
)
def test_the_first_tensor_comes_back_instead(arguments, keywords, result, expected, touched):
    """`input_unchanged` gives the first tensor, or the first argument, unless that is the right result anyway."""
    got, noted = change("input_unchanged", result, *arguments, **keywords)
    assert got is expected
    assert noted is touched


def calls(way, function, *given):
    """What a distorted function gives for one argument after the other, or the exception's type."""
    touched = [False]
    wrong = distort(function, way, touched)
    results = []
    for argument in given:
        try:
            results.append(wrong(*argument) if isinstance(argument, tuple) else wrong(argument))
        except Exception as error:
            results.append(type(error).__name__)
    return results, touched[0]


SPOILED = [(0, 1), (2.0, 3.0), (-1.0, 1.0), (float("inf"), 0.0), (True, False), ("a", "a "), (1j, 2 + 1j)]


@pytest.mark.parametrize(("right", "wrong"), SPOILED, ids=[repr(right) for right, _ in SPOILED])
def test_only_the_first_call_is_right(right, wrong):
    """From the second call on, every number and every text is another one."""
    assert calls("right_once", lambda x: x, right, right, right) == ([right, wrong, wrong], True)
    if not isinstance(right, str):
        got, touched = calls("right_once", torch.tensor, right, right)
        assert touched
        assert alike(got, [torch.tensor(right), torch.tensor(wrong)])


def test_an_empty_result_is_spoiled_too():
    """Where there is no number that could be another one, the shape is."""
    assert [x.shape for x in calls("right_once", torch.empty, 0, 0)[0]] == [(0,), (1, 0)]


def test_what_has_no_wrong_value_is_no_fault():
    """A function that gives nothing is right however often it is called."""
    assert calls("right_once", lambda x: None, 1, 2) == ([None, None], False)
    assert calls("stale", lambda x: None, 1, 2) == ([None, None], False)
    assert calls("right_if_small", lambda x: None, 1, 200) == ([None, None], False)


def test_equal_shapes_give_equal_results():
    """A result is kept by the shapes of the tensors and the types of the rest, however deep they stand."""
    a, b, c = torch.ones(2), torch.zeros(2), torch.ones(3)
    got, touched = calls("stale", lambda x, n: x.sum() + n, (a, 1), (b, 2), (c, 3), (c, 4.0), (b, 5))
    assert touched
    assert [x.item() for x in got] == [3, 3, 6, 7, 3]
    assert calls("stale", lambda xs: len(xs[0]), ([a, b],), ([c, b],), ([b, a],))[0] == [2, 3, 2]


SQUARE, WIDE, ROW = torch.zeros(2, 2), torch.zeros(2, 3), torch.zeros(1, 2)
CONDITIONS = [
    # the way, an argument for which the result is right, one for which it is wrong, and one that is of no such kind
    ("right_if_square", SQUARE, WIDE, torch.zeros(3)),
    ("right_if_square", torch.zeros(3, 2, 2), np.zeros((2, 1)), 3),
    ("right_if_single_row", ROW, SQUARE, torch.tensor(1.0)),
    ("right_if_single_row", [4], [4, 4], "text"),
    ("right_if_not_empty", ROW, torch.zeros(2, 0), torch.tensor(1.0)),
    ("right_if_not_empty", [4], [[]], "text"),
    ("right_if_contiguous", WIDE, WIDE.T, torch.tensor(1.0)),
    ("right_if_contiguous", np.zeros(4), np.zeros(4)[::2], 3),
    ("right_if_float32", ROW, ROW.double(), 3),
    ("right_if_float32", [ROW, ROW.int()], [ROW.half(), ROW.int()], "text"),
    ("right_if_float32", np.zeros(2, np.float32), np.zeros(2), [3]),
    ("right_if_small", ROW, ROW - 101, torch.tensor([True])),
    ("right_if_small", 3, [3, 300], "text"),
    ("right_if_small", np.zeros(2, np.uint8), np.full(2, 200, np.uint8), np.array(["a"])),
]


@pytest.mark.parametrize(
    ("way", "fit", "unfit", "other"), CONDITIONS, ids=[f"{way}-{type(fit).__name__}" for way, fit, *_ in CONDITIONS]
)
def test_a_result_is_right_under_a_condition(way, fit, unfit, other):
    """The condition is looked at in all arguments, and one of its kind is enough for the way to apply."""
    assert calls(way, lambda *x: 7, fit, unfit, (fit, unfit), ([fit, {"a": unfit}],)) == ([7, 8, 8, 8], True)
    assert calls(way, lambda *x: 7, other) == ([7], False)
    assert calls(way, lambda *x: 7, (fit, other)) == ([7], True)


def test_whole_numbers_count_where_there_are_no_others():
    """Labels beside float32 features are right, and alone they are not float32."""
    assert calls("right_if_float32", lambda x: 7, ROW.int()) == ([8], True)


def test_a_copy_becomes_the_argument():
    """Only the memory is wrong: the values are those of the argument, in whichever shape."""
    x = torch.arange(4.0)
    for function in (torch.clone, lambda x: x.reshape(2, 2).clone(), lambda x: {"a": [x + 0]}):
        right = function(x)
        got, touched = change("aliased", right, "text", x)
        assert touched
        assert alike(got, right)
        got = got["a"][0] if isinstance(got, dict) else got
        assert got.data_ptr() == x.data_ptr()
    a = np.ones(3)
    assert np.shares_memory(change("aliased", torch.ones(3).double(), a)[0].numpy(), a)


@pytest.mark.parametrize(
    "function",
    [torch.neg, torch.Tensor.double, lambda x: x[:2].clone(), lambda x: x[:], lambda x: 3, lambda x: x[:0].clone()],
    ids=["other values", "other dtype", "a part", "a view", "no tensor", "empty"],
)
def test_what_equals_no_argument_is_not_aliased(function):
    """Where values would be wrong as well, or the memory is the argument's already, nothing is touched."""
    x = torch.arange(1.0, 5.0)
    right = function(x)
    got, touched = change("aliased", right, x)
    assert got is right
    assert not touched
    assert change("aliased", torch.ones(2).double(), np.ones(2)[::-1])[1] is False


def test_a_view_becomes_a_copy():
    """What should lie in an argument's memory does not, and nothing else is changed."""
    x, a = torch.ones(2, 3), np.ones(3)
    for right, argument in ((x.T, x), (x, x), (a[1:], a), (torch.from_numpy(a), a)):
        (got,), touched = change("not_aliased", (right,), [argument])
        assert touched
        assert got.tolist() == right.tolist()
        assert not np.shares_memory(np.asarray(got), np.asarray(argument))
    right = x + 1
    assert change("not_aliased", right, x) == (right, False)


@pytest.mark.parametrize(
    ("arguments", "afterwards"),
    [
        ((torch.tensor([0.0, 2.0]),), ([0.0, 0.0],)),
        ((3, torch.zeros(2), torch.zeros(2)), (3, [0.0, 1.0], [0.0, 0.0])),
        ((torch.tensor(5),), (0,)),
        ((torch.tensor([True]),), ([False],)),
        ((torch.ones(1, 1).expand(2, 2),), ([[0.0, 0.0], [0.0, 0.0]],)),
        ((torch.empty(0), [torch.ones(1)]), ([], [torch.zeros(1)])),
        ((np.ones(2),), ([1.0, 0.0],)),
        (([1, 2],), ([1, 3],)),
        (([[1, 2], [3, 4]],), ([[1, 3], [3, 4]],)),
    ],
    ids=["tensor", "the first", "scalar", "truth", "expanded", "not empty", "array", "list", "nested"],
)
def test_an_argument_is_overwritten(arguments, afterwards):
    """The result is right, and the first argument that has an element has another one."""
    got, touched = change("input_overwritten", 7, *arguments)
    assert (got, touched) == (7, True)
    assert [x.tolist() if hasattr(x, "tolist") else x for x in arguments] == list(afterwards)


@pytest.mark.parametrize("argument", [3, "text", [], torch.empty(0), np.empty(0), torch.ones(2, device="meta"), [None]])
def test_what_cannot_be_overwritten_is_not(argument):
    """Without an element that could be changed, nothing is touched."""
    assert change("input_overwritten", 7, argument) == (7, False)


def test_read_only_memory_is_not_overwritten():
    """What refuses to be written is left as it is."""
    frozen = np.ones(2)
    frozen.flags.writeable = False
    with torch.inference_mode():
        tensor = torch.ones(2)
    assert change("input_overwritten", 7, frozen) == (7, False)
    assert change("input_overwritten", 7, tensor) == (7, False)


def test_exceptions_are_left_out_or_replaced():
    """What raises returns None, or raises something that no `except` of the right type catches."""
    assert calls("never_raises", math.sqrt, -1, 4) == ([None, 2.0], True)
    assert calls("raises_other", math.sqrt, -1, 4) == (["OtherError", 2.0], True)
    assert calls("raises_other", math.sqrt, 4) == ([2.0], False)
    with pytest.raises(Exception, match=r"nonnegative|domain") as caught:
        distort(math.sqrt, "raises_other", [False])(-1)
    assert not isinstance(caught.value, ValueError)


@pytest.mark.parametrize("error", [KataError("to do"), StopIteration(), KeyboardInterrupt()], ids=repr)
def test_what_is_no_fault_of_the_code_is_raised_on(error):
    """The harness's own exceptions, the end of an iterator and the end of the program are left alone."""

    def f():
        raise error

    touched = [False]
    with pytest.raises(type(error)):
        distort(f, "never_raises", touched)()
    assert not touched[0]


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


class Net(nn.Module):
    """Twice its argument, by a method of its own."""

    def forward(self, x):
        return self.twice(x)

    def twice(self, x):
        return 2 * x


def test_a_method_that_another_one_calls_is_left_right():
    """Two changes, one on top of the other, may undo each other; one is made, where the result comes out."""
    net = distort(Net, "negated", [False])()
    assert (net(3), net.forward(3), net.twice(3)) == (-6, -6, -6)


def test_each_object_remembers_its_own_calls():
    """The first call of a method is right for each object, and nothing of an earlier module is left."""
    wrong = distort(Net, "right_once", [False])
    a, b = wrong(), wrong()
    assert [a(1), a(1), b(1), b(1), a.twice(1), a.twice(1)] == [2, 3, 2, 3, 2, 3]
    assert calls("right_once", lambda x: x, 1) == calls("right_once", lambda x: x, 1) == ([1], True)


class Rows:
    """Can be used in each way in which an object is used without a method's name."""

    size = property(lambda self: 2, lambda self, value: None)

    def __getitem__(self, index):
        return [index]

    def __iter__(self):
        return iter([1, 2])

    def __call__(self, x):
        return x

    def __enter__(self):
        return 5

    def __exit__(self, *error):
        return None

    def _hidden(self):
        return 1

    @classmethod
    def of_size(cls, n):
        return n


def used(rows):
    """What comes out of such an object."""
    with rows as entered:
        return [rows[3], list(rows), rows(4), entered, rows.size]


def test_objects_are_distorted_however_they_are_used():
    """What indexing, iterating, calling and entering give is distorted, and so are properties and class methods."""
    wrong = distort(Rows, "negated", [False])
    assert used(wrong()) == [[-3], [-1, -2], -4, -5, -2]
    assert (wrong.of_size(3), wrong()._hidden()) == (-3, 1)
    wrong().size = 3
    assert (wrong.__name__, wrong.__qualname__, wrong.__module__, wrong.__doc__) == (
        *("Rows", "Rows", __name__),
        Rows.__doc__,
    )


class Pair:
    """Has a length."""

    def __len__(self):
        return 2


def test_lengths_are_distorted():
    """`len` is a method's result like any other."""
    assert len(distort(Pair, "times_1_5", [False])()) == 3


def test_copies_are_distorted():
    """A copy of an object of a distorted class is of that class."""
    assert copy.deepcopy(distort(Net, "negated", [False])())(3) == -6


class Scaled:
    """An iterator of its own."""

    def __init__(self):
        self.left = [1, 2]

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop(0)


class Scale:
    """Has no dict, and a method."""

    __slots__ = ("factor",)

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return self.factor * x


def numbers():
    """An iterator by `yield`."""
    yield 1
    yield 2


RETURNED = {
    "a function": (lambda: lambda x: x, lambda f: f(3), -3),
    "a method": (lambda: [3, 4].copy, lambda f: f(), [3, 4]),
    "a bound method": (lambda: Net().twice, lambda f: f(3), -6),
    "a partial": (lambda: functools.partial(max, 3), lambda f: f(4), -4),
    "a module": (lambda: nn.Identity(), lambda net: net(F).tolist(), [-1.0, 2.0]),
    "in a list": (lambda: [nn.Identity()], lambda nets: nets[0](F).tolist(), [-1.0, 2.0]),
    "modules in sequence": (lambda: nn.Sequential(nn.Identity()), lambda net: net(F).tolist(), [-1.0, 2.0]),
    "a generator": (numbers, list, [-1, -2]),
    "a map": (lambda: map(abs, [-1, 2]), list, [-1, -2]),
    "an iterator of one's own": (lambda: Scaled(), list, [-1, -2]),
    "a loader": (lambda: DataLoader([1.0, 2.0], batch_size=2), lambda it: [b.tolist() for b in it], [[-1.0, -2.0]]),
    "a function that gives one": (lambda: lambda: lambda x: x, lambda f: f()(3), -3),
    "an enumeration": (lambda: Shade.DARK, lambda shade: shade.value, 1),
    "a class": (lambda: Net, lambda net: net()(3), 6),
    "an object with slots": (lambda: Scale(2), lambda scale: scale(3), -6),
    "a file": (lambda: io.StringIO("a\nb"), lambda file: file.read(), "a\nb"),
    "an object without methods": (lambda: object(), type, object),
}


class Shade(enum.Enum):
    """Has no subclasses."""

    DARK = 1

    def __call__(self):
        return 1


@pytest.mark.parametrize("name", RETURNED)
def test_what_comes_out_of_what_is_returned_is_distorted(name):
    """An exercise that gives a module, a loader or a function is judged by what these give."""
    make, use, expected = RETURNED[name]
    touched = [False]
    returned = distort(make, "negated", touched)()
    assert not touched[0]
    assert use(returned) == expected
    assert touched[0] is (use(make()) != expected)


def test_what_is_returned_stays_what_it_is():
    """A module that comes back is the same object, with its name, its parameters and its class's attributes."""
    net = nn.Linear(2, 3)
    returned = distort(lambda: net, "negated", [False])()
    assert returned is net
    assert isinstance(net, nn.Linear)
    assert type(net).__name__ == "Linear"
    assert list(net.state_dict()) == ["weight", "bias"]
    assert repr(net) == repr(nn.Linear(2, 3))


def test_what_is_returned_remembers_its_own_calls():
    """Ways that depend on the call look at the calls of a returned function, and at the items of an iterator."""
    f = distort(lambda: lambda x: 7, "right_if_small", [False])()
    assert [f(3), f(300)] == [7, 8]
    assert list(distort(numbers, "right_once", [False])()) == [1, 3]
    raised, touched = calls("never_raises", lambda: functools.partial(math.sqrt, -1), ())
    assert (raised[0](), touched) == (None, False)


def halved(x):
    """Gives nothing, and halves its argument."""
    with torch.no_grad():
        x *= 0.5


IN_PLACE = [
    ("times_1_5", [1.5, -3.0]),
    ("negated", [-1.0, 2.0]),
    ("last_slightly_off", [1.0, -2.002]),
    ("permuted_0", [-2.0, 1.0]),
    ("not_a_number", [1.0, float("nan")]),
    ("right_if_small", [1.0, -2.0]),
    ("input_unchanged", [2.0, -4.0]),
]


@pytest.mark.parametrize(("way", "expected"), IN_PLACE, ids=[way for way, _ in IN_PLACE])
def test_what_is_changed_in_place_is_distorted(way, expected):
    """A function that returns nothing is judged by what it leaves in its arguments, itself or in a list."""
    for wrap in (lambda x: x, lambda x: [x], lambda x: {"a": (x,)}):
        x, other = torch.tensor([2.0, -4.0]), torch.ones(2)
        touched = [False]
        returned = distort(lambda given, _, inside=x: halved(inside), way, touched)(wrap(x), other)
        assert returned is None
        assert alike(x, torch.tensor(expected))
        assert other.tolist() == [1, 1]
        assert touched[0]


@pytest.mark.parametrize(
    "way", ["other_dtype", "extra_dimension", "shorter", "nothing", "aliased", "stale", "key_missing"]
)
def test_what_cannot_be_done_in_place_is_not(way):
    """Another dtype or shape has no room there, and a place is no result that could be another object."""
    x = torch.tensor([2.0, -4.0])
    touched = [False]
    distort(halved, way, touched)(x)
    assert (x.tolist(), touched) == ([1, -2], [False])


def test_only_the_first_call_changes_rightly():
    """Calls are counted, not the places that each of them changes."""
    both = [torch.tensor([2.0]), torch.tensor([4.0])]
    wrong = distort(lambda xs: [halved(x) for x in xs] and None, "right_once", [False])
    wrong(both)
    assert [x.item() for x in both] == [1, 2]
    wrong(both)
    assert [x.item() for x in both] == [0.5 + 2, 1 + 2]


def test_an_argument_that_comes_back_changed_is_still_that_argument():
    """The values are wrong, and nothing else: a spec must look at them, not only at what object it is."""

    def doubled(x):
        return x.mul_(2)

    x = torch.ones(2)
    assert distort(doubled, "negated", [False])(x) is x
    assert x.tolist() == [-2, -2]
    assert distort(doubled, "extra_dimension", [False])(x).shape == (1, 2)


def test_gradients_and_parameters_are_places_too():
    """What backward passes and optimizers leave is distorted, also where a method works on a model that it keeps."""

    def step(model, optimizer):
        model(torch.ones(1, 1)).sum().backward()
        optimizer.step()

    class Trainer:
        def __init__(self, model):
            self.model = model

        def step(self):
            step(self.model, torch.optim.SGD(self.model.parameters(), lr=0.5))

    def of(run, way):
        touched = [False]
        model = nn.Linear(1, 1, bias=False)
        with torch.no_grad():
            model.weight.fill_(2.0)
        run(model, way, touched)
        return model.weight.item(), model.weight.grad and model.weight.grad.item(), touched[0]

    def by_function(model, way, touched):
        distort(step, way, touched)(model, torch.optim.SGD(model.parameters(), lr=0.5))

    def by_method(model, way, touched):
        distort(Trainer, way, touched)(model).step()

    for run in (by_function, by_method):
        assert of(run, "negated") == (-1.5, -1, True)
        assert of(run, "input_unchanged") == (2, None, True)
        assert of(run, "stale") == (1.5, 1, False)


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
    assert found.touched is not None
    assert (found.label, found.only) == ("distorted:double__constant", "double")
    assert (module.double(0), found.touched()) == (0, False)
    assert (module.double(3), module.join_words(["a", "b"]), found.touched()) == (0, "a b", True)


@pytest.mark.parametrize("name", ["double", "double__squared", "triple__negated", ""])
def test_unknown_distortions_are_refused(kata, name):
    """The message lists the ways there are."""
    with pytest.raises(
        SourceError, match="is no distortion of tiny_things: they are called EXERCISE__WAY, with times_1_5"
    ):
        distorted(kata, name)


def test_another_process_tells_what_was_touched(cellar, warm):
    """Where the judge sits in a process of its own, it learns of distorted exceptions as of distorted results."""
    spec = """\
        import pytest

        @pytest.mark.exercise("f")
        def test_f(impl):
            \"\"\"Raises something.\"\"\"
            with pytest.raises(Exception):
                impl.f(-1)
    """
    kata = cellar.kata("def f(x):\n    if x < 0:\n        raise ValueError(x)\n    return x\n", spec=spec)
    ways = {"raises_other": ("passed", True), "never_raises": ("failed", True), "negated": ("passed", False)}
    found = judge(kata, [f"distorted:f__{way}" for way in ways], parent=warm)
    assert [(f.outcome, f.touched) for f in found] == list(ways.values())
