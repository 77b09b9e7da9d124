"""What an implementation does to nets that are built here, and what its `RunningMean` holds between two calls.

The nets are built of names that the spec chose; their parameters and modules are told in order. Each probe returns what
it saw, as plain data; what would be right, only the spec knows.
"""

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

Evidence = dict[str, Any]
Tree = dict[str, Any] | list[Any]

LAYERS = {
    "linear": lambda inputs, outputs, bias: nn.Linear(inputs, outputs, bias=bias),
    "conv": lambda inputs, outputs, kernel, groups, bias: nn.Conv2d(
        inputs, outputs, tuple(kernel), groups=groups, bias=bias
    ),
    "norm": nn.BatchNorm1d,
    "layer norm": nn.LayerNorm,
    "prelu": nn.PReLU,
    "recurrent": lambda size: nn.RNNCell(size, size),
    "embedding": lambda size: nn.Embedding(size, size),
    "conv1d": lambda size: nn.Conv1d(size, size, 2),
    "dropout": lambda _: nn.Dropout(),
}


def _build(tree: Tree) -> nn.Module:
    """A module of modules by name; a list holds a layer's kind and its options."""
    if isinstance(tree, list):
        return LAYERS[tree[0]](*tree[1:])
    net = nn.Module()
    for name, part in tree.items():
        net.add_module(name, _build(part))
    return net


def _parameters(net: nn.Module) -> list[nn.Parameter]:
    """In order, one that several modules share as often as it is there."""
    return [parameter for _, parameter in net.named_parameters(remove_duplicate=False)]


def _prepared(tree: Tree, tied: list[str], frozen: list[int], grads: list[float | None]) -> nn.Module:
    """A net of which some layers share the first one's weight, some parameters are frozen, and some have a `.grad`."""
    net = _build(tree)
    for other in tied[1:]:
        net.get_submodule(other).weight = net.get_submodule(tied[0]).weight
    parameters = _parameters(net)
    for parameter in parameters:
        parameter.requires_grad_(True)
    for number, (parameter, grad) in enumerate(zip(parameters, grads, strict=True)):
        parameter.grad = None if grad is None else torch.full_like(parameter, grad)
        if number in frozen:
            parameter.requires_grad_(False)
    return net


def _looks(net: nn.Module) -> Evidence:
    """All that freezing or initialising might change, in order."""
    parameters = _parameters(net)
    return {
        "requires grad": [parameter.requires_grad for parameter in parameters],
        "grads": [None if p.grad is None else p.grad.clone() for p in parameters],
        "modes": [part.training for part in net.modules()],
        "parameters": [parameter.detach().clone() for parameter in parameters],
        "buffers": [buffer.clone() for buffer in net.buffers()],
    }


def freeze(
    module: ModuleType,
    tree: Tree,
    path: str,
    tied: list[str],
    frozen: list[int],
    evaluated: list[int],
    grads: list[float | None],
) -> Evidence:
    """Builds a net and freezes a part of it.

    Args:
        module: the implementation.
        tree: the net.
        path: of the part.
        tied: paths of layers that share the weight of the first of them.
        frozen: numbers of parameters that do not require grad beforehand.
        evaluated: numbers of modules that are in evaluation mode beforehand.
        grads: what fills each parameter's `.grad` beforehand, None where it has none.
    """
    net = _prepared(tree, tied, frozen, grads)
    for number, part in enumerate(net.modules()):
        part.training = number not in evaluated
    evidence: Evidence = {"before": _looks(net), "raised": False}
    try:
        evidence["result"] = module.freeze(net, path)
    except AttributeError:
        if path in dict(net.named_modules()):
            raise
        evidence["raised"] = True
    evidence["after"] = _looks(net)
    return evidence


def initialise(
    module: ModuleType,
    tree: Tree,
    generator: torch.Generator,
    dtype: torch.dtype,
    tied: list[str],
    frozen: list[int],
    grads: list[float | None],
) -> Evidence:
    """Builds a net and has it initialised; all parameters and buffers hold numbers from 3 to 4 beforehand."""
    net = _prepared(tree, tied, frozen, grads).to(dtype)
    with torch.no_grad():
        for value in [*net.parameters(), *net.buffers()]:
            if value.is_floating_point():
                value.copy_(torch.linspace(3, 4, value.numel(), dtype=dtype).reshape(value.shape))
    parameters, before = _parameters(net), _looks(net)
    global_state = torch.default_generator.get_state()
    result = module.initialise(net, generator)
    now = _parameters(net)
    return {
        "result": result,
        "before": before,
        "after": _looks(net),
        "the same parameters": len(parameters) == len(now)
        and all(old is new for old, new in zip(parameters, now, strict=True)),
        "are leaves": all(parameter.is_leaf for parameter in now),
        "global generator": [global_state, torch.default_generator.get_state()],
    }


NAMES = ("count", "latest", "mean")  # of the buffers, by the statement


def _copies(named: dict[str, Any]) -> dict[str, Any]:
    """What has one of these names, None where it is no tensor."""
    found = {name: named[name] for name in NAMES if name in named}
    return {name: x.detach().cpu().clone() if isinstance(x, Tensor) else None for name, x in found.items()}


def _state(net: nn.Module) -> Evidence:
    buffers = dict(net.named_buffers())
    saved = {name: value for name, value in net.state_dict().items() if isinstance(value, Tensor)}
    return {
        "attributes": _copies({name: getattr(net, name, None) for name in NAMES}),
        "buffers": _copies(buffers),
        "saved": _copies(saved),
        "others": [len(set(names) - set(NAMES)) for names in (buffers, saved)],
        "parameters": len(list(net.parameters())),
        "require grad": [name for name in NAMES if name in buffers and buffers[name].requires_grad],
        "are inference tensors": [name for name in NAMES if name in buffers and buffers[name].is_inference()],
        "devices": sorted({value.device.type for value in buffers.values()}),
    }


def running_mean(
    module: ModuleType, features: int, dtype: torch.dtype, device: str, steps: list[list[Any]], resume_after: int = -1
) -> Evidence:
    """Makes a RunningMean, converts it, and takes it through steps, each a mode and rows.

    Args:
        module: the implementation.
        features: how many numbers a row has.
        dtype: what the module is converted to.
        device: where it is moved to.
        steps: each a list of a mode, "train" or "eval", and the rows.
        resume_after: after so many steps a new module takes over, which is given the old one's `state_dict`.
    """
    net = module.RunningMean(features)
    if not isinstance(net, nn.Module):
        return {"is module": False}
    net = net.to(device, dtype)
    evidence: Evidence = {"is module": True, "states": [_state(net)], "results": [], "rows": []}
    for number, (mode, x) in enumerate(steps):
        if number == resume_after:
            successor = module.RunningMean(features).to(device, dtype)
            report = successor.load_state_dict(net.state_dict(), strict=False)
            evidence["keys that do not fit"] = len(report.missing_keys) + len(report.unexpected_keys)
            net = successor
        net.train(mode == "train")
        rows = x.to(device, copy=True)
        result = net(rows)
        evidence["results"].append(result.cpu() if isinstance(result, Tensor) else result)
        evidence["rows"].append(rows.detach().cpu().clone())
        rows.fill_(77)  # the caller may use this memory for the next rows
        evidence["states"].append(_state(net))
    return evidence


def running_mean_gradients(module: ModuleType, features: int, batches: list[Tensor], upstreams: list[Tensor]) -> Any:
    """Runs a RunningMean forward over all batches in training, then backward from each result: the gradients of x.

    With each comes how many other batches a gradient arrives at.
    """
    net = module.RunningMean(features).to(batches[0].dtype)
    leaves = [batch.clone().requires_grad_() for batch in batches]
    results = [net(leaf) for leaf in leaves]
    gradients = []
    for leaf, result, upstream in zip(leaves, results, upstreams, strict=True):
        if not isinstance(result, Tensor) or not result.requires_grad or result.shape != upstream.shape:
            return "no gradient"
        others = [other for other in leaves if other is not leaf]
        found = torch.autograd.grad(
            result, [leaf, *others], upstream.to(result.dtype), retain_graph=True, allow_unused=True
        )
        gradients.append([found[0], sum(other is not None for other in found[1:])])
    return gradients
