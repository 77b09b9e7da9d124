"""Optimizers: how parameters move, given their gradients. The lesson stands in README.md of this kata's folder."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

Memory = dict[Any, Any]
"""What an optimizer remembers from one step to the next: numbers, tensors, and lists and dicts of them."""


def _live(params: list[Tensor], grads: list[Tensor | None]) -> Iterator[tuple[Tensor, Tensor]]:
    return ((p, g) for p, g in zip(params, grads, strict=True) if g is not None)


def _places(grads: list[Tensor | None]) -> Iterator[int]:
    return (place for place, g in enumerate(grads) if g is not None)


def _decayed(p: Tensor, g: Tensor | None, weight_decay: float) -> Tensor:
    assert g is not None
    return g.add(p, alpha=weight_decay) if weight_decay else g


def _adam(memory: Memory | None, g: Tensor, betas: tuple[float, float], eps: float) -> tuple[Memory, Tensor]:
    """What is to be remembered after this gradient, all of it new, and the way to go, still without lr."""
    old = memory or {"steps": 0, "means": [torch.zeros_like(g), torch.zeros_like(g)]}
    steps = old["steps"] + 1
    means = [beta * mean + (1 - beta) * new for beta, mean, new in zip(betas, old["means"], (g, g * g), strict=True)]
    first, second = (mean / (1 - beta**steps) for beta, mean in zip(betas, means, strict=True))
    return {"steps": steps, "means": means}, first / second.sqrt().add(eps)


def sgd_step(
    params: list[Tensor],
    grads: list[Tensor | None],
    lr: float,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> None:
    """Moves every parameter one step of gradient descent, in place.

    Args:
        params: any number of tensors of any shapes, float32 or float64. They may require grad; the step is not
            recorded.
        grads: for each parameter its gradient, of the same shape and dtype, or None: then that parameter stays as it
            is. Gradients are not changed.
        lr: the learning rate, greater than 0.
        weight_decay: 0 or more. So many times the parameter is added to what the step goes against.
        maximize: whether to go up the gradient instead of down. The weights decay all the same.
    """
    for p, pull in _live(params, grads):
        with torch.no_grad():
            uphill = pull if maximize else pull.neg()
            p.copy_(p + lr * (uphill - weight_decay * p if weight_decay else uphill))


def momentum_step(
    params: list[Tensor],
    grads: list[Tensor | None],
    state: Memory,
    lr: float,
    momentum: float,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
) -> None:
    """Moves every parameter one step of gradient descent with momentum, in place.

    Equal to `torch.optim.SGD`, step for step.

    Args:
        params: any number of tensors of any shapes, float32 or float64. They may require grad; the step is not
            recorded.
        grads: for each parameter its gradient, of the same shape and dtype, or None: then that parameter stays as it
            is, and so does what is remembered of it. Gradients are not changed, and their memory may hold other
            numbers by the next step.
        state: empty before the first step, and in every later step the same dict, or a copy of it, with what you left
            there. Nothing else is remembered. A parameter is known by its place in `params`.
        lr: the learning rate, greater than 0. It may be another one in each step.
        momentum: greater than 0, less than 1: how much of the velocity is kept.
        dampening: at least 0, less than 1: by how much less than the gradient the velocity grows, but for a parameter's
            first gradient, which is its first velocity.
        weight_decay: 0 or more. So many times the parameter is added to the gradient beforehand.
    """
    with torch.no_grad():
        for place in _places(grads):
            p = params[place]
            g = _decayed(p, grads[place], weight_decay)
            # A new tensor each time: neither the gradient's memory nor that of an older state is kept or changed.
            state[place] = momentum * state[place] + (1 - dampening) * g if place in state else g.clone()
            p.sub_(lr * state[place])


def nesterov_step(
    params: list[Tensor],
    grads: list[Tensor | None],
    state: Memory,
    lr: float,
    momentum: float,
    weight_decay: float = 0.0,
) -> None:
    """Moves every parameter one step of gradient descent with Nesterov's momentum, in place.

    Equal to `torch.optim.SGD` with `nesterov=True`, step for step.

    Args:
        params: as in `momentum_step`.
        grads: as in `momentum_step`.
        state: as in `momentum_step`.
        lr: the learning rate, greater than 0. It may be another one in each step.
        momentum: greater than 0, less than 1: how much of the velocity is kept.
        weight_decay: 0 or more. So many times the parameter is added to the gradient beforehand.
    """
    with torch.no_grad():
        for place in _places(grads):
            p = params[place]
            g = _decayed(p, grads[place], weight_decay)
            velocity = g + momentum * state.get(f"velocity of {place}", 0)
            state[f"velocity of {place}"] = velocity
            torch.add(p, g.add(velocity, alpha=momentum), alpha=-lr, out=p)


def rmsprop_step(
    params: list[Tensor],
    grads: list[Tensor | None],
    state: Memory,
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
) -> None:
    """Moves every parameter one step of RMSprop, in place.

    Equal to `torch.optim.RMSprop`, step for step.

    Args:
        params: as in `momentum_step`.
        grads: as in `momentum_step`.
        state: as in `momentum_step`.
        lr: the learning rate, greater than 0. It may be another one in each step.
        alpha: greater than 0, less than 1: how much of the running means is kept.
        eps: greater than 0, is added to the root.
        weight_decay: 0 or more. So many times the parameter is added to the gradient beforehand.
        momentum: at least 0, less than 1: how much of the velocity of the divided gradients is kept.
        centered: whether to divide by the root of the variance, the mean square less the square of the mean, instead of
            the root of the mean square.
    """
    with torch.no_grad():
        for place in _places(grads):
            p = params[place]
            g = _decayed(p, grads[place], weight_decay)
            square, mean, velocity = state.get(place) or [torch.zeros_like(g)] * 3
            square = alpha * square + (1 - alpha) * g.square()
            mean = alpha * mean + (1 - alpha) * g
            spread = square - mean.square() if centered else square
            velocity = momentum * velocity + g / (spread**0.5 + eps)
            state[place] = [square, mean, velocity]
            p.add_(velocity, alpha=-lr)


def adam_step(
    params: list[Tensor],
    grads: list[Tensor | None],
    state: Memory,
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    """Moves every parameter one step of Adam, in place.

    Equal to `torch.optim.Adam`, step for step.

    Args:
        params: as in `momentum_step`.
        grads: as in `momentum_step`. A parameter's steps are counted from its own first gradient.
        state: as in `momentum_step`.
        lr: the learning rate, greater than 0. It may be another one in each step.
        betas: how much of the running mean of the gradients, and of that of their squares, is kept; both at least 0,
            less than 1.
        eps: greater than 0, is added to the root of the corrected mean square.
        weight_decay: 0 or more. So many times the parameter is added to the gradient beforehand.
    """
    with torch.no_grad():
        for place in _places(grads):
            p = params[place]
            state[place], way = _adam(state.get(place), _decayed(p, grads[place], weight_decay), betas, eps)
            p.sub_(way.mul(lr))


def adamw_step(
    params: list[Tensor],
    grads: list[Tensor | None],
    state: Memory,
    lr: float = 0.001,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> None:
    """Moves every parameter one step of AdamW, in place.

    Equal to `torch.optim.AdamW`, step for step.

    Args:
        params: as in `momentum_step`.
        grads: as in `momentum_step`. A parameter's steps are counted from its own first gradient.
        state: as in `momentum_step`.
        lr: the learning rate, greater than 0. It may be another one in each step.
        betas: as in `adam_step`.
        eps: as in `adam_step`.
        weight_decay: 0 or more. Before the step, the parameter is multiplied by 1 - lr * weight_decay; the gradient and
            its running means know nothing of it.
    """
    with torch.no_grad():
        for place in _places(grads):
            p = params[place]
            state[place], way = _adam(state.get(place), _decayed(p, grads[place], 0.0), betas, eps)
            p.copy_(p * (1 - lr * weight_decay) - lr * way)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Sorts the parameters of a model for an optimizer: those whose weights decay, and those whose do not.

    Args:
        model: any module. It stays as it is.
        weight_decay: for those that decay.

    Returns:
        Two dicts with the keys "params", a list of parameters, and "weight_decay", a number. In the first are the
        parameters that decay, and `weight_decay`; in the second are those that do not, and 0.0. Not to decay are all
        parameters with fewer than two dimensions, and all parameters of `nn.LayerNorm` and `nn.RMSNorm`, and of classes
        derived from them, however many dimensions they have. Parameters that do not require grad are in neither;
        any other is in exactly one, and there once, even if the model uses it in several places. In each group they
        stand in the order of `model.parameters()`. A group may be empty.
    """
    scales = {
        id(p)
        for module in model.modules()
        if isinstance(module, nn.LayerNorm | nn.RMSNorm)
        for p in module.parameters()
    }
    groups: list[dict[str, Any]] = [
        {"params": [], "weight_decay": weight_decay},
        {"params": [], "weight_decay": 0.0},
    ]
    for p in filter(lambda p: p.requires_grad, model.parameters()):
        groups[p.ndim < 2 or id(p) in scales]["params"].append(p)
    return groups


class AdamW(torch.optim.Optimizer):
    """AdamW as torch's loops, schedulers and checkpoints expect an optimizer to be."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        """Takes the parameters.

        Args:
            params: the parameters, or dicts with the key "params" and options of their own, which go before those
                that follow here.
            lr: the learning rate, 0 or more.
            betas: as in `adam_step`.
            eps: 0 or more.
            weight_decay: as in `adamw_step`.

        Raises:
            ValueError: `lr`, `eps` or `weight_decay` is less than 0, or one of `betas` less than 0, or 1 or more.
        """
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        if min(lr, eps, weight_decay, *betas) < 0 or max(betas) >= 1:
            raise ValueError(f"options out of range: {options}")
        super().__init__(params, options)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Moves every parameter one step by its `.grad`, with the options of its group as they are now.

        All that the next step needs to know is in `self.state`. A parameter whose `.grad` is None stays as it is, and
        so does its state. Gradients are not changed, and the step is not recorded.

        Args:
            closure: computes the gradients anew and returns the loss. It is called once, before anything moves, and
                with recording on, even where the caller has switched that off.

        Returns:
            What the closure returned, or None where there is none.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.state[p], way = _adam(self.state.get(p), p.grad, group["betas"], group["eps"])
                        p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * way)
        return loss
