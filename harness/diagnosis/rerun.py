"""Runs a test that has failed on further examples, to see how else the answer is wrong."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = 30
"""At most so many."""

SECONDS = 0.3
"""No more examples once so much time is up."""


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
            # What Hypothesis raises is meant for itself; pytest's failures are no `Exception`.
            if isinstance(error, KeyboardInterrupt) or type(error).__module__.startswith("hypothesis."):
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
