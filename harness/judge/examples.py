"""What a spec's author wrote out for a test to try: new for every answer, since the last one may have changed it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


@contextmanager
def unspoiled(test: pytest.Function) -> Iterator[None]:
    """Lets a test have copies of its explicit examples and parameters, and puts the originals back afterwards.

    A wrong answer that writes into its arguments would otherwise change what the next answer is judged by.
    """
    written: list[Any] = getattr(test.obj, "hypothesis_explicit_examples", [])
    originals = list(written)
    written[:] = [type(each)(_copy(each.args), _copy(each.kwargs), each.raises, each.reason) for each in originals]
    parameters = test.callspec.params if hasattr(test, "callspec") else {}
    for name, value in parameters.items():
        if test.funcargs.get(name) is value:  # not what an indirect fixture made of it
            test.funcargs[name] = _copy(value)
    try:
        yield
    finally:
        written[:] = originals


def _copy(value: Any) -> Any:
    from harness.data.copying import NotCopied, copy_data

    try:
        return copy_data(value, lambda other: other)
    except NotCopied:
        return value
