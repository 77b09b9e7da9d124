"""The fixture `impl`: the one way by which a spec touches an implementation."""

from __future__ import annotations

import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.crossing import check_argument, is_dense
from harness.data.kinds import UNKNOWN
from harness.data.literals import call_text
from harness.diagnosis.recorder import Recorder
from harness.diagnosis.rerun import run_again
from harness.errors import KataError, LimitExceeded, SpecError
from harness.judge import profiles
from harness.runner import last_call
from harness.runner.handles import Handle
from harness.runner.host import Host
from harness.runner.locations import location_of, remember
from harness.runner.request import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import Exercise, Implementation, Kata, Location
    from harness.runner.isolation.remote import RemoteHost

_SNAPSHOT_LIMIT = 4096
"""Elements of a tensor that is copied for a call's record; a larger one is only summarised in it anyway."""


class Face:
    """What a spec sees of an implementation: `impl.join_rows(a, b)` calls its `join_rows`.

    Every call is checked (plain data and handles only), recorded (so that a failing check can show it), seeded, and
    carried out by a `harness.runner.host.Host`. Names of exercises are looked up in the implementation; all others
    stand here.

    Args:
        kata: whose spec is running.
        implementation: the code under test.
        host: given the run's folder, what carries calls out. Without it they are carried out in this process.
    """

    def __init__(
        self, kata: Kata, implementation: Implementation, host: Callable[[Path], Host | RemoteHost] | None = None
    ) -> None:
        self._label = implementation.label
        self._base = Path(tempfile.mkdtemp(prefix=f"kata-{kata.topic}-"))
        self._host = host(self._base) if host else Host(kata, implementation)
        self._judged: Exercise | None = None
        self._exceeded: dict[str, tuple[LimitExceeded, Location | None]] = {}
        self._recorder: Recorder | None = None
        self._process = count()
        self._number = next(self._process)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._caller(name, Target("exercise", name))

    def __repr__(self) -> str:
        return f"<{self._label}>"

    @property
    def probes(self) -> _Probes:
        """The functions of the kata's `probes.py`, each called without its first argument, the module."""
        return _Probes(self)

    def folder(self) -> Path:
        """Gives a new empty folder that spec and implementation share. It is removed after the module's last test."""
        return Path(tempfile.mkdtemp(dir=self._base))

    def fresh(self) -> Face:
        """Gives the same implementation anew, as another process would see it; folders stay shared, handles do not."""
        other = Face.__new__(Face)
        other._label = self._label
        other._host = self._host.anew()
        other._base = self._base
        other._judged = self._judged
        other._exceeded = self._exceeded
        other._recorder = self._recorder
        other._process = self._process
        other._number = next(self._process)
        return other

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Starts a call and kills the process that runs it after so many seconds; what it left in files stays."""
        if self._recorder:
            self._recorder.give_up()
        self._host.kill_after(seconds, call)

    def _caller(self, name: str, target: Target) -> Callable[..., Any]:
        def caller(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            return self._call(lambda: name, target, args, kwargs)

        return caller

    def _call(self, name: Callable[[], str], target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        __tracebackhide__ = True
        result = self._perform("call", target, args, kwargs, text=_call_text(name, args, kwargs))
        if result is None and target.kind == "exercise":
            last_call.note_none()
        return result

    def _kind(self, target: object) -> str:
        """The type of an object of the implementation, in words. It is asked for only where a message needs it."""
        try:
            kind = self._host.perform(
                "kind", Target("object", target), (), {}, seed=0, judged=None, handle=lambda _: None
            )
        except (Exception, LimitExceeded):  # whatever keeps it from telling is not what the message is about
            return UNKNOWN
        return kind if type(kind) is str else UNKNOWN

    def _perform(
        self,
        operation: str,
        target: Target,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        text: Callable[[], str],
    ) -> Any:
        __tracebackhide__ = True
        last_call.record(text)
        for where, value in (*enumerate(args, start=1), *kwargs.items()):
            check_argument(value, folder=self._base, where=f"argument {where}", is_handle=self._owns)
        name = self._judged.name if self._judged else ""
        if name not in self._exceeded:  # once is enough: nobody waits ten seconds for each of a hundred examples
            try:
                return self._carry_out(operation, target, args, kwargs, text)
            except LimitExceeded as error:
                error.call = last_call.last_call()  # not `text`: a spec may show another one
                self._exceeded[name] = error, location_of(error)
        exceeded, location = self._exceeded[name]
        if location:
            remember(exceeded, location)
        # Raised here, the first time and later: Hypothesis tells failures apart by where they come from.
        raise exceeded.with_traceback(None)

    def _carry_out(
        self,
        operation: str,
        target: Target,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        text: Callable[[], str],
    ) -> Any:
        __tracebackhide__ = True
        seed, step = profiles.call_seeds.getrandbits(63), None
        if self._recorder:
            step = self._recorder.before(self._number, operation, target, args, kwargs, seed)
        result: Any = None
        try:
            result = self._host.perform(
                operation,
                target,
                self._unwrap(args),
                self._unwrap(kwargs),
                seed=seed,
                judged=self._judged,
                handle=lambda target: Handle(self, target, text),
            )
        except BaseException as error:
            result = error
            raise
        finally:
            if self._recorder and step:
                self._recorder.after(step, args, kwargs, result)
        return result

    def _owns(self, value: object) -> bool:
        if type(value) is not Handle:
            return False
        if value._face is not self:
            raise SpecError(f"the handle {value!r} belongs to another process: use it with the impl that gave it")
        return True

    def _unwrap(self, value: Any) -> Any:
        """The arguments with handles replaced by what they stand for; containers without handles stay themselves."""
        if type(value) is Handle:
            return value._target
        if type(value) in (list, tuple):
            items = type(value)(self._unwrap(item) for item in value)
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if type(value) is dict:
            entries = [(self._unwrap(key), self._unwrap(item)) for key, item in value.items()]
            same = all(a is c and b is d for (a, b), (c, d) in zip(entries, value.items(), strict=True))
            return value if same else dict(entries)
        if type(value) is slice:
            parts = (value.start, value.stop, value.step)
            return slice(*map(self._unwrap, parts)) if any(type(part) is Handle for part in parts) else value
        return value

    def _judge(self, exercise: Exercise | None, test: str = "") -> None:
        """Says which exercise the tests that follow judge, and which test is about to begin."""
        self._judged = exercise
        last_call.forget()
        if self._recorder and exercise:
            self._recorder.start(test, exercise.name)

    def _record(self) -> Recorder:
        """From now on keeps what is done, for `harness.diagnosis.diagnose`."""
        self._recorder = Recorder(lambda value: value._target if type(value) is Handle else None, self._base)
        return self._recorder

    def _failed(self, error: BaseException, test: Callable[..., object], arguments: dict[str, Any]) -> None:
        """Says by what the test that has just ended failed, and how it could be run again."""
        recorder, exercise = self._recorder, self._judged
        if not recorder or not exercise:
            return
        name = recorder.test

        def again() -> None:
            self._judge(exercise, name)
            run_again(test, arguments, recorder.note)

        # What the harness itself found, such as a process that died, need not be found again.
        recorder.fail(error, None if isinstance(error, KataError) else again)

    def _touched(self) -> bool | None:
        """Whether a distorted implementation really changed a result so far; None where it is not distorted."""
        return self._host.touched()

    def _close(self) -> None:
        self._host.end()
        shutil.rmtree(self._base, ignore_errors=True)


class _Probes:
    def __init__(self, face: Face) -> None:
        self._face = face

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._face._caller(f"probes.{name}", Target("probe", name))


def _call_text(name: Callable[[], str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], str]:
    """Renders a call later, with the arguments as they are now: the call may change them."""
    kept_args, kept_kwargs = _snapshot(args), _snapshot(kwargs)
    return lambda: call_text(name(), kept_args, kept_kwargs)


def _snapshot(value: Any) -> Any:
    kind = type(value)
    if kind is torch.Tensor and is_dense(value) and value.numel() <= _SNAPSHOT_LIMIT:
        try:
            copy = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=value.device)
            return copy.copy_(value.detach())
        except RuntimeError:  # elements share memory, as in an expanded tensor: no copy has its strides
            return value.detach().clone()
    if kind is np.ndarray and value.size <= _SNAPSHOT_LIMIT:
        return value.copy(order="K")
    if kind in (list, tuple):
        return kind(_snapshot(item) for item in value)
    if kind is dict:
        return {key: _snapshot(item) for key, item in value.items()}
    return value
