"""Runs of several steps, models and optimizers, made of what the spec chose, and what was seen of them.

Parameters that require grad, models and closures cannot pass between a spec and an implementation, so they live here.
"""

import copy
import io
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

Evidence = dict[str, Any]
Gradients = list[Tensor | None]

_STATELESS = ("sgd_step",)


def _copies(tensors: Iterable[Tensor | None]) -> list[Tensor | None]:
    return [None if tensor is None else tensor.detach().clone() for tensor in tensors]


def _fill(buffers: list[Tensor], gradients: Gradients) -> Gradients:
    """The gradients in the memory of the buffers, as a backward pass leaves them; None where there is none."""
    given: Gradients = []
    for buffer, gradient in zip(buffers, gradients, strict=True):
        given.append(None if gradient is None else buffer.copy_(gradient))
    return given


def run(
    module: ModuleType,
    name: str,
    params: list[Tensor],
    gradients: list[Gradients],
    rates: list[float],
    options: dict[str, Any],
    moves: bool,
) -> Evidence:
    """Does a step for each item of `gradients`, all in the same memory, and notes parameters and gradients after each.

    Where it `moves`, each step gets copies of parameters and state, as if another process went on.
    """
    step, state = getattr(module, name), {}
    params = [param.clone() for param in params]
    buffers = [torch.empty_like(param) for param in params]
    seen: Evidence = {"params": [], "grads": []}
    for given, rate in zip(gradients, rates, strict=True):
        grads = _fill(buffers, given)
        remembered = () if name in _STATELESS else (state,)
        step(params, grads, *remembered, rate, **options)
        seen["params"].append(_copies(params))
        seen["grads"].append(_copies(grads))
        if moves:
            params, state = [param.detach().clone() for param in params], copy.deepcopy(state)
            buffers = [torch.full_like(param, 7.0) for param in params]
    return seen


def run_two(
    module: ModuleType,
    name: str,
    params: list[list[Tensor]],
    gradients: list[list[Gradients]],
    rates: list[float],
    options: list[dict[str, Any]],
) -> list[list[Gradients]]:
    """Does the steps of two optimizations by turns, and notes the parameters of each after each step."""
    own: list[Any] = [([param.clone() for param in each], {}) for each in params]
    seen: list[list[Gradients]] = [[] for _ in params]
    for turn, rate in enumerate(rates):
        for number, (values, state) in enumerate(own):
            getattr(module, name)(values, _copies(gradients[number][turn]), state, rate, **options[number])
            seen[number].append(_copies(values))
    return seen


def run_tracked(
    module: ModuleType, name: str, params: list[Tensor], gradients: list[list[Tensor]], options: dict[str, Any]
) -> Evidence:
    """Does steps with parameters that require grad, as views of one tensor, and with recording on."""
    whole = torch.cat([param.reshape(-1) for param in params])
    pieces = [piece.detach() for piece in whole.split([param.numel() for param in params])]
    leaves = [piece.view(param.shape).requires_grad_() for piece, param in zip(pieces, params, strict=True)]
    state: dict[Any, Any] = {}
    held, kept = list(leaves), _copies(gradients[-1])
    for leaf, old in zip(leaves, kept, strict=True):
        leaf.grad = old
    for grads in gradients:
        remembered = () if name in _STATELESS else (state,)
        getattr(module, name)(leaves, _copies(grads), *remembered, 0.25, **options)
    return {
        "params": _copies(leaves),
        "in their memory": whole.clone(),
        "the same tensors": all(a is b for a, b in zip(leaves, held, strict=True)) and len(leaves) == len(held),
        "leaves that require grad": all(leaf.is_leaf and leaf.requires_grad for leaf in held),
        ".grad": _copies([leaf.grad for leaf in held]),
        "state requires grad": any(tensor.requires_grad for tensor in _tensors(state)),
    }


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [tensor for item in items for tensor in _tensors(item)]


# models


class _Free(nn.Module):
    """One parameter of its own, called as is asked."""

    def __init__(self, name: str, *shape: int) -> None:
        super().__init__()
        self.register_parameter(name, nn.Parameter(torch.ones(shape)))


class _Normalised(_Free):
    """No norm, whatever it is called."""


class _Rescale(nn.LayerNorm):
    """Somebody's own layer norm."""


class _RescaleBySquares(nn.RMSNorm):
    """Somebody's own RMS norm."""


_LAYERS = {
    "linear": lambda: nn.Linear(3, 2),
    "linear without bias": lambda: nn.Linear(2, 3, bias=False),
    "embedding": lambda: nn.Embedding(5, 2),
    "conv": lambda: nn.Conv1d(2, 3, 1),
    "batch norm": lambda: nn.BatchNorm1d(2),
    "group norm": lambda: nn.GroupNorm(1, 2),
    "layer norm": lambda: nn.LayerNorm(3),
    "layer norm of matrices": lambda: nn.LayerNorm((2, 3)),
    "layer norm without parameters": lambda: nn.LayerNorm((2, 3), elementwise_affine=False),
    "own norm of matrices": lambda: _Rescale((2, 3)),
    "rms norm of matrices": lambda: nn.RMSNorm((2, 3)),
    "own rms norm of matrices": lambda: _RescaleBySquares((2, 3)),
    "number": lambda: _Free("weight"),
    "vector": lambda: _Free("kernel", 4),
    "matrix called bias": lambda: _Free("bias", 2, 3),
    "matrix called norm": lambda: _Normalised("norm", 2, 3),
}

_SHARED = {
    "linear with the first weight": lambda: nn.Linear(3, 2),
    "layer norm with the first weight": lambda: nn.LayerNorm((2, 3)),
}


def _model(layers: list[tuple[str, str, str]], nested: bool) -> nn.Module:
    """A module of layers, each with a name, a kind, and which of its parameters are frozen: none, all or the first.

    A layer of a shared kind has the weight of the first layer. With one layer called "", that is the whole model.
    """
    made = {}
    for name, kind, frozen in layers:
        if kind in _SHARED:
            made[name] = _SHARED[kind]()
            made[name].weight = next(iter(made.values())).weight
        else:
            made[name] = _LAYERS[kind]()
        ours = list(made[name].parameters())
        for param in {"none": [], "all": ours, "first": ours[:1]}[frozen]:
            param.requires_grad_(False)
    if list(made) == [""]:
        return made[""]
    return nn.ModuleDict(
        {name: nn.Sequential(nn.Sequential(layer)) if nested else layer for name, layer in made.items()}
    )


def groups(module: ModuleType, layers: list[tuple[str, str, str]], nested: bool, weight_decay: float) -> Evidence:
    """Has the parameters of a model sorted, and tells them by their names, and which of them have changed."""
    model = _model(layers, nested)
    names = {id(param): name for name, param in model.named_parameters()}
    before = {name: param.detach().clone() for name, param in model.named_parameters()}
    wanted = {name: param.requires_grad for name, param in model.named_parameters()}
    result = module.parameter_groups(model, weight_decay)
    return {
        "groups": _named(result, names),
        "changed": [
            name
            for name, param in model.named_parameters()
            if param.requires_grad != wanted[name] or not torch.equal(param, before[name])
        ],
    }


def _is_list_of_groups(result: Any) -> bool:
    return isinstance(result, list) and all(
        isinstance(group, dict) and isinstance(group.get("params"), list) for group in result
    )


def _named(result: Any, names: dict[int, str]) -> Any:
    """The groups with names in place of the parameters; of what is no list of groups, its type."""
    if not _is_list_of_groups(result):
        return type(result).__name__
    return [
        {**group, "params": [names.get(id(param), "not a parameter of the model") for param in group["params"]]}
        for group in result
    ]


# optimizers


def _leaves(values: list[Tensor]) -> list[Tensor]:
    return [value.clone().requires_grad_() for value in values]


def _groups(leaves: list[Tensor], groups: list[tuple[list[int], dict[str, Any]]] | None) -> Any:
    """What an optimizer is given: an iterator over parameters, or groups of some of them with their options."""
    if groups is None:
        return iter(leaves)
    return [{"params": [leaves[place] for place in places], **options} for places, options in groups]


def optimize(
    module: ModuleType,
    values: list[Tensor],
    groups: list[tuple[list[int], dict[str, Any]]] | None,
    options: dict[str, Any],
    gradients: list[Gradients],
    rates: list[float | None],
    late: tuple[int, dict[str, Any]] | None,
    resume_at: int | None,
) -> Evidence:
    """Does a step for each item of `gradients`, and notes the parameters after each.

    Args:
        module: the implementation's.
        values: of the parameters.
        groups: places of parameters, and options of their group; None for one group without any.
        options: of the optimizer.
        gradients: for each step and parameter.
        rates: for each step the learning rate that all groups get before it; None to leave them.
        late: before which step the last parameter is added, as a group with these options; None where it is not.
        resume_at: before which step all is saved, and goes on with new tensors and a new optimizer; None for never.
    """
    leaves = _leaves(values)
    optimizer = module.AdamW(_groups(leaves[:-1] if late else leaves, groups), **options)
    seen: Evidence = {"params": [], "returned": [], "is an optimizer": isinstance(optimizer, torch.optim.Optimizer)}
    for turn, (given, rate) in enumerate(zip(gradients, rates, strict=True)):
        if late and turn == late[0]:
            optimizer.add_param_group({"params": leaves[-1], **late[1]})
        if turn == resume_at:
            file = io.BytesIO()
            torch.save(optimizer.state_dict(), file)
            file.seek(0)
            leaves = _leaves([leaf.detach() for leaf in leaves])
            renewed = None if groups is None else [(places, {}) for places, _ in groups]
            optimizer = module.AdamW(_groups(leaves, renewed), lr=0.75, betas=(0.25, 0.375), eps=0.5, weight_decay=0.5)
            optimizer.load_state_dict(torch.load(file, weights_only=True))
        for group in optimizer.param_groups if rate is not None else ():
            group["lr"] = rate
        for leaf, gradient in zip(leaves, given, strict=True):
            leaf.grad = None if gradient is None else gradient.clone()
        seen["returned"].append(optimizer.step())
        seen["params"].append(_copies(leaves))
    seen["grads"] = _copies([leaf.grad for leaf in leaves])
    seen["leaves"] = all(leaf.is_leaf and leaf.requires_grad for leaf in leaves)
    seen["beside parameters"] = [repr(key) for key in optimizer.state if not any(key is leaf for leaf in leaves)]
    optimizer.zero_grad()
    seen["grads after zero_grad"] = _copies([leaf.grad for leaf in leaves])
    return seen


def _told(value: Any) -> str:
    """A tensor, a number or None as a text; of anything else, its type."""
    return repr(value) if value is None or isinstance(value, Tensor | float | int) else type(value).__name__


def close(
    module: ModuleType, value: Tensor, target: Tensor, options: dict[str, Any], recording: bool, steps: int
) -> Evidence:
    """Hands over a closure whose loss is Σ (p − target)², with the caller's recording on or off."""
    (leaf,) = _leaves([value])
    optimizer = module.AdamW([leaf], **options)
    seen: Evidence = {"recording": [], "p inside": [], "returned": [], "p": []}
    losses: list[Tensor] = []

    def closure() -> Tensor:
        seen["recording"].append(torch.is_grad_enabled())
        seen["p inside"].append(leaf.detach().clone())
        optimizer.zero_grad()
        loss = ((leaf - target) ** 2).sum()
        loss.backward()
        losses.append(loss)
        return loss

    with torch.set_grad_enabled(recording):
        for _ in range(steps):
            returned = optimizer.step(closure)
            seen["returned"].append("the loss" if any(returned is loss for loss in losses[-1:]) else _told(returned))
            seen["p"].append(leaf.detach().clone())
        seen["recording afterwards"] = torch.is_grad_enabled()
    return seen


def refuse(module: ModuleType, options: dict[str, Any]) -> None:
    """Makes an optimizer with these options."""
    module.AdamW(_leaves([torch.ones(2)]), **options)
