"""Spec of training.

What a loss is, torch's own says in float64. How a model should learn, a twin says that does the same in NumPy: a linear
layer, its gradients as closed forms, and gradient descent with momentum and weight decay.
"""

import copy
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from harness.data.literals import literal
from harness.runner import last_call
from harness.spec.asserts import assert_raises, assert_tensor, assert_unchanged, assert_value
from harness.spec.digit_images import digits
from harness.spec.strategies import seeds

CAREFUL = st.sampled_from([torch.float64, torch.float32])
SIDES = [(3,), (2, 3), (), (1,), (3, 1), (2, 1, 3), (0,), (2, 0), (1, 2, 2, 2)]
RATES = st.sampled_from([0.5, 0.125, 0.03])
MOMENTA = st.sampled_from([0.0, 0.5, 0.9])
DECAYS = st.sampled_from([0.0, 0.1])
MODES = st.lists(st.booleans(), min_size=5, max_size=5)  # of a watched model's modules
TRAINING = [True] * 5
KINDS = st.sampled_from(["loader", "generator"])

# Every example trains a model, here and in NumPy, and the edges are written out.
SEVERAL = settings(max_examples=20)


def near(dtype):
    """How far off a value may be: in float64 so little that float32 on the way to it shows."""
    return {"rtol": 1e-11, "atol": 1e-11} if dtype is torch.float64 else {"rtol": 1e-4, "atol": 1e-5}


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    try:
        return getattr(impl.probes, probe)(*args)
    finally:
        last_call.record(shown)


def assert_left(actual, expected, shown, last, **exact):
    """Passes if what a call left behind is right; messages show what was looked at after the call."""
    last_call.record(lambda: f"{shown()}\n{last}")
    assert_value(actual, expected, **exact)
    last_call.record(shown)


def generic(shape, seed, dtype=torch.float64, size=1.0):
    """Random numbers with two decimals, hardly any of which float32 holds."""
    numbers = (np.random.default_rng(seed).standard_normal(shape) * size).round(2)
    return torch.from_numpy(np.asarray(numbers)).to(dtype)


def transposed(x):
    """The same numbers in another order in memory."""
    return x.transpose(0, -1).contiguous().transpose(0, -1) if x.ndim else x


# losses

NAMES = {
    "mean_squared_error": ["prediction", "target"],
    "cross_entropy": ["logits", "labels", "weight"],
    "binary_cross_entropy": ["logits", "targets", "pos_weight"],
}


def check_loss(impl, name, first, arguments, right, upstream=1.0):
    """Compares a loss, and the gradient of `upstream` times it, with torch's; arguments have to be as before."""
    leaf = first.double().clone().requires_grad_()
    expected = right(
        leaf, *(each.double() if torch.is_tensor(each) and each.is_floating_point() else each for each in arguments)
    )
    (upstream * expected).backward()
    given_ones = [first, *arguments]
    before = copy.deepcopy(given_ones)
    result = getattr(impl, name)(first, *arguments)
    assert_tensor(result, expected.detach().to(first.dtype), **near(first.dtype), equal_nan=True)
    for place, each in enumerate(given_ones):
        if torch.is_tensor(each):
            assert_unchanged(each, before[place], NAMES[name][place])
    if expected.isnan():
        return

    def shown():
        handed = "".join(f", {literal(each)}" for each in before[1:])
        return f"x = {literal(before[0])}.requires_grad_()\n({upstream} * {name}(x{handed})).backward()\nx.grad"

    seen = ask(impl, "loss", name, first, arguments, upstream, shown=shown)
    assert seen["grad"] is not None, f"the result of {name} cannot be differentiated for its first argument"
    assert_tensor(seen["grad"], leaf.grad.to(first.dtype), **near(first.dtype))


@pytest.mark.exercise("mean_squared_error")
@pytest.mark.parametrize("shape", SIDES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_mean_squared_error(impl, shape, dtype):
    """The result is the mean of the squared differences, with its gradient, as `functional.mse_loss` has it."""
    prediction, target = generic(shape, 1, dtype), generic(shape, 2, dtype)
    check_loss(impl, "mean_squared_error", prediction, [target], functional.mse_loss)
    check_loss(impl, "mean_squared_error", transposed(prediction * 5), [target], functional.mse_loss, 0.3)


@pytest.mark.exercise("mean_squared_error")
def test_mean_squared_error_of_many(impl):
    """Many elements count alike, large and tiny differences too."""
    prediction, target = generic((20, 30), 3, size=900), generic((20, 30), 4)
    check_loss(impl, "mean_squared_error", prediction, [target], functional.mse_loss)
    target = torch.full((3,), 1000.1, dtype=torch.float64)
    check_loss(impl, "mean_squared_error", target + 1e-3, [target], functional.mse_loss)


@pytest.mark.exercise("mean_squared_error")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3, 1), (3,)),
        ((3,), (3, 1)),
        ((2, 3), (3,)),
        ((1,), ()),
        ((), (1,)),
        ((2, 3), (3, 2)),
        ((4,), (3,)),
        ((1, 3), (3,)),
    ],
    ids=str,
)
def test_shapes_of_mean_squared_error(impl, first, second):
    """Shapes that differ raise ValueError, even where they could be broadcast."""
    assert_raises(ValueError, impl.mean_squared_error, torch.ones(first), torch.zeros(second))


@st.composite
def classified(draw):
    """Logits, labels, and maybe weights and what label to ignore."""
    drawn = np.random.default_rng(draw(st.integers(0, 1000)))
    rows, classes = int(drawn.choice([1, 2, 3, 5])), int(drawn.choice([1, 2, 3, 4]))
    dtype, size = draw(CAREFUL), draw(st.sampled_from([1.0, 10.0, 1000.0]))
    logits = generic((rows, classes), drawn, dtype, size)
    labels = torch.from_numpy(drawn.integers(classes, size=rows))
    weight = draw(st.sampled_from([None, 0.5]))
    if weight is not None:
        weight = torch.from_numpy(drawn.random(classes).round(2) + weight).to(dtype)
    ignored = draw(st.sampled_from([-100, -1, 0, 2, 255]))
    labels[torch.from_numpy(drawn.random(rows) < 0.25)] = ignored if draw(st.booleans()) else labels[0].item()
    return transposed(logits) if draw(st.booleans()) else logits, labels, weight, ignored


def torchs_cross_entropy(logits, labels, weight=None, ignore_index=-100):
    """The mean that torch has by default."""
    return functional.cross_entropy(logits, labels, weight, ignore_index=ignore_index)


@pytest.mark.exercise("cross_entropy")
@SEVERAL
@given(problem=classified())
def test_cross_entropy(impl, problem):
    """The result is the weighted mean over the rows that count, with its gradient, as in `functional.cross_entropy`."""
    logits, labels, weight, ignored = problem
    check_loss(impl, "cross_entropy", logits, [labels, weight, ignored], torchs_cross_entropy, 0.7)


LOGITS = [[0.5, -1.1, 2.3], [1.7, 0.4, -0.6], [-0.2, 3.1, 0.9], [0.1, 0.2, -2.5]]
LARGE = [[1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1000.0], [1000.0, 999.0, 998.5], [-1000.0, 1000.0, -999.0]]
WEIGHTS = torch.tensor([0.3, 2.1, 0.7], dtype=torch.float64)


@pytest.mark.exercise("cross_entropy")
@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("labels", [[2, 0, 1, 0], [0, 1, 2, 2]], ids=str)
def test_cross_entropy_of_large_logits(impl, size, labels):
    """Logits of ±1000 give a finite loss and finite gradients, in both dtypes, with and without weights."""
    logits, labels = torch.tensor(LOGITS if size == "small" else LARGE, dtype=torch.float64), torch.tensor(labels)
    check_loss(impl, "cross_entropy", logits, [labels], torchs_cross_entropy)
    check_loss(impl, "cross_entropy", logits, [labels, WEIGHTS], torchs_cross_entropy, -2.5)
    check_loss(impl, "cross_entropy", logits.float(), [labels, WEIGHTS.float()], torchs_cross_entropy)


@pytest.mark.exercise("cross_entropy")
@pytest.mark.parametrize(
    ("labels", "ignored"),
    [
        ([2, -100, 1, -100], None),
        ([-100, -100, -100, 0], None),
        ([7, 1, 7, 2], 7),
        ([-1, 1, 2, -1], -1),
        ([0, 2, 0, 1], 0),
        ([2, 2, 1, 2], 2),
    ],
    ids=str,
)
def test_ignored_labels(impl, labels, ignored):
    """Rows with the ignored label count neither in the sum nor in what it is divided by, and get no gradient."""
    logits, labels = torch.tensor(LOGITS, dtype=torch.float64), torch.tensor(labels)
    for weight in None, WEIGHTS:
        arguments = [labels, weight] if ignored is None else [labels, weight, ignored]
        check_loss(impl, "cross_entropy", logits, arguments, torchs_cross_entropy)


@pytest.mark.exercise("cross_entropy")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_nothing_that_counts(impl, dtype):
    """Where no row counts, because of its label or its weight, or there is none, the result is nan."""
    logits = torch.tensor(LOGITS, dtype=dtype)
    nan = torch.tensor(math.nan, dtype=dtype)
    weight = torch.tensor([1.5, 0.0, 2.0], dtype=dtype)
    for arguments in (
        [logits, torch.full((4,), -100)],
        [logits, torch.full((4,), -100), weight],
        [logits, torch.full((4,), 2), None, 2],
        [logits, torch.full((4,), 1), weight],
        [logits, torch.tensor([1, 0, 1, 0]), weight, 0],
        [logits[:0], torch.empty(0, dtype=torch.int64)],
    ):
        assert_tensor(impl.cross_entropy(*arguments), nan, equal_nan=True)


@pytest.mark.exercise("cross_entropy")
def test_weight_of_zero(impl):
    """Rows of a class with weight 0 count as little as ignored ones."""
    weight = torch.tensor([1.5, 0.0, 2.1], dtype=torch.float64)
    logits = torch.tensor(LOGITS, dtype=torch.float64)
    check_loss(impl, "cross_entropy", logits, [torch.tensor([1, 0, 2, 1]), weight], torchs_cross_entropy)


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_of_many(impl):
    """Many rows and classes are no different from few."""
    labels = torch.from_numpy(np.random.default_rng(5).integers(300, size=40))
    labels[7] = 255  # the label of what is ignored in many pictures, but not here
    check_loss(impl, "cross_entropy", generic((40, 300), 6, size=5), [labels], torchs_cross_entropy)


@st.composite
def yes_or_no(draw):
    """Logits, targets between 0 and 1, and maybe a weight for yes."""
    drawn = np.random.default_rng(draw(st.integers(0, 1000)))
    shape = SIDES[drawn.integers(len(SIDES))]
    dtype, size = draw(CAREFUL), draw(st.sampled_from([1.0, 10.0, 1000.0]))
    logits = generic(shape, drawn, dtype, size)
    chosen = drawn.random(shape).round(2) if draw(st.booleans()) else drawn.integers(2, size=shape)
    targets = torch.from_numpy(np.asarray(chosen)).to(dtype)
    kind = draw(st.sampled_from(["none", "one", "last", "all"]))
    sides = {"one": (), "last": shape[-1:], "all": shape}.get(kind)
    weight = None if sides is None else torch.from_numpy(np.asarray(drawn.random(sides).round(2) + 0.5)).to(dtype) * 2
    return transposed(logits) if draw(st.booleans()) else logits, targets, weight


def torchs_binary_cross_entropy(logits, targets, pos_weight=None):
    """The mean that torch has by default."""
    return functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=pos_weight)


@pytest.mark.exercise("binary_cross_entropy")
@SEVERAL
@given(problem=yes_or_no())
def test_binary_cross_entropy(impl, problem):
    """The result is the mean over all elements, as in `functional.binary_cross_entropy_with_logits`."""
    logits, *arguments = problem
    check_loss(impl, "binary_cross_entropy", logits, arguments, torchs_binary_cross_entropy, 0.7)


@pytest.mark.exercise("binary_cross_entropy")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("logit", [0.0, 1.5, -1.5, 21.0, -21.0, 1000.0, -1000.0])
def test_binary_cross_entropy_of_any_logit(impl, dtype, logit):
    """Logits of ±1000 give a finite loss and finite gradients, and at a logit of 0 the gradient is right, too."""
    logits, targets = torch.full((3,), logit, dtype=dtype), torch.tensor([0.0, 1.0, 0.3], dtype=dtype)
    check_loss(impl, "binary_cross_entropy", logits, [targets], torchs_binary_cross_entropy)
    weight = torch.tensor([3.0, 0.25, 7.0], dtype=dtype)
    check_loss(impl, "binary_cross_entropy", logits, [targets, weight], torchs_binary_cross_entropy)


@pytest.mark.exercise("binary_cross_entropy")
def test_binary_cross_entropy_of_many(impl):
    """Many elements count alike, and each column has its own weight."""
    logits, targets = generic((50, 3), 7, size=4), (generic((50, 3), 8) > 0).double()
    arguments = [targets, torch.tensor([0.4, 2.0, 9.3], dtype=torch.float64)]
    check_loss(impl, "binary_cross_entropy", logits, arguments, torchs_binary_cross_entropy)


@pytest.mark.exercise("binary_cross_entropy")
@pytest.mark.parametrize(
    ("first", "second"),
    [((3, 1), (3,)), ((3,), (3, 1)), ((2, 3), (3,)), ((1,), ()), ((2, 3), (3, 2)), ((4,), (3,)), ((), (2,))],
    ids=str,
)
def test_shapes_of_binary_cross_entropy(impl, first, second):
    """Logits and targets whose shapes differ raise ValueError, even where they could be broadcast."""
    assert_raises(ValueError, impl.binary_cross_entropy, torch.ones(first), torch.zeros(second))


# steps and epochs


class Twin:
    """A linear layer that learns by gradient descent with momentum and weight decay, in NumPy."""

    def __init__(self, weights, options, max_norm=None, frozen=False):
        self.weights = [weight.double().numpy().copy() for weight in weights]
        self.velocities = [np.zeros_like(weight) for weight in self.weights]
        self.lr, self.momentum, self.decay = options["lr"], options["momentum"], options["weight_decay"]
        self.max_norm, self.frozen = max_norm, frozen

    def look(self, inputs, targets):
        """The mean loss of the rows, the outputs, and the gradients of weight and bias.

        The loss is the cross-entropy where targets are whole numbers, and otherwise the mean squared error.
        """
        x, y = inputs.double().numpy(), targets.numpy()
        outputs = x @ self.weights[0].T + self.weights[1]
        if y.dtype == np.int64:
            odds = np.exp(outputs - outputs.max(1, keepdims=True))
            odds /= odds.sum(1, keepdims=True)
            loss = -np.log(odds[np.arange(len(y)), y]).mean()
            slopes = (odds - np.eye(outputs.shape[1])[y]) / len(y)
        else:
            loss, slopes = np.square(outputs - y).mean(), 2 * (outputs - y) / outputs.size
        return float(loss), outputs, [slopes.T @ x, slopes.sum(0)]

    def learn(self, inputs, targets):
        """Does a step, and gives loss and outputs before it."""
        loss, outputs, gradients = self.look(inputs, targets)
        if self.frozen:
            gradients = gradients[:1]
        if self.max_norm is not None:
            norm = math.sqrt(sum(np.square(gradient).sum() for gradient in gradients))
            gradients = [gradient * min(1.0, self.max_norm / norm) for gradient in gradients]
        for place, gradient in enumerate(gradients):
            gradient = gradient + self.decay * self.weights[place]
            self.velocities[place] = self.momentum * self.velocities[place] + gradient
            self.weights[place] = self.weights[place] - self.lr * self.velocities[place]
        return loss, outputs

    def tensors(self, dtype):
        """Weight and bias, as they are now."""
        return [torch.from_numpy(weight.copy()).to(dtype) for weight in self.weights]


def mean(twin_call, batches):
    """The mean loss of all rows of the batches, and the share that is read right."""
    total, right, rows = 0.0, 0, 0
    for inputs, labels in batches:
        loss, outputs, *_ = twin_call(inputs, labels)
        total, rows = total + loss * len(labels), rows + len(labels)
        right += int((outputs.argmax(1) == labels.numpy()).sum())
    return total / rows, right / rows


def within(dtype, clipped=False):
    """How far off what was learned may be; clipping by torch adds a millionth to the norm, and so may anybody."""
    if dtype is torch.float32:
        return {"rtol": 1e-3, "atol": 1e-4}
    return {"rtol": 2e-5, "atol": 2e-5} if clipped else {"rtol": 1e-10, "atol": 1e-10}


@st.composite
def lessons(draw, loss=None, sizes=None):
    """Weight and bias of a linear layer, batches of inputs and targets, the name of the loss, and SGD's options."""
    features, classes = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([2, 3]))
    rows = draw(st.lists(st.sampled_from([2, 1, 3]), min_size=1, max_size=4)) if sizes is None else sizes
    name = loss or draw(st.sampled_from(["cross_entropy", "mse"]))
    options = {"lr": draw(RATES), "momentum": draw(MOMENTA), "weight_decay": draw(DECAYS)}
    return lesson_of(draw(st.integers(0, 1000)), features, classes, rows, name, draw(CAREFUL), **options)


def lesson_of(seed, features=2, classes=3, rows=(2, 1, 3), name="cross_entropy", dtype=torch.float64, **options):
    """The same, made of random numbers from a seed."""
    drawn = np.random.default_rng(seed)
    weights = [generic((classes, features), drawn, dtype), generic((classes,), drawn, dtype)]
    batches = [_batch(drawn, size, features, classes, name, dtype) for size in rows]
    return weights, batches, name, {"lr": 0.125, "momentum": 0.0, "weight_decay": 0.0, **options}


def _batch(drawn, rows, features, classes, name, dtype):
    inputs = generic((rows, features), drawn, dtype, 2.0)
    inputs = transposed(inputs) if drawn.integers(2) else inputs
    if name == "mse":
        return inputs, generic((rows, classes), drawn, dtype)
    return inputs, torch.from_numpy(drawn.integers(classes, size=rows))


FIRST = (
    [torch.tensor([[1.0], [-1.0]]), torch.zeros(2)],
    [(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([0, 0, 0])), (torch.tensor([[1.0]]), torch.tensor([1]))],
    "cross_entropy",
    {"lr": 0.125, "momentum": 0.0, "weight_decay": 0.0},
)
"""The first lesson that is tried, and so the one that most messages show: in one class, and in batches of 3 and 1."""


def copies(batches):
    """The batches in memory of their own."""
    return [tuple(part.clone() for part in batch) for batch in batches]


def made(weights, options=None, loss=None, modes=TRAINING, dropout=0.0, left=None, more=False):
    """The text of what makes a model, and an optimizer and a loss where they are; gradients may be left from before.

    With `more`, a parameter that the model does not use, and a second name for its weight.
    """
    classes, features = weights[0].shape
    convert = ", dtype=torch.float64" if weights[0].dtype is torch.float64 else ""
    model, lines = f"torch.nn.Linear({features}, {classes}{convert})", []
    if dropout or not all(modes):
        lines.append(f"dropout = torch.nn.Dropout({dropout})")
        model = f"torch.nn.Sequential({model}, torch.nn.Sequential(dropout), torch.nn.Sequential(dropout))"
    vector = torch.cat([weight.reshape(-1) for weight in weights])
    lines.append(f"model = {model}")
    lines.append(f"torch.nn.utils.vector_to_parameters({literal(vector)}, model.parameters())")
    if not all(modes):
        lines.append(f"for module, training in zip(model.modules(), {list(modes)}):\n    module.training = training")
    if left is not None:
        lines.append(f"for parameter in model.parameters():\n    parameter.grad = torch.full_like(parameter, {left})")
    if more:
        layer = "model" if model.startswith("torch.nn.Linear") else "model[0]"
        lines.append(f'{layer}.register_parameter("unused", torch.nn.Parameter(torch.ones(3{convert})))')
        lines.append(f'{layer}.register_parameter("shared", {layer}.weight)')
    if options is not None:
        further = "".join(f", {name}={value}" for name, value in options.items() if name == "lr" or value)
        lines.append('groups = [{"params": [parameter]} for parameter in model.parameters()]')
        lines.append(f"optimizer = torch.optim.SGD(groups{further})")
    if loss is not None:
        lines.append(f"loss_function = torch.nn.functional.{'mse_loss' if loss == 'mse' else loss}")
    return "\n".join(lines) + "\n"


def given_as(kind, batches):
    """The text of a loader, which may be a generator."""
    return literal(batches) if kind == "loader" else f"(batch for batch in {literal(batches)})"


def told(modes):
    """The modes of a watched model's modules, by name."""
    names = ["model", "model[0]", "model[1]", "dropout", "model[2]"]
    return ", ".join(f"{name} {'yes' if mode else 'no'}" for name, mode in zip(names, modes, strict=True))


def assert_weights(actual, expected, shown, when, **exact):
    """Passes if weight and bias are right."""
    names = ["weight", "bias"]
    named = [dict(zip(names, each, strict=True)) for each in (actual, expected)]
    assert_left(*named, shown, f"dict(model.named_parameters())  # {when}", **exact)


def assert_seen(evidence, rows):
    """Passes if the model's buffer, which it writes itself, holds what the model wrote there."""
    assert evidence["seen"] == rows, f"a buffer holds {evidence['seen']}, and should hold {rows}: leave it to the model"


def written(arguments):
    """Further arguments, as they stand in a call."""
    return "".join(f", {argument!r}" for argument in arguments)


def assert_batches_unchanged(batches, before):
    """Passes if nobody wrote into the batches."""
    for (inputs, targets), (inputs_before, targets_before) in zip(batches, before, strict=True):
        assert_unchanged(inputs, inputs_before, "inputs")
        assert_unchanged(targets, targets_before, "targets")


def check_steps(impl, lesson, clip=(), modes=TRAINING, frozen=False, more=False):
    """Has a step done for each batch and compares each with the twin's."""
    weights, batches, name, options = copy.deepcopy(lesson)
    dtype, before = weights[0].dtype, copies(batches)
    twin = Twin(weights, options, *clip, frozen=frozen)
    expected, history = [], []
    for inputs, targets in batches:
        loss, outputs = twin.learn(inputs, targets)
        expected.append((loss, torch.from_numpy(outputs).to(dtype)))
        history.append(twin.tensors(dtype))

    def shown():
        freeze = "list(model.parameters())[1].requires_grad_(False)\n" if frozen else ""
        return (
            f"{made(weights, options, name, modes, left=100.0, more=more)}{freeze}"
            "results = []\n"
            f"for inputs, targets in {literal(before)}:\n"
            f"    results.append(train_step(model, loss_function, optimizer, inputs, targets{written(clip)}))"
        )

    arguments = (weights, batches, name, options, list(clip), list(modes), frozen, more)
    seen = ask(impl, "train_steps", *arguments, shown=shown)
    exact = within(dtype, clipped=bool(clip) and clip != [None])
    assert_left(seen["results"], expected, shown, "results", **exact)
    for step, (after, right) in enumerate(zip(seen["weights"], history, strict=True), 1):
        assert_weights(after, right, shown, f"after step {step}", **exact)
    assert not seen["outputs require grad"], "the outputs that you return still hang on their history: detach them"
    forwards = [event for event in seen["events"] if event[0] == "forward"]
    assert forwards == [["forward", len(inputs)] for inputs, _ in batches], (
        f"the model ran on batches of {[rows for _, rows in forwards]} rows, "
        f"and should have run once on each, of {[len(inputs) for inputs, _ in batches]}"
    )
    untouched = [list(modes)] * len(batches)
    assert seen["modes"] == untouched, "the model ran in another mode than it was in: leave that to your caller"
    assert seen["modes after"] == list(modes), "the model's mode is another one than before"
    assert_seen(seen, modes[0] * sum(len(inputs) for inputs, _ in batches))
    assert_batches_unchanged(batches, before)


@pytest.mark.exercise("train_step")
@SEVERAL
@given(lesson=lessons(), modes=MODES, frozen=st.booleans())
@example(lesson=FIRST, modes=TRAINING, frozen=False)
@example(lesson=lesson_of(1, name="mse", momentum=0.5, weight_decay=0.1), modes=[False] * 5, frozen=True)
def test_steps(impl, lesson, modes, frozen):
    """Each step moves the model by the gradients of its batch alone, and gives the loss and the outputs before it."""
    check_steps(impl, lesson, modes=modes, frozen=frozen)


@pytest.mark.exercise("train_step")
@pytest.mark.parametrize("frozen", [False, True], ids=["all", "frozen"])
@pytest.mark.parametrize("max_norm", [0.25, 1000.0, 1.0, 0.002, None])
def test_clipped_steps(impl, max_norm, frozen):
    """Gradients whose norm, all together, is above max_norm are scaled down to it, and others stay as they are."""
    check_steps(impl, FIRST, [max_norm], frozen=frozen)
    check_steps(impl, lesson_of(2, momentum=0.9, weight_decay=0.1), [max_norm], frozen=frozen)


@pytest.mark.exercise("train_step")
@pytest.mark.parametrize("clip", [[], [0.25], [1000.0]], ids=str)
def test_steps_of_a_model_with_more_parameters(impl, clip):
    """A parameter without a gradient changes nothing, and one with two names counts once."""
    check_steps(impl, FIRST, clip, more=True)
    check_steps(impl, lesson_of(2, momentum=0.9, weight_decay=0.1), clip, frozen=True, more=True)


def check_epoch(impl, lesson, kind, clip=(), modes=TRAINING, more=False):
    """Has an epoch done and compares it with the twin's."""
    weights, batches, _, options = copy.deepcopy(lesson)
    dtype, before = weights[0].dtype, copies(batches)
    twin = Twin(weights, options, *clip)
    expected = mean(twin.learn, batches)

    def shown():
        return (
            f"{made(weights, options, modes=modes, more=more)}"
            f"loader = {given_as(kind, before)}\n"
            f"train_epoch(model, loader, torch.nn.functional.cross_entropy, optimizer{written(clip)})"
        )

    seen = ask(impl, "train_epoch", weights, batches, kind, options, list(clip), list(modes), more, shown=shown)
    exact = within(dtype, clipped=bool(clip))
    assert_value(seen["result"], expected, **exact)
    assert_weights(seen["weights"], twin.tensors(dtype), shown, "after the epoch", **exact)
    steps = [event for event in seen["events"] if event[0] != "backward"]
    right = [event for inputs, _ in batches for event in (["forward", len(inputs)], ["step"])]
    assert steps == right, f"what happened was {steps}, and should have been {right}"
    for each in seen["modes"]:
        assert all(each), f"a part of the model was not in training mode while it trained: {told(each)}"
    assert_seen(seen, sum(len(inputs) for inputs, _ in batches))
    assert_batches_unchanged(batches, before)


@pytest.mark.exercise("train_epoch")
@SEVERAL
@given(lesson=lessons(loss="cross_entropy"), kind=KINDS, modes=MODES)
@example(lesson=FIRST, kind="loader", modes=TRAINING)
@example(lesson=FIRST, kind="generator", modes=[True, False, True, False, True])
def test_epoch(impl, lesson, kind, modes):
    """Loss and accuracy are means over the rows, whatever the size of a batch, and the model learns from each."""
    check_epoch(impl, lesson, kind, modes=modes)


@pytest.mark.exercise("train_epoch")
@pytest.mark.parametrize("max_norm", [0.1, 0.5, 1000.0])
def test_clipped_epoch(impl, max_norm):
    """max_norm holds for each step of the epoch."""
    check_epoch(impl, FIRST, "loader", [max_norm])
    check_epoch(impl, lesson_of(4, momentum=0.9), "generator", [max_norm])


@pytest.mark.exercise("train_epoch")
@pytest.mark.parametrize("clip", [[], [0.25]], ids=str)
def test_epoch_of_a_model_with_more_parameters(impl, clip):
    """A parameter without a gradient changes nothing, and one with two names counts once."""
    check_epoch(impl, lesson_of(4, momentum=0.9), "loader", clip, more=True)


def check_evaluation(impl, lesson, kind, modes, grad=0.5, fails=None, more=False):
    """Has a model evaluated, and looks for what that changed."""
    weights, batches, _, options = copy.deepcopy(lesson)
    dtype, before = weights[0].dtype, copies(batches)
    expected = mean(Twin(weights, options).look, batches)

    def shown():
        raises = "" if fails is None else f"# the {fails[0]} raises an exception at batch number {fails[1] + 1}\n"
        return (
            f"{made(weights, modes=modes, dropout=0.5, left=grad, more=more)}"
            f"loader = {given_as(kind, before)}\n"
            f"{raises}evaluate(model, loader, torch.nn.functional.cross_entropy)"
        )

    seen = ask(impl, "evaluate", weights, batches, kind, list(modes), grad, fails, more, shown=shown)
    if fails is None:
        assert_value(seen["result"], expected, **within(dtype))
        assert len(seen["modes"]) == len(batches), "the model should run once on each batch"
    else:
        assert seen["raised"] == "here", f"an exception of the {fails[0]} should reach the caller"
    for each in seen["modes"]:
        assert not any(each), f"a part of the model was in training mode while it ran: {told(each)}"
    assert not any(seen["recorded"]), "the model's run was recorded: switch recording off"
    assert seen["modes after"] == list(modes), (
        f"in training mode were, before: {told(modes)}; and afterwards: {told(seen['modes after'])}"
    )
    assert_weights(seen["weights"], weights, shown, "afterwards")
    grads = [torch.full_like(weight, grad) for weight in weights]
    assert_left(seen["grads"], grads, shown, "[parameter.grad for parameter in model.parameters()]")
    assert seen["require grad"], "the parameters do not require grad any more"
    assert seen["seen"] == 0, "a buffer of the model changed"
    assert seen["recording after"], "recording is still switched off"
    assert_batches_unchanged(batches, before)


@pytest.mark.exercise("evaluate")
@SEVERAL
@given(lesson=lessons(loss="cross_entropy"), kind=KINDS, modes=MODES, grad=st.sampled_from([0.5, -3.0]))
@example(lesson=FIRST, kind="loader", modes=TRAINING, grad=0.5)
@example(lesson=FIRST, kind="generator", modes=[True, False, True, False, True], grad=0.5)
@example(lesson=FIRST, kind="generator", modes=[False, True, False, True, True], grad=0.5)
def test_evaluation(impl, lesson, kind, modes, grad):
    """Loss and accuracy are means over the rows, in evaluation mode, unrecorded, and the model is left as it was."""
    check_evaluation(impl, lesson, kind, modes, grad)


@pytest.mark.exercise("evaluate")
def test_evaluation_of_a_model_with_more_parameters(impl):
    """A parameter without a gradient and one with two names are left as they were."""
    check_evaluation(impl, FIRST, "loader", [True, False, True, False, True], more=True)


@pytest.mark.exercise("evaluate")
@pytest.mark.parametrize(
    "fails",
    [["loss function", 0], ["loss function", 1], ["model", 0], ["model", 1], ["loader", 0], ["loader", 1]],
    ids=str,
)
def test_evaluation_that_fails(impl, fails):
    """After an exception, each module is in the mode in which it was."""
    check_evaluation(impl, FIRST, "loader", [True, False, True, False, True], fails=fails)


@pytest.mark.exercise("train_accumulated")
@SEVERAL
@given(
    lesson=lessons(),
    group=st.sampled_from([2, 3, 1, 100]),
    kind=KINDS,
    modes=MODES,
)
@example(lesson=FIRST, group=2, kind="loader", modes=TRAINING)
@example(lesson=lesson_of(6, rows=[2, 1, 3, 1, 2]), group=2, kind="loader", modes=TRAINING)
@example(lesson=lesson_of(7, rows=[3, 1, 1, 2], name="mse"), group=3, kind="generator", modes=[False] * 5)
def test_accumulation(impl, lesson, group, kind, modes):
    """Each group moves the model as if it were one batch, though its batches go forward and backward one by one."""
    check_accumulation(impl, lesson, group, kind, modes)


@pytest.mark.exercise("train_accumulated")
def test_accumulation_of_a_model_with_more_parameters(impl):
    """A parameter without a gradient changes nothing, and one with two names counts once."""
    check_accumulation(impl, lesson_of(6, rows=[2, 1, 3, 1, 2]), 2, "loader", TRAINING, more=True)


def check_accumulation(impl, lesson, group, kind, modes, more=False):
    """Has a model trained on groups of batches and compares it with the twin, which learns from each group at once."""
    weights, batches, name, options = copy.deepcopy(lesson)
    dtype, before = weights[0].dtype, copies(batches)
    twin, expected, right = Twin(weights, options), [], []
    for start in range(0, len(batches), group):
        members = batches[start : start + group]
        loss, _ = twin.learn(*(torch.cat(parts) for parts in zip(*members, strict=True)))
        expected.append(loss)
        for inputs, _ in members:
            right += [["forward", len(inputs)], ["backward", len(inputs)]]
        right.append(["step"])

    def shown():
        return (
            f"{made(weights, options, name, modes, left=100.0, more=more)}"
            f"loader = {given_as(kind, before)}\n"
            f"train_accumulated(model, loader, loss_function, optimizer, {group})"
        )

    seen = ask(impl, "train_accumulated", weights, batches, name, kind, options, group, list(modes), more, shown=shown)
    assert seen["events"] == right, f"what happened was {seen['events']}, and should have been {right}"
    assert_value(seen["result"], expected, **within(dtype))
    assert_weights(seen["weights"], twin.tensors(dtype), shown, "afterwards", **within(dtype))
    for step, taken in enumerate(seen["taken"], 1):
        assert taken <= step * group, (
            f"before step {step}, {taken} batches had been taken from the loader, and {step * group} would have done: "
            "take the batches of a group only after the step of the one before"
        )
    assert seen["modes"] == [list(modes)] * len(batches), "the model's mode is your caller's business"
    assert_seen(seen, modes[0] * sum(len(inputs) for inputs, _ in batches))
    assert_batches_unchanged(batches, before)


# fit


def end_of(losses, patience):
    """After how many epochs training ends, and which one is kept, from 0."""
    better = [loss < np.fmin.reduce([math.inf, *losses[:epoch]]) for epoch, loss in enumerate(losses)]
    ends = [done for done in range(patience, len(losses)) if not any(better[done - patience : done])]
    done = min([*ends, len(losses)])
    return done, max([epoch for epoch in range(done) if better[epoch]], default=done - 1)


def without_nan(history):
    """A history in which nan equals itself."""
    if not isinstance(history, list) or not all(isinstance(epoch, dict) for epoch in history):
        return history
    return [
        {key: "nan" if isinstance(value, float) and math.isnan(value) else value for key, value in epoch.items()}
        for epoch in history
    ]


def check_fit(impl, lesson, held_out, script, epochs, patience, clip=(), more=False):
    """Has a model fitted and compares history and weights with the twin's."""
    weights, batches, _, options = copy.deepcopy(lesson)
    dtype = weights[0].dtype
    twin, history, states = Twin(weights, options, *clip), [], []
    for epoch in range(epochs):
        train_loss, train_accuracy = mean(twin.learn, batches)
        loss, accuracy = mean(twin.look, held_out)
        history.append(
            {
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "validation_loss": loss if script is None else script[epoch],
                "validation_accuracy": accuracy,
            }
        )
        states.append(twin.tensors(dtype))
    done, best = end_of([epoch["validation_loss"] for epoch in history], patience)

    def shown():
        said = "" if script is None else f"# the validation loss is, epoch by epoch: {script}\n"
        return (
            f"{made(weights, options, 'cross_entropy', more=more)}"
            f"train_loader = {literal(batches)}\n"
            f"validation_loader = {literal(held_out)}\n"
            f"{said}fit(model, train_loader, validation_loader, loss_function, optimizer"
            f"{written([epochs, patience, *clip])})"
        )

    arguments = (weights, batches, held_out, script, options, [epochs, patience, *clip], more)
    seen = ask(impl, "fit", *arguments, shown=shown)
    exact = within(dtype, clipped=bool(clip))
    assert seen["epochs"] == done, f"there were {seen['epochs']} epochs of training, and should have been {done}"
    assert seen["validations"] == done, f"it was evaluated {seen['validations']} times after {done} epochs"
    assert_value(without_nan(seen["history"]), without_nan(history[:done]), **exact)
    when = f"as after epoch {best + 1}"
    assert_weights(seen["weights"], states[best], shown, when, **exact)
    rows = (best + 1) * sum(len(labels) for _, labels in batches)
    assert seen["seen"] == rows, f"a buffer holds {seen['seen']}, and held {rows} after the best epoch"
    assert seen["same parameters"], "the model has other parameters than before: put the values back into the old ones"


SCRIPTS = [
    ([4.0, 3.0, 2.0, 1.0], 1),
    ([3.0, 4.0, 2.0], 1),
    ([4.0, 3.0, 3.5, 2.0, 2.5, 2.25, 1.0], 2),
    ([3.0, 3.0, 3.0, 1.0], 2),
    ([5.0, 3.0, 4.5, 4.0, 3.5, 2.0], 3),
    ([4.0, math.nan, math.nan, 3.0], 2),
    ([4.0, math.nan, 3.0, 5.0], 2),
    ([2.0, 1.9999999, 2.0, 2.0, 1.0], 2),
    ([2.0, 0.0, 1.0, 0.5], 5),
    ([-1.0, -3.0, -2.0], 4),
    ([2.0**40, 2.0**41, 2.0**39, 2.0**40], 2),
    ([math.nan, 3.0, 4.0, 2.0], 2),
    ([math.nan, math.inf, 1.0], 2),
    ([7.0], 1),
    ([300.0, 299.5, 299.75, 299.5, 299.5, 299.0], 3),
]
"""Validation losses, epoch by epoch, and patience."""


@pytest.mark.exercise("fit")
@pytest.mark.parametrize(("script", "patience"), SCRIPTS, ids=str)
def test_early_stopping(impl, script, patience):
    """Training stops after `patience` epochs without a new lowest validation loss, and the best model is kept."""
    check_fit(impl, FIRST, FIRST[1][:1], script, len(script), patience)


@pytest.mark.exercise("fit")
@pytest.mark.parametrize(
    ("epochs", "patience", "clip"), [(3, 9, []), (1, 1, [0.25]), (4, 1, [0.25]), (3, 2, [1000.0]), (5, 2, [])], ids=str
)
def test_fit(impl, epochs, patience, clip):
    """The history says what each epoch of training and its evaluation gave, with and without clipping."""
    for weights, batches, name, options in (
        lesson_of(8, rows=[2, 1, 3, 1], momentum=0.9),
        lesson_of(9, rows=[3, 1, 1, 2], dtype=torch.float32),
    ):
        check_fit(impl, (weights, batches[:2], name, options), batches[2:], None, epochs, patience, clip)


@pytest.mark.exercise("fit")
@pytest.mark.parametrize("clip", [[], [0.25]], ids=str)
def test_fit_of_a_model_with_more_parameters(impl, clip):
    """A parameter without a gradient changes nothing, and one with two names counts once."""
    check_fit(impl, FIRST, FIRST[1][:1], [2.0, 1.0, 3.0], 3, 2, clip, more=True)


# chance


def chance(seed):
    """The numbers that the global generators give, one time after the other, from this seed on."""
    python, numpy = random.Random(seed), np.random.RandomState(seed)  # noqa: S311 - no secret
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield {
            "random.random()": python.random(),
            "random.gauss(0, 1)": python.gauss(0, 1),
            "np.random.random()": float(numpy.random_sample()),
            "np.random.standard_normal()": float(numpy.standard_normal()),
            "torch.rand(3)": torch.rand(3, generator=generator),
        }


def check_blocks(impl, before, chosen, message=None):
    """Draws before, inside and after nested blocks, and compares with what each seed gives on its own."""
    streams = [chance(before), *(chance(seed) for seed in chosen)]
    inside = [f"in the block of seed {seed}" for seed in chosen]
    moments = ["before the block", *inside]
    expected = [next(stream) for stream in streams]
    if message is None:
        moments += [f"{each}, when those in it have ended" for each in reversed(inside)]
        expected += [next(stream) for stream in reversed(streams[1:])]
    moments.append("after the block")
    expected.append(next(streams[0]))

    def shown():
        opened = "".join(f"{'    ' * depth}with seeded({seed}):\n" for depth, seed in enumerate(chosen))
        last = "draw()" if message is None else f"raise ArithmeticError({message!r})"
        return f"{opened}{'    ' * len(chosen)}{last}"

    seen = ask(impl, "blocks", before, list(chosen), message, shown=shown)
    assert seen["raised"] == message, "an exception inside the block should reach the caller"
    for moment, drawn, right in zip(moments, seen["seen"], expected, strict=True):
        assert_left(drawn, right, shown, f"draw()  # {moment}")


@pytest.mark.exercise("seeded")
@settings(max_examples=10)  # any seed does
@given(before=seeds(), seed=seeds())
@example(before=1, seed=0)
@example(before=1, seed=2**32 - 1)
def test_a_block(impl, before, seed):
    """Inside, all three generators give what the seed gives; afterwards, each goes on as if nothing had been."""
    check_blocks(impl, before, [seed])


@pytest.mark.exercise("seeded")
@settings(max_examples=5)  # each is three blocks
@given(before=seeds(), chosen=st.lists(seeds(), min_size=2, max_size=3))
def test_blocks_in_blocks(impl, before, chosen):
    """A block in a block disturbs neither the outer one nor what comes after both."""
    check_blocks(impl, before, chosen)


@pytest.mark.exercise("seeded")
@pytest.mark.parametrize("chosen", [[7], [7, 8]], ids=str)
def test_a_block_that_raises(impl, chosen):
    """After an exception, which reaches the caller, each generator goes on as if nothing had been."""
    check_blocks(impl, 3, chosen, "out of data")


# digits

BAR = 0.93


def pictures(seed, count):
    """Real digits in an order of their own: so many to learn from, and the others to be read."""
    images, labels = digits()
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(labels)))
    images, labels = images[order].float() / 16, labels[order]
    return images[:count], labels[:count], images[count:], labels[count:]


def read(impl, images, labels, seed, held_out):
    """What the trained network makes of other digits."""
    before = copies([(images, labels)])
    shown = f"train_digits(images, labels, {seed}), with {len(labels)} digits"
    seen = ask(impl, "train_digits", images, labels, seed, held_out, shown=lambda: shown)
    assert seen["type"] == "Module", f"train_digits should return an nn.Module, and returned a {seen['type']}"
    assert not any(seen["modes"]), "a part of the network that you return is in training mode"
    logits = seen["logits"]
    assert logits.shape == (len(held_out), 10), f"of {len(held_out)} images the network made {tuple(logits.shape)}"
    assert_tensor(seen["logits of the first"], logits[:1], rtol=1e-3, atol=1e-3)
    assert_batches_unchanged([(images, labels)], before)
    return logits


@pytest.mark.exercise("train_digits")
def test_digits_are_read(impl):
    """Of 397 digits that it has never seen, the network reads at least 93 % right, whatever the labels call them."""
    images, labels, held_out, truth = pictures(500, 1400)
    logits = read(impl, transposed(images), (labels + 3) % 10, 500, transposed(held_out))
    share = float((logits.argmax(1) == (truth + 3) % 10).float().mean())
    assert share >= BAR, f"the network reads {share:.1%} of {len(truth)} held-out digits right; {BAR:.0%} are asked for"


@pytest.mark.exercise("train_digits")
def test_training_is_reproducible(impl):
    """The same images, labels and seed give the same network to the last bit, and another seed another one."""
    images, labels, held_out, _ = pictures(1, 200)
    first, again, other = (read(impl, images, labels, seed, held_out[:20]) for seed in (7, 7, 8))
    assert torch.equal(first, again), "trained twice with seed 7, the network gives different logits"
    assert not torch.equal(first, other), "trained with seeds 7 and 8, the network gives the same logits"
