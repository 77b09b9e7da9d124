"""Values as text: what a learner can paste at a Python prompt, and what fits into a message.

`literal` gives an expression that evaluates to an equal value after `import torch` and `import numpy as np`; `summary`
is shorter and says dtype and shape. Neither ever raises: what cannot be written down is named in angle brackets. This
module imports neither torch nor NumPy: values of theirs exist only where somebody else has imported them.
"""

from __future__ import annotations

import math
import re
import sys
import types
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from harness.data.tensor_literals import (
    MOST_ELEMENTS,
    array_literal,
    array_summary,
    complex_number,
    number,
    tensor_literal,
    tensor_summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_CHARACTERS = 400
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

UNKNOWN = "an object of your code's own"

_MOST_CHARACTERS = 100
_GENERATOR_EXPRESSION = "<genexpr>"


def literal(value: object) -> str:
    """A Python expression for plain data.

    Tensors keep dtype, device and strides. One of more than 64 elements is summarised in a form that cannot be mistaken
    for an expression, and so is a long container, a long string, and whatever is not plain data.

    >>> literal([1, float("nan"), slice(None, 2)])
    "[1, float('nan'), slice(None, 2, None)]"
    """
    return _Writer(short=False).text(value)


def summary(value: object) -> str:
    """A short text for "expected" and "got", in which a tensor says its dtype and shape, and nan is nan.

    >>> summary((1, "a"))
    "(1, 'a')"
    """
    return _Writer(short=True).text(value)


def call_text(name: str, args: Iterable[object], kwargs: Mapping[str, object]) -> str:
    """A call with its arguments as literals.

    >>> call_text("clip", ([3, 4],), {"low": 0.5})
    'clip([3, 4], low=0.5)'
    """
    parts = [literal(value) for value in args]
    parts += [f"{key}={literal(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def is_handle(value: object) -> bool:
    """Whether the value stands for an object that stays with the implementation."""
    return type(value).__module__ == "harness.runner.handles"


class _Writer:
    """Writes one value and what is inside of it."""

    def __init__(self, *, short: bool) -> None:
        self.short = short
        self.open: set[int] = set()  # the containers that are being written, to notice one that holds itself

    def text(self, value: Any) -> str:
        """The value as text. One that cannot be looked at costs the message its own text, and no more."""
        try:
            if self.short and is_handle(value):
                return f"<{value._kind().partition(' (')[0]}>"
            return self._atom(value) or self._of_torch(value) or self._of_numpy(value) or _represented(value)
        except Exception:
            return f"<{type(value).__name__}>"

    def _atom(self, value: Any) -> str | None:
        kind = type(value)
        if kind is float:
            return number(value, short=self.short)
        if kind is complex:
            return complex_number(value, short=self.short)
        if kind is str or kind is bytes:
            return _clipped(value)
        if kind is slice:
            return f"slice({self.text(value.start)}, {self.text(value.stop)}, {self.text(value.step)})"
        if any(kind is one for one in (list, tuple, dict, set, frozenset)):
            return self._container(kind, value)
        if issubclass(kind, PurePath):
            return f"Path({str(value)!r})"
        return None

    def _container(self, kind: type, value: Any) -> str:
        if id(value) in self.open:
            return "<itself>"
        self.open.add(id(value))
        try:
            if len(value) > MOST_ELEMENTS:
                some = ", ".join([self.text(item) for item in list(value)[:3]])
                return f"<{kind.__name__} of {len(value)}: {some}, …>"
            if kind is dict:
                return "{" + ", ".join([f"{self.text(key)}: {self.text(item)}" for key, item in value.items()]) + "}"
            return _enclosed(kind, [self.text(item) for item in value])
        finally:
            self.open.remove(id(value))

    def _of_torch(self, value: Any) -> str | None:
        torch = sys.modules.get("torch")
        if torch is None:
            return None
        if isinstance(value, torch.Tensor):
            return tensor_summary(value) if self.short else tensor_literal(value)
        if isinstance(value, torch.device):
            return f"torch.device({str(value)!r})"
        if isinstance(value, torch.Generator):
            where = "" if value.device.type == "cpu" else repr(str(value.device))
            return f"torch.Generator({where}).manual_seed({value.initial_seed()})"
        return None

    def _of_numpy(self, value: Any) -> str | None:
        np = sys.modules.get("numpy")
        if np is None:
            return None
        if type(value) is np.ndarray:
            return array_summary(value) if self.short else array_literal(value)
        if not self.short and isinstance(value, np.floating) and not math.isfinite(value):
            return f"np.{type(value).__name__}({number(float(value))})"
        return None


def _enclosed(kind: type, texts: list[str]) -> str:
    if kind is list:
        return f"[{', '.join(texts)}]"
    if kind is tuple:
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
    inside = "{" + ", ".join(sorted(texts)) + "}" if texts else ""  # sorted: hashes differ from run to run
    return inside if kind is set and texts else f"{kind.__name__}({inside})"


def _clipped(value: str | bytes) -> str:
    if len(value) <= _MOST_CHARACTERS:
        return repr(value)
    return f"<{type(value).__name__} of {len(value)}: {value[:40]!r}…>"


def _represented(value: object) -> str:
    """What the value says of itself, without addresses, which differ from run to run."""
    text = _ADDRESS.sub("", repr(value))
    return text if len(text) <= _MOST_CHARACTERS else f"<{type(value).__name__}: {text[:_MOST_CHARACTERS]}…>"


def kind_of(value: Any) -> str:
    """The type's name; of what a function with `yield` or `async def` gives, with that reason.

    >>> kind_of(number for number in range(3))
    'generator (`(… for … in …)` makes one, and `[… for … in …]` a list)'
    """
    kind = type(value)
    if kind is types.GeneratorType:
        if value.gi_code.co_name == _GENERATOR_EXPRESSION:
            return "generator (`(… for … in …)` makes one, and `[… for … in …]` a list)"
        return "generator (your function has a `yield`)"
    if kind is types.CoroutineType:
        value.close()  # or Python warns, at some later time, that it was never awaited
        return "coroutine (your function is an `async def`)"
    if kind is types.AsyncGeneratorType:
        return "async generator (your function is an `async def` with a `yield`)"
    module = "" if kind.__module__.startswith("_kata_implementation_") else f"{kind.__module__}."
    return f"{module.removeprefix('builtins.')}{kind.__qualname__}"[:_MOST_CHARACTERS]
