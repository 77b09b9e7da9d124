"""Differentiates the summed h with respect to x, and so leaves g out of the second gradient."""

from collections.abc import Callable

import torch
from torch import Tensor


def intermediate_gradient(
    f: Callable[[Tensor], Tensor], g: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    own_x = x.detach().clone().requires_grad_(True)
    middle = f(own_x)
    (for_middle,) = torch.autograd.grad(g(middle), middle, retain_graph=True)
    (for_x,) = torch.autograd.grad(middle.sum(), own_x)
    return for_middle.detach().clone(), for_x.detach().clone()
