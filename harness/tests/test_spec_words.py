"""The words that specs share: blocks, tolerances, makers, and built-in probes for modules."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

import harness.spec
from harness.errors import DeadlineExceeded, SpecError, WrongSignature
from harness.model import Implementation
from harness.runner import conditions, last_call
from harness.runner.host import LocalHost
from harness.runner.loading import load_source
from harness.runner.proxy import session_behind
from harness.spec import (
    ALL_DIGITS,
    EXACT,
    USUAL,
    Mismatch,
    Net,
    assert_tensor,
    assert_value,
    check_gradients,
    check_new,
    check_refused,
    check_run,
    layouts,
    load_weights,
    numbered,
    random_tensor,
    random_tensors,
    showing,
    state_of,
    transposed,
    unchanged,
    with_weights,
)
from harness.tests.impl_factory import ImplFactory


@pytest.fixture(autouse=True)
def nothing_recorded():
    last_call.forget()
    yield
    last_call.forget()


@pytest.fixture
def impl_factory(tmp_path):
    return ImplFactory(tmp_path)


def test_every_word_is_there():
    """All names of `__all__` are found, and no module hides one of them."""
    for name in harness.spec.__all__:
        value = getattr(harness.spec, name)
        assert type(value).__name__ != "module"
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = harness.spec.nothing_of_the_kind


class TestShowing:
    def test_calls_within_and_after_show_the_text(self, impl_factory):
        """Until the next call outside of the block."""
        impl = impl_factory.make("def f(x):\n    return x\n")
        with showing("f(1)"):
            impl.f(2)
            impl.f(3)
            assert last_call.last_call() == "f(1)"
        assert last_call.last_call() == "f(1)"
        impl.f(4)
        assert last_call.last_call() == "f(4)"

    def test_a_text_may_be_written_later(self):
        """And is not written where nobody asks."""
        with showing(lambda: pytest.fail("was written")):
            last_call.record(lambda: "g()")
        with showing(lambda: "h()"):
            assert last_call.last_call() == "h()"

    def test_around_comparisons_alone_it_holds_within_the_block(self):
        """Without a call in it, what was shown before is shown again; where a comparison fails, the text stays."""
        last_call.record(lambda: "f()")
        with showing("f(); what it left"):
            assert last_call.last_call() == "f(); what it left"
        assert last_call.last_call() == "f()"
        with pytest.raises(AssertionError), showing("f(); what it left"):
            raise AssertionError
        assert last_call.last_call() == "f(); what it left"

    def test_blocks_may_stand_in_one_another(self):
        """The inner one wins, and then the outer one again."""
        with showing("outer()"):
            with showing("inner()"):
                last_call.record(lambda: "f()")
                assert last_call.last_call() == "inner()"
            last_call.record(lambda: "f()")
            assert last_call.last_call() == "outer()"

    def test_what_raises_shows_the_text(self, impl_factory):
        """Also after the block, which an exception has left."""
        impl = impl_factory.make("def f(x):\n    raise ValueError(x)\n")
        with pytest.raises(ValueError), showing("f('shown')"):
            impl.f(2)
        assert last_call.last_call() == "f('shown')"

    def test_what_takes_too_long_shows_the_text(self, impl_factory, monkeypatch):
        """That of the call that took too long, even where a later one is not carried out any more."""
        monkeypatch.setattr(conditions, "DEADLINE", 0.2)
        impl = impl_factory.make("def f(x):\n    while True:\n        pass\n", judged="f")
        for text in ("f('first')", "f('second')"):
            with pytest.raises(DeadlineExceeded) as caught, showing(text):
                impl.f(2)
            assert caught.value.call == "f('first')"


class TestUnchanged:
    def test_what_is_left_alone_passes(self):
        """NaN included, and whatever is no tensor."""
        x, a = torch.tensor([1.0, math.nan]), np.array([1.0, math.nan])
        with unchanged(x=x, a=a, pair=(x, [a]), named={"x": x}, number=3, nan=math.nan, none=None, empty=[]):
            pass

    @pytest.mark.parametrize(
        ("argument", "change", "said"),
        [
            (torch.zeros(2), lambda x: x.add_(1), "argument it: 2 of 2"),
            (np.zeros(2), lambda x: x.__setitem__(1, 5), r"argument it: at \[1\]: is 5.0, and should be 0.0"),
            (np.zeros(2), lambda x: x.resize(3, refcheck=False), "argument it: it has dtype float64 and shape"),
            ([torch.zeros(2), torch.ones(1)], lambda x: x[1].zero_(), r"argument it\[1\]: "),
            ({"a": (torch.zeros(1),)}, lambda x: x["a"][0].add_(1), r"argument it\['a'\]\[0\]: "),
            ([1, 2], lambda x: x.append(3), "argument it: the length is 3"),
            ([1, 2], lambda x: x.reverse(), r"argument it\[0\]: is 2, and should be 1"),
            ({"a": 1}, lambda x: x.pop("a"), "argument it: 'a' is missing"),
            ([torch.zeros(1)], lambda x: x.__setitem__(0, None), r"argument it\[0\]: the type is NoneType"),
        ],
    )
    def test_a_change_is_named(self, argument, change, said):
        """With its place in a list or a dict."""
        with pytest.raises(Mismatch, match=f"the call changed its {said}") as caught, unchanged(it=argument):
            last_call.record(lambda: "f()")
            change(argument)
        assert (caught.value.call, caught.value.about) == ("f()", "unchanged")

    def test_it_says_what_assert_unchanged_says(self):
        """So that one mistake has one message."""
        x, before = torch.ones(2), torch.zeros(2)
        with pytest.raises(Mismatch) as first:
            harness.spec.assert_unchanged(x, before, "x")
        with pytest.raises(Mismatch) as second, unchanged(x=before):
            before.add_(1)
        assert str(first.value) == str(second.value)

    def test_an_exception_of_the_block_passes_through(self):
        """It tells more than the change that it left behind."""
        x = torch.zeros(1)
        with pytest.raises(KeyError), unchanged(x=x):
            x.add_(1)
            raise KeyError


class TestTolerances:
    @pytest.mark.parametrize(
        ("tolerance", "dtype", "passing", "failing"),
        [
            (EXACT, torch.float32, 0.0, 1e-7),
            (EXACT, torch.float64, 0.0, 1e-15),
            (USUAL, torch.float64, 5e-8, 1e-6),
            (USUAL, torch.float32, 5e-6, 1e-4),
            (ALL_DIGITS, torch.float64, 1e-12, 1e-10),
            (ALL_DIGITS, torch.float32, 5e-6, 1e-4),
            (ALL_DIGITS.but(torch.float32, 1e-3, 1e-3), torch.float32, 1e-3, 1e-2),
            (ALL_DIGITS.but(torch.float32, 1e-3, 1e-3), torch.float64, 1e-12, 1e-10),
        ],
    )
    def test_what_passes_and_what_does_not(self, tolerance, dtype, passing, failing):
        """In a tensor, and in a tensor or an array among plain data."""
        right = torch.tensor([1.0], dtype=dtype)
        near, off = (torch.tensor([1.0 + by], dtype=torch.float64).to(dtype) for by in (passing, failing * 1.5))
        assert_tensor(near, right, tolerance=tolerance)
        assert_value({"x": near, "a": near.numpy()}, {"x": right, "a": right.numpy()}, tolerance=tolerance)
        with pytest.raises(Mismatch):
            assert_tensor(off, right, tolerance=tolerance)
        with pytest.raises(Mismatch):
            assert_value([off], [right], tolerance=tolerance)
        with pytest.raises(Mismatch):
            assert_value([off.numpy()], [right.numpy()], tolerance=tolerance)

    def test_numbers_have_the_tolerance_of_float64(self):
        """Where they are Python's own; without a tolerance they are exact."""
        assert_value([1.0 + 1e-12], [1.0], tolerance=ALL_DIGITS)
        for tolerance in (EXACT, USUAL, None):
            with pytest.raises(Mismatch):
                assert_value([1.0 + 1e-12], [1.0], tolerance=tolerance)

    def test_one_or_the_other(self):
        """A tolerance and rtol would contradict one another."""
        with pytest.raises(SpecError):
            assert_tensor(torch.ones(1), torch.ones(1), rtol=0.1, tolerance=EXACT)
        with pytest.raises(SpecError):
            assert_value(1.0, 1.0, atol=0.1, tolerance=EXACT)


class TestMakers:
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64, torch.uint8, torch.complex64])
    def test_numbered(self, dtype):
        """The numbers from 1, or from elsewhere; telling ones do not survive a smaller dtype."""
        assert_tensor(numbered((2, 2), dtype), torch.tensor([[1, 2], [3, 4]], dtype=dtype))
        assert_tensor(numbered((2,), dtype, start=0), torch.tensor([0, 1], dtype=dtype))
        assert numbered((0, 3), dtype).shape == (0, 3)

    def test_telling(self):
        """float64 in float32, and int64 in float64, lose something; booleans are of both kinds."""
        x = numbered((3,), torch.float64, telling=True)
        assert (x.float().double() != x).all()
        n = numbered((3,), torch.int64, telling=True)
        assert not torch.equal(n.double().long(), n)
        assert numbered((4,), torch.bool).tolist() == [False, True, False, False]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.uint8, torch.bool, torch.complex64])
    def test_random(self, dtype):
        """A seed gives the same again, another one others; the dtype is kept."""
        x = random_tensor((20,), 1, dtype)
        assert x.dtype is dtype and torch.equal(x, random_tensor((20,), 1, dtype))
        assert not torch.equal(x, random_tensor((20,), 2, dtype))

    def test_random_tensors_differ(self):
        """Two of one shape too."""
        first, second = random_tensors([(3,), (3,)], 0)
        assert not torch.equal(first, second)
        assert random_tensor((50,), 0, size=10.0, decimals=3).abs().max() > 5

    @pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool, torch.complex64])
    @pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (0, 2), (2, 1, 4)])
    def test_layouts_are_equal_and_apart(self, shape, dtype):
        """Each holds the same elements in memory of its own."""
        x = numbered(shape, dtype)
        found = layouts(x)
        assert found["contiguous"].is_contiguous()
        assert ("every second" in found, "transposed" in found) == (len(shape) > 0, len(shape) > 1)
        for same in found.values():
            assert_tensor(same, x)
            assert not x.numel() or same.data_ptr() != x.data_ptr()

    def test_what_the_layouts_are(self):
        """By strides and offset."""
        found = {name: (x.stride(), x.storage_offset()) for name, x in layouts(numbered((2, 3))).items()}
        assert found["transposed"] == ((1, 2), 0)
        assert found["every second"][0] == (6, 2)
        assert found["without the first"][1] == 3
        assert layouts(torch.tensor([[1.0, 2.0], [1.0, 2.0]]))["expanded"].stride() == (0, 1)
        assert transposed(torch.tensor(1.0)).ndim == 0


LINEAR = """
from torch import nn

def net(inputs, outputs=2, *, bias=True):
    return nn.Linear(inputs, outputs, bias=bias)
"""


def affine(x, weight, bias):
    return x @ weight.T + bias


class TestModules:
    def test_the_right_one_passes(self, impl_factory):
        """In both modes and dtypes, new and with weights."""
        impl = impl_factory.make(LINEAR)
        new = Net("net", [3])
        assert check_new(impl, new, [(2, 3), (2,)])["modes"] == [True]
        for dtype in (torch.float32, torch.float64):
            weights = random_tensors([(2, 3), (2,)], 0, dtype)
            check_run(impl, with_weights(new, weights), {"x": random_tensor((4, 3), 1, dtype)}, affine, USUAL)
        net = with_weights(new, random_tensors([(2, 3), (2,)], 0), training=True)
        check_gradients(impl, net, {"x": random_tensor((4, 3), 1)}, affine)
        check_refused(impl, net, [torch.zeros(4, 5)])
        assert net.devices(impl, [torch.zeros(1, 3, dtype=torch.float64)]) == ["cpu"]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("return 3", "should make an nn.Module"),
            ("return nn.Linear(inputs, 4)", "at \\[0\\]\\[0\\]: is 4, and should be 2"),
            ("return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU())", "of 8 differ|of 8 elements"),
            ("a = nn.Linear(inputs, outputs); a.bias.requires_grad_(False); return a", "does not require grad"),
            (
                "a = nn.Linear(inputs, outputs); nn.init.uniform_(a.weight, 2, 3); return a",
                "not what torch initialises",
            ),
            ("import torch; torch.manual_seed(0); return nn.Linear(inputs, outputs)", "is a seed set"),
        ],
    )
    def test_a_wrong_one_does_not(self, impl_factory, body, said):
        """And the message tells why."""
        head, _, _ = LINEAR.partition("    return")
        impl = impl_factory.make(f"{head}    {body}\n", solution=LINEAR)
        net = Net("net", [3])
        with pytest.raises(AssertionError, match=said):
            check_new(impl, net, [(2, 3), (2,)])
            check_run(
                impl, with_weights(net, random_tensors([(2, 3), (2,)], 0)), {"x": random_tensor((4, 3), 1)}, affine
            )

    def test_the_text_can_be_pasted(self, impl_factory):
        """It makes the same net and the same call."""
        weights = random_tensors([(2, 3), (2,)], 0)
        net = Net("net", [3], {"outputs": 2}, weights, training=False)
        impl = impl_factory.make(LINEAR)
        x, upstream = random_tensor((2, 3), 1), random_tensor((2, 2), 2)
        module = {"torch": torch, "net": session_behind(impl_factory.make(LINEAR)).host.module.net}
        *lines, last = net.run_text([x]).splitlines()
        exec("\n".join(lines), module)
        assert_tensor(eval(last, module), net.run(impl, [x])[0])
        module["net"] = session_behind(impl_factory.make(LINEAR)).host.module.net
        *lines, last = net.gradients_text([x], upstream).splitlines()
        exec("\n".join(lines), module)
        assert_value(eval(last, module), net.gradients(impl, [x], upstream)["gradients"])

    @pytest.mark.parametrize(
        ("forward", "said"),
        [
            ("self.layer(x).relu()", "elements differ"),
            ("self.layer(x).detach()", "no gradient comes through"),
            ("self.layer(x) + 0 * self.layer.bias.detach() - self.layer.bias + self.layer.bias.detach()", "at \\[2\\]"),
            (
                "nn.functional.linear(x, self.layer.weight, self.layer.bias.detach())",
                "no gradient comes to parameter 1",
            ),
            ("self.layer(x.detach())", "no gradient comes to the input"),
            ("self.layer(x.add_(1)) - self.layer.weight.sum(1)", "the call changed its argument x"),
        ],
    )
    def test_wrong_results_and_gradients(self, impl_factory, forward, said):
        """And the message tells which."""
        source = f"""
        from torch import nn

        class net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(3, 2)

            def forward(self, x):
                return {forward}
        """
        impl = impl_factory.make(source)
        net = with_weights(Net("net"), random_tensors([(2, 3), (2,)], 0))
        inputs = {"x": random_tensor((4, 3), 1)}
        with pytest.raises(AssertionError, match=said):
            check_run(impl, net, inputs, affine)
            check_gradients(impl, net, inputs, affine)

    def test_a_frozen_parameter_shows(self, impl_factory):
        """Where all should have a gradient."""
        impl = impl_factory.make(
            """
            from torch import nn

            def net():
                a = nn.Linear(3, 2)
                a.bias.requires_grad_(False)
                return a
            """
        )
        net = with_weights(Net("net"), random_tensors([(2, 3), (2,)], 0))
        with pytest.raises(AssertionError, match="does not require grad"):
            check_gradients(impl, net, {"x": random_tensor((4, 3), 1)}, affine)

    def test_a_probe_may_look_at_its_own_module(self):
        """With the same words, in order: a probe that trains a model shows what became of it."""
        net = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.BatchNorm1d(2)).eval()
        values = [torch.ones(2, 1), torch.zeros(2), torch.tensor([3.0, 4.0]), torch.ones(2)]
        load_weights(net, values)
        net[0].bias.requires_grad_(False)
        net[1].weight.grad = torch.zeros(2)
        state = state_of(net)
        assert_value(state["parameters"], values, tolerance=EXACT)
        assert_value(state["requires grad"], [True, False, True, True])
        assert_value(state["grads"], [None, None, torch.zeros(2), None])
        assert_value(state["modes"], [False, False, False])
        assert_value(state["buffers"], [torch.zeros(2), torch.ones(2), torch.tensor(0)])
        assert (len(state["state"]), state["devices"], state["is Sequential"]) == (7, ["cpu"], True)
        with pytest.raises(ValueError, match="zip"):
            load_weights(net, values[:-1])

    def test_what_should_be_refused(self, impl_factory):
        """Is shown with the call, where something comes out."""
        impl = impl_factory.make("from torch import nn\n\ndef net():\n    return nn.Identity()\n")
        with pytest.raises(Mismatch, match="should raise RuntimeError or ValueError, but raised nothing") as caught:
            check_refused(impl, Net("net"), [torch.zeros(1)])
        assert caught.value.call == "net = net()\nnet(torch.tensor([0.0]))"

    def test_the_text_on_a_device(self):
        """The net and its first input are moved, and lengths stay."""
        net = Net("net", weights=[torch.ones(1)], training=False, device="cuda")
        assert net.run_text([torch.zeros(1), torch.tensor([2])]).splitlines() == [
            "net = net().to('cuda')",
            "torch.nn.utils.vector_to_parameters(torch.tensor([1.0]).to('cuda'), net.parameters())",
            "net.eval()",
            "net(torch.tensor([0.0]).to('cuda'), torch.tensor([2]))",
        ]
        assert ".half()" not in Net("net", dtype=torch.float16).text
        assert Net("net", dtype=torch.float16).text == "net = net().to(torch.float16)"

    def test_modes_of_runs(self, impl_factory):
        """Each run has its mode, and the text says where it changes."""
        impl = impl_factory.make("from torch import nn\n\ndef net():\n    return nn.Dropout(0.5)\n")
        net, x = Net("net"), torch.ones(64)
        train, still, again = net.run(impl, [x], [x], [x], modes=[True, False, True])
        assert_tensor(still, x)
        assert set(train.tolist()) == set(again.tolist()) == {0.0, 2.0}
        assert not torch.equal(train, again)
        lines = net.run_text([1], [2], [3], modes=[True, True, False]).splitlines()
        assert lines == ["net = net()", "net.train()", "net(1)", "net(2)", "net.eval()", "net(3)"]

    def test_no_names_are_in_the_evidence(self, impl_factory):
        """What the learner calls things changes nothing, so one recorded answer is recognised in another spelling."""
        one = "from torch import nn\n\nclass net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        first, second = (f"{one}        self.{name} = nn.Linear(1, 1)\n" for name in ("first", "second"))
        weights = [torch.ones(1, 1), torch.ones(1)]
        evidence = [with_weights(Net("net"), weights).state(impl_factory.make(source)) for source in (first, second)]
        assert_value(evidence[0], evidence[1])
        assert not any(name in str(evidence) for name in ("first", "second", "Linear"))

    def test_the_katas_own_probe_wins(self, impl_factory):
        """Where both have the name."""
        impl = impl_factory.make(LINEAR, probes="def module_state(module, recipe):\n    return 5\n")
        assert impl.probes.module_state({}) == 5
        with pytest.raises(SpecError, match=r"impl\.probes\.load"):
            impl.probes.load()


def test_a_mistake_may_pass_everything_on(impl_factory):
    """Its signature is not compared, and a learner's is."""
    kata = impl_factory.kata("def double(x):\n    return 2 * x\n")
    impl_factory.file.write_text("def double(*args, **kwargs):\n    return 3\n", encoding="utf-8")
    answer = {"label": "tiny.py", "path": impl_factory.file, "load": lambda: load_source(impl_factory.file)}
    double: Any = LocalHost(kata, Implementation(**answer, any_signature=True)).exercise("double")
    assert double(5) == 3
    with pytest.raises(WrongSignature):
        LocalHost(kata, Implementation(**answer)).exercise("double")


def test_words_are_loaded_when_they_are_asked_for():
    """Whoever only compares waits neither for Hypothesis nor for scikit-learn, nor for torch before the first word."""
    code = (
        "import sys, harness.spec\n"
        "before = 'torch' in sys.modules\n"
        "from harness.spec import assert_tensor, numbered, showing, unchanged\n"
        "print(before, 'torch' in sys.modules, 'hypothesis' in sys.modules, 'sklearn' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True", "False", "False"]
