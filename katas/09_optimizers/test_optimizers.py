"""Spec of optimizers.

What is right, `torch.optim` says, step for step. Several steps are done by probes, all gradients in the same memory, as
backward passes leave them. Numbers are multiples of 1/8, and so are decays, so that no gradient is cancelled by a decay
but for a rounding error, which Adam would divide by itself.
"""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.spec import assert_raises, assert_tensor, assert_unchanged, assert_value, literal, shapes, showing, tensors

CAREFUL = st.sampled_from([torch.float64, torch.float32])
LRS = [0.5, 0.125, 0.01, 0.003]
RATES = st.sampled_from(LRS)
SIDES = [(3,), (), (1,), (2, 3)]
DECAYS = st.sampled_from([0.0, 0.03125, 0.25])
EPS = st.sampled_from([1e-8, 1e-3, 0.5])
BETAS = st.sampled_from([(0.9, 0.999), (0.5, 0.75), (0.0, 0.9), (0.9, 0.5), (0.75, 0.0)])
ADAM = {"betas": BETAS, "eps": EPS, "weight_decay": DECAYS}

OPTIONS = {
    "sgd_step": {"weight_decay": DECAYS, "maximize": st.booleans()},
    "momentum_step": {
        "momentum": st.sampled_from([0.5, 0.9, 0.99]),
        "dampening": st.sampled_from([0.0, 0.25, 0.9]),
        "weight_decay": DECAYS,
    },
    "nesterov_step": {"momentum": st.sampled_from([0.5, 0.9, 0.99]), "weight_decay": DECAYS},
    "rmsprop_step": {
        "alpha": st.sampled_from([0.5, 0.9, 0.99]),
        "eps": EPS,
        "weight_decay": DECAYS,
        "momentum": st.sampled_from([0.0, 0.5, 0.9]),
        "centered": st.booleans(),
    },
    "adam_step": ADAM,
    "adamw_step": ADAM,
}
"""What each function is called with, besides parameters, gradients, state and learning rate."""

TORCHS = {
    "sgd_step": (torch.optim.SGD, {}),
    "momentum_step": (torch.optim.SGD, {}),
    "nesterov_step": (torch.optim.SGD, {"nesterov": True}),
    "rmsprop_step": (torch.optim.RMSprop, {}),
    "adam_step": (torch.optim.Adam, {}),
    "adamw_step": (torch.optim.AdamW, {}),
}
"""The optimizer that each function is equal to."""

STATELESS = ("sgd_step",)

# Every example makes optimizers, here and in torch, and six functions are judged alike.
MANY = settings(max_examples=40)
SEVERAL = settings(max_examples=25)
A_FEW = settings(max_examples=10)  # what is remembered in the wrong place is missed at once


def near(dtype):
    """How far off a parameter may be."""
    return {"rtol": 1e-10, "atol": 1e-11} if dtype is torch.float64 else {"rtol": 1e-4, "atol": 1e-4}


def copies(tensors):
    """Tensors in memory of their own, and None where there is none."""
    return [None if tensor is None else tensor.detach().clone() for tensor in tensors]


def torchs_steps(name, params, gradients, rates, options):
    """The parameters after each step, as torch's own optimizer moves them."""
    if not params:
        return [[] for _ in gradients]
    kind, fixed = TORCHS[name]
    leaves = [param.clone().requires_grad_() for param in params]
    optimizer = kind(leaves, foreach=False, **fixed, **options)
    history = []
    for given_ones, rate in zip(gradients, rates, strict=True):
        if rate is not None:
            optimizer.param_groups[0]["lr"] = rate
        for leaf, gradient in zip(leaves, given_ones, strict=True):
            leaf.grad = None if gradient is None else gradient.clone()
        optimizer.step()
        history.append(copies(leaves))
    return history


def written(options):
    """Options as they stand in a call."""
    return "".join(f", {name}={value!r}" for name, value in options.items())


# the functions that do one step


@st.composite
def first_steps(draw, name):
    """Parameters, gradients or None, a learning rate and options."""
    params, grads = [], []
    for _ in range(draw(st.integers(0, 3))):
        shape, dtype = draw(shapes(max_dims=2, min_side=0, max_side=3)), draw(CAREFUL)
        size = draw(st.sampled_from([1, 1, 32]))
        param, grad = (draw(tensors(shape=shape, dtype=dtype, noncontiguous=True)) for _ in range(2))
        params.append(param.mul_(size))
        grads.append(grad if draw(st.integers(0, 4)) else None)
    return params, grads, draw(RATES), draw(st.fixed_dictionaries(OPTIONS[name]))


def check_first_step(impl, name, problem):
    """Has one step done and compares it with torch's; lists and gradients have to be as before."""
    params, grads, lr, options = problem
    (right,) = torchs_steps(name, params, [grads], [lr], options)
    held, given_ones, before = list(params), list(grads), copies(grads)
    state = () if name in STATELESS else ({},)
    getattr(impl, name)(params, grads, *state, lr, **options)
    for place, (param, expected) in enumerate(zip(held, right, strict=True)):
        assert_tensor(param, expected, **near(param.dtype))
        if before[place] is not None:
            assert_unchanged(given_ones[place], before[place], f"grads[{place}]")
    for kind, now, then in ("params", params, held), ("grads", grads, given_ones):
        same = len(now) == len(then) and all(one is other for one, other in zip(now, then, strict=True))
        assert same, f"the list `{kind}` holds other tensors than before: leave the list as it is"


@st.composite
def runs(draw, name, gaps=False):
    """Parameters, gradients for several steps, learning rates and options; with gaps, some gradients are None."""
    random, steps = np.random.default_rng(draw(st.integers(0, 1000))), draw(st.integers(2, 5))
    dtype = [torch.float64, torch.float64, torch.float32][random.integers(3)]
    sides = [SIDES[place] for place in random.integers(len(SIDES), size=random.integers(1 + gaps, 4))]
    params = [_numbers(random, shape, dtype) for shape in sides]
    gradients = [
        [None if gaps and random.random() < 0.4 else _numbers(random, shape, dtype) for shape in sides]
        for _ in range(steps)
    ]
    rates = [float(random.choice(LRS)) for _ in range(steps)]
    return params, gradients, rates, draw(st.fixed_dictionaries(OPTIONS[name]))


def _numbers(random, shape, dtype):
    return torch.from_numpy(np.asarray(random.integers(-40, 41, shape) / 8)).to(dtype)


def with_zeros(**options):
    """Four steps, two of them with gradients of zeros: these move, decay and are remembered, unlike missing ones."""
    values = [[0.0, 0.0], [1.0, 0.5], [0.0, 0.0], [2.0, -1.0]]
    gradients = [[torch.tensor(value, dtype=torch.float64)] for value in values]
    return [torch.tensor([1.0, -2.0], dtype=torch.float64)], gradients, [0.5, 0.125, 0.25, 0.125], options


def check_run(impl, name, problem, *, moves=False):
    """Has several steps done and compares each with torch's."""
    params, gradients, rates, options = problem
    right = torchs_steps(name, params, gradients, rates, options)
    state, handed = ("", "") if name in STATELESS else ("state = {}\n", ", state")
    between = "    params, state = copy.deepcopy((params, state))\n" if moves else ""
    shown = (
        f"params = {literal(params)}\n{state}"
        f"for grads, lr in {literal(list(zip(gradients, rates, strict=True)))}:\n"
        f"    {name}(params, grads{handed}, lr{written(options)})\n{between}params"
    )
    with showing(shown):
        seen = impl.probes.run(name, params, gradients, rates, options, moves)
    assert_value(seen["params"], right, **near(params[0].dtype))
    for step, (now, before) in enumerate(zip(seen["grads"], gradients, strict=True), start=1):
        for place, gradient in enumerate(before):
            if gradient is not None:
                assert_unchanged(now[place], gradient, f"grads[{place}] in step {step}")


def check_two(impl, name, one, other):
    """Has two optimizations done by turns, each with a state of its own, and compares both with torch's."""
    problems = (one, other)
    steps = min(len(each[1]) for each in problems)
    params, gradients, options = ([each[place] for each in problems] for place in (0, 1, 3))
    gradients = [each[:steps] for each in gradients]
    rates = one[2][:steps]
    right = [torchs_steps(name, *each[:2], rates, each[2]) for each in zip(params, gradients, options, strict=True)]
    with showing(lambda: f"{name} in two optimizations by turns, each with a state of its own"):
        seen = impl.probes.run_two(name, params, gradients, rates, options)
    for number in range(2):
        assert_value(seen[number], right[number], **near(params[number][0].dtype))


def check_tracked(impl, name, **options):
    """Has two steps done with parameters that require grad and lie in one tensor."""
    params = [torch.tensor([[1.5, -2.0, 3.0]], dtype=torch.float64), torch.tensor(-0.5, dtype=torch.float64)]
    gradients = [
        [torch.tensor([[0.5, 1.0, -2.0]], dtype=torch.float64), torch.tensor(3.0, dtype=torch.float64)],
        [torch.tensor([[2.5, -1.0, 4.0]], dtype=torch.float64), torch.tensor(-1.0, dtype=torch.float64)],
    ]
    right = torchs_steps(name, params, gradients, [0.25, 0.25], options)[-1]
    handed = "" if name in STATELESS else "{}, "
    shown = (
        f"params = [param.requires_grad_() for param in {literal(params)}]\n"
        f"{name}(params, {literal(gradients[0])}, {handed}0.25{written(options)})"
    )
    with showing(shown):
        seen = impl.probes.run_tracked(name, params, gradients, options)
    assert_value(seen["params"], right, **near(torch.float64))
    assert_tensor(seen["in their memory"], torch.cat([each.reshape(-1) for each in right]), **near(torch.float64))
    assert seen["the same tensors"], "the list `params` holds other tensors than before: leave the list as it is"
    assert seen["leaves that require grad"], "the parameters are no leaves that require grad any more"
    assert_value(seen[".grad"], gradients[-1])
    assert not seen["state requires grad"], "what you keep in `state` has a history: the step was recorded"


def check_defaults(impl, name, *required, **fixed):
    """Has two steps done with the defaults, which are torch's, but for what is given; one parameter is empty."""
    params = [torch.tensor([1.0, -3.0, 0.5], dtype=torch.float64), torch.ones(0, 2)]
    grads = [torch.tensor([0.5, 2.0, -1e-8], dtype=torch.float64), torch.ones(0, 2)]
    right = torchs_steps(name, params, [grads, grads], [required[0] if required else None] * 2, fixed)
    state = () if name in STATELESS else ({},)
    for expected in right:
        getattr(impl, name)(params, grads, *state, *required)
        assert_value(params, expected, **near(torch.float64))


# sgd_step


@pytest.mark.exercise("sgd_step")
@MANY
@given(problem=first_steps("sgd_step"))
def test_sgd_step(impl, problem):
    """One step moves every parameter that has a gradient as torch's SGD does, and leaves all else alone."""
    check_first_step(impl, "sgd_step", problem)


@pytest.mark.exercise("sgd_step")
@SEVERAL
@given(problem=runs("sgd_step", gaps=True))
@example(problem=with_zeros(weight_decay=0.25))
def test_sgd_steps(impl, problem):
    """Several steps, with and without gradients, end where torch's SGD ends."""
    check_run(impl, "sgd_step", problem)


@pytest.mark.exercise("sgd_step")
@pytest.mark.parametrize("options", [{}, {"maximize": True, "weight_decay": 0.25}], ids=str)
def test_sgd_step_is_not_recorded(impl, options):
    """Parameters that require grad change in place, in their own memory, and the step is not recorded."""
    check_tracked(impl, "sgd_step", **options)


@pytest.mark.exercise("sgd_step")
def test_defaults_of_sgd_step(impl):
    """Without options nothing decays, and the step goes downhill."""
    check_defaults(impl, "sgd_step", 0.25)


# momentum_step


@pytest.mark.exercise("momentum_step")
@MANY
@given(problem=first_steps("momentum_step"))
def test_first_momentum_step(impl, problem):
    """In the first step the velocity is the gradient, with the decay and without dampening."""
    check_first_step(impl, "momentum_step", problem)


@pytest.mark.exercise("momentum_step")
@SEVERAL
@given(problem=runs("momentum_step"))
@example(problem=with_zeros(momentum=0.5, dampening=0.25))
def test_momentum_steps(impl, problem):
    """Step for step the parameters are where torch's SGD takes them, while the learning rate changes."""
    check_run(impl, "momentum_step", problem)


@pytest.mark.exercise("momentum_step")
@SEVERAL
@given(problem=runs("momentum_step", gaps=True))
def test_momentum_with_gaps(impl, problem):
    """A parameter without a gradient stays as it is, and so does its velocity."""
    check_run(impl, "momentum_step", problem)


@pytest.mark.exercise("momentum_step")
@A_FEW
@given(problem=runs("momentum_step", gaps=True))
def test_momentum_goes_on(impl, problem):
    """The run goes on with copies of parameters and state as it would have gone on with themselves."""
    check_run(impl, "momentum_step", problem, moves=True)


@pytest.mark.exercise("momentum_step")
@A_FEW
@given(one=runs("momentum_step"), other=runs("momentum_step"))
def test_two_momentums(impl, one, other):
    """Two optimizations by turns, each with a state of its own, know nothing of each other."""
    check_two(impl, "momentum_step", one, other)


@pytest.mark.exercise("momentum_step")
def test_momentum_is_not_recorded(impl):
    """Parameters that require grad change in place, in their own memory, and the step is not recorded."""
    check_tracked(impl, "momentum_step", momentum=0.5, dampening=0.25, weight_decay=0.25)


@pytest.mark.exercise("momentum_step")
def test_defaults_of_momentum_step(impl):
    """Without options nothing is dampened and nothing decays."""
    check_defaults(impl, "momentum_step", 0.25, 0.75, momentum=0.75)


# nesterov_step


@pytest.mark.exercise("nesterov_step")
@MANY
@given(problem=first_steps("nesterov_step"))
def test_first_nesterov_step(impl, problem):
    """In the first step the velocity is the gradient, and the step looks ahead already."""
    check_first_step(impl, "nesterov_step", problem)


@pytest.mark.exercise("nesterov_step")
@SEVERAL
@given(problem=runs("nesterov_step"))
@example(problem=with_zeros(momentum=0.5))
def test_nesterov_steps(impl, problem):
    """Step for step the parameters are where torch's SGD takes them, while the learning rate changes."""
    check_run(impl, "nesterov_step", problem)


@pytest.mark.exercise("nesterov_step")
@SEVERAL
@given(problem=runs("nesterov_step", gaps=True))
def test_nesterov_with_gaps(impl, problem):
    """A parameter without a gradient stays as it is, and so does its velocity."""
    check_run(impl, "nesterov_step", problem)


@pytest.mark.exercise("nesterov_step")
@A_FEW
@given(problem=runs("nesterov_step", gaps=True))
def test_nesterov_goes_on(impl, problem):
    """The run goes on with copies of parameters and state as it would have gone on with themselves."""
    check_run(impl, "nesterov_step", problem, moves=True)


@pytest.mark.exercise("nesterov_step")
@A_FEW
@given(one=runs("nesterov_step"), other=runs("nesterov_step"))
def test_two_nesterovs(impl, one, other):
    """Two optimizations by turns, each with a state of its own, know nothing of each other."""
    check_two(impl, "nesterov_step", one, other)


@pytest.mark.exercise("nesterov_step")
def test_nesterov_is_not_recorded(impl):
    """Parameters that require grad change in place, in their own memory, and the step is not recorded."""
    check_tracked(impl, "nesterov_step", momentum=0.5, weight_decay=0.25)


@pytest.mark.exercise("nesterov_step")
def test_defaults_of_nesterov_step(impl):
    """Without options nothing decays."""
    check_defaults(impl, "nesterov_step", 0.25, 0.75, momentum=0.75)


# rmsprop_step


@pytest.mark.exercise("rmsprop_step")
@MANY
@given(problem=first_steps("rmsprop_step"))
def test_first_rmsprop_step(impl, problem):
    """In the first step all running means come from zero, and eps is added to the root."""
    check_first_step(impl, "rmsprop_step", problem)


@pytest.mark.exercise("rmsprop_step")
@SEVERAL
@given(problem=runs("rmsprop_step"))
@example(problem=with_zeros(alpha=0.5, momentum=0.5))
def test_rmsprop_steps(impl, problem):
    """Step for step the parameters are where torch's RMSprop takes them, while the learning rate changes."""
    check_run(impl, "rmsprop_step", problem)


@pytest.mark.exercise("rmsprop_step")
@SEVERAL
@given(problem=runs("rmsprop_step", gaps=True))
def test_rmsprop_with_gaps(impl, problem):
    """A parameter without a gradient stays as it is, and so do its running means and its velocity."""
    check_run(impl, "rmsprop_step", problem)


@pytest.mark.exercise("rmsprop_step")
@A_FEW
@given(problem=runs("rmsprop_step", gaps=True))
def test_rmsprop_goes_on(impl, problem):
    """The run goes on with copies of parameters and state as it would have gone on with themselves."""
    check_run(impl, "rmsprop_step", problem, moves=True)


@pytest.mark.exercise("rmsprop_step")
@A_FEW
@given(one=runs("rmsprop_step"), other=runs("rmsprop_step"))
def test_two_rmsprops(impl, one, other):
    """Two optimizations by turns, each with a state of its own, know nothing of each other."""
    check_two(impl, "rmsprop_step", one, other)


@pytest.mark.exercise("rmsprop_step")
def test_rmsprop_is_not_recorded(impl):
    """Parameters that require grad change in place, in their own memory, and the step is not recorded."""
    check_tracked(impl, "rmsprop_step", alpha=0.75, weight_decay=0.25, momentum=0.5, centered=True)


@pytest.mark.exercise("rmsprop_step")
def test_defaults_of_rmsprop_step(impl):
    """Without options all is as in torch's RMSprop."""
    check_defaults(impl, "rmsprop_step")


# adam_step


@pytest.mark.exercise("adam_step")
@MANY
@given(problem=first_steps("adam_step"))
def test_first_adam_step(impl, problem):
    """In the first step both means are corrected to the gradient and its square, and eps is added to the root."""
    check_first_step(impl, "adam_step", problem)


@pytest.mark.exercise("adam_step")
@SEVERAL
@given(problem=runs("adam_step"))
@example(problem=with_zeros(betas=(0.5, 0.75)))
def test_adam_steps(impl, problem):
    """Step for step the parameters are where torch's Adam takes them, while the learning rate changes."""
    check_run(impl, "adam_step", problem)


@pytest.mark.exercise("adam_step")
@SEVERAL
@given(problem=runs("adam_step", gaps=True))
def test_adam_with_gaps(impl, problem):
    """A parameter without a gradient stays as it is, and so do its means and the count of its steps."""
    check_run(impl, "adam_step", problem)


@pytest.mark.exercise("adam_step")
@A_FEW
@given(problem=runs("adam_step", gaps=True))
def test_adam_goes_on(impl, problem):
    """The run goes on with copies of parameters and state as it would have gone on with themselves."""
    check_run(impl, "adam_step", problem, moves=True)


@pytest.mark.exercise("adam_step")
@A_FEW
@given(one=runs("adam_step"), other=runs("adam_step"))
def test_two_adams(impl, one, other):
    """Two optimizations by turns, each with a state of its own, know nothing of each other."""
    check_two(impl, "adam_step", one, other)


@pytest.mark.exercise("adam_step")
def test_adam_is_not_recorded(impl):
    """Parameters that require grad change in place, in their own memory, and the step is not recorded."""
    check_tracked(impl, "adam_step", weight_decay=0.25)


@pytest.mark.exercise("adam_step")
def test_defaults_of_adam_step(impl):
    """Without options all is as in torch's Adam."""
    check_defaults(impl, "adam_step")


# adamw_step


@pytest.mark.exercise("adamw_step")
@MANY
@given(problem=first_steps("adamw_step"))
def test_first_adamw_step(impl, problem):
    """In the first step the parameter shrinks by its decay, and the gradient knows nothing of that."""
    check_first_step(impl, "adamw_step", problem)


@pytest.mark.exercise("adamw_step")
@SEVERAL
@given(problem=runs("adamw_step"))
@example(problem=with_zeros(betas=(0.5, 0.75), weight_decay=0.25))
def test_adamw_steps(impl, problem):
    """Step for step the parameters are where torch's AdamW takes them, while the learning rate changes."""
    check_run(impl, "adamw_step", problem)


@pytest.mark.exercise("adamw_step")
@SEVERAL
@given(problem=runs("adamw_step", gaps=True))
def test_adamw_with_gaps(impl, problem):
    """A parameter without a gradient does not decay, and its means and the count of its steps stay as they are."""
    check_run(impl, "adamw_step", problem)


@pytest.mark.exercise("adamw_step")
@A_FEW
@given(problem=runs("adamw_step", gaps=True))
def test_adamw_goes_on(impl, problem):
    """The run goes on with copies of parameters and state as it would have gone on with themselves."""
    check_run(impl, "adamw_step", problem, moves=True)


@pytest.mark.exercise("adamw_step")
@A_FEW
@given(one=runs("adamw_step"), other=runs("adamw_step"))
def test_two_adamws(impl, one, other):
    """Two optimizations by turns, each with a state of its own, know nothing of each other."""
    check_two(impl, "adamw_step", one, other)


@pytest.mark.exercise("adamw_step")
def test_adamw_is_not_recorded(impl):
    """Parameters that require grad change in place, in their own memory, and the step is not recorded."""
    check_tracked(impl, "adamw_step", weight_decay=0.25)


@pytest.mark.exercise("adamw_step")
def test_defaults_of_adamw_step(impl):
    """Without options all is as in torch's AdamW, the decay too."""
    check_defaults(impl, "adamw_step")


# parameter_groups

LAYERS = {
    "linear": {"weight": True, "bias": False},
    "linear without bias": {"weight": True},
    "embedding": {"weight": True},
    "conv": {"weight": True, "bias": False},
    "batch norm": {"weight": False, "bias": False},
    "group norm": {"weight": False, "bias": False},
    "layer norm": {"weight": False, "bias": False},
    "layer norm of matrices": {"weight": False, "bias": False},
    "layer norm without parameters": {},
    "own norm of matrices": {"weight": False, "bias": False},
    "rms norm of matrices": {"weight": False},
    "own rms norm of matrices": {"weight": False},
    "number": {"weight": False},
    "vector": {"kernel": False},
    "matrix called bias": {"bias": True},
    "matrix called norm": {"norm": True},
}
"""The parameters of each kind of layer that the probes know, in order, and whether they decay."""

SHARED = {"linear with the first weight": {"bias": False}, "layer norm with the first weight": {"bias": False}}
"""Those of layers whose weight is that of the first layer."""

NAMES = ("norm", "bias", "unbiased", "encoder", "LayerNorm", "0", "head")


def check_groups(impl, layers, weight_decay, *, nested=False):
    """Has the parameters of a model sorted and compares their names, those of shared ones left out in `layers`."""
    decaying, others = [], []
    spared = any(kind == "layer norm with the first weight" for _, kind, _ in layers)  # the first layer's weight
    for number, (name, kind, frozen) in enumerate(layers):
        for place, (suffix, decays) in enumerate((LAYERS | SHARED)[kind].items()):
            if frozen == "all" or (frozen == "first" and place == 0):
                continue
            path = [name, "0", "0", suffix] if nested and layers[0][0] else [name, suffix]
            group = decaying if decays and not (spared and number == place == 0) else others
            group.append(".".join(part for part in path if part))
    text = ", ".join(
        f"{name or 'the model itself'}: {kind}{'' if frozen == 'none' else f' ({frozen} frozen)'}"
        for name, kind, frozen in layers
    )
    with showing(lambda: f"parameter_groups(model, {weight_decay})  # a model of {text or 'nothing'}"):
        seen = impl.probes.groups(layers, nested, weight_decay)
    right = [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    assert_value(seen["groups"], right)
    assert not seen["changed"], f"the model has changed: {seen['changed']}"


@st.composite
def models(draw):
    """Layers with names, kinds and what is frozen of them."""
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    frozen = st.sampled_from(["none", "none", "none", "all", "first"])
    return [(name, draw(st.sampled_from([*LAYERS])), draw(frozen)) for name in names]


@pytest.mark.exercise("parameter_groups")
@MANY
@given(layers=models(), nested=st.booleans(), weight_decay=st.sampled_from([0.01, 0.25, 0.0, 250.0]))
def test_groups_of_models(impl, layers, nested, weight_decay):
    """Each parameter that requires grad is in the group that it belongs to, in the order of `model.parameters()`."""
    check_groups(impl, layers, weight_decay, nested=nested)


@pytest.mark.exercise("parameter_groups")
@pytest.mark.parametrize("kind", [*LAYERS])
def test_groups_of_one_layer(impl, kind):
    """The model may be a single layer of any kind."""
    check_groups(impl, [("", kind, "none")], 0.125)


@pytest.mark.exercise("parameter_groups")
@pytest.mark.parametrize("nested", [False, True])
def test_groups_of_all_layers(impl, nested):
    """A large model has all kinds of layers, and many parameters of the same shape."""
    check_groups(impl, [(kind, kind, "none") for kind in LAYERS], 0.125, nested=nested)


@pytest.mark.exercise("parameter_groups")
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    "kinds",
    [
        ("linear", "linear with the first weight"),
        ("linear", "layer norm with the first weight"),
        ("layer norm of matrices", "linear with the first weight"),
    ],
)
def test_groups_with_a_shared_parameter(impl, kinds, nested):
    """A parameter that two layers share is in its group once, and does not decay if one of them is a norm."""
    layers = [(name, kind, "none") for name, kind in zip(("norm", "head", "last"), (*kinds, "linear"), strict=True)]
    check_groups(impl, layers, 0.125, nested=nested)


# AdamW


def torchs_adamw(values, groups, options, gradients, rates, late):
    """The parameters after each step, as torch's own AdamW moves them."""
    leaves = [value.clone().requires_grad_() for value in values]
    first = leaves[:-1] if late else leaves
    if groups is not None:
        first = [{"params": [leaves[place] for place in places], **own} for places, own in groups]
    optimizer = torch.optim.AdamW(first, foreach=False, **options)
    history = []
    for turn, (given_ones, rate) in enumerate(zip(gradients, rates, strict=True)):
        if late and turn == late[0]:
            optimizer.add_param_group({"params": leaves[-1], **late[1]})
        for group in optimizer.param_groups if rate is not None else ():
            group["lr"] = rate
        for leaf, gradient in zip(leaves, given_ones, strict=True):
            leaf.grad = None if gradient is None else gradient.clone()
        optimizer.step()
        history.append(copies(leaves))
    return history


@st.composite
def optimizations(draw, late=False):
    """Values, groups or None, options, gradients, learning rates or None, and when the last parameter comes in."""
    random, steps = np.random.default_rng(draw(st.integers(0, 1000))), draw(st.integers(2, 5))
    dtype = [torch.float64, torch.float32][random.integers(2)]
    sides = [(3,), (), (3,)][: random.integers(2, 4)]
    values = [_numbers(random, shape, dtype) for shape in sides]
    gradients = [
        [None if random.random() < 0.3 else _numbers(random, shape, dtype) for shape in sides] for _ in range(steps)
    ]
    some = {"lr": RATES, **ADAM}
    groups = None
    if draw(st.booleans()) and not late:
        own = st.fixed_dictionaries({}, optional=some)
        groups = [([len(sides) - 1], draw(own)), ([*range(len(sides) - 1)], draw(own))]
    rates = [None if random.random() < 0.4 else float(random.choice(LRS)) for _ in range(steps)]
    joins = (draw(st.integers(1, steps - 1)), draw(st.fixed_dictionaries({}, optional=some))) if late else None
    return values, groups, draw(st.fixed_dictionaries({"lr": RATES, **ADAM})), gradients, rates, joins


def optimization_text(values, groups, options, gradients, rates, late, resume_at=None):
    """The steps of a probe, as a learner can read them."""
    given_ones = "params" if groups is None else _groups_text(groups)
    text = [f"params = [tensor.requires_grad_() for tensor in {literal(values)}]"]
    text.append(f"optimizer = AdamW({'params[:-1]' if late else given_ones}{written(options)})")
    for turn, (grads, rate) in enumerate(zip(gradients, rates, strict=True)):
        if late and turn == late[0]:
            text.append(f"optimizer.add_param_group({{'params': params[-1], **{late[1]}}})")
        if turn == resume_at:
            text.append("# saved, loaded, and on with new tensors and a new optimizer")
        if rate is not None:
            text.append(f"for group in optimizer.param_groups: group['lr'] = {rate}")
        text.append(f"for p, p.grad in zip(params, {literal(grads)}): pass")
        text.append("optimizer.step()")
    return "\n".join(text)


def _groups_text(groups):
    inner = (f"{{'params': [params[i] for i in {places}], **{options}}}" for places, options in groups)
    return f"[{', '.join(inner)}]"


def optimize(impl, problem, resume_at=None):
    """Has the steps of a problem done by an optimizer, and gives what was seen."""
    with showing(lambda: optimization_text(*problem, resume_at)):
        return impl.probes.optimize(*problem, resume_at)


def check_optimization(impl, problem):
    """Has the steps of a problem done and compares each with torch's."""
    values, _, _, gradients, *_ = problem
    right = torchs_adamw(*problem)
    seen = optimize(impl, problem)
    assert seen["is an optimizer"], "AdamW should be a subclass of torch.optim.Optimizer"
    assert_value(seen["params"], right, **near(values[0].dtype))
    assert seen["leaves"], "the parameters are no leaves that require grad any more"
    assert not seen["beside parameters"], (
        f"`self.state` has entries that belong to no parameter, {', '.join(seen['beside parameters'])}: "
        "what you remember of a parameter p belongs into `self.state[p]`"
    )
    assert_value(seen["returned"], [None] * len(gradients))
    for place, gradient in enumerate(gradients[-1]):
        if gradient is not None:
            assert_unchanged(seen["grads"][place], gradient, f"the .grad of parameter {place}")
    assert_value(seen["grads after zero_grad"], [None] * len(values))


@pytest.mark.exercise("AdamW")
@MANY
@given(problem=optimizations())
def test_steps_of_the_optimizer(impl, problem):
    """Step for step the parameters of each group are where torch's AdamW takes them."""
    check_optimization(impl, problem)


@pytest.mark.exercise("AdamW")
@SEVERAL
@given(problem=optimizations(late=True))
def test_group_that_is_added(impl, problem):
    """A group that is added later has its own options, else the optimizer's, and its own count of steps."""
    check_optimization(impl, problem)


@pytest.mark.exercise("AdamW")
@SEVERAL
@given(problem=optimizations(), data=st.data())
def test_resumes_bit_for_bit(impl, problem, data):
    """Saved and loaded into a new optimizer, it goes on bit for bit as if it had never stopped."""
    at = data.draw(st.integers(1, len(problem[3]) - 1))
    through = optimize(impl, problem)["params"]
    resumed = optimize(impl, problem, at)["params"]
    for one, other in zip(resumed, through, strict=True):
        for param, expected in zip(one, other, strict=True):
            assert_tensor(param, expected, rtol=0.0, atol=0.0)
    assert_value(resumed, torchs_adamw(*problem), **near(problem[0][0].dtype))


@pytest.mark.exercise("AdamW")
@SEVERAL
@given(
    value=tensors(shape=shapes(max_dims=2), dtype=torch.float64),
    shift=st.sampled_from([1.0, -0.5, 0.0]),
    options=st.fixed_dictionaries({"lr": RATES, **ADAM}),
    recording=st.booleans(),
    steps=st.integers(1, 3),
)
def test_closure(impl, value, shift, options, recording, steps):
    """A closure is called once a step, before anything moves and with recording on, and its loss is returned."""
    target = value + shift
    leaf = value.clone().requires_grad_()
    optimizer = torch.optim.AdamW([leaf], foreach=False, **options)
    moves = [value]
    for _ in range(steps):
        leaf.grad = 2 * (leaf.detach() - target)
        optimizer.step()
        moves.append(leaf.detach().clone())
    text = f"p, target = {literal(value)}.requires_grad_(), {literal(target)}\noptimizer = AdamW([p]{written(options)})"
    with showing(
        lambda: (
            f"{text}\ndef closure():\n    optimizer.zero_grad()\n    loss = ((p - target) ** 2).sum()\n"
            f"    loss.backward()\n    return loss\n"
            f"{'' if recording else 'with torch.no_grad(): '}optimizer.step(closure)  # {steps} times"
        )
    ):
        seen = impl.probes.close(value, target, options, recording, steps)
    assert len(seen["recording"]) == steps, (
        f"{steps} steps should call the closure {steps} times, not {len(seen['recording'])}"
    )
    assert all(seen["recording"]), "the closure ran without recording"
    assert seen["recording afterwards"] is recording, "recording is not on or off afterwards as it was before"
    assert_value(seen["p inside"], moves[:-1], **near(torch.float64))
    assert_value(seen["p"], moves[1:], **near(torch.float64))
    for returned in seen["returned"]:
        assert returned == "the loss", (
            f"step(closure) should return what the closure returned, that very tensor, and returned {returned}"
        )


@pytest.mark.exercise("AdamW")
def test_defaults_of_the_optimizer(impl):
    """Without options all is as in torch's AdamW, the decay too."""
    values = [torch.tensor([1.0, -3.0, 0.5], dtype=torch.float64)]
    gradients = [[torch.tensor([0.5, 2.0, -1e-8], dtype=torch.float64)]] * 2
    check_optimization(impl, (values, None, {}, gradients, [None, None], None))


WRONG = [
    {"lr": -0.125},
    {"eps": -1e-9},
    {"weight_decay": -0.5},
    {"betas": (-0.125, 0.5)},
    {"betas": (0.5, -0.125)},
    {"betas": (1.0, 0.5)},
    {"betas": (0.5, 1.0)},
    {"betas": (0.5, 1.5)},
]
LIMITS = [{"lr": 0.0}, {"eps": 0.0}, {"weight_decay": 0.0}, {"betas": (0.0, 0.5)}, {"betas": (0.5, 0.0)}]


@pytest.mark.exercise("AdamW")
@pytest.mark.parametrize("options", WRONG, ids=str)
def test_options_that_are_refused(impl, options):
    """Options out of range raise ValueError."""
    shown = f"AdamW([torch.ones(2, requires_grad=True)]{written(options)})"
    assert_raises(ValueError, impl.probes.refuse, options, called=shown)


@pytest.mark.exercise("AdamW")
@pytest.mark.parametrize("options", LIMITS, ids=str)
def test_options_at_the_limit(impl, options):
    """Options of zero are allowed."""
    impl.probes.refuse(options)
