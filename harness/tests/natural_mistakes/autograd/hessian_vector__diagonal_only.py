"""Takes the row sums of the Hessian and scales each by its own element of v."""

from collections.abc import Callable

import torch
from torch import Tensor


def _derive(value: Tensor, at: Tensor, again: bool) -> Tensor:
    (result,) = torch.autograd.grad(value.sum(), at, create_graph=again)
    return result


def hessian_vector(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    with torch.enable_grad():
        at = x.detach().requires_grad_()
        slope = _derive(f(at), at, again=True)
        curvature = _derive(slope, at, again=False)
    return (v * curvature).detach()
