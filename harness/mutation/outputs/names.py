"""Changes that make any right answer wrong, to see whether a spec notices.

A distortion wraps one exercise of the reference solution and changes what it returns, its memory, what it leaves of
its arguments, or what it raises. Where nothing that came back could be changed so (a text cannot be multiplied by 1.5),
nothing was touched, and nothing is held against the spec. `harness.mutation.outputs` does the work; this module knows
the names, and needs no torch for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import hookimpl
from harness.errors import SourceError
from harness.model import Implementation
from harness.runner.loading import load_source

if TYPE_CHECKING:
    from types import ModuleType

    from harness.model import Kata

DISTORTIONS = {
    "times_1_5": "every number is 1.5 times what it should be",
    "slightly_off": "every floating-point number is a thousandth too large",
    "last_slightly_off": "the last floating-point number of each tensor is a thousandth too large",
    "last_off_by_one": "the last whole number of each tensor is one too large",
    "half_precision": "floating-point numbers have the digits and the range of float16 only",
    "negated": "every number has the other sign, and every truth is turned round",
    "constant": "the result is zeros of the right shape, whatever was asked",
    "not_a_number": "the last element is NaN",
    "other_dtype": "tensors have another dtype, and whole numbers are floats",
    "extra_dimension": "tensors have one more dimension of size one in front",
    "extra_dimension_behind": "tensors have one more dimension of size one behind",
    "permuted_0": "tensors are rolled by one along dimension 0",
    "permuted_1": "tensors are rolled by one along dimension 1",
    "permuted_2": "tensors are rolled by one along dimension 2",
    "permuted_3": "tensors are rolled by one along dimension 3",
    "permuted_last": "tensors of more than four dimensions are rolled by one along the last",
    "transposed": "tensors have their last two dimensions exchanged",
    "reversed": "tensors are back to front along the last dimension, and texts are, too",
    "items_reversed": "lists and tuples are back to front, and the values of a dict stand under each other's keys",
    "shorter": "lists, tuples and texts lack their last item, and tensors their last row",
    "key_missing": "dicts lack their last entry",
    "other_case": "capital letters are small ones, and the other way round",
    "trailing_space": "texts have a space behind",
    "nothing": "the result is None",
    "input_unchanged": "the first argument comes back instead of the result, and nothing is changed in place",
    "aliased": "a result that equals an argument is that argument, not a copy",
    "not_aliased": "a result that should lie in an argument's memory is a copy",
    "input_overwritten": "the result is right, but an element of the first argument that has any is overwritten",
    "right_once": "only the first call of each function, and of each method of an object, is right",
    "stale": "arguments of the same shapes as before give what those gave before",
    "right_if_square": "the result is right only if the last two dimensions of all tensors given are equally large",
    "right_if_single_row": "the result is right only if no tensor or list given has more than one row",
    "right_if_not_empty": "the result is right only if no tensor or list given is empty",
    "right_if_contiguous": "the result is right only if all tensors given are contiguous",
    "right_if_float32": "the result is right only if all floating-point tensors given are float32",
    "right_if_small": "the result is right only if all numbers given are smaller than 100",
    "never_raises": "where an exception should be raised, None comes back",
    "raises_other": "where an exception should be raised, one of another type is",
}
"""What each distortion does, by name."""


def distorted(kata: Kata, name: str) -> Implementation:
    """The reference with one exercise distorted.

    Args:
        kata: whose reference.
        name: `EXERCISE__WAY`, the way a key of `DISTORTIONS`.

    Raises:
        SourceError: there is no such exercise or way.
    """
    exercise, _, way = name.partition("__")
    if way not in DISTORTIONS or exercise not in {e.name for e in kata.exercises}:
        raise SourceError(
            f"{name!r} is no distortion of {kata.topic}: they are called EXERCISE__WAY, with {', '.join(DISTORTIONS)}"
        )

    touched = [False]

    def load() -> ModuleType:
        from harness.mutation.outputs.wrapping import distort

        module = load_source(kata.solution)
        setattr(module, exercise, distort(getattr(module, exercise), way, touched))
        return module

    return Implementation(
        label=f"distorted:{name}", path=kata.solution, load=load, only=exercise, touched=lambda: touched[0]
    )


@hookimpl(trylast=True)
def kata_implementation(reference: str, kata: Kata) -> Implementation | None:
    """The reference with one exercise distorted: `--impl distorted:EXERCISE__WAY`."""
    kind, _, name = reference.partition(":")
    return distorted(kata, name) if kind == "distorted" else None
