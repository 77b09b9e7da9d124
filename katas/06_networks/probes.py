"""What an implementation's nets do with weights and inputs that the spec chose.

Modules and what autograd records cannot pass between a spec and an implementation, so nets are built, run and looked at
here. Each probe returns what it saw, as plain data; what would be right, only the spec knows.
"""

from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

Evidence = dict[str, Any]
Tree = dict[str, Any]


def _shapes(net: nn.Module) -> list[tuple[int, ...]]:
    return [tuple(parameter.shape) for parameter in net.parameters()]


def _copies(named: Any) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in named}


def _load(net: nn.Module, weights: list[Tensor]) -> None:
    """Gives the parameters of a net values, in their order, and with them a dtype and a device."""
    net.to(weights[0].device, weights[0].dtype)
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), weights, strict=True):
            parameter.copy_(weight)


def layers(module: ModuleType, name: str, arguments: list[Any]) -> Evidence:
    """Makes two nets, and tells what they hold."""
    make = getattr(module, name)
    net, other = make(*arguments), make(*arguments)
    if not isinstance(net, nn.Module) or not isinstance(other, nn.Module):
        return {"type": type(net).__name__, "is module": False}
    return {
        "type": type(net).__name__,
        "is module": True,
        "is Sequential": isinstance(net, nn.Sequential),
        "training": all(part.training for part in net.modules()),
        "shapes": _shapes(net),
        "require grad": all(parameter.requires_grad for parameter in net.parameters()),
        "values": _copies(net.named_parameters()),
        "other values": _copies(other.named_parameters()),
    }


def run(
    module: ModuleType,
    name: str,
    arguments: list[Any],
    weights: list[Tensor] | None,
    inputs: list[Any],
    training: bool,
    upstream: Tensor | None = None,
    device: str = "cpu",
) -> Evidence:
    """Makes a net, gives its parameters the weights, and runs it on x, backward too if upstream is given, and on -x.

    The gradients are that of the first input, then those of the parameters. Where the net has parameters of other
    shapes, it is not run.
    """
    net = getattr(module, name)(*arguments)
    if not isinstance(net, nn.Module):
        return {"type": type(net).__name__, "is module": False}
    evidence: Evidence = {"type": type(net).__name__, "is module": True, "shapes": _shapes(net)}
    if weights is not None:
        if evidence["shapes"] != [tuple(weight.shape) for weight in weights]:
            return evidence
        _load(net, [weight.to(device) for weight in weights])
    net.train(training)
    if device != "cpu":
        inputs = [inputs[0].to(device), *inputs[1:]]
        result = net(*inputs)
        return {**evidence, "device": result.device.type, "result": result.cpu()}
    if upstream is not None:
        inputs = [inputs[0].clone().requires_grad_(), *inputs[1:]]
    result = evidence["result"] = net(*inputs)
    fits = isinstance(result, Tensor) and upstream is not None and result.requires_grad
    if fits and result.shape == upstream.shape and result.dtype is upstream.dtype:
        leaves = [inputs[0], *net.parameters()]
        evidence["gradients"] = list(torch.autograd.grad(result, leaves, upstream, allow_unused=True))
    evidence["then"] = net(-inputs[0], *inputs[1:])
    return evidence


def dropped(module: ModuleType, arguments: list[Any], weights: list[Tensor], x: Tensor) -> Evidence:
    """Runs the net with dropout in training mode twice, in evaluation mode twice, and in training mode twice more.

    The last time it runs for each image alone.
    """
    net = module.dropout_mlp(*arguments)
    if not isinstance(net, nn.Module):
        return {"type": type(net).__name__, "is module": False}
    evidence: Evidence = {"type": type(net).__name__, "is module": True, "shapes": _shapes(net)}
    if evidence["shapes"] != [tuple(weight.shape) for weight in weights]:
        return evidence
    _load(net, weights)
    evidence["training"] = [net(x), net(x)]
    net.eval()
    evidence["evaluation"] = [net(x), net(x)]
    net.train()
    evidence["training"] += [net(x), torch.cat([net(image) for image in x.split(1)])]
    return evidence


def _leaf(kind: str, options: list[Any]) -> nn.Module:
    if kind == "linear":
        inputs, outputs, bias = options
        return nn.Linear(inputs, outputs, bias=bias)
    if kind == "conv":
        inputs, outputs, kernel, groups, bias = options
        return nn.Conv2d(inputs, outputs, tuple(kernel), groups=groups, bias=bias)
    (size,) = options
    return {
        "norm": nn.BatchNorm1d,
        "layer norm": nn.LayerNorm,
        "prelu": nn.PReLU,
        "recurrent": lambda size: nn.RNNCell(size, size),
        "embedding": lambda size: nn.Embedding(size, size),
        "conv1d": lambda size: nn.Conv1d(size, size, 2),
        "dropout": lambda _: nn.Dropout(),
    }[kind](size)


def _build(tree: Tree | list[Any]) -> nn.Module:
    """A module of modules by name; a list holds a layer's kind and its options."""
    if isinstance(tree, list):
        return _leaf(tree[0], tree[1:])
    net = nn.Module()
    for name, part in tree.items():
        net.add_module(name, _build(part))
    return net


def _part(net: nn.Module, path: str) -> nn.Module:
    return dict(net.named_modules())[path]


def _looks(net: nn.Module) -> Evidence:
    """All that freezing might change."""
    named = dict(net.named_parameters(remove_duplicate=False))
    return {
        "requires_grad": {name: parameter.requires_grad for name, parameter in named.items()},
        "grad": {name: None if p.grad is None else p.grad.clone() for name, p in named.items()},
        "training": {name: part.training for name, part in net.named_modules()},
        "values": _copies(net.state_dict().items()),
    }


def freeze(
    module: ModuleType, tree: Tree, path: str, tied: list[str], frozen: list[str], evaluated: list[str], grad: float
) -> Evidence:
    """Builds a net and freezes a part of it.

    Args:
        module: the implementation.
        tree: the net.
        path: of the part.
        tied: paths of layers that share the weight of the first of them.
        frozen: names of parameters that do not require grad beforehand.
        evaluated: paths of modules that are in evaluation mode beforehand.
        grad: what fills every parameter's `.grad` beforehand.
    """
    net = _build(tree)
    for other in tied[1:]:
        _part(net, other).weight = _part(net, tied[0]).weight
    for name, parameter in net.named_parameters():
        parameter.grad = torch.full_like(parameter, grad)
        parameter.requires_grad_(name not in frozen)
    for name, part in net.named_modules():
        part.training = name not in evaluated
    evidence: Evidence = {"before": _looks(net), "raised": None}
    try:
        evidence["result"] = module.freeze(net, path)
    except AttributeError as error:
        if path in dict(net.named_modules()):
            raise
        evidence["raised"] = type(error).__name__
    evidence["after"] = _looks(net)
    return evidence


def initialise(
    module: ModuleType, tree: Tree | list[Any], generator: torch.Generator, dtype: torch.dtype, frozen: list[str]
) -> Evidence:
    """Builds a net and has it initialised; all parameters and buffers hold numbers from 3 to 4 beforehand."""
    net = _build(tree).to(dtype)
    with torch.no_grad():
        for value in [*net.parameters(), *net.buffers()]:
            if value.is_floating_point():
                value.copy_(torch.linspace(3, 4, value.numel(), dtype=dtype).reshape(value.shape))
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name not in frozen)
    parameters = list(net.parameters())
    before = _copies(net.state_dict().items())
    global_state = torch.default_generator.get_state()
    result = module.initialise(net, generator)
    return {
        "result": result,
        "before": before,
        "after": _copies(net.state_dict().items()),
        "the same parameters": len(parameters) == len(list(net.parameters()))
        and all(old is new for old, new in zip(parameters, net.parameters(), strict=True)),
        "are leaves": all(parameter.is_leaf for parameter in net.parameters()),
        "require grad": [name for name, parameter in net.named_parameters() if parameter.requires_grad],
        "global generator": [global_state, torch.default_generator.get_state()],
    }


def _state(net: nn.Module) -> Evidence:
    buffers = dict(net.named_buffers())
    return {
        "buffers": _copies(sorted(buffers.items())),
        "saved": _copies(
            sorted((name, value) for name, value in net.state_dict().items() if isinstance(value, Tensor))
        ),
        "parameters": len(list(net.parameters())),
        "require grad": sorted(name for name, value in buffers.items() if value.requires_grad),
        "are inference tensors": sorted(name for name, value in buffers.items() if value.is_inference()),
        "devices": sorted({value.device.type for value in buffers.values()}),
        "attributes": {
            name: value.detach().cpu().clone() if isinstance(value, Tensor) else type(value).__name__
            for name in ("mean", "count", "latest")
            for value in [getattr(net, name, None)]
        },
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
        return {"type": type(net).__name__, "is module": False}
    net = net.to(device, dtype)
    evidence: Evidence = {
        "type": type(net).__name__,
        "is module": True,
        "states": [_state(net)],
        "results": [],
        "rows": [],
    }
    for number, (mode, x) in enumerate(steps):
        if number == resume_after:
            successor = module.RunningMean(features).to(device, dtype)
            report = successor.load_state_dict(net.state_dict(), strict=False)
            evidence["report"] = [sorted(report.missing_keys), sorted(report.unexpected_keys)]
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
    """Runs a RunningMean forward over all batches in training, then backward from each result: the gradients of x."""
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
