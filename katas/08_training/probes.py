"""Models, losses and loaders made of what the spec chose, and what was seen of them while an implementation trained.

Models, functions and iterators cannot pass between a spec and an implementation, so they live here. Each probe returns
what it saw, as plain data; what would be right, only the spec knows.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

Evidence = dict[str, Any]
Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]

LOSSES: dict[str, Loss] = {"mse": functional.mse_loss, "cross_entropy": functional.cross_entropy}


def loss(module: ModuleType, name: str, first: Tensor, arguments: list[Any], upstream: float) -> Evidence:
    """Differentiates `upstream` times a loss for its first argument."""
    leaf = first.clone().requires_grad_()
    result = getattr(module, name)(leaf, *arguments)
    recorded = isinstance(result, Tensor) and result.requires_grad
    if recorded:
        (upstream * result).sum().backward()
    return {"loss": result, "grad": leaf.grad}


class _Watched(nn.Sequential):
    """A linear layer, and a dropout that stands in two places; notes how it is run.

    Its buffer counts the rows that it sees in training mode. With `more` parameters than it uses, one has no gradient,
    and the weight has a second name.
    """

    def __init__(self, weights: list[Tensor], dropout: float = 0.0, more: bool = False) -> None:
        classes, features = weights[0].shape
        shared = nn.Dropout(dropout)
        linear = nn.Linear(features, classes, dtype=weights[0].dtype)
        super().__init__(linear, nn.Sequential(shared), nn.Sequential(shared))
        self.register_buffer("seen", torch.tensor(0))
        with torch.no_grad():
            for parameter, weight in zip(self.parameters(), weights, strict=True):
                parameter.copy_(weight)
        if more:
            linear.register_parameter("unused", nn.Parameter(torch.ones(3, dtype=weights[0].dtype)))
            linear.register_parameter("shared", linear.weight)
        self.events: list[list[Any]] = []
        self.modes: list[list[bool]] = []
        self.recorded: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += len(x)
        outputs: Tensor = super().forward(x)
        self.events.append(["forward", len(x)])
        self.modes.append(modes_of(self))
        self.recorded.append(outputs.requires_grad)
        if outputs.requires_grad:
            outputs.register_hook(lambda _: self.events.append(["backward", len(x)]))
        return outputs

    def used(self) -> list[nn.Parameter]:
        """Weight and bias."""
        return [self[0].weight, self[0].bias]

    def weights(self) -> list[Tensor]:
        """Copies of weight and bias."""
        return [parameter.detach().clone() for parameter in self.used()]


def modes_of(model: nn.Module) -> list[bool]:
    """For each module of a model, whether it is in training mode."""
    return [part.training for part in model.modules()]


def _set_modes(model: nn.Module, modes: list[bool]) -> None:
    for part, training in zip(model.modules(), modes, strict=True):
        part.training = training


class _Loader:
    """Batches as of a DataLoader that drops the last, smaller batch of its data set; counts what is taken from it."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches
        self.dataset = range(sum(len(targets) for _, targets in batches) + 2)
        self.batch_size = len(batches[0][1])
        self.drop_last = True
        self.times = 0
        self.taken = 0

    def __iter__(self) -> Iterator[Batch]:
        self.times += 1
        for batch in self.batches:
            self.taken += 1
            yield batch

    def __len__(self) -> int:
        return len(self.batches)


def _given(kind: str, loader: _Loader) -> Iterable[Batch]:
    """The loader, or a generator of what it gives."""
    return loader if kind == "loader" else (batch for batch in loader)


def _sgd(model: _Watched, options: Evidence) -> torch.optim.SGD:
    """An optimizer with a group for each parameter, that notes its steps among the model's events."""
    groups = [{"params": [parameter]} for parameter in model.parameters()]
    optimizer = torch.optim.SGD(groups, **options)
    optimizer.register_step_post_hook(lambda *_: model.events.append(["step"]))
    return optimizer


def _fill_gradients(parameters: Iterable[nn.Parameter], value: float) -> None:
    for parameter in parameters:
        parameter.grad = torch.full_like(parameter, value)


def train_steps(
    module: ModuleType,
    weights: list[Tensor],
    batches: list[Batch],
    loss_name: str,
    options: Evidence,
    clip: list[float],
    modes: list[bool],
    frozen: bool,
    more: bool,
) -> Evidence:
    """Does a step for each batch; gradients of 100 have been left from before, and the bias may be frozen."""
    model = _Watched(weights, more=more)
    model[0].bias.requires_grad_(not frozen)
    optimizer = _sgd(model, options)
    _fill_gradients(model.used(), 100.0)
    _set_modes(model, modes)
    results, history = [], []
    for inputs, targets in batches:
        results.append(module.train_step(model, LOSSES[loss_name], optimizer, inputs, targets, *clip))
        history.append(model.weights())
    outputs = [result[1] for result in results if isinstance(result, tuple) and len(result) > 1]
    return {
        "results": results,
        "outputs require grad": any(isinstance(each, Tensor) and each.requires_grad for each in outputs),
        "weights": history,
        "events": model.events,
        "modes": model.modes,
        "modes after": modes_of(model),
        "seen": int(model.seen),
    }


def train_epoch(
    module: ModuleType,
    weights: list[Tensor],
    batches: list[Batch],
    kind: str,
    options: Evidence,
    clip: list[float],
    modes: list[bool],
    more: bool,
) -> Evidence:
    """Trains for one epoch on batches that a loader or a generator gives."""
    model = _Watched(weights, more=more)
    optimizer = _sgd(model, options)
    _set_modes(model, modes)
    result = module.train_epoch(model, _given(kind, _Loader(batches)), functional.cross_entropy, optimizer, *clip)
    return {
        "result": result,
        "weights": model.weights(),
        "events": model.events,
        "modes": model.modes,
        "seen": int(model.seen),
    }


def evaluate(
    module: ModuleType,
    weights: list[Tensor],
    batches: list[Batch],
    kind: str,
    modes: list[bool],
    grad: float,
    fails: list[Any] | None,  # what raises, and at which batch, from 0
    more: bool,
) -> Evidence:
    """Evaluates a model with dropout and gradients from before; model, loader or loss may raise at some batch."""
    model = _Watched(weights, dropout=0.5, more=more)
    _fill_gradients(model.used(), grad)
    _set_modes(model, modes)
    reached = {"model": 0, "loader": 0, "loss function": 0}

    def reach(place: str) -> None:
        reached[place] += 1
        if fails is not None and fails[0] == place and fails[1] == reached[place] - 1:
            raise ArithmeticError("here")

    def loader() -> Iterator[Batch]:
        for batch in batches:
            reach("loader")
            yield batch

    def loss_function(outputs: Tensor, labels: Tensor) -> Tensor:
        reach("loss function")
        return functional.cross_entropy(outputs, labels)

    model.register_forward_pre_hook(lambda *_: reach("model"))
    given = _given(kind, _Loader(batches)) if fails is None else loader()
    evidence: Evidence = {"result": None, "raised": None}
    try:
        evidence["result"] = module.evaluate(model, given, loss_function)
    except ArithmeticError as error:
        evidence["raised"] = str(error)
    return {
        **evidence,
        "modes": model.modes,
        "recorded": model.recorded,
        "modes after": modes_of(model),
        "weights": model.weights(),
        "grads": [parameter.grad for parameter in model.used()],
        "require grad": all(parameter.requires_grad for parameter in model.parameters()),
        "seen": int(model.seen),
        "recording after": torch.is_grad_enabled(),
    }


def train_accumulated(
    module: ModuleType,
    weights: list[Tensor],
    batches: list[Batch],
    loss_name: str,
    kind: str,
    options: Evidence,
    group: int,
    modes: list[bool],
    more: bool,
) -> Evidence:
    """Trains on groups of batches; gradients of 100 have been left from before."""
    model = _Watched(weights, more=more)
    optimizer = _sgd(model, options)
    _fill_gradients(model.used(), 100.0)
    _set_modes(model, modes)
    loader, taken = _Loader(batches), []
    optimizer.register_step_post_hook(lambda *_: taken.append(loader.taken))
    result = module.train_accumulated(model, _given(kind, loader), LOSSES[loss_name], optimizer, group)
    return {
        "result": result,
        "taken": taken,
        "weights": model.weights(),
        "events": model.events,
        "modes": model.modes,
        "seen": int(model.seen),
    }


def fit(
    module: ModuleType,
    weights: list[Tensor],
    batches: list[Batch],
    held_out: list[Batch],
    script: list[float] | None,
    options: Evidence,
    arguments: list[Any],
    more: bool,
) -> Evidence:
    """Fits a model; where there is a script, it says what the validation loss is after each epoch of training."""
    model = _Watched(weights, more=more)
    train_loader, validation_loader = _Loader(batches), _Loader(held_out)

    def loss_function(outputs: Tensor, labels: Tensor) -> Tensor:
        if script is None or outputs.requires_grad:
            return functional.cross_entropy(outputs, labels)
        return torch.tensor(script[min(train_loader.times, len(script)) - 1], dtype=torch.float64)

    parameters = list(model.parameters())
    result = module.fit(model, train_loader, validation_loader, loss_function, _sgd(model, options), *arguments)
    return {
        "history": result,
        "weights": model.weights(),
        "seen": int(model.seen),
        "same parameters": all(one is other for one, other in zip(parameters, model.parameters(), strict=True)),
        "epochs": train_loader.times,
        "validations": validation_loader.times,
        "events": model.events,
        "modes": model.modes,
    }


def _chance() -> Evidence:
    """Some numbers of each global generator; what makes two at a time keeps the second for later."""
    return {
        "random.random()": random.random(),  # noqa: S311 - no secret
        "random.gauss(0, 1)": random.gauss(0, 1),
        "np.random.random()": float(np.random.random()),
        "np.random.standard_normal()": float(np.random.standard_normal()),
        "torch.rand(3)": torch.rand(3),
    }


def blocks(module: ModuleType, before: int, seeds: list[int], message: str | None) -> Evidence:
    """Draws before, inside and after blocks that are nested in each other; the innermost may raise."""
    random.seed(before)
    np.random.seed(before)
    torch.manual_seed(before)
    seen = [_chance()]
    raised = None

    def enter(rest: list[int]) -> None:
        if not rest:
            if message is not None:
                raise ArithmeticError(message)
            return
        with module.seeded(rest[0]):
            seen.append(_chance())
            enter(rest[1:])
            seen.append(_chance())

    try:
        enter(seeds)
    except ArithmeticError as error:
        raised = str(error)
    seen.append(_chance())
    return {"seen": seen, "raised": raised}


def train_digits(module: ModuleType, images: Tensor, labels: Tensor, seed: int, held_out: Tensor) -> Evidence:
    """Trains a network and has it read other digits, all at once and the first on its own."""
    model = module.train_digits(images, labels, seed)
    if not isinstance(model, nn.Module):
        return {"type": type(model).__name__}
    evidence: Evidence = {"type": "Module", "modes": modes_of(model)}
    with torch.no_grad():
        return {**evidence, "logits": model(held_out), "logits of the first": model(held_out[:1].contiguous())}
