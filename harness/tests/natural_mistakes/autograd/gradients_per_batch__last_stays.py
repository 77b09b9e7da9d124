"""Resets w.grad before each batch and never adds the gradients up at the end."""

from collections.abc import Callable

from torch import Tensor


def gradients_per_batch(loss: Callable[[Tensor, Tensor], Tensor], w: Tensor, batches: list[Tensor]) -> list[Tensor]:
    collected = []
    for b in batches:
        w.grad = None
        loss(w, b).backward(inputs=[w])
        collected.append(w.grad.detach().clone())
    return collected
