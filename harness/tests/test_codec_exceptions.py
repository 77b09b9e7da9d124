from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, NoReturn

import _pytest.outcomes
import hypothesis.errors
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness import errors
from harness.data.codec.exceptions import LONGEST_MESSAGE, describe, rebuild
from harness.errors import CodecError
from harness.tests.codec_round_trip import there


class _OwnError(ValueError):
    pass


class _OwnKeyError(KeyError):
    pass


class _Picky(Exception):  # noqa: N818
    def __init__(self, one: int, two: int) -> None:
        super().__init__(one, two)


class _Speechless(Exception):  # noqa: N818
    def __str__(self) -> NoReturn:
        raise ZeroDivisionError


def _raised(call: Any) -> Exception:
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def _back(error: BaseException) -> Exception:
    return rebuild(there(describe(error)))


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a", 3),
        IndexError(),
        KeyError("a"),
        KeyError(("a", 1)),
        StopIteration(3),
        AssertionError("differs"),
        RecursionError("deep"),
        _raised(lambda: b"\xff".decode()),
        _raised(Path("nowhere").read_bytes),
        torch.OutOfMemoryError("full"),
        vars(torch.linalg)["LinAlgError"]("singular"),
        errors.ToDo("line 3"),
        errors.RequirementMissing("gpu"),
        errors.ChannelClosed("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_known_exceptions_come_back_as_themselves(error: Exception) -> None:
    """Built-in exceptions, torch's and the harness's keep their class and their message."""
    back = _back(error)
    assert isinstance(back, type(error))
    assert str(back) == str(error)
    assert type(back).__name__ == type(error).__name__


def test_plain_arguments_come_back() -> None:
    """What a built-in exception carries besides its message is there again: the key, the error number, the value."""
    assert _back(KeyError(3)).args == (3,)
    lost = _back(FileNotFoundError(errno.ENOENT, "no such file", "x"))
    assert isinstance(lost, FileNotFoundError)
    assert (lost.errno, lost.filename) == (errno.ENOENT, "x")
    stop = _back(StopIteration(5))
    assert isinstance(stop, StopIteration)
    assert stop.value == 5


@pytest.mark.parametrize(
    "error", [_OwnError("bad"), _OwnKeyError("k"), _Picky(1, 2), ExceptionGroup("both", [ValueError()])]
)
def test_other_exceptions_come_back_under_their_nearest_known_base(error: Exception) -> None:
    """A class that only the worker has becomes one of the same name, under the nearest base that the judge trusts."""
    back = _back(error)
    assert type(back) is not type(error)
    assert type(back).__qualname__ == type(error).__qualname__
    assert type(back).__module__ == type(error).__module__
    assert str(back) == str(error)
    for base in (ValueError, KeyError):
        assert isinstance(back, base) == isinstance(error, base)


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(0),
        KeyboardInterrupt(),
        GeneratorExit(),
        errors.Alarm("late"),
        _pytest.outcomes.Skipped("not today"),
        _pytest.outcomes.XFailed("as expected"),
        _pytest.outcomes.Exit("now"),
        hypothesis.errors.UnsatisfiedAssumption(),
        hypothesis.errors.StopTest(0),
    ],
    ids=lambda error: type(error).__name__,
)
def test_nothing_that_ends_or_skips_a_test_comes_back(error: BaseException) -> None:
    """What would end the judge, skip a test or reject an example comes back as an ordinary exception of that name."""
    back = _back(error)
    assert isinstance(back, Exception)
    assert type(back).__name__ == type(error).__name__
    assert not isinstance(back, type(error))


def test_one_class_comes_back_as_one_class() -> None:
    """Or Hypothesis would take the same exception, raised twice, for two, and a wrong answer for a flaky one."""

    groups = ExceptionGroup("a", [ValueError()]), ExceptionGroup("b", [KeyError()])
    for first, second in ((_OwnError("a"), _OwnError("b")), groups):
        one, two = rebuild(describe(first)), rebuild(describe(second))
        assert type(one) is type(two)
        assert (str(one), str(two)) == (str(first), str(second))


def test_notes_come_back() -> None:
    """Notes arrive, as many as are shown; what is no text among them does not."""
    error = ValueError("a")
    for number in range(20):
        error.add_note(f"note {number}")
    assert _back(error).__notes__ == [f"note {number}" for number in range(16)]
    error.__notes__ = [3, "x"]  # type: ignore[list-item]
    assert _back(error).__notes__ == ["x"]
    error.__notes__ = "no list"  # type: ignore[assignment]
    assert not hasattr(_back(error), "__notes__")


def test_long_messages_are_cut() -> None:
    """A message of megabytes arrives as its beginning."""
    message = str(_back(ValueError("x" * 10**7)))
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("(cut)")


def test_an_exception_that_cannot_tell_is_described_all_the_same() -> None:
    """An exception whose __str__ fails has a message that says so."""
    assert str(_back(_Speechless())) == "(no message: its __str__ raised ZeroDivisionError)"


def test_arguments_that_are_not_plain_stay_behind() -> None:
    """An exception with a tensor in it arrives with its message alone."""
    back = _back(KeyError(torch.ones(1)))
    assert isinstance(back, KeyError)
    assert str(back) == "tensor([1.])"


def _description(**parts: object) -> dict[str, object]:
    return {"names": [("builtins", "ValueError")], "message": "m", "notes": [], "arguments": None, **parts}


@pytest.mark.parametrize(
    "name",
    [
        ("builtins", "eval"),
        ("builtins", "exit"),
        ("builtins", "int"),
        ("builtins", "SystemExit"),
        ("builtins", "BaseException"),
        ("os", "system"),
        ("torch", "load"),
        ("torch", "Tensor"),
        ("torch.nowhere", "Error"),
        ("torch.hub", "HTTPError"),
        ("torch", "__getattr__"),
        ("harness.errors", "Alarm"),
        ("a b", "c.d.e"),
    ],
)
def test_names_are_only_names(name: tuple[str, str]) -> None:
    """Whatever a name means elsewhere, it becomes the name of an ordinary exception."""
    back = rebuild(_description(names=[name]))
    assert type(back).__mro__[1:] == (Exception, BaseException, object)
    assert (type(back).__module__, type(back).__qualname__) == name
    assert str(back) == "m"


def test_bases_that_do_not_fit_are_passed_over() -> None:
    """Bases out of order, twice or made up do no harm: the first that is known counts."""
    names = [("a", "B"), ("builtins", "object"), ("builtins", "KeyError"), ("builtins", "OSError"), ("a", "B")]
    back = rebuild(_description(names=names))
    assert isinstance(back, KeyError)
    assert not isinstance(back, OSError)
    assert str(back) == "m"


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"names": [("builtins", "ValueError")]},
        _description(names=[]),
        _description(names=[("builtins", "ValueError")] * 100),
        _description(names=["ValueError"]),
        _description(names=[("builtins",)]),
        _description(names=[("builtins", 3)]),
        _description(names=[("builtins", "x" * 1000)]),
        _description(names=[("builtins", "a\0b")]),
        _description(names=[("", "a")]),
        _description(message=3),
        _description(message="x" * (LONGEST_MESSAGE + 1)),
        _description(notes=[3]),
        _description(notes=("a",)),
        _description(notes=["a"] * 100),
        _description(arguments=()),
        _description(arguments=[[]]),
        _description(arguments=["x"] * 100),
        _description(arguments=["x" * (LONGEST_MESSAGE + 1)]),
    ],
)
def test_malformed_descriptions_are_refused(data: object) -> None:
    """What describe does not give, rebuild does not take."""
    with pytest.raises(CodecError):
        rebuild(data)


_names = (
    st.sampled_from(["builtins", "torch", "harness.errors", "os", "ValueError", "OSError", "eval", "ToDo"]) | st.text()
)
_scalars = st.none() | st.text(max_size=5) | st.integers() | st.binary(max_size=5)


@given(
    names=st.lists(st.tuples(_names, _names), max_size=4),
    message=_scalars,
    notes=st.lists(_scalars, max_size=2),
    arguments=st.none() | st.lists(_scalars, max_size=6),
)
def test_any_description_is_an_exception_or_refused(**parts: object) -> None:
    """No description does anything but become an exception or raise CodecError."""
    try:
        back = rebuild(_description(**parts))
    except CodecError:
        return
    assert isinstance(back, Exception)
    assert str(back) == parts["message"]


def test_only_classes_that_are_there_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is none, under torch's name, is not looked into."""
    monkeypatch.setitem(__import__("sys").modules, "torch.strange", None)
    assert type(rebuild(_description(names=[("torch.strange", "Error")]))).__mro__[1] is Exception
