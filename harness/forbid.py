"""Stops calls of functions that would give an exercise away, while the implementation runs.

Torch's functions are seen by a function mode (what Python calls) and a dispatch mode (what reaches the kernels), by
name, so that `torch.softmax`, `F.softmax`, `x.softmax` and `nn.Softmax` are one. Functions written in Python that are no
operators, such as `torch.autograd.functional.jacobian`, are seen by a profile function, by their code. An aid to
learners, not a wall.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from types import CodeType, FrameType, FunctionType
from typing import TYPE_CHECKING, Any

from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from harness.errors import ForbiddenCall, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
}
# The dispatcher names what matmul becomes, not matmul.
_KERNELS = {"mm": "matmul", "bmm": "matmul", "mv": "matmul", "dot": "matmul", "native_layer_norm": "layer_norm"}


@cache
def _resolve(dotted: str) -> object:
    """The object that a dotted name stands for."""
    parts = dotted.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found: object = import_module(".".join(parts[:end]))
        except ImportError:
            continue
        try:
            for part in parts[end:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    raise SpecError(
        f"kata.toml forbids {dotted!r}, which does not exist in the installed packages: mend the name there"
    )


@cache
def _names_and_codes(forbidden: tuple[str, ...]) -> tuple[dict[str, str], dict[CodeType, str]]:
    """Sorts forbidden names by how they can be seen: operators by plain name, other Python functions by code."""
    names: dict[str, str] = {}
    codes: dict[CodeType, str] = {}
    for dotted in forbidden:
        found = _resolve(dotted)
        if dotted.startswith("torch."):
            names[operator_name(dotted.rpartition(".")[2])] = dotted
        # A class is called through its __init__, or, for autograd's Function and its like, not at all.
        code = getattr(getattr(found, "__init__", None) if isinstance(found, type) else found, "__code__", None)
        wrapped = getattr(found, "__wrapped__", None)
        for candidate in (code, getattr(wrapped, "__code__", None)):
            if isinstance(candidate, CodeType) and not _is_shared(candidate, found):
                codes[candidate] = dotted
        if not codes and not dotted.startswith("torch."):
            names[dotted] = dotted
    return names, codes


def _is_shared(code: CodeType, found: object) -> bool:
    """Whether other functions have this very code: a decorator's wrapper, say."""
    return isinstance(found, FunctionType) and hasattr(found, "__wrapped__") and found.__code__ is code


class _FunctionMode(TorchFunctionMode):
    def __init__(self, refuse: Callable[[str], None]) -> None:
        super().__init__()
        self._refuse = refuse

    def __torch_function__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name == "__get__":  # a property, such as x.T or x.mT
            name = getattr(getattr(func, "__self__", None), "__name__", "")
        self._refuse(name)
        return func(*args, **(kwargs or {}))


class _DispatchMode(TorchDispatchMode):
    def __init__(self, refuse: Callable[[str], None]) -> None:
        super().__init__()
        self._refuse = refuse

    def __torch_dispatch__(
        self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func.overloadpacket.__name__
        self._refuse(_KERNELS.get(name, name))
        return func(*args, **(kwargs or {}))


@contextmanager
def forbidding(forbidden: tuple[str, ...], exercise: str) -> Iterator[None]:
    """Raises `ForbiddenCall` where one of the forbidden functions is called inside.

    Args:
        forbidden: dotted names, as in `kata.toml`.
        exercise: whose rule it is, for the message.
    """
    if not forbidden:
        yield
        return
    names, codes = _names_and_codes(forbidden)

    def stop(dotted: str) -> None:
        raise ForbiddenCall(f"{exercise} is to be written without {dotted}, and your code calls it")

    def refuse(name: str) -> None:
        if (dotted := names.get(operator_name(name))) is not None:
            stop(dotted)

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and (dotted := codes.get(frame.f_code)) is not None:
            sys.setprofile(None)  # stop() itself would be profiled
            stop(dotted)

    with ExitStack() as stack:
        if codes:
            stack.callback(sys.setprofile, sys.getprofile())
        stack.enter_context(_FunctionMode(refuse))
        stack.enter_context(_DispatchMode(refuse))
        if codes:
            sys.setprofile(profile)
        yield
