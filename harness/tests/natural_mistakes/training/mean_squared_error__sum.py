"""Adds up the squared differences and forgets to divide by how many there are."""

from torch import Tensor


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError(f"prediction is {tuple(prediction.shape)}, target is {tuple(target.shape)}")
    gap = prediction - target
    return (gap * gap).sum()
