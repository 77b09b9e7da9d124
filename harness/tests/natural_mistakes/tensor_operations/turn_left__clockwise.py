"""Transposes, and then mirrors left and right: a quarter turn the wrong way round."""

from torch import Tensor


def turn_left(pictures: Tensor) -> Tensor:
    return pictures.transpose(-1, -2).flip(-1)
