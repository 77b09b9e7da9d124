"""Tells a view from a copy by asking whether it is the same Python object."""

from torch import Tensor


def as_rows(values: Tensor, columns: int) -> tuple[Tensor, bool]:
    count, rest = divmod(values.numel(), columns)
    if rest != 0:
        raise ValueError("incomplete last row")
    table = values.reshape(count, columns)
    return table, table is values
