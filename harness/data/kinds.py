"""What an object is that an implementation gave and that is no plain data, in words for a message."""

from __future__ import annotations

import types
from typing import Any

UNKNOWN = "an object of your code's own"

_MOST_CHARACTERS = 100
_GENERATOR_EXPRESSION = "<genexpr>"


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
