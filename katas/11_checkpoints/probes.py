"""Models, trainings and file systems in trouble, in the hands of an implementation, and what was seen of them.

None of these can pass between a spec and an implementation, so they live here.
"""

import contextlib
import copy
import errno
import functools
import io
import os
import random
import resource
import signal
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

Evidence = dict[str, Any]
Options = dict[str, Any]
Tensors = dict[str, Tensor]

# Models


def _model(parameters: Tensors, buffers: Tensors, passing: Tensors) -> nn.Module:
    """A model with copies of these tensors under their dotted names; the passing ones are in no state dict."""
    model = nn.Module()
    made: dict[int, nn.Parameter] = {}

    def place(name: str) -> tuple[nn.Module, str]:
        *path, last = name.split(".")
        owner = model
        for part in path:
            if part not in dict(owner.named_children()):
                owner.add_module(part, nn.Module())
            owner = owner.get_submodule(part)
        return owner, last

    for name, tensor in parameters.items():
        owner, last = place(name)
        # The same tensor twice is a tied weight.
        owner.register_parameter(last, made.setdefault(id(tensor), nn.Parameter(tensor.clone())))
    for tensors, persistent in (buffers, True), (passing, False):
        for name, tensor in tensors.items():
            owner, last = place(name)
            owner.register_buffer(last, tensor.clone(), persistent=persistent)
    return model


def _values(tensors: Any) -> Any:
    """Copies of the tensors of a dict, or what came in its place."""
    if not isinstance(tensors, dict):
        return tensors
    return {name: t.detach().clone() if isinstance(t, Tensor) else t for name, t in tensors.items()}


def _tensors(model: nn.Module) -> Tensors:
    """The parameters and buffers themselves."""
    return {**dict(model.named_parameters(remove_duplicate=False)), **dict(model.named_buffers(remove_duplicate=False))}


def _fill(tensors: Tensors, value: int) -> None:
    with torch.no_grad():
        for tensor in tensors.values():
            tensor.fill_(value)


def snapshot(module: ModuleType, parameters: Tensors, buffers: Tensors, passing: Tensors) -> Evidence:
    """Takes a snapshot, overwrites the model with 9, looks at both, overwrites the snapshot with 5, looks again."""
    model = _model(parameters, buffers, passing)
    result = module.snapshot(model)
    if not isinstance(result, dict) or not all(isinstance(tensor, Tensor) for tensor in result.values()):
        return {"result": result}
    evidence: Evidence = {
        "result": _values(result),
        "names": list(result),
        "types": sorted({type(tensor).__name__ for tensor in result.values()}),
        "requires grad": [name for name, tensor in result.items() if tensor.requires_grad],
        "model": _values(model.state_dict()),
        "model requires grad": [name for name, tensor in model.named_parameters() if tensor.requires_grad],
        "training": model.training,
    }
    _fill(model.state_dict(), 9)
    evidence["result later"] = _values(result)
    _fill(result, 5)
    evidence["model later"] = _values(model.state_dict())
    return evidence


def load_matching(
    module: ModuleType, parameters: Tensors, buffers: Tensors, passing: Tensors, state: Tensors
) -> Evidence:
    """Loads a state into a model, then overwrites the model with 9 and looks at the state."""
    model = _model(parameters, buffers, passing)
    before = _tensors(model)
    result = copy.deepcopy(module.load_matching(model, state))
    evidence: Evidence = {
        "result": result,
        "model": _values(model.state_dict()),
        "replaced": [name for name, tensor in _tensors(model).items() if tensor is not before.get(name)],
        "requires grad": [name for name, tensor in model.named_parameters() if tensor.requires_grad],
        "training": model.training,
        "state": _values(state),
    }
    _fill(model.state_dict(), 9)
    evidence["state later"] = _values(state)
    return evidence


# Reading


_SWITCHED_OFF = {"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}


def load_safely_switched_off(module: ModuleType, path: Path) -> Any:
    """Loads where the environment switches the default of `weights_only` off."""
    with mock.patch.dict(os.environ, _SWITCHED_OFF):
        return module.load_safely(path)


def devices(module: ModuleType, path: Path, *device: Any) -> Any:
    """Loads what a file holds, and tells device, dtype and shape of each tensor in it."""

    def described(value: Any) -> Any:
        if isinstance(value, Tensor):
            return str(value.device), value.dtype, tuple(value.shape)
        if isinstance(value, dict):
            return {name: described(part) for name, part in value.items()}
        return [described(part) for part in value] if isinstance(value, list) else value

    return described(module.load_safely(path, *device))


# Writing


def _in_words(content: bytes | None) -> Any:
    """What a file with this content holds."""
    if content is None:
        return "no file"
    try:
        return torch.load(io.BytesIO(content), weights_only=True)
    except Exception:  # whatever torch.load says of broken files
        return "not a whole file"


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


class _Watch:
    """Looks at a file and its folder between any two lines of Python that run, and between any two steps of one's own.

    Whoever is killed leaves the files as they stand at one of these moments.
    """

    def __init__(self, path: Path, own: str, look: Callable[[set[str]], None] | None = None) -> None:
        self.path = path
        self.contents = [_content(path)]
        self.before = _names(path.parent)
        self.appeared: set[str] = set()
        self._own = own
        self._look_further = look
        self._mark = self._state()

    def _state(self) -> tuple[int, int, int] | None:
        try:
            info = self.path.stat()
        except FileNotFoundError:
            return None
        return info.st_ino, info.st_size, info.st_mtime_ns

    def look(self) -> None:
        if (mark := self._state()) != self._mark:
            self._mark = mark
            if (content := _content(self.path)) != self.contents[-1]:
                self.contents.append(content)
        self.appeared |= _names(self.path.parent) - self.before - {self.path.name}
        if self._look_further is not None:
            self._look_further(self.appeared)

    def _trace(self, frame: FrameType, _event: str, _argument: object) -> Any:
        frame.f_trace_opcodes = frame.f_code.co_filename == self._own
        self.look()
        return self._trace

    def __enter__(self) -> "_Watch":
        self._earlier = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.settrace(self._earlier)
        self.look()


def _code_of(function: Any) -> tuple[str, dict[str, Any]]:
    """The file that a function was written in, and the names that it sees."""
    function = getattr(function, "__wrapped__", function)
    return getattr(getattr(function, "__code__", None), "co_filename", ""), getattr(function, "__globals__", {})


def _put(old: Any, path: Path) -> None:
    """Has an old file stand at the path, or none."""
    if old is not None:
        torch.save(old, path)
    elif path.is_file():
        path.unlink()


@contextlib.contextmanager
def _synchronising(names: dict[str, Any], instead: Callable[[Callable[[Any], None], Any], None]) -> Iterator[None]:
    """Calls something else in place of `os.fsync` and its like: with the original function, and the file.

    Args:
        names: what an implementation sees; `from os import fsync` leaves the function under a name of its own.
        instead: what is called.
    """
    originals = {name: getattr(os, name) for name in ("fsync", "fdatasync") if hasattr(os, name)}
    wrapped: dict[str, Any] = {name: functools.partial(instead, original) for name, original in originals.items()}
    imported = {
        key: wrapped[name] for key, found in names.items() for name, original in originals.items() if found is original
    }
    with mock.patch.multiple(os, **wrapped), mock.patch.dict(names, imported):
        yield


def _status(fd: Any) -> os.stat_result:
    return os.fstat(fd if isinstance(fd, int) else fd.fileno())


def save_watched(module: ModuleType, old: Any, value: Any, path: Path) -> Evidence:
    """Saves over an old file, and tells what stood at the path in between, and what was synchronised to the disk."""
    _put(old, path)
    own, names = _code_of(module.save_atomically)
    synchronised: list[tuple[os.stat_result, bool]] = []

    def noted(original: Callable[[Any], None], fd: Any) -> None:
        original(fd)
        info = _status(fd)
        synchronised.append((info, path.exists() and os.path.samestat(info, path.stat())))

    with _synchronising(names, noted), _Watch(path, own) as watch:
        module.save_atomically(value, path)
    final = path.stat() if path.exists() else None
    return {
        "stood there": [_in_words(content) for content in watch.contents],
        "temporary files in the folder": bool(watch.appeared),
        "synchronised": any(
            final is not None and os.path.samestat(info, final) and info.st_size == final.st_size and not placed
            for info, placed in synchronised
        ),
        "new files": len(_names(path.parent) - watch.before - {path.name}),
    }


def save_failing(module: ModuleType, old: Any, value: Any, path: Path, trouble: str) -> Evidence:
    """Saves what cannot be pickled, onto a disk with too little room or with a fault, or over a folder."""
    _put(old, path)
    before = _names(path.parent)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if trouble == "function":
        value = [value, lambda: None]
    raised = None
    _, names = _code_of(module.save_atomically)

    def faulty(original: Callable[[Any], None], fd: Any) -> None:
        if trouble == "fault" and stat.S_ISREG(_status(fd).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        original(fd)

    try:
        if trouble == "disk":
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        with _synchronising(names, faulty):
            module.save_atomically(value, path)
    except Exception as error:
        if isinstance(error, NotImplementedError):  # somebody has not got that far
            raise
        raised = "an exception"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    return {
        "raised": raised,
        "stands there": "a folder" if path.is_dir() else _in_words(_content(path)),
        "new files": len(_names(path.parent) - before),
    }


def save_after_killed(module: ModuleType, old: Any, value: Any, again: Any, path: Path, moment: int) -> Evidence:
    """Saves in a process that dies that many moments after it has created another file, and once more in this one."""
    _put(old, path)
    own, _ = _code_of(module.save_atomically)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads may be there, but none holds what we need
        child = os.fork()
    if child == 0:
        left = moment

        def die(appeared: set[str]) -> None:
            nonlocal left
            left -= bool(appeared)
            if left < 0:
                os._exit(0)

        try:
            with _Watch(path, own, die):
                module.save_atomically(value, path)
        finally:
            os._exit(0)
    try:
        os.waitpid(child, 0)
    except BaseException:  # the time is up
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    killed = _in_words(_content(path))
    module.save_atomically(again, path)
    return {"after the first": killed, "after the second": _in_words(_content(path))}


def keep_best_failing(module: ModuleType, folder: Path, epoch: int, metric: float, k: int) -> Evidence:
    """Keeps a state that cannot be pickled, and tells which files are there afterwards."""
    before = _names(folder)
    raised = None
    try:
        module.keep_best(folder, epoch, metric, {"activation": lambda x: x}, k)
    except Exception as error:
        if isinstance(error, NotImplementedError):
            raise
        raised = "an exception"
    return {"raised": raised, "removed": sorted(before - _names(folder))}


def save_tracked(module: ModuleType, tensors: Tensors, path: Path) -> list[bool]:
    """Saves parameters to a safetensors file, and tells which of them require grad afterwards."""
    state = {name: nn.Parameter(tensor) for name, tensor in tensors.items()}
    module.save_tensors(state, {}, path)
    return [tensor.requires_grad for tensor in state.values()]


# Training


class _Training:
    """A small training in which everything matters: three random generators, momentum, and a scheduler."""

    def __init__(self, options: Options, x: Tensor, y: Tensor, seed: int | None = None) -> None:
        if seed is not None:
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed)
        hidden = options["hidden"]
        self.model = nn.Sequential(
            nn.Linear(x.shape[1], hidden), nn.BatchNorm1d(hidden), nn.Dropout(0.5), nn.Linear(hidden, 1)
        )
        name, settings = options["optimizer"]
        self.optimizer = getattr(torch.optim, name)(self.model.parameters(), **settings)
        name, settings = options["scheduler"]
        self.scheduler = getattr(lr_scheduler, name)(self.optimizer, **settings)
        self.loader = DataLoader(TensorDataset(x, y), batch_size=3, shuffle=True)
        self.loss = torch.zeros(())

    def run(self, epochs: int) -> Evidence:
        """Trains so many epochs, and tells all that it comes to."""
        losses, rates = [], []
        for _ in range(epochs):
            for x, y in self.loader:
                blurred = x + random.gauss(0, 0.1) + np.random.normal(0, 0.1)
                self.optimizer.zero_grad()
                self.loss = (self.model(blurred) - y).square().mean()
                self.loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                losses.append(self.loss.item())
                rates.append(self.optimizer.param_groups[0]["lr"])
            needs_metric = isinstance(self.scheduler, lr_scheduler.ReduceLROnPlateau)
            self.scheduler.step(*([losses[-1]] if needs_metric else []))
        return {"losses": losses, "rates": rates, "weights": _values(dict(self.model.state_dict()))}

    def states(self) -> Evidence:
        """Copies of the three state dicts."""
        return {
            "model": _values(dict(self.model.state_dict())),
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "scheduler": copy.deepcopy(self.scheduler.state_dict()),
        }


def _upcoming() -> Evidence:
    """A few numbers that each of the global generators gives next, and that it will give once more."""
    generators = torch.get_rng_state(), random.getstate(), np.random.get_state()
    drawn = {
        "torch": torch.rand(3),
        "python": [random.random(), random.gauss(0, 1)],  # noqa: S311 - not for secrets
        "numpy": [float(np.random.normal()) for _ in range(3)],
    }
    torch.set_rng_state(generators[0])
    random.setstate(generators[1])
    np.random.set_state(generators[2])
    return drawn


def save(
    module: ModuleType, options: Options, x: Tensor, y: Tensor, epochs: int, path: Path, loss: Tensor | float | None
) -> Evidence:
    """Trains, saves, and tells the states before and afterwards, and the numbers that would have been drawn next.

    Without a loss, the training's own last one is given, as it comes from the model.
    """
    training = _Training(options, x, y)
    training.run(epochs)
    states = training.states()
    gradients = [parameter.grad.clone() for parameter in training.model.parameters() if parameter.grad is not None]
    upcoming = _upcoming()
    given = training.loss if loss is None else loss
    number = given.item() if isinstance(given, Tensor) else float(given)
    module.save_checkpoint(path, epochs, training.model, training.optimizer, training.scheduler, given)
    return {
        **states,
        "loss": number,
        "upcoming": upcoming,
        "gradients": gradients,
        "states after": training.states(),
        "upcoming after": _upcoming(),
        "gradients after": [p.grad for p in training.model.parameters() if p.grad is not None],
        "training after": training.model.training,
    }


def train(_module: ModuleType, options: Options, x: Tensor, y: Tensor, epochs: int, more: int) -> Evidence:
    """Trains without an implementation; tells all states in the middle, and how it went on."""
    training = _Training(options, x, y)
    training.run(epochs)
    generators = {"torch": torch.get_rng_state(), "python": random.getstate(), "numpy": np.random.get_state()}
    return {
        "states": training.states(),
        "generators": generators,
        "upcoming": _upcoming(),
        "loss": training.loss.item(),
        "went on": training.run(more),
    }


def train_straight(_module: ModuleType, options: Options, x: Tensor, y: Tensor, epochs: int, seed: int) -> Evidence:
    """Trains from a seed without an implementation, and without a stop."""
    return _Training(options, x, y, seed).run(epochs)


def train_and_save(
    module: ModuleType, options: Options, x: Tensor, y: Tensor, epochs: int, seed: int, path: Path
) -> None:
    """Trains from a seed, and saves."""
    training = _Training(options, x, y, seed)
    training.run(epochs)
    module.save_checkpoint(path, epochs, training.model, training.optimizer, training.scheduler, training.loss)


def resume(module: ModuleType, options: Options, x: Tensor, y: Tensor, past: int, path: Path, more: int) -> Evidence:
    """Loads a checkpoint into a training with weights, settings and a past of its own, looks at it, and goes on."""
    training = _Training(options, x, y)
    training.run(past)
    before = list(training.model.parameters())
    result = module.load_checkpoint(path, training.model, training.optimizer, training.scheduler)
    after = list(training.model.parameters())
    return {
        "result": result,
        "states": training.states(),
        "upcoming": _upcoming(),
        **training.run(more),
        "same parameters": [old is new for old, new in zip(before, after, strict=True)],
    }


def resume_switched_off(module: ModuleType, options: Options, x: Tensor, y: Tensor, path: Path) -> Evidence:
    """Loads a checkpoint where the environment switches the default of `weights_only` off."""
    with mock.patch.dict(os.environ, _SWITCHED_OFF):
        return resume(module, options, x, y, 0, path, 0)
