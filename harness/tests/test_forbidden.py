"""Forbidden functions are seen in every spelling, and nothing else is."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from harness.errors import ForbiddenCall, SpecError
from harness.runner.forbidden import forbidding, operator_name
from harness.runner.locations import location_of

HEADER = """\
import math
import numpy as np
import torch
import torch.nn.functional as F
from functools import reduce
from numpy import dot, exp
from torch import nn
from torch.autograd.functional import jacobian


"""


def face_of(impl_factory, forbidden, answer):
    """A proxy whose only exercise returns `answer`, an expression in `x`."""
    return impl_factory.make(f"{HEADER}def f(x):\n    return {answer}\n", judged="f", forbid=(forbidden,))


SPELLINGS = [
    ("torch.softmax", "torch.softmax(x, -1)"),
    ("torch.softmax", "F.softmax(x, -1)"),
    ("torch.softmax", "x.softmax(-1)"),
    ("torch.softmax", "nn.Softmax(-1)(x)"),
    ("torch.softmax", "torch.special.softmax(x, -1)"),
    ("torch.softmax", "torch.ops.aten.softmax.int(x, -1)"),
    ("torch.nn.functional.softmax", "x.softmax(-1)"),
    ("torch.Tensor.softmax", "F.softmax(x, -1)"),
    ("torch.matmul", "x @ x"),
    ("torch.matmul", "x.matmul(x)"),
    ("torch.matmul", "x.__rmatmul__(x)"),
    ("torch.matmul", "torch.linalg.matmul(x, x)"),
    ("torch.matmul", "torch.mm(x, x)"),
    ("torch.matmul", "x[0].dot(x[0])"),
    ("torch.add", "x + 1"),
    ("torch.add", "1 + x"),
    ("torch.add", "x.add_(1)"),
    ("torch.add", "x.__iadd__(1)"),
    ("torch.sub", "1 - x"),
    ("torch.subtract", "x - 1"),
    ("torch.div", "x / 2"),
    ("torch.true_divide", "2 / x"),
    ("torch.cat", "torch.concat([x, x])"),
    ("torch.cat", "torch.vstack([x, x])"),
    ("torch.transpose", "x.mT"),
    ("torch.Tensor.T", "x.T"),
    ("torch.linalg.norm", "torch.linalg.norm(x)"),
    ("torch.linalg.norm", "x.norm()"),
    ("torch.nn.functional.layer_norm", "nn.LayerNorm(2)(x)"),
    ("torch.einsum", "torch.einsum('ij,jk', x, x)"),
    ("torch.autograd.functional.jacobian", "jacobian(torch.sin, x)"),
    ("torch.autograd.functional.jacobian", "torch.autograd.functional.jacobian(torch.sin, x)"),
    ("torch.func.jacrev", "torch.func.jacrev(torch.sin)(x)"),
    ("torch.nn.Module", "nn.Linear(1, 1)"),
    ("torch.nn.Tanh", "nn.Tanh()(x)"),
    ("torch.no_grad", "torch.no_grad()"),
    ("numpy.broadcast_shapes", "np.broadcast_shapes((1, 2), (2, 1))"),
    ("numpy.exp", "np.exp(1.0)"),
    ("numpy.exp", "exp(1.0)"),
    ("numpy.dot", "dot([1.0], [1.0])"),
    ("numpy.linalg.norm", "np.linalg.norm([1.0])"),
    ("functools.reduce", "reduce(max, [1, 2])"),
    ("math.prod", "math.prod([1, 2])"),
]


@pytest.mark.parametrize(("forbidden", "answer"), SPELLINGS, ids=[f"{f}: {a}" for f, a in SPELLINGS])
def test_every_spelling_is_seen(impl_factory, forbidden, answer):
    """A forbidden function is refused by its name in kata.toml, however it is called, and the line is known."""
    with pytest.raises(ForbiddenCall) as caught:
        face_of(impl_factory, forbidden, answer).f(torch.rand(2, 2))
    assert str(caught.value) == f"f is to be written without {forbidden}, and your code calls it"
    assert location_of(caught.value).code == f"return {answer}"


ALLOWED = [
    ("torch.softmax", "torch.exp(x) / torch.exp(x).sum(-1, keepdim=True)"),
    ("torch.softmax", "torch.log_softmax(x, -1)"),
    ("torch.matmul", "torch.einsum('ij,jk->ik', x, x)"),
    ("torch.matmul", "(x[:, :, None] * x[None]).sum(1)"),
    ("torch.mm", "x @ x"),
    ("torch.add", "x.sum()"),
    ("torch.add", "torch.stack([x, x])"),
    ("torch.sum", "x.mean()"),
    ("torch.rot90", "x.transpose(0, 1).flip(0)"),
    ("torch.autograd.functional.jacobian", "torch.autograd.functional.vjp(torch.sin, x, x)[1]"),
    ("torch.autograd.functional.hessian", "jacobian(torch.sin, x)"),
    ("torch.nn.Tanh", "nn.Linear(2, 1) and x"),
    ("torch.optim.Optimizer", "nn.Linear(2, 1) and x"),
    ("torch.enable_grad", "torch.no_grad() and x"),
    ("numpy.exp", "np.log(1.0)"),
    ("numpy.broadcast_shapes", "np.broadcast_to(1, (2, 2))"),
    ("functools.reduce", "sum([1, 2])"),
]


@pytest.mark.parametrize(("forbidden", "answer"), ALLOWED, ids=[f"{f}: {a}" for f, a in ALLOWED])
def test_what_is_allowed_passes(impl_factory, forbidden, answer):
    """Another way to the same result is no forbidden call."""
    face_of(impl_factory, forbidden, answer).f(torch.rand(2, 2))


def test_the_rule_holds_for_the_judged_exercise_only(impl_factory):
    """A probe or another exercise may use what the judged exercise forbids."""
    proxy = impl_factory.make(f"{HEADER}def f(x):\n    return x.softmax(-1)\n", forbid=("torch.softmax",))
    proxy.f(torch.rand(2))


def test_a_swallowed_refusal_counts(impl_factory):
    """Code that catches the refusal has called the function all the same."""
    source = f"{HEADER}def f(x):\n    try:\n        return x.softmax(-1)\n    except Exception:\n        return x\n"
    with pytest.raises(ForbiddenCall):
        impl_factory.make(source, judged="f", forbid=("torch.softmax",)).f(torch.rand(2))


def test_everything_is_as_before_afterwards():
    """Neither a profile function nor an exchanged one is left behind, whether a call was refused or not."""
    before = sys.getprofile(), np.exp
    forbidden = ("numpy.exp", "torch.autograd.functional.jacobian", "torch.softmax")
    with forbidding(forbidden, "f"):
        assert sys.getprofile() is not before[0]
        torch.ones(1).exp()
    with pytest.raises(ForbiddenCall), forbidding(forbidden, "f"):
        np.exp(1.0)
    assert (sys.getprofile(), np.exp) == before
    torch.softmax(torch.ones(1), -1)


def test_a_default_device_may_be_set_inside(impl_factory):
    """Torch's own modes and ours do not get in each other's way."""
    source = f"{HEADER}def f(x):\n    torch.set_default_device('meta')\n    return torch.ones(2)\n"
    proxy = impl_factory.make(source, judged="f", forbid=("torch.softmax",))
    assert proxy.f(torch.ones(1)).device.type == "meta"
    assert torch.get_default_device().type == "cpu"
    with pytest.raises(ForbiddenCall):
        face_of(impl_factory, "torch.softmax", "x.softmax(-1)").f(torch.ones(1))


@pytest.mark.parametrize("name", ["torch.sofmax", "no_such_package.function", "torch.nn.no.such", "print"])
def test_a_name_that_does_not_exist_is_the_katas_fault(impl_factory, name):
    """A typo in kata.toml is reported as one."""
    with pytest.raises(SpecError, match="which does not exist in the installed packages: mend the name there"):
        face_of(impl_factory, name, "x").f(torch.ones(1))


@pytest.mark.parametrize("name", ["math.pi", "collections.OrderedDict"])
def test_what_cannot_be_watched_is_the_katas_fault(impl_factory, name):
    """A name whose use leaves no trace is not silently allowed."""
    with pytest.raises(SpecError, match="whose use cannot be seen: forbid a function instead"):
        face_of(impl_factory, name, "x").f(torch.ones(1))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("__rmatmul__", "matmul"),
        ("_softmax", "softmax"),
        ("add_", "add"),
        ("__iadd__", "add"),
        ("__truediv__", "div"),
        ("__rpow__", "pow"),
        ("__invert__", "invert"),
        ("index_add", "index_add"),
        ("rsub", "rsub"),
        ("mT", "transpose"),
    ],
)
def test_operators_have_one_name(name, plain):
    """Signs that say how an operator is called are no part of its name."""
    assert operator_name(name) == plain
