"""For a division both operands go through .float(), to be on the safe side."""

import operator

from torch import Tensor

KEYS = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def calculate(symbol: str, left: Tensor, right: Tensor) -> Tensor:
    if symbol == "/":
        quotient = left.float() / right.float()
        return quotient.to(left.dtype) if left.is_floating_point() else quotient
    try:
        key = KEYS[symbol]
    except KeyError:
        raise ValueError(f"the calculator has no key {symbol}") from None
    return key(left, right)
