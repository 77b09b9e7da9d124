"""Optimizers: how parameters move, given their gradients. The lesson stands in README.md of this kata's folder."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

Memory = dict[Any, Any]
"""What an optimizer remembers from one step to the next: numbers, tensors, and lists and dicts of them."""


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
    raise NotImplementedError("sgd_step")


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
    raise NotImplementedError("momentum_step")


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
    raise NotImplementedError("nesterov_step")


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
    raise NotImplementedError("rmsprop_step")


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
    raise NotImplementedError("adam_step")


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
    raise NotImplementedError("adamw_step")


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
    raise NotImplementedError("parameter_groups")


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
        raise NotImplementedError("AdamW.__init__")

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
        raise NotImplementedError("AdamW.step")


# stub 6cba50bbda74: says that nothing was written here yet; this line may stay or go
