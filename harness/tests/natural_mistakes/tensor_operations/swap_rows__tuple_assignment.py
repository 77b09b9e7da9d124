"""Exchanges the rows with Python's usual two-name swap."""
# also: swap_rows__view_as_memory

from torch import Tensor


def swap_rows(picture: Tensor, first: int, second: int, inplace: bool = False) -> Tensor:
    target = picture if inplace else picture.clone()
    target[first], target[second] = target[second], target[first]
    return target
