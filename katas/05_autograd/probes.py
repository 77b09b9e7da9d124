"""Functions to differentiate, built from numbers that the spec chose, and what an implementation makes of them.

Tensors that require grad and functions cannot pass between a spec and an implementation, so they live here. Each probe
returns what it saw, as plain data; what would be right, only the spec knows.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]
Evidence = dict[str, Any]


def _polynomial(coefficients: list[float]) -> Function:
    """The function c0 + c1·t + c2·t² + …, element by element."""

    def f(t: Tensor) -> Tensor:
        y = torch.zeros_like(t)
        for coefficient in reversed(coefficients):
            y = y * t + coefficient
        return y

    return f


def _quadratic_map(linear: Tensor, squared: Tensor, shape: tuple[int, ...]) -> Function:
    """The function `linear @ t + squared @ t²` of all elements of t, in the shape that is asked for."""
    return lambda t: (linear @ t.reshape(-1) + squared @ t.reshape(-1) ** 2).reshape(shape)


def _cubic(cubes: Tensor, pairs: Tensor) -> Function:
    """The function Σ cubes_i·t_i³ + Σ pairs_ij·t_i·t_j of a vector t: a single number."""
    return lambda t: cubes @ t**3 + t @ (pairs @ t)


def _tracked(x: Tensor, grad: Tensor) -> Tensor:
    """A leaf with the values of x that requires grad and has one already."""
    leaf = x.clone().requires_grad_()
    leaf.grad = grad.clone()
    return leaf


def _state(x: Tensor) -> Evidence:
    """What an implementation may have left on a tensor, besides values."""
    return {"requires_grad": x.requires_grad, "grad": _copy(x.grad) if x.is_leaf else None}


def _copy(value: Any) -> Any:
    """A copy of a tensor, and of the tensors in a list; anything else as it is."""
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value.detach().clone() if isinstance(value, Tensor) else value


def _is_function(thing: Any) -> bool:
    """Whether it is a subclass of torch.autograd.Function."""
    return isinstance(thing, type) and issubclass(thing, torch.autograd.Function)


def with_parameter(module: ModuleType, exercise: str, p: Tensor, old: Tensor, x: Tensor, v: Tensor) -> Evidence:
    """Differentiates p·t² or Σ p·t³, where p is somebody else's leaf with a .grad, and looks at p afterwards."""
    parameter = _tracked(p, old)
    w = x.clone().requires_grad_()

    def square(t: Tensor) -> Tensor:
        return parameter * t**2

    def cube(t: Tensor) -> Tensor:
        return (parameter * t**3).sum()

    calls: dict[str, Callable[[], Any]] = {
        "gradient": lambda: module.gradient(square, x),
        "gradients_per_batch": lambda: module.gradients_per_batch(
            lambda w, batch: (parameter * batch * w).sum(), w, [v, 2 * v]
        ),
        "vector_jacobian": lambda: module.vector_jacobian(square, x, v),
        "jacobian": lambda: module.jacobian(square, x),
        "hessian_vector": lambda: module.hessian_vector(cube, x, v),
        "intermediate_gradient": lambda: module.intermediate_gradient(square, lambda h: (parameter * h).sum(), x),
    }
    result = calls[exercise]()
    parts = result if isinstance(result, tuple | list) else (result,)
    return {
        "result": _copy(result),
        "requires_grad": any(part.requires_grad for part in parts if isinstance(part, Tensor)),
        "p.grad": _copy(parameter.grad),
    }


def gradient(module: ModuleType, coefficients: list[float], x: Tensor) -> Evidence:
    """Differentiates a polynomial at x."""
    result = module.gradient(_polynomial(coefficients), x)
    return {"result": result, "x": _state(x)}


def gradient_of_tracked(
    module: ModuleType, coefficients: list[float], x: Tensor, grad: Tensor, factor: float
) -> Evidence:
    """Differentiates a polynomial at a leaf that requires grad and has a .grad, and at what was computed from it."""
    leaf = _tracked(x, grad)
    at_leaf = module.gradient(_polynomial(coefficients), leaf)
    after_leaf = _state(leaf)
    computed = leaf * factor
    at_computed = module.gradient(_polynomial(coefficients), computed)
    return {
        "at leaf": at_leaf,
        "leaf": after_leaf,
        "at computed": at_computed,
        "leaf after both": _state(leaf),
        "computed requires_grad": computed.requires_grad,
    }


def evaluate(module: ModuleType, coefficients: list[float], x: Tensor, mode: str, recording: bool) -> Evidence:
    """Evaluates a polynomial at a leaf, with the caller's recording on or off, and looks at every state on the way."""
    seen: Evidence = {"calls": 0}
    polynomial = _polynomial(coefficients)
    leaf = x.clone().requires_grad_()

    def f(t: Tensor) -> Tensor:
        seen["calls"] += 1
        seen["argument is x"] = t is leaf
        seen["recording inside"] = torch.is_grad_enabled()
        seen["inference inside"] = torch.is_inference_mode_enabled()
        seen["kept"] = polynomial(t)
        return seen["kept"]

    with torch.set_grad_enabled(recording):
        result = module.evaluate(f, leaf, mode)
        seen["recording after"] = torch.is_grad_enabled()
        seen["inference after"] = torch.is_inference_mode_enabled()
    kept = seen.pop("kept", None)
    return {
        **seen,
        "result": result,
        "result requires_grad": getattr(result, "requires_grad", None),
        "result is inference": isinstance(result, Tensor) and result.is_inference(),
        "kept requires_grad": getattr(kept, "requires_grad", None),
        "x requires_grad": leaf.requires_grad,
        "x": leaf.detach().clone(),
    }


def evaluate_raising(module: ModuleType, x: Tensor, mode: str, recording: bool, message: str) -> Evidence:
    """Evaluates a function that raises, and looks at the state afterwards."""

    def f(_t: Tensor) -> Tensor:
        raise ArithmeticError(message)

    caught = None
    with torch.set_grad_enabled(recording):
        try:
            module.evaluate(f, x, mode)
        except ArithmeticError as error:
            caught = str(error)
        after = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    return {"raised": caught, "recording after": after[0], "inference after": after[1]}


def evaluate_counting(module: ModuleType, x: Tensor, mode: str) -> Evidence:
    """Evaluates in a mode that may not exist, and tells the error's type and how often the function was called."""
    calls = []

    def f(t: Tensor) -> Tensor:
        calls.append(1)
        return t * 2

    try:
        module.evaluate(f, x, mode)
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        return {"raised": type(error).__name__, "calls": len(calls)}
    return {"raised": "nothing", "calls": len(calls)}


def gradients_per_batch(
    module: ModuleType, w: Tensor, batches: list[Tensor], old: Tensor | None, push: float
) -> Evidence:
    """Gives the batches to the loss Σ (batch @ w - 1)²; afterwards moves w.grad to see what else moves."""
    leaf = w.clone().requires_grad_()
    leaf.grad = None if old is None else old.clone()
    result = module.gradients_per_batch(lambda w, batch: ((batch @ w - 1) ** 2).sum(), leaf, batches)
    evidence = {"w": leaf.detach(), "w requires_grad": leaf.requires_grad, "gradients": _copy(result)}
    evidence["w.grad"] = _copy(leaf.grad)
    if leaf.grad is not None:
        with torch.no_grad():
            leaf.grad += push
    evidence["gradients later"] = result
    return evidence


def vector_jacobian(module: ModuleType, linear: Tensor, squared: Tensor, x: Tensor, v: Tensor) -> Evidence:
    """Multiplies v with the Jacobian of a map from the shape of x to the shape of v."""
    result = module.vector_jacobian(_quadratic_map(linear, squared, tuple(v.shape)), x, v)
    return {"result": result, "x": _state(x), "v": _state(v)}


def jacobian(module: ModuleType, linear: Tensor, squared: Tensor, x: Tensor) -> Evidence:
    """Asks for the Jacobian of a map between vectors."""
    result = module.jacobian(_quadratic_map(linear, squared, (len(linear),)), x)
    return {"result": result, "x": _state(x)}


def hessian_vector(module: ModuleType, cubes: Tensor, pairs: Tensor, x: Tensor, v: Tensor) -> Evidence:
    """Multiplies the Hessian of a cubic function with v."""
    result = module.hessian_vector(_cubic(cubes, pairs), x, v)
    return {
        "result": result,
        "requires_grad": getattr(result, "requires_grad", None),
        "x": _state(x),
        "v": _state(v),
    }


def softplus(module: ModuleType, x: Tensor, beta: float) -> Any:
    """The values alone, of an x that does not require grad."""
    if not _is_function(module.Softplus):
        return "no Function"
    return module.Softplus.apply(x, beta)


def softplus_gradients(
    module: ModuleType, x: Tensor, beta: float, upstream: Tensor, second_upstream: Tensor
) -> Evidence | str:
    """The values, the gradient of upstream · values, and the gradient of second_upstream · that gradient."""
    if not _is_function(module.Softplus):
        return "no Function"
    leaf = x.clone().requires_grad_()
    values = module.Softplus.apply(leaf, beta)
    evidence: Evidence = {"values": values, "gradient": None, "second": None}
    if not isinstance(values, Tensor) or not values.requires_grad:
        return evidence
    (first,) = torch.autograd.grad(values, leaf, upstream, create_graph=True, allow_unused=True)
    evidence["gradient"] = first
    if first is not None and first.requires_grad:
        (evidence["second"],) = torch.autograd.grad(first, leaf, second_upstream, allow_unused=True)
    return evidence


def softplus_twice(module: ModuleType, x: Tensor, betas: list[float]) -> Evidence | str:
    """The gradients of two calls with different betas, both made before either backward pass."""
    if not _is_function(module.Softplus):
        return "no Function"
    leaves = [x.clone().requires_grad_() for _ in betas]
    values = [module.Softplus.apply(leaf, beta) for leaf, beta in zip(leaves, betas, strict=True)]
    return {
        f"beta {beta}": torch.autograd.grad(value.sum(), leaf)[0]
        for leaf, beta, value in zip(leaves, betas, values, strict=True)
    }


def softplus_of_changed(module: ModuleType, x: Tensor, beta: float, change: float) -> Evidence | str:
    """The gradient, where x is changed in place between the forward and the backward pass, or the error there."""
    if not _is_function(module.Softplus):
        return "no Function"
    leaf = x.clone().requires_grad_()
    between = leaf * 1
    values = module.Softplus.apply(between, beta)
    with torch.no_grad():
        between += change
    try:
        values.sum().backward()
    except RuntimeError as error:
        if type(error) is not RuntimeError:  # such as NotImplementedError: somebody has not got that far
            raise
        return {"error": type(error).__name__, "gradient": None}
    return {"error": None, "gradient": leaf.grad}


def intermediate_gradient(module: ModuleType, linear: Tensor, squared: Tensor, weights: Tensor, x: Tensor) -> Evidence:
    """Asks for the gradients of Σ weights · h², where h is a map of x in the shape of the weights."""
    f = _quadratic_map(linear, squared, tuple(weights.shape))
    result = module.intermediate_gradient(f, lambda h: (weights * h**2).sum(), x)
    return {"result": result, "x": _state(x)}


def clip_gradient(module: ModuleType, x: Tensor, side: Tensor, limit: float, upstreams: list[Tensor]) -> Evidence:
    """Clips at h = 2·x + side², and runs a backward pass for each upstream, from (h + 3·side)·upstream.

    The handle is removed before the last pass, and each upstream is overwritten after its pass. Tells the gradients of
    x and side after each pass, and what came back.
    """
    x, side = x.clone().requires_grad_(), side.clone().requires_grad_()
    beside = 3 * side  # made before h, so that the backward pass comes to it after h
    h = 2 * x + side**2
    before = h.detach().clone()
    result = module.clip_gradient(h, limit)
    evidence: Evidence = {
        "result": [type(part).__name__ for part in result] if isinstance(result, tuple) else type(result).__name__,
        "h": h.detach().clone(),
        "h before": before,
        "h requires_grad": h.requires_grad,
        "h retains grad": h.retains_grad,
        "x": [],
        "side": [],
    }
    if evidence["result"][:1] != ["list"] or len(result) != 2:
        return evidence
    arrived, handle = result
    evidence["arrived before"] = list(arrived)
    together = h + beside
    for number, upstream in enumerate(upstreams, start=1):
        if number == len(upstreams):
            handle.remove()
        start = upstream.clone()
        gradients = torch.autograd.grad(together, (x, side), start, retain_graph=True)
        evidence["x"].append(gradients[0].clone())
        evidence["side"].append(gradients[1].clone())
        start.zero_()  # it belongs to whoever started the pass
    evidence["arrived"] = list(arrived)
    return evidence


def fit_linear(module: ModuleType, x: Tensor, y: Tensor, steps: int, learning_rate: float) -> Evidence:
    """Fits, and tells whether what comes back, or what was handed over, requires grad."""
    result = module.fit_linear(x, y, steps, learning_rate)
    parts = result if isinstance(result, tuple) else (result,)
    return {
        "result": result,
        "requires_grad": [part.requires_grad for part in parts if isinstance(part, Tensor)],
        "x": _state(x),
        "y": _state(y),
    }
