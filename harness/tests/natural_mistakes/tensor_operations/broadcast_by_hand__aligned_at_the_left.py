"""Compares the shapes from their first dimension on, and puts the missing ones at the end."""

from itertools import zip_longest

from torch import Tensor


def broadcast_by_hand(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    target = []
    for p, q in zip_longest(left.shape, right.shape, fillvalue=1):
        if p != q and 1 not in (p, q):
            raise ValueError(f"{tuple(left.shape)} and {tuple(right.shape)} do not fit each other")
        target.append(q if p == 1 else p)

    def stretch(t: Tensor) -> Tensor:
        while t.dim() < len(target):
            t = t.unsqueeze(-1)
        return t.expand(tuple(target))

    return stretch(left), stretch(right)
