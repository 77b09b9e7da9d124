"""Handles: what a spec holds of an object that stays with the implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.data.literals import literal
from harness.runner.request import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.runner.proxy import Face


class Handle:
    """Stands in the spec for an object that stays with the implementation.

    It can be called, indexed, iterated over, measured with `len`, and passed back as an argument; its attributes and
    the results of its methods come as plain data or as handles.
    """

    __slots__ = ("_face", "_target", "_text")

    def __init__(self, face: Face, target: object, text: Callable[[], str]) -> None:
        self._face = face
        self._target = target
        self._text = text

    def _do(self, operation: str, text: Callable[[], str], *args: Any) -> Any:
        __tracebackhide__ = True
        return self._face._perform(operation, Target("object", self._target), args, {}, text=text)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Calls the object; the result comes as plain data, or as another handle."""
        __tracebackhide__ = True
        return self._face._call(self._text, Target("object", self._target), args, kwargs)

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
        return self._face._kind(self._target)

    def __eq__(self, other: object) -> bool:
        return type(other) is Handle and other._target is self._target

    def __hash__(self) -> int:
        return id(self._target)

    def __repr__(self) -> str:
        return self._text()
