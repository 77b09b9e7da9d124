"""Guesses at what went wrong, from how wrong results differ from right ones.

A guess must fit every wrong result that was seen of a test, on the evidence of at least two numbers, and be the only
one that does. It says that it is one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from harness.data.comparing import tensor_difference
from harness.data.copying import tensors_in
from harness.diagnosis.resemblances import resemblances

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.diagnosis.arithmetic import Fit
    from harness.diagnosis.recorder import Wrong

ABOUT_MEMORY = {
    "unchanged": "It looks as if you work in place on what belongs to the caller: `+=`, `x[…] = …` and names that end "
    "in `_` change the tensor itself, and a second name for it is no copy. Is that so?",
    "shared": "It looks as if you copy where the memory should be shared: indexing with lists, `clone` and arithmetic "
    "copy, and so does `reshape` where it must. Is one of them used?",
    "own": "It looks as if you give back the caller's tensor, or a view of it: slices, `view`, `transpose` and the "
    "like share its memory, and `clone()` does not. Is that so?",
}
"""What is said where a spec asked for memory and got another kind."""

_EVIDENCE = 2
"""Numbers that must speak for a guess."""


def guess(wrong: Iterable[Wrong]) -> str | None:
    """What may have gone wrong, in a sentence that says that it is a guess. None where nothing fits alone.

    Args:
        wrong: what came out wrong in a test, the smallest example first.
    """
    kind, weights, ranks = "", Counter[str](), dict[str, int]()
    for number, each in enumerate(wrong):
        if number == 0:
            kind = each.about
        elif each.about != kind:
            continue
        if each.about != "result":
            return ABOUT_MEMORY[each.about]
        fits = {fit.sentence: fit for fit in _fits(each)}
        if number == 0:
            weights.update({sentence: fit.weight for sentence, fit in fits.items()})
            ranks = {sentence: fit.rank for sentence, fit in fits.items()}
        else:
            weights = Counter({s: weight + fits[s].weight for s, weight in weights.items() if s in fits})
    told = [sentence for sentence, weight in weights.items() if weight >= _EVIDENCE]
    best = [sentence for sentence in told if ranks[sentence] == min(ranks[s] for s in told)]
    return best[0] if len(best) == 1 else None


def _fits(wrong: Wrong) -> list[Fit]:
    """What fits all the tensors that differ in one wrong result."""
    if wrong.values is None:
        return []
    pairs = list(_differing(*wrong.values))
    if not pairs or any(pair is None for pair in pairs):
        return []
    inputs = [tensor for tensor in tensors_in(wrong.arguments) if tensor.device.type != "meta"]
    common: dict[str, Fit] | None = None
    for actual, expected in filter(None, pairs):
        fits = {fit.sentence: fit for fit in resemblances(actual, expected, inputs)}
        common = fits if common is None else {s: fit.plus(fits[s]) for s, fit in common.items() if s in fits}
    return list((common or {}).values())


def _differing(actual: Any, expected: Any) -> Iterator[tuple[Tensor, Tensor] | None]:
    """The pairs of tensors that differ in two values of the same structure; None where they differ otherwise."""
    a, e = _as_tensor(actual), _as_tensor(expected)
    if type(actual) is Tensor and type(expected) in (int, float):
        yield None  # its type is all that need be said
    elif a is not None and e is not None:
        if tensor_difference(a, e, rtol=None, atol=None, equal_nan=True) is not None:
            yield a, e
    elif type(actual) is not type(expected):
        yield None
    elif type(expected) in (list, tuple) and len(actual) == len(expected):
        for got, wanted in zip(actual, expected, strict=True):
            yield from _differing(got, wanted)
    elif type(expected) is dict and actual.keys() == expected.keys():
        for key in expected:
            yield from _differing(actual[key], expected[key])
    elif type(expected) in (str, bytes, bool, type(None)) and actual == expected:
        return
    else:
        yield None


def _as_tensor(value: Any) -> Tensor | None:
    """A tensor, or what is as good as one: an array, a number, a list of numbers."""
    if type(value) is Tensor:
        return None if value.device.type == "meta" or value.layout is not torch.strided else value.detach().cpu()
    if type(value) is np.ndarray and value.dtype.kind in "fiub" and value.dtype.isnative:
        return torch.from_numpy(value.copy()) if value.dtype.kind != "u" else torch.from_numpy(value.astype(np.int64))
    if type(value) in (int, float):
        return torch.tensor(float(value), dtype=torch.float64)
    if type(value) in (list, tuple) and value and all(type(item) in (int, float) for item in value):
        return torch.tensor([float(item) for item in value], dtype=torch.float64)
    return None
