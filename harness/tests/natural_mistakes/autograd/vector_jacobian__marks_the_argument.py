"""Makes the caller's x itself require grad instead of a detached one."""

from collections.abc import Callable

import torch
from torch import Tensor


def vector_jacobian(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    x.requires_grad_(True)
    y = f(x)
    if not y.requires_grad:
        return torch.zeros_like(x).detach()
    (product,) = torch.autograd.grad(y, x, grad_outputs=v, allow_unused=True)
    if product is None:
        product = torch.zeros_like(x)
    return product.detach().clone()
