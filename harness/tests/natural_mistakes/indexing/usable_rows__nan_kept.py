"""Rows are thrown out for a value below or above the limits, which NaN never is."""

import torch
from torch import Tensor


def usable_rows(table: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    too_small = (table < low).any(dim=1)
    too_large = (table > high).any(dim=1)
    fine = ~(too_small | too_large)
    numbers = torch.arange(len(table))[fine]
    return table[fine], numbers
