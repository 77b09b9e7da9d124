"""Changes that make any right answer wrong, to see whether a spec notices.

A distortion wraps one exercise of the reference solution and changes what it returns. Where nothing that came back
could be changed so (a text cannot be multiplied by 1.5), nothing was touched, and nothing is held against the spec.
`harness.distorting` does the work; this module knows the names, and needs no torch for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import SourceError
from harness.implementations import load_source
from harness.model import Implementation

if TYPE_CHECKING:
    from types import ModuleType

    from harness.model import Kata

DISTORTIONS = {
    "times_1_5": "every number is 1.5 times what it should be",
    "slightly_off": "every floating-point number is a thousandth too large",
    "negated": "every number has the other sign, and every truth is turned round",
    "other_dtype": "tensors have another dtype, and whole numbers are floats",
    "extra_dimension": "tensors have one more dimension of size one in front",
    "constant": "the result is zeros of the right shape, whatever was asked",
    "reversed": "tensors are back to front along the last dimension, and texts are, too",
    "not_a_number": "the last element is NaN",
    "input_unchanged": "the first argument comes back instead of the result",
}
"""What each distortion does, by name."""

TOUCHED = "__kata_touched__"
"""Where a distorted module keeps, in a list of one, whether any result was really changed."""


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

    def load() -> ModuleType:
        from harness.distorting import distort

        module = load_source(kata.solution)
        touched = [False]
        setattr(module, TOUCHED, touched)
        setattr(module, exercise, distort(getattr(module, exercise), way, touched))
        return module

    return Implementation(label=f"distorted:{name}", path=kata.solution, load=load, only=exercise)
