"""Wraps functions, classes and what they return, so that what comes out is as `outputs.names` names it."""

from __future__ import annotations

import contextlib
import functools
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import PurePath
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from harness.errors import KataError
from harness.mutation.outputs.calls import CALLS, IN_PLACE, Call
from harness.mutation.outputs.places import models, places
from harness.mutation.outputs.walk import changed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.mutation.outputs.places import Place

_PROTOCOL = ("__call__", "__getitem__", "__iter__", "__next__", "__len__", "__enter__")
"""Methods by which an object is used without their names being written."""


class OtherError(Exception):
    """Raised by what should have raised something else."""


def _raise_nothing(_error: Exception) -> None:
    return None


def _raise_another(error: Exception) -> None:
    raise OtherError(*error.args) from error


_RAISED: dict[str, Callable[[Exception], None]] = {"never_raises": _raise_nothing, "raises_other": _raise_another}
"""What happens instead of an exception, by the name of the way."""

_DATA = (type, Tensor, np.ndarray, np.generic, PurePath, Enum, int, float, complex, str, bytes, list, tuple, dict, set)
"""Holds no code of the implementation's own; what such data contain is looked at by itself."""

WAYS = (*CALLS, *_RAISED)
"""The names of all ways."""


def distort(target: Any, way: str, touched: list[bool]) -> Any:
    """Wraps a function, or the methods of a class, so that what comes out of them is distorted.

    So is what they change in place of their arguments, and what comes out of the functions, modules, iterators and
    other objects that they return. Calls that one makes of another, while it runs, are left right: two distortions, one
    on top of the other, may undo each other. Whatever a way remembers of earlier calls, it remembers for this target
    alone.

    Args:
        target: the function or class.
        way: a key of `harness.mutation.outputs.names.DISTORTIONS`.
        touched: a list of one, set true at the first result that is really changed.
    """
    return _Distortion(way, touched).of(target)


@dataclass(slots=True)
class _Memory:
    """What earlier calls left behind.

    Attributes:
        calls: how many there were.
        kept: what the way keeps of them.
    """

    calls: int = 0
    kept: dict[str, Any] = field(default_factory=dict)


class _Distortion:
    """One way to distort one exercise."""

    def __init__(self, way: str, touched: list[bool]) -> None:
        self._way = way
        self._change = CALLS.get(way)
        self._on_error = _RAISED.get(way)
        self._touched = touched
        self._running = False
        self._kept: dict[Any, _Memory] = {}
        self._classes: dict[type, type | None] = {}

    def of(self, target: Any) -> Any:
        """The function or class, distorted."""
        if not isinstance(target, type):
            return self._wrapped(target)
        return self._subclass(target, {name: self._member(name, value) for name, value in vars(target).items()})

    def _member(self, name: str, value: Any) -> Any:
        """A member of a class as its distorted subclass has it; None where that inherits it."""
        if name.startswith("_") and name not in _PROTOCOL:
            return None
        if isinstance(value, staticmethod):
            return staticmethod(self._wrapped(value.__func__))
        if isinstance(value, classmethod):
            return classmethod(self._wrapped(value.__func__, bound=True))
        if isinstance(value, property) and value.fget:
            return property(self._wrapped(value.fget, bound=True), value.fset, value.fdel, value.__doc__)
        return self._wrapped(value, bound=True) if isinstance(value, FunctionType) else None

    def _subclass(self, kind: type, members: dict[str, Any]) -> type:
        changed_ones = {name: member for name, member in members.items() if member is not None}
        names: dict[str, Any] = {
            "__module__": kind.__module__,
            "__qualname__": kind.__qualname__,
            "__doc__": kind.__doc__,
        }
        names["__slots__"] = ()  # objects of the class can become objects of the subclass, which is laid out alike
        subclass = type(kind)(kind.__name__, (kind,), names | changed_ones)
        self._classes[subclass] = subclass
        return subclass

    def _wrapped(self, function: Callable[..., Any], *, bound: bool = False) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if self._running:
                return function(*args, **kwargs)
            self._running = True
            arguments, owner = (*(args[1:] if bound else args), *kwargs.values()), args[0] if bound else None
            try:
                before = places((*arguments, *models(owner))) if self._change else []
                result = function(*args, **kwargs)
                return self._distorted(arguments, result, self._memory(wrapper, owner), before)
            except (KataError, StopIteration):
                raise
            except Exception as error:
                if self._on_error is None:
                    raise
                self._touched[0] = True
                return self._on_error(error)
            finally:
                self._running = False

        return wrapper

    def _distorted(self, arguments: tuple[Any, ...], result: Any, memory: _Memory, before: Iterable[Place] = ()) -> Any:
        if self._change is not None:
            # What was changed in place is looked at before any of it is distorted.
            new = [(place, value) for place in before if (value := place.new_value()) is not None]
            call = Call(arguments, result, memory.calls, memory.kept)
            memory.calls += 1
            answer, touched = self._change(call)
            for place, value in new:
                written = self._write(place, replace(call, result=value))
                touched = touched or written
                if written and place.tensor is result:
                    answer = result
            result = answer
            self._touched[0] = self._touched[0] or touched
        return changed(result, self._opened)

    def _write(self, place: Place, call: Call) -> bool:
        """Distorts what a call has changed in place; whether that counts as touched."""
        if self._way == "input_unchanged":
            return place.restore()
        if self._change is None or self._way not in IN_PLACE:
            return False
        wrong, touched = self._change(call)
        return touched and (wrong is call.result or place.write(wrong))

    def _memory(self, function: Callable[..., Any], owner: Any) -> _Memory:
        """What earlier calls left behind: of a function, or of a method of one object."""
        key = (function, id(owner))
        if key not in self._kept:
            self._kept[key] = _Memory()
            with contextlib.suppress(TypeError):  # what cannot be watched, such as None, which stays for ever
                weakref.finalize(owner, self._kept.pop, key, None).atexit = False  # the next may have the same id
        return self._kept[key]

    def _opened(self, value: Any) -> Any:
        """Something returned, so changed that what comes out of it is distorted in its turn."""
        if isinstance(value, FunctionType | MethodType | functools.partial):
            return self._wrapped(value)
        kind = type(value)
        if isinstance(value, _DATA):
            return value
        if isinstance(value, Iterator) and type(getattr(kind, "__next__", None)) is not FunctionType:
            return value if hasattr(value, "read") else self._items(value)  # a file is more than its lines
        if kind not in self._classes:
            self._classes[kind] = self._class_of_result(kind)
        if (subclass := self._classes[kind]) is not None and subclass is not kind:
            try:
                object.__setattr__(value, "__class__", subclass)
            except TypeError:  # not laid out as a class statement does it
                self._classes[kind] = None
        return value

    def _class_of_result(self, kind: type) -> type | None:
        """A subclass for objects of a class, whose methods are distorted; None where it has none of interest."""
        names = {name for cls in kind.__mro__ if cls.__module__.startswith("_kata_") for name in vars(cls)}
        names |= {"forward"} if issubclass(kind, nn.Module) else set(_PROTOCOL)
        members = {name: self._member(name, _inherited(kind, name)) for name in names}
        if all(member is None for member in members.values()):
            return None
        try:
            return self._subclass(kind, members)
        except TypeError:  # some classes may not be subclassed
            return None

    def _items(self, iterator: Iterator[Any]) -> Iterator[Any]:
        memory = _Memory()
        while True:
            self._running, before = True, self._running
            try:
                item = next(iterator)
            except StopIteration:
                return
            finally:
                self._running = before
            yield item if before else self._distorted((), item, memory)


def _inherited(kind: type, name: str) -> Any:
    """A member of a class as it stands in the class that defines it."""
    return next((vars(cls)[name] for cls in kind.__mro__ if name in vars(cls)), None)
