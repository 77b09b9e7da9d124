"""The last call from a spec into an implementation, kept for the message should the result be wrong.

The fixture `impl` records every call, and writing a call down costs more than most calls do. So what is kept is a
function that writes it down when somebody asks. The arguments have to look as they did before the call: where a call
may change them, the function that is recorded holds copies.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_last: Callable[[], str] | None = None
_shown: Callable[[], str] | None = None
_gave_none = False
_called = False  # within the innermost block of `showing`
_printed_before = 0  # bytes of captured output at the beginning of the call


def record(text_thunk: Callable[[], str]) -> None:
    """Keeps a call as the last one.

    Args:
        text_thunk: gives the call's text; it runs only if a message needs it.
    """
    global _last, _gave_none, _called, _printed_before
    if _shown is None or not _called:  # all calls of a block are shown as one
        _printed_before = _captured()
    _last, _gave_none, _called = _shown or text_thunk, False, True


def _captured() -> int:
    """Bytes that pytest has captured of the current test; 0 where it captures nothing."""
    try:
        return sys.stdout.buffer.tell()
    except (AttributeError, OSError, ValueError):
        return 0


def printed(captured: str) -> str:
    """Of what was captured of a test, what came since the last recorded call began."""
    return captured.encode()[_printed_before:].decode(errors="replace")


@contextmanager
def showing(text: str | Callable[[], str]) -> Iterator[None]:
    """Has messages show this text for every call within the block, and after it until the next call.

    Around comparisons alone, without a call, it holds within the block only.

    Args:
        text: what a learner could paste, or a function that returns it; that runs only if a message needs it.

    >>> with showing("double(21)"):
    ...     record(lambda: "probes.run('double', 21)")
    >>> last_call()
    'double(21)'
    >>> forget()
    """
    global _last, _shown, _gave_none, _called
    before, last, gave_none, called = _shown, _last, _gave_none, _called
    _shown = (lambda: text) if isinstance(text, str) else text
    _last, _gave_none, _called = _shown, False, False
    try:
        yield
        if not _called:  # where a comparison fails, the text stays: whoever reports that asks for it later
            _last, _gave_none = last, gave_none
    finally:
        _shown, _called = before, _called or called


def note_none() -> None:
    """Keeps that the last call, of an exercise itself, gave None."""
    global _gave_none
    _gave_none = True


def gave_none() -> bool:
    """Whether the last recorded call is one of an exercise itself that gave None."""
    return _gave_none


def last_call() -> str | None:
    """The text of the last recorded call, or None where there is none.

    >>> record(lambda: "double(21)")
    >>> last_call()
    'double(21)'
    >>> forget()
    >>> last_call() is None
    True
    """
    return None if _last is None else _last()


def forget() -> None:
    """Drops the recorded call, and with it the arguments that it holds."""
    global _last, _shown, _gave_none
    _last, _shown, _gave_none = None, None, False
