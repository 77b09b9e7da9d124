"""Wrong results that depend on the call: on its arguments, on their memory, and on the calls before.

A result that is right under a condition is wrong for some calls only, so it does not show by itself whether a spec is
held to it. Such a way applies, and has touched the result, as soon as an argument of the kind that the condition is
about was there: a spec that never tries the other case accepts what it should not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from harness.data.copying import place_of
from harness.data.crossing import is_dense
from harness.mutation.outputs.values import VALUES, spoiled
from harness.mutation.outputs.walk import changed, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.data.copying import Stored
    from harness.mutation.outputs.walk import Change

LARGE = 100
"""From here on a number is no small one."""


@dataclass(slots=True)
class Call:
    """A call that was right.

    Attributes:
        arguments: all, in order, without the object whose method was called.
        result: what came back, or stands now where it was changed in place.
        earlier: how many calls of the same function, or of the same object's method, came before.
        kept: what they left behind for this one.
    """

    arguments: tuple[Any, ...]
    result: Any
    earlier: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[Any]:
        """The arguments, what they contain, and so on."""
        return list(_parts(self.arguments))[1:]

    @property
    def stored(self) -> list[Stored]:
        """The tensors and arrays among the parts."""
        return [x for x in self.parts if isinstance(x, np.ndarray) or (isinstance(x, Tensor) and is_dense(x))]


def _parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, list | tuple | dict) and not isinstance(value, torch.Size):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _parts(item)


Answer = tuple[Any, bool]
"""What comes back instead of the result, and whether that counts as touched."""


def _by_value(change: Change) -> Callable[[Call], Answer]:
    def rule(call: Call) -> Answer:
        after = changed(call.result, change)
        return after, not same(after, call.result)

    return rule


def _right_if(holds: Callable[[Call], list[bool]]) -> Callable[[Call], Answer]:
    """Right where something holds for each argument of a kind; without any such argument, the way does not apply."""

    def rule(call: Call) -> Answer:
        found = holds(call)
        wrong = spoiled(call.result) if found else call.result
        return (call.result if all(found) else wrong), not same(wrong, call.result)

    return rule


def _single_row(call: Call) -> list[bool]:
    tables = [len(x) <= 1 for x in call.parts if isinstance(x, list)]
    return tables + [x.shape[0] <= 1 for x in call.stored if x.ndim]


def _not_empty(call: Call) -> list[bool]:
    return [len(x) > 0 for x in call.parts if isinstance(x, list)] + [0 not in x.shape for x in call.stored if x.ndim]


def _contiguous(call: Call) -> list[bool]:
    return [x.is_contiguous() if isinstance(x, Tensor) else bool(x.flags.c_contiguous) for x in call.stored if x.ndim]


def _float32(call: Call) -> list[bool]:
    """Of floating-point numbers; others count only where there are no such."""
    names = [str(x.dtype).removeprefix("torch.") for x in call.stored]
    floating = [name == "float32" for name in names if "float" in name]
    return floating or [False for _ in names]


def _small(call: Call) -> list[bool]:
    numbers: list[Any] = [x for x in call.parts if type(x) in (int, float)]
    tables: list[Any] = [x for x in call.stored if not _odd(x)]
    return [abs(x) < LARGE for x in numbers] + [bool((abs(x) < LARGE).all()) for x in tables]


def _odd(x: Stored) -> bool:
    """Whether its elements are no numbers that are small or large, or none that can be looked at."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind not in "iuf"
    return x.is_meta or x.dtype is torch.bool or x.is_complex()


def _right_once(call: Call) -> Answer:
    wrong = spoiled(call.result)
    return (wrong if call.earlier else call.result), not same(wrong, call.result)


def _stale(call: Call) -> Answer:
    """Shapes alone tell calls apart here, as in a cache that somebody keyed too narrowly."""
    key = repr([tuple(x.shape) if isinstance(x, Tensor | np.ndarray) else type(x) for x in call.parts])
    first = call.kept.setdefault(key, call.result)
    return first, not same(spoiled(call.result), call.result)


def _input_unchanged(call: Call) -> Answer:
    tensors = [x for x in call.arguments if isinstance(x, Tensor)]
    first = (*tensors, *call.arguments, call.result)[0]
    if call.result is None or first is call.result:
        return call.result, False
    return first, not same(first, call.result)


def _aliased(call: Call) -> Answer:
    """Only where the right result equals an argument, so that nothing but the memory is wrong."""
    touched = False

    def change(leaf: Any) -> Any:
        nonlocal touched
        if not isinstance(leaf, Tensor) or not is_dense(leaf) or leaf.is_meta or not leaf.numel():
            return leaf
        if any(_overlap(leaf, argument) for argument in call.stored):
            return leaf
        for argument in call.stored:
            view = _as_view(argument, leaf)
            if view is not None and same(view, leaf):
                touched = True
                return view
        return leaf

    return changed(call.result, change), touched


def _as_view(argument: Stored, leaf: Tensor) -> Tensor | None:
    """The argument's own memory in the shape of a result; None where the two do not fit."""
    try:
        tensor = argument if isinstance(argument, Tensor) else torch.from_numpy(argument)
        return tensor if tensor.shape == leaf.shape else tensor.view(leaf.shape)
    except (TypeError, ValueError, RuntimeError):
        return None


def _not_aliased(call: Call) -> Answer:
    """Only where the right result lies in an argument's memory."""
    touched = False

    def change(leaf: Any) -> Any:
        nonlocal touched
        if isinstance(leaf, Tensor | np.ndarray) and any(_overlap(leaf, argument) for argument in call.stored):
            touched = True
            return leaf.clone() if isinstance(leaf, Tensor) else leaf.copy()
        return leaf

    return changed(call.result, change), touched


def _overlap(a: Stored, b: Stored) -> bool:
    (start, end), (other_start, other_end) = place_of(a), place_of(b)
    return start < other_end and other_start < end


def _input_overwritten(call: Call) -> Answer:
    return call.result, any(_overwrite(x) for x in call.parts if isinstance(x, list | np.ndarray | Tensor))


def _overwrite(value: Any) -> bool:
    """Changes the last number of a tensor, an array or a list; whether it could."""
    if isinstance(value, list):
        if not value or type(value[-1]) not in (int, float, str):
            return False
        value[-1] = spoiled(value[-1])
        return True
    if not value.size if isinstance(value, np.ndarray) else value.is_meta or not value.numel() or not is_dense(value):
        return False
    last = (-1,) * value.ndim
    try:
        with torch.no_grad():
            value[last] = value[last] == 0
    except (RuntimeError, ValueError):  # what was made in inference mode, or is read-only
        return False
    return True


CALLS: dict[str, Callable[[Call], Answer]] = {
    **{name: _by_value(change) for name, change in VALUES.items()},
    "input_unchanged": _input_unchanged,
    "aliased": _aliased,
    "not_aliased": _not_aliased,
    "input_overwritten": _input_overwritten,
    "right_once": _right_once,
    "stale": _stale,
    "right_if_square": _right_if(lambda call: [x.shape[-2] == x.shape[-1] for x in call.stored if x.ndim > 1]),
    "right_if_single_row": _right_if(_single_row),
    "right_if_not_empty": _right_if(_not_empty),
    "right_if_contiguous": _right_if(_contiguous),
    "right_if_float32": _right_if(_float32),
    "right_if_small": _right_if(_small),
}
"""What is done to a result, by the name of the way."""

IN_PLACE = [name for name in CALLS if name in VALUES or name.startswith("right_")]
"""The ways that change what stands in a tensor as they change what comes back."""
