"""Spec of checkpoints."""

import contextlib
import io
import json
import math
import pickle
import random
import re
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from torch import nn

from harness.spec import assert_raises, assert_tensor, assert_unchanged, assert_value, showing, tensors


def numbered(*shape, dtype=torch.float32, start=1):
    """A tensor of these sides with the numbers from `start` on."""
    return torch.arange(start, start + math.prod(shape)).reshape(shape).to(dtype)


def write(value, path, *, device=None, legacy=False, protocol=2):
    """Writes a file as `torch.save` does, perhaps as if on another device, perhaps in the format before torch 1.6."""
    with mock.patch.object(torch.serialization, "location_tag", lambda _: device or "cpu"):
        torch.save(value, path, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)


def read(path):
    """What a file holds, read safely; a message if that cannot be done."""
    assert path.exists(), f"there is no file {path.name}"
    try:
        return torch.load(path, weights_only=True)
    except Exception as error:
        raise AssertionError(f"torch.load(path, weights_only=True) refuses {path.name}: {str(error)[:300]}") from None


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    with showing(shown):
        return getattr(impl.probes, probe)(*args)


class Trap:
    """Runs something as soon as it is unpickled: what is run leaves a file."""

    def __init__(self, trace, kind):
        self.trace, self.kind = str(trace), kind

    def __reduce__(self):
        if self.kind == "open":
            return open, (self.trace, "w")
        if self.kind == "torch.save":
            return torch.save, (1, self.trace)
        return exec, (f"open({self.trace!r}, 'w').close()",)


# The models of the first exercises: parameters, persistent buffers, and buffers that are in no state dict.

TIED = numbered(2, 3)
MODELS = {
    "a layer": ({"weight": numbered(2, 3), "bias": numbered(2)}, {}, {}),
    "a buffer": ({"weight": numbered(3)}, {"mean": numbered(3, start=7), "count": torch.tensor(12)}, {}),
    "a buffer that is not saved": ({"weight": numbered(3)}, {"mean": numbered(1)}, {"positions": numbered(4)}),
    "blocks": (
        {"first.norm.weight": numbered(2), "last.weight": numbered(1, 2)},
        {"first.norm.mean": numbered(2, start=5)},
        {},
    ),
    "other dtypes": (
        {"short": numbered(2, dtype=torch.float16), "long_": numbered(3, dtype=torch.float64) / 3},
        {"mask": torch.tensor([True, False]), "count": torch.tensor(2**53 + 1)},
        {},
    ),
    "a tied weight": ({"embedding": TIED, "head": TIED}, {}, {}),
    "transposed": ({"weight": numbered(2, 3).T}, {"empty": torch.empty(0, 2), "one": numbered(1, 1)}, {}),
    "nothing": ({}, {}, {}),
}


def state_of(parameters, buffers):
    """The state dict of such a model, in its order: a module's own tensors stand before those of its blocks."""
    state = {}
    for block in dict.fromkeys(["", *(name.rpartition(".")[0] for name in (*parameters, *buffers))]):
        for named in parameters, buffers:
            state |= {name: tensor.clone() for name, tensor in named.items() if name.rpartition(".")[0] == block}
    return state


def check_snapshot(impl, parameters, buffers, passing):
    """Takes a snapshot and compares every detail."""
    expected = state_of(parameters, buffers)
    seen = ask(impl, "snapshot", parameters, buffers, passing, shown="snapshot(model)")
    assert_value(seen["result"], expected)
    if expected:
        assert_value(seen["types"], ["Tensor"])
    assert_value(seen["names"], list(expected))
    assert not seen["requires grad"], f"{seen['requires grad']} in the snapshot require grad"
    with showing("snapshot(model), and this is the model"):
        assert_value(seen["model"], expected)
        tied = {id(tensor): name for name, tensor in reversed(parameters.items())}
        frozen = sorted(set(tied.values()) - set(seen["model requires grad"]))
        assert not frozen, f"{frozen} in the model no longer require grad: the model should stay as it is"
        assert seen["training"], "the model was in training mode, and no longer is: it should stay as it is"
    with showing("snapshot(model), and the model changes"):
        assert_value(seen["result later"], expected)
    with showing("snapshot(model), the snapshot changes: the model"):
        assert_value(seen["model later"], {name: torch.full_like(tensor, 9) for name, tensor in expected.items()})


@pytest.mark.exercise("snapshot")
@pytest.mark.parametrize("model", MODELS)
def test_a_snapshot_is_a_copy(impl, model):
    """The snapshot has the names and values of the state dict, as plain tensors, and memory of its own."""
    check_snapshot(impl, *MODELS[model])


@pytest.mark.exercise("snapshot")
@given(weight=tensors(), mean=tensors(dtype=torch.float64))
@settings(max_examples=15)  # what matters stands in the table
def test_a_snapshot_of_any_values(impl, weight, mean):
    """The snapshot of any weights and buffers stays as the model was."""
    check_snapshot(impl, {"block.weight": weight}, {"block.mean": mean}, {})


# extract_weights


def layers(kind):
    """A model of torch's own layers."""
    if kind == "linear":
        return nn.Linear(2, 1)
    if kind == "double":
        return nn.Sequential(nn.Linear(1, 3, bias=False).double(), nn.Dropout(0.5))
    if kind == "embedding":
        model = nn.ModuleDict({"embedding": nn.Embedding(4, 3), "head": nn.Linear(3, 4, bias=False)})
        model["head"].weight = model["embedding"].weight
        return model
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))


@pytest.mark.exercise("extract_weights")
@pytest.mark.parametrize("device", [None, "cuda:0", "cuda:3"])
@pytest.mark.parametrize("kind", ["linear", "batch norm", "double", "embedding"])
def test_the_weights_of_a_pickled_model(impl, kind, device):
    """The new file can be loaded safely, anywhere, and holds the model's state dict."""
    folder = impl.folder()
    source, target = folder / "model.pt", folder / "weights.pt"
    model = layers(kind)
    with torch.no_grad():
        for start, tensor in enumerate(model.state_dict().values(), start=1):
            tensor.copy_(numbered(*tensor.shape, start=start))
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    write(model, source, device=device)
    before = source.read_bytes()
    if kind == "linear":
        write({"old": 1}, target)
    impl.extract_weights(source, target)
    saved = read(target)
    assert isinstance(saved, dict), f"weights.pt should hold a state dict, and holds a {type(saved).__name__}"
    assert_value(dict(saved), expected)
    assert_value(list(saved), list(expected))
    tracked = [name for name, tensor in saved.items() if tensor.requires_grad]
    assert not tracked, f"{tracked} in weights.pt require grad: `model.state_dict()` gives tensors that do not"
    assert source.exists(), "model.pt is gone: it should stay as it is"
    assert source.read_bytes() == before, "model.pt has changed: it should stay as it is"


# load_safely

PLAIN = [
    {"weight": numbered(2, 3), "bias": numbered(2)},
    {"epoch": 3, "lr": 0.1, "name": "mlp", "done": False, "best": None, "betas": (0.9, 0.999), "losses": [1.5, 0.25]},
    numbered(3, dtype=torch.int64),
    {"optimizer": {"state": {0: {"step": torch.tensor(4.0)}}, "param_groups": [{"params": [0]}]}},
    [torch.tensor(True), torch.tensor([1 / 3], dtype=torch.float64), torch.empty(0, 2, dtype=torch.bfloat16)],
    math.inf,
]


@pytest.mark.exercise("load_safely")
@pytest.mark.parametrize("legacy", [False, True])
def test_what_is_plain_is_loaded(impl, legacy):
    """Tensors and plain data come back as they were saved, in the formats of today and of before torch 1.6."""
    for value in PLAIN:
        path = impl.folder() / "checkpoint.pt"
        write(value, path, legacy=legacy)
        before = path.read_bytes()
        assert_value(impl.load_safely(path), value)
        assert path.read_bytes() == before, "the call changed the file"


@pytest.mark.exercise("load_safely")
@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("device", ["cuda:0", "cuda:13", "mps:0", "xpu:1", "cpu"])
def test_tensors_of_another_machine(impl, device, legacy):
    """Tensors that were saved on a device that this machine has not are on the CPU, if nothing else is asked for."""
    path = impl.folder() / "checkpoint.pt"
    value = {"weight": numbered(2, 3), "epochs": [1, 2]}
    write(value, path, device=device, legacy=legacy)
    assert_value(impl.load_safely(path), value)
    assert_value(impl.load_safely(path, "cpu"), value)
    assert_value(impl.load_safely(path, device=torch.device("cpu")), value)


@pytest.mark.exercise("load_safely")
@pytest.mark.parametrize("saved_on", ["cpu", "cuda:2"])
@pytest.mark.parametrize("device", ["meta", torch.device("meta")])
def test_tensors_for_another_device(impl, device, saved_on):
    """All tensors are on the device that is asked for."""
    path = impl.folder() / "checkpoint.pt"
    value = {"count": torch.tensor(4), "optimizer": {"state": [{"buffer": numbered(2, 3)}], "lr": 0.5}}
    write(value, path, device=saved_on)
    seen = ask(impl, "devices", path, device, shown=f"load_safely(path, {device!r})")
    buffer = ("meta", torch.float32, (2, 3))
    expected = {"count": ("meta", torch.int64, ()), "optimizer": {"state": [{"buffer": buffer}], "lr": 0.5}}
    assert_value(seen, expected)


@pytest.mark.gpu
@pytest.mark.exercise("load_safely")
def test_tensors_from_and_to_a_gpu(impl):
    """What was saved on a GPU is loaded on the CPU, and the other way round."""
    folder = impl.folder()
    torch.save({"weight": numbered(2, 3).cuda()}, folder / "gpu.pt")
    torch.save({"weight": numbered(2, 3)}, folder / "cpu.pt")
    assert_value(impl.load_safely(folder / "gpu.pt"), {"weight": numbered(2, 3)})
    for name in "gpu.pt", "cpu.pt":
        for device in "cuda:0", torch.device("cuda", 0):
            seen = ask(impl, "devices", folder / name, device, shown=f"load_safely(path, {device!r})")
            assert_value(seen, {"weight": ("cuda:0", torch.float32, (2, 3))})


PLACES = {
    "alone": lambda trap: trap,
    "in a list of a dict": lambda trap: {"epoch": 3, "notes": ["good", trap]},
    "as a value": lambda trap: {"weight": numbered(2, 3), "bias": trap},
    "as a key": lambda trap: {"weight": numbered(2, 3), trap: 1},
    "in a tuple": lambda trap: {"betas": (0.9, trap)},
    "deep down": lambda trap: {"optimizer": {"state": {0: {"step": torch.tensor(1.0), "buffer": trap}}}},
    "behind a NumPy number": lambda trap: {"loss": np.float64(0.5), "notes": trap},
    "behind a layer": lambda trap: {"model": nn.Linear(1, 1), "notes": trap},
}


@contextlib.contextmanager
def nothing_runs(trace):
    """Fails if the code in a file has left its trace, whatever else goes wrong."""
    try:
        yield
    finally:
        assert not trace.exists(), "the code in the file has run: it wrote a file, and could have done anything"


@pytest.mark.filterwarnings("ignore:Detected pickle protocol 4")
@pytest.mark.exercise("load_safely")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["open", "exec", "torch.save"])
def test_code_in_a_file_does_not_run(impl, place, kind):
    """A file that wants something called when it is loaded raises ValueError, and nothing is called."""
    for format_ in "today's", "legacy", "a bare pickle", "a newer pickle":
        folder = impl.folder()
        path, trace = folder / "stranger.pt", folder / "the code in the file has run"
        value = PLACES[place](Trap(trace, kind))
        if format_ == "a bare pickle":
            path.write_bytes(pickle.dumps(value, protocol=2))
        else:
            write(value, path, legacy=format_ == "legacy", protocol=4 if format_ == "a newer pickle" else 2)
        with nothing_runs(trace):
            assert_raises(ValueError, impl.load_safely, path, match=r"stranger\.pt")


@pytest.mark.exercise("load_safely")
def test_code_does_not_run_where_the_default_is_switched_off(impl):
    """Nothing in the file is run where `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` is set to 1, either."""
    folder = impl.folder()
    path, trace = folder / "stranger.pt", folder / "the code in the file has run"
    write({"weight": Trap(trace, "open")}, path)
    with nothing_runs(trace):
        assert_raises(
            ValueError,
            ask,
            impl,
            "load_safely_switched_off",
            path,
            match=r"stranger\.pt",
            shown="load_safely(path), weights_only switched off",
        )


def saved(value):
    """The bytes of a file that holds the value."""
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


CHECKPOINT = saved({"weight": numbered(20, 3)})
BROKEN = {
    "a whole model": saved(nn.Linear(2, 1)),
    "a NumPy number": saved({"loss": np.float64(0.5)}),
    "empty": b"",
    "text": b"loss: 0.25\n",
    "cut in half": CHECKPOINT[: len(CHECKPOINT) // 2],
    "cut at the end": CHECKPOINT[:-4],
    "cut at the beginning": CHECKPOINT[:60],
    "zeros": bytes(1000),
    "a pickle cut short": pickle.dumps({"epoch": 3}, protocol=2)[:-3],
}


@pytest.mark.exercise("load_safely")
@pytest.mark.parametrize("kind", BROKEN)
def test_what_cannot_be_loaded(impl, kind):
    """A file that is broken, or holds what is not plain, raises ValueError with the file's name."""
    for name in f"{kind}.pt", kind.replace(" ", "_") + "_12":  # it shows in the call
        path = impl.folder() / name
        path.write_bytes(BROKEN[kind])
        assert_raises(ValueError, impl.load_safely, path, match=re.escape(name))


@pytest.mark.exercise("load_safely")
def test_a_file_that_is_not_there(impl):
    """A path where no file is raises FileNotFoundError."""
    assert_raises(FileNotFoundError, impl.load_safely, impl.folder() / "nothing.pt")


# load_matching

OWN = ({"first.weight": numbered(2, 3), "head.weight": numbered(1, 2)}, {"head.count": torch.tensor(3)}, {})
STATES = {
    "all of it": (
        OWN,
        {"first.weight": numbered(2, 3, start=50), "head.weight": -numbered(1, 2), "head.count": torch.tensor(8)},
    ),
    "one is missing": (OWN, {"head.count": torch.tensor(8), "first.weight": numbered(2, 3, start=50)}),
    "one is unexpected": (
        OWN,
        {
            "tail": numbered(2),
            "first.weight": numbered(2, 3, start=50),
            "head.weight": -numbered(1, 2),
            "head.count": torch.tensor(8),
        },
    ),
    "one has another shape": (
        OWN,
        {"first.weight": numbered(2, 3, start=50), "head.weight": numbered(10, 2), "head.count": torch.tensor(8)},
    ),
    "all kinds": (
        (
            {
                "z.weight": numbered(2),
                "z.bias": numbered(1),
                "a.weight": numbered(3),
                "a.bias": numbered(2),
                "m": numbered(4),
            },
            {"z.mean": numbered(2), "b": numbered(2, 2), "a.mean": numbered(2)},
            {},
        ),
        {
            "zz": numbered(1),
            "m": numbered(4, start=70),
            "a.weight": numbered(4),
            "z.bias": numbered(1, start=30),
            "aa": torch.tensor(3),
            "z.mean": numbered(3),
            "weight": numbered(2),
            "b": numbered(4),
        },
    ),
    "nothing": (OWN, {}),
    "everything under a prefix": (OWN, {"module.first.weight": numbered(2, 3), "module.head.weight": numbered(1, 2)}),
    "shapes that could be stretched": (
        OWN,
        {"first.weight": numbered(1, 3), "head.weight": numbered(2), "head.count": numbered(1)},
    ),
    "shapes with as many elements": (OWN, {"first.weight": numbered(3, 2), "head.weight": numbered(2, 1)}),
    "numbers and vectors": (
        ({"scale": torch.tensor(1.0), "shift": numbered(1), "count": torch.tensor(2.0)}, {}, {}),
        {"scale": numbered(2, start=5), "shift": torch.tensor(6.0), "count": numbered(1, start=9)},
    ),
    "other dtypes": (
        ({"weight": numbered(2), "short": numbered(2, dtype=torch.float16)}, {"count": torch.tensor(2)}, {}),
        {
            "weight": torch.tensor([1 / 3, 2.0], dtype=torch.float64),
            "short": numbered(2, start=5),
            "count": torch.tensor(7, dtype=torch.int32),
        },
    ),
    "transposed": (({"weight": numbered(2, 3)}, {}, {}), {"weight": numbered(3, 2, start=5).T, "more": numbered(2)}),
    "large numbers": (({"weight": numbered(2)}, {}, {}), {"weight": numbered(2, start=1000)}),
    "a buffer that is not saved": (
        ({"weight": numbered(2)}, {}, {"positions": numbered(3)}),
        {"weight": numbered(2, start=5), "positions": numbered(3, start=8)},
    ),
    "a tied weight": (
        ({"embedding": TIED, "head": TIED}, {}, {}),
        {"head": numbered(2, 3, start=5), "embedding": numbered(2, 3, start=5)},
    ),
    "an empty tensor": (({"weight": torch.empty(0, 2)}, {}, {}), {"weight": torch.empty(2, 0)}),
    "a model without weights": (({}, {}, {}), {"weight": numbered(2)}),
}


def check_load_matching(impl, model, state):
    """Loads, and compares model, report and state."""
    parameters, buffers, passing = model
    own = state_of(parameters, buffers)
    kept = {name: tensor.clone() for name, tensor in state.items()}
    fits = [name for name, tensor in own.items() if name in state and state[name].shape == tensor.shape]
    seen = ask(
        impl, "load_matching", parameters, buffers, passing, state, shown=f"load_matching(model, {brief(state)})"
    )
    report = {
        "missing": [name for name in own if name not in kept],
        "unexpected": [name for name in kept if name not in own],
        "mismatched": [name for name in own if name in kept and name not in fits],
    }
    assert_value(seen["result"], report)
    assert not seen["replaced"], (
        f"{seen['replaced']} are other objects in the model than before: copy the values into those that are there"
    )
    expected = {name: kept[name].to(tensor.dtype) if name in fits else tensor for name, tensor in own.items()}
    stale = [name for name in fits if torch.equal(seen["model"][name], own[name])]
    stale = [name for name in stale if not torch.equal(expected[name], own[name])]
    assert not stale, f"{stale} in the model are still as they were, and the state has tensors that fit"
    with showing("load_matching(model, state), and this is the model"):
        assert_value(seen["model"], expected)
        tied = {id(tensor): name for name, tensor in reversed(parameters.items())}
        frozen = sorted(set(tied.values()) - set(seen["requires grad"]))
        assert not frozen, f"{frozen} in the model no longer require grad"
        assert seen["training"], "the model was in training mode, and no longer is"
    with showing("load_matching(model, state), and this is the state"):
        assert_value(seen["state"], kept)
        assert_value(list(seen["state"]), list(kept))
    with showing("load_matching(model, state), the model changes: the state"):
        assert_value(seen["state later"], kept)


def brief(state):
    """A state as names and shapes."""
    return "{" + ", ".join(f"{name!r}: {tuple(tensor.shape)}" for name, tensor in state.items()) + "}"


@pytest.mark.exercise("load_matching")
@pytest.mark.parametrize("case", STATES)
def test_what_fits_is_loaded_and_the_rest_reported(impl, case):
    """All tensors whose name and shape fit are copied into the model, and the report names all others."""
    check_load_matching(impl, *STATES[case])


@pytest.mark.exercise("load_matching")
@given(
    own=st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 3)),
    state=st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 3)),
)
@settings(max_examples=20)  # what matters stands in the table
def test_any_two_sets_of_names(impl, own, state):
    """Whatever names and lengths model and state have, each name is loaded or stands in one list of the report."""
    parameters = {name: numbered(length) for name, length in own.items()}
    check_load_matching(impl, (parameters, {}, {}), {n: numbered(length, start=9) for n, length in state.items()})


# save_atomically

OLD = {"epoch": 1, "weight": numbered(2, 3)}
NEW = {"epoch": 2, "weight": numbered(40, 5, start=60), "lr": [0.1, 1 / 3]}


def prepared(impl):
    """A path in a folder with neighbours, and the neighbours."""
    folder = impl.folder()
    neighbours = dict.fromkeys(["notes.txt", "notes.tmp", "model.bak", "other.pt.tmp"], b"lr 0.1")
    neighbours["other.pt"] = saved(OLD)
    for name, content in neighbours.items():
        (folder / name).write_bytes(content)
    return folder / "model.pt", neighbours


def in_words(content):
    """What stood at a path, as a reader would say it."""
    return {1: "the old file", 2: "the new file"}[content["epoch"]] if isinstance(content, dict) else content


def check_neighbours(path, neighbours):
    """Fails if another file in the folder has changed."""
    for name, content in neighbours.items():
        file = path.parent / name
        assert file.exists() and file.read_bytes() == content, f"{name}, another file in the folder, has changed"


@pytest.mark.exercise("save_atomically")
@given(
    value=st.one_of(
        tensors(), st.integers(), st.lists(tensors(), max_size=2), st.dictionaries(st.text(), tensors(), max_size=2)
    )
)
@settings(max_examples=10)  # files are slow, and torch.save does the work
def test_what_was_saved_can_be_loaded(impl, value):
    """The file holds the value, and the folder holds no other new file."""
    path = impl.folder() / "model.pt"
    for content in value, [value, 1 / 3]:
        impl.save_atomically(content, path)
        assert_value(read(path), content)
        assert [file.name for file in path.parent.iterdir()] == ["model.pt"], "a temporary file is left in the folder"


@pytest.mark.exercise("save_atomically")
@pytest.mark.parametrize("old", [OLD, None], ids=["old", "none"])
def test_at_each_moment_one_file_or_the_other(impl, old):
    """Whenever the program is killed, the old file or the new one stands there whole."""
    path, neighbours = prepared(impl)
    seen = ask(impl, "save_watched", old, NEW, path, shown="save_atomically(new, path)")
    stood = [in_words(content) for content in seen["stood there"]]
    with showing("save_atomically(new, path)  # what stood at path"):
        assert_value(stood, ["the old file" if old else "no file", "the new file"])
        assert seen["temporary files in the folder"], (
            "no temporary file was seen in the folder of `path`: elsewhere it may lie on another disk, and then no "
            "rename is possible"
        )
        assert seen["new files"] == 0, "a temporary file is left in the folder"
        assert_value(read(path), NEW)
        check_neighbours(path, neighbours)


@pytest.mark.exercise("save_atomically")
def test_the_bytes_are_on_the_disk_first(impl):
    """The whole new file is synchronised by `os.fsync` before it takes its place."""
    path, _ = prepared(impl)
    seen = ask(impl, "save_watched", OLD, NEW, path, shown="save_atomically(new, path)")
    assert_value(read(path), NEW)
    assert seen["synchronised"], (
        "no os.fsync was called on the file with all of its bytes written, before it took the place of the old one"
    )


@pytest.mark.exercise("save_atomically")
@pytest.mark.parametrize("old", [OLD, None], ids=["old", "none"])
@pytest.mark.parametrize("trouble", ["function", "disk", "fault"])
def test_a_failure_leaves_everything_as_it_was(impl, trouble, old):
    """If pickling, writing or synchronising fails, the caller hears of it, and the files are as they were."""
    path, neighbours = prepared(impl)
    value = {"epoch": 2, "weight": numbered(100, 100)}
    why, shown = {
        "function": ("a lambda cannot be pickled", "save_atomically([weights, lambda: None], path)"),
        "disk": ("the disk is full", "save_atomically(new, path)  # disk full"),
        "fault": ("os.fsync raises OSError", "save_atomically(new, path)  # os.fsync fails"),
    }[trouble]
    seen = ask(impl, "save_failing", old, value, path, trouble, shown=shown)
    assert seen["raised"], f"{why}, and save_atomically raised no exception"
    assert_value(in_words(seen["stands there"]), "the old file" if old else "no file")
    assert seen["new files"] == 0, f"{why}, and a temporary file is left in the folder"
    check_neighbours(path, neighbours)


@pytest.mark.exercise("save_atomically")
def test_a_failure_at_the_last_step(impl):
    """If a folder stands in the new file's place, the caller hears of it, and nothing is left."""
    folder = impl.folder()
    path = folder / "model.pt"
    (path / "inside").mkdir(parents=True)
    seen = ask(impl, "save_failing", None, NEW, path, "folder", shown="save_atomically(new, path)  # path is a folder")
    assert_value(seen["stands there"], "a folder")
    assert seen["raised"], "saving failed, and save_atomically raised no exception"
    assert seen["new files"] == 0, "saving failed, and a temporary file is left in the folder"


@pytest.mark.exercise("save_atomically")
@pytest.mark.parametrize("moment", [0, 30, 300])
def test_what_a_killed_program_left_is_in_nobodys_way(impl, moment):
    """After a program was killed while saving, the old file is there, and the next call saves."""
    path, neighbours = prepared(impl)
    again = {"epoch": 3, "weight": numbered(3, start=4)}
    seen = ask(impl, "save_after_killed", OLD, NEW, again, path, moment, shown="save_atomically(new, path), and again")
    first = seen["after the first"]
    assert isinstance(first, dict), f"after the program was killed, there is {first} at the path"
    assert_value(first, NEW if first["epoch"] == 2 else OLD)
    assert_value(seen["after the second"], again)
    check_neighbours(path, neighbours)


# save_checkpoint and load_checkpoint

X, Y = numbered(8, 2) / 16, numbered(8, 1).square() / 40
OPTIONS = {
    "momentum": {
        "hidden": 3,
        "optimizer": ("SGD", {"lr": 0.1, "momentum": 0.9}),
        "scheduler": ("StepLR", {"step_size": 2, "gamma": 0.5}),
    },
    "adam": {
        "hidden": 2,
        "optimizer": ("AdamW", {"lr": 0.05, "amsgrad": True}),
        "scheduler": ("CosineAnnealingLR", {"T_max": 5}),
    },
    "plateau": {
        "hidden": 4,
        "optimizer": ("RMSprop", {"lr": 0.02, "momentum": 0.5}),
        "scheduler": ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5, "cooldown": 1}),
    },
}
OTHERS = {
    "momentum": {
        "hidden": 3,
        "optimizer": ("SGD", {"lr": 0.7, "momentum": 0.1}),
        "scheduler": ("StepLR", {"step_size": 1, "gamma": 0.1}),
    },
    "adam": {
        "hidden": 2,
        "optimizer": ("AdamW", {"lr": 0.5}),
        "scheduler": ("CosineAnnealingLR", {"T_max": 50}),
    },
    "plateau": {
        "hidden": 4,
        "optimizer": ("RMSprop", {"lr": 0.2}),
        "scheduler": ("ReduceLROnPlateau", {"patience": 5}),
    },
}


def checkpoint_of(straight, epochs):
    """A checkpoint of what the probe `train` saw in the middle: NumPy's state has a list in place of the array."""
    name, keys, *rest = straight["generators"]["numpy"]
    rng = straight["generators"] | {"numpy": (name, keys.tolist(), *rest)}
    return {"epoch": epochs, **straight["states"], "loss": straight["loss"], "rng": rng}


DRAWS = {
    "torch": "torch.rand(3)",
    "python": "random.random(), random.gauss(0, 1)",
    "numpy": "three times np.random.normal()",
}


def check_upcoming(seen, expected, shown):
    """Fails if a generator goes on with other numbers."""
    for name, draws in DRAWS.items():
        with showing(lambda draws=draws: f"{shown}; {draws}"):
            assert_value(seen[name], expected[name])


@pytest.mark.exercise("save_checkpoint")
@pytest.mark.parametrize(("options", "epochs"), [("momentum", 2), ("adam", 1), ("plateau", 3)])
def test_a_checkpoint_holds_everything(impl, options, epochs):
    """The file can be loaded safely, and holds epoch, states, loss and generators of the time of the call."""
    path = impl.folder() / "checkpoint.pt"
    if epochs == 2:
        write({"old": 1}, path)
    shown = f"save_checkpoint(path, {epochs}, model, optimizer, scheduler, loss)"
    seen = ask(impl, "save", OPTIONS[options], X, Y, epochs, path, None, shown=shown)
    file = read(path)
    assert isinstance(file, dict), f"the file holds a {type(file).__name__}, and should hold a dict"
    assert_value(sorted(file), ["epoch", "loss", "model", "optimizer", "rng", "scheduler"])
    assert_value(file["epoch"], epochs)
    assert_value(file["loss"], seen["loss"])
    for part in "model", "optimizer", "scheduler":
        with showing(lambda part=part: f"save_checkpoint(…)  # {part!r} in the file"):
            assert_value(dict(file[part]), seen[part])


@pytest.mark.exercise("save_checkpoint")
def test_saving_changes_nothing(impl):
    """The call leaves model, gradients, optimizer, scheduler and generators as they are."""
    path = impl.folder() / "checkpoint.pt"
    seen = ask(impl, "save", OPTIONS["momentum"], X, Y, 1, path, None, shown="save_checkpoint(…)")
    for part in "model", "optimizer", "scheduler":
        with showing(lambda part=part: f"save_checkpoint(…)  # the {part} afterwards"):
            assert_value(seen["states after"][part], seen[part])
    with showing("save_checkpoint(…)  # the gradients afterwards"):
        assert_value(seen["gradients after"], seen["gradients"])
        assert seen["training after"], "the model was in training mode, and no longer is"
        check_upcoming(seen["upcoming after"], seen["upcoming"], "save_checkpoint(…)")


@pytest.mark.exercise("save_checkpoint")
@pytest.mark.parametrize("epochs", [1, 2])
def test_the_generators_go_on_from_the_file(impl, epochs):
    """Generators with the states of the file draw the numbers that would have been drawn next without saving."""
    # After one epoch an odd number of Gauss numbers is drawn: they are made in pairs, and one of them waits.
    path = impl.folder() / "checkpoint.pt"
    shown = f"save_checkpoint(path, {epochs}, model, optimizer, scheduler, loss)"
    upcoming = ask(impl, "save", OPTIONS["momentum"], X, Y, epochs, path, None, shown=shown)["upcoming"]
    rng = read(path)["rng"]
    assert isinstance(rng, dict), f'"rng" is a {type(rng).__name__}, and should be a dict'
    assert_value(sorted(rng), ["numpy", "python", "torch"])
    state = rng["torch"]
    assert isinstance(state, torch.Tensor) and state.dtype == torch.uint8, "rng['torch'] is no tensor of bytes"
    generator = torch.Generator()
    generator.set_state(state)
    went_on = {"torch": torch.rand(3, generator=generator)}
    assert isinstance(rng["python"], tuple), "rng['python'] is not what random.getstate() gives"
    python = random.Random()  # noqa: S311 - not for secrets
    python.setstate(rng["python"])
    went_on["python"] = [python.random(), python.gauss(0, 1)]
    kept = rng["numpy"]
    assert isinstance(kept, tuple) and len(kept) == 5, "rng['numpy'] is not a tuple of five, as NumPy's state is"
    assert_value([type(part).__name__ for part in kept], ["str", "list", "int", "int", "float"])
    assert all(type(key) is int for key in kept[1]), "the keys in rng['numpy'] are not Python ints"
    numpy = np.random.RandomState()
    numpy.set_state(kept)
    went_on["numpy"] = [float(numpy.normal()) for _ in range(3)]
    check_upcoming(went_on, upcoming, "save_checkpoint(…), and from the file")


@pytest.mark.exercise("save_checkpoint")
@pytest.mark.parametrize(
    "loss",
    [
        0.25,
        1 / 3,
        3,
        np.float64(0.375),
        np.float32(0.125),
        torch.tensor(0.75),
        torch.tensor([0.5]),
        torch.tensor(1 / 3, dtype=torch.float64),
    ],
)
def test_the_loss_is_a_plain_number(impl, loss):
    """The loss is a Python float in the file, whether a number or a tensor of one element is given."""
    path = impl.folder() / "checkpoint.pt"
    shown = f"save_checkpoint(path, 1, model, optimizer, scheduler, {loss!r})"
    ask(impl, "save", OPTIONS["momentum"], X, Y, 1, path, loss, shown=shown)
    assert_value(read(path)["loss"], float(loss))


@pytest.mark.exercise("load_checkpoint")
@pytest.mark.parametrize(
    ("options", "epochs", "past", "device"),
    [("momentum", 2, 0, "cpu"), ("adam", 1, 2, "cuda:0"), ("plateau", 3, 1, "cuda:1"), ("momentum", 1, 1, "cpu")],
)
def test_training_goes_on_from_a_file(impl, options, epochs, past, device):
    """From the file on, training is bit for bit what it was without a stop, whatever the new objects were before."""
    path = impl.folder() / "checkpoint.pt"
    straight = impl.probes.train(OPTIONS[options], X, Y, epochs, 3)
    write(checkpoint_of(straight, epochs), path, device=device)
    before = path.read_bytes()
    shown = "load_checkpoint(path, model, optimizer, scheduler)"
    seen = ask(impl, "resume", OTHERS[options], X, Y, past, path, 3, shown=shown)
    assert all(seen["same parameters"]), "the model has other Parameter objects than before, which the optimizer misses"
    assert_value(seen["result"], (epochs, straight["loss"]))
    for part in "model", "optimizer", "scheduler":
        with showing(lambda part=part: f"load_checkpoint(…)  # the {part}'s state afterwards"):
            assert_value(seen["states"][part], straight["states"][part])
    check_upcoming(seen["upcoming"], straight["upcoming"], "load_checkpoint(…)")
    for part in "rates", "losses", "weights":
        with showing(lambda part=part: f"load_checkpoint(…), three epochs of training  # {part}"):
            assert_value(seen[part], straight["went on"][part])
    assert path.read_bytes() == before, "the call changed the file"


@pytest.mark.exercise("load_checkpoint")
def test_twice_n_steps_are_n_and_n(impl):
    """Training that is saved, and goes on in another process, ends bit for bit where training without a stop does."""
    path, again = impl.folder() / "checkpoint.pt", impl.fresh()
    for seed, options in enumerate(OPTIONS.values()):
        straight = impl.probes.train_straight(options, X, Y, 6, seed)
        impl.probes.train_and_save(options, X, Y, 3, seed, path)
        seen = ask(again, "resume", options, X, Y, 0, path, 3, shown="save_checkpoint(…); load_checkpoint(…)")
        half = len(straight["losses"]) // 2
        assert_value(seen["result"], (3, straight["losses"][half - 1]))
        for part, expected in straight.items():
            with showing(lambda part=part: f"save_checkpoint(…); load_checkpoint(…); training  # {part}"):
                assert_value(seen[part], expected if part == "weights" else expected[half:])


@pytest.mark.exercise("load_checkpoint")
def test_a_strangers_checkpoint_where_the_default_is_switched_off(impl):
    """Nothing in the file is run where `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD` is set to 1, either."""
    folder = impl.folder()
    path, trace = folder / "checkpoint.pt", folder / "the code in the file has run"
    straight = impl.probes.train(OPTIONS["momentum"], X, Y, 1, 0)
    write(checkpoint_of(straight, 1) | {"notes": Trap(trace, "open")}, path)
    shown = "load_checkpoint(…), weights_only switched off"
    with nothing_runs(trace):
        assert_raises(Exception, ask, impl, "resume_switched_off", OPTIONS["momentum"], X, Y, path, shown=shown)


@pytest.mark.exercise("load_checkpoint")
@pytest.mark.parametrize("place", ["loss", "model", "rng", "notes"])
def test_a_strangers_checkpoint_runs_nothing(impl, place):
    """A checkpoint that wants something called raises an exception, and nothing is called."""
    folder = impl.folder()
    path, trace = folder / "checkpoint.pt", folder / "the code in the file has run"
    checkpoint = checkpoint_of(impl.probes.train(OPTIONS["momentum"], X, Y, 1, 0), 1)
    if place in ("model", "rng"):
        checkpoint[place] = {**checkpoint[place], "more": Trap(trace, "open")}
    else:
        checkpoint[place] = Trap(trace, "exec")
    write(checkpoint, path)
    shown = "load_checkpoint(…)  # a stranger's file"
    with nothing_runs(trace):
        assert_raises(Exception, ask, impl, "resume", OPTIONS["momentum"], X, Y, 0, path, 0, shown=shown)


# keep_best


def best_of(entries, k, mode):
    """The names of the k best of (epoch, metric), the best first."""
    able = [(-metric if mode == "max" else metric, epoch) for epoch, metric in entries if metric == metric]
    return [f"epoch_{epoch:04d}.pt" for _, epoch in sorted(able)[:k]]


def check_folder(folder, entries, names, others=()):
    """Fails if the folder holds anything but the files of these names, each with what its epoch had."""
    assert_value(sorted(file.name for file in folder.iterdir()), sorted([*names, *others]))
    for epoch, metric in entries:
        path = folder / f"epoch_{epoch:04d}.pt"
        if path.name in names:
            assert_value(read(path), {"epoch": epoch, "metric": metric, "state": state_at(epoch)})


def state_at(epoch):
    """What is kept of an epoch."""
    return {"weight": numbered(2, start=epoch), "step": epoch * 10}


METRICS = st.sampled_from([0.5, 0.25, 1.0, -1.0, 0.0, 2.0, math.nan, math.inf, -math.inf, 1 / 3, 1 / 3 + 1e-9])


@pytest.mark.exercise("keep_best")
@given(
    entries=st.lists(st.tuples(st.integers(0, 30), METRICS), min_size=1, max_size=6, unique_by=lambda entry: entry[0]),
    k=st.sampled_from([2, 1, 3, 4]),
    mode=st.sampled_from(["min", "max"]),
)
@settings(max_examples=15)  # files are slow, and what matters stands in the sequences below
def test_the_best_are_kept(impl, entries, k, mode):
    """After each call the folder holds the k best so far, and the call returns their names, the best first."""
    folder = impl.folder()
    for number, (epoch, metric) in enumerate(entries, start=1):
        expected = best_of(entries[:number], k, mode)
        assert_value(impl.keep_best(folder, epoch, metric, state_at(epoch), k, mode), expected)
        check_folder(folder, entries[:number], expected)


SEQUENCES = [
    ([(3, 0.5), (7, 0.25), (1, 0.5), (4, 0.125), (9, 0.125)], 2),
    ([(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5)], 2),
    ([(4, 0.5), (3, 0.5), (2, 0.5), (1, 0.5)], 3),
    ([(9999, 0.5), (10000, 0.5), (123456, 0.25), (5, 0.5)], 3),
    ([(0, math.nan), (1, math.inf), (2, math.nan), (3, -math.inf), (4, 1.0)], 2),
    ([(1, math.inf), (2, -math.inf)], 1),
    ([(epoch, 1 / (1 + epoch)) for epoch in range(12)], 5),
    ([(epoch, float(epoch * 5 % 11)) for epoch in range(11)], 4),
    ([(2, 0.1), (10, 0.1 + 1e-12), (1, 0.1 - 1e-12)], 2),
]


@pytest.mark.exercise("keep_best")
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("sequence", SEQUENCES, ids=range(len(SEQUENCES)))
def test_kinds_of_sequences(impl, sequence, mode):
    """Equal metrics, infinite ones and NaN, falling and rising ones, and large numbers of epochs are in order."""
    entries, k = sequence
    folder = impl.folder()
    for number, (epoch, metric) in enumerate(entries, start=1):
        expected = best_of(entries[:number], k, mode)
        assert_value(impl.keep_best(folder, epoch, metric, state_at(epoch), k=k, mode=mode), expected)
        check_folder(folder, entries[:number], expected)


@pytest.mark.exercise("keep_best")
def test_three_of_the_lowest_by_default(impl):
    """Three are kept, those with the lowest metrics, if nothing is said."""
    folder, entries = impl.folder(), [(1, 3.0), (2, 1.0), (3, 4.0), (4, 1.5), (5, 9.0)]
    for epoch, metric in entries:
        names = impl.keep_best(folder, epoch, metric, state_at(epoch))
    assert_value(names, ["epoch_0002.pt", "epoch_0004.pt", "epoch_0001.pt"])
    check_folder(folder, entries, names)


@pytest.mark.exercise("keep_best")
def test_it_goes_on_after_a_restart(impl):
    """A program that starts again counts the files that the earlier one left, also if it keeps fewer of them."""
    folder, entries = impl.folder(), [(11, 3.0), (2, 1.0), (7, 4.0), (9, 2.0)]
    for epoch, metric in entries:
        impl.keep_best(folder, epoch, metric, state_at(epoch), 4)
    again = impl.fresh()
    entries.append((12, 2.5))
    names = again.keep_best(folder, 12, 2.5, state_at(12), 4)
    assert_value(names, ["epoch_0002.pt", "epoch_0009.pt", "epoch_0012.pt", "epoch_0011.pt"])
    check_folder(folder, entries, names)
    entries.append((13, math.nan))
    names = impl.fresh().keep_best(folder, 13, math.nan, state_at(13), 2)
    assert_value(names, ["epoch_0002.pt", "epoch_0009.pt"])
    check_folder(folder, entries, names)


@pytest.mark.exercise("keep_best")
def test_folders_are_apart_and_other_files_stay(impl):
    """Two folders have nothing to do with each other, and files with other names are left alone."""
    others = dict.fromkeys(
        ["last.pt", "best_epoch_0001.pt", "epoch_0001.txt", "epochs.pt", "notes", "earlier/epoch_0009.pt"], b"0"
    )
    folders = impl.folder(), impl.folder()
    for folder in folders:
        (folder / "earlier").mkdir()
        for name, content in others.items():
            (folder / name).write_bytes(content)
    for epoch, metric in (1, 2.0), (2, 1.0), (3, 3.0):
        for folder, shift in zip(folders, (0, 50), strict=True):
            names = impl.keep_best(folder, epoch + shift, metric * (1 - shift), state_at(epoch + shift), 1)
    assert_value(names, ["epoch_0053.pt"])
    for folder, entry in zip(folders, ((2, 1.0), (53, -147.0)), strict=True):
        check_folder(folder, [entry], [f"epoch_{entry[0]:04d}.pt"], {name.partition("/")[0] for name in others})
        for name, content in others.items():
            assert (folder / name).read_bytes() == content, f"{name} has changed"


@pytest.mark.exercise("keep_best")
@pytest.mark.parametrize(
    "state",
    [
        {},
        {"weight": numbered(2, 3).T, "column": numbered(3, 2)[:, 1]},
        {"empty": torch.empty(0, 2), "losses": [], "name": "", "done": False, "best": None},
        {"third": torch.tensor([1 / 3], dtype=torch.float64), "lr": 1 / 3, "count": torch.tensor(2**53 + 1)},
        {"half": numbered(2, dtype=torch.float16), "sizes": (2, 300), "bytes": numbered(3, dtype=torch.uint8)},
    ],
    ids=range(5),
)
def test_any_state_is_kept(impl, state):
    """The file holds the state as it is, and the call does not change it."""
    folder = impl.folder()
    expected = {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in state.items()}
    assert_value(impl.keep_best(folder, 1, 0.5, state), ["epoch_0001.pt"])
    assert_value(impl.keep_best(folder, 0, 0.25, state), ["epoch_0000.pt", "epoch_0001.pt"])
    assert_value(read(folder / "epoch_0001.pt"), {"epoch": 1, "metric": 0.5, "state": expected})
    with showing("keep_best(folder, 0, 0.25, state); this is the state afterwards"):
        assert_value(state, expected)


@pytest.mark.exercise("keep_best")
def test_files_of_another_machine(impl):
    """Files that were written in between, on a machine with a GPU, count as well."""
    folder = impl.folder()
    impl.keep_best(folder, 0, 0.75, state_at(0), 2)
    for epoch, metric in (1, 0.5), (2, 0.25):
        value = {"epoch": epoch, "metric": metric, "state": state_at(epoch)}
        write(value, folder / f"epoch_000{epoch}.pt", device="cuda:0")
    assert_value(impl.keep_best(folder, 3, 0.375, state_at(3), 2), ["epoch_0002.pt", "epoch_0003.pt"])
    assert_value(sorted(file.name for file in folder.iterdir()), ["epoch_0002.pt", "epoch_0003.pt"])


@pytest.mark.exercise("keep_best")
@pytest.mark.parametrize("kind", ["open", "exec"])
def test_a_strangers_file_in_the_folder_runs_nothing(impl, kind):
    """A file that wants something called raises an exception, and nothing is called."""
    folder = impl.folder()
    trace = folder / "the code in the file has run"
    write({"epoch": 1, "metric": 0.5, "state": Trap(trace, kind)}, folder / "epoch_0001.pt")
    with nothing_runs(trace):
        assert_raises(Exception, impl.keep_best, folder, 2, 0.25, state_at(2))


@pytest.mark.exercise("keep_best")
@pytest.mark.parametrize("mode", ["MIN", "lowest", "", "maximum", None])
def test_other_modes_are_refused(impl, mode):
    """Any mode but "min" and "max" raises ValueError, and nothing is saved or removed."""
    folder = impl.folder()
    assert_raises(ValueError, impl.keep_best, folder, 1, 0.5, state_at(1), 1, mode)
    check_folder(folder, [], [])
    impl.keep_best(folder, 1, 0.5, state_at(1), 2, "min")
    impl.keep_best(folder, 2, 0.25, state_at(2), 2, "min")
    for metric in 0.125, math.nan:
        assert_raises(ValueError, impl.keep_best, folder, 3, metric, state_at(3), 1, mode)
        check_folder(folder, [(1, 0.5), (2, 0.25)], ["epoch_0001.pt", "epoch_0002.pt"])


@pytest.mark.exercise("keep_best")
@pytest.mark.parametrize("k", [1, 2])
def test_nothing_is_removed_before_the_new_file_is_written(impl, k):
    """If the new checkpoint cannot be written, the older files are all still there."""
    folder = impl.folder()
    impl.keep_best(folder, 1, 0.5, state_at(1), 2)
    impl.keep_best(folder, 2, 0.25, state_at(2), 2)
    shown = f"keep_best(folder, 3, 0.125, {{'relu': lambda x: x}}, {k})"
    seen = ask(impl, "keep_best_failing", folder, 3, 0.125, k, shown=shown)
    assert seen["raised"], "a lambda cannot be saved, and keep_best raised no exception"
    assert not seen["removed"], f"{seen['removed']} are gone, though the new file could not be written"
    for epoch, metric in (1, 0.5), (2, 0.25):
        assert_value(
            read(folder / f"epoch_000{epoch}.pt"), {"epoch": epoch, "metric": metric, "state": state_at(epoch)}
        )


# save_tensors

LAID_OUT = {
    "plain": lambda: {"weight": numbered(2, 3), "bias": numbered(2)},
    "transposed": lambda: {"weight": numbered(2, 3).T, "permuted": numbered(2, 3, 4).permute(2, 0, 1)},
    "sliced": lambda: {"column": numbered(3, 4)[:, 1], "steps": numbered(7)[::2], "row": numbered(3, 4)[1]},
    "tied": lambda: dict.fromkeys(["embedding", "head"], numbered(2, 3)),
    "tied and transposed": lambda: (lambda w: {"embedding": w, "head": w.T})(numbered(2, 3)),
    "overlapping": lambda: (lambda w: {"all": w, "first": w[:2], "rest": w[1:]})(numbered(4, 2)),
    "expanded": lambda: {"rows": numbered(3).expand(2, 3), "number": torch.tensor(2.0).expand(4)},
    "small": lambda: {
        "number": torch.tensor(5.0),
        "empty": torch.empty(0, 3),
        "one": numbered(1, 1),
        "none": torch.empty(2, 0),
    },
    "dtypes": lambda: (
        {
            str(dtype): numbered(3, dtype=dtype)
            for dtype in (
                torch.float64,
                torch.float16,
                torch.bfloat16,
                torch.int64,
                torch.int32,
                torch.int16,
                torch.int8,
                torch.uint8,
            )
        }
        | {
            "mask": torch.tensor([True, False]),
            "third": torch.tensor([1 / 3], dtype=torch.float64),
            "large": torch.tensor(2**53 + 1),
        }
    ),
}
FACTS = [
    {},
    {"epoch": 3},
    {"licence": "MIT", "epoch": 12, "loss": 1 / 3, "best": True, "parent": None},
    {"classes": ["cat", "dog"], "sizes": [[2, 3], []], "config": {"hidden": 3, "dropout": 0.5}, "number": "3"},
    {"name": 'größe "L"\n', "": "nothing"},
]


def check_file(path, tensors_, facts):
    """Fails if the safetensors file holds anything but these."""
    assert path.exists(), f"there is no file {path.name}"
    try:
        with safe_open(path, "pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
            metadata = file.metadata() or {}
    except Exception as error:
        raise AssertionError(f"{path.name} is no safetensors file: {error}") from None
    assert_value(found, tensors_)
    texts = {}
    for name, text in metadata.items():
        try:
            texts[name] = json.loads(text)
        except ValueError:
            raise AssertionError(f"the metadata of {name!r} are {text!r}, which is not JSON") from None
    assert_value(texts, facts)


@pytest.mark.exercise("save_tensors")
@pytest.mark.parametrize("layout", LAID_OUT)
def test_tensors_of_any_layout(impl, layout):
    """Each tensor stands in the file under its name, wherever its memory lies, and stays as it is."""
    path = impl.folder() / "weights.safetensors"
    state = LAID_OUT[layout]()
    before = {name: tensor.clone() for name, tensor in state.items()}
    strides = {name: tensor.stride() for name, tensor in state.items()}
    for _ in range(2):
        impl.save_tensors(state, {"layout": layout}, path)
        check_file(path, before, {"layout": layout})
        for name, tensor in before.items():
            assert_unchanged(state[name], tensor, name)
    assert list(state) == list(before), "the call changed the names in `state`"
    assert {name: tensor.stride() for name, tensor in state.items()} == strides, "the call changed a tensor's strides"


@pytest.mark.exercise("save_tensors")
@pytest.mark.parametrize("facts", FACTS, ids=range(len(FACTS)))
def test_facts_become_json(impl, facts):
    """Each fact stands in the file's metadata as JSON text, and nothing else does."""
    path = impl.folder() / "weights.safetensors"
    before = json.loads(json.dumps(facts))
    impl.save_tensors({"bias": numbered(2)}, facts, path)
    check_file(path, {"bias": numbered(2)}, before)
    assert_value(facts, before)


@pytest.mark.exercise("save_tensors")
@given(
    state=st.dictionaries(st.sampled_from(["a", "b.weight", "c"]), tensors(noncontiguous=True), min_size=1, max_size=3),
    facts=st.dictionaries(st.sampled_from(["epoch", "loss"]), st.one_of(st.integers(), st.text(max_size=3), st.none())),
)
@settings(max_examples=10)  # files are slow, and what matters stands in the tables
def test_any_tensors_and_facts(impl, state, facts):
    """Any tensors and facts can be read again."""
    path = impl.folder() / "weights.safetensors"
    before = {name: tensor.clone() for name, tensor in state.items()}
    impl.save_tensors(state, dict(facts), path)
    check_file(path, before, facts)


@pytest.mark.exercise("save_tensors")
def test_tensors_that_require_grad(impl):
    """Parameters are saved by their values, and still require grad afterwards."""
    path = impl.folder() / "weights.safetensors"
    state = {"weight": numbered(2, 3), "transposed": numbered(2, 3).T}
    seen = ask(impl, "save_tracked", state, path, shown="save_tensors(dict(model.named_parameters()), {}, path)")
    check_file(path, state, {})
    assert_value(seen, [True, True])
