"""The pocket calculator keeps its result in the left operand, as an accumulator would."""

import torch
from torch import Tensor


def calculate(symbol: str, left: Tensor, right: Tensor) -> Tensor:
    if symbol not in ("+", "-", "*", "/"):
        raise ValueError(f"no key {symbol!r}")
    if symbol == "/":
        return torch.div(left, right)
    shape = torch.broadcast_shapes(left.shape, right.shape)
    acc = left if shape == left.shape else left.expand(shape).clone()
    if symbol == "+":
        acc += right
    elif symbol == "-":
        acc -= right
    else:
        acc *= right
    return acc
