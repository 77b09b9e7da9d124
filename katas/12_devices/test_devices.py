"""Spec of devices.

There need not be any device but the CPU and meta. What must run anywhere is run on meta: a stray tensor on the CPU, a
wired-in device, a look at a value fail there. Where meta will not do, a probe pretends that there are GPUs. Tests
marked gpu repeat the essence on a real one.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.spec import assert_raises, assert_tensor, assert_unchanged, assert_value, literal, seeds, showing, tensors

CPU, META = torch.device("cpu"), torch.device("meta")
CAREFUL = st.sampled_from([torch.float32, torch.float64])


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    with showing(shown):
        return getattr(impl.probes, probe)(*args)


def near(dtype):
    """How far off a value may be: in float64 so little that float32 on the way to it shows."""
    return {"rtol": 1e-11, "atol": 1e-11} if dtype is torch.float64 else {"rtol": 2e-5, "atol": 1e-5}


def generic(shape, seed, dtype=torch.float64):
    """Random numbers with three decimals, hardly any of which is zero or equal to another one."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).round(decimals=3).to(dtype)


def there(value, device):
    """The same with its tensors on that device."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return {key: there(item, device) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(there(item, device) for item in value)
    return value


# move_batch

A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
B = torch.tensor([7, 8])

BATCHES = [
    A,
    {"x": A, "y": B},
    [A, B],
    (A, B),
    {"text": ["a", "b"], "n": 3, "none": None, "share": 0.5, "x": A.double()},
    {"outer": {"inner": [A, (B, {"deep": A.half()})]}, 7: "seven"},
    {"y": B, "x": A.T, "z": torch.zeros(0, 2), "one": torch.tensor(True)},
    [[], {}, (), [[B]], ((A,), "text"), True],
    (B,),
    "a text",
    None,
    [],
    {},
]
NAMED = [
    ("Pair", A, B),
    {"first": ("Pair", [A], {"y": B}), "second": [("Pair", "text", B), "note"]},
    (("Pair", A, None), "note", 3),
    ["note", ("Pair", ("Pair", A, B), (A, B))],
]


def moved_text(batch, device):
    """The call that the probe makes, as a learner can paste it."""
    text = literal(batch).replace("('Pair', ", "Pair(").replace("'note'", "Note()")
    note = "class Note:  # neither a tensor nor a container\n    def to(self, device): return Note()\n"
    pair = "Pair = collections.namedtuple('Pair', ['inputs', 'targets'])\n"
    before = (note if "Note()" in text else "") + (pair if "Pair(" in text else "")
    return f"{before}batch = {text}\nmove_batch(batch, {device!r})"


@pytest.mark.exercise("move_batch")
@pytest.mark.parametrize("device", ["meta", META, "cpu", CPU], ids=repr)
def test_every_tensor_moves(impl, device):
    """Every tensor is on the device, all else and the structure stay, and keys keep their order."""
    for batch in BATCHES:
        batch = there(batch, "cpu")
        right = there(batch, device)
        result = impl.move_batch(batch, device)
        assert_value(result, right)
        if isinstance(batch, dict):
            assert list(result) == list(batch), f"the keys are {list(result)}, and should be {list(batch)}"


LEAVES = st.one_of(
    tensors(dtype=st.sampled_from([torch.float32, torch.int64, torch.bool])), st.integers(), st.text(max_size=2)
)


def nested(inner):
    """Lists and dicts of batches."""
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)


@pytest.mark.exercise("move_batch")
@given(values=st.recursive(LEAVES, nested, max_leaves=5))
@settings(max_examples=25)  # shapes of batches are written out above; this finds what nobody thought of
def test_any_nesting(impl, values):
    """However deep a batch is nested, its tensors are on the device in the same places."""
    right = there(values, "meta")
    assert_value(impl.move_batch(values, "meta"), right)


@pytest.mark.exercise("move_batch")
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_named_tuples_and_other_objects(impl, device):
    """A named tuple stays one, of its own class, and any other object is the very same one."""
    for batch in NAMED:
        evidence = ask(impl, "moved", batch, device, shown=moved_text(batch, device))
        assert_value(evidence["result"], there(batch, device))


@pytest.mark.exercise("move_batch")
def test_batch_of_the_caller_stays(impl):
    """The caller's batch stays as it is, and no dict or list of it is part of the result."""
    for batch in [*BATCHES, *NAMED]:
        for device in ("meta", "cpu"):
            evidence = ask(impl, "moved", batch, device, shown=moved_text(batch, device))
            assert_value(evidence["batch"], batch, called=f"{moved_text(batch, device)}\nbatch")
            assert not evidence["old containers"], "a dict or list of the caller is part of the result: make a new one"


@pytest.mark.exercise("move_batch")
def test_tensors_that_are_there_already(impl):
    """A tensor that is on the device already is returned itself, without a copy."""
    for batch in [*BATCHES, *NAMED]:
        evidence = ask(impl, "moved", batch, "cpu", shown=moved_text(batch, "cpu"))
        same = evidence["the same tensors"]
        assert all(same), "a tensor that was on the device already has been copied"
    mixed = [A, B.to("meta")]
    evidence = ask(impl, "moved", mixed, "meta", shown=moved_text(mixed, "meta"))
    assert_value(evidence["the same tensors"], [False, True], called="[new is old for each tensor of the batch]")


@pytest.mark.gpu
@pytest.mark.exercise("move_batch")
def test_batch_to_the_gpu_and_back(impl):
    """A batch on its way to the GPU and back keeps its values."""
    for batch in [*BATCHES[:-4], *NAMED]:
        evidence = ask(impl, "moved", batch, "cuda", True, shown=moved_text(batch, "cuda"))
        assert_value(evidence["result"], batch)
        assert_value(evidence["devices"], ["cuda"])


# masked_mean

SEQUENCES = [((2, 3, 1), [1, 3]), ((1, 4, 2), [3]), ((3, 2, 4), [2, 1, 1]), ((4, 5, 3), [5, 1, 4, 2]), ((1, 1, 1), [1])]
RUBBISH = [0.5, float("nan"), float("inf"), -float("inf"), 1e30]


def padded(shape, lengths, seed, dtype=torch.float64, rubbish=0.5):
    """Sequences with rubbish behind their real steps, and their means."""
    x = generic(shape, seed)
    means = np.stack([x[i, :n].numpy().mean(axis=0) for i, n in enumerate(lengths)])
    for i, n in enumerate(lengths):
        x[i, n:] = rubbish
    return x.to(dtype), torch.tensor(lengths), torch.from_numpy(means).to(dtype)


@pytest.mark.exercise("masked_mean")
@pytest.mark.parametrize("rubbish", RUBBISH)
def test_means_of_real_steps(impl, rubbish):
    """Each row is the mean of the real steps of its sequence, whatever the padding holds."""
    for seed, (shape, lengths) in enumerate(SEQUENCES):
        for dtype in (torch.float32, torch.float64):
            x, n, right = padded(shape, lengths, seed, dtype, rubbish)
            before = x.clone()
            assert_tensor(impl.masked_mean(x, n), right, **near(dtype))
            assert_unchanged(x, before, "x")
            assert_unchanged(n, torch.tensor(lengths), "lengths")


@st.composite
def sequences(draw):
    """A shape and lengths that fit it."""
    b, t, d = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    return (b, t, d), draw(st.lists(st.integers(1, t), min_size=b, max_size=b)), draw(st.integers(0, 99))


@pytest.mark.exercise("masked_mean")
@given(problem=sequences(), dtype=CAREFUL)
@settings(max_examples=30)  # each has all numbers at random
def test_means_of_any_sequences(impl, problem, dtype):
    """Each row is the mean of the first steps of its sequence, as many as its length says."""
    x, n, right = padded(*problem, dtype, float("nan"))
    turned = x.transpose(0, 2).contiguous().transpose(0, 2)
    assert_tensor(impl.masked_mean(turned, n), right, **near(dtype))


@pytest.mark.exercise("masked_mean")
@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
def test_real_steps_that_are_not_finite(impl, odd):
    """NaN or infinity in a real step stands in the mean of its own sequence and column, and in no other."""
    x = torch.tensor([[[1.0, 2.0], [odd, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[odd, 9.0], [odd, odd]]])
    right = torch.tensor([[odd, 3.0], [5.0, 6.0], [odd, 9.0]])
    assert_tensor(impl.masked_mean(x, torch.tensor([2, 1, 1])), right, equal_nan=True)


@pytest.mark.exercise("masked_mean")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_means_on_meta(impl, dtype):
    """Where `x` is on meta, so is the result, in the dtype of `x`, wherever the lengths are."""
    for shape, lengths in SEQUENCES:
        for where in ("cpu", "meta"):
            x, n = torch.zeros(shape, dtype=dtype, device="meta"), torch.tensor(lengths, device=where)
            right = torch.empty(shape[0], shape[2], dtype=dtype, device="meta")
            assert_tensor(impl.masked_mean(x, n), right)


@pytest.mark.exercise("masked_mean")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_means_keep_the_dtype(impl, dtype):
    """The result has the dtype of `x`, a short one, too."""
    x = torch.tensor([[[1.0], [3.0], [8.0]], [[2.0], [100.0], [100.0]]], dtype=dtype)
    assert_tensor(impl.masked_mean(x, torch.tensor([3, 1])), torch.tensor([[4.0], [2.0]], dtype=dtype))


@pytest.mark.gpu
@pytest.mark.exercise("masked_mean")
def test_means_on_the_gpu(impl):
    """On the GPU the means are the same, also where the lengths are on the CPU."""
    for seed, (shape, lengths) in enumerate(SEQUENCES):
        x, n, right = padded(shape, lengths, seed, torch.float32, float("nan"))
        text = f"masked_mean({literal(x)}.to('cuda'), {literal(n)})"
        evidence = ask(impl, "on_device", "masked_mean", "cuda", [x, n], [], shown=text)
        assert_value(evidence["device"], "cuda")
        assert_tensor(evidence["result"], right, **near(torch.float32))


# add_noise

NOISY = [(3,), (), (2, 3), (0,), (2, 0, 3), (1, 4, 2), (5, 7), (40,)]


def drawn(shape, seed, dtype, times=1):
    """Normal noise from a generator with that seed, drawn so many times, and the generator's state then."""
    generator = torch.Generator().manual_seed(seed)
    draws = [torch.empty(shape, dtype=dtype).normal_(generator=generator) for _ in range(times)]
    return draws, generator.get_state()


def assert_moved_on(generator, state):
    """Passes if the generator is where one draw of the shape and dtype of `x` takes it."""
    right = torch.equal(generator.get_state(), state)
    assert right, "the generator is not where one draw in the shape of x takes it, wherever x is and whatever scale is"


@pytest.mark.exercise("add_noise")
@given(seed=seeds(), dtype=CAREFUL, scale=st.sampled_from([1.0, 0.5, 3.0, 0.0, 1e-3]))
@settings(max_examples=30)  # each tries all shapes
def test_noise_from_the_generator(impl, seed, dtype, scale):
    """The result is x + scale · n, where n is what the generator gives for the shape and dtype of `x`."""
    for shape in NOISY:
        x = generic(shape, seed % 100, dtype)
        before = x.clone()
        (n,), state = drawn(shape, seed, dtype)
        generator = torch.Generator().manual_seed(seed)
        right = (x.double() + scale * n.double()).to(dtype)
        result = impl.add_noise(x, scale, generator)
        assert_tensor(result, right, **near(dtype))
        assert_unchanged(x, before, "x")
        assert_moved_on(generator, state)
        if x.numel():
            assert result is not x, "the result is x itself: make a new tensor"


@pytest.mark.exercise("add_noise")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_noise_on_meta(impl, dtype):
    """Where `x` is on meta, so is the result, and the generator moves on as it does for an `x` on the CPU."""
    for seed, shape in enumerate(NOISY):
        _, state = drawn(shape, seed, dtype)
        generator = torch.Generator().manual_seed(seed)
        x = torch.empty(shape, dtype=dtype, device="meta")
        assert_tensor(impl.add_noise(x, 0.5, generator), torch.empty(shape, dtype=dtype, device="meta"))
        assert_moved_on(generator, state)


@pytest.mark.exercise("add_noise")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_noise_keeps_the_dtype(impl, dtype):
    """Of a short dtype the result has it, too."""
    (n,), _ = drawn((2, 3), 5, dtype)
    right = (1 + 2 * n.double()).to(dtype)
    assert_tensor(
        impl.add_noise(torch.ones(2, 3, dtype=dtype), 2.0, torch.Generator().manual_seed(5)),
        right,
        rtol=2e-2,
        atol=2e-2,
    )


@pytest.mark.exercise("add_noise")
def test_noise_of_a_strided_tensor(impl):
    """Where the elements of `x` lie in another order in memory, the noise is that of its shape all the same."""
    x = generic((4, 3), 1, torch.float32).T
    (n,), _ = drawn((3, 4), 6, torch.float32)
    assert_tensor(impl.add_noise(x, 2.0, torch.Generator().manual_seed(6)), x + 2 * n)


@pytest.mark.exercise("add_noise")
@pytest.mark.parametrize("default", ["cpu", "meta"])
def test_other_generators_and_devices(impl, default):
    """The second noise is another one, the default device plays no part, and the global generator has not moved."""
    x = generic((3,), 2) * 1000
    draws, _ = drawn((3,), 7, torch.float64, 2)
    text = f"""generator = torch.Generator().manual_seed(7)
with torch.device({default!r}):
    results = [add_noise({literal(x)[:-1]}, device='cpu'), 1.0, generator) for _ in range(2)]
results"""
    evidence = ask(impl, "noise", x, 1.0, torch.Generator().manual_seed(7), default, shown=text)
    assert_value(evidence["results"], [x + n for n in draws], rtol=1e-11, atol=1e-11)
    same = torch.equal(*evidence["global generator"])
    assert same, "the global generator has moved on: draw from the one you are given"


@pytest.mark.exercise("add_noise")
def test_generator_of_a_gpu(impl):
    """A generator of a GPU draws there, also for an `x` on the CPU."""
    x = generic((2, 3), 4)
    (n,), _ = drawn((2, 3), 9, torch.float64)
    text = f"add_noise({literal(x)}, 0.5, torch.Generator('cuda').manual_seed(9))  # on a machine with two GPUs"
    assert_tensor(ask(impl, "noise_of_far_generator", x, 0.5, 9, shown=text), x + 0.5 * n, **near(torch.float64))


@pytest.mark.gpu
@pytest.mark.exercise("add_noise")
def test_noise_on_the_gpu(impl):
    """With one and the same seed, the noise on the GPU is the noise on the CPU, whichever device the generator has."""
    x = generic((5, 3), 3, torch.float32)
    (n,), _ = drawn((5, 3), 8, torch.float32)
    text = f"add_noise({literal(x)}.to('cuda'), 0.5, torch.Generator().manual_seed(8))"
    generator = torch.Generator().manual_seed(8)
    evidence = ask(impl, "on_device", "add_noise", "cuda", [x], [0.5, generator], shown=text)
    assert_value(evidence["device"], "cuda")
    assert_tensor(evidence["result"], x + 0.5 * n, **near(torch.float32))
    evidence = ask(impl, "noise_of_gpu", x, 0.5, 8, shown=text.replace("torch.Generator()", "torch.Generator('cuda')"))
    assert_value(evidence["devices"], ["cpu", "cuda"])
    assert_tensor(evidence["results"][1], evidence["results"][0], **near(torch.float32))


# send

VALUES = [
    torch.tensor([1.0, -2.5, 3.25]),
    torch.tensor([[1, 2], [3, 4], [5, 6]]),
    torch.tensor(True),
    A.T,
    A.double() * 1000,
    torch.zeros(0, 2),
]
GPUS = ["cuda", "cuda:0", "cuda:1", torch.device("cuda"), torch.device("cuda", 1)]


def send(impl, x, source, target):
    """Has a tensor sent on a pretended machine, and checks what arrives."""
    place = "cuda:0" if str(target) == "cuda" else str(target)
    ways = {"cpu": "", "pinned": ".pin_memory()"}
    text = f"send({literal(x)}{ways.get(source, f'.to({source!r})')}, {target!r})  # on a machine with two GPUs"
    evidence = ask(impl, "sent", x, source, target, shown=text)
    assert_value(evidence["place"], place, called=f"str({text.partition('  #')[0]}.device)")
    assert_tensor(evidence["result"], there(x, "meta") if place == "meta" else x)
    assert_tensor(evidence["argument"], x, called=text)
    return evidence


@pytest.mark.exercise("send")
@pytest.mark.parametrize("target", GPUS, ids=repr)
def test_from_the_cpu_to_a_gpu(impl, target):
    """From the CPU to a GPU there is one copy, out of pinned memory, and it is not waited for."""
    place = "cuda:0" if str(target) == "cuda" else str(target)
    for x in VALUES:
        for source in ("cpu", "pinned"):
            evidence = send(impl, x, source, target)
            assert_value(evidence["copies"], [{"from": "pinned", "to": place, "non_blocking": True}])
            assert not evidence["waits"], "you wait for the copy to end: let the program go on"


@pytest.mark.exercise("send")
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("cuda:0", "cpu"),
        ("cuda:1", CPU),
        ("cuda:0", "cuda:1"),
        ("cuda:1", torch.device("cuda:0")),
        ("cpu", "meta"),
        ("cuda:1", "meta"),
    ],
    ids=repr,
)
def test_other_copies_are_waited_for(impl, source, target):
    """From a GPU to the CPU or to another GPU, and from the CPU to meta, there is one ordinary copy, and no pinning."""
    for x in VALUES:
        evidence = send(impl, x, source, target)
        assert_value(evidence["copies"], [{"from": source, "to": str(target), "non_blocking": False}])
        assert_value(evidence["pinned"], 0)


@pytest.mark.exercise("send")
@pytest.mark.parametrize(("source", "target"), [("cpu", "cpu"), ("cpu", CPU), ("pinned", "cpu"), ("cuda:1", "cuda:1")])
def test_nothing_to_copy(impl, source, target):
    """A tensor that is on the device already is returned itself, and nothing is pinned."""
    for x in VALUES:
        evidence = send(impl, x, source, target)
        assert evidence["is the argument"], "the tensor is on the device already: return it itself"
        assert_value(evidence["copies"], [])
        assert_value(evidence["pinned"], 0)


@pytest.mark.exercise("send")
@pytest.mark.parametrize("target", ["cpu", "meta", CPU, META], ids=repr)
def test_without_a_gpu(impl, target):
    """On a machine without a GPU, where nothing can be pinned, tensors go to the CPU and to meta all the same."""
    for x in VALUES:
        assert_tensor(impl.send(x, target), there(x, target))
    x = VALUES[0].clone()
    assert impl.send(x, "cpu") is x, "the tensor is on the device already: return it itself"


@pytest.mark.gpu
@pytest.mark.exercise("send")
def test_to_the_gpu_and_back(impl):
    """Tensors arrive on the GPU and come back with their values."""
    for x in VALUES:
        evidence = ask(impl, "sent_for_real", x, shown=f"send(send({literal(x)}, 'cuda'), 'cpu')")
        assert_value(evidence["devices"], ["cuda", "cpu", "cuda"])
        assert_value(evidence["results"], [x, x, x])
        assert evidence["stays"], "the tensor is on the device already: return it itself"


# train_step

SIZES = [(2, 1, 3), (1, 1, 1), (3, 2, 4), (4, 3, 2)]


def descend(weights, batches, lr, momentum=0.0):
    """Losses and weights of gradient descent with momentum, in float64, with the gradients in closed form.

    A single weight is that of an embedding: a linear layer, transposed, of rows with a single one in them.
    """
    embedding = len(weights) == 1
    w, b = (weights[0].T, torch.zeros(weights[0].shape[1])) if embedding else weights
    w, b = w.double().numpy().copy(), b.double().numpy().copy()
    speed, losses = [0.0, 0.0], []
    for x, y in batches:
        x = np.eye(w.shape[1])[x.numpy()] if embedding else x.double().numpy()
        y = y.double().numpy()
        residuals = x @ w.T + b - y
        losses.append(float(np.mean(residuals**2)))
        slope = 2 * residuals / residuals.size
        gradients = slope.T @ x, (not embedding) * slope.sum(axis=0)
        speed = [momentum * v + g for v, g in zip(speed, gradients, strict=True)]
        w, b = w - lr * speed[0], b - lr * speed[1]
    return losses, [w.T] if embedding else [w, b]


def training_problem(sizes, seed, dtype, steps, factor=1):
    """Weights and batches, each with another number of rows, the inputs with their columns one by one in memory."""
    inputs, outputs, rows = sizes
    weights = [generic((outputs, inputs), seed, dtype), generic((outputs,), seed + 1, dtype)]
    batches = [
        [generic((inputs, rows + i), seed + 2 + i, dtype).T * factor, generic((rows + i, outputs), seed + 9 + i, dtype)]
        for i in range(steps)
    ]
    return weights, batches


def train_text(weights, batches, options, device, batch_device="cpu", training=True, old=0.0):
    """What the probe does, as a learner can paste it."""
    outputs, inputs = weights[0].shape
    layer = f"Embedding({outputs}, {inputs}" if len(weights) == 1 else f"Linear({inputs}, {outputs}"
    dtype = ", dtype=torch.float64" if weights[0].dtype is torch.float64 else ""
    where = "" if batch_device == "cpu" else f".to({batch_device!r})"
    vector = literal(torch.cat([weight.reshape(-1) for weight in weights]))
    lines = [
        f"model = nn.Sequential(nn.{layer}{dtype}))",
        f"torch.nn.utils.vector_to_parameters({vector}, model.parameters())",
        *([f"model.to({device!r})"] if device != "cpu" else []),
        *([] if training else ["model.eval()"]),
        f"optimizer = torch.optim.SGD(model.parameters(), {', '.join(f'{k}={v}' for k, v in options.items())})",
        *([f"for p in model.parameters(): p.grad = torch.full_like(p, {old})"] if old else []),
        *(f"train_step(model, optimizer, {literal(x)}{where}, {literal(y)}{where})" for x, y in batches),
    ]
    return "\n".join(lines)


def check_training(
    impl, sizes, seed, dtype, options, steps, device="cpu", batch_device="cpu", training=True, old=0.0, factor=1
):
    """Has a linear layer trained: losses and weights are those of the closed form, and all else is as it was."""
    weights, batches = training_problem(sizes, seed, dtype, steps, factor)
    check_steps(impl, weights, batches, options, device, batch_device, training, old)


def check_steps(impl, weights, batches, options, device="cpu", batch_device="cpu", training=True, old=0.0):
    """Has a model trained, a step for each batch, and checks what became of it."""
    steps, dtype = len(batches), weights[0].dtype
    arguments = [weights, batches, options, device, batch_device, training, old]
    text = train_text(*arguments)
    losses, after = descend(weights, batches, **options)
    evidence = ask(impl, "train", *arguments, shown=text)
    right = [torch.tensor(loss, dtype=torch.float64).to(dtype) for loss in losses]
    assert_value(evidence["losses"], right, **near(dtype))
    assert_value(
        evidence["require grad"], [False] * steps, called=f"loss = {text.splitlines()[-1]}\n[loss.requires_grad]"
    )
    assert_value(evidence["loss devices"], [torch.device(device).type] * steps)
    weights_after = [torch.from_numpy(np.asarray(value)).to(dtype) for value in after]
    assert_value(evidence["weights"], weights_after, **near(dtype), called=f"{text}\n[*model.parameters()]")
    assert_value(evidence["devices"], [torch.device(device).type] * len(weights))
    assert evidence["training"] is training, "the model's mode, training or evaluation, has changed"
    assert_value(evidence["modes"], [training] * steps, called=f"{text}\n# model.training, at each call of the model")
    assert_value(evidence["batches"], batches, called=text)


@pytest.mark.exercise("train_step")
@pytest.mark.parametrize("sizes", SIZES, ids=repr)
def test_one_step(impl, sizes):
    """A step gives the mean squared error before it, and moves the parameters against their gradients."""
    check_training(impl, sizes, 0, torch.float64, {"lr": 0.1}, 1)
    check_training(impl, sizes, 1, torch.float64, {"lr": 1e-6}, 1, factor=500)


@pytest.mark.exercise("train_step")
@given(
    sizes=st.sampled_from(SIZES),
    seed=st.integers(0, 99),
    dtype=CAREFUL,
    lr=st.sampled_from([0.05, 0.1, 0.02]),
    momentum=st.sampled_from([0.0, 0.9, 0.5]),
    steps=st.integers(1, 3),
    training=st.booleans(),
)
@settings(max_examples=20)  # each has all numbers at random
def test_several_steps(impl, sizes, seed, dtype, lr, momentum, steps, training):
    """Several steps take the parameters where the optimizer does with the gradients of each batch by itself."""
    check_training(impl, sizes, seed, dtype, {"lr": lr, "momentum": momentum}, steps, training=training)


@pytest.mark.exercise("train_step")
@pytest.mark.parametrize("training", [True, False])
def test_model_of_whole_numbers(impl, training):
    """A batch keeps its dtype: an embedding takes whole numbers."""
    batches = [
        [torch.tensor([2, 0, 2]), generic((3, 2), 1, torch.float32)],
        [torch.tensor([1, 3]), generic((2, 2), 2, torch.float32)],
    ]
    check_steps(impl, [generic((4, 2), 3, torch.float32)], batches, {"lr": 0.5}, training=training)


@pytest.mark.exercise("train_step")
def test_gradients_left_over(impl):
    """What is left over in `.grad` from before has no influence."""
    check_training(impl, (2, 1, 3), 5, torch.float64, {"lr": 0.1}, 2, old=3.0)


@pytest.mark.exercise("train_step")
@pytest.mark.parametrize("batch_device", ["cpu", "meta"])
@pytest.mark.parametrize("sizes", SIZES, ids=repr)
def test_training_on_meta(impl, sizes, batch_device):
    """With a model on meta the batch goes there, the model stays, and the loss is a tensor () there."""
    for dtype in (torch.float32, torch.float64):
        weights, batches = training_problem(sizes, 3, dtype, 2)
        arguments = [weights, batches, {"lr": 0.1, "momentum": 0.9}, "meta", batch_device]
        evidence = ask(impl, "train", *arguments, shown=train_text(*arguments))
        assert_value(evidence["losses"], [torch.empty((), dtype=dtype, device="meta")] * 2)
        assert_value(evidence["require grad"], [False] * 2)
        assert_value(evidence["devices"], ["meta"] * 2)


@pytest.mark.gpu
@pytest.mark.exercise("train_step")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("device", "batch_device"), [("cuda", "cpu"), ("cuda", "cuda"), ("cpu", "cuda")])
def test_training_on_the_gpu(impl, device, batch_device, dtype):
    """On the GPU, losses and parameters are within rounding those on the CPU, wherever the batches are."""
    for sizes in SIZES:
        check_training(impl, sizes, 1, dtype, {"lr": 0.1, "momentum": 0.9}, 3, device, batch_device)


# find_strays

# Name, kind and place of each tensor.
SMALL = [["weight", "parameter", "cpu"], ["mean", "buffer", "meta"], ["mask", "plain", "cpu"]]
MODELS = [
    SMALL,
    [["weight", "parameter", "cuda:1"]],
    [],
    [["a.b.c.d", "plain", "cpu"]],
    [["net.0.weight", "parameter", "cuda:0"], ["net.0.bias", "parameter", "cpu"], ["net.0.mask", "plain", "cpu"]],
    [["net.10.weight", "parameter", "cuda:1"], ["net.10.mean", "buffer", "cpu"], ["net.10.table", "hidden", "cuda:1"]],
    [["net.rest", "hidden", "cpu"], ["scale_of_all", "plain", "cuda:0"], ["positions", "plain", "meta"]],
    [["head.layer.cache", "plain", "cuda:1"], ["head.layer.count", "buffer", "cuda:0"], ["shelf", "list", "cpu"]],
    [["_mask", "plain", "cuda:1"], ["head._table", "plain", "cpu"], ["far", "plain", "cuda:10"]],
]
WANTED = ["cpu", "meta", "cuda", "cuda:0", "cuda:1", CPU, torch.device("cuda"), torch.device("cuda", 1)]


def strays_text(parts, ties, device):
    """The model that the probe builds, described, and the call."""
    rows = [f"# {name}: {kind} on {place}" for name, kind, place in parts]
    rows += [f"# {other} is {name}" for name, other in ties]
    words = {"hidden": "buffer that is not persistent", "plain": "plain attribute", "list": "list of a tensor"}
    for word, long in words.items():
        rows = [row.replace(f": {word} on", f": {long} on") for row in rows]
    return "\n".join(["# a model with", *rows, f"find_strays(model, {device!r})"])


def check_strays(impl, parts, ties, device):
    """Has strays found: those that are not on the device, each by all of its names."""
    wanted = str(device)
    right = {}
    for name, kind, place in parts:
        if kind != "list" and place != wanted and place.partition(":")[0] != wanted:
            right[name] = torch.device(place)
            for old, new in ties:
                if name == old or name.startswith(f"{old}."):
                    right[new + name.removeprefix(old)] = torch.device(place)
    evidence = ask(impl, "strays", parts, ties, device, shown=strays_text(parts, ties, device))
    result = evidence["result"]
    assert isinstance(result, dict), f"the result is of type {type(result).__name__}, and should be a dict"
    assert_value(dict(sorted(result.items())), dict(sorted(right.items())))
    assert_value(
        evidence["places"][1], evidence["places"][0], called=f"{strays_text(parts, ties, device)}\n# the places then"
    )


@pytest.mark.exercise("find_strays")
@pytest.mark.parametrize("device", WANTED, ids=repr)
def test_all_strays_are_found(impl, device):
    """The dict has the device of each parameter, buffer and plain attribute that is elsewhere, by its full name."""
    for parts in MODELS:
        check_strays(impl, parts, [], device)


@pytest.mark.exercise("find_strays")
@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:0"])
def test_tied_tensors_have_several_names(impl, device):
    """A tensor with several names, its own or its module's, stands under each of them."""
    for place in ("cuda:1", "cpu"):
        for kind in ("parameter", "buffer", "hidden", "plain"):
            check_strays(impl, [["a.x", kind, place]], [["a.x", "b.y"], ["a.x", "a.z"]], device)
            check_strays(impl, [["a.b.x", kind, place], ["c.y", "plain", "cpu"]], [["a.b", "c.again"]], device)


@pytest.mark.exercise("find_strays")
@given(
    kinds=st.lists(st.sampled_from(["parameter", "buffer", "hidden", "plain"]), max_size=4),
    places=st.lists(st.sampled_from(["cpu", "cuda:1", "meta", "cuda:0"]), min_size=4, max_size=4),
    device=st.sampled_from(WANTED),
)
@settings(max_examples=25)  # models are written out above; these are other mixtures
def test_strays_of_any_model(impl, kinds, places, device):
    """Whatever a model is made of, just those of its tensors that are elsewhere are found."""
    names = ["top", "in.a", "in.er.b", "c.0.x"]
    parts = [[name, kind, place] for name, kind, place in zip(names, kinds, places, strict=False)]
    check_strays(impl, parts, [], device)


@pytest.mark.gpu
@pytest.mark.exercise("find_strays")
def test_strays_of_a_model_on_the_gpu(impl):
    """After `model.to("cuda")` a plain attribute is still on the CPU, and nothing else is."""
    text = (
        "model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))\nmodel[0].mask = torch.ones(3)\nmodel.to('cuda')\n"
    )
    for device in ("cuda", "cuda:0"):
        found = ask(impl, "strays_on_gpu", device, shown=f"{text}find_strays(model, {device!r})")
        assert_value(found, {"0.mask": "cpu"})


# preview

F32, F64, BF16 = torch.float32, torch.float64, torch.bfloat16
HUGE = 2**24

# Layers, buffers, whether the last weight is the first, arguments; then bytes and shape of the result.
NETS = [
    ([["linear", 3, 2, F32, True]], [], False, [(5, 3)], 4 * (3 * 2 + 2), (5, 2)),
    ([["linear", 3, 2, F32, False], ["linear", 2, 7, F32, True]], [], False, [(1, 3)], 4 * (6 + 14 + 7), (1, 7)),
    ([["linear", 4, 3, F64, True]], [], False, [(2, 4), F64], 8 * (12 + 3), (2, 3)),
    ([["linear", 4, 3, BF16, True]], [], False, [(2, 5, 4), BF16], 2 * (12 + 3), (2, 5, 3)),
    (
        [["linear", 2, 2, F32, True]],
        [[(3, 5), F64, True], [(7,), torch.int8, False]],
        False,
        [(2,)],
        24 + 120 + 7,
        (2,),
    ),
    ([["embedding", 9, 4], ["linear", 4, 9, F32, True]], [], True, [(2, 6), torch.int64], 4 * (36 + 9), (2, 6, 9)),
    ([["embedding", 9, 4], ["linear", 4, 9, F32, True]], [], False, [(2, 6), torch.int64], 4 * (72 + 9), (2, 6, 9)),
    ([["conv", 2, 5, 3]], [[(), torch.bool, True]], False, [(4, 2, 9, 8)], 4 * (90 + 5) + 1, (4, 5, 7, 6)),
    ([["linear", HUGE, HUGE, F32, True]], [], False, [(3, HUGE)], 4 * (HUGE * HUGE + HUGE), (3, HUGE)),
    ([["linear", 2, 3, F32, True]], [[(HUGE, HUGE), F64, False]], False, [(2**40, 2)], 36 + 8 * HUGE**2, (2**40, 3)),
    ([["linear", 3, 2, F32, True]], [], False, [(0, 3)], 4 * 8, (0, 2)),
    ([["norm", 3], ["frozen", 3, 2]], [], False, [(5, 3)], 4 * (4 * 3) + 8 + 4 * 8, (5, 2)),
    ([["linear", 3, 2, F32, True]], [[(4,), F64, False, "layers.0"]], False, [(6, 3)], 4 * 8 + 32, (6, 2)),
]


def net_text(layers, buffers, tied):
    """The function that makes a net, described."""
    rows = [f"# {kind}{tuple(arguments)}" for kind, *arguments in layers]
    rows += [
        f"# buffer {tuple(shape)}, {dtype}{'' if saved else ', not persistent'}{''.join(f', in {p}' for p in path)}"
        for shape, dtype, saved, *path in buffers
    ]
    return "\n".join(["# build makes a net of", *rows, *(["# the last weight is the first one"] if tied else [])])


def assert_built_on_meta(evidence, text):
    """Passes if the model was made once, on meta, no random number was drawn, and the default device is put back."""
    assert_value(
        evidence["builds"], ["meta"], called=f"{text}\n# the device of a new tensor within build, for each call"
    )
    assert not evidence["drawn"], "torch's generator has moved on: something is initialised, or drawn, in vain"
    assert_value(evidence["default device"], "cpu", called=f"{text}\nstr(torch.get_default_device())")


@pytest.mark.exercise("preview")
@pytest.mark.parametrize("net", NETS, ids=lambda net: str(net[0][0][0]))
def test_size_and_shape(impl, net):
    """The bytes of all parameters and buffers are counted, each tensor once, and the shape is that of the result."""
    layers, buffers, tied, arguments, size, shape = net
    text = f"{net_text(layers, buffers, tied)}\npreview(build, {', '.join(map(literal, arguments))})"
    evidence = ask(impl, "previewed", layers, buffers, tied, arguments, shown=text)
    assert_value(evidence["result"], (size, shape))
    assert evidence["plain tuple"], "the shape should be a plain tuple of ints, and both together another one"
    assert_built_on_meta(evidence, text)


@pytest.mark.exercise("preview")
@given(
    sides=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    lead=st.lists(st.integers(1, 5), max_size=3),
    dtype=st.sampled_from([F32, F64, BF16]),
    bias=st.booleans(),
    table=st.integers(0, 9),
    persistent=st.booleans(),
)
@settings(max_examples=25)  # special nets are written out above
def test_size_and_shape_of_any_net(impl, sides, lead, dtype, bias, table, persistent):
    """For any sizes, the bytes are those of weights, biases and buffers, and only the last dimension changes."""
    layers = [["linear", n, m, dtype, bias] for n, m in pairwise(sides)]
    buffers = [[(table,), torch.int16, persistent]]
    size = sum((n + bias) * m for n, m in pairwise(sides)) * dtype.itemsize + 2 * table
    arguments = [(*lead, sides[0]), dtype]
    text = f"{net_text(layers, buffers, False)}\npreview(build, {', '.join(map(literal, arguments))})"
    evidence = ask(impl, "previewed", layers, buffers, False, arguments, shown=text)
    assert_value(evidence["result"], (size, (*lead, sides[-1])))
    assert_built_on_meta(evidence, text)


# materialise

# Layers, buffers, shapes and dtypes of the state, parameters that are frozen, modules in evaluation mode.
PLANS = [
    ([["linear", 3, 2, F32, True]], [], {"layers.0.weight": ((2, 3), F32), "layers.0.bias": ((2,), F32)}, [], []),
    (
        [["linear", 2, 2, F64, False], ["linear", 2, 1, F64, True]],
        [[(2, 3), F32, True]],
        {
            "table0": ((2, 3), F32),
            "layers.0.weight": ((2, 2), F64),
            "layers.1.weight": ((1, 2), F64),
            "layers.1.bias": ((1,), F64),
        },
        ["layers.0.weight", "layers.1.bias"],
        [],
    ),
    (
        [["norm", 3], ["embedding", 4, 2]],
        [[(), torch.int64, True]],
        {
            "table0": ((), torch.int64),
            "layers.0.weight": ((3,), F32),
            "layers.0.bias": ((3,), F32),
            "layers.0.running_mean": ((3,), F32),
            "layers.0.running_var": ((3,), F32),
            "layers.0.num_batches_tracked": ((), torch.int64),
            "layers.1.weight": ((4, 2), F32),
        },
        ["layers.0.weight"],
        ["layers.0"],
    ),
]


def state_of(plan, seed):
    """Values for a net."""
    return {
        name: (generic(shape, seed + number) * 10).to(dtype)
        for number, (name, (shape, dtype)) in enumerate(plan[2].items())
    }


def materialise(impl, plan, state, device):
    """Has a net made with values."""
    layers, buffers, _, frozen, evaluated = plan
    text = f"{net_text(layers, buffers, False)}\nmaterialise(build, {literal(state)}, {device!r})"
    return ask(impl, "materialised", layers, buffers, state, device, frozen, evaluated, shown=text), text


def made(impl, plan, state, device):
    """The class of what comes out where an error should."""
    evidence, _ = materialise(impl, plan, state, device)
    return evidence["type"]


@pytest.mark.exercise("materialise")
@pytest.mark.parametrize("plan", PLANS, ids=["small", "frozen", "norm"])
@pytest.mark.parametrize("device", ["cpu", CPU], ids=repr)
def test_model_has_the_values(impl, plan, device):
    """The model has the values of the state, in memory of its own, is built on meta, and stays as `build` made it."""
    state = state_of(plan, 4)
    evidence, text = materialise(impl, plan, state, device)
    assert_value(evidence["type"], "_Net", called=f"type({text.splitlines()[-1]}).__name__")
    right = {name: state[name] for name in sorted(state)}
    assert_value(dict(sorted(evidence["values"].items())), right, called=f"{text}.state_dict()")
    assert_value(evidence["state"], state, called=f"{text}\n# the state then")
    later = dict(sorted(evidence["values later"].items()))
    assert_value(
        later, right, called=f"net = {text.splitlines()[-1]}\n# all values of the state are changed\nnet.state_dict()"
    )
    check_model(evidence, plan, text, "cpu")


def check_model(evidence, plan, text, device):
    """The model is as `build` made it, on the device."""
    assert_value(evidence["devices"], [device], called=f"{text}\n# the devices of its tensors")
    assert_built_on_meta(evidence, text)
    assert_value(sorted(evidence["frozen"]), sorted(plan[3]), called=f"{text}\n# parameters that do not require grad")
    assert_value(evidence["evaluated"], plan[4], called=f"{text}\n# modules in evaluation mode")
    parameters = sorted(n for n in plan[2] if n.endswith(("weight", "bias")))
    assert_value(sorted(evidence["parameters"]), parameters, called=f"{text}\n# names of its parameters")


@pytest.mark.exercise("materialise")
@pytest.mark.parametrize("plan", PLANS, ids=["small", "frozen", "norm"])
def test_model_on_meta(impl, plan):
    """With meta as its device, the model stays there, in the shapes and dtypes of the state."""
    state = state_of(plan, 5)
    evidence, text = materialise(impl, plan, state, "meta")
    right = {name: state[name].to("meta") for name in sorted(state)}
    assert_value(dict(sorted(evidence["values"].items())), right, called=f"{text}.state_dict()")
    check_model(evidence, plan, text, "meta")


@pytest.mark.exercise("materialise")
@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("plan", PLANS, ids=["small", "frozen", "norm"])
def test_names_that_do_not_fit(impl, plan, device):
    """A name that is missing in the state, or that the model does not know, raises RuntimeError."""
    state = state_of(plan, 6)
    for name in (name for name in state if not name.endswith("tracked")):  # torch lets this one be missing
        lacking = {key: value for key, value in state.items() if key != name}
        assert_raises(RuntimeError, made, impl, plan, lacking, device)
    assert_raises(RuntimeError, made, impl, plan, {**state, "layers.9.weight": torch.ones(2)}, device)


@pytest.mark.exercise("materialise")
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_buffer_that_is_not_persistent(impl, device):
    """A buffer that is not persistent, whose values nobody has, raises ValueError with the buffer's name."""
    for layers, buffers, shapes, *rest in PLANS:
        number = len(buffers)
        for path in ([], ["layers.0"]):
            plan = layers, [*buffers, [(2,), F32, False, *path]], shapes, *rest
            assert_raises(ValueError, made, impl, plan, state_of(plan, 7), device, match=f"table{number}")


@pytest.mark.gpu
@pytest.mark.exercise("materialise")
@pytest.mark.parametrize("plan", PLANS, ids=["small", "frozen", "norm"])
def test_model_on_the_gpu(impl, plan):
    """On the GPU the model has the values of the state."""
    state = state_of(plan, 8)
    evidence, text = materialise(impl, plan, state, "cuda")
    right = {name: state[name] for name in sorted(state)}
    assert_value(dict(sorted(evidence["values"].items())), right, called=f"{text}.state_dict()")
    check_model(evidence, plan, text, "cuda")


# peak_memory

# Steps of the work: bytes taken, or given back, on a device.
WORKS = [
    [[0, 100], [0, -100]],
    [[1, 300], [0, 50], [1, -100], [1, 150], [0, -50], [1, -350]],
    [[0, 10], [1, 20], [0, 30], [0, -35], [1, -20]],
    [[0, -40], [1, -7], [0, 25]],
    [],
    [[1, 5000], [1, -5000], [0, 4000], [0, -4000]],
]
MACHINES = [
    ([[200, 200, 2000], [64, 64, 512]], 0),
    ([[200, 900, 2000], [64, 5, 512]], 1),
    ([[70, 7000, 9000], [50, 6000, 8000]], 0),
]


def rise(steps, index):
    """The highest sum of the first so many steps on a device, none of them included."""
    return max(int(height) for height in np.cumsum([0, *(size for device, size in steps if device == index)]))


def peak_text(devices, current, steps, device):
    """What the probe does, described."""
    rows = [
        f"# cuda:{i} has {a} bytes allocated, at most {p} so far, {r} reserved" for i, (a, p, r) in enumerate(devices)
    ]
    work = [
        f"# work {'takes' if size > 0 else 'gives back'} {abs(size)} bytes on cuda:{index}" for index, size in steps
    ]
    return "\n".join([*rows, f"# the current device is cuda:{current}", *work, f"peak_memory(work, {device!r})"])


@pytest.mark.exercise("peak_memory")
@pytest.mark.parametrize("device", ["cuda:0", "cuda:1", "cuda", torch.device("cuda:1"), torch.device("cuda")], ids=repr)
def test_peak_of_a_device(impl, device):
    """The number is how far the allocated bytes of that device rose above what they were, and the result is work's."""
    for devices, current in MACHINES:
        index = torch.device(device).index
        index = current if index is None else index
        for steps in WORKS:
            text = peak_text(devices, current, steps, device)
            evidence = ask(impl, "peak", devices, current, steps, device, shown=text)
            assert_value(evidence["result"], ("result 1", rise(steps, index)))
            assert_value(evidence["runs"], 1, called=f"{text}\n# calls of work")
            assert_value(evidence["current"], current, called=f"{text}\n# index of the current device then")


@pytest.mark.exercise("peak_memory")
@given(
    sizes=st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(-50, 900)), max_size=6),
    old=st.integers(0, 5000),
    device=st.sampled_from(["cuda:0", "cuda:1"]),
)
@example(sizes=[(0, 500)], old=0, device="cuda:0")
@settings(max_examples=30)  # works are written out above; these have other numbers
def test_peak_of_any_work(impl, sizes, old, device):
    """Whatever was on the device before and however high it was, the rise during the work is measured."""
    devices = [[old + 400, 2 * old + 400, 9000], [old + 300, old + 301, 9000]]
    steps = [list(step) for step in sizes]
    evidence = ask(impl, "peak", devices, 0, steps, device, shown=peak_text(devices, 0, steps, device))
    assert_value(evidence["result"], ("result 1", rise(steps, int(device[-1]))))


@pytest.mark.exercise("peak_memory")
@pytest.mark.parametrize("device", ["cpu", "meta", CPU, META], ids=repr)
def test_devices_that_are_no_gpus(impl, device):
    """Of a device that is no GPU there is None instead of a number, and the work is done all the same."""
    for devices, current in MACHINES:
        text = peak_text(devices, current, WORKS[0], device)
        evidence = ask(impl, "peak", devices, current, WORKS[0], device, shown=text)
        assert_value(evidence["result"], ("result 1", None))
        assert_value(evidence["runs"], 1, called=f"{text}\n# calls of work")


@pytest.mark.exercise("peak_memory")
@pytest.mark.parametrize("device", ["cpu", "cuda:0"])
def test_work_that_fails(impl, device):
    """What the work raises goes to the caller."""
    devices, current = MACHINES[0]
    text = f"{peak_text(devices, current, WORKS[0], device)}  # work ends with LookupError('lost')"
    assert_raises(
        LookupError, lambda: ask(impl, "peak", devices, current, WORKS[0], device, "lost", shown=text), match="lost"
    )


@pytest.mark.gpu
@pytest.mark.exercise("peak_memory")
def test_peak_on_the_gpu(impl):
    """Two tensors, one after the other, take at most as much as the larger one, but for what rounding adds."""
    sizes = [2**22, 2**24, 2**20]
    evidence = ask(impl, "real_peak", sizes, shown=f"peak_memory(work, 'cuda')  # work makes tensors of {sizes} bytes")
    result, size = evidence["result"]
    assert_value(result, "done")
    assert 2**24 <= size <= 2**24 + 2**21, f"the work took {size} bytes at most, and its largest tensor has {2**24}"
