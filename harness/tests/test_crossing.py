"""The data-only rule: what passes between a spec and an implementation, and in which form."""

from __future__ import annotations

import collections
import enum
import pathlib
import types

import numpy as np
import pytest
import torch
from torch.torch_version import TorchVersion

from harness.data.crossing import Crossing, check_argument, is_dense
from harness.errors import SpecError

FOLDER = pathlib.Path(__file__).parent


def check(value, *, is_handle=lambda value: False):
    check_argument(value, folder=FOLDER, where="argument 1", is_handle=is_handle)


def come_back(value, arguments=()):
    """What the spec gets for a result; what cannot pass comes as `("handle", object)`."""
    return Crossing(arguments, handle=lambda value: ("handle", value)).result(value)


def _name(value):
    return type(value).__name__


PLAIN = [
    None,
    ...,
    True,
    3,
    2.5,
    1 + 2j,
    "text",
    b"bytes",
    [1, [2.0]],
    (1, ("a",)),
    {"a": [1], 2: None, (1, 2): "b"},
    slice(1, None, 2),
    torch.Size([2, 3]),
    torch.float32,
    torch.device("cpu"),
    torch.strided,
    torch.channels_last,
    torch.Generator(),
    torch.ones(2, 2).t(),
    torch.ones(2, dtype=torch.complex64).conj(),
    torch.empty(0),
    torch.ones(2, device="meta"),
    np.ones(3),
    np.array(["a", "b"]),
    np.float32(1.5),
    FOLDER / "file.txt",
]


@pytest.mark.parametrize("value", PLAIN, ids=_name)
def test_plain_data_pass(value):
    """Every kind of plain data goes over as it is, and comes back equal and of the same type."""
    check(value)
    back = come_back(value)
    assert type(back) is type(value)
    if not isinstance(value, torch.Tensor | np.ndarray):
        assert back == value


class Model(torch.nn.Module):
    pass


class Masked(torch.Tensor):
    pass


Point = collections.namedtuple("Point", "x y")

REFUSED = [
    (torch.ones(2, requires_grad=True), "argument 1 requires grad: pass it detached, and let a probe do what needs"),
    (torch.eye(2).to_sparse(), "argument 1 is no dense tensor: only dense ones pass; let a probe build the other kind"),
    (lambda: 0, "argument 1 is a builtins.function, and only plain data and handles pass from a spec to"),
    (Model(), "build it in the kata's probes.py instead"),
    (Model, "argument 1 is a builtins.type"),
    (types, "argument 1 is a builtins.module"),
    ({1, 2}, "argument 1 is a builtins.set"),
    (Masked([1.0]), "test_crossing.Masked"),
    (torch.nn.Parameter(torch.ones(1), requires_grad=False), "torch.nn.parameter.Parameter"),
    (Point(1, 2), "Point"),
    (collections.OrderedDict(a=1), "collections.OrderedDict"),
    (np.ma.masked_array([1]), "numpy.ma"),
    (np.array([object()]), "argument 1 is a NumPy array of Python objects: only numbers, strings and bytes may pass"),
    (FOLDER.parent / "secret", "outside the run's folder: use impl.folder()"),
    (FOLDER / ".." / "secret", "outside the run's folder"),
    ([1, {"a": (print,)}], "argument 1[1]['a'][0] is a builtins.builtin_function_or_method"),
    ({print: 1}, "a key of argument 1 is a builtins.builtin_function_or_method"),
    (slice(print), "a bound of argument 1 is a builtins.builtin_function_or_method"),
]


@pytest.mark.parametrize(("value", "said"), REFUSED, ids=[said[-40:] for _, said in REFUSED])
def test_all_else_is_refused(value, said):
    """What cannot pass is named, with its place and with what to do instead."""
    with pytest.raises(SpecError) as caught:
        check(value)
    assert said in str(caught.value)


def test_handles_pass_wherever_they_stand():
    """Handles are allowed, also inside of containers."""
    handle = object()
    check([handle, {"a": (handle,), handle: slice(handle)}], is_handle=lambda value: value is handle)


@pytest.mark.filterwarnings("ignore::UserWarning")  # torch is about to part with some of them
def test_only_arrays_of_numbers_are_dense():
    """Sparse, quantized and nested tensors are not dense, nor are those that only look like tensors."""
    with torch.no_grad():
        fake = torch._subclasses.FakeTensorMode().from_tensor(torch.ones(2))
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    assert not any(map(is_dense, (fake, quantized, nested, torch.eye(2).to_sparse())))
    assert is_dense(torch.nn.Parameter(torch.ones(2)))


class Level(enum.IntEnum):
    LOW = 1


class Shelf(collections.UserDict[str, object]):
    """As transformers' BatchEncoding is one."""


class Grades(list[int]):
    pass


class Sum(float):
    pass


NORMALISED = [
    (Level.LOW, 1),
    (TorchVersion("2.15"), "2.15"),
    (Sum(1.5), 1.5),
    (Grades([1, Level.LOW]), [1, 1]),
    (Point(1, Level.LOW), (1, 1)),
    (collections.OrderedDict(a=Level.LOW), {"a": 1}),
    (Shelf(a=[Level.LOW]), {"a": [1]}),
    (types.MappingProxyType({Level.LOW: 2}), {1: 2}),
    (slice(Level.LOW, None), slice(1, None)),
    (pathlib.PurePosixPath("a"), pathlib.PurePosixPath("a")),
]


@pytest.mark.parametrize(("value", "plain"), NORMALISED, ids=_name)
def test_results_become_plain(value, plain):
    """A subclass becomes what it is a subclass of, however deep it is hidden."""
    back = come_back(value)
    assert back == plain
    assert repr(back) == repr(plain)
    assert type(back) is type(plain)


def test_topk_gives_a_tuple():
    """What torch's functions return under names of its own is a tuple."""
    back = come_back(torch.ones(3).topk(2))
    assert type(back) is tuple
    assert [type(item) for item in back] == [torch.Tensor, torch.Tensor]


@pytest.mark.parametrize(
    "value",
    [
        torch.nn.Parameter(torch.ones(2)),
        torch.ones(2, requires_grad=True) * 1,
        torch.ones(2).as_subclass(Masked),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch._neg_view(torch.ones(2)),
    ],
    ids=["parameter", "graph", "subclass", "conjugate", "negative"],
)
def test_tensors_become_plain(value):
    """A tensor comes back detached, of the plain class, and without a pending operation."""
    back = come_back(value)
    assert type(back) is torch.Tensor
    assert not (back.requires_grad or back.is_conj() or back.is_neg())
    assert torch.equal(back, value.detach().as_subclass(torch.Tensor).resolve_conj().resolve_neg())


def test_inference_tensors_can_be_changed():
    """What was computed under inference mode is a tensor like any other."""
    with torch.inference_mode():
        value = torch.ones(2) * 2
    come_back(value).add_(1)


@pytest.mark.parametrize(
    "value",
    [{1}, print, Model(), torch.eye(2).to_sparse(), np.array([object()]), np.ma.masked_array([1]), iter([1]), range(2)],
    ids=_name,
)
def test_what_has_no_plain_form_is_a_handle(value):
    """Anything else stays with the implementation."""
    assert come_back(value) == ("handle", value)
    assert come_back({"a": [value]}) == {"a": [("handle", value)]}


def test_results_share_the_arguments_memory():
    """A view of an argument is a view of it in the spec as well."""
    x = torch.zeros(2, 3)
    back = come_back(x.t()[0], ((x,), {}))
    back[0] = 5
    assert x[0, 0] == 5


@pytest.mark.parametrize("value", [torch.ones(2), np.ones(2), torch.Generator(), [1], {"a": 1}, (1, "a")], ids=_name)
def test_an_argument_that_comes_back_is_the_argument(value):
    """`result is argument` holds, also for what is inside of an argument."""
    assert come_back(value, (([value],), {})) is value


def test_gradients_do_not_stay_on_arguments():
    """An argument for which gradients were asked is plain again after the call."""
    x = torch.ones(2)
    crossing = Crossing(((x,), {"more": [x]}), handle=id)
    x.requires_grad_()
    (x * x).sum().backward()
    crossing.settle_arguments()
    assert not x.requires_grad
    assert x.grad is None


@pytest.mark.parametrize(
    "make", [lambda base: base, lambda base: base[0], lambda base: base.t()], ids=["own", "row", "t"]
)
def test_arguments_leave_the_graph(make):
    """An argument that was changed by something with a graph keeps its values and its memory, not the graph."""
    base = torch.zeros(2, 2)
    x = make(base)
    crossing = Crossing(((x,), {}), handle=id)
    x.add_(torch.ones(2, requires_grad=True))
    crossing.settle_arguments()
    assert not x.requires_grad
    assert not base.requires_grad
    assert bool((x == 1).all())
    x.add_(1)
    assert base[0, 0] == 2


def test_changed_containers_stay_plain():
    """What an implementation puts into a list or a dict of the spec's is normalised in place."""
    items: list[object] = [1]
    entries: dict[object, object] = {"a": 1}
    crossing = Crossing(((items, entries), {}), handle=lambda value: ("handle", value))
    items.append(Level.LOW)
    items.append(print)
    entries[Level.LOW] = Point(1, 2)
    crossing.settle_arguments()
    assert repr(items) == repr([1, 1, ("handle", print)])
    assert repr(entries) == repr({"a": 1, 1: (1, 2)})


def test_a_tuple_cannot_smuggle():
    """A tuple that is an argument comes back plain, even if it holds what stands behind a handle."""
    value = (Model(), 1)
    assert come_back(value, ((value,), {})) == (("handle", value[0]), 1)
