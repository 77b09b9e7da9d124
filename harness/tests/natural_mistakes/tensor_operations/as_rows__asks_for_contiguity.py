"""Thinks that there is a view if and only if the tensor is contiguous, and copies else."""
# also: as_rows__contiguous_first

from torch import Tensor


def as_rows(values: Tensor, columns: int) -> tuple[Tensor, bool]:
    if values.numel() % columns:
        raise ValueError(f"{values.numel()} elements do not fill rows of {columns}")
    if values.is_contiguous():
        return values.view(-1, columns), True
    return values.contiguous().view(-1, columns), False
