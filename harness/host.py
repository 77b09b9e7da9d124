"""Runs the code of one implementation: finds what is asked for, calls it as agreed, puts its errors in order."""

from __future__ import annotations

import linecache
import os
import signal
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.channel import Crossing
from harness.conditions import DEADLINE, clean_slate, deadline
from harness.distortions import TOUCHED
from harness.errors import ImplementationCrashed, KataError, MemoryExceeded, MissingName, SpecError, ToDo, WrongSignature
from harness.forbid import forbidding
from harness.implementations import is_to_do, load_probes
from harness.model import Location
from harness.signatures import compare, reference_signatures

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType

    from harness.model import Exercise, Implementation, Kata


class Target(NamedTuple):
    """What an operation is done to.

    Attributes:
        kind: `exercise` or `probe`, then `value` is its name; or `object`, then `value` is the object.
    """

    kind: str
    value: Any


def _next(iterator: Any) -> list[Any]:
    return [item for item, _ in zip(iterator, (None,), strict=False)]


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda target, *args, **kwargs: target(*args, **kwargs),
    "attribute": getattr,
    "item": lambda target, key: target[key],
    "length": len,
    "iterator": iter,
    "next": _next,
}
"""What a spec may do with an object of the implementation. `next` gives a list of one item, or an empty one."""


class Host:
    """One implementation, loaded when it is first used.

    Args:
        kata: the kata that it implements.
        implementation: the code under test.
    """

    def __init__(self, kata: Kata, implementation: Implementation) -> None:
        self.kata = kata
        self.implementation = implementation
        self._module: ModuleType | None = None
        self._probes: ModuleType | None = None
        self._source_error: KataError | None = None
        self._checked: dict[str, object] = {}

    @property
    def module(self) -> ModuleType:
        """The implementation's module.

        Raises:
            SourceError: it cannot be loaded; the same error at each use.
        """
        if self._source_error is not None:
            raise self._source_error.with_traceback(None)
        if self._module is None:
            try:
                with clean_slate(0), deadline(DEADLINE):
                    self._module = self.implementation.load()
            except KataError as error:
                self._source_error = error
                raise
        return self._module

    def exercise(self, name: str) -> object:
        """The function or class of that name, if it may be called as the reference may.

        Raises:
            SourceError: the implementation cannot be loaded.
            MissingName: it does not define the name.
            WrongSignature: it defines it with other parameters.
        """
        if name not in self._checked:
            self._checked[name] = self._find(name)
        return self._checked[name]

    def _find(self, name: str) -> object:
        reference = reference_signatures(self.kata.solution.read_text(encoding="utf-8")).get(name)
        if reference is None:
            raise SpecError(
                f"the spec of {self.kata.topic} uses impl.{name}, which {self.kata.solution.name} does not define"
            )
        found = vars(self.module).get(name, _MISSING)
        if found is _MISSING:
            raise MissingName(f"{name} is not defined in {self.implementation.path.name}: it should be {reference}")
        if (difference := compare(name, reference, found)) is not None:
            raise WrongSignature(difference)
        return found

    def probe(self, name: str) -> Callable[..., Any]:
        """The probe of that name, with the implementation's module as its first argument.

        Raises:
            SpecError: the kata has no such probe.
        """
        if self._probes is None:
            self._probes = load_probes(self.kata)
        function = getattr(self._probes, name, None)
        if function is None:
            raise SpecError(f"{self.kata.probes} defines no probe {name!r}")

        return lambda *args, **kwargs: function(_CheckedModule(self), *args, **kwargs)

    def perform(
        self,
        operation: str,
        target: Target,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        seed: int,
        judged: Exercise | None,
        handle: Callable[[object], object],
    ) -> Any:
        """Carries out one operation on an object of the implementation.

        Args:
            operation: a key of `OPERATIONS`.
            target: the object; a missing or mistyped exercise raises here.
            args: after `harness.channel.check_argument`, handles replaced by what they stand for.
            kwargs: likewise.
            seed: for torch's default generator.
            judged: the exercise whose rules on forbidden functions hold.
            handle: makes a handle of what cannot cross.

        Returns:
            The result in plain form, or a handle.

        Raises:
            ToDo: the learner has not written it yet.
            ForbiddenCall: it called a function that the exercise forbids.
            DeadlineExceeded: it did not return in time.
            ImplementationCrashed: it raised something that is not an `Exception`, such as `SystemExit`.
            Exception: whatever else the implementation raised; `location_of` tells the line.
        """
        __tracebackhide__ = True
        crossing = Crossing((args, kwargs), handle=handle)
        found = self._resolve(target)
        forbidden = judged.forbid if judged else ()
        try:
            with (
                clean_slate(seed),
                deadline(DEADLINE),
                forbidding(forbidden, judged.name if judged else ""),
            ):
                value = OPERATIONS[operation](found, *args, **kwargs)
        except KeyboardInterrupt:
            raise
        except MemoryError as error:
            raise MemoryExceeded("wanted more memory than there is for it") from error
        except BaseException as error:
            self._explain(error)
            if isinstance(error, Exception):
                raise
            raise ImplementationCrashed(
                f"{self.implementation.path.name} raised {type(error).__name__}, which ends a program"
            ) from error
        finally:
            crossing.settle_arguments()
        return crossing.result(value)

    def anew(self) -> Host:
        """The same implementation, to be loaded anew."""
        return Host(self.kata, self.implementation)

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Runs a call in a copy of this process, and kills that after so many seconds.

        Raises:
            SpecError: this system cannot copy a process.
        """
        if not hasattr(os, "fork"):
            raise SpecError("impl.kill_after needs a system with fork")
        child = os.fork()
        if child == 0:  # pragma: no cover - runs in the copy, where nothing is measured
            try:
                call()
            finally:
                os._exit(0)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    def end(self) -> None:
        """Does nothing: what lives in this process ends with it."""

    def _resolve(self, target: Target) -> Any:
        if target.kind == "exercise":
            return self.exercise(target.value)
        if target.kind == "probe":
            return self.probe(target.value)
        return target.value

    def touched(self) -> bool | None:
        """Whether a distorted implementation has really changed a result; None where it is not distorted."""
        mark: list[bool] | None = getattr(self._module, TOUCHED, None)
        return mark and mark[0]

    def _explain(self, error: BaseException) -> None:
        """Notes the line of the implementation that raised, and raises `ToDo` where it is a to-do."""
        location = self._location(error.__traceback__)
        if location is None:
            return
        if is_to_do(error, self.implementation.path, location.line):
            raise ToDo(f"to do: {location.file}:{location.line}") from None
        remember_location(error, location)

    def _location(self, traceback: TracebackType | None) -> Location | None:
        """The innermost line of the implementation's own file in a traceback."""
        path = str(self.implementation.path)
        found = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == path:
                line = traceback.tb_lineno
                found = Location(file=path, line=line, code=linecache.getline(path, line).strip())
            traceback = traceback.tb_next
        return found


class _CheckedModule:
    """The implementation's module as probes see it: exercises are looked up with the checks of `Host.exercise`."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def __getattr__(self, name: str) -> object:
        if any(exercise.name == name for exercise in self._host.kata.exercises):
            return self._host.exercise(name)
        return getattr(self._host.module, name)


_MISSING = object()
# Not an attribute of the exception: some exceptions take none.
_LOCATIONS: list[tuple[BaseException, Location]] = []


def remember_location(error: BaseException, location: Location) -> None:
    """Notes from which line of the implementation's file an exception came."""
    _LOCATIONS.append((error, location))
    del _LOCATIONS[:-8]


def location_of(error: BaseException) -> Location | None:
    """The line of the implementation's file where an exception came from, if it came from there."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        for known, location in reversed(_LOCATIONS):
            if known is current:
                return location
        current = current.__cause__ or current.__context__
    return None
