"""How far numbers may be off, by dtype."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from harness.data.comparing import Limits


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The tolerances rtol and atol for each dtype.

    Attributes:
        by_dtype: the pairs (rtol, atol) of the dtypes that have their own.
        others: the pair of all others; None stands for what `torch.testing` allows a dtype.
    """

    by_dtype: dict[torch.dtype, Limits]
    others: Limits = (None, None)

    def limits(self, dtype: torch.dtype) -> Limits:
        """The tolerances rtol and atol of a dtype."""
        return self.by_dtype.get(dtype, self.others)

    def but(self, dtype: torch.dtype, rtol: float, atol: float) -> Tolerance:
        """The same with other tolerances for one dtype.

        >>> ALL_DIGITS.but(torch.float32, 1e-4, 1e-5).limits(torch.float32)
        (0.0001, 1e-05)
        """
        return replace(self, by_dtype={**self.by_dtype, dtype: (rtol, atol)})


EXACT = Tolerance({}, (0.0, 0.0))
"""Every value to the last bit."""

USUAL = Tolerance({})
"""What `torch.testing` allows each dtype. That of float64 is wider than what float32 loses."""

ALL_DIGITS = Tolerance({torch.float64: (1e-11, 1e-11), torch.complex128: (1e-11, 1e-11)})
"""In float64 so little that float32 on the way to it shows; other dtypes as usual."""
