"""One implementation while specs judge it: what the harness drives, and what stands behind the fixture `impl`."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.catalogue.source.signatures import reference_signatures
from harness.data.copying import snapshot
from harness.data.crossing import check_argument
from harness.data.literals import UNKNOWN, call_text
from harness.errors import CatalogueError, LimitExceeded, SpecError
from harness.runner import last_call, seeds
from harness.runner.handles import Handle, Target, session_of
from harness.runner.host import LocalHost
from harness.runner.locations import location_of, remember
from harness.runner.request import Request

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable

    from harness.model import Exercise, Implementation, Kata, Location
    from harness.runner.host import Host


class Session:
    """Checks, shows and seeds each call into one implementation, and has a host carry it out.

    Every call is checked (plain data and handles only), kept (so that a failing check can show it) and seeded here.

    Args:
        host: carries requests out.
        base: the run's folder, in which all folders lie that spec and implementation share.
        label: how the implementation is called in reports.
        signatures: returns those of the reference, by name; its file is read when a message first needs them.

    Attributes:
        judged: the exercise that calls judge at present.
    """

    def __init__(
        self, host: Host, base: Path, label: str, signatures: Callable[[], dict[str, inspect.Signature]]
    ) -> None:
        self.base = base
        self.label = label
        self.judged: Exercise | None = None
        self._host = host
        self._signatures = signatures
        self._exceeded: dict[str, tuple[LimitExceeded, Location | None]] = {}

    @classmethod
    def start(cls, kata: Kata, implementation: Implementation, host: Callable[[Path], Host] | None = None) -> Session:
        """Makes the session of an implementation, and the run's folder.

        Args:
            kata: whose spec is running.
            implementation: the code under test.
            host: given the run's folder, what carries requests out. Without it they are carried out in this process.
        """
        base = Path(tempfile.mkdtemp(prefix=f"kata-{kata.topic}-"))
        made = host(base) if host else LocalHost(kata, implementation)
        return cls(made, base, implementation.label, cache(partial(_signatures_of, kata)))

    @property
    def host(self) -> Host:
        """What carries requests out."""
        return self._host

    def record(self, recording: Callable[[Host], Host]) -> None:
        """From now on has requests carried out by what `recording` makes of the host."""
        self._host = recording(self._host)

    def judge(self, exercise: Exercise | None) -> None:
        """Says which exercise the calls that follow judge; the last call is forgotten."""
        self.judged = exercise
        last_call.forget()

    def touched(self) -> bool | None:
        """Whether a distorted implementation really changed a result so far; None where it is not distorted."""
        return self._host.touched()

    def close(self) -> None:
        """Ends the implementation, and removes the run's folder."""
        self._host.end()
        shutil.rmtree(self.base, ignore_errors=True)

    def folder(self) -> Path:
        """A new empty folder in the run's."""
        return Path(tempfile.mkdtemp(dir=self.base))

    def fresh(self) -> Session:
        """The same implementation anew, as another process would see it; folders stay shared, handles do not."""
        other = Session(self._host.anew(), self.base, self.label, self._signatures)
        other.judged, other._exceeded = self.judged, self._exceeded  # nobody waits again for what ran out of time
        return other

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Starts a call and kills the process that runs it after so many seconds; what it left in files stays."""
        self._host.kill_after(seconds, call)

    def call(self, name: Callable[[], str], target: Target, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls an object of the implementation.

        Args:
            name: gives the object's text.
            target: the object.
            args: positional arguments: plain data and handles.
            kwargs: keyword arguments, likewise.
        """
        __tracebackhide__ = True
        # The text is made later, with the arguments as they are now: the call may change them.
        kept_args, kept_kwargs = snapshot(args), snapshot(kwargs)

        def text() -> str:
            signature = self._signatures().get(target.value) if target.kind == "exercise" else None
            named = with_names(signature, kept_args, kept_kwargs) if signature else (kept_args, kept_kwargs)
            return call_text(name(), *named)

        result = self.perform("call", target, args, kwargs, text=text)
        if result is None and target.kind == "exercise":
            last_call.note_none()
        return result

    def kind(self, target: object) -> str:
        """The type of an object of the implementation, in words. It is asked for only where a message needs it."""
        try:
            kind = self._host.perform(Request("kind", Target("object", target), handle=lambda _: None))
        except (Exception, LimitExceeded):  # whatever keeps it from telling is not what the message is about
            return UNKNOWN
        return kind if type(kind) is str else UNKNOWN

    def perform(
        self,
        operation: str,
        target: Target,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        text: Callable[[], str],
    ) -> Any:
        """Has one operation carried out, and keeps its text for a message.

        Raises:
            SpecError: an argument is neither plain data nor a handle of this implementation.
            LimitExceeded: the call took too long or too much memory, or an earlier one of this exercise did.
            Exception: what the implementation raised.
        """
        __tracebackhide__ = True
        last_call.record(text)
        for where, value in (*enumerate(args, start=1), *kwargs.items()):
            check_argument(value, folder=self.base, where=f"argument {where}", is_handle=self._owns)
        name = self.judged.name if self.judged else ""
        if name not in self._exceeded:  # once is enough: nobody waits ten seconds for each of a hundred examples
            seed = seeds.call_seeds.getrandbits(63)
            try:
                return self._host.perform(
                    Request(operation, target, args, kwargs, seed, self.judged, lambda made: Handle(self, made, text))
                )
            except LimitExceeded as error:
                error.call = last_call.last_call()  # not `text`: a spec may show another one
                self._exceeded[name] = error, location_of(error)
        exceeded, location = self._exceeded[name]
        if location:
            remember(exceeded, location)
        # Raised here, the first time and later: Hypothesis tells failures apart by where they come from.
        raise exceeded.with_traceback(None)

    def _owns(self, value: object) -> bool:
        if type(value) is not Handle:
            return False
        if session_of(value) is not self:
            raise SpecError(f"the handle {value!r} belongs to another process: use it with the impl that gave it")
        return True


def with_names(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, those of optional parameters by name: nobody knows what `None, 0` stands for.

    >>> import inspect
    >>> with_names(inspect.signature(lambda logits, labels, weight=None, ignore=-1: 0), (1, 2, None, 0), {})
    ((1, 2), {'weight': None, 'ignore': 0})
    """
    parameters = list(signature.parameters.values())
    optional = (i for i, each in enumerate(parameters) if each.default is not each.empty and _may_be_named(each))
    first = next(optional, len(args))
    named = parameters[first : len(args)]
    if len(args) > len(parameters) or not all(_may_be_named(each) and each.name not in kwargs for each in named):
        return args, kwargs  # as the spec wrote it
    return args[:first], {each.name: value for each, value in zip(named, args[first:], strict=True)} | kwargs


def _may_be_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind is parameter.POSITIONAL_OR_KEYWORD


def _signatures_of(kata: Kata) -> dict[str, inspect.Signature]:
    try:
        found = reference_signatures(kata.solution.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, CatalogueError):  # a message about a call is no place to complain of the solution
        return {}
    return {name: each.parameters for name, each in found.items() if each.parameters is not None}
