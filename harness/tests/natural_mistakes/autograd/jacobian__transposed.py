"""Puts each output's gradient into a column, so the matrix is (n, m)."""

from collections.abc import Callable

import torch
from torch import Tensor


def jacobian(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    arg = x.detach().clone().requires_grad_()
    outputs = f(arg)
    parts = []
    for component in outputs.unbind():
        (part,) = torch.autograd.grad(component, arg, retain_graph=True)
        parts.append(part)
    return torch.stack(parts, dim=1).detach()
