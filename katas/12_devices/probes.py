"""Models, nested batches and machines that are only pretended, built from what the spec chose.

Modules, functions and named tuples cannot pass between a spec and an implementation, so they live here. Each probe
returns what it saw, as plain data; what would be right, only the spec knows.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Evidence = dict[str, Any]


def _home(value: Any) -> Any:
    """Tensors of a GPU on the CPU, in lists, tuples and dicts too; those on meta stay there."""
    if isinstance(value, Tensor):
        value = value.detach()
        return value.clone() if value.is_meta else value.cpu().clone()
    if isinstance(value, dict):
        return {key: _home(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_home, value))
    return value


# Nested batches


class Pair(NamedTuple):
    """A batch that is a named tuple."""

    inputs: Any
    targets: Any


class Note:
    """Something that is neither a tensor nor a container, although it can be moved and walked through."""

    def to(self, _device: Any) -> "Note":
        """Another one."""
        return Note()

    def __iter__(self) -> Iterator[int]:
        return iter([1, 2])


def _named(batch: Any, note: Note) -> Any:
    """A batch with a Pair for each tuple ("Pair", inputs, targets), and a Note for each text "note"."""
    if isinstance(batch, dict):
        return {key: _named(value, note) for key, value in batch.items()}
    if isinstance(batch, list):
        return [_named(value, note) for value in batch]
    if isinstance(batch, tuple):
        items = [_named(value, note) for value in batch]
        return Pair(*items[1:]) if batch[:1] == ("Pair",) else tuple(items)
    return note if isinstance(batch, str) and batch == "note" else batch


def _described(batch: Any, note: Note) -> Any:
    """The inverse of `_named`, with the name of the class of whatever else stands there."""
    if type(batch) is dict:
        return {key: _described(value, note) for key, value in batch.items()}
    if type(batch) is list:
        return [_described(value, note) for value in batch]
    if type(batch) in (tuple, Pair):
        items = tuple(_described(value, note) for value in batch)
        return ("Pair", *items) if type(batch) is Pair else items
    if batch is note:
        return "note"
    return batch if batch is None or isinstance(batch, Tensor | str | int | float) else type(batch).__name__


def _inside(batch: Any, wanted: type | tuple[type, ...]) -> Iterator[Any]:
    if isinstance(batch, wanted):
        yield batch
    if isinstance(batch, dict | list | tuple):
        for item in batch.values() if isinstance(batch, dict) else batch:
            yield from _inside(item, wanted)


def moved(module: ModuleType, batch: Any, device: Any, back: bool = False) -> Evidence:
    """Moves a batch that may hold named tuples, and looks at the result and at the batch.

    Args:
        module: the implementation.
        batch: nested; ("Pair", inputs, targets) stands for a named tuple, and "note" for an object of another kind.
        device: where to.
        back: whether to move the result to the CPU again.
    """
    note = Note()
    mine = _named(batch, note)
    result = module.move_batch(mine, device)
    devices = sorted({tensor.device.type for tensor in _inside(result, Tensor)})
    if back:
        result = module.move_batch(result, "cpu")
    ours = {id(tensor) for tensor in _inside(mine, Tensor)}
    containers = {id(item) for item in _inside(mine, (dict, list))}
    return {
        "result": _described(result, note),
        "devices": devices,
        "the same tensors": [id(tensor) in ours for tensor in _inside(result, Tensor)],
        "old containers": sum(id(item) in containers for item in _inside(result, (dict, list))),
        "batch": _described(mine, note),
    }


# Functions of tensors


def on_device(module: ModuleType, name: str, device: str, tensors: list[Tensor], rest: list[Any]) -> Evidence:
    """Calls a function with tensors, the first of which is on that device."""
    first = tensors[0].to(device)
    result = getattr(module, name)(first, *tensors[1:], *rest)
    return {"device": result.device.type, "result": _home(result)}


def noise(module: ModuleType, x: Tensor, scale: float, generator: torch.Generator, default: str) -> Evidence:
    """Adds noise twice, with that default device, and looks at the generators."""
    before = torch.default_generator.get_state()
    with torch.device(default):
        results = [module.add_noise(x, scale, generator) for _ in range(2)]
    return {"results": results, "global generator": [before, torch.default_generator.get_state()]}


def noise_of_gpu(module: ModuleType, x: Tensor, scale: float, seed: int) -> Evidence:
    """Adds noise from a generator of the GPU to a tensor on the CPU and to the same one on the GPU."""
    results = [module.add_noise(place, scale, torch.Generator("cuda").manual_seed(seed)) for place in (x, x.to("cuda"))]
    return {"devices": [result.device.type for result in results], "results": _home(results)}


# A machine with GPUs, pretended


class _Gpus:
    """Two GPUs, as `torch.cuda` and `torch.accelerator` tell of them."""

    def __init__(self, current: int = 0) -> None:
        self.current = current
        self.waits = 0

    def index(self, device: Any = None) -> int:
        """The index of a device in any of the ways that torch takes."""
        if isinstance(device, int):
            return device
        index = None if device is None else torch.device(device).index
        return self.current if index is None else index

    def exchange(self, index: int) -> int:
        """Makes another device the current one, and tells which was it before."""
        before, self.current = self.current, index if index >= 0 else self.current
        return before

    def _wait(self, *_: Any) -> None:
        self.waits += 1

    def _stream(self, *_: Any) -> SimpleNamespace:
        return SimpleNamespace(synchronize=self._wait)

    def answers(self) -> dict[str, Callable[..., Any]]:
        """What functions of torch return, by their names."""

        def choose(device: Any) -> None:
            self.exchange(self.index(device))

        return {
            "init": lambda: None,
            "is_available": lambda: True,
            "device_count": lambda: 2,
            "current_accelerator": lambda _check_available=False: torch.device("cuda"),
            "current_device": lambda: self.current,
            "current_device_index": lambda: self.current,
            "current_device_idx": lambda: self.current,
            "set_device": choose,
            "set_device_index": choose,
            "set_device_idx": choose,
            "synchronize": self._wait,
            "current_stream": self._stream,
            "empty_cache": lambda: None,
            "_exchange_device": self.exchange,
            "_maybe_exchange_device": self.exchange,
            "_accelerator_exchangeDevice": self.exchange,
            "_accelerator_maybeExchangeDevice": self.exchange,
        }

    @contextmanager
    def pretended(self, module: ModuleType) -> Iterator[None]:
        """Has torch answer so inside, also where the implementation has imported a function by itself."""
        imported = dict(vars(module))
        with ExitStack() as stack:
            for name, answer in self.answers().items():
                for holder in (torch.cuda, torch.cuda.memory, torch.accelerator, torch.accelerator.memory, torch._C):
                    old = vars(holder).get(name)
                    if old is None:
                        continue
                    stack.enter_context(mock.patch.object(holder, name, answer))
                    for key in (key for key, value in imported.items() if value is old):
                        stack.enter_context(mock.patch.object(module, key, answer))
            yield


class _Machine(TorchFunctionMode):
    """Answers as if there were two GPUs.

    All tensors are in the CPU's memory, whereas this machine knows where each is said to be, and notes each copy from
    one place to another.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gpus = _Gpus()
        self.places: dict[int, str] = {}  # by storage: "pinned", "cuda:0" or "cuda:1"
        self.alive: list[Tensor] = []  # so that no storage takes the place of another
        self.copies: list[Evidence] = []
        self.pins = 0

    def place(self, x: Tensor) -> str:
        """Where a tensor is: "cpu", "pinned", "meta", "cuda:0" or "cuda:1"."""
        return self.places.get(x.untyped_storage()._cdata, x.device.type)

    def device(self, x: Tensor) -> torch.device:
        """The device that a tensor is said to be on."""
        place = self.place(x)
        return torch.device("cpu" if place == "pinned" else place)

    def put(self, x: Tensor, place: str) -> Tensor:
        """Says that a tensor is at a place."""
        if place in ("cpu", "meta"):
            self.places.pop(x.untyped_storage()._cdata, None)
            return x.to(place)
        self.places[x.untyped_storage()._cdata] = place
        self.alive.append(x)
        return x

    @contextmanager
    def running(self, module: ModuleType) -> Iterator[None]:
        """Pretends inside."""
        with self.gpus.pretended(module), self:
            yield

    def _target(self, device: Any) -> str:
        device = torch.device(device)
        return f"cuda:{self.gpus.index(device)}" if device.type == "cuda" else device.type

    def _copy(self, x: Tensor, device: torch.device, non_blocking: bool) -> Tensor:
        target = self._target(device)
        source = self.place(x)
        if source == target or (source, target) == ("pinned", "cpu"):
            return x
        self.copies.append({"from": source, "to": target, "non_blocking": non_blocking})
        return self.put(x.clone(), target)

    def _to(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        again = kwargs.pop("copy", False)
        if "other" in kwargs:
            args = (kwargs.pop("other"),)
        if args and isinstance(args[0], Tensor):
            args = (self.device(args[0]), args[0].dtype, *args[1:])
        device, dtype, non_blocking, _ = torch._C._nn._parse_to(*args, **kwargs)
        y = self._copy(x, device, non_blocking) if device is not None else x
        y = y if dtype is None or dtype is x.dtype else self.put(y.to(dtype), self.place(y))
        return self.put(x.clone(), self.place(x)) if again and y is x else y

    def _cuda(self, x: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
        return self._copy(x, torch.device("cuda", self.gpus.index(device)), non_blocking)

    def _as_tensor(self, x: Any, dtype: Any = None, device: Any = None, **kwargs: Any) -> Any:
        if isinstance(x, Tensor):
            return self._to(x, device or self.device(x), dtype or x.dtype)
        return self._make(torch.as_tensor, (x,), {"dtype": dtype, "device": device, **kwargs})

    def _pin(self, x: Tensor, *_: Any, **__: Any) -> Tensor:
        if self.place(x) == "pinned":
            return x
        if self.place(x) != "cpu":
            raise RuntimeError(f"cannot pin '{self.place(x)}' only dense CPU tensors can be pinned")
        self.pins += 1
        return self.put(x.clone(), "pinned")

    def _fill(self, y: Tensor, x: Tensor, non_blocking: bool = False) -> Tensor:
        if self.device(x) != self.device(y):
            self.copies.append({"from": self.place(x), "to": self.place(y), "non_blocking": non_blocking})
        return y.copy_(x)

    def _make(self, func: Any, args: tuple[Any, ...], kwargs: Evidence) -> Any:
        device = kwargs.get("device")
        pin = kwargs.pop("pin_memory", False)
        if kwargs.get("generator") is not None:
            self._check(kwargs["generator"], device or (self.device(args[0]) if isinstance(args[0], Tensor) else "cpu"))
        if device is not None and torch.device(device).type == "cuda":
            made = func(*args, **{**kwargs, "device": "cpu"})
            return self.put(made, self._target(device))
        made = func(*args, **kwargs)
        if pin and isinstance(made, Tensor):
            self.pins += 1
            return self.put(made, "pinned")
        return made

    @staticmethod
    def _check(generator: torch.Generator, device: Any) -> None:
        there, wanted = generator.device.type, torch.device(device).type
        if there != wanted:
            raise RuntimeError(f"Expected a '{wanted}' device type for generator but found '{there}'")

    def __torch_function__(self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "__get__":
            name = f".{getattr(getattr(func, '__self__', None), '__name__', '')}"
        answers: dict[str, Callable[..., Any]] = {
            ".device": lambda x, *_: self.device(x),
            ".is_cuda": lambda x, *_: self.device(x).type == "cuda",
            ".is_cpu": lambda x, *_: self.device(x).type == "cpu",
            "get_device": lambda x: -1 if self.device(x).index is None else self.device(x).index,
            "is_pinned": lambda x, *_, **__: self.place(x) == "pinned",
            "pin_memory": self._pin,
            "to": self._to,
            "cpu": lambda x, *_: self._copy(x, torch.device("cpu"), False),
            "cuda": self._cuda,
            "copy_": self._fill,
            "as_tensor": self._as_tensor,
            "asarray": self._as_tensor,
        }
        if name in answers:
            return answers[name](*args, **kwargs)
        return self._make(func, args, kwargs)


class _FarGenerator(torch.Generator):
    """A generator of the CPU that is said to be one of a GPU."""

    device = torch.device("cuda:0")


def noise_of_far_generator(module: ModuleType, x: Tensor, scale: float, seed: int) -> Tensor:
    """Adds noise from a pretended GPU's generator to a tensor on the CPU."""
    generator = _FarGenerator()
    generator.manual_seed(seed)
    with _Machine().running(module):
        result: Tensor = module.add_noise(x, scale, generator)
    return result


def sent(module: ModuleType, x: Tensor, source: str, target: Any) -> Evidence:
    """Sends a tensor from a place to a device of a pretended machine with GPUs, and tells what was copied, and how."""
    machine = _Machine()
    mine = machine.put(x.clone(), source)
    with machine.running(module):
        result = module.send(mine, target)
    if not isinstance(result, Tensor):
        return {"result": result, "place": type(result).__name__}
    return {
        "result": result.clone(),
        "place": str(machine.device(result)),
        "is the argument": result is mine,
        "copies": machine.copies,
        "pinned": machine.pins,
        "waits": machine.gpus.waits,
        "argument": mine.clone(),
    }


def sent_for_real(module: ModuleType, x: Tensor) -> Evidence:
    """Sends a tensor to the GPU and back again."""
    there = module.send(x, "cuda")
    back = module.send(there, torch.device("cpu"))
    pinned = module.send(x.pin_memory(), "cuda:0")
    return {
        "devices": [there.device.type, back.device.type, pinned.device.type],
        "results": [there.cpu(), back.clone(), pinned.cpu()],
        "stays": module.send(there, there.device) is there,
    }


# Models


def train(
    module: ModuleType,
    weights: list[Tensor],
    batches: list[list[Tensor]],
    options: Evidence,
    device: str,
    batch_device: str = "cpu",
    training: bool = True,
    old: float = 0.0,
) -> Evidence:
    """Trains a model of one layer, a step for each batch.

    Args:
        module: the implementation.
        weights: of the layer, weight and bias of a linear one, or only the weight of an embedding.
        batches: inputs and targets.
        options: of the optimizer, SGD.
        device: where the model is.
        batch_device: where the batches are.
        training: the model's mode.
        old: what fills each `.grad` before the first step.
    """
    rows, columns = weights[0].shape
    layer = nn.Embedding(rows, columns) if len(weights) == 1 else nn.Linear(columns, rows)
    model = nn.Sequential(layer.to(weights[0].dtype))
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights, strict=True):
            parameter.copy_(weight)
    model = model.to(device).train(training)
    optimizer = torch.optim.SGD(model.parameters(), **options)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, old)
    mine = [[value.to(batch_device, copy=True) for value in batch] for batch in batches]
    modes: list[bool] = []
    model.register_forward_pre_hook(lambda net, _inputs: modes.append(net.training))
    losses = [module.train_step(model, optimizer, x, y) for x, y in mine]
    tensors = [loss for loss in losses if isinstance(loss, Tensor)]
    return {
        "losses": _home(losses),
        "loss devices": [loss.device.type for loss in tensors],
        "require grad": [loss.requires_grad for loss in tensors],
        "weights": _home([*model.parameters()]),
        "devices": [parameter.device.type for parameter in model.parameters()],
        "training": model.training,
        "modes": modes,
        "batches": _home(mine),
    }


class _Empty(nn.Module):
    """A module to hang something on."""


def _hang(model: nn.Module, name: str, kind: str, tensor: Tensor) -> None:
    """Hangs a tensor on a module: as a "parameter", "buffer", "hidden" buffer, "plain" attribute or in a "list"."""
    *path, last = name.split(".")
    for part in path:
        if part not in dict(model.named_children()):
            model.add_module(part, _Empty())
        model = model.get_submodule(part)
    if kind == "parameter":
        model.register_parameter(last, tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor))
    elif kind in ("buffer", "hidden"):
        model.register_buffer(last, tensor, persistent=kind == "buffer")
    else:
        setattr(model, last, [tensor] if kind == "list" else tensor)


def strays(module: ModuleType, parts: list[list[str]], ties: list[list[str]], device: Any) -> Evidence:
    """Builds a model on a pretended machine with GPUs, and asks for the strays in it.

    Args:
        module: the implementation.
        parts: of each tensor its name, its kind (see `_hang`) and its place, "cpu", "meta", "cuda:0" or "cuda:1".
        ties: of each second name for a module or a tensor, both names.
        device: what is asked for.
    """
    machine, model = _Machine(), _Empty()
    vars(model).update(scale=2.0, title="a model")
    model.register_parameter("nothing", None)
    model.register_buffer("no_table", None)
    for name, kind, place in parts:
        tensor = machine.put(torch.zeros(2), place)
        _hang(model, name, kind, tensor)
    kinds = {name: kind for name, kind, _ in parts}
    for name, other in ties:
        holder, _, attribute = name.rpartition(".")
        _hang(model, other, kinds.get(name, "plain"), getattr(model.get_submodule(holder), attribute))

    def look() -> list[str]:
        values = [model.get_submodule(name.rpartition(".")[0]) for name, _, _ in parts]
        tensors = [getattr(value, name.rpartition(".")[2]) for value, (name, _, _) in zip(values, parts, strict=True)]
        return [machine.place(tensor[0] if isinstance(tensor, list) else tensor) for tensor in tensors]

    before = look()
    with machine.running(module):
        result = module.find_strays(model, device)
    return {"result": result, "places": [before, look()]}


def strays_on_gpu(module: ModuleType, device: str) -> Any:
    """Moves a model with a plain attribute to the GPU, and asks for the strays in it."""
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    model[0].mask = torch.ones(3)
    return {name: there.type for name, there in module.find_strays(model.to("cuda"), device).items()}


class _Net(nn.Module):
    """Layers in a row, and buffers beside them."""

    def __init__(self, layers: list[list[Any]], buffers: list[list[Any]], tied: bool) -> None:
        super().__init__()
        made: dict[str, Callable[..., nn.Module]] = {
            "linear": lambda n, m, dtype, bias: nn.Linear(n, m, dtype=dtype, bias=bias),
            "conv": lambda n, m, kernel: nn.Conv2d(n, m, kernel),
            "embedding": nn.Embedding,
            "norm": nn.BatchNorm1d,
            "frozen": lambda n, m: nn.Linear(n, m).requires_grad_(False),
        }
        self.layers = nn.ModuleList(made[kind](*arguments) for kind, *arguments in layers)
        for number, (shape, dtype, persistent, *path) in enumerate(buffers):
            holder = self.get_submodule(*path) if path else self
            holder.register_buffer(f"table{number}", torch.zeros(shape, dtype=dtype), persistent=persistent)
        if tied:
            self.layers[-1].weight = self.layers[0].weight

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


@contextmanager
def _aside(evidence: Evidence) -> Iterator[None]:
    """Notes what a call leaves behind in torch: whether random numbers were drawn, and the default device."""
    before = torch.default_generator.get_state()
    yield
    evidence["drawn"] = not torch.equal(before, torch.default_generator.get_state())
    evidence["default device"] = str(torch.get_default_device())


def _counted(make: Callable[[], nn.Module]) -> tuple[list[str], Callable[[], nn.Module]]:
    """A function that makes a model, and a list that tells of each call where new tensors were made."""
    calls: list[str] = []

    def build() -> nn.Module:
        calls.append(torch.empty(0).device.type)
        return make()

    return calls, build


def previewed(
    module: ModuleType, layers: list[list[Any]], buffers: list[list[Any]], tied: bool, arguments: list[Any]
) -> Evidence:
    """Asks for the size of a net and the shape of its result.

    Args:
        module: the implementation.
        layers: of each its kind and arguments.
        buffers: of each its shape, its dtype, whether it is persistent, and its module's path if it is within one.
        tied: whether the last layer's weight is the first one's.
        arguments: what `preview` is called with besides the function that makes the net.
    """
    calls, build = _counted(lambda: _Net(layers, buffers, tied))
    evidence: Evidence = {"builds": calls}
    with _aside(evidence):
        result = module.preview(build, *arguments)
    plain = isinstance(result, tuple) and len(result) == 2 and type(result[1]) is tuple
    return {**evidence, "result": result, "plain tuple": plain}


@contextmanager
def _rubbish_is_nan() -> Iterator[None]:
    """Fills new memory with NaN, or the greatest integer: what lies there by chance is no evidence."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def materialised(
    module: ModuleType,
    layers: list[list[Any]],
    buffers: list[list[Any]],
    state: dict[str, Tensor],
    device: Any,
    frozen: list[str],
    evaluated: list[str],
) -> Evidence:
    """Makes a net with values, then changes the state that they came from.

    Args:
        module: the implementation.
        layers: of each its kind and arguments.
        buffers: of each its shape, its dtype, whether it is persistent, and its module's path if it is within one.
        state: the values.
        device: where the net is to be.
        frozen: names of parameters that do not require grad.
        evaluated: names of modules that are in evaluation mode.
    """

    def make() -> nn.Module:
        net = _Net(layers, buffers, False)
        for name in frozen:
            net.get_parameter(name).requires_grad_(False)
        for name in evaluated:
            net.get_submodule(name).eval()
        return net

    calls, build = _counted(make)
    mine = {name: value.clone() for name, value in state.items()}
    evidence: Evidence = {"builds": calls}
    with warnings.catch_warnings(), _rubbish_is_nan(), _aside(evidence):
        warnings.filterwarnings("ignore", "for .*: copying from a non-meta parameter")  # no news where all is on meta
        net = module.materialise(build, mine, device)
    evidence["type"] = type(net).__name__
    if not isinstance(net, nn.Module):
        return evidence
    evidence["state"] = _home(mine)
    values = {name: value.detach() for name, value in net.state_dict().items()}
    evidence["values"] = _home(values)
    for value in mine.values():
        value.add_(1)
    return {
        **evidence,
        "values later": _home(values),
        "devices": sorted({value.device.type for value in [*net.parameters(), *net.buffers()]}),
        "frozen": [name for name, parameter in net.named_parameters() if not parameter.requires_grad],
        "parameters": [name for name, _ in net.named_parameters()],
        "evaluated": [name for name, part in net.named_modules() if not part.training],
    }


# Memory


class _Memory(_Gpus):
    """What torch would say of the memory of GPUs."""

    def __init__(self, devices: list[list[int]], current: int) -> None:
        super().__init__(current)
        self.allocated = [before for before, _, _ in devices]
        self.peak = [peak for _, peak, _ in devices]
        self.reserved = [reserved for _, _, reserved in devices]

    def take(self, index: int, size: int) -> None:
        """Takes memory, or gives some back."""
        self.allocated[index] += size
        self.peak[index] = max(self.peak[index], self.allocated[index])
        self.reserved[index] = max(self.reserved[index], self.allocated[index] + 1000)

    def _reset(self, device: Any = None) -> None:
        self.peak[self.index(device)] = self.allocated[self.index(device)]

    def _nested(self, device: Any = None) -> dict[str, dict[str, dict[str, int]]]:
        index = self.index(device)
        return {
            "allocated_bytes": {"all": {"current": self.allocated[index], "peak": self.peak[index]}},
            "reserved_bytes": {"all": {"current": self.reserved[index], "peak": self.reserved[index]}},
        }

    def _flat(self, device: Any = None) -> dict[str, int]:
        nested = self._nested(device)
        return {f"{name}.all.{key}": size for name, value in nested.items() for key, size in value["all"].items()}

    def answers(self) -> dict[str, Callable[..., Any]]:
        """What functions of torch return, by their names."""

        def stat(name: str) -> Callable[..., int]:
            return lambda device=None: self._flat(device)[name]

        return {
            **super().answers(),
            "memory_allocated": stat("allocated_bytes.all.current"),
            "max_memory_allocated": stat("allocated_bytes.all.peak"),
            "memory_reserved": stat("reserved_bytes.all.current"),
            "max_memory_reserved": stat("reserved_bytes.all.peak"),
            "memory_stats": self._flat,
            "memory_stats_as_nested_dict": self._nested,
            "reset_peak_memory_stats": self._reset,
            "reset_max_memory_allocated": self._reset,
        }


def peak(
    module: ModuleType, devices: list[list[int]], current: int, steps: list[list[int]], device: Any, error: str = ""
) -> Evidence:
    """Measures work on a pretended machine with GPUs.

    Args:
        module: the implementation.
        devices: of each how many bytes are allocated, the highest point so far, and how many are reserved.
        current: index of the current device.
        steps: of the work: each takes so many bytes on a device, or gives them back where the number is negative.
        device: what is asked for.
        error: message of the LookupError that the work ends with, if any.
    """
    memory = _Memory(devices, current)
    runs: list[int] = []

    def work() -> str:
        runs.append(len(runs) + 1)
        for index, size in steps:
            memory.take(index, size)
        if error:
            raise LookupError(error)
        return f"result {len(runs)}"

    with memory.pretended(module):
        result = module.peak_memory(work, device)
    return {"result": result, "runs": len(runs), "current": memory.current}


def real_peak(module: ModuleType, sizes: list[int]) -> Evidence:
    """Measures work on the GPU that takes a tensor of each size in bytes, one after the other, and keeps none."""
    torch.empty(4 * max(sizes), dtype=torch.uint8, device="cuda")  # an old peak

    def work() -> str:
        for size in sizes:
            torch.empty(size, dtype=torch.uint8, device="cuda")
        return "done"

    return {"result": module.peak_memory(work, "cuda")}
