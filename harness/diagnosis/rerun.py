"""Looks at the single examples of a test: which fail, and how else the answer is wrong on further ones."""

from __future__ import annotations

import inspect
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = 30
"""At most so many."""

SECONDS = 0.3
"""No more examples once so much time is up."""


@contextmanager
def failures_noted(test: Callable[..., object], note: Callable[[BaseException], None]) -> Iterator[None]:
    """Has each failure of a test of Hypothesis's noted within the block, of which pytest hears but the last.

    Args:
        test: as pytest found it. Nothing happens to one of another kind.
        note: told of each failure.
    """
    handle: Any = getattr(test, "hypothesis", None)
    if handle is None:
        yield
        return
    inner = handle.inner_test

    def noting(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        try:
            inner(*args, **kwargs)
        except BaseException as error:
            if _is_failure(error):
                note(error)
            raise

    handle.inner_test = noting
    try:
        yield
    finally:
        handle.inner_test = inner


def _is_failure(error: BaseException) -> bool:
    """Whether an exception is a test's; what Hypothesis raises is meant for itself."""
    return not isinstance(error, KeyboardInterrupt) and not type(error).__module__.startswith("hypothesis.")


def run_again(test: Callable[..., object], arguments: dict[str, Any], note: Callable[[BaseException], None]) -> None:
    """Runs a test of Hypothesis's on fresh examples, whatever comes of them. A test of another kind is left alone.

    The smallest failing example is often so simple that several mistakes give the same wrong result for it.

    Args:
        test: as pytest found it.
        arguments: all fixtures and parameters that it may ask for.
        note: told of each failure.
    """
    handle: Any = getattr(test, "hypothesis", None)
    before: Any = getattr(test, _SETTINGS, None)
    if handle is None or before is None:
        return
    from hypothesis import HealthCheck, Phase, settings

    inner, end = handle.inner_test, time.monotonic() + SECONDS

    def lenient(*args: Any, **kwargs: Any) -> None:
        if time.monotonic() > end:
            return
        try:
            inner(*args, **kwargs)
        except BaseException as error:
            if not _is_failure(error):
                raise
            note(error)

    # Without the database, which would forget the failing example that it now sees pass.
    quiet = settings(
        before,
        max_examples=EXAMPLES,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    handle.inner_test = lenient
    setattr(test, _SETTINGS, quiet)
    try:
        test(**{name: arguments[name] for name in inspect.signature(test).parameters})
    except Exception:  # noqa: S110 - Hypothesis gives up where a test rejects too much
        pass
    finally:
        handle.inner_test = inner
        setattr(test, _SETTINGS, before)


_SETTINGS = "_hypothesis_internal_use_settings"
