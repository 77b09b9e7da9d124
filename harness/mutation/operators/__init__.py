"""Our own mutation operators: what people get wrong with tensors, modules and training loops."""

from harness.mutation.operators import (
    arguments,
    dimensions,
    dtypes,
    loops,
    masks,
    memory,
    modes,
    numbers,
    opposites,
    statements,
)
from harness.mutation.operators.operator import Operator

_FAMILIES = (dimensions, opposites, arguments, numbers, masks, memory, dtypes, modes, statements, loops)

OPERATORS: tuple[Operator, ...] = tuple(
    each for family in _FAMILIES for each in vars(family).values() if isinstance(each, Operator)
)
"""All of them. What two of them would make is counted as the first one's."""
