"""What can be done to an object of the implementation, and how that object is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from harness.data.kinds import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Target(NamedTuple):
    """What an operation is done to.

    Attributes:
        kind: `exercise` or `probe`, then `value` is its name; or `object`, then `value` is the object.
    """

    kind: str
    value: Any


def _call(target: Any, /, *args: Any, **kwargs: Any) -> Any:
    __tracebackhide__ = True
    return target(*args, **kwargs)


def _next(iterator: Any) -> list[Any]:
    # The range comes first: `zip` asks its arguments in turn, and what the iterator gave would be lost.
    return [item for _, item in zip(range(1), iterator, strict=False)]


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": _call,
    "attribute": getattr,
    "item": lambda target, key: target[key],
    "length": len,
    "truth": bool,
    "iterator": iter,
    "next": _next,
    "kind": kind_of,
}
"""What can be done with an object of the implementation. `next` gives a list of one item, or an empty one."""
