"""Stops calls of functions that would give an exercise away, while the implementation runs.

Torch's functions are seen by a function mode (what Python calls) and a dispatch mode (what reaches the kernels), by
name, so that `torch.softmax`, `F.softmax`, `x.softmax` and `nn.Softmax` are one. Functions written in Python that are
no operators, such as `torch.autograd.functional.jacobian`, are seen by a profile function, by their code. Others, such
as those that NumPy has in C, are exchanged where they stand. An aid to learners, not a wall.
"""

from __future__ import annotations

import inspect
import sys
from contextlib import ExitStack, contextmanager
from functools import cache, partial, wraps
from importlib import import_module
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from unittest import mock

from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from harness.errors import ForbiddenCall, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType


def operator_name(name: str) -> str:
    """The plain name of an operator in any spelling: `__rmatmul__`, `_softmax`, `add_` give matmul, softmax, add."""
    plain = name.strip("_")
    if name.startswith("__") and plain[:1] in ("r", "i") and plain[1:] in _PYTHON_OPERATORS:
        plain = plain[1:]
    return _SYNONYMS.get(plain, plain)


_PYTHON_OPERATORS = frozenset(
    {"add", "sub", "mul", "truediv", "div", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"}
)
_SYNONYMS = {
    "truediv": "div",
    "true_divide": "div",
    "divide": "div",
    "multiply": "mul",
    "subtract": "sub",
    "mT": "transpose",
    "native_layer_norm": "layer_norm",
}
# A product has many names. What the dispatcher makes of one says little: it makes the same of `einsum`.
_PRODUCTS = ("mm", "bmm", "mv", "dot")
_INCLUDED = {"matmul": (*_PRODUCTS, "linalg_matmul")}


class _Watched(NamedTuple):
    """Forbidden names by how their calls can be seen.

    Attributes:
        operators: plain names of torch's operators.
        codes: of functions written in Python.
        others: where a function stands, by its dotted name.
    """

    operators: dict[str, str]
    codes: dict[CodeType, str]
    others: dict[str, tuple[object, str]]


@cache
def _resolve(dotted: str) -> tuple[object, object]:
    """The object that a dotted name stands for, and the one whose attribute it is."""
    parts = dotted.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            holder: object = import_module(".".join(parts[:end]))
        except ImportError:
            continue
        try:
            for part in parts[end:-1]:
                holder = getattr(holder, part)
            return getattr(holder, parts[-1]), holder
        except AttributeError:
            break
    raise SpecError(
        f"kata.toml forbids {dotted!r}, which does not exist in the installed packages: mend the name there"
    )


@cache
def _watch(forbidden: tuple[str, ...]) -> _Watched:
    watched = _Watched({}, {}, {})
    for dotted in forbidden:
        found, holder = _resolve(dotted)
        last = dotted.rpartition(".")[2]
        codes = _codes_of(found)
        watched.codes.update(dict.fromkeys(codes, dotted))
        if dotted.startswith("torch.") and not isinstance(found, type):
            # torch.linalg.norm is known to torch as linalg_norm.
            for name in {operator_name(last), operator_name(getattr(found, "__name__", last))}:
                watched.operators.update(dict.fromkeys((name, *_INCLUDED.get(name, ())), dotted))
        elif not codes:
            if isinstance(found, type) or not callable(found):
                raise SpecError(f"kata.toml forbids {dotted!r}, whose use cannot be seen: forbid a function instead")
            watched.others[dotted] = holder, last
    return watched


def _codes_of(found: object) -> list[CodeType]:
    """The code that runs when a function is called, or a class is used: none of it where that is not Python."""
    if isinstance(found, type):
        # Only its own: a class without an __init__ shares that of its base with others. Of torch.autograd.Function
        # there is next to nothing to be seen.
        members = [vars(found).get(name) for name in ("__init__", "__new__", "__enter__", "forward", "apply")]
        functions = [getattr(member, "__func__", member) for member in members]
    else:
        functions = [found]
    # A decorator's wrapper has the same code whatever it wraps.
    codes = [getattr(inspect.unwrap(f), "__code__", None) for f in functions if callable(f)]
    return [code for code in codes if isinstance(code, CodeType)]


class _FunctionMode(TorchFunctionMode):
    def __init__(self, refuse: Callable[[str], None]) -> None:
        super().__init__()
        self._refuse = refuse

    def __torch_function__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        __tracebackhide__ = True
        name = getattr(func, "__name__", "")
        if name == "__get__":  # a property, such as x.T or x.mT
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        self._refuse(name)
        return func(*args, **(kwargs or {}))


class _DispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, refuse: Callable[[str], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._refuse = refuse

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or torch would import its compiler for the first call, which takes seconds

    def __torch_dispatch__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        __tracebackhide__ = True
        name = func.overloadpacket.__name__
        if name not in _PRODUCTS:
            self._refuse(name)
        return func(*args, **(kwargs or {}))


@contextmanager
def forbidding(forbidden: tuple[str, ...], exercise: str, module: ModuleType | None = None) -> Iterator[None]:
    """Raises `ForbiddenCall` where one of the forbidden functions is called inside, even if that is caught there.

    Args:
        forbidden: dotted names, as in `kata.toml`.
        exercise: whose rule it is, for the message.
        module: the implementation's, which may have imported a function by name.
    """
    if not forbidden:
        yield
        return
    watched = _watch(forbidden)
    caught: list[ForbiddenCall] = []

    def stop(dotted: str) -> NoReturn:
        caught.append(ForbiddenCall(f"{exercise} is to be written without {dotted}, and your code calls it"))
        raise caught[-1]

    def refuse(name: str) -> None:
        if (dotted := watched.operators.get(operator_name(name))) is not None:
            stop(dotted)

    def profile(frame: FrameType, event: str, _argument: object) -> None:  # pragma: no cover - no tool sees it run
        if event == "call" and (dotted := watched.codes.get(frame.f_code)) is not None:
            sys.setprofile(None)  # stop() itself would be profiled
            stop(dotted)

    with ExitStack() as stack:
        for dotted, (holder, name) in watched.others.items():
            _exchange(stack, holder, name, partial(stop, dotted), module)
        if watched.codes:
            stack.callback(sys.setprofile, sys.getprofile())
        if watched.operators:
            stack.enter_context(_FunctionMode(refuse))
            stack.enter_context(_DispatchMode(refuse))
        if watched.codes:
            sys.setprofile(profile)
        yield
    if caught:
        raise caught[0]


def _exchange(
    stack: ExitStack, holder: object, name: str, stop: Callable[[], NoReturn], module: ModuleType | None
) -> None:
    """Puts a function that stops the call in place of another one, where it stands and where it was imported to."""
    original = getattr(holder, name)

    @wraps(original)
    def refused(*_args: object, **_kwargs: object) -> NoReturn:
        __tracebackhide__ = True
        stop()

    stack.enter_context(mock.patch.object(holder, name, refused))
    here = [key for key, value in vars(module).items() if value is original] if module else []
    for key in here:
        stack.enter_context(mock.patch.object(module, key, refused))
