"""Spec of networks.

Weights that are chosen here are loaded into a net's parameters, in the order of `parameters()`. What should come out is
computed here, in float64, with elementary operations.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.spec import (
    ALL_DIGITS,
    EXACT,
    Net,
    Tolerance,
    assert_raises,
    assert_tensor,
    assert_unchanged,
    assert_value,
    check_gradients,
    check_new,
    check_refused,
    check_run,
    numbered,
    random_tensor,
    random_tensors,
    seeds,
    showing,
    transposed,
    unchanged,
)

CAREFUL = st.sampled_from([torch.float32, torch.float64])
LOOKS = st.tuples(seeds(), CAREFUL, st.booleans(), st.booleans())  # what `numbers` takes
ON_GPU = Tolerance({torch.float64: (1e-9, 1e-9)})
NEAR = ALL_DIGITS.but(torch.float32, rtol=2e-5, atol=1e-4)


def numbers(look, shape, shapes):
    """Weights of the shapes that are asked for, and an input: float32, or float64 with numbers that only it holds."""
    seed, dtype, turned, large = look
    x, *weights = random_tensors([shape, *shapes], seed, dtype)
    if large and dtype is torch.float64:  # float32 would have too few digits for the sums
        x = x * 90
    return weights, transposed(x) if turned else x


def simple(shapes):
    """Weights 1, 2, 3, … and biases of -1."""
    return [numbered(shape) if len(shape) > 1 else torch.full(shape, -1.0) for shape in shapes]


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
@pytest.mark.parametrize("arguments", [[2, 3, 1], [12, 5, 3], [3, 50, 60], [784, 30], []])
def test_layers_of_mlp(impl, arguments):
    """A new net has two linear layers of the sizes that are asked for, 784, 128 and 10 by default."""
    check_new(impl, Net("MLP", arguments), mlp_shapes(*arguments, *[784, 128, 10][len(arguments) :]))


@pytest.mark.exercise("MLP")
@pytest.mark.parametrize("sides", [(2,), (2, 3), (1, 2, 2)])
def test_one_image(impl, sides):
    """The logits of a single image, and of its negative, of which ReLU leaves nothing."""
    sizes = [int(np.prod(sides)), 1, 2]
    net = Net("MLP", sizes, weights=simple(mlp_shapes(*sizes)), training=False)
    check_run(impl, net, {"x": numbered((1, *sides))}, mlp, NEAR)


@pytest.mark.exercise("MLP")
@given(problem=mlp_problems(), training=st.booleans())
@settings(max_examples=30)  # each has all numbers at random
def test_logits_of_mlp(impl, problem, training):
    """The logits are those of linear layer, ReLU, linear layer, for each image by itself."""
    arguments, weights, x = problem
    check_run(impl, Net("MLP", arguments, weights=weights, training=training), {"x": x}, mlp, NEAR)


@pytest.mark.exercise("MLP")
@pytest.mark.parametrize(("sizes", "batch"), [((4, 2, 1), 1), ((3, 4, 2), 2), ((2, 5, 3), 3)])
def test_gradients_of_mlp(impl, sizes, batch):
    """Gradients reach the images and all four parameters, and are right."""
    net = Net("MLP", sizes, weights=random_tensors(mlp_shapes(*sizes), 0), training=False)
    check_gradients(impl, net, {"x": random_tensor((batch, sizes[0]), 2)}, mlp)


# Numbers of a net's inputs, and shapes of images that have more, or fewer: often as many as several images, all in all,
# or a single pixel, which multiplication would spread out.
MISFITS = [(4, (4, 3)), (6, (2, 4)), (6, (3, 4)), (4, (2, 1)), (1, (2, 4)), (6, (1, 2, 6)), (4, (2, 1, 4, 4))]


def check_misfit(impl, name, arguments, shapes, shape):
    """Images of that shape raise an error."""
    net = Net(name, arguments, weights=random_tensors(shapes, 0, torch.float32), training=False)
    check_refused(impl, net, [torch.zeros(shape)])


@pytest.mark.exercise("MLP")
@pytest.mark.parametrize(("inputs", "shape"), MISFITS)
def test_images_that_do_not_fit_mlp(impl, inputs, shape):
    """Images with another number of pixels raise an error, and never become another number of rows."""
    check_misfit(impl, "MLP", [inputs, 3, 2], mlp_shapes(inputs, 3, 2), shape)


# dropout_mlp


@pytest.mark.exercise("dropout_mlp")
@pytest.mark.parametrize(
    "arguments", [[2, 3, 1], [12, 5, 3], [3, 50, 60], [784, 30], [], [2, 3, 1, 0.9], [4, 4, 4, 0.0]]
)
def test_layers_of_dropout_mlp(impl, arguments):
    """A new net is an nn.Sequential in training mode, with two linear layers of the sizes that are asked for."""
    sizes = arguments[:3]
    evidence = check_new(impl, Net("dropout_mlp", arguments), mlp_shapes(*sizes, *[784, 128, 10][len(sizes) :]))
    assert evidence["is Sequential"], "the net should be an nn.Sequential, and is another module"
    assert all(evidence["modes"]), "the new net should be in training mode, with all its modules"


@pytest.mark.exercise("dropout_mlp")
@given(problem=mlp_problems(), p=st.sampled_from([0.5, 0.9]))
@settings(max_examples=20)  # each has all numbers at random
def test_dropout_in_evaluation(impl, problem, p):
    """In evaluation mode nothing is dropped: the logits are those of linear layer, ReLU, linear layer."""
    arguments, weights, x = problem
    check_run(impl, Net("dropout_mlp", [*arguments, p], weights=weights, training=False), {"x": x}, mlp, NEAR)


@pytest.mark.exercise("dropout_mlp")
@given(problem=mlp_problems())
@settings(max_examples=10)  # each has all numbers at random
def test_no_dropout(impl, problem):
    """With p = 0, nothing is dropped in training mode either."""
    arguments, weights, x = problem
    check_run(impl, Net("dropout_mlp", [*arguments, 0.0], weights=weights, training=True), {"x": x}, mlp, NEAR)


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
    shapes = [(hidden, inputs), (hidden,), (hidden,), (images, inputs)]
    w1, b1, b2, x = (abs(v) + 0.5 for v in random_tensors(shapes, 3, dtype))
    weights = [w1, b1, torch.eye(hidden, dtype=dtype), b2]  # the logits show the hidden units
    units = linear(x.double(), w1.double(), b1.double())  # (images, hidden), all of them greater than 0
    net = Net("dropout_mlp", [inputs, hidden, hidden, p], weights=weights)
    modes = [True, True, False, False, True, *[True] * images]
    results = net.run(impl, *[[x]] * 5, *[[image] for image in x.split(1)], modes=modes)
    for result in results[2:4]:
        with showing(lambda: net.run_text([x], modes=[False])):
            assert_tensor(result, (units + b2).to(dtype), tolerance=NEAR)
    text = net.run_text([x], modes=[True])
    for row in results[5:]:
        assert_value(row.shape, torch.Size([1, hidden]), called=f"{text}[:1].shape")
    patterns = []
    for result in [*results[:2], results[4], torch.cat(results[5:])]:
        with showing(text if len(patterns) < 3 else f"{text}  # for each image alone"):
            assert isinstance(result, torch.Tensor) and result.shape == units.shape, "the shape of the logits is wrong"
            kept = (result - b2).abs() > 1e-3
            assert_tensor(result, (torch.where(kept, units / (1 - p), 0) + b2).to(dtype), tolerance=NEAR)
        share = 1 - kept.double().mean().item()
        sigma = (p * (1 - p) / kept.numel()) ** 0.5
        assert abs(share - p) < 6 * sigma, f"{share:.3f} of the hidden units were dropped, and p is {p}"
        assert not (kept.all(1) | ~kept.any(1)).all(), (
            "the hidden units of an image are dropped all together or not at all"
        )
        assert not (kept.all(0) | ~kept.any(0)).any(), "a hidden unit has the same fate in all images"
        assert_independent(kept, p)
        patterns.append(kept)
    for other in patterns[1:3]:
        assert not torch.equal(patterns[0], other), "two calls in training mode dropped the same units"


@pytest.mark.exercise("dropout_mlp")
@pytest.mark.parametrize(("inputs", "shape"), MISFITS)
def test_images_that_do_not_fit_dropout_mlp(impl, inputs, shape):
    """Images with another number of pixels raise an error, and never become another number of rows."""
    check_misfit(impl, "dropout_mlp", [inputs, 3, 2, 0.5], mlp_shapes(inputs, 3, 2), shape)


# conv_size


def places(size, kernel, stride=1, padding=0, dilation=1):
    """Where the kernel stands, counted one by one: all its elements lie within the padded input."""
    found, start = 0, 0
    while max(start + dilation * i for i in range(kernel)) < size + 2 * padding:
        found, start = found + 1, start + stride
    return found


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
    [([9, (1, 2), 1, 3], 2), ([20, (2, 5), 2, 7], 4), ([28, (4, 6), 7], 2), ([28, (4, 3)], 5), ([32], 6), ([], 5)],
)
def test_layers_of_conv_net(impl, arguments, side):
    """A new net has two convolutions and a linear layer, by default for 28 × 28, with 16 and 32 channels, 3 × 3, 10."""
    rest = [*arguments[1:], *[(16, 32), 3, 10][max(0, len(arguments) - 1) :]]
    check_new(impl, Net("ConvNet", arguments), conv_shapes(side, *rest))


@pytest.mark.exercise("ConvNet")
@pytest.mark.parametrize(("size", "kernel"), [(4, 1), (7, 2), (10, 3)])
def test_one_picture(impl, size, kernel):
    """The logits of a single picture, with one channel in each block."""
    arguments = [size, (1, 1), kernel, 2]
    weights = [weight / 8 for weight in simple(conv_shapes(1, *arguments[1:]))]
    net = Net("ConvNet", arguments, weights=weights, training=False)
    check_run(impl, net, {"images": numbered((1, 1, size, size)) / 8}, conv_net, NEAR)


@pytest.mark.exercise("ConvNet")
@given(problem=conv_problems(), training=st.booleans())
@settings(max_examples=30)  # each has all numbers at random
def test_logits_of_conv_net(impl, problem, training):
    """The logits are those of two blocks and a linear layer, for each image by itself."""
    arguments, weights, images = problem
    check_run(impl, Net("ConvNet", arguments, weights=weights, training=training), {"images": images}, conv_net, NEAR)


@pytest.mark.exercise("ConvNet")
@pytest.mark.parametrize(
    ("arguments", "side", "batch"),
    [([9, (2, 1), 1, 2], 2, 2), ([11, (1, 2), 2, 3], 2, 1), ([10, (2, 3), 3, 2], 1, 2), ([23, (1, 2), 7, 2], 1, 1)],
)
def test_gradients_of_conv_net(impl, arguments, side, batch):
    """Gradients reach the images and all six parameters, and are right."""
    weights = random_tensors(conv_shapes(side, *arguments[1:]), 0)
    images = random_tensor((batch, 1, arguments[0], arguments[0]), 2)
    check_gradients(impl, Net("ConvNet", arguments, weights=weights, training=False), {"images": images}, conv_net)


@pytest.mark.exercise("ConvNet")
@pytest.mark.parametrize(("batch", "size"), [(1, 46), (2, 46), (3, 24)])
def test_images_that_are_not_28_by_28(impl, batch, size):
    """A net for 28 × 28 raises an error for two images of 46 × 46: they must not silently become eight rows."""
    check_misfit(impl, "ConvNet", [28, (2, 3)], conv_shapes(5, (2, 3), 3, 10), (batch, 1, size, size))


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
@pytest.mark.parametrize("arguments", [[1, 1, 1], [3, 5, 2], [4, 2, 3]])
def test_layers_of_rnn(impl, arguments):
    """A new classifier has the parameters of an LSTM with one layer, and of a linear layer."""
    check_new(impl, Net("RNNClassifier", arguments), lstm_shapes(*arguments), [arguments[1]] * 6)


def check_sequences(impl, arguments, weights, x, *lengths):
    """The logits are right; the first tensor of `lengths` is passed on, and there need be none."""
    net = Net("RNNClassifier", arguments, weights=weights, training=False)
    inputs = {"x": x, **dict(zip(["lengths"], lengths, strict=False))}
    check_run(impl, net, inputs, lstm if lengths else lambda x, *weights: lstm(x, None, *weights), NEAR)


@pytest.mark.exercise("RNNClassifier")
@pytest.mark.parametrize(("batch", "time"), [(1, 1), (1, 3), (2, 1)])
def test_few_steps(impl, batch, time):
    """The logits of a single step, of several steps, and of several sequences."""
    weights = [weight / 8 for weight in simple(lstm_shapes(1, 1, 1))]
    check_sequences(impl, [1, 1, 1], weights, numbered((batch, time, 1)) / 4)


@pytest.mark.exercise("RNNClassifier")
@given(arguments=SIZES, look=LOOKS, batch=st.integers(1, 3), time=st.integers(1, 4))
@settings(max_examples=25)  # each has all numbers at random
def test_last_time_step(impl, arguments, look, batch, time):
    """Without lengths, the logits come from the hidden state after the last time step, in float64 as in float32."""
    check_sequences(impl, arguments, *numbers(look, (batch, time, arguments[0]), lstm_shapes(*arguments)))


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
    check_sequences(impl, arguments, weights, x, torch.tensor(lengths))


@pytest.mark.exercise("RNNClassifier")
@pytest.mark.parametrize("lengths", [None, [2, 4, 1], [3, 1, 2]])
def test_gradients_of_rnn(impl, lengths):
    """Gradients reach the input and all parameters, and are right; padding has none, and spoils none."""
    x = random_tensor((3, 4, 2), 2)
    for row, length in zip(x, lengths or [4, 4, 4], strict=True):
        row[length:] = float("nan")
    net = Net("RNNClassifier", [2, 3, 4], weights=random_tensors(lstm_shapes(2, 3, 4), 0), training=False)
    check_gradients(impl, net, {"x": x, "lengths": lengths if lengths is None else torch.tensor(lengths)}, lstm)


@pytest.mark.gpu
@pytest.mark.exercise("RNNClassifier")
@pytest.mark.parametrize("lengths", [None, [2, 4, 1]])
def test_rnn_on_the_gpu(impl, lengths):
    """Sequences on the GPU are read there, from a first state that is there, too."""
    weights, x = random_tensors(lstm_shapes(2, 3, 4), 1), random_tensor((3, 4, 2), 2)
    net = Net("RNNClassifier", [2, 3, 4], weights=weights, training=False, device="cuda")
    inputs = [x, lengths if lengths is None else torch.tensor(lengths)]
    assert_value(net.devices(impl, inputs), ["cuda"])
    assert_tensor(net.run(impl, inputs)[0], lstm(x, lengths, *weights), tolerance=ON_GPU)


# freeze

HELD = {
    "linear": lambda _inputs, _outputs, bias: ["weight", "bias"] if bias else ["weight"],
    "conv": lambda *options: ["weight", "bias"] if options[-1] else ["weight"],
    "norm": lambda _: ["weight", "bias"],
    "layer norm": lambda _: ["weight", "bias"],
    "prelu": lambda _: ["weight"],
    "embedding": lambda _: ["weight"],
    "conv1d": lambda _: ["weight", "bias"],
    "recurrent": lambda _: ["weight_ih", "weight_hh", "bias_ih", "bias_hh"],
    "dropout": lambda _: [],
}
"""The parameters of each kind of layer, in order."""


def parts_of(tree, prefix=""):
    """All modules of a net by path, in order; a module is a tree of others by name, or a layer's kind and options."""
    found = {prefix: tree}
    for name, part in tree.items() if isinstance(tree, dict) else ():
        found |= parts_of(part, f"{prefix}.{name}" if prefix else name)
    return found


def parameters_of(tree):
    """The names of all parameters, in order."""
    layers = {path: part for path, part in parts_of(tree).items() if not isinstance(part, dict)}
    return [f"{path}.{name}".removeprefix(".") for path, (kind, *rest) in layers.items() for name in HELD[kind](*rest)]


def first_of(names, tied):
    """For each parameter, the number of the first one that is the same: tied layers share their weight."""
    shared = [f"{path}.weight" for path in tied]
    return [names.index(shared[0] if name in shared else name) for name in names]


def within(name, path):
    """Whether a module or a parameter of that name belongs to a part."""
    return not path or name == path or name.startswith(f"{path}.")


def tree_text(tree):
    """The net as a text: names, layers and numbers."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{name}: {tree_text(part)}" for name, part in tree.items()) + "}"
    kind, *options = tree
    return f"{kind}({', '.join(map(str, options))})"


def situation(names, tied, frozen, grads, *more):
    """What else is so before the call, as the end of a comment."""
    said = [f"{' and '.join(tied)} share their weight"] if tied else []
    said += [f"{names[number]} frozen" for number in frozen]
    said += [f"{name}.grad {grad}" for name, grad in zip(names, grads, strict=True) if grad in (0.0, None)]
    return "".join(f"; {text}" for text in [*said, *more])


def check_frozen(impl, tree, path, *, tied=(), frozen=(), evaluated=(), grads=None, exists=True):
    """Has a part of a net frozen, and looks at all parameters and modules, and at the counts."""
    names, paths = parameters_of(tree), list(parts_of(tree))
    grads = [1.0] * len(names) if grads is None else grads
    modes = [f"{paths[number] or 'net'} in evaluation mode" for number in evaluated]
    text = f"freeze(net, {path!r})  # net = {tree_text(tree)}{situation(names, tied, frozen, grads, *modes)}"
    with showing(text):
        evidence = impl.probes.freeze(tree, path, list(tied), list(frozen), list(evaluated), grads)
    before, after, first = evidence["before"], evidence["after"], first_of(names, tied)
    for number, name in enumerate(names):
        assert_unchanged(after["parameters"][number], before["parameters"][number], name)
    assert_value(after["buffers"], before["buffers"], tolerance=EXACT, called=f"{text}\n# the buffers afterwards")
    if not exists:
        assert evidence["raised"], f"freeze(net, {path!r}) should raise AttributeError: the net has no such module"
        assert_value(after, before)
        return
    part = {first[number] for number, name in enumerate(names) if within(name, path)}
    resting = part | {first[number] for number in frozen}
    for number, name in enumerate(names):
        right = first[number] not in resting
        assert after["requires grad"][number] is right, (
            f"{name}.requires_grad should be {right} after freeze(net, {path!r}), and is {not right}"
        )
        grad = None if first[number] in part else before["grads"][number]
        assert_value(after["grads"][number], grad, called=f"{text}\nnet.{name}.grad")
    for number, name in enumerate(paths):
        right = not within(name, path) and number not in evaluated
        said = f"net.{name}.training" if name else "net.training"
        assert after["modes"][number] is right, f"{said} should be {right} after freeze(net, {path!r})"
    sizes = {number: before["parameters"][number].numel() for number in first}
    total = sum(sizes[number] for number in resting)
    assert_value(evidence["result"], (total, sum(sizes.values()) - total))


TWO = {"body": ["linear", 2, 3, True], "head": ["linear", 3, 1, False]}
NETS = [
    {
        "conv": ["linear", 2, 3, True],
        "conv1": {"0": ["norm", 3], "1": ["linear", 3, 1, False], "10": ["dropout", 0]},
        "conv10": {"0": {"head": ["linear", 1, 2, True]}, "1": ["norm", 2]},
        "head": ["linear", 2, 2, True],
    },
    ["linear", 3, 2, True],
]
SHARING = {
    "encoder": {"0": ["norm", 3], "1": ["linear", 2, 4, True]},
    "decoder": ["linear", 2, 4, False],
    "head": ["linear", 2, 3, True],
}
TIED = ("encoder.1", "decoder")


@pytest.mark.exercise("freeze")
@pytest.mark.parametrize(("tree", "path"), [(TWO, "body"), (TWO, "head"), (TWO, ""), (NETS[1], "")])
def test_part_of_a_small_net(impl, tree, path):
    """The part requires no grad, has no `.grad`, is in evaluation mode and is counted; the rest stays."""
    check_frozen(impl, tree, path)


@pytest.mark.exercise("freeze")
@pytest.mark.parametrize("path", ["body", "head"])
@pytest.mark.parametrize(
    "already",
    [{"frozen": [0]}, {"frozen": [2]}, {"evaluated": [1]}, {"evaluated": [0, 2]}, {"grads": [None, 0.0, None]}],
    ids=str,
)
def test_what_was_there_already(impl, path, already):
    """Some parameters are frozen before, some modules in evaluation mode, some gradients missing or zero."""
    check_frozen(impl, TWO, path, **already)


@pytest.mark.exercise("freeze")
@pytest.mark.parametrize("path", ["encoder", "encoder.1", "decoder", "head", ""])
def test_shared_parameter(impl, path):
    """A weight that several modules share counts once, and is frozen for all of them."""
    check_frozen(impl, SHARING, path, tied=TIED)


@pytest.mark.exercise("freeze")
@pytest.mark.parametrize("path", ["tail", "con", "conv", "conv1.2", "conv10.1.0", "head.weight", "conv10.0.weight"])
def test_path_that_does_not_exist(impl, path):
    """A path that leads to no module raises AttributeError, and nothing changes."""
    tree = {"conv1": ["linear", 2, 3, True], "conv10": {"0": ["linear", 1, 2, True]}, "head": ["norm", 3]}
    check_frozen(impl, tree, path, frozen=[5], evaluated=[2], exists=False)


@pytest.mark.exercise("freeze")
@given(
    problem=st.sampled_from([(tree, path) for tree in [*NETS, SHARING] for path in parts_of(tree)]),
    chance=st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_frozen_part(impl, problem, chance):
    """All of this is so together, whatever was frozen or in evaluation mode, and whatever `.grad` was there."""
    tree, path = problem
    frozen, evaluated = (
        [number for number in range(len(held)) if chance.random() < 0.35]
        for held in (parameters_of(tree), parts_of(tree))
    )
    grads = [chance.choice([1.0, -2.0, 0.0, None]) for _ in parameters_of(tree)]
    tied = TIED if tree is SHARING else ()
    check_frozen(impl, tree, path, tied=tied, frozen=frozen, evaluated=evaluated, grads=grads)


# initialise


def initialised(impl, tree, generator, dtype=torch.float32, *, tied=(), frozen=(), grads=None):
    """Has a net initialised: what was seen, and the call's text."""
    names = parameters_of(tree)
    grads = [1.0] * len(names) if grads is None else grads
    net = f"net = {tree_text(tree)}{', in float64' if dtype is torch.float64 else ''}"
    call = f"initialise(net, torch.Generator().manual_seed({generator.initial_seed()}))"
    text = f"{call}  # {net}{situation(names, tied, frozen, grads)}"
    with showing(text):
        return impl.probes.initialise(tree, generator, dtype, list(tied), list(frozen), grads), text


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
    evidence, _ = initialised(impl, {"a": {"b": layer}}, torch.Generator().manual_seed(5), dtype)
    weight = evidence["after"]["parameters"][0]
    assert weight.dtype is dtype, f"the weight is of {weight.dtype}, and should be of {dtype}"
    right = (2 / fan_in) ** 0.5
    spread = weight.double().std().item()
    n = weight.numel()
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


FEW = {"a": ["linear", 3, 2, True], "b": ["layer norm", 2], "c": ["linear", 2, 3, True]}
PAIR = {"a": ["linear", 3, 2, True], "b": ["linear", 3, 2, False], "c": ["norm", 2]}


@pytest.mark.exercise("initialise")
@pytest.mark.parametrize(
    ("tree", "options"),
    [
        (["linear", 3, 2, True], {}),
        (["linear", 1, 3, False], {}),
        (EVERYTHING["1"]["a"], {}),
        (FEW, {}),
        (FEW, {"frozen": [0, 2, 5]}),  # the weight of one layer, the bias of another, and something else
        (FEW, {"grads": [None, 0.0, 1.0, None, 0.0, 2.0]}),
        (PAIR, {"tied": ["a", "b"]}),
        (PAIR, {"tied": ["a", "b"], "frozen": [0]}),
        (EVERYTHING, {}),
        (EVERYTHING, {"frozen": [0, 2, 4, 5, 8, 10]}),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_initialised(impl, tree, options, dtype):
    """Every linear layer and every convolution, the net itself too, gets new weights and zero biases; nothing else."""
    evidence, text = initialised(impl, tree, torch.Generator().manual_seed(4), dtype, **options)
    assert_value(evidence["result"], None)
    before, after, parts = evidence["before"], evidence["after"], parts_of(tree)
    assert len(after["parameters"]) == len(before["parameters"]), "the net has other parameters than before"
    for number, name in enumerate(parameters_of(tree)):
        value, old, path = after["parameters"][number], before["parameters"][number], name.rpartition(".")[0]
        with showing(f"{text}\nnet.{name}"):
            if parts[path][0] not in ("linear", "conv"):
                assert_unchanged(value, old, name)
            elif name.endswith("bias"):
                assert_tensor(value, torch.zeros_like(old))
            else:
                assert value.shape == old.shape and value.dtype is dtype, f"{name} has changed its shape or dtype"
                assert (value != old).all(), f"{name} was not drawn anew, or not all of it"
                assert value.isfinite().all(), f"{name} is not finite"
    assert evidence["the same parameters"], "the net has got other Parameters: fill those that it has"
    assert evidence["are leaves"], "a parameter has got a history: initialise without recording"
    for kept in ("buffers", "requires grad", "grads", "modes"):
        assert_value(after[kept], before[kept], called=f"{text}\n# {kept}, in order")


@pytest.mark.exercise("initialise")
@pytest.mark.parametrize(("seed", "dtype"), [(0, torch.float32), (1, torch.float64)])
def test_numbers_come_from_the_generator(impl, seed, dtype):
    """The generator alone decides: the same state gives the same weights, another one others."""
    tree = {"a": ["linear", 3, 2, True], "b": {"0": ["linear", 3, 2, False], "1": ["conv", 2, 3, [2, 2], 1, True]}}
    generator = torch.Generator().manual_seed(seed)
    (first, text), (second, _) = (initialised(impl, tree, generator, dtype) for _ in range(2))
    again, _ = initialised(impl, tree, torch.Generator().manual_seed(seed), dtype)
    values, others, same = (evidence["after"]["parameters"] for evidence in (first, second, again))
    for number, name in enumerate(parameters_of(tree)):
        if name.endswith("weight"):
            assert_tensor(same[number], values[number], tolerance=EXACT, called=f"{text}\nnet.{name}")
            assert not torch.equal(others[number], values[number]), (
                f"the same generator gave the same {name} twice: do not seed it, nor copy it"
            )
    assert not torch.equal(values[0], values[2]), "two layers got the same weights"
    before, after = first["global generator"]
    assert torch.equal(before, after), "the global generator was touched: hand yours to whatever draws"


# RunningMean


def course(features, dtype, steps, seed=0, *, turned=False):
    """Rows for a course: the arguments of `check_course`, of which steps are a mode and rows each."""
    rows = [10 * x for x in random_tensors([(batch, features) for _, batch in steps], seed, dtype)]
    if dtype is torch.float64:
        rows = [9 * x for x in rows]  # greater than 100, some of them
    rows = [transposed(x) for x in rows] if turned else rows
    return features, dtype, [[mode, x] for (mode, _), x in zip(steps, rows, strict=True)]


def course_text(features, dtype, steps):
    """The text of a course, as a learner can paste it."""
    lines = [f"net = RunningMean({features})" + (".double()" if dtype is torch.float64 else "")]
    lines += [f"net.{mode}()(torch.tensor({x.tolist()}, dtype={x.dtype}))" for mode, x in steps]
    return "\n".join(lines)


def check_course(impl, features, dtype, steps, resume_after=-1, device="cpu"):
    """Takes a RunningMean through steps, and gives what was seen, and a text."""
    text = course_text(features, dtype, steps)
    with showing(text):
        evidence = impl.probes.running_mean(features, dtype, device, steps, resume_after)
    assert evidence["is module"], "RunningMean should make an nn.Module, and what it makes is none"
    for (_, x), rows in zip(steps, evidence["rows"], strict=True):
        assert_unchanged(rows, x, "x")
    return evidence, text


def check_state(state, right, text):
    """The buffers, and what of them is saved, are right, and nothing else is there."""
    saved = {name: right[name] for name in ("count", "mean")}
    close = partial(assert_value, tolerance=NEAR)
    close(state["attributes"], right, called=f"{text}\nnet.mean, net.count, net.latest")
    close(state["buffers"], right, called=f"{text}\ndict(net.named_buffers())")
    close(state["saved"], saved, called=f"{text}\nnet.state_dict()")
    assert_value(state["others"], [0, 0], called=f"{text}\n# how many other buffers there are, and how many are saved")
    assert_value(state["require grad"], [], called=f"{text}\n# which buffers require grad")
    assert_value(state["are inference tensors"], [], called=f"{text}\n# which buffers are inference tensors")
    assert state["parameters"] == 0, "the module has parameters: what is not learnt is a buffer"


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
                "count": torch.tensor(len(seen)),
                "latest": torch.from_numpy(latest.copy()).to(dtype),
                "mean": torch.from_numpy(mean.copy()).to(dtype),
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
    check_state(evidence["states"][0], expected_course(features, dtype, [])[1][0], text)


def check_whole_course(impl, case):
    """The results, and the buffers after each step, are right."""
    results, states = expected_course(*case)
    evidence, text = check_course(impl, *case)
    assert_value(evidence["results"], results, tolerance=NEAR, called=text)
    for state, right in zip(evidence["states"], states, strict=True):
        check_state(state, right, text)


@pytest.mark.exercise("RunningMean")
@pytest.mark.parametrize("modes", [["eval"], ["train"], ["train", "eval"], ["train", "train"]], ids=str)
def test_few_rows(impl, modes):
    """A row in evaluation mode, a row in training mode, and one of these after another."""
    steps = [[mode, numbered((1, 2)) * 2**number] for number, mode in enumerate(modes)]
    check_whole_course(impl, (2, torch.float32, steps))


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
    check_whole_course(impl, course(features, dtype, steps, seed, turned=turned))


STEPS = [("train", 2), ("eval", 1), ("train", 3), ("train", 1)]


@pytest.mark.exercise("RunningMean")
@pytest.mark.parametrize("after", range(len(STEPS)))
def test_running_mean_goes_on_elsewhere(impl, after):
    """A new module that is given the `state_dict` goes on as the old one would have."""
    case = course(2, torch.float64, STEPS)
    evidence, text = check_course(impl, *case, after)
    assert_value(evidence["keys that do not fit"], 0, called=f"{text}\n# how many keys load_state_dict misses")
    results, states = expected_course(*case)
    text = f"{text}\n# after {after} calls, a new module takes over by load_state_dict"
    assert_value(evidence["results"], results, tolerance=NEAR, called=text)
    for name in ("mean", "count"):
        assert_value(evidence["states"][-1]["attributes"][name], states[-1][name], tolerance=NEAR, called=text)


@pytest.mark.exercise("RunningMean")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batches", [[1], [2, 3], [3, 1, 2]])
def test_gradient_through_running_mean(impl, batches, dtype):
    """The gradient goes to `x` as it arrives, since the mean is a constant, and to no rows of earlier calls."""
    case = course(2, dtype, [("train", batch) for batch in batches])
    rows = [x for _, x in case[2]]
    upstreams = random_tensors([x.shape for x in rows], 1, dtype)
    text = f"{course_text(*case)}\n# and the gradients of each x"
    with showing(text):
        evidence = impl.probes.running_mean_gradients(2, rows, upstreams)
    assert evidence != "no gradient", "the result does not require grad, or has not the shape of x"
    assert_value(evidence, [[upstream, 0] for upstream in upstreams], called=text)


@pytest.mark.gpu
@pytest.mark.exercise("RunningMean")
def test_running_mean_on_the_gpu(impl):
    """All buffers move to the GPU with the module, and stay there."""
    steps = [["train", torch.tensor([[1.0, 2.0], [5.0, 0.0]])], ["eval", torch.tensor([[4.0, 4.0]])]]
    evidence, text = check_course(impl, 2, torch.float32, steps, device="cuda")
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
    with unchanged(sizes=sizes):
        check_new(impl, Net("ResidualMLP", [sizes]), stack_shapes(sizes))


@pytest.mark.exercise("ResidualMLP")
@pytest.mark.parametrize("sizes", STACKS)
def test_simple_stack(impl, sizes):
    """The result for one row, through layers with weights that count from 1."""
    net = Net("ResidualMLP", [sizes], weights=simple(stack_shapes(sizes)), training=False)
    check_run(impl, net, {"x": numbered((1, sizes[0]))}, stack, NEAR)


@pytest.mark.exercise("ResidualMLP")
@given(sizes=st.sampled_from(STACKS), look=LOOKS, batch=st.integers(1, 3), training=st.booleans())
@settings(max_examples=40)  # each has all numbers at random
def test_results_of_residual_mlp(impl, sizes, look, batch, training):
    """Each layer but the last is followed by ReLU, and what it was given is added where the size stays."""
    weights, x = numbers(look, (batch, sizes[0]), stack_shapes(sizes))
    check_run(impl, Net("ResidualMLP", [sizes], weights=weights, training=training), {"x": x}, stack, NEAR)


@pytest.mark.exercise("ResidualMLP")
@pytest.mark.parametrize("sizes", [[2, 3], [2, 2, 2, 2], [3, 3, 1, 1, 2]])
def test_gradients_of_residual_mlp(impl, sizes):
    """Gradients reach the input and all parameters, and are right."""
    net = Net("ResidualMLP", [sizes], weights=random_tensors(stack_shapes(sizes), 0), training=False)
    check_gradients(impl, net, {"x": random_tensor((2, sizes[0]), 2)}, stack)
