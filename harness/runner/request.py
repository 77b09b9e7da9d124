"""One thing that a spec wants done with an implementation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.data.literals import kind_of
from harness.runner.handles import without_handles

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import Exercise
    from harness.runner.handles import Target


@dataclass(frozen=True, slots=True)
class Request:
    """An operation on an object of the implementation, with all that it depends on.

    Attributes:
        operation: a key of `OPERATIONS`.
        target: the object; a missing or mistyped exercise raises when the request is carried out.
        args: positional arguments, as the spec passed them: plain data and handles.
        kwargs: keyword arguments, likewise.
        seed: for torch's default generator.
        judged: the exercise whose rules on forbidden functions hold.
        handle: makes a handle of what cannot cross.
    """

    operation: str
    target: Target
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    judged: Exercise | None = None
    handle: Callable[[object], object] = lambda value: value

    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with handles replaced by what they stand for."""
        return without_handles(self.args), without_handles(self.kwargs)


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
