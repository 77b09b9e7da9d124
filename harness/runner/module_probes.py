"""Probes for modules that every kata has: one is made, given weights, run forward and backward, and looked at.

Modules and what autograd records do not pass between a spec and an implementation, so they are handled here, beside the
implementation. What the learner is free to name stands nowhere in the evidence: parameters are known by their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Evidence = dict[str, Any]
Recipe = dict[str, Any]  # made by `harness.spec.modules.Net`


def module_state(module: Any, recipe: Recipe) -> Evidence:
    """Makes a module, and tells what it holds."""
    net, evidence = _make(module, recipe)
    return evidence if net is None else {**evidence, **state_of(net)}


def module_run(module: Any, recipe: Recipe, inputs: list[list[Any]], modes: list[bool] | None = None) -> Evidence:
    """Makes a module, and runs it on one list of inputs after the other; "results" has what each run returned.

    Before each run it is put into one of the modes, if there are any: True is training, False evaluation. Where the
    weights do not fit its parameters, it is not run.
    """
    net, evidence = _make(module, recipe)
    if net is None or "shapes misfit" in evidence:
        return evidence
    device = recipe["device"]
    results = []
    for number, arguments in enumerate(inputs):
        if modes is not None:
            net.train(modes[number])
        results.append(net(*_moved(arguments, device)))
    devices = [result.device.type if isinstance(result, Tensor) else None for result in results]
    return {**evidence, "results": [_to(result, "cpu") for result in results], "devices": devices}


def module_gradients(module: Any, recipe: Recipe, inputs: list[Any], upstream: Tensor) -> Evidence:
    """Makes a module, runs it, and goes backward from its result.

    "gradients" has those of all floating inputs, then those of all parameters that require grad, None where nothing
    arrives. It is missing where the result records nothing, or does not fit what arrives from further up.
    """
    net, evidence = _make(module, recipe)
    if net is None or "shapes misfit" in evidence:
        return evidence
    device = recipe["device"]
    inputs = _moved(inputs, device)
    floating = [isinstance(value, Tensor) and value.is_floating_point() for value in inputs]
    inputs = [
        value.clone().requires_grad_() if tracked else value for value, tracked in zip(inputs, floating, strict=True)
    ]
    result = net(*inputs)
    evidence["result"] = _to(result, "cpu")
    if not isinstance(result, Tensor) or not result.requires_grad:
        return evidence
    if result.shape == upstream.shape and result.dtype is upstream.dtype:
        leaves = [value for value, tracked in zip(inputs, floating, strict=True) if tracked]
        leaves += [parameter for parameter in net.parameters() if parameter.requires_grad]
        gradients = torch.autograd.grad(result, leaves, upstream.to(device), allow_unused=True)
        evidence["gradients"] = [_to(gradient, "cpu") for gradient in gradients]
    return evidence


def state_of(net: nn.Module) -> Evidence:
    """What a module holds, as plain data; its parameters and buffers in their order, and its modules too."""
    parameters, buffers = list(net.parameters()), list(net.buffers())
    return {
        "is Sequential": isinstance(net, nn.Sequential),
        "parameters": _copies(parameters),
        "requires grad": [parameter.requires_grad for parameter in parameters],
        "grads": [None if p.grad is None else p.grad.detach().cpu().clone() for p in parameters],
        "are leaves": [parameter.is_leaf for parameter in parameters],
        "buffers": _copies(buffers),
        "state": _copies(value for value in net.state_dict().values() if isinstance(value, Tensor)),
        "modes": [part.training for part in net.modules()],
        "devices": sorted({value.device.type for value in [*parameters, *buffers]}),
    }


def load_weights(net: nn.Module, weights: list[Tensor]) -> None:
    """Fills the parameters of a module, in their order."""
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), weights, strict=True):
            parameter.copy_(weight)


def _make(module: Any, recipe: Recipe) -> tuple[nn.Module | None, Evidence]:
    """The module that a recipe asks for, None where what was made is none, and the first evidence."""
    net = getattr(module, recipe["name"])(*recipe["arguments"], **recipe["options"])
    if not isinstance(net, nn.Module):
        return None, {"is module": False}
    evidence: Evidence = {"is module": True, "shapes": [tuple(parameter.shape) for parameter in net.parameters()]}
    net.to(recipe["device"], recipe["dtype"])
    weights = recipe["weights"]
    if weights is not None:
        if evidence["shapes"] == [tuple(weight.shape) for weight in weights]:
            load_weights(net, weights)
        else:
            evidence["shapes misfit"] = True
    if recipe["training"] is not None:
        net.train(recipe["training"])
    return net, evidence


def _copies(values: Iterable[Tensor]) -> list[Tensor]:
    return [value.detach().cpu().clone() for value in values]


def _moved(arguments: list[Any], device: str) -> list[Any]:
    """The inputs of a call on the device: the first one, and floating ones. Lengths, for one, stay where they are."""
    return [
        _to(value, device) if not number or (isinstance(value, Tensor) and value.is_floating_point()) else value
        for number, value in enumerate(arguments)
    ]


def _to(value: Any, device: str) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value


PROBES: dict[str, Callable[..., Any]] = {
    probe.__name__: probe for probe in (module_state, module_run, module_gradients)
}
