"""Optimizers and schedulers, made of what the spec chose, in the hands of an implementation, and what was seen of them.

Neither can pass between a spec and an implementation, so they live here.
"""

import copy
import math
from types import ModuleType
from typing import Any, SupportsFloat

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

Evidence = dict[str, Any]
Options = dict[str, Any]


class Patient(lr_scheduler.ReduceLROnPlateau):
    """A plateau scheduler that somebody derived: an epoch without a metric is a bad one."""

    def step(self, metrics: SupportsFloat = math.nan, epoch: int | None = None) -> None:
        """Takes the metric of an epoch."""
        super().step(metrics, epoch)


class Bystander(lr_scheduler.StepLR):
    """No plateau scheduler, though it looks like one: for whatever it is told, it makes another step."""

    patience = 1

    def step(self, epoch: int | None = None, metrics: float | None = None) -> None:
        """Makes a step, or more."""
        super().step()
        for told in (epoch, metrics):
            if told is not None:
                super().step()


_OWN = {"Patient": Patient, "Bystander": Bystander}


def _build(optimizer: Optimizer, kind: str, options: Options) -> LRScheduler:
    """A scheduler by the name of its class, or one of two that need more than options."""
    if kind == "LambdaLR":
        return lr_scheduler.LambdaLR(optimizer, lambda step: options["first"] / (step + 2))
    if kind == "SequentialLR":
        warmup = lr_scheduler.LinearLR(optimizer, options["start_factor"], total_iters=options["warmup"])
        cosine = lr_scheduler.CosineAnnealingLR(optimizer, options["t_max"])
        return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], [options["warmup"]])
    scheduler: LRScheduler = (_OWN.get(kind) or getattr(lr_scheduler, kind))(optimizer, **options)
    return scheduler


def _groups(starts: list[Tensor], rates: list[float]) -> list[dict[str, Any]]:
    """A parameter group for each start, with its own rate."""
    return [{"params": [nn.Parameter(start.clone())], "lr": rate} for start, rate in zip(starts, rates, strict=True)]


def _params(optimizer: Optimizer) -> list[Tensor]:
    return [group["params"][0] for group in optimizer.param_groups]


def _values(optimizer: Optimizer) -> list[Tensor]:
    return [param.detach().clone() for param in _params(optimizer)]


def _rates(optimizer: Optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


def train_steps(
    module: ModuleType, kind: str, options: Options, starts: list[Tensor], rates: list[float], batches: list[Tensor]
) -> Evidence:
    """Trains on the loss Σ (p - batch)² / 2 over all parameters, which hold gradients of 100 to begin with."""
    optimizer = SGD(_groups(starts, rates))
    scheduler = _build(optimizer, kind, options)
    for param in _params(optimizer):
        param.grad = torch.full_like(param, 100.0)
    seen: Evidence = {"used": [], "batches": []}
    optimizer.register_step_pre_hook(lambda optimizer, *_: seen["used"].append(_rates(optimizer)))

    def loss(batch: Tensor) -> Tensor:
        seen["batches"].append(batch.clone())
        return torch.stack([((param - batch) ** 2).sum() / 2 for param in _params(optimizer)]).sum()

    seen["result"] = copy.deepcopy(module.train_steps(optimizer, scheduler, loss, batches))
    return {
        **seen,
        "params": _values(optimizer),
        "rates after": _rates(optimizer),
        "scheduler steps": scheduler.last_epoch,
    }


def train_epochs(
    module: ModuleType, kinds: list[tuple[str, Options]], rate: float, epochs: int, metrics: list[float]
) -> Evidence:
    """Trains for some epochs of one step each; validation gives the metrics in turn."""
    optimizer = SGD(_groups([torch.ones(1)], [rate]))
    schedulers = [_build(optimizer, kind, options) for kind, options in kinds]
    seen: Evidence = {"events": [], "rates": []}

    def train() -> None:
        seen["events"].append("train")
        seen["rates"].append(_rates(optimizer)[0])
        optimizer.step()

    def validate() -> float:
        number = seen["events"].count("validate")
        seen["events"].append("validate")
        seen["rates"].append(_rates(optimizer)[0])
        return metrics[number % len(metrics)]

    result = module.train_epochs(train, validate, schedulers, epochs)
    return {
        **seen,
        "result": result,
        "rate after": _rates(optimizer)[0],
        "scheduler steps": [scheduler.last_epoch for scheduler in schedulers],
    }


def _go(
    optimizer: Optimizer, scheduler: LRScheduler, batches: list[Tensor], metrics: list[float] | None
) -> list[list[float]]:
    """One step for each batch towards it; the rates of each."""
    used = []
    for number, batch in enumerate(batches):
        for param in _params(optimizer):
            param.grad = param.detach() - batch
        used.append(_rates(optimizer))
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[number]]))
    return used


def resume(
    module: ModuleType,
    kind: str,
    options: Options,
    starts: list[Tensor],
    rates: list[float],
    new_rate: float,
    batches: list[Tensor],
    stop: int,
    metrics: list[float] | None,
) -> Evidence:
    """Stops after some steps, has new objects resumed from copies of both states, and does the remaining steps."""
    optimizer = SGD(_groups(starts, rates), momentum=0.5)
    scheduler = _build(optimizer, kind, options)
    before = _go(optimizer, scheduler, batches[:stop], metrics)
    checkpoint = copy.deepcopy({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()})
    kept = copy.deepcopy(checkpoint)

    fresh = SGD(_groups(_values(optimizer), [new_rate] * len(starts)), momentum=0.5)
    built: list[LRScheduler] = []
    given: list[bool] = []

    def build(optimizer: Optimizer) -> LRScheduler:
        given.append(optimizer is fresh)
        built.append(_build(optimizer, kind, options))
        return built[-1]

    resumed = module.resume(fresh, build, checkpoint)
    evidence: Evidence = {
        "given": given,
        "is built": any(resumed is each for each in built),
        "is scheduler": isinstance(resumed, LRScheduler),
        "checkpoint": copy.deepcopy(checkpoint),
        "checkpoint before": kept,
        "rates at once": _rates(fresh),
    }
    if not evidence["is scheduler"]:
        return evidence
    evidence["steps before"] = resumed.last_epoch
    rest = None if metrics is None else metrics[stop:]
    evidence["used"] = before + _go(fresh, resumed, batches[stop:], rest)
    return {**evidence, "params": _values(fresh), "rates after": _rates(fresh), "steps after": resumed.last_epoch}
