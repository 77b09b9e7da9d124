"""Carries requests out: finds what is asked for, calls it as agreed, puts its errors in order."""

from __future__ import annotations

import os
import signal
import time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol

from harness.catalogue.source.signatures import compare, reference_signatures
from harness.data.crossing import Crossing
from harness.data.owning import with_own_memory
from harness.errors import (
    CodecError,
    DeadlineExceeded,
    ImplementationCrashed,
    ImplementationError,
    KataError,
    LimitExceeded,
    MemoryExceeded,
    MissingName,
    SourceError,
    SpecError,
    ToDo,
    WrongSignature,
    steers_tests,
)
from harness.runner import conditions, module_probes
from harness.runner.conditions import clean_slate, deadline
from harness.runner.forbidden import forbidding
from harness.runner.loading import load_probes
from harness.runner.locations import is_to_do, locate, raises_itself, remember
from harness.runner.request import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from harness.catalogue.source.signatures import Signature
    from harness.model import Implementation, Kata
    from harness.runner.handles import Target
    from harness.runner.request import Request


class Host(Protocol):
    """Carries requests out on one implementation, wherever that is."""

    def perform(self, request: Request) -> Any:
        """Carries out one request.

        Returns:
            The result in plain form, or a handle.

        Raises:
            ToDo: the learner has not written it yet.
            ForbiddenCall: it called a function that the exercise forbids.
            LimitExceeded: it did not return in time, or wanted too much memory.
            ImplementationCrashed: it raised something that ends a program or a test, such as `SystemExit`.
            WorkerDied: the process that ran it ended.
            Exception: whatever else the implementation raised; `harness.runner.locations` knows the line.
        """

    def anew(self) -> Host:
        """The same implementation, to be loaded anew."""

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Starts a call, and kills the process that runs it after so many seconds."""

    def touched(self) -> bool | None:
        """Whether a distorted implementation has really changed a result; None where it is not distorted."""

    def end(self) -> object:
        """Ends what runs the implementation."""


class LocalHost:
    """One implementation in this process, loaded when it is first used.

    Args:
        kata: the kata that it implements.
        implementation: the code under test.
        apart: whoever asks is in another process, and gets copies of all results anyway.
    """

    def __init__(self, kata: Kata, implementation: Implementation, *, apart: bool = False) -> None:
        self.kata = kata
        self.implementation = implementation
        self._apart = apart
        self._module: ModuleType | None = None
        self._probes: ModuleType | None = None
        self._source_error: KataError | None = None
        self._signatures: dict[str, Signature] | None = None
        self._checked: dict[str, object] = {}

    @property
    def module(self) -> ModuleType:
        """The implementation's module.

        Raises:
            SourceError: it cannot be loaded, or not in time; the same error at each use.
        """
        if self._module is None and self._source_error is None:
            self._load()
        if self._source_error is not None:
            # Always from this line: to Hypothesis, the same error from two lines is two errors.
            raise self._source_error.with_traceback(None)
        assert self._module is not None
        return self._module

    def _load(self) -> None:
        limit = conditions.DEADLINE
        try:
            with clean_slate(0, alone=self._apart), deadline(limit):
                self._module = self.implementation.load()
        except KataError as error:
            self._source_error = error
        except DeadlineExceeded:
            self._source_error = SourceError(
                f"{self.implementation.path.name} could not be imported within {limit:g} s: "
                "what stands outside of functions runs at once, and has to end"
            )

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
        if self._signatures is None:
            self._signatures = reference_signatures(self.kata.solution.read_text(encoding="utf-8"))
        reference = self._signatures.get(name)
        if reference is None:
            raise SpecError(
                f"the spec of {self.kata.topic} uses impl.{name}, which {self.kata.solution.name} does not define"
            )
        found = vars(self.module).get(name, _MISSING)
        if found is _MISSING:
            others = {exercise.name for exercise in self.kata.exercises}  # which are there for themselves
            near = get_close_matches(
                name, [n for n, value in vars(self.module).items() if callable(value) and n not in others], 1
            )
            hint = f"; there is {near[0]}: is that it?" if near else ""
            raise MissingName(
                f"{name} is not defined in {self.implementation.path.name}: it should be {reference}{hint}"
            )
        if not self.implementation.any_signature and (difference := compare(name, reference, found)) is not None:
            raise WrongSignature(difference)
        return found

    def probe(self, name: str) -> Callable[..., Any]:
        """The kata's probe of that name, or the built-in one, with the implementation's module as its first argument.

        Raises:
            SpecError: the kata has no such probe.
        """
        if self._probes is None and self.kata.probes.is_file():
            self._probes = load_probes(self.kata)
        function = getattr(self._probes, name, None) or module_probes.PROBES.get(name)
        if function is None:
            raise SpecError(f"the spec of {self.kata.topic} uses impl.probes.{name}: write it in {self.kata.probes}")

        return lambda *args, **kwargs: function(_CheckedModule(self), *args, **kwargs)

    def perform(self, request: Request) -> Any:
        """Carries out one request, under the conditions in which all implementations run; see `Host.perform`."""
        __tracebackhide__ = True
        (args, kwargs), judged = request.arguments(), request.judged
        crossing = Crossing((args, kwargs), handle=request.handle)
        found = self._resolve(request.target)
        forbidden = judged.forbid if judged else ()
        try:
            with clean_slate(request.seed, alone=self._apart), deadline(conditions.DEADLINE):
                with forbidding(forbidden, judged.name if judged else "", self._module):
                    value = OPERATIONS[request.operation](found, *args, **kwargs)
                # Items of a learner's own collection are the learner's code once more.
                result = crossing.result(value)
        except LimitExceeded as error:
            if error.__context__ and (location := locate(error.__context__, self.implementation.path)):
                remember(error, location)
            raise
        except MemoryError as error:
            self._explain(error)
            raise MemoryExceeded("wanted more memory than there is for it") from error
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not raises_itself(error, self.implementation.path):
                raise
            self._explain(error)
            if isinstance(error, Exception) and not steers_tests(error):
                raise
            raise ImplementationCrashed(
                f"{self.implementation.path.name} raised {type(error).__name__}, which ends a program or a test: "
                "only ordinary exceptions may leave an exercise"
            ) from error
        finally:
            crossing.settle_arguments()
        return result if self._apart else _owned(result, crossing)

    def anew(self) -> LocalHost:
        """The same implementation, to be loaded anew."""
        return LocalHost(self.kata, self.implementation, apart=self._apart)

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
        try:
            time.sleep(seconds)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def end(self) -> None:
        """Does nothing: what lives in this process ends with it."""

    def _resolve(self, target: Target) -> Any:
        if target.kind == "exercise":
            return self.exercise(target.value)
        if target.kind == "probe":
            probe = self.probe(target.value)
            _ = self.module  # loading seeds all generators: within the call it would undo what the probe has seeded
            return probe
        return target.value

    def touched(self) -> bool | None:
        """Whether a distorted implementation has really changed a result; None where it is not distorted."""
        return self.implementation.touched() if self.implementation.touched else None

    def _explain(self, error: BaseException) -> None:
        """Notes the line of the implementation that raised, and raises `ToDo` where it is a to-do."""
        location = locate(error, self.implementation.path)
        if location is None:
            return
        if is_to_do(error, location):
            raise ToDo(f"to do: {location.file}:{location.line}") from None
        remember(error, location)


class _CheckedModule:
    """The implementation's module as probes see it: exercises are looked up with the checks of `LocalHost.exercise`."""

    def __init__(self, host: LocalHost) -> None:
        self._host = host

    def __getattr__(self, name: str) -> object:
        if any(exercise.name == name for exercise in self._host.kata.exercises):
            return self._host.exercise(name)
        return getattr(self._host.module, name)


def _owned(result: Any, crossing: Crossing) -> Any:
    """A result as it would have come from another process: no later call of the implementation changes it."""
    try:
        return with_own_memory(result, crossing.arguments)
    except CodecError as error:
        raise ImplementationError(f"the result cannot be judged: {error}") from None


_MISSING = object()
