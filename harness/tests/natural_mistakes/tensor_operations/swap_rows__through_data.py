"""The exchanged rows are put together elsewhere, and the picture is pointed at that memory."""

from torch import Tensor


def swap_rows(picture: Tensor, first: int, second: int, inplace: bool = False) -> Tensor:
    order = list(range(picture.shape[0]))
    order[first], order[second] = order[second], order[first]
    swapped = picture[order]
    if not inplace:
        return swapped
    picture.data = swapped
    return picture
