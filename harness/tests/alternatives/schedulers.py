"""Schedulers. The lesson is the README.md in the folder katas/10_schedulers."""

import bisect
import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


def step_decay(base_lr: float, steps: int, step_size: int, gamma: float = 0.1) -> list[float]:
    """Gives the learning rates of `torch.optim.lr_scheduler.StepLR`.

    Args:
        base_lr: the rate of step 0.
        steps: how many rates, 0 or more.
        step_size: after how many steps the rate drops, each time; 1 or more.
        gamma: what it is multiplied by; greater than 0.

    Returns:
        `steps` Python floats: element k is the rate that step k uses.
    """
    return [float(base_lr * math.pow(gamma, k // step_size)) for k in range(steps)]


def multistep_decay(base_lr: float, steps: int, milestones: list[int], gamma: float = 0.1) -> list[float]:
    """Gives the learning rates of `torch.optim.lr_scheduler.MultiStepLR`.

    Args:
        base_lr: the rate before the first milestone.
        steps: how many rates, 0 or more.
        milestones: the steps from which on the rate is lower, 0 or more each, in ascending order. One that stands there
            twice counts twice. The list may be empty, and stays as it is.
        gamma: what the rate is multiplied by at each milestone; greater than 0.

    Returns:
        `steps` Python floats: element k is the rate that step k uses.
    """
    return [float(base_lr * gamma ** bisect.bisect_right(milestones, k)) for k in range(steps)]


def cosine_annealing(base_lr: float, steps: int, t_max: int, eta_min: float = 0.0) -> list[float]:
    """Gives the learning rates of `torch.optim.lr_scheduler.CosineAnnealingLR`.

    Args:
        base_lr: the highest rate, that of step 0.
        steps: how many rates, 0 or more; it may be more than `t_max`.
        t_max: the step at which the rate is lowest for the first time; 1 or more.
        eta_min: the lowest rate.

    Returns:
        `steps` Python floats: element k is the rate that step k uses. After step `t_max` they rise again.
    """
    swing = base_lr - eta_min
    return [float(eta_min + swing * math.cos(math.pi * k / (2 * t_max)) ** 2) for k in range(steps)]


def warmup_cosine(
    base_lr: float, total_steps: int, warmup_steps: int, start_factor: float, eta_min: float = 0.0
) -> list[float]:
    """Gives the learning rates of a linear warm-up and a cosine after it.

    Args:
        base_lr: the highest rate, that of step `warmup_steps`.
        total_steps: how many rates; greater than `warmup_steps`.
        warmup_steps: how many of them belong to the warm-up, 0 or more.
        start_factor: what part of `base_lr` a warm-up begins with; greater than 0, at most 1.
        eta_min: the rate that the cosine would come to at step `total_steps`.

    Returns:
        `total_steps` Python floats: element k is the rate that step k uses.
    """
    missing = base_lr * (1 - start_factor)
    ramp = [float(base_lr - missing * (1 - k / warmup_steps)) for k in range(warmup_steps)]
    rest = total_steps - warmup_steps
    return ramp + cosine_annealing(base_lr, rest, rest, eta_min)


def reduce_on_plateau(
    base_lr: float,
    metrics: list[float],
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
) -> list[float]:
    """Gives the learning rates of `torch.optim.lr_scheduler.ReduceLROnPlateau`.

    Args:
        base_lr: the rate of epoch 0.
        metrics: what was measured at the end of each epoch, finite or NaN. The list may be empty, and stays as it is.
        mode: "min" where a lower metric is better, "max" where a higher one is.
        factor: what the rate is multiplied by; less than 1.
        patience: how many bad epochs in a row are put up with, 0 or more.
        threshold: how much better than the best a metric must be, from 0 to less than 1.
        threshold_mode: "rel" where the threshold is a part of the best metric, "abs" where it is an amount.
        cooldown: in how many epochs after a reduction none counts as bad, 0 or more.
        min_lr: no reduction goes below it.
        eps: a rate that would fall by no more than this stays.

    Returns:
        One Python float more than there are metrics: element k is the rate that epoch k uses, when the metrics of the
        k epochs before it are known.

    Raises:
        ValueError: `mode` or `threshold_mode` is none of its two words, or `factor` is 1 or more.
    """
    bars: dict[tuple[str, str], Callable[[float, float], bool]] = {
        ("min", "rel"): lambda metric, best: metric < best * (1 - threshold),
        ("max", "rel"): lambda metric, best: metric > best * (1 + threshold),
        ("min", "abs"): lambda metric, best: metric < best - threshold,
        ("max", "abs"): lambda metric, best: metric > best + threshold,
    }
    if (mode, threshold_mode) not in bars or factor >= 1:
        raise ValueError(f"bad options: {mode=}, {threshold_mode=}, {factor=}")
    beats = bars[mode, threshold_mode]
    lr = float(base_lr)
    best: float | None = None
    bad = cool = 0

    def after(metric: float) -> float:
        nonlocal lr, best, bad, cool
        if not math.isnan(metric) and (best is None or beats(metric, best)):
            best, bad = metric, 0
        else:
            bad += 1
        if cool:
            cool -= 1
            bad = 0
        if bad > patience:
            lower = float(max(lr * factor, min_lr))
            lr = lower if lr - lower > eps else lr
            bad, cool = 0, cooldown
        return lr

    return [lr, *map(after, metrics)]


def train_steps(
    optimizer: Optimizer, scheduler: LRScheduler, loss: Callable[[Tensor], Tensor], batches: list[Tensor]
) -> list[list[float]]:
    """Takes one optimizer step for each batch, with a scheduler that counts steps.

    Args:
        optimizer: has one parameter group or several. Gradients that its parameters hold from before do not count.
        scheduler: a scheduler of this optimizer, of a kind that needs no metric.
        loss: `loss(batch)` is a tensor with a single number, recorded by autograd. It is called once for each batch.
        batches: in the order in which they are to be used; there may be none.

    Returns:
        For each batch a list with the learning rate of each parameter group, in order, that the optimizer's step used.
    """
    used = []
    for batch in batches:
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        gradients = torch.autograd.grad(loss(batch), parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        used.append([float(group["lr"]) for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return used


def train_epochs(
    train: Callable[[], None],
    validate: Callable[[], float],
    schedulers: list[LRScheduler],
    epochs: int,
) -> list[float]:
    """Trains for some epochs, with schedulers that count epochs or look at a metric.

    Args:
        train: trains for one epoch, the optimizer's steps included.
        validate: measures the model and gives its metric.
        schedulers: any number of any kinds. Those of class `ReduceLROnPlateau`, or of a subclass, need the metric.
        epochs: 0 or more.

    Returns:
        The metric of each epoch.
    """

    def epoch() -> float:
        train()
        metric = validate()
        for scheduler in schedulers:
            scheduler.step(*([metric] if isinstance(scheduler, ReduceLROnPlateau) else []))
        return metric

    return [epoch() for _ in range(epochs)]


def resume(
    optimizer: Optimizer, build: Callable[[Optimizer], LRScheduler], checkpoint: dict[str, dict[str, Any]]
) -> LRScheduler:
    """Makes a new optimizer and a new scheduler go on where others were stopped.

    Args:
        optimizer: a new one, over parameters that have their old values already. Its learning rates may be others than
            those of the old one.
        build: `build(optimizer)` makes a new scheduler, of the old one's kind and with its options. Call it once.
        checkpoint: "optimizer" is the `state_dict()` of the old optimizer, "scheduler" that of the old scheduler. The
            call leaves it as it is.

    Returns:
        The scheduler. From here on rates and steps are those that the old two would have gone on with; the first
        rate stands in the optimizer's parameter groups already.
    """
    saved = copy.deepcopy(checkpoint)
    scheduler = build(optimizer)
    for thing, name in ((optimizer, "optimizer"), (scheduler, "scheduler")):
        thing.load_state_dict(saved[name])
    return scheduler
