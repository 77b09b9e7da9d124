"""Runs an implementation on a machine that is only pretended, whatever machine this is.

A machine is a dict: `version` (torch's), `cuda` and `hip` (the versions that torch was built for, or None), `gpus`
(names of the devices of `torch.cuda` that can be used), `counted` (how many it counts; more than those where the
driver is too old), `current` (index of the current one), `faults` (index → name of what is raised
when that device is looked at), `mps` ("absent", "built" or "ready") and `threads`.

A question about devices can be put to torch in many ways, and all of them get the same answer here.
"""

import ast
import builtins
import importlib.metadata
import inspect
import linecache
import types
from contextlib import ExitStack
from functools import cache
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode
from torch.torch_version import TorchVersion

FAULTS = {
    "RuntimeError": RuntimeError,
    "AcceleratorError": getattr(torch, "AcceleratorError", RuntimeError),
    "DeferredCudaCallError": torch.cuda.DeferredCudaCallError,
    "OSError": OSError,
    "Exception": Exception,
}


def on_machine(module, machine, function, *args):
    """What the function returns, or raises, on that machine."""
    return on_machines(module, [machine], function, *args)[0][0]


def on_machines(module, machines, function, *args):
    """Calls the function on one machine after the other.

    Returns, of each call, what it returned, as it is after the last call, and which device was the current one then.
    """
    called = getattr(module, function)
    seen = []
    for described in machines:
        machine = Machine(described)
        torch.set_num_threads(described["threads"])
        with machine.pretended(called):
            seen.append((called(*args), machine))
    return [(returned, machine.current) for returned, machine in seen]


def threads_seen(module, before, count, result, error=None, change=None, mark=None):
    """Runs work that returns `result`, or raises `error` (a type's name and a message), with `before` threads set.

    Where `change` is a number, the work sets as many threads itself, before it ends. Returns a list of how many threads
    each run of the work saw, how many there are afterwards, what the call returned, and the type's name and the
    arguments of what it raised. Where there is a `mark`, it is added after the call to the list that the work returned,
    or to the arguments of the exception that it raised, and shows if that very object came out.
    """
    during = []
    raises = None if error is None else getattr(builtins, error[0])(error[1])

    def work():
        during.append(torch.get_num_threads())
        if change is not None:
            torch.set_num_threads(change)
        if raises is not None:
            raise raises
        return result

    run = module.run_with_threads
    torch.set_num_threads(before)
    returned = raised = None
    try:
        returned = run(count, work)
    except BaseException as caught:
        if not during:  # it does not come from the work
            raise
        raised = caught
    after = torch.get_num_threads()
    if mark is not None:
        if raises is None:
            result.append(mark)
        else:
            raises.args += (mark,)
    return {
        "during": during,
        "after": after,
        "returned": returned,
        "raised": None if raised is None else (type(raised).__name__, *raised.args),
    }


class Machine:
    """Answers what torch would answer on a machine of that description."""

    def __init__(self, described):
        self.cuda, self.hip, self.mps = described["cuda"], described["hip"], described["mps"]
        self.gpus, self.current, self.faults = described["gpus"], described["current"], described["faults"]
        self.counted = described["counted"]
        self.version = described["version"]
        self.built = self.cuda is not None or self.hip is not None
        self.accelerator = "cuda" if self.built else "mps" if self.mps != "absent" else None

    def count(self, kind):
        """How many devices of a type can be used."""
        return {"cpu": 1, "cuda": len(self.gpus), "mps": int(self.mps == "ready")}.get(kind, 0)

    def index(self, device=None):
        """The index of a device of `torch.cuda`, named in any of the ways that torch takes."""
        if not self.built:
            raise AssertionError("Torch not compiled with CUDA enabled")
        if not self.gpus:
            lack = (
                "The NVIDIA driver on your system is too old"
                if self.counted
                else "Found no NVIDIA driver on your system"
            )
            raise RuntimeError(lack)
        if isinstance(device, str):
            device = torch.device(device)
        if isinstance(device, torch.device):
            if device.type != "cuda":
                raise ValueError(f"Expected a cuda device, but got: {device}")
            device = device.index
        index = self.current if device is None else int(device)
        if not 0 <= index < len(self.gpus):
            raise AssertionError("Invalid device id")
        return index

    def properties(self, device=None):
        """What the driver tells about a device of `torch.cuda`."""
        index = self.index(device)
        if index in self.faults:
            raise FAULTS[self.faults[index]](f"device {index} does not answer")
        return types.SimpleNamespace(
            name=self.gpus[index], major=9, minor=0, total_memory=2**34, multi_processor_count=64
        )

    def set_device(self, device):
        """Makes a device of `torch.cuda` the current one."""
        self.current = self.index(device)

    def current_accelerator(self, check_available=False):
        """The accelerator that torch was built for."""
        if self.accelerator is None or (check_available and not self.count(self.accelerator)):
            return None
        return torch.device(self.accelerator)

    def use(self, device):
        """Raises what torch raises when a tensor shall go to a device that is not there."""
        device = torch.device(device)
        if device.type == "cuda":
            self.index(device)
        elif (device.index or 0) >= self.count(device.type) and device.type != "meta":
            raise NotImplementedError(f"Could not run 'aten::empty.memory_format' on {device}")

    def answers(self):
        """What stands where in torch: (module, attribute, answer)."""
        machine = self

        class device_guard:  # noqa: N801 - stands for torch.cuda.device
            def __init__(self, device):
                self.device, self.before = device, None

            def __enter__(self):
                self.before = machine.current
                machine.set_device(self.device)

            def __exit__(self, *error):
                machine.current = self.before

        def capability(device=None):
            properties = self.properties(device)
            return properties.major, properties.minor

        def metadata_version(name, original=importlib.metadata.version):
            # A wheel's metadata may lack what stands after the plus sign.
            return self.version.split("+")[0] if name == "torch" else original(name)

        def has(kind):
            return lambda: self.count(kind) > 0

        accelerator = self.accelerator or "cpu"
        version = TorchVersion(self.version)
        return [
            (torch, "__version__", version),
            (torch.version, "__version__", version),
            (importlib.metadata, "version", metadata_version),
            (torch.version, "cuda", self.cuda),
            (torch.version, "hip", self.hip),
            (torch.version, "rocm", self.hip),
            (torch.version, "xpu", None),
            (torch.backends.cuda, "is_built", lambda: self.built),
            (torch.cuda, "_is_compiled", lambda: self.built),
            (torch.cuda, "is_available", has("cuda")),
            (torch.cuda, "device_count", lambda: self.counted),
            (torch.cuda, "init", lambda: self.index() and None),
            (torch.cuda, "current_device", self.index),
            (torch.cuda, "set_device", self.set_device),
            (torch.cuda, "device", device_guard),
            (torch.cuda, "get_device_properties", self.properties),
            (torch.cuda, "get_device_name", lambda device=None: self.properties(device).name),
            (torch.cuda, "get_device_capability", capability),
            (torch.cuda, "synchronize", lambda device=None: self.index(device) and None),
            (torch.backends.mps, "is_built", lambda: self.mps != "absent"),
            (torch.backends.mps, "is_available", has("mps")),
            (torch.mps, "is_available", has("mps")),
            (torch.mps, "device_count", lambda: self.count("mps")),
            (torch.xpu, "is_available", has("xpu")),
            (torch.xpu, "device_count", lambda: 0),
            (torch.mtia, "is_available", has("mtia")),
            (torch.mtia, "device_count", lambda: 0),
            (torch.accelerator, "current_accelerator", self.current_accelerator),
            (torch.accelerator, "is_available", lambda: self.current_accelerator(check_available=True) is not None),
            (torch.accelerator, "device_count", lambda: self.count(self.accelerator)),
            (torch.accelerator, "current_device_index", lambda: self.index() if accelerator == "cuda" else 0),
            (torch, "get_device_module", _device_modules(torch.get_device_module, accelerator)),
        ]

    def pretended(self, called):
        """A context in which torch answers as on this machine, also under names that the function's file imported."""
        answers = {}
        with ExitStack() as stack:
            for owner, name, answer in self.answers():
                if hasattr(owner, name) or owner is torch.version:
                    answers[owner.__name__, name] = answer
                    stack.enter_context(mock.patch.object(owner, name, answer, create=True))
            for function in _wrapped(called):
                names = {name: answers[of] for name, of in _imports(_source(function)) if of in answers}
                if names:
                    stack.enter_context(mock.patch.dict(function.__globals__, names))
            stack.enter_context(_Tensors(self))
            return stack.pop_all()


class _Tensors(TorchFunctionMode):
    """Lets tensors be made on, and moved to, the devices that the machine has; they stay in ordinary memory."""

    def __init__(self, machine):
        super().__init__()
        self.machine = machine

    def __torch_function__(self, func, kinds, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in ("cuda", "xpu", "ipu", "mtia"):
            self.machine.use(torch.device(name, args[1]) if len(args) > 1 else name)
            return args[0].clone()
        if kwargs.get("device") is not None:
            self.machine.use(kwargs["device"])
            kwargs["device"] = "cpu"
        if name == "to" and len(args) > 1 and isinstance(args[1], str | torch.device):
            self.machine.use(args[1])
            args = (args[0], "cpu", *args[2:])
        return func(*args, **kwargs)


def _device_modules(original, accelerator):
    return lambda device=None: original(accelerator if device is None else device)


def _wrapped(called):
    """The function, and those that it wraps."""
    while called is not None:
        if inspect.isfunction(called):
            yield called
        called = getattr(called, "__wrapped__", None)


def _source(function):
    """The text of the file that defines the function."""
    return "".join(linecache.getlines(function.__code__.co_filename))


@cache
def _imports(source):
    """What a file imports by name, as in `from torch.cuda import is_available`: name here, module, name there."""
    return [
        (alias.asname or alias.name, (node.module, alias.name))
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
