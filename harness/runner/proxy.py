"""The fixture `impl`: the one way by which a spec touches an implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.runner.handles import Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.runner.session import Session


class Impl:
    """What a spec sees of an implementation: `impl.join_rows(a, b)` calls its `join_rows`.

    Names of exercises are looked up in the implementation; all others stand here.

    Args:
        session: checks, shows and seeds the calls, and has them carried out.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return _caller(self._session, name, Target("exercise", name))

    def __repr__(self) -> str:
        return f"<{self._session.label}>"

    @property
    def probes(self) -> Probes:
        """The functions of the kata's `probes.py`, each called without its first argument, the module."""
        return Probes(self._session)

    def folder(self) -> Path:
        """Gives a new empty folder that spec and implementation share. It is removed after the module's last test."""
        return self._session.folder()

    def fresh(self) -> Impl:
        """Gives the same implementation anew, as another process would see it; folders stay shared, handles do not."""
        return Impl(self._session.fresh())

    def kill_after(self, seconds: float, call: Callable[[], object]) -> None:
        """Starts a call and kills the process that runs it after so many seconds; what it left in files stays."""
        self._session.kill_after(seconds, call)


class Probes:
    """The probes of a kata: `impl.probes.gradients(x)` calls `gradients(module, x)` beside the implementation.

    Args:
        session: has the calls carried out.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _caller(self._session, f"probes.{name}", Target("probe", name))


def session_behind(impl: Impl) -> Session:
    """The session that a spec's `impl` stands for."""
    # No method: every public name of an `Impl` but the four documented ones belongs to the exercises.
    return impl._session


def _caller(session: Session, name: str, target: Target) -> Callable[..., Any]:
    def caller(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return session.call(lambda: name, target, args, kwargs)

    return caller
