"""Schedulers: how large the next step is. The lesson stands in README.md of this kata's folder."""

import math
from collections.abc import Callable
from typing import Any

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
    # <solution>
    return [base_lr * gamma ** (k // step_size) for k in range(steps)]
    # </solution>


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
    # <solution>
    return [base_lr * gamma ** sum(milestone <= k for milestone in milestones) for k in range(steps)]
    # </solution>


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
    # <solution>
    return [eta_min + (base_lr - eta_min) * (1 + math.cos(math.pi * k / t_max)) / 2 for k in range(steps)]
    # </solution>


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
    # <solution>
    rates = []
    for k in range(total_steps):
        if k < warmup_steps:
            rates.append(base_lr * (start_factor + (1 - start_factor) * k / warmup_steps))
        else:
            part = (k - warmup_steps) / (total_steps - warmup_steps)  # of the way down
            rates.append(eta_min + (base_lr - eta_min) * (1 + math.cos(math.pi * part)) / 2)
    return rates
    # </solution>


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
    # <solution>
    if mode not in ("min", "max") or threshold_mode not in ("rel", "abs") or factor >= 1:
        raise ValueError(f"no schedule for {mode=}, {threshold_mode=}, {factor=}")
    rate, best, bad, cooling = base_lr, None, 0, 0
    rates = [rate]
    for metric in metrics:
        if _is_better(metric, best, mode == "max", threshold, threshold_mode == "rel"):
            best, bad = metric, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad > patience:
            lower = max(rate * factor, min_lr)
            if rate - lower > eps:
                rate = lower
            cooling, bad = cooldown, 0
        rates.append(rate)
    return rates
    # </solution>


# <solution>
def _is_better(metric: float, best: float | None, rising: bool, threshold: float, relative: bool) -> bool:
    """Whether a metric is better than the best one so far by more than the threshold; NaN never is."""
    if best is None:
        return not math.isnan(metric)
    if rising:
        return metric > (best * (1 + threshold) if relative else best + threshold)
    return metric < (best * (1 - threshold) if relative else best - threshold)


# </solution>


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
    # <solution>
    rates = []
    for batch in batches:
        optimizer.zero_grad()
        loss(batch).backward()
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates
    # </solution>


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
    # <solution>
    metrics = []
    for _ in range(epochs):
        train()
        metric = validate()
        for scheduler in schedulers:
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(metric)
            else:
                scheduler.step()
        metrics.append(metric)
    return metrics
    # </solution>


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
    # <solution>
    scheduler = build(optimizer)  # sets rates in the optimizer, therefore it comes first
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    return scheduler
    # </solution>
