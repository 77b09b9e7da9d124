"""The last call from a spec into an implementation, kept for the message should the result be wrong.

The fixture `impl` records every call, and writing a call down costs more than most calls do. So what is kept is a
function that writes it down when somebody asks. The arguments have to look as they did before the call: where a call
may change them, the function that is recorded holds copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_last: Callable[[], str] | None = None
_gave_none = False


def record(text_thunk: Callable[[], str]) -> None:
    """Keeps a call as the last one.

    Args:
        text_thunk: gives the call's text; it runs only if a message needs it.
    """
    global _last, _gave_none
    _last, _gave_none = text_thunk, False


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
    global _last, _gave_none
    _last, _gave_none = None, False
