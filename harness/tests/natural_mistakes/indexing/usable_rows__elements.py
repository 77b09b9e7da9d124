"""The table is indexed with a mask of its own shape, which yields the good values one after another and no rows."""

from torch import Tensor


def usable_rows(table: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    inside = (low <= table) & (table <= high)
    kept = table[inside]
    row_numbers = inside.all(dim=1).nonzero().squeeze(1)
    return kept, row_numbers
