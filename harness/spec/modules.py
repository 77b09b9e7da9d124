"""Words for specs of modules: how one is made, what it is given, what should come out, and the text that shows it.

The work is done beside the implementation by the built-in probes of `harness.runner.module_probes`. Weights are loaded
in the order of `parameters()`, so a learner may call them what they like.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness.data.literals import call_text, literal
from harness.runner.last_call import showing
from harness.spec.asserts import assert_raises, assert_tensor, assert_value
from harness.spec.blocks import unchanged
from harness.spec.makers import random_tensor
from harness.spec.tolerances import ALL_DIGITS, Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Shapes = Iterable[Sequence[int]]

_GRADIENTS = Tolerance({torch.float64: (1e-9, 1e-9)})
_MANY = 40  # so many numbers, drawn between two limits, come near one of them


@dataclass(frozen=True, slots=True)
class Net:
    """How a module of the implementation is made.

    Attributes:
        name: of the class, or of the function that returns a module.
        arguments: what it is called with.
        options: the same, by name.
        weights: values for its parameters, in their order; None leaves them as they are.
        training: whether it is put into training mode or into evaluation mode; None leaves it as it is.
        dtype: what it is converted to; None: that of the weights.
        device: where it is moved to.
    """

    name: str
    arguments: Sequence[Any] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Sequence[Tensor] | None = None
    training: bool | None = None
    dtype: torch.dtype | None = None
    device: str = "cpu"

    @property
    def call(self) -> str:
        """The text of the call that makes it."""
        return call_text(self.name, self.arguments, self.options)

    @property
    def text(self) -> str:
        """The text of making it and giving it weights and a mode, as a learner can paste it."""
        dtype = self._dtype()
        convert = {None: "", torch.float32: "", torch.float64: ".double()"}.get(dtype, f".to({dtype})")
        move = "" if self.device == "cpu" else f".to({self.device!r})"
        lines = [f"net = {self.call}{convert}{move}"]
        if self.weights:
            vector = literal(torch.cat([weight.reshape(-1) for weight in self.weights]))
            where = "" if self.device == "cpu" else f".to({self.device!r})"
            lines.append(f"torch.nn.utils.vector_to_parameters({vector}{where}, net.parameters())")
        if self.training is not None:
            lines.append(f"net.{'train' if self.training else 'eval'}()")
        return "\n".join(lines)

    def state(self, impl: Any) -> dict[str, Any]:
        """What it holds; `harness.runner.module_probes.state_of` says under which names."""
        with showing(self.call):
            evidence = impl.probes.module_state(self._recipe())
        return self._checked(evidence)

    def run(self, impl: Any, *inputs: Sequence[Any], modes: Sequence[bool] | None = None) -> list[Any]:
        """What it returns for each list of inputs, called on one after the other.

        Args:
            impl: the fixture.
            *inputs: of each call, in order.
            modes: whether it is put into training mode before each call, or else into evaluation mode.
        """
        return self._run(impl, inputs, modes)["results"]  # type: ignore[no-any-return]

    def devices(self, impl: Any, *inputs: Sequence[Any]) -> list[str]:
        """The types of the devices that hold its results."""
        return self._run(impl, inputs)["devices"]  # type: ignore[no-any-return]

    def gradients(self, impl: Any, inputs: Sequence[Any], upstream: Tensor) -> dict[str, Any]:
        """Its "result", and the "gradients" of all floating inputs and then of all parameters that require grad."""
        with showing(lambda: self.gradients_text(inputs, upstream)):
            evidence = impl.probes.module_gradients(self._recipe(), list(inputs), upstream)
        return self._checked(evidence)

    def run_text(self, *inputs: Sequence[Any], modes: Sequence[bool] | None = None) -> str:
        """The text of making it and calling it on each list of inputs."""
        lines, before = [self.text], self.training
        wanted: Sequence[bool | None] = [self.training] * len(inputs) if modes is None else modes
        for each, mode in zip(inputs, wanted, strict=True):
            if mode is not before:
                lines.append(f"net.{'train' if mode else 'eval'}()")
            before = mode
            lines.append(f"net({', '.join(self._argument(*value) for value in enumerate(each))})")
        return "\n".join(lines)

    def gradients_text(self, inputs: Sequence[Any], upstream: Tensor) -> str:
        """The text of making it, calling it, and going backward."""
        lines: list[str] = [self.text]
        names: list[str] = []
        for number, value in enumerate(inputs):
            if isinstance(value, Tensor) and value.is_floating_point():
                names.append("x" if not names else f"x{len(names) + 1}")
                lines.append(f"{names[-1]} = {self._argument(number, value)}.requires_grad_()")
        tracked = iter(names)
        given = [
            next(tracked) if isinstance(value, Tensor) and value.is_floating_point() else literal(value)
            for value in inputs
        ]
        grads = "".join(f"{name}.grad, " for name in names)
        return "\n".join(
            [
                *lines,
                f"y = net({', '.join(given)})",
                f"y.backward({literal(upstream)})",
                f"[{grads}*(parameter.grad for parameter in net.parameters())]",
            ]
        )

    def _run(self, impl: Any, inputs: Sequence[Sequence[Any]], modes: Sequence[bool] | None = None) -> dict[str, Any]:
        kept = [[_kept(value) for value in each] for each in inputs]
        with showing(lambda: self.run_text(*kept, modes=modes)):
            evidence = impl.probes.module_run(self._recipe(), [list(each) for each in inputs], modes)
        return self._checked(evidence)

    def _argument(self, number: int, value: Any) -> str:
        """As `harness.runner.module_probes` moves it."""
        moved = isinstance(value, Tensor) and self.device != "cpu" and (not number or value.is_floating_point())
        return f"{literal(value)}.to({self.device!r})" if moved else literal(value)

    def _dtype(self) -> torch.dtype | None:
        return self.weights[0].dtype if self.dtype is None and self.weights else self.dtype

    def _recipe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "arguments": list(self.arguments),
            "options": dict(self.options),
            "weights": None if self.weights is None else list(self.weights),
            "training": self.training,
            "dtype": self._dtype(),
            "device": self.device,
        }

    def _checked(self, evidence: dict[str, Any]) -> dict[str, Any]:
        """The evidence, if a module was made and the weights fit its parameters."""
        assert evidence["is module"], f"{self.name} should make an nn.Module, and what it makes is none"
        if self.weights is not None:
            assert_shapes(self, evidence, [weight.shape for weight in self.weights])
        return evidence


def assert_shapes(net: Net, evidence: dict[str, Any], shapes: Shapes) -> None:
    """Passes if a module has parameters of these shapes, in this order."""
    __tracebackhide__ = True
    called = f"[tuple(parameter.shape) for parameter in {net.call}.parameters()]"
    assert_value(evidence["shapes"], [tuple(shape) for shape in shapes], called=called)


def check_new(impl: Any, net: Net, shapes: Shapes, fans: Sequence[int] | None = None) -> dict[str, Any]:
    """Has a module made twice: its parameters have these shapes, and values of their own as torch chooses them.

    Args:
        impl: the fixture.
        net: without weights.
        shapes: of its parameters.
        fans: of each parameter; torch draws from -1 / √fan to 1 / √fan. None: the shapes are those of layers with a
            weight and a bias each, and a fan is the number of inputs of one output.

    Returns:
        what it holds.
    """
    __tracebackhide__ = True
    shapes = [tuple(shape) for shape in shapes]
    if fans is None:
        fans = [weight[1:].numel() for weight in map(torch.Size, shapes[::2]) for _ in range(2)]
    evidence, other = net.state(impl), net.state(impl)
    assert_shapes(net, evidence, shapes)
    assert all(evidence["requires grad"]), "a parameter of the new net does not require grad"
    for number, (value, again, fan) in enumerate(zip(evidence["parameters"], other["parameters"], fans, strict=True)):
        which, bound, reach = f"parameter {number} of the new net", fan**-0.5, value.abs().max().item()
        assert reach < 1.001 * bound and (reach > 0.5 * bound or value.numel() < _MANY), (
            f"{which} is not what torch initialises it with: it reaches to {reach:.4f}, torch's to {bound:.4f}"
        )
        assert value.numel() == 1 or value.std() > 0, (
            f"all elements of {which} are the same: leave it as torch initialises it"
        )
        assert value.dim() < 2 or not torch.equal(value, again), f"two nets start with the same {which}: is a seed set?"
    return evidence


def check_run(
    impl: Any,
    net: Net,
    inputs: Mapping[str, Any],
    function: Callable[..., Tensor],
    tolerance: Tolerance = ALL_DIGITS,
) -> None:
    """Has a module run on inputs, then with the first one negated: it returns what a function does, and changes none.

    Args:
        impl: the fixture.
        net: with weights.
        inputs: by their names, in order.
        function: what it computes, in float64 and from elementary operations: of the inputs, then of the weights.
        tolerance: how far off a value may be.
    """
    __tracebackhide__ = True
    x, *rest = inputs.values()
    weights = list(net.weights or [])
    wide = [weight.double() for weight in weights]
    dtype = weights[0].dtype if weights else x.dtype
    runs = [[x, *rest], [-x, *rest]]
    expected = [function(each[0].double(), *rest, *wide).to(dtype) for each in runs]
    with unchanged(**inputs):
        results = net.run(impl, *runs)
    with showing(lambda: net.run_text(runs[0])):
        assert_tensor(results[0], expected[0], tolerance=tolerance)
    with showing(lambda: net.run_text(*runs)):
        assert_tensor(results[1], expected[1], tolerance=tolerance)


def check_gradients(
    impl: Any,
    net: Net,
    inputs: Mapping[str, Any],
    function: Callable[..., Tensor],
    tolerance: Tolerance = _GRADIENTS,
    seed: int = 1,
) -> None:
    """The gradients of the floating inputs and of all parameters are those of a function of elementary operations.

    Args:
        impl: the fixture.
        net: with weights.
        inputs: by their names, in order.
        function: what it computes, of the inputs, then of the weights.
        tolerance: how far off a gradient may be.
        seed: of what arrives from further up.
    """
    __tracebackhide__ = True
    given, weights = list(inputs.values()), list(net.weights or [])
    leaves = [_leaf(value) for value in [*given, *weights]]
    result = function(*leaves)
    upstream = random_tensor(result.shape, seed, result.dtype)
    tracked = [value for value in leaves if isinstance(value, Tensor) and value.requires_grad]
    expected = torch.autograd.grad(result, tracked, upstream)
    with unchanged(**inputs):
        evidence = net.gradients(impl, given, upstream)
    assert_tensor(evidence["result"], result.detach(), tolerance=ALL_DIGITS, called=net.run_text(given))
    assert "gradients" in evidence, "no gradient comes through: the result does not require grad"
    assert len(evidence["gradients"]) == len(expected), "a parameter of the net does not require grad"
    arrived, inner = evidence["gradients"], len(expected) - len(weights)
    for number, gradient in enumerate(arrived):
        which = f"parameter {number - inner} of the net" if number >= inner else "the input"
        assert gradient is not None, f"no gradient comes to {which}: is it used?"
    assert_value(arrived, list(expected), tolerance=tolerance)


def check_refused(
    impl: Any, net: Net, inputs: Sequence[Any], errors: tuple[type[Exception], ...] = (RuntimeError, ValueError)
) -> None:
    """Inputs that do not fit raise one of these errors, and a result never comes out."""
    __tracebackhide__ = True
    assert_raises(errors, lambda: net.run(impl, inputs)[0])


def with_weights(net: Net, weights: Sequence[Tensor], *, training: bool | None = False) -> Net:
    """The same module with weights, in a mode."""
    return replace(net, weights=weights, training=training)


def _leaf(value: Any) -> Any:
    floating = isinstance(value, Tensor) and value.is_floating_point()
    return value.clone().requires_grad_() if floating else value


def _kept(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value
