"""One hook to log and one to clip, but the caller can remove only the first."""

from typing import Any

from torch import Tensor


def clip_gradient(h: Tensor, limit: float) -> tuple[list[Tensor], Any]:
    log = []

    def remember(grad):
        log.append(grad.detach().clone())

    handle = h.register_hook(remember)
    h.register_hook(lambda grad: grad.clamp(min=-limit, max=limit))
    return log, handle
