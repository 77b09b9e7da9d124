"""Wrong answers that people really give, each with what a teacher would say about it."""

import bisect
import math

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau


def step_decay__drops_one_late(base_lr, steps, step_size, gamma=0.1):
    """Your rate drops one step late. Steps count from 0: step number `step_size` is the first with the new rate."""
    return [base_lr * gamma ** (max(k - 1, 0) // step_size) for k in range(steps)]


def step_decay__drops_one_early(base_lr, steps, step_size, gamma=0.1):
    """Your rate drops one step early. Steps count from 0: step number `step_size` is the first with the new rate."""
    return [base_lr * gamma ** ((k + 1) // step_size) for k in range(steps)]


def step_decay__smooth(base_lr, steps, step_size, gamma=0.1):
    """You divided with `/`, so that the rate falls at every step. The number of drops so far is a whole number."""
    return [base_lr * gamma ** (k / step_size) for k in range(steps)]


def step_decay__linear(base_lr, steps, step_size, gamma=0.1):
    """You multiplied by the number of drops. Each drop multiplies what the one before it left: that is a power."""
    return [base_lr * (gamma * (k // step_size) or 1.0) for k in range(steps)]


def multistep_decay__late(base_lr, steps, milestones, gamma=0.1):
    """You dropped the rate after the milestone. The milestone itself is the first step with the lower rate."""
    return [base_lr * gamma ** bisect.bisect_left(milestones, k) for k in range(steps)]


def multistep_decay__repeats_forgotten(base_lr, steps, milestones, gamma=0.1):
    """You counted a repeated milestone once. It drops the rate as often as it stands in the list."""
    return [base_lr * gamma ** sum(m <= k for m in set(milestones)) for k in range(steps)]


def multistep_decay__once(base_lr, steps, milestones, gamma=0.1):
    """You dropped the rate once. Every milestone multiplies it by gamma."""
    return [base_lr * gamma if any(m <= k for m in milestones) else base_lr for k in range(steps)]


def multistep_decay__not_at_zero(base_lr, steps, milestones, gamma=0.1, *, later=False):
    """You let no milestone count at step 0. A milestone of 0 holds from the very first step on."""
    return [base_lr * gamma ** sum(m <= k and (m > 0 or (later and k > 0)) for m in milestones) for k in range(steps)]


multistep_decay__not_at_zero.varies = {"later": (True,)}


def cosine_annealing__from_zero(base_lr, steps, t_max, eta_min=0.0):
    """You scaled base_lr down and then added eta_min, so that the first rate is too high.

    What shrinks is the distance between the two.
    """
    return [eta_min + base_lr * (1 + math.cos(math.pi * k / t_max)) / 2 for k in range(steps)]


def cosine_annealing__stays_down(base_lr, steps, t_max, eta_min=0.0):
    """You hold the lowest rate after `t_max`. torch's scheduler follows the cosine up again."""
    return [eta_min + (base_lr - eta_min) * (1 + math.cos(math.pi * min(k, t_max) / t_max)) / 2 for k in range(steps)]


def cosine_annealing__restarts(base_lr, steps, t_max, eta_min=0.0):
    """You jump back to the highest rate at `t_max`, like `CosineAnnealingWarmRestarts`. Here the rate climbs back."""
    return [eta_min + (base_lr - eta_min) * (1 + math.cos(math.pi * (k % t_max) / t_max)) / 2 for k in range(steps)]


def cosine_annealing__ends_at_the_last_step(base_lr, steps, t_max, eta_min=0.0):
    """You reach the bottom one step early. Steps are counted from 0, and the lowest rate is that of step `t_max`."""
    return [eta_min + (base_lr - eta_min) * (1 + math.cos(math.pi * k / max(t_max - 1, 1))) / 2 for k in range(steps)]


def cosine_annealing__whole_turn(base_lr, steps, t_max, eta_min=0.0):
    """Your cosine makes a whole turn within `t_max`. The way down is half a turn: π, not 2π."""
    return [eta_min + (base_lr - eta_min) * (1 + math.cos(2 * math.pi * k / t_max)) / 2 for k in range(steps)]


def _warmup(
    base_lr, total_steps, warmup_steps, start_factor, eta_min=0.0, *, part=None, begin=None, length=None, ahead=0
):
    """A warm-up and a cosine, by how far the warm-up is at step k, and where the cosine begins and how long it is."""
    begin = warmup_steps if begin is None else begin
    length = total_steps - warmup_steps if length is None else length(total_steps)
    rates = []
    for k in range(ahead, total_steps + ahead):
        if k < warmup_steps:
            done = k / warmup_steps if part is None else part(k, warmup_steps)
            rates.append(base_lr * (start_factor + (1 - start_factor) * done))
        else:
            rates.append(eta_min + (base_lr - eta_min) * (1 + math.cos(math.pi * (k - begin) / length)) / 2)
    return rates


def warmup_cosine__cosine_of_all_steps(*args, **kwargs):
    """Your cosine began at step 0, behind the warm-up. Its count starts where the warm-up ends."""
    return _warmup(*args, **kwargs, begin=0, length=lambda total: total)


def warmup_cosine__too_long(*args, **kwargs):
    """Your cosine takes `total_steps` steps by itself. The warm-up took some of them: the rest is left."""
    return _warmup(*args, **kwargs, length=lambda total: total)


def warmup_cosine__full_rate_too_early(*args, **kwargs):
    """The last step of your warm-up has the full rate already. The first step after it should."""
    return _warmup(*args, **kwargs, part=lambda k, steps: k / max(steps - 1, 1))


def warmup_cosine__from_zero(base_lr, total_steps, warmup_steps, start_factor, eta_min=0.0):
    """Your line starts at 0, so that the first step moves nothing. It starts at start_factor · base_lr."""
    return _warmup(base_lr, total_steps, warmup_steps, 0.0, eta_min)


def warmup_cosine__counts_from_one(*args, **kwargs):
    """You counted the steps of the warm-up from 1. Step 0 has the factor `start_factor` itself."""
    return _warmup(*args, **kwargs, part=lambda k, steps: (k + 1) / steps)


def warmup_cosine__one_step_ahead(*args, **kwargs):
    """Your rates are one step ahead, in the warm-up and in the cosine: element 0 is the rate that step 1 uses."""
    return _warmup(*args, **kwargs, ahead=1)


def _plateau(
    base_lr,
    metrics,
    mode="min",
    factor=0.1,
    patience=10,
    threshold=1e-4,
    threshold_mode="rel",
    cooldown=0,
    min_lr=0.0,
    eps=1e-8,
    better=None,
    fault="",
):
    if mode not in ("min", "max") or threshold_mode not in ("rel", "abs") or factor >= 1:
        raise ValueError(mode)
    margin = 1 if mode == "max" else -1
    rate, best, bad, cooling, rates = base_lr, None, 0, 0, [base_lr]
    for metric in metrics:
        if best is None:
            good = not math.isnan(metric)
        else:
            relative = threshold_mode == "rel" and fault != "absolute"
            bar = best * (1 + margin * threshold) if relative else best + margin * threshold
            bar = best if fault == "no threshold" else bar
            good = margin * metric > margin * bar or (fault == "equal" and metric == bar)
            if fault == "nan" and math.isnan(metric):
                good = True
        if good:
            best, bad = metric, 0
        else:
            bad += 1
            best = metric if fault == "previous" and not math.isnan(metric) else best
        if cooling > 0:
            cooling -= 1
            bad = bad if fault == "cooldown" else 0
        if bad > patience or (fault == "patience" and bad >= patience > 0):
            lower = max(rate * factor, min_lr)
            if rate - lower > eps:
                rate = lower
            cooling = cooldown
            bad = bad if fault == "keeps counting" else 0
        rates.append(rate)
    return rates


def reduce_on_plateau__one_epoch_early(*args, **kwargs):
    """You reduced at the bad epoch number `patience`. So many are put up with: the next one is too many."""
    return _plateau(*args, **kwargs, fault="patience")


def reduce_on_plateau__compares_with_the_previous(*args, **kwargs):
    """You compared each metric with the one before it. It is the best so far that must be beaten."""
    return _plateau(*args, **kwargs, fault="previous")


def reduce_on_plateau__counts_on(*args, **kwargs):
    """You did not set the count of bad epochs back after a reduction, and so the next bad epoch reduced again."""
    return _plateau(*args, **kwargs, fault="keeps counting")


def reduce_on_plateau__any_improvement(*args, **kwargs):
    """You took any improvement for one. It counts only if it is greater than the threshold asks for."""
    return _plateau(*args, **kwargs, fault="no threshold")


def reduce_on_plateau__always_absolute(*args, **kwargs):
    """You took the threshold for an amount in any case. By default it is a part of the best metric so far."""
    return _plateau(*args, **kwargs, fault="absolute")


def reduce_on_plateau__cooldown_counts(*args, **kwargs):
    """You counted bad epochs during the cool-down. They are forgiven: the count stays 0 until it is over."""
    return _plateau(*args, **kwargs, fault="cooldown")


def reduce_on_plateau__nan_is_best(*args, **kwargs):
    """You took NaN for an improvement: no comparison with it is true, nor is it true that it is worse.

    Ask whether a metric is better, never whether it is not worse.
    """
    return _plateau(*args, **kwargs, fault="nan")


def train_steps__scheduler_first(optimizer, scheduler, loss, batches):
    """You stepped the scheduler before the optimizer, and so the first rate of the schedule was never used."""
    rates = []
    for batch in batches:
        optimizer.zero_grad()
        loss(batch).backward()
        scheduler.step()
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
    return rates


def train_steps__notes_the_next_rate(optimizer, scheduler, loss, batches):
    """You noted the rates after the scheduler's step. These are what the next step will use."""
    rates = []
    for batch in batches:
        optimizer.zero_grad()
        loss(batch).backward()
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr())
    return rates


def train_steps__scheduler_once(optimizer, scheduler, loss, batches):
    """You stepped the scheduler once, after all the batches. This one counts steps, not epochs."""
    rates = []
    for batch in batches:
        optimizer.zero_grad()
        loss(batch).backward()
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
    scheduler.step()
    return rates


def train_steps__gradients_pile_up(optimizer, scheduler, loss, batches):
    """You did not drop the old gradients: `backward()` adds to what lies in `.grad`."""
    rates = []
    for batch in batches:
        loss(batch).backward()
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


def train_steps__first_group_for_all(optimizer, scheduler, loss, batches):
    """You noted the first group's rate for all groups. Each group has its own."""
    rates = []
    for batch in batches:
        optimizer.zero_grad()
        loss(batch).backward()
        rates.append([optimizer.param_groups[0]["lr"] for _ in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


def train_epochs__metric_for_all(train, validate, schedulers, epochs):
    """You passed the metric to every scheduler. All but `ReduceLROnPlateau` take it for the number of an epoch."""
    metrics = []
    for _ in range(epochs):
        train()
        metrics.append(validate())
        for scheduler in schedulers:
            scheduler.step(metrics[-1])
    return metrics


def train_epochs__metric_for_none(train, validate, schedulers, epochs):
    """You passed the metric to no scheduler. `ReduceLROnPlateau` cannot step without it."""
    metrics = []
    for _ in range(epochs):
        train()
        metrics.append(validate())
        for scheduler in schedulers:
            scheduler.step()
    return metrics


train_epochs__metric_for_none.raises = TypeError


def train_epochs__asks_for_the_base_class(train, validate, schedulers, epochs):
    """You asked for `LRScheduler`, which `ReduceLROnPlateau` is as well: it is a subclass. Ask for the special one."""
    metrics = []
    for _ in range(epochs):
        train()
        metrics.append(validate())
        for scheduler in schedulers:
            scheduler.step() if isinstance(scheduler, LRScheduler) else scheduler.step(metrics[-1])
    return metrics


train_epochs__asks_for_the_base_class.raises = TypeError


def train_epochs__exact_class(train, validate, schedulers, epochs):
    """You gave no metric to a class derived from `ReduceLROnPlateau`.

    Neither compare the class itself, nor try whether `step()` raises an error without it: ask by `isinstance`.
    """
    metrics = []
    for _ in range(epochs):
        train()
        metrics.append(validate())
        for scheduler in schedulers:
            scheduler.step(metrics[-1]) if type(scheduler) is ReduceLROnPlateau else scheduler.step()
    return metrics


def train_epochs__whoever_takes_it(train, validate, schedulers, epochs):
    """You gave the metric to every scheduler that would take it. All but `ReduceLROnPlateau` are to get nothing."""
    metrics = []
    for _ in range(epochs):
        train()
        metrics.append(validate())
        for scheduler in schedulers:
            try:
                scheduler.step(metrics=metrics[-1])
            except TypeError:
                scheduler.step()
    return metrics


def train_epochs__validates_for_each(train, validate, schedulers, epochs):
    """You validated once for each scheduler. That is dear, and they may even get different numbers: once an epoch."""
    metrics = []
    for _ in range(epochs):
        train()
        metric = validate()
        for number, scheduler in enumerate(schedulers):
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(metric if number == 0 else validate())
            else:
                scheduler.step()
        metrics.append(metric)
    return metrics


def train_epochs__schedulers_first(train, validate, schedulers, epochs):
    """You stepped the schedulers that need no metric before the epoch. The first epoch then misses the first rate."""
    metrics = []
    for _ in range(epochs):
        for scheduler in schedulers:
            if not isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step()
        train()
        metrics.append(validate())
        for scheduler in schedulers:
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(metrics[-1])
    return metrics


def resume__loads_before_building(optimizer, build, checkpoint):
    """You loaded the optimizer before you built the scheduler, and building sets the rates anew."""
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler = build(optimizer)
    scheduler.load_state_dict(checkpoint["scheduler"])
    return scheduler


def resume__rates_set_again(optimizer, build, checkpoint):
    """You built last, and set the rates again afterwards: what else a scheduler writes, such as momentum, is lost."""
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler = build(optimizer)
    scheduler.load_state_dict(checkpoint["scheduler"])
    for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
        group["lr"] = rate
    return scheduler


def resume__scheduler_only(optimizer, build, checkpoint):
    """You restored the scheduler alone. The rates, and the momentum, stand in the optimizer."""
    scheduler = build(optimizer)
    scheduler.load_state_dict(checkpoint["scheduler"])
    return scheduler


def resume__optimizer_only(optimizer, build, checkpoint):
    """You restored the optimizer alone. The scheduler counts from 0 again."""
    scheduler = build(optimizer)
    optimizer.load_state_dict(checkpoint["optimizer"])
    return scheduler


def resume__steps_up_to_there(optimizer, build, checkpoint):
    """You made the new scheduler catch up by stepping.

    It started from the new optimizer's rates, and one that looks at metrics cannot catch up at all.
    """
    scheduler = build(optimizer)
    for _ in range(checkpoint["scheduler"]["last_epoch"]):
        scheduler.step()
    rates = [group["lr"] for group in optimizer.param_groups]
    optimizer.load_state_dict(checkpoint["optimizer"])
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    return scheduler


resume__steps_up_to_there.raises = TypeError
