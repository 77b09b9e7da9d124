"""Spec of schedulers.

What torch's own schedulers do to an optimizer of the spec's own is the oracle of every formula.
"""

import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import SGD, lr_scheduler

from harness.spec import assert_raises, assert_value, showing

RATES = st.sampled_from([0.1, 1.0, 0.025, 3e-4, 7.0])
STEPS = st.sampled_from([12, 7, 20, 1, 3])
GAMMAS = st.sampled_from([0.5, 0.1, 0.9, 0.3, 1.5])
DIGITS = {"rtol": 1e-10, "atol": 1e-16}  # the rate of a cosine's lowest point may be 0


def scheduler_of(optimizer, kind, options):
    """A scheduler by the name of its class, as the probes build it."""
    if kind == "LambdaLR":
        return lr_scheduler.LambdaLR(optimizer, lambda step: options["first"] / (step + 2))
    if kind == "SequentialLR":
        warmup = lr_scheduler.LinearLR(optimizer, options["start_factor"], total_iters=options["warmup"])
        cosine = lr_scheduler.CosineAnnealingLR(optimizer, options["t_max"])
        return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], [options["warmup"]])
    name = {"Patient": "ReduceLROnPlateau", "Bystander": "StepLR"}.get(kind, kind)
    return getattr(lr_scheduler, name)(optimizer, **options)


def written(kind, options):
    """A scheduler as a learner can paste it."""
    if kind == "LambdaLR":
        return f"LambdaLR(optimizer, lambda step: {options['first']} / (step + 2))"
    if kind == "SequentialLR":
        warmup = f"LinearLR(optimizer, {options['start_factor']}, total_iters={options['warmup']})"
        cosine = f"CosineAnnealingLR(optimizer, {options['t_max']})"
        return f"SequentialLR(optimizer, [{warmup}, {cosine}], [{options['warmup']}])"
    return f"{kind}(optimizer{''.join(f', {name}={value!r}' for name, value in options.items())})"


def sgd(rates, **options):
    """An optimizer with a parameter group for each rate, as it stands in a call."""
    groups = ", ".join(f"{{'params': [{name}], 'lr': {rate}}}" for name, rate in zip("pqr", rates, strict=False))
    return f"SGD([{groups}]{''.join(f', {name}={value}' for name, value in options.items())})"


def rates_of(optimizer):
    """The rate of each parameter group."""
    return [group["lr"] for group in optimizer.param_groups]


def scheduled(build, base_lr, steps, metrics=None):
    """The rates of so many steps under a scheduler of torch's."""
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=base_lr)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no step of the optimizer is taken, for nobody needs it
        scheduler = build(optimizer)
        rates = []
        for step in range(steps):
            rates += rates_of(optimizer)
            scheduler.step(*([] if metrics is None else metrics[step : step + 1]))
    return rates + (rates_of(optimizer) if metrics is not None else [])


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    with showing(shown):
        return getattr(impl.probes, probe)(*args)


# step_decay


def check_step_decay(impl, base_lr, steps, step_size, **gamma):
    """Compares with StepLR."""
    right = scheduled(lambda optimizer: lr_scheduler.StepLR(optimizer, step_size, **gamma), base_lr, steps)
    assert_value(impl.step_decay(base_lr, steps, step_size, **gamma), right, **DIGITS)


@pytest.mark.exercise("step_decay")
@given(base_lr=RATES, steps=STEPS, step_size=st.sampled_from([3, 2, 5, 1, 30]), gamma=GAMMAS)
def test_rates_are_those_of_step_lr(impl, base_lr, steps, step_size, gamma):
    """The rates are those of torch's `StepLR`."""
    check_step_decay(impl, base_lr, steps, step_size, gamma=gamma)


@pytest.mark.exercise("step_decay")
def test_step_decay_by_the_default_gamma(impl):
    """Gamma is 0.1 where it is not given, and there may be no step, or many."""
    for base_lr, steps, step_size in (0.5, 7, 3), (1.0, 5, 1), (0.5, 0, 2), (200.0, 250, 101):
        check_step_decay(impl, base_lr, steps, step_size)


# multistep_decay


def check_multistep_decay(impl, base_lr, steps, milestones, **gamma):
    """Compares with MultiStepLR, and sees that the list is left alone."""
    before = list(milestones)
    right = scheduled(lambda optimizer: lr_scheduler.MultiStepLR(optimizer, before, **gamma), base_lr, steps)
    assert_value(impl.multistep_decay(base_lr, steps, milestones, **gamma), right, **DIGITS)
    assert milestones == before, f"the call changed its argument milestones: {before} became {milestones}"


@pytest.mark.exercise("multistep_decay")
@given(
    base_lr=RATES,
    steps=STEPS,
    milestones=st.lists(st.sampled_from([2, 5, 3, 1, 6, 11, 0, 40]), max_size=5).map(sorted),
    gamma=GAMMAS,
)
def test_rates_are_those_of_multi_step_lr(impl, base_lr, steps, milestones, gamma):
    """The rates are those of torch's `MultiStepLR`."""
    check_multistep_decay(impl, base_lr, steps, milestones, gamma=gamma)


@pytest.mark.exercise("multistep_decay")
@pytest.mark.parametrize(
    "milestones", [[], [3], [0], [0, 0, 2], [2, 2], [1, 2, 3], [4, 9], [6, 7], [6, 7, 7, 7], [110, 119]]
)
def test_kinds_of_milestones(impl, milestones):
    """A milestone is the first step with the lower rate; repeated ones count each time, and late ones not at all."""
    for steps in (7, 0, 120):
        check_multistep_decay(impl, 0.5, steps, list(milestones))
        check_multistep_decay(impl, 0.25, steps, list(milestones), gamma=0.5)


# cosine_annealing


def check_cosine(impl, base_lr, steps, t_max, **eta_min):
    """Compares with CosineAnnealingLR."""
    right = scheduled(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, t_max, **eta_min), base_lr, steps)
    assert_value(impl.cosine_annealing(base_lr, steps, t_max, **eta_min), right, **DIGITS)


@pytest.mark.exercise("cosine_annealing")
@given(base_lr=RATES, steps=STEPS, t_max=st.sampled_from([5, 8, 2, 1, 50]), part=st.sampled_from([0.1, 0.0, 0.5]))
def test_rates_are_those_of_cosine_annealing_lr(impl, base_lr, steps, t_max, part):
    """The rates are those of torch's `CosineAnnealingLR`, beyond `t_max` too."""
    check_cosine(impl, base_lr, steps, t_max, eta_min=base_lr * part)


@pytest.mark.exercise("cosine_annealing")
def test_cosine_to_the_default_minimum(impl):
    """The lowest rate is 0 where it is not given, and there may be no step, or many."""
    for base_lr, steps, t_max in (0.5, 13, 5), (1.0, 6, 1), (0.5, 0, 2), (200.0, 150, 101):
        check_cosine(impl, base_lr, steps, t_max)


@pytest.mark.exercise("cosine_annealing")
def test_flat_cosine(impl):
    """If the lowest rate is that of the beginning, it stays."""
    check_cosine(impl, 0.5, 7, 3, eta_min=0.5)


# warmup_cosine


def check_warmup(impl, base_lr, total_steps, warmup_steps, start_factor, **eta_min):
    """Compares with SequentialLR of LinearLR and CosineAnnealingLR; with the latter alone if there is no warm-up."""

    def build(optimizer):
        warmup = lr_scheduler.LinearLR(optimizer, start_factor, total_iters=warmup_steps)
        cosine = lr_scheduler.CosineAnnealingLR(optimizer, total_steps - warmup_steps, **eta_min)
        return lr_scheduler.SequentialLR(optimizer, [warmup, cosine], [warmup_steps])

    def cosine_alone(optimizer):
        return lr_scheduler.CosineAnnealingLR(optimizer, total_steps, **eta_min)

    right = scheduled(build if warmup_steps else cosine_alone, base_lr, total_steps)
    assert_value(impl.warmup_cosine(base_lr, total_steps, warmup_steps, start_factor, **eta_min), right, **DIGITS)


@pytest.mark.exercise("warmup_cosine")
@given(
    base_lr=RATES,
    warmup_steps=st.sampled_from([3, 5, 1, 2]),
    rest=st.sampled_from([6, 9, 2, 1]),
    start_factor=st.sampled_from([0.1, 0.25, 1 / 3, 1.0, 1e-3]),
    part=st.sampled_from([0.1, 0.0, 0.5]),
)
def test_rates_are_those_of_a_sequence(impl, base_lr, warmup_steps, rest, start_factor, part):
    """The rates are those of torch's `SequentialLR` of a `LinearLR` and a `CosineAnnealingLR`."""
    check_warmup(impl, base_lr, warmup_steps + rest, warmup_steps, start_factor, eta_min=base_lr * part)


@pytest.mark.exercise("warmup_cosine")
@pytest.mark.parametrize("warmup_steps", [0, 1, 4, 104])
def test_lengths_of_the_warmup(impl, warmup_steps):
    """There may be no warm-up, and the cosine may be one step long; the lowest rate is 0 where it is not given."""
    for rest in (1, 2, 7, 110):
        check_warmup(impl, 0.5, warmup_steps + rest, warmup_steps, 0.2)
        check_warmup(impl, 150.0, warmup_steps + rest, warmup_steps, 0.5, eta_min=2.0)


# reduce_on_plateau

NAN = math.nan


def check_plateau(impl, base_lr, metrics, **options):
    """Compares with ReduceLROnPlateau, and sees that the list is left alone."""
    before = list(metrics)
    right = scheduled(
        lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, **options), base_lr, len(before), before
    )
    assert_value(impl.reduce_on_plateau(base_lr, metrics, **options), right, **DIGITS)
    assert str(metrics) == str(before), f"the call changed its argument metrics: {before} became {metrics}"


@pytest.mark.exercise("reduce_on_plateau")
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize("mode", ["min", "max"])
@given(
    base_lr=st.sampled_from([0.5, 0.1, 8.0]),
    metrics=st.lists(st.sampled_from([4.0, 3.0, 2.0, 2.5, 1.0, 3.5, -1.0, -2.0, 0.0, NAN]), max_size=12),
    patience=st.sampled_from([1, 0, 2, 3]),
    threshold=st.sampled_from([0.25, 0.0, 0.5]),
    cooldown=st.sampled_from([0, 2, 1, 3]),
    factor=st.sampled_from([0.5, 0.1, 0.9]),
    min_lr=st.sampled_from([0.0, 0.0625, 2.0]),
)
def test_rates_are_those_of_reduce_on_plateau(impl, mode, threshold_mode, base_lr, metrics, **options):
    """The rates are those of torch's `ReduceLROnPlateau`."""
    check_plateau(impl, base_lr, metrics, mode=mode, threshold_mode=threshold_mode, **options)


FLAT = [1.0] * 30
PLATEAUS = {
    "defaults": (0.5, FLAT, {}),
    "no metric": (0.5, [], {}),
    "one metric": (0.5, [3.0], {"patience": 0}),
    "nothing to report": (0.5, [NAN] * 4 + [2.0, 2.0, 1.0], {"patience": 1}),
    "NaN in between": (0.5, [2.0, NAN, NAN, 1.0, NAN, 0.5], {"patience": 1}),
    "hundreds": (300.0, [500.0, 400.0, 450.0, 480.0, 350.0, 340.0, 360.0], {"patience": 1}),
    "default threshold": (0.5, [100.0, 99.995, 99.985, 99.98, 99.97, 99.965], {"patience": 0}),
    "default threshold, rising": (0.5, [100.0, 100.005, 100.015, 100.02, 100.03], {"patience": 0, "mode": "max"}),
    "below zero": (0.5, [-4.0, -3.5, -3.0, -2.5, -2.0, -5.0], {"patience": 0, "threshold": 0.25}),
    "below zero, rising": (0.5, [-4.0, -4.5, -5.0, -6.0, -3.0], {"patience": 0, "threshold": 0.25, "mode": "max"}),
    "as good as asked": (0.5, [4.0, 3.0, 2.5, 1.875], {"patience": 0, "threshold": 0.25}),
    "as good as asked, rising": (0.5, [4.0, 5.0, 5.5], {"patience": 0, "threshold": 0.25, "mode": "max"}),
    "by an amount": (0.5, [4.0, 3.75, 3.5, 3.0], {"patience": 0, "threshold": 0.25, "threshold_mode": "abs"}),
    "by an amount, rising": (
        0.5,
        [4.0, 4.25, 4.5, 4.25, 4.75, 5.0],
        {"patience": 0, "threshold": 0.25, "threshold_mode": "abs", "mode": "max"},
    ),
    "best of 0": (0.5, [0.0, 1.0, 2.0, -1.0, 0.5], {"patience": 0}),
    "best of 0, rising": (0.5, [0.0, -1.0, -2.0, 1.0, 0.5], {"patience": 0, "mode": "max"}),
    "slowly": (0.5, [4.0, 3.5, 3.0, 2.5, 2.0, 1.5], {"patience": 1, "threshold": 0.25}),
    "cool-down": (0.5, FLAT[:20], {"patience": 1, "cooldown": 2, "factor": 0.5}),
    "cool-down without patience": (0.5, FLAT[:12], {"patience": 0, "cooldown": 3, "factor": 0.5}),
    "better in the cool-down": (
        0.5,
        [4.0, 4.0, 3.0, 3.5, 3.5, 2.0, 3.0, 3.0, 3.0],
        {"patience": 0, "cooldown": 3, "factor": 0.5},
    ),
    "down to the minimum": (0.5, FLAT[:8], {"patience": 0, "min_lr": 0.1, "factor": 0.5}),
    "below the minimum": (0.5, FLAT[:5], {"patience": 0, "min_lr": 1.0}),
    "cool-down though nothing fell": (0.5, FLAT[:9], {"patience": 0, "min_lr": 0.25, "cooldown": 2, "factor": 0.5}),
    "default eps, too small a fall": (1.05e-8, FLAT[:3], {"patience": 0}),
    "default eps, a large enough fall": (1.2e-8, FLAT[:3], {"patience": 0}),
    "just eps": (0.5, FLAT[:4], {"patience": 0, "factor": 0.5, "eps": 0.25}),
    "more than eps": (0.5, FLAT[:4], {"patience": 0, "factor": 0.5, "eps": 0.2}),
    "factor of nothing": (0.5, FLAT[:3], {"patience": 0, "factor": 0.0}),
}


@pytest.mark.exercise("reduce_on_plateau")
@pytest.mark.parametrize("name", PLATEAUS)
def test_plateaus_of_every_kind(impl, name):
    """The rates are those of torch's `ReduceLROnPlateau`, with defaults for the options that are left out."""
    base_lr, metrics, options = PLATEAUS[name]
    check_plateau(impl, base_lr, list(metrics), **options)


@pytest.mark.exercise("reduce_on_plateau")
@pytest.mark.parametrize(
    "options",
    [
        {"mode": "low"},
        {"mode": ""},
        {"mode": "rel"},
        {"mode": "MIN"},
        {"threshold_mode": "ABS"},
        {"threshold_mode": "relative"},
        {"threshold_mode": "min"},
        {"mode": "max", "threshold_mode": ""},
        {"factor": 1.0},
        {"factor": 2.0},
    ],
)
def test_unknown_words_and_growing_rates_are_value_errors(impl, options):
    """An unknown mode or threshold mode, or a factor of 1 or more, raises ValueError, with metrics or without."""
    for metrics in [], [2.0, 3.0]:
        assert_raises(ValueError, impl.reduce_on_plateau, 0.5, metrics, **options)


# train_steps

COUNTING = [
    ("StepLR", {"step_size": 2, "gamma": 0.5}),
    ("LambdaLR", {"first": 1.5}),
    ("CosineAnnealingLR", {"T_max": 3, "eta_min": 0.01}),
    ("SequentialLR", {"start_factor": 0.25, "warmup": 2, "t_max": 4}),
]


def train(kind, options, starts, rates, batches, momentum=0.0, metrics=None):
    """Rates of each step, parameters and rates afterwards, of gradient descent towards each batch in turn."""
    optimizer = SGD(
        [{"params": [nn.Parameter(start.clone())], "lr": rate} for start, rate in zip(starts, rates, strict=True)],
        momentum=momentum,
    )
    used, params, speeds = [], [start.clone() for start in starts], [torch.zeros_like(start) for start in starts]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = scheduler_of(optimizer, kind, options)
        for number, batch in enumerate(batches):
            used.append(rates_of(optimizer))
            momenta = [group["momentum"] for group in optimizer.param_groups]  # some schedulers change it
            speeds = [m * speed + (param - batch) for m, speed, param in zip(momenta, speeds, params, strict=True)]
            params = [param - rate * speed for param, rate, speed in zip(params, used[-1], speeds, strict=True)]
            scheduler.step(*([] if metrics is None else [metrics[number]]))
    return used, params, rates_of(optimizer)


def doubles(*values):
    """A vector of float64."""
    return torch.tensor(values, dtype=torch.float64)


STRIDED = doubles(2.0, 7.0, -3.0, 7.0)[::2]
BATCHES = [doubles(1.0, -2.0), doubles(150.0, 0.5), STRIDED, doubles(0.5, 0.25), doubles(-1.0, 2.0)]
STARTS = [doubles(1.0, -1.0), doubles(0.5, 4.0), doubles(-2.0, 3.0)]


@pytest.mark.exercise("train_steps")
@pytest.mark.parametrize("kind, options", COUNTING)
@pytest.mark.parametrize("groups, length", [(1, 5), (2, 4), (3, 5), (2, 1), (1, 0)])
def test_steps_use_the_rates_in_turn(impl, kind, options, groups, length):
    """Each step uses the rates that the schedule has for it, from the first on, and these are what comes back."""
    starts, rates, batches = STARTS[:groups], [0.5, 0.125, 0.3][:groups], BATCHES[:length]
    before = [batch.clone() for batch in batches]
    used, params, after = train(kind, options, starts, rates, before)
    shown = (
        f"optimizer = {sgd(rates)}\nscheduler = {written(kind, options)}\n"
        f"train_steps(optimizer, scheduler, loss, batches[:{length}])"
    )
    evidence = ask(impl, "train_steps", kind, options, starts, rates, batches, shown=lambda: shown)
    with showing(lambda: f"{shown}\n# the batches that loss was called with"):
        assert_value(evidence["batches"], before)
    with showing(lambda: f"{shown}\n# the rates that the optimizer saw"):
        assert_value(evidence["used"], used, **DIGITS)
    with showing(shown):
        assert_value(evidence["result"], used, **DIGITS)
    with showing(lambda: f"{shown}\n# the parameters afterwards, whose gradients were 100 before"):
        assert_value(evidence["params"], params, rtol=1e-10, atol=1e-12)
    with showing(lambda: f"{shown}\n# the rates afterwards"):
        assert_value(evidence["rates after"], after, **DIGITS)
        assert evidence["scheduler steps"] == length, (
            f"the scheduler made {evidence['scheduler steps']} steps for {length} batches"
        )
        assert_value(batches, before)


# train_epochs

HALVES = ("StepLR", {"step_size": 1, "gamma": 0.5})
PLATEAU = ("ReduceLROnPlateau", {"patience": 0, "factor": 0.3, "min_lr": 0.05})
RISING = ("Patient", {"mode": "max", "patience": 1, "factor": 0.25})
DECEPTIVE = ("Bystander", {"step_size": 1, "gamma": 0.5})
OWN = {
    "Patient": "# Patient: a ReduceLROnPlateau whose step() can do without a metric\n",
    "Bystander": "# Bystander: a StepLR that goes on further if step() is told anything\n",
}
"""What a learner has to know of the probes' own schedulers."""
FALLING = [3.0, 2.0, 2.5, 1.0, 1.5, 1.5, 0.5]


@pytest.mark.exercise("train_epochs")
@pytest.mark.parametrize("metrics", [FALLING, [0.25, 0.5, 0.5, 0.0, 0.75, 0.1, 0.0]])
@pytest.mark.parametrize(
    "kinds",
    [
        [HALVES],
        [PLATEAU],
        [RISING],
        [HALVES, PLATEAU],
        [PLATEAU, HALVES],
        [PLATEAU, RISING, HALVES],
        [DECEPTIVE],
        [("CosineAnnealingLR", {"T_max": 4}), RISING],
        [],
    ],
    ids=lambda kinds: "-".join(kind for kind, _ in kinds) or "none",
)
def test_epochs_under_schedulers(impl, kinds, metrics):
    """An epoch is training, one validation, a step of each scheduler in turn; a plateau alone gets the metric."""
    for epochs in (7, 1, 0, 4, 101):
        measured = [metrics[epoch % len(metrics)] for epoch in range(epochs)]
        optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=0.8)
        used = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedulers = [scheduler_of(optimizer, kind, options) for kind, options in kinds]
            for epoch in range(epochs):
                used += rates_of(optimizer)
                for scheduler, (kind, _) in zip(schedulers, kinds, strict=True):
                    scheduler.step(*(measured[epoch : epoch + 1] if kind in ("ReduceLROnPlateau", "Patient") else []))
        notes = "".join(OWN.get(kind, "") for kind, _ in kinds)
        shown = (
            f"{notes}optimizer = SGD([torch.ones(1, requires_grad=True)], lr=0.8)\n"
            f"schedulers = [{', '.join(written(*kind) for kind in kinds)}]\nmetrics = itertools.cycle({metrics})\n"
            f"train_epochs(optimizer.step, lambda: next(metrics), schedulers, {epochs})"
        )
        evidence = ask(impl, "train_epochs", kinds, 0.8, epochs, list(metrics), shown=lambda shown=shown: shown)
        assert_value(evidence["result"], measured)
        with showing(lambda shown=shown: f"{shown}\n# what was called"):
            assert_value(evidence["events"], ["train", "validate"] * epochs)
            for number, phase in enumerate(["training", "validation"]):
                with showing(lambda shown=shown, phase=phase: f"{shown}\n# the rate during the {phase} of each epoch"):
                    assert_value(evidence["rates"][number::2], used, **DIGITS)
        with showing(lambda shown=shown: f"{shown}\n# the rate afterwards"):
            assert_value(evidence["rate after"], rates_of(optimizer)[0], **DIGITS)
        with showing(lambda shown=shown: f"{shown}\n# the steps that each scheduler made"):
            assert_value(evidence["scheduler steps"], [epochs] * len(kinds))


# resume

STOPPED = [
    *COUNTING,
    ("ReduceLROnPlateau", {"patience": 1, "factor": 0.5}),
    ("LinearLR", {"total_iters": 4}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 12}),  # writes the momentum, too
]


@pytest.mark.exercise("resume")
@pytest.mark.parametrize("kind, options", STOPPED, ids=[kind for kind, _ in STOPPED])
@pytest.mark.parametrize("stop", [2, 3, 0, 5, 1])
def test_schedule_goes_on(impl, kind, options, stop):
    """Rates, steps and parameters are those of a training that was never stopped."""
    starts, rates = STARTS[:2], [0.5, 0.125]
    batches = BATCHES + BATCHES[:3]
    metrics = [3.0, 2.0, 2.5, 2.5, 2.25, 1.0, 2.0, 2.0] if kind == "ReduceLROnPlateau" else None
    used, params, after = train(kind, options, starts, rates, batches, momentum=0.5, metrics=metrics)
    shown = (
        f"optimizer = {sgd([0.9, 0.9], momentum=0.5)}\n"
        f"build = lambda optimizer: {written(kind, options)}\n"
        f"resume(optimizer, build, checkpoint)  # of a training with lr {rates}, stopped after {stop} steps"
    )
    evidence = ask(impl, "resume", kind, options, starts, rates, 0.9, batches, stop, metrics, shown=lambda: shown)
    assert evidence["is scheduler"], "it should return the scheduler"
    assert evidence["is built"], "it returned another scheduler than build made"
    assert evidence["given"] == [True], "build should be called once, with the optimizer that was given"
    assert_value(evidence["checkpoint"], evidence["checkpoint before"], called=f"{shown}\n# the checkpoint afterwards")
    with showing(lambda: f"{shown}\n# the rates in the optimizer at once"):
        assert_value(evidence["rates at once"], used[stop], **DIGITS)
    with showing(lambda: f"{shown}\n# the rates of all steps, those before the stop included"):
        assert_value(evidence["used"], used, **DIGITS)
        assert_value(evidence["rates after"], after, **DIGITS)
    with showing(lambda: f"{shown}\n# the parameters at the end"):
        assert_value(evidence["params"], params, rtol=1e-10, atol=1e-12)
    with showing(lambda: f"{shown}\n# the scheduler's steps before the stop and in all"):
        assert_value([evidence["steps before"], evidence["steps after"]], [stop, len(batches)])
