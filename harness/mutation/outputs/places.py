"""What a call changes in place: tensors that it was given, their gradients, and the parameters of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from harness.data.crossing import is_dense
from harness.mutation.outputs.walk import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(slots=True)
class Place:
    """A tensor, or a tensor's gradient, and what it was before a call.

    Attributes:
        tensor: the tensor itself.
        is_gradient: whether its `.grad` is meant.
        before: a copy; None where there was no gradient.
    """

    tensor: Tensor
    is_gradient: bool
    before: Tensor | None

    @property
    def value(self) -> Tensor | None:
        """What stands there now."""
        return self.tensor.grad if self.is_gradient else self.tensor

    def new_value(self) -> Tensor | None:
        """A copy of what the call has put there; None where it has left it alone."""
        value = self.value
        return None if value is None or same(value, self.before) else _copy(value)

    def write(self, value: Any) -> bool:
        """Puts something else there, if it fits; whether it did."""
        there = self.value
        if there is None or not isinstance(value, Tensor) or (value.dtype, value.shape) != (there.dtype, there.shape):
            return False
        try:
            with torch.no_grad():
                there.copy_(value)
        except RuntimeError:  # what was made in inference mode, or has one element in two places
            return False
        return True

    def restore(self) -> bool:
        """Puts back what was there before; whether it could."""
        if self.before is None:
            self.tensor.grad = None
            return True
        return self.write(self.before)


def places(values: Iterable[Any]) -> list[Place]:
    """All that a call might change of its arguments, as it is before the call."""
    tensors = {id(x): x for value in values for x in _tensors(value) if is_dense(x) and not x.is_meta}
    tracked = [x for x in tensors.values() if x.is_leaf and x.requires_grad]
    return [
        *(Place(x, is_gradient=False, before=_copy(x)) for x in tensors.values()),
        *(Place(x, is_gradient=True, before=_copy(x.grad)) for x in tracked),
    ]


def _copy(x: Tensor | None) -> Tensor | None:
    return None if x is None else x.detach().clone()


def models(owner: Any) -> list[Any]:
    """The models and optimizers that an object keeps; its own state is its own business until it gives it out."""
    return [x for x in getattr(owner, "__dict__", {}).values() if isinstance(x, nn.Module | Optimizer)]


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
        yield from value.buffers()
    elif isinstance(value, Optimizer):
        yield from _tensors(value.param_groups)
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)
