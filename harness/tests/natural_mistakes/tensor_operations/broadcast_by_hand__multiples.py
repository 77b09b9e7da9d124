"""The smaller size is tiled whenever the greater one is a multiple of it."""

from torch import Tensor


def common_size(a: int, b: int) -> int:
    if a == 1:
        return b
    if b == 1 or a == b:
        return a
    small, big = min(a, b), max(a, b)
    if small > 0 and big % small == 0:
        return big
    raise ValueError(f"sizes {a} and {b} do not fit")


def fill(tensor: Tensor, shape: list[int]) -> Tensor:
    own = [1] * (len(shape) - tensor.dim()) + list(tensor.shape)
    for dim, (have, want) in enumerate(zip(own, shape)):
        if have not in (1, want):
            times = [1] * len(shape)
            times[dim] = want // have
            tensor = tensor.repeat(times)
    return tensor.expand(tuple(shape))


def broadcast_by_hand(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    n = max(left.dim(), right.dim())
    a = [1] * (n - left.dim()) + list(left.shape)
    b = [1] * (n - right.dim()) + list(right.shape)
    shape = [common_size(i, j) for i, j in zip(a, b)]
    return fill(left, shape), fill(right, shape)
