"""Looks for the gradient of h in its .grad, though h is a result and nothing was kept there."""

from collections.abc import Callable

from torch import Tensor


def intermediate_gradient(
    f: Callable[[Tensor], Tensor], g: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    start = x.detach().clone().requires_grad_()
    h = f(start)
    result = g(h)
    result.backward(inputs=[start])
    return h.grad, start.grad
