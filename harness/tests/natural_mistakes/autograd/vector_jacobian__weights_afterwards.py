"""Differentiates the unweighted sum of the outputs and multiplies by v only then."""

from collections.abc import Callable

import torch
from torch import Tensor


def vector_jacobian(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    inp = x.detach().clone()
    inp.requires_grad = True
    slopes = torch.autograd.grad(f(inp).sum(), inp)[0]
    return slopes.detach() * v.detach()
