"""Exceptions as plain data and back. The data may come from code that lies: it names classes, and never makes one run.

An exception comes back as its own class where that is a built-in one, the harness's or torch's. Where it is not, it
comes back as a class of the same name that is made for it, under the nearest of its bases that does come back; so
neither pytest's skip nor Hypothesis's reject can be thrown at the judge.
"""

from __future__ import annotations

import builtins
import itertools
import sys
from functools import lru_cache
from typing import Any

from harness import errors
from harness.errors import CodecError

LONGEST_MESSAGE = 64 * 1024
"""Characters of a message or a note; beyond them it is cut."""

_LONGEST_NAME = 200
_MOST_NOTES = 16
_MOST_BASES = 32
_MOST_ARGUMENTS = 8
_ATOMS = (type(None), bool, int, float, str, bytes)
_CUT = "… (cut)"


def describe(error: BaseException) -> dict[str, Any]:
    """Puts an exception into plain data.

    Args:
        error: as it was raised; its own code may run (`__str__`), and may fail.

    Returns:
        `names`: (module, qualified name) of its class and of the bases, nearest first; `message`; `notes`; `arguments`:
        those of a built-in exception, where they are plain, such as the key of a `KeyError`.
    """
    names = [_name_of(kind) for kind in itertools.islice(type(error).__mro__, _MOST_BASES) if kind is not object]
    notes = getattr(error, "__notes__", ())
    return {
        "names": names,
        "message": _message_of(error),
        "notes": [_cut(note) for note in notes[:_MOST_NOTES] if type(note) is str] if type(notes) is list else [],
        "arguments": _arguments_of(error),
    }


def _name_of(kind: type) -> tuple[str, str]:
    return str(kind.__module__)[:_LONGEST_NAME], kind.__qualname__[:_LONGEST_NAME]


def _message_of(error: BaseException) -> str:
    try:
        return _cut(str(error))
    except Exception as failure:
        return f"(no message: its __str__ raised {type(failure).__name__})"


def _cut(text: str) -> str:
    return str.__str__(text) if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - len(_CUT)] + _CUT


def _arguments_of(error: BaseException) -> list[Any] | None:
    if isinstance(error, errors.KataError | AssertionError) or _known(*_name_of(type(error))) is not type(error):
        return None
    arguments = list(error.args)
    if isinstance(error, OSError) and error.filename is not None:
        arguments = [error.errno, error.strerror, error.filename]
    return arguments if _are_plain(arguments) else None


def _are_plain(arguments: list[Any]) -> bool:
    return len(arguments) <= _MOST_ARGUMENTS and all(
        type(argument) in _ATOMS and len(argument if isinstance(argument, str | bytes) else "") <= LONGEST_MESSAGE
        for argument in arguments
    )


def rebuild(data: object) -> Exception:
    """Makes an exception of what `describe` gave.

    Args:
        data: as it was decoded.

    Raises:
        CodecError: it is no description of an exception.
    """
    names, message, notes, arguments = _checked(data)
    error = _made(names, message, arguments)
    for note in notes:
        error.add_note(note)
    return error


def _checked(data: Any) -> tuple[list[tuple[str, str]], str, list[str], list[Any]]:
    if type(data) is not dict or set(data) != {"names", "message", "notes", "arguments"}:
        raise CodecError("not the description of an exception")
    names, message, notes, arguments = data["names"], data["message"], data["notes"], data["arguments"]
    if type(names) is not list or not 1 <= len(names) <= _MOST_BASES or not all(map(_is_name, names)):
        raise CodecError("an exception without proper names")
    if not _is_text(message) or type(notes) is not list or len(notes) > _MOST_NOTES or not all(map(_is_text, notes)):
        raise CodecError("an exception without a proper message")
    if arguments is None:
        arguments = [message]
    if type(arguments) is not list or not _are_plain(arguments):
        raise CodecError("an exception without proper arguments")
    return names, message, notes, arguments


def _is_text(value: object) -> bool:
    return type(value) is str and len(value) <= LONGEST_MESSAGE


def _is_name(value: object) -> bool:
    return (
        type(value) is tuple
        and len(value) == 2
        and all(type(part) is str and 0 < len(part) <= _LONGEST_NAME and "\0" not in part for part in value)
    )


def _known(module: str, name: str) -> type[Exception] | None:
    """The exception class of that name that may come back as itself. Only dictionaries are read: no `__getattr__`."""
    if module == "builtins":
        space: dict[str, Any] = vars(builtins)
    elif module == errors.__name__:
        space = vars(errors)
    elif module == "torch" or module.startswith("torch."):
        space = getattr(sys.modules.get(module), "__dict__", {})
    else:
        return None
    found = space.get(name)
    is_it = isinstance(found, type) and issubclass(found, Exception) and _name_of(found) == (module, name)
    return found if is_it else None


def _made(names: list[tuple[str, str]], message: str, arguments: list[Any]) -> Exception:
    module, name = names[0]
    for number, base in enumerate([*itertools.starmap(_known, names), Exception]):
        if base is None:
            continue
        made = _try(base, arguments) if number == 0 else None
        if made is None or str(made) != message:
            made = _try(_kind(name, module, base), [message])  # type: ignore[arg-type]
        if made is not None:
            return made
    raise CodecError("an exception that cannot be made")  # pragma: no cover - a class under Exception always can


def _try(kind: type[Exception], arguments: list[Any]) -> Exception | None:
    try:
        made = kind(*arguments)
        return made if isinstance(made, kind) and type(str(made)) is str else None
    except Exception:
        return None


@lru_cache(maxsize=256)
def _kind(name: str, module: str, base: type[Exception]) -> type[Exception]:
    """A class for exceptions whose message is the one that was sent, whatever the base makes of it.

    The same one each time: to Hypothesis, exceptions of two classes are two failures, and a test that fails in another
    way when it is repeated is flaky.
    """
    space = {"__module__": module, "__qualname__": name, "__init__": _take_arguments, "__str__": _sent_message}
    return type(name.rpartition(".")[2], (base,), space)


def _take_arguments(error: Exception, *arguments: object) -> None:
    error.args = arguments


def _sent_message(error: Any) -> Any:
    return error.args[0]
