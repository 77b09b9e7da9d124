"""Comparisons that explain themselves: what was called, what should have come out, what did, and where the two differ.

They are strict. Types are compared exactly, so a tensor subclass or an object that is equal to everything gains
nothing, and neither does NaN. Each raises `Mismatch`. Where `called` is not given, the message shows the last call into
the implementation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import torch

from harness.data.comparing import has_memory, share_memory, tensor_difference, value_difference
from harness.data.literals import summary
from harness.errors import KataError, SpecError
from harness.runner.last_call import gave_none, last_call

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from harness.spec.tolerances import Tolerance

_MOST_CHARACTERS = 400  # of an exception's message


class Mismatch(AssertionError):  # noqa: N818 - reads as what it says
    """A result is not what the spec asks for.

    Attributes:
        call: the call that gave the result, as a learner could paste it.
        expected: what it should have given.
        got: what it gave.
        difference: where, and by how much, the two differ.
        values: what came out and what should have, where both are known; for guesses, not for reports.
        about: what was compared.
    """

    values: tuple[object, object] | None = None
    about: Literal["result", "unchanged", "shared", "own"] = "result"

    def __init__(
        self,
        difference: str | None = None,
        *,
        call: str | None = None,
        expected: str | None = None,
        got: str | None = None,
    ) -> None:
        super().__init__(difference)
        self.difference = difference
        self.call = call
        self.expected = expected
        self.got = got

    def __str__(self) -> str:
        rows = [("called", self.call), ("expected", self.expected), ("got", self.got)]
        lines = [f"{label + ':':<10}" + text.replace("\n", "\n" + " " * 10) for label, text in rows if text]
        return "\n".join([self.difference or "not as expected", *lines])


def assert_tensor(
    actual: object,
    expected: Tensor,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    tolerance: Tolerance | None = None,
    equal_nan: bool = False,
    called: str | None = None,
) -> None:
    """Passes if `actual` is a plain tensor with the dtype, shape, device and values of `expected`.

    Args:
        actual: what the implementation returned.
        expected: a plain tensor of any shape.
        rtol: how far a value may be off, as a part of the expected one. None: what `torch.testing` allows this dtype.
        atol: how far a value may be off whatever the expected one is. None: as above.
        tolerance: both of them for each dtype, such as `ALL_DIGITS`, instead of rtol and atol.
        equal_nan: whether NaN is right where NaN is expected.
        called: the call's text. None: the last call into the implementation.

    >>> assert_tensor(torch.ones(2) / 3, torch.tensor([0.3333333, 0.3333333]))
    >>> assert_tensor(torch.ones(2), torch.ones(2, 1), called="twos()")
    Traceback (most recent call last):
    ...
    harness.spec.asserts.Mismatch: the shape is (2,), and should be (2, 1)
    called:   twos()
    expected: tensor([[1.0], [1.0]], dtype=float32, shape=(2, 1))
    got:      tensor([1.0, 1.0], dtype=float32, shape=(2,))
    """
    __tracebackhide__ = True
    if type(expected) is not torch.Tensor:
        raise SpecError(f"assert_tensor expects a plain tensor, not a {type(expected).__name__}: use assert_value")
    if tolerance is not None:
        _not_both(rtol, atol)
        rtol, atol = tolerance.limits(expected.dtype)
    difference = tensor_difference(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if difference is not None:
        _fail(difference, summary(expected), summary(actual), called, values=(actual, expected))


def assert_value(
    actual: object,
    expected: object,
    *,
    rtol: float = 0.0,
    atol: float = 0.0,
    tolerance: Tolerance | None = None,
    called: str | None = None,
) -> None:
    """Passes if `actual` is the plain data that `expected` is, down to the types: True is not 1, nor 1 the same as 1.0.

    Args:
        actual: what the implementation returned.
        expected: numbers, strings, bytes, None, dtypes, devices, sizes, slices, paths, arrays, tensors, and lists,
            tuples, sets and dicts of them.
        rtol: how far a float may be off, as a part of the expected one.
        atol: how far a float may be off whatever the expected one is. Where both are 0, tensors and arrays of floats
            inside still have the tolerance of `assert_tensor`.
        tolerance: both of them for each dtype, such as `EXACT`, instead of rtol and atol. Python's own floats have
            those of float64.
        called: the call's text. None: the last call into the implementation.

    >>> assert_value({"a": (1, 2.0)}, {"a": (1, 2.0)})
    >>> assert_value([1, True], [1, 1], called="ones()")
    Traceback (most recent call last):
    ...
    harness.spec.asserts.Mismatch: at [1]: the type is bool, and should be int
    called:   ones()
    expected: [1, 1]
    got:      [1, True]
    """
    __tracebackhide__ = True
    limits = None
    if tolerance is not None:
        _not_both(rtol, atol)
        limits = tolerance.limits
        rtol, atol = (limit or 0.0 for limit in limits(torch.float64))
    difference = value_difference(actual, expected, rtol=rtol, atol=atol, limits=limits)
    if difference is not None:
        _fail(difference, summary(expected), summary(actual), called, values=(actual, expected))


def assert_raises(  # noqa: RET503 - it ends by a call that does not return
    exception_type: type[BaseException] | tuple[type[BaseException], ...],
    callable: Callable[..., object],  # noqa: A002 - the word that fits
    *args: Any,
    match: str | None = None,
    called: str | None = None,
    **kwargs: Any,
) -> BaseException:
    """Passes if the call raises what it should, and gives the exception.

    Args:
        exception_type: what the exception must be an instance of.
        callable: what to call.
        *args: its positional arguments.
        match: a regular expression to be found in the exception's message.
        called: the call's text. None: the last call into the implementation.
        **kwargs: its keyword arguments.

    >>> assert_raises(ValueError, int, "seven", match="invalid literal")
    ValueError("invalid literal for int() with base 10: 'seven'")
    """
    __tracebackhide__ = True
    types = exception_type if isinstance(exception_type, tuple) else (exception_type,)
    name = " or ".join(kind.__name__ for kind in types)
    wanted = name if match is None else f"{name} with a message that matches {match!r}"
    try:
        result = callable(*args, **kwargs)
    except Exception as error:
        if isinstance(error, KataError) and not any(issubclass(kind, KataError) for kind in types):
            raise  # the harness speaks: to do, forbidden, out of time
        message = str(error)[:_MOST_CHARACTERS]
        got = f"{type(error).__name__}: {message}"
        if not isinstance(error, types):
            _fail(f"should raise {name}, but raised {got}", wanted, got, called, cause=error)
        if match is not None and not re.search(match, str(error)):
            _fail(f"the message {message!r} does not match {match!r}", wanted, got, called, cause=error)
        return error
    _fail(f"should raise {name}, but raised nothing", wanted, summary(result), called)


def assert_unchanged(argument: Tensor, before: Tensor, name: str, *, called: str | None = None) -> None:
    """Passes if a call left its argument alone, NaN included.

    Args:
        argument: what was passed to the call.
        before: a copy of it, made before the call.
        name: the parameter's name, for the message.
        called: the call's text. None: the last call into the implementation.

    >>> x = torch.zeros(2)
    >>> before = x.clone()
    >>> y = x + 1
    >>> assert_unchanged(x, before, "x")
    """
    __tracebackhide__ = True
    difference = tensor_difference(argument, before, rtol=0.0, atol=0.0, equal_nan=True)
    if difference is not None:
        fail_unchanged(difference, argument, before, name, called=called)


def fail_unchanged(
    difference: str, argument: object, before: object, name: str, *, called: str | None = None
) -> NoReturn:
    """Says that a call did not leave its argument alone."""
    __tracebackhide__ = True
    difference = f"the call changed its argument {name}: {difference}"
    wanted, got = f"{name} as before: {summary(before)}", f"{name} afterwards: {summary(argument)}"
    _fail(difference, wanted, got, called, about="unchanged")


def assert_shares_memory(result: object, argument: object, name: str, *, called: str | None = None) -> None:
    """Passes if a change of one is seen in the other: `result` has elements in the memory of `argument`.

    Args:
        result: what the call returned, a tensor or an array.
        argument: what was passed to the call, a tensor or an array.
        name: the parameter's name, for the message.
        called: the call's text. None: the last call into the implementation.

    >>> x = torch.zeros(2, 2)
    >>> assert_shares_memory(x.T, x, "x")
    """
    __tracebackhide__ = True
    common = _common_memory(result, argument, name, called)
    if common is False:
        difference = f"the result is a copy: it shares no memory with {name}"
        _fail(difference, f"a result in the memory of {name}", summary(result), called, about="shared")


def assert_own_memory(result: object, argument: object, name: str, *, called: str | None = None) -> None:
    """Passes if no change of one is seen in the other: `result` has no element in the memory of `argument`.

    Args:
        result: what the call returned, a tensor or an array.
        argument: what was passed to the call, a tensor or an array.
        name: the parameter's name, for the message.
        called: the call's text. None: the last call into the implementation.

    >>> x = torch.zeros(2, 2)
    >>> assert_own_memory(x + 0, x, "x")
    """
    __tracebackhide__ = True
    common = _common_memory(result, argument, name, called)
    if common is True:
        difference = f"the result shares its memory with {name}: a change of one is seen in the other"
        _fail(difference, f"a result in memory of its own, apart from {name}", summary(result), called, about="own")


def _not_both(rtol: float | None, atol: float | None) -> None:
    if rtol or atol:
        raise SpecError("tolerance stands instead of rtol and atol: pass one or the others")


def _common_memory(result: object, argument: object, name: str, called: str | None) -> bool | None:
    """Whether the two have a byte in common; None where one has no elements, so that nothing can be seen."""
    __tracebackhide__ = True
    if not has_memory(argument):
        raise SpecError(f"{name} holds no memory to share: pass a tensor or an array that is not on meta")
    if not has_memory(result):
        wanted = "a tensor or an array with memory"
        _fail(f"the type is {type(result).__name__}, and should be {wanted}", wanted, summary(result), called)
    if 0 in (*argument.shape, *result.shape):  # type: ignore[attr-defined]
        return None
    return share_memory(result, argument)


def _fail(
    difference: str,
    expected: str,
    got: str,
    called: str | None,
    *,
    cause: Exception | None = None,
    values: tuple[object, object] | None = None,
    about: Literal["result", "unchanged", "shared", "own"] = "result",
) -> NoReturn:
    """The one place that raises: Hypothesis tells failures apart by the line, and a learner needs one at a time."""
    __tracebackhide__ = True
    call = last_call() if called is None else called
    if values and values[0] is None and gave_none():
        difference += "; is a `return` missing?"
    mismatch = Mismatch(difference, call=call, expected=expected, got=got)
    mismatch.values, mismatch.about = values, about
    raise mismatch from cause
