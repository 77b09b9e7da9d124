"""Spec of networks.

Probes build the nets, load weights that are chosen here into their parameters, in the order of `parameters()`, and run
them. What should come out is computed here, in float64, with elementary operations.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data.literals import literal
from harness.runner import last_call
from harness.spec.asserts import assert_raises, assert_tensor, assert_unchanged, assert_value
from harness.spec.strategies import seeds

CAREFUL = st.sampled_from([torch.float32, torch.float64])
MISFIT = (RuntimeError, ValueError)
LOOKS = st.tuples(seeds(), CAREFUL, st.booleans(), st.booleans())  # what `numbers` takes


def generic(shapes, seed, dtype=torch.float64):
    """Random numbers with two decimals for each shape, hardly any of which is zero or equal to another one."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).round(decimals=2).to(dtype) for shape in shapes
    ]


def transposed(x):
    """The same numbers in another order in memory."""
    return x.transpose(0, -1).contiguous().transpose(0, -1)


def numbers(look, shape, shapes):
    """Weights of the shapes that are asked for, and an input: float32, or float64 with numbers that only it holds."""
    seed, dtype, turned, large = look
    x, *weights = generic([shape, *shapes], seed, dtype)
    if large and dtype is torch.float64:  # float32 would have too few digits for the sums
        x = x * 90
    return weights, transposed(x) if turned else x


def near(dtype):
    """How far off a value may be: in float64 so little that float32 on the way to it shows."""
    return {"rtol": 1e-11, "atol": 1e-11} if dtype is torch.float64 else {"rtol": 2e-5, "atol": 1e-4}


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    try:
        return getattr(impl.probes, probe)(*args)
    finally:
        last_call.record(shown)


def made(name, arguments):
    """The text of what makes a net."""
    return f"{name}({', '.join(map(literal, arguments))})"


def loaded(name, arguments, weights, mode="eval"):
    """The text of what makes a net and gives it weights, as a learner can paste it."""
    convert = ".double()" if weights and weights[0].dtype is torch.float64 else ""
    lines = [f"net = {made(name, arguments)}{convert}"]
    if weights is not None:
        vector = torch.cat([weight.reshape(-1) for weight in weights])
        lines.append(f"torch.nn.utils.vector_to_parameters({literal(vector)}, net.parameters())")
    if mode == "eval":
        lines.append("net.eval()")
    return "\n".join(lines)


def assert_module(evidence, name):
    """Passes if what was made is a module."""
    assert evidence["is module"], f"{name} should make an nn.Module, and made an object of type {evidence['type']}"


def assert_shapes(evidence, name, arguments, shapes):
    """Passes if a net has parameters of these shapes, in this order."""
    assert_module(evidence, name)
    text = f"[tuple(parameter.shape) for parameter in {made(name, arguments)}.parameters()]"
    assert_value(evidence["shapes"], [tuple(shape) for shape in shapes], called=text)


def check_layers(impl, name, arguments, shapes, fans=None):
    """Has a net made twice: its parameters have these shapes, and values of their own, as torch chooses them.

    Torch draws them from -1 / √fan to 1 / √fan. If not given, fans are the inputs of one output of each layer.
    """
    if fans is None:
        fans = [int(np.prod(weight[1:])) for weight in shapes[::2] for _ in range(2)]
    evidence = ask(impl, "layers", name, arguments, shown=lambda: made(name, arguments))
    assert_shapes(evidence, name, arguments, shapes)
    assert evidence["require grad"], "a parameter of the new net does not require grad"
    for (key, value), fan in zip(evidence["values"].items(), fans, strict=True):
        reach, bound = value.abs().max().item(), fan**-0.5
        assert reach < 1.001 * bound and (reach > 0.5 * bound or value.numel() < 40), (
            f"the new net's {key} is not what torch initialises it with: "
            f"it reaches to {reach:.4f}, torch's to {bound:.4f}"
        )
        if value.numel() > 1:
            assert value.std() > 0, (
                f"all elements of the new net's {key} are the same: leave it as torch initialises it"
            )
        if value.dim() > 1:
            other = evidence["other values"][key]
            assert not torch.equal(value, other), f"two nets start with the same {key}: is a seed set?"
    return evidence


def check_run(impl, name, arguments, weights, inputs, function, *, training=False):
    """Has a net run with these weights: it gives what the function gives of x and then of -x, and no input changes."""
    before = [x if x is None else x.clone() for x in inputs]
    wide = [weight.double() for weight in weights]
    rights = [
        function(x.nan_to_num(0).double(), *before[1:], *wide).to(weights[0].dtype) for x in (before[0], -before[0])
    ]

    def text(sign=""):
        net = loaded(name, arguments, weights, "train" if training else "eval")
        return f"{net}\nnet({sign}{', '.join(map(literal, before))})"

    evidence = ask(impl, "run", name, arguments, weights, inputs, training, shown=text)
    assert_shapes(evidence, name, arguments, [weight.shape for weight in weights])
    assert_tensor(evidence["result"], rights[0], **near(weights[0].dtype))
    for which, (x, old) in enumerate(zip(inputs, before, strict=True)):
        if x is not None:
            assert_unchanged(x, old, ("x", "lengths")[which])
    last_call.record(lambda: f"{text()}\n{text('-').splitlines()[-1]}")
    assert_tensor(evidence["then"], rights[1], **near(weights[0].dtype))


def check_gradients(impl, name, arguments, shapes, inputs, function, seed):
    """The gradients of x and of all parameters are those of the same function, written with elementary operations."""
    weights = generic(shapes, seed)
    leaves = [value.clone().requires_grad_() for value in (inputs[0], *weights)]
    result = function(leaves[0], *inputs[1:], *leaves[1:])
    (upstream,) = generic([result.shape], seed + 1)
    right = torch.autograd.grad(result, leaves, upstream)
    first = f"x = {literal(inputs[0])}.requires_grad_()"
    rest = "".join(f", {literal(value)}" for value in inputs[1:] if value is not None)
    forward = f"{loaded(name, arguments, weights)}\n{first}\ny = net(x{rest})"
    text = f"{forward}\ny.backward({literal(upstream)})\n[x.grad, *(parameter.grad for parameter in net.parameters())]"
    evidence = ask(impl, "run", name, arguments, weights, list(inputs), False, upstream, shown=lambda: text)
    assert_shapes(evidence, name, arguments, shapes)
    assert_tensor(evidence["result"], result.detach(), **near(torch.float64), called=f"{forward}\ny")
    assert "gradients" in evidence, "no gradient comes through: the result does not require grad"
    for number, gradient in enumerate(evidence["gradients"]):
        which = f"parameter {number - 1} of the net" if number else "the input"
        assert gradient is not None, f"no gradient comes to {which}: is it used?"
    assert_value(evidence["gradients"], list(right), rtol=1e-9, atol=1e-9, called=text)


def check_misfit(impl, name, arguments, weights, x):
    """Images of another size raise an error, and give no rows."""
    text = f"{loaded(name, arguments, weights)}\nnet(torch.zeros({', '.join(map(str, x.shape))}))"

    def call():
        evidence = ask(impl, "run", name, arguments, weights, [x], False, shown=lambda: text)
        assert_shapes(evidence, name, arguments, [weight.shape for weight in weights])
        return evidence["result"]

    assert_raises(MISFIT, call, called=text)


def relu(x):
    """The positive part."""
    return torch.where(x > 0, x, 0)


def linear(x, weight, bias):
    """A linear layer."""
    return (x[:, None, :] * weight).sum(2) + bias


# MLP

IMAGES = st.sampled_from([(1,), (4,), (1, 2, 2), (1, 1, 3), (2, 3), (2, 1, 2)])


def mlp_shapes(inputs, hidden, classes):
    """The shapes of the parameters of a net with one hidden layer."""
    return [(hidden, inputs), (hidden,), (classes, hidden), (classes,)]


def mlp(x, *weights):
    """A net with one hidden layer."""
    return linear(relu(linear(x.reshape(len(x), -1), *weights[:2])), *weights[2:])


@st.composite
def mlp_problems(draw):
    """The arguments of a net, weights for it, and images."""
    sides = draw(IMAGES)
    arguments = [int(np.prod(sides)), draw(st.integers(1, 5)), draw(st.integers(1, 4))]
    return arguments, *numbers(draw(LOOKS), (draw(st.integers(1, 3)), *sides), mlp_shapes(*arguments))


@pytest.mark.exercise("MLP")
@pytest.mark.parametrize("arguments", [[], [784, 30], [12, 5, 3], [3, 50, 60], [2, 3, 1]])
def test_layers_of_mlp(impl, arguments):
    """A new net has two linear layers of the sizes that are asked for, 784, 128 and 10 by default."""
    check_layers(impl, "MLP", arguments, mlp_shapes(*arguments, *[784, 128, 10][len(arguments) :]))


@pytest.mark.exercise("MLP")
@given(problem=mlp_problems(), training=st.booleans())
@settings(max_examples=30)  # each has all numbers at random
def test_logits_of_mlp(impl, problem, training):
    """The logits are those of linear layer, ReLU, linear layer, for each image by itself."""
    arguments, weights, x = problem
    check_run(impl, "MLP", arguments, weights, [x], mlp, training=training)


@pytest.mark.exercise("MLP")
@pytest.mark.parametrize(("sizes", "batch"), [((3, 4, 2), 2), ((2, 5, 3), 3), ((4, 2, 1), 1)])
def test_gradients_of_mlp(impl, sizes, batch):
    """Gradients reach the images and all four parameters, and are right."""
    (x,) = generic([(batch, sizes[0])], 2)
    check_gradients(impl, "MLP", list(sizes), mlp_shapes(*sizes), [x], mlp, 0)


# Numbers of a net's inputs, and shapes of images that have more, or fewer: often as many as several images, all in all.
MISFITS = [(4, (2, 1, 4, 4)), (6, (1, 2, 6)), (6, (2, 4)), (6, (3, 4)), (4, (4, 3))]


@pytest.mark.exercise("MLP")
@pytest.mark.parametrize(("inputs", "shape"), [*MISFITS, (4, (2, 1))])
def test_images_that_do_not_fit_mlp(impl, inputs, shape):
    """Images with another number of pixels raise an error, and never become another number of rows."""
    weights = generic(mlp_shapes(inputs, 3, 2), 0, torch.float32)
    check_misfit(impl, "MLP", [inputs, 3, 2], weights, torch.zeros(shape))


# dropout_mlp


@pytest.mark.exercise("dropout_mlp")
@pytest.mark.parametrize("arguments", [[], [784, 30], [12, 5, 3], [3, 50, 60], [2, 3, 1, 0.9], [4, 4, 4, 0.0]])
def test_layers_of_dropout_mlp(impl, arguments):
    """A new net is an nn.Sequential in training mode, with two linear layers of the sizes that are asked for."""
    sizes = arguments[:3]
    shapes = mlp_shapes(*sizes, *[784, 128, 10][len(sizes) :])
    evidence = check_layers(impl, "dropout_mlp", arguments, shapes)
    assert evidence["is Sequential"], f"the net should be an nn.Sequential, and is of type {evidence['type']}"
    assert evidence["training"], "the new net should be in training mode, with all its modules"


@pytest.mark.exercise("dropout_mlp")
@given(problem=mlp_problems(), p=st.sampled_from([0.5, 0.9]))
@settings(max_examples=20)  # each has all numbers at random
def test_dropout_in_evaluation(impl, problem, p):
    """In evaluation mode nothing is dropped: the logits are those of linear layer, ReLU, linear layer."""
    arguments, weights, x = problem
    check_run(impl, "dropout_mlp", [*arguments, p], weights, [x], mlp)


@pytest.mark.exercise("dropout_mlp")
@given(problem=mlp_problems())
@settings(max_examples=10)  # each has all numbers at random
def test_no_dropout(impl, problem):
    """With p = 0, nothing is dropped in training mode either."""
    arguments, weights, x = problem
    check_run(impl, "dropout_mlp", [*arguments, 0.0], weights, [x], mlp, training=True)


def assert_independent(kept, p):
    """Passes if two units, or one unit in two images, have the same fate as often as chance has it."""
    right = p**2 + (1 - p) ** 2
    sigma = (right * (1 - right) / kept.numel()) ** 0.5
    for dim, shifts in (0, (1, len(kept) // 2)), (1, range(1, kept.shape[1])):
        for shift in shifts:
            share = (kept == kept.roll(shift, dim)).double().mean().item()
            assert abs(share - right) < 8 * sigma, (
                "hidden units are not dropped independently of one another: "
                f"{('images', 'units of an image')[dim]} that lie {shift} apart agree in {share:.3f} of all cases, "
                f"and with p = {p} should in {right:.3f}"
            )


@pytest.mark.exercise("dropout_mlp")
@pytest.mark.parametrize(
    ("p", "dtype"),
    [(0.5, torch.float32), (0.1, torch.float64), (0.3, torch.float32), (0.7, torch.float64), (0.95, torch.float32)],
)
def test_dropout_in_training(impl, p, dtype):
    """In training mode each hidden unit of each image is 0 with probability p and divided by 1 − p otherwise."""
    images, inputs, hidden = 400, 3, 8
    w1, b1, b2, x = (
        abs(v) + 0.5 for v in generic([(hidden, inputs), (hidden,), (hidden,), (images, inputs)], 3, dtype)
    )
    weights = [w1, b1, torch.eye(hidden, dtype=dtype), b2]  # the logits show the hidden units
    arguments = [inputs, hidden, hidden, p]
    text = f"{loaded('dropout_mlp', arguments, weights, 'train')}\nnet({literal(x)})"
    evidence = ask(impl, "dropped", arguments, weights, x, shown=lambda: text)
    assert_shapes(evidence, "dropout_mlp", arguments, [weight.shape for weight in weights])
    units = linear(x.double(), w1.double(), b1.double())  # all of them greater than 0
    for result in evidence["evaluation"]:
        assert_tensor(result, (units + b2).to(dtype), **near(dtype), called=f"net.eval()\n{text}")
    patterns = []
    for number, result in enumerate(evidence["training"]):
        if number == 3:
            text = text.replace("\nnet(", "\ntorch.cat([net(image[None]) for image in ")[:-1] + "])"
            last_call.record(lambda text=text: text)
        assert isinstance(result, torch.Tensor) and result.shape == units.shape, "the shape of the logits is wrong"
        kept = (result - b2).abs() > 1e-3
        assert_tensor(result, (torch.where(kept, units / (1 - p), 0) + b2).to(dtype), **near(dtype), called=text)
        share = 1 - kept.double().mean().item()
        sigma = (p * (1 - p) / kept.numel()) ** 0.5
        assert abs(share - p) < 6 * sigma, f"{share:.3f} of the hidden units were dropped, and p is {p}"
        assert not (kept.all(1) | ~kept.any(1)).all(), (
            "the hidden units of an image are dropped all together or not at all"
        )
        assert not (kept.all(0) | ~kept.any(0)).any(), "a hidden unit has the same fate in all images"
        assert_independent(kept, p)
        patterns.append(kept)
    assert not torch.equal(patterns[0], patterns[1]), "two calls in training mode dropped the same units"
    assert not torch.equal(patterns[0], patterns[2]), "two calls in training mode dropped the same units"


@pytest.mark.exercise("dropout_mlp")
@pytest.mark.parametrize(("inputs", "shape"), [*MISFITS, (4, (2, 1))])
def test_images_that_do_not_fit_dropout_mlp(impl, inputs, shape):
    """Images with another number of pixels raise an error, and never become another number of rows."""
    weights = generic(mlp_shapes(inputs, 3, 2), 0, torch.float32)
    check_misfit(impl, "dropout_mlp", [inputs, 3, 2, 0.5], weights, torch.zeros(shape))


# conv_size


def places(size, kernel, stride=1, padding=0, dilation=1):
    """Where the kernel stands, counted one by one: all its elements lie within the padded input."""
    found, start = 0, 0
    while max(start + dilation * i for i in range(kernel)) < size + 2 * padding:
        found, start = found + 1, start + stride
    return found


@pytest.mark.exercise("conv_size")
@given(
    room=st.integers(-2, 12),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 5),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 4),
)
@settings(max_examples=60)
def test_size_of_a_convolution(impl, room, kernel, stride, padding, dilation):
    """The size is the number of places where the kernel fits; where there is none, ValueError is raised."""
    size = max(1, dilation * (kernel - 1) + 1 + room - 2 * padding)
    right = places(size, kernel, stride, padding, dilation)
    if right:
        assert_value(impl.conv_size(size, kernel, stride, padding, dilation), right)
    else:
        assert_raises(ValueError, impl.conv_size, size, kernel, stride, padding, dilation)


@pytest.mark.exercise("conv_size")
@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": 2}, {"dilation": 3}, {"padding": 3, "stride": 2}])
def test_defaults_of_conv_size(impl, options):
    """By default the stride and the dilation are 1, and the padding is 0; each may be given by name."""
    for size, kernel in ((7, 1), (10, 3), (224, 7)):
        assert_value(impl.conv_size(size, kernel, **options), places(size, kernel, **options))


@pytest.mark.exercise("conv_size")
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"), [(4, 1, 0, 1), (3, 1, 0, 2), (3, 2, 1, 3), (2, 3, 0, 4), (5, 2, 2, 2)]
)
def test_kernel_that_just_fits(impl, kernel, stride, padding, dilation):
    """A kernel as long as the padded input has one place, and one that is longer raises ValueError."""
    size = dilation * (kernel - 1) + 1 - 2 * padding
    assert_value(impl.conv_size(size, kernel, stride, padding, dilation), 1)
    assert_raises(ValueError, impl.conv_size, size - 1, kernel, stride, padding, dilation)


# ConvNet


def conv_shapes(side, channels, kernel, classes):
    """The shapes of the parameters of a convolutional net whose second block gives pictures with that side."""
    first, second = channels
    return [
        (first, 1, kernel, kernel),
        (first,),
        (second, first, kernel, kernel),
        (second,),
        (classes, second * side * side),
        (classes,),
    ]


def block(x, weight, bias):
    """Convolution, ReLU, and the greatest of each window of 2 × 2."""
    kernel = weight.shape[2]
    windows = x.unfold(2, kernel, 1).unfold(3, kernel, 1)  # (n, c, h, w, kernel, kernel)
    y = relu(torch.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None])
    height, width = y.shape[2] // 2, y.shape[3] // 2
    y = y[:, :, : 2 * height, : 2 * width]
    return y.reshape(*y.shape[:2], height, 2, width, 2).amax((3, 5))


def conv_net(x, *weights):
    """Two blocks and a linear layer."""
    features = block(block(x, *weights[:2]), *weights[2:4])
    return linear(features.reshape(len(x), -1), *weights[4:])


@st.composite
def conv_problems(draw):
    """The arguments of a net, weights for it, and images: the size is worked out from the end to the start."""
    kernel = draw(st.integers(1, 3))
    size = side = draw(st.integers(1, 3))
    for _ in range(2):
        size = 2 * size + draw(st.integers(0, 1)) + kernel - 1
    arguments = [size, (draw(st.integers(1, 3)), draw(st.integers(1, 3))), kernel, draw(st.integers(1, 3))]
    shape = (draw(st.integers(1, 2)), 1, size, size)
    return arguments, *numbers(draw(LOOKS), shape, conv_shapes(side, *arguments[1:]))


@pytest.mark.exercise("ConvNet")
@pytest.mark.parametrize(
    ("arguments", "side"),
    [([], 5), ([32], 6), ([28, (4, 3)], 5), ([28, (4, 6), 7], 2), ([20, (2, 5), 2, 7], 4), ([9, (1, 2), 1, 3], 2)],
)
def test_layers_of_conv_net(impl, arguments, side):
    """A new net has two convolutions and a linear layer, by default for 28 × 28, with 16 and 32 channels, 3 × 3, 10."""
    rest = [(16, 32), 3, 10]
    check_layers(impl, "ConvNet", arguments, conv_shapes(side, *arguments[1:], *rest[max(0, len(arguments) - 1) :]))


@pytest.mark.exercise("ConvNet")
@given(problem=conv_problems(), training=st.booleans())
@settings(max_examples=30)  # each has all numbers at random
def test_logits_of_conv_net(impl, problem, training):
    """The logits are those of two blocks and a linear layer, for each image by itself."""
    arguments, weights, images = problem
    check_run(impl, "ConvNet", arguments, weights, [images], conv_net, training=training)


@pytest.mark.exercise("ConvNet")
@pytest.mark.parametrize(
    ("arguments", "side", "batch"),
    [([10, (2, 3), 3, 2], 1, 2), ([11, (1, 2), 2, 3], 2, 1), ([9, (2, 1), 1, 2], 2, 2), ([23, (1, 2), 7, 2], 1, 1)],
)
def test_gradients_of_conv_net(impl, arguments, side, batch):
    """Gradients reach the images and all six parameters, and are right."""
    (x,) = generic([(batch, 1, arguments[0], arguments[0])], 2)
    check_gradients(impl, "ConvNet", arguments, conv_shapes(side, *arguments[1:]), [x], conv_net, 0)


@pytest.mark.exercise("ConvNet")
@pytest.mark.parametrize(("batch", "size"), [(2, 46), (1, 46), (3, 24)])
def test_images_that_are_not_28_by_28(impl, batch, size):
    """A net for 28 × 28 raises an error for two images of 46 × 46: they must not silently become eight rows."""
    weights = generic(conv_shapes(5, (2, 3), 3, 10), 0, torch.float32)
    check_misfit(impl, "ConvNet", [28, (2, 3)], weights, torch.zeros(batch, 1, size, size))


# RNNClassifier


def lstm_shapes(features, hidden, classes):
    """The shapes of the parameters of an LSTM and a linear layer."""
    return [
        (4 * hidden, features),
        (4 * hidden, hidden),
        (4 * hidden,),
        (4 * hidden,),
        (classes, hidden),
        (classes,),
    ]


def lstm(x, lengths, w_ih, w_hh, b_ih, b_hh, weight, bias):
    """The logits of each sequence, read step by step, alone and without its padding."""
    rows = []
    for number, steps in enumerate(x):
        h = c = x.new_zeros(w_hh.shape[1])
        for t in steps if lengths is None else steps[: lengths[number]]:
            i, f, g, o = ((w_ih * t).sum(1) + b_ih + (w_hh * h).sum(1) + b_hh).reshape(4, -1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        rows.append((weight * h).sum(1) + bias)
    return torch.stack(rows)


SIZES = st.lists(st.integers(1, 3), min_size=3, max_size=3)


@pytest.mark.exercise("RNNClassifier")
@pytest.mark.parametrize("arguments", [[3, 5, 2], [1, 1, 1], [4, 2, 3]])
def test_layers_of_rnn(impl, arguments):
    """A new classifier has the parameters of an LSTM with one layer, and of a linear layer."""
    check_layers(impl, "RNNClassifier", arguments, lstm_shapes(*arguments), [arguments[1]] * 6)


@pytest.mark.exercise("RNNClassifier")
@given(arguments=SIZES, look=LOOKS, batch=st.integers(1, 3), time=st.integers(1, 4))
@settings(max_examples=25)  # each has all numbers at random
def test_last_time_step(impl, arguments, look, batch, time):
    """Without lengths, the logits come from the hidden state after the last time step, in float64 as in float32."""
    weights, x = numbers(look, (batch, time, arguments[0]), lstm_shapes(*arguments))
    check_run(impl, "RNNClassifier", arguments, weights, [x], lambda x, *weights: lstm(x, None, *weights))


@pytest.mark.exercise("RNNClassifier")
@given(
    arguments=SIZES,
    look=LOOKS,
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    more=st.integers(0, 1),
    padding=st.sampled_from([float("nan"), 0.0, 5.0]),
)
@settings(max_examples=30)  # each has all numbers at random
def test_last_real_step(impl, arguments, look, lengths, more, padding):
    """With lengths, in any order, each row is what its sequence gives alone and without padding."""
    weights, x = numbers(look, (len(lengths), max(lengths) + more, arguments[0]), lstm_shapes(*arguments))
    for row, length in zip(x, lengths, strict=True):
        row[length:] = padding
    check_run(impl, "RNNClassifier", arguments, weights, [x, torch.tensor(lengths)], lstm)


@pytest.mark.exercise("RNNClassifier")
@pytest.mark.parametrize("lengths", [None, [2, 4, 1], [3, 1, 2]])
def test_gradients_of_rnn(impl, lengths):
    """Gradients reach the input and all parameters, and are right; padding has none, and spoils none."""
    arguments = [2, 3, 4]
    (x,) = generic([(3, 4, 2)], 2)
    for row, length in zip(x, lengths or [4, 4, 4], strict=True):
        row[length:] = float("nan")
    inputs = [x, lengths if lengths is None else torch.tensor(lengths)]
    check_gradients(impl, "RNNClassifier", arguments, lstm_shapes(*arguments), inputs, lstm, 0)


@pytest.mark.gpu
@pytest.mark.exercise("RNNClassifier")
@pytest.mark.parametrize("lengths", [None, [2, 4, 1]])
def test_rnn_on_the_gpu(impl, lengths):
    """Sequences on the GPU are read there, from a first state that is there, too."""
    arguments = [2, 3, 4]
    weights = generic(lstm_shapes(*arguments), 1)
    (x,) = generic([(3, 4, 2)], 2)
    inputs = [x, lengths if lengths is None else torch.tensor(lengths)]
    text = f"net.cuda()({literal(x)}.cuda(), {literal(inputs[1])})"
    evidence = ask(impl, "run", "RNNClassifier", arguments, weights, inputs, False, None, "cuda", shown=lambda: text)
    assert_shapes(evidence, "RNNClassifier", arguments, [weight.shape for weight in weights])
    assert_value(evidence["device"], "cuda", called=f"{text}.device.type")
    assert_tensor(evidence["result"], lstm(x, lengths, *weights), rtol=1e-9, atol=1e-9, called=text)


# freeze


def paths_of(tree, prefix=""):
    """The paths of all modules of a tree, that of the tree itself first."""
    found = [prefix]
    for name, part in tree.items() if isinstance(tree, dict) else ():
        found += paths_of(part, f"{prefix}.{name}" if prefix else name)
    return found


def values_of(tree):
    """The names of all parameters of a tree, and how many numbers each holds."""
    if isinstance(tree, dict):
        return {f"{name}.{key}": size for name, part in tree.items() for key, size in values_of(part).items()}
    kind, *options = tree
    if kind == "linear":
        inputs, outputs, bias = options
        return {"weight": inputs * outputs, **({"bias": outputs} if bias else {})}
    return {"weight": options[0], "bias": options[0]} if kind == "norm" else {}


def within(name, path):
    """Whether a module or a parameter of that name belongs to a part."""
    return not path or name == path or name.startswith(f"{path}.")


def tree_text(tree):
    """The net as a text: names, layers and numbers."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{name}: {tree_text(part)}" for name, part in tree.items()) + "}"
    kind, *options = tree
    return f"{kind}({', '.join(map(str, options))})"


def check_frozen(impl, tree, path, *, tied=(), frozen=(), evaluated=(), grad=1.0):
    """Has a part of a net frozen; gives what was seen."""
    text = f"freeze(net, {path!r})  # net = {tree_text(tree)}"
    evidence = ask(impl, "freeze", tree, path, list(tied), list(frozen), list(evaluated), grad, shown=lambda: text)
    before, after = evidence["before"], evidence["after"]
    for name, value in before["values"].items():
        assert_unchanged(after["values"][name], value, name, called=text)
    return evidence, text


NETS = [
    {
        "conv": ["linear", 2, 3, True],
        "conv1": {"0": ["norm", 3], "1": ["linear", 3, 1, False], "10": ["dropout", 0]},
        "conv10": {"0": {"head": ["linear", 1, 2, True]}, "1": ["norm", 2]},
        "head": ["linear", 2, 2, True],
    },
    ["linear", 3, 2, True],
]


def some(names, chance):
    """About every third name."""
    return [name for name in names if chance.random() < 0.35]


@pytest.mark.exercise("freeze")
@given(
    problem=st.sampled_from([(tree, path) for tree in NETS for path in paths_of(tree)]),
    chance=st.randoms(use_true_random=False),
    grad=st.sampled_from([1.0, -2.0]),
)
@settings(max_examples=50)
def test_frozen_part(impl, problem, chance, grad):
    """The part requires no grad, has no `.grad` and is in evaluation mode, and the counts are right; the rest stays."""
    tree, path = problem
    sizes, paths = values_of(tree), paths_of(tree)
    frozen, evaluated = some(sizes, chance), some(paths, chance)
    evidence, text = check_frozen(impl, tree, path, frozen=frozen, evaluated=evaluated, grad=grad)
    before, after = evidence["before"], evidence["after"]
    for name in sizes:
        here = within(name, path)
        right = not here and name not in frozen
        assert after["requires_grad"][name] is right, (
            f"{name}.requires_grad should be {right} after freeze(net, {path!r}), and is {not right}"
        )
        assert_value(after["grad"][name], None if here else before["grad"][name], called=f"{text}\n{name}.grad")
    for name in paths:
        right = not within(name, path) and name not in evaluated
        said = f"net.{name}.training" if name else "net.training"
        assert after["training"][name] is right, f"{said} should be {right} after freeze(net, {path!r})"
    total = sum(size for name, size in sizes.items() if name in frozen or within(name, path))
    assert_value(evidence["result"], (total, sum(sizes.values()) - total), called=text)


@pytest.mark.exercise("freeze")
@pytest.mark.parametrize("path", ["encoder", "encoder.1", "decoder", "head", ""])
def test_shared_parameter(impl, path):
    """A weight that several modules share counts once, and is frozen for all of them."""
    a, b, c = 2, 4, 3
    tree = {
        "encoder": {"0": ["norm", c], "1": ["linear", a, b, True]},
        "decoder": ["linear", a, b, False],
        "head": ["linear", a, c, True],
    }
    evidence, text = check_frozen(impl, tree, path, tied=["encoder.1", "decoder"])
    total = {"norm": 2 * c, "shared": a * b, "bias": b, "head": a * c + c}
    parts = {
        "encoder": ["norm", "shared", "bias"],
        "encoder.1": ["shared", "bias"],
        "decoder": ["shared"],
        "head": ["head"],
        "": list(total),
    }
    frozen = sum(total[name] for name in parts[path])
    assert_value(evidence["result"], (frozen, sum(total.values()) - frozen), called=text)
    for name in ("encoder.1.weight", "decoder.weight"):
        right = "shared" not in parts[path]
        assert evidence["after"]["requires_grad"][name] is right, f"{name}.requires_grad should be {right}"


@pytest.mark.exercise("freeze")
@pytest.mark.parametrize("path", ["conv", "conv1.2", "conv10.0.weight", "head.weight", "con", "tail", "conv10.1.0"])
def test_path_that_does_not_exist(impl, path):
    """A path that leads to no module raises AttributeError, and nothing changes."""
    tree = {"conv1": ["linear", 2, 3, True], "conv10": {"0": ["linear", 1, 2, True]}, "head": ["norm", 3]}
    evidence, text = check_frozen(impl, tree, path, frozen=["head.bias"], evaluated=["conv10"])
    assert evidence["raised"] == "AttributeError", (
        f"freeze(net, {path!r}) should raise AttributeError: the net has no such module"
    )
    assert_value(evidence["after"], evidence["before"], called=text)


# initialise


def check_initialised(impl, tree, generator, dtype=torch.float32, frozen=()):
    """Has a net initialised; gives what was seen."""
    seed = generator.initial_seed()
    net = f"net = {tree_text(tree)}{', in float64' if dtype is torch.float64 else ''}"
    text = f"initialise(net, torch.Generator().manual_seed({seed}))  # {net}"
    return ask(impl, "initialise", tree, generator, dtype, list(frozen), shown=lambda: text), text


def layers_of(tree, prefix=""):
    """The layers of a tree by path."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    found = {}
    for name, part in tree.items():
        found.update(layers_of(part, f"{prefix}.{name}" if prefix else name))
    return found


@pytest.mark.exercise("initialise")
@pytest.mark.parametrize(
    ("layer", "fan_in", "dtype"),
    [
        (["linear", 50, 300, True], 50, torch.float32),
        (["linear", 400, 50, False], 400, torch.float64),
        (["conv", 3, 200, [4, 5], 1, True], 60, torch.float64),
        (["conv", 40, 10, [5, 9], 1, False], 1800, torch.float32),
        (["conv", 12, 200, [5, 5], 4, True], 75, torch.float32),
    ],
)
def test_distribution_of_weights(impl, layer, fan_in, dtype):
    """Weights are normally distributed with mean 0 and standard deviation √(2 / fan_in)."""
    evidence, text = check_initialised(impl, {"a": {"b": layer}}, torch.Generator().manual_seed(5), dtype)
    weight = evidence["after"]["a.b.weight"]
    assert weight.dtype is dtype, f"the weight is of {weight.dtype}, and should be of {dtype}"
    right = (2 / fan_in) ** 0.5
    spread = weight.double().std().item()
    n = weight.numel()
    last_call.record(lambda: text)
    assert abs(spread / right - 1) < 5 / (2 * n) ** 0.5, (
        f"the standard deviation is {spread:.5f}, and should be {right:.5f}"
    )
    scaled = weight.double() / right
    mean = scaled.mean().item() * right
    assert abs(mean) < 5 * right / n**0.5, f"the mean is {mean:.5f}, and should be 0"
    for limit, share in ((0.5, 0.3829), (1.0, 0.6827), (2.0, 0.9545)):
        inside = (scaled.abs() < limit).double().mean().item()
        sigma = (share * (1 - share) / n) ** 0.5
        assert abs(inside - share) < 5 * sigma, (
            f"{inside:.3f} of the weights are nearer to 0 than {limit} standard deviations; "
            f"in a normal distribution it is {share:.3f}"
        )
    assert scaled.abs().max() > 3.2, "no weight is far from 0: a normal distribution has no limit"
    rows = scaled.reshape(len(scaled), -1)
    assert len(rows[:, :2].unique(dim=0)) == len(rows), "two outputs have the same weights"
    assert weight.unique().numel() > 0.95 * n, (
        "many weights are equal: draw each of its own, with all digits of its dtype"
    )


EVERYTHING = {
    "0": ["linear", 3, 2, True],
    "1": {"a": ["conv", 2, 4, [1, 2], 1, True], "b": {"c": ["conv", 4, 2, [3, 1], 2, False], "d": ["norm", 2]}},
    "2": {"0": ["linear", 2, 3, False], "1": ["layer norm", 3], "2": ["prelu", 3], "3": ["dropout", 0]},
    "3": {"0": ["recurrent", 2], "1": ["embedding", 2], "2": ["conv1d", 2]},
}


@pytest.mark.exercise("initialise")
@pytest.mark.parametrize(("dtype", "frozen"), [(torch.float32, False), (torch.float64, True)])
@pytest.mark.parametrize("tree", [EVERYTHING, ["linear", 3, 2, True], ["linear", 1, 3, False], EVERYTHING["1"]["a"]])
def test_what_is_initialised(impl, tree, dtype, frozen):
    """Every linear layer and every convolution, the net itself too, gets new weights and zero biases; nothing else."""
    names = [f"{path}.weight".removeprefix(".") for path in layers_of(tree)] if frozen else []
    evidence, text = check_initialised(impl, tree, torch.Generator().manual_seed(4), dtype, names)
    assert_value(evidence["result"], None)
    before, after = evidence["before"], evidence["after"]
    assert list(after) == list(before), "the net has other parameters or buffers than before"
    for path, (kind, *_) in layers_of(tree).items():
        for name in [name for name in before if not path or name.startswith(f"{path}.")]:
            value, called = after[name], f"{text}\nnet.{name}"
            if kind not in ("linear", "conv"):
                assert_unchanged(value, before[name], name, called=called)
            elif name.endswith("bias"):
                assert_tensor(value, torch.zeros_like(before[name]), called=called)
            else:
                assert value.shape == before[name].shape and value.dtype is dtype, (
                    f"{name} has changed its shape or dtype"
                )
                assert (value != before[name]).all(), f"{name} was not drawn anew, or not all of it"
                assert value.isfinite().all(), f"{name} is not finite"
    assert evidence["the same parameters"], "the net has got other Parameters: fill those that it has"
    assert evidence["are leaves"], "a parameter has got a history: initialise without recording"
    right = [name for name in before if name in _grown(tree) and name not in names]
    assert_value(evidence["require grad"], right, called=f"{text}\n# which parameters require grad")


def _grown(tree):
    """The names of all parameters of a tree, without buffers."""
    found = []
    for path, (kind, *options) in layers_of(tree).items():
        kept = {
            "linear": ["weight", "bias"] if options[-1] else ["weight"],
            "conv": ["weight", "bias"] if options[-1] else ["weight"],
            "norm": ["weight", "bias"],
            "layer norm": ["weight", "bias"],
            "prelu": ["weight"],
            "embedding": ["weight"],
            "conv1d": ["weight", "bias"],
            "recurrent": ["weight_ih", "weight_hh", "bias_ih", "bias_hh"],
            "dropout": [],
        }[kind]
        found += [f"{path}.{name}".removeprefix(".") for name in kept]
    return found


@pytest.mark.exercise("initialise")
@pytest.mark.parametrize(("seed", "dtype"), [(0, torch.float32), (1, torch.float64)])
def test_numbers_come_from_the_generator(impl, seed, dtype):
    """The generator alone decides: the same state gives the same weights, another one others."""
    tree = {"a": ["linear", 3, 2, True], "b": {"0": ["linear", 3, 2, False], "1": ["conv", 2, 3, [2, 2], 1, True]}}
    generator = torch.Generator().manual_seed(seed)
    first, text = check_initialised(impl, tree, generator, dtype)
    second, _ = check_initialised(impl, tree, generator, dtype)
    again, _ = check_initialised(impl, tree, torch.Generator().manual_seed(seed), dtype)
    for name in ("a.weight", "b.0.weight", "b.1.weight"):
        assert_tensor(again["after"][name], first["after"][name], rtol=0, atol=0, called=f"{text}\nnet.{name}")
        assert not torch.equal(second["after"][name], first["after"][name]), (
            f"the same generator gave the same {name} twice: do not seed it, nor copy it"
        )
    assert not torch.equal(first["after"]["a.weight"], first["after"]["b.0.weight"]), "two layers got the same weights"
    before, after = first["global generator"]
    assert torch.equal(before, after), "the global generator was touched: hand yours to whatever draws"


# RunningMean


def course(features, dtype, steps, seed=0, *, turned=False):
    """Rows for a course: the arguments of `check_course`, of which steps are a mode and rows each."""
    rows = [10 * x for x in generic([(batch, features) for _, batch in steps], seed, dtype)]
    if dtype is torch.float64:
        rows = [9 * x for x in rows]  # greater than 100, some of them
    rows = [transposed(x) for x in rows] if turned else rows
    return features, dtype, [[mode, x] for (mode, _), x in zip(steps, rows, strict=True)]


def course_text(features, dtype, steps):
    """The text of a course, as a learner can paste it."""
    lines = [f"net = RunningMean({features})" + (".double()" if dtype is torch.float64 else "")]
    lines += [f"net.{mode}()(torch.tensor({x.tolist()}, dtype={x.dtype}))" for mode, x in steps]
    return "\n".join(lines)


def check_course(impl, features, dtype, steps, resume_after=-1):
    """Takes a RunningMean through steps, and gives what was seen and what should have been."""
    text = course_text(features, dtype, steps)
    evidence = ask(impl, "running_mean", features, dtype, "cpu", steps, resume_after, shown=lambda: text)
    assert_module(evidence, "RunningMean")
    for (_, x), rows in zip(steps, evidence["rows"], strict=True):
        assert_unchanged(rows, x, "x", called=text)
    return evidence, text


def expected_course(features, dtype, steps):
    """The results and the buffers after each step, from all rows at once."""
    seen, latest = np.zeros((0, features)), np.zeros(features)
    results, states = [], []
    for mode, x in [(None, None), *steps]:
        if mode == "train":
            seen = np.concatenate([seen, x.double().numpy()])
            latest = x.double().numpy().mean(axis=0)
        mean = seen.mean(axis=0) if len(seen) else np.zeros(features)
        states.append(
            {
                "mean": torch.from_numpy(mean.copy()).to(dtype),
                "count": torch.tensor(len(seen)),
                "latest": torch.from_numpy(latest.copy()).to(dtype),
            }
        )
        if x is not None:
            results.append((x.double() - torch.from_numpy(mean)).to(dtype))
    return results, states


@pytest.mark.exercise("RunningMean")
@pytest.mark.parametrize(("features", "dtype"), [(1, torch.float32), (3, torch.float64)])
def test_new_running_mean(impl, features, dtype):
    """A new module has three buffers that are zero, no parameters, and a `state_dict` with two of the buffers."""
    evidence, text = check_course(impl, features, dtype, [])
    (right,) = expected_course(features, dtype, [])[1]
    assert_value(evidence["states"][0]["attributes"], right, called=f"{text}\nnet.mean, net.count, net.latest")
    assert_value(
        evidence["states"][0]["buffers"], dict(sorted(right.items())), called=f"{text}\ndict(net.named_buffers())"
    )
    saved = {name: right[name] for name in ("count", "mean")}
    assert_value(evidence["states"][0]["saved"], saved, called=f"{text}\nnet.state_dict()")
    assert evidence["states"][0]["parameters"] == 0, "the module has parameters: what is not learnt is a buffer"


@pytest.mark.exercise("RunningMean")
@given(
    features=st.integers(1, 3),
    dtype=CAREFUL,
    steps=st.lists(st.tuples(st.sampled_from(["train", "eval"]), st.integers(1, 4)), min_size=1, max_size=4),
    seed=seeds(),
    turned=st.booleans(),
)
@settings(max_examples=40)  # each has all numbers at random
def test_course_of_running_mean(impl, features, dtype, steps, seed, turned):
    """Each call gives the rows minus the mean of all rows seen in training; the buffers change in training only."""
    case = course(features, dtype, steps, seed, turned=turned)
    results, states = expected_course(*case)
    evidence, text = check_course(impl, *case)
    assert_value(evidence["results"], results, **near(dtype), called=text)
    for state, right in zip(evidence["states"], states, strict=True):
        assert_value(state["attributes"], right, **near(dtype), called=f"{text}\nnet.mean, net.count, net.latest")
        assert_value(
            state["buffers"], dict(sorted(right.items())), **near(dtype), called=f"{text}\ndict(net.named_buffers())"
        )
        saved = {name: right[name] for name in ("count", "mean")}
        assert_value(state["saved"], saved, **near(dtype), called=f"{text}\nnet.state_dict()")
        assert_value(state["require grad"], [], called=f"{text}\n# which buffers require grad")
        assert_value(state["are inference tensors"], [], called=f"{text}\n# which buffers are inference tensors")
        assert state["parameters"] == 0, "the module has got parameters"


STEPS = [("train", 2), ("eval", 1), ("train", 3), ("train", 1)]


@pytest.mark.exercise("RunningMean")
@pytest.mark.parametrize("after", range(len(STEPS)))
def test_running_mean_goes_on_elsewhere(impl, after):
    """A new module that is given the `state_dict` goes on as the old one would have."""
    case = course(2, torch.float64, STEPS)
    evidence, text = check_course(impl, *case, after)
    assert_value(evidence["report"], [[], []], called=f"{text}\n# missing and unexpected keys of load_state_dict")
    results, states = expected_course(*case)
    text = f"{text}\n# after {after} calls, a new module takes over by load_state_dict"
    assert_value(evidence["results"], results, **near(case[1]), called=text)
    for name in ("mean", "count"):
        assert_value(evidence["states"][-1]["attributes"][name], states[-1][name], **near(case[1]), called=text)


@pytest.mark.exercise("RunningMean")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batches", [[1], [2, 3], [3, 1, 2]])
def test_gradient_through_running_mean(impl, batches, dtype):
    """The gradient goes to `x` as it arrives, since the mean is a constant, and to no rows of earlier calls."""
    case = course(2, dtype, [("train", batch) for batch in batches])
    rows = [x for _, x in case[2]]
    upstreams = generic([x.shape for x in rows], 1, dtype)
    text = f"{course_text(*case)}\n# and the gradients of each x"
    evidence = ask(impl, "running_mean_gradients", 2, rows, upstreams, shown=lambda: text)
    assert evidence != "no gradient", "the result does not require grad, or has not the shape of x"
    assert_value(evidence, [[upstream, 0] for upstream in upstreams], called=text)


@pytest.mark.gpu
@pytest.mark.exercise("RunningMean")
def test_running_mean_on_the_gpu(impl):
    """All buffers move to the GPU with the module, and stay there."""
    steps = [["train", torch.tensor([[1.0, 2.0], [5.0, 0.0]])], ["eval", torch.tensor([[4.0, 4.0]])]]
    text = "net = RunningMean(2).cuda()"
    evidence = ask(impl, "running_mean", 2, torch.float32, "cuda", steps, shown=lambda: text)
    assert_module(evidence, "RunningMean")
    results, states = expected_course(2, torch.float32, steps)
    assert_value(evidence["results"], results)
    for state, right in zip(evidence["states"], states, strict=True):
        assert_value(state["devices"], ["cuda"], called=f"{text}\n# the devices of its buffers")
        assert_value(state["attributes"], right)


# ResidualMLP

STACKS = [[2, 3], [3, 3], [2, 3, 3], [2, 2, 1], [3, 1, 3], [1, 1, 1], [2, 2, 2, 2], [3, 3, 1, 1, 2], [4, 2, 4, 4, 2]]


def stack_shapes(sizes):
    """The shapes of the parameters of a stack of linear layers."""
    found = []
    for before, after in pairwise(sizes):
        found += [(after, before), (after,)]
    return found


def stack(x, *weights):
    """Linear layers with ReLU and shortcuts."""
    for number in range(0, len(weights) - 2, 2):
        y = relu(linear(x, *weights[number : number + 2]))
        x = y + x if weights[number].shape[0] == weights[number].shape[1] else y
    return linear(x, *weights[-2:])


@pytest.mark.exercise("ResidualMLP")
@pytest.mark.parametrize("sizes", STACKS)
def test_layers_of_residual_mlp(impl, sizes):
    """A new net has a linear layer for each pair of neighbouring sizes, all of them registered."""
    given_sizes = list(sizes)
    check_layers(impl, "ResidualMLP", [given_sizes], stack_shapes(sizes))
    assert given_sizes == sizes, f"the list of sizes was changed: it was {sizes}, and is {given_sizes}"


@pytest.mark.exercise("ResidualMLP")
@given(sizes=st.sampled_from(STACKS), look=LOOKS, batch=st.integers(1, 3), training=st.booleans())
@settings(max_examples=40)  # each has all numbers at random
def test_results_of_residual_mlp(impl, sizes, look, batch, training):
    """Each layer but the last is followed by ReLU, and what it was given is added where the size stays."""
    weights, x = numbers(look, (batch, sizes[0]), stack_shapes(sizes))
    check_run(impl, "ResidualMLP", [sizes], weights, [x], stack, training=training)


@pytest.mark.exercise("ResidualMLP")
@pytest.mark.parametrize("sizes", [[2, 3], [2, 2, 2, 2], [3, 3, 1, 1, 2]])
def test_gradients_of_residual_mlp(impl, sizes):
    """Gradients reach the input and all parameters, and are right."""
    (x,) = generic([(2, sizes[0])], 2)
    check_gradients(impl, "ResidualMLP", [sizes], stack_shapes(sizes), [x], stack, 0)
