"""Handles: what a spec holds of an object that stays with the implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from harness.data.literals import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.runner.session import Session


class Target(NamedTuple):
    """What an operation is done to.

    Attributes:
        kind: `exercise` or `probe`, then `value` is its name; or `object`, then `value` is the object.
    """

    kind: str
    value: Any


class Handle:
    """Stands in the spec for an object that stays with the implementation.

    It can be called, indexed, iterated over, measured with `len`, and passed back as an argument; its attributes and
    the results of its methods come as plain data or as handles.
    """

    __slots__ = ("_session", "_target", "_text")

    def __init__(self, session: Session, target: object, text: Callable[[], str]) -> None:
        self._session = session
        self._target = target
        self._text = text

    def _do(self, operation: str, text: Callable[[], str], *args: Any) -> Any:
        __tracebackhide__ = True
        return self._session.perform(operation, Target("object", self._target), args, {}, text=text)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Calls the object; the result comes as plain data, or as another handle."""
        __tracebackhide__ = True
        return self._session.call(self._text, Target("object", self._target), args, kwargs)

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        if name.startswith("__"):
            raise AttributeError(name)
        return self._do("attribute", lambda: f"{self._text()}.{name}", name)

    def __getitem__(self, key: Any) -> Any:
        __tracebackhide__ = True
        return self._do("item", lambda: f"{self._text()}[{literal(key)}]", key)

    def __len__(self) -> int:
        __tracebackhide__ = True
        return int(self._do("length", lambda: f"len({self._text()})"))

    def __bool__(self) -> bool:
        __tracebackhide__ = True
        return bool(self._do("truth", lambda: f"bool({self._text()})"))

    def __iter__(self) -> Iterator[Any]:
        __tracebackhide__ = True
        iterator = self._do("iterator", lambda: f"iter({self._text()})")
        while items := iterator._do("next", lambda: f"next(iter({self._text()}))"):
            yield items[0]

    def _kind(self) -> str:
        """The object's type in words, for a message."""
        return self._session.kind(self._target)

    def __eq__(self, other: object) -> bool:
        return type(other) is Handle and other._target is self._target

    def __hash__(self) -> int:
        return id(self._target)

    def __repr__(self) -> str:
        return self._text()


# Functions and not methods: every attribute of a handle but the dunder ones is one of the object that it stands for.


def target_of(value: object) -> object | None:
    """The object for which a handle stands; None for what is no handle."""
    return value._target if type(value) is Handle else None


def session_of(handle: Handle) -> Session:
    """The session whose implementation holds the object."""
    return handle._session


def without_handles(value: Any) -> Any:
    """A value with handles replaced by what they stand for; containers without handles stay themselves."""
    if type(value) is Handle:
        return value._target
    if type(value) in (list, tuple):
        items = type(value)(without_handles(item) for item in value)
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if type(value) is dict:
        entries = [(without_handles(key), without_handles(item)) for key, item in value.items()]
        same = all(a is c and b is d for (a, b), (c, d) in zip(entries, value.items(), strict=True))
        return value if same else dict(entries)
    if type(value) is slice:
        parts = (value.start, value.stop, value.step)
        return slice(*map(without_handles, parts)) if any(type(part) is Handle for part in parts) else value
    return value
