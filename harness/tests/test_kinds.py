"""What is said of results that are no plain data, whether they are in this process or in another one."""

from __future__ import annotations

import os
import signal

import pytest
import torch

from harness.data.literals import UNKNOWN, literal
from harness.runner.isolation import remote
from harness.runner.proxy import session_behind
from harness.spec.asserts import Mismatch, assert_tensor, assert_value
from harness.tests.isolated import Faces

ANSWER = """\
import torch


class Net:
    pass


def yields():
    yield 1


async def waits():
    return 1


async def both():
    yield 1


def expression():
    return (number for number in range(3))


def own():
    return Net()


def layer():
    return torch.nn.Linear(1, 1)


def numbers():
    return map(abs, [1])


def pair():
    return [1, Net()]
"""
SAYS = {
    "yields": ("generator", " (your function has a `yield`)"),
    "waits": ("coroutine", " (your function is an `async def`)"),
    "both": ("async generator", " (your function is an `async def` with a `yield`)"),
    "expression": ("generator", " (`(… for … in …)` makes one, and `[… for … in …]` a list)"),
    "own": ("Net", ""),
    "layer": ("torch.nn.modules.linear.Linear", ""),
    "numbers": ("map", ""),
}


@pytest.fixture
def far(request, monkeypatch):
    """The answer in a process of its own."""
    if not hasattr(os, "fork"):
        pytest.skip("needs a system with fork")
    monkeypatch.setattr(remote, "_parent", request.getfixturevalue("warm"))
    proxies = Faces(request.getfixturevalue("cellar"))
    yield proxies.make(ANSWER)
    proxies.close()


@pytest.fixture(params=["near", "far"])
def proxy(request, impl_factory):
    """The answer in this process, and in one of its own."""
    return impl_factory.make(ANSWER) if request.param == "near" else request.getfixturevalue("far")


@pytest.mark.parametrize("name", SAYS)
@pytest.mark.filterwarnings("error")
def test_a_result_of_the_wrong_kind_says_which_it_is(proxy, name):
    """The type has its name, and a generator or a coroutine the reason why it is one."""
    kind, reason = SAYS[name]
    with pytest.raises(Mismatch) as caught:
        assert_value(getattr(proxy, name)(), [1])
    assert caught.value.difference == f"the type is {kind}{reason}, and should be list"
    assert caught.value.got == f"<{kind}>"


def test_an_object_inside_is_named_in_its_place(proxy):
    """A list may hold one; what a learner could paste still has the call that gave it."""
    result = proxy.pair()
    with pytest.raises(Mismatch) as caught:
        assert_value(result, [1, 2])
    assert (caught.value.difference, caught.value.got) == ("at [1]: the type is Net, and should be int", "[1, <Net>]")
    assert literal(result) == "[1, pair()]"


def test_an_object_that_is_gone_has_no_name(far):
    """Where the process has ended, the message does without it."""
    result = far.own()
    os.killpg(session_behind(far).host._process, signal.SIGKILL)
    with pytest.raises(Mismatch, match=f"^the type is {UNKNOWN}, and should be torch.Tensor"):
        assert_tensor(result, torch.ones(1))


RETURN = """\
def nothing(x=None):
    pass


def some():
    return [None]


class Net:
    def nothing(self):
        pass


def net():
    return Net()
"""


def test_a_missing_return_is_asked_for(impl_factory):
    """Only where the exercise itself gave None and something else was wanted."""
    proxy = impl_factory.make(RETURN, probes="def nothing(module):\n    pass\n")

    def said(actual, expected=1):
        with pytest.raises(Mismatch) as caught:
            assert_value(actual, expected)
        return caught.value.difference

    assert said(proxy.nothing()) == "the type is NoneType, and should be int; is a `return` missing?"
    assert said(proxy.nothing(torch.ones(1)), "x").endswith("missing?")
    for actual in (proxy.some(), proxy.probes.nothing(), proxy.net().nothing()):
        assert "missing" not in said(actual)
    proxy.nothing()
    assert "missing" not in said(2)
    proxy.some()
    assert "missing" not in said(None)
    proxy.nothing()
    session_behind(proxy).judge(None)
    assert "missing" not in said(None)
