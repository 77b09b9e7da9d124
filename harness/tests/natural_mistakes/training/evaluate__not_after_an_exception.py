"""Restores the modes at the end of the function, which an exception never reaches."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]


@torch.no_grad()
def evaluate(model: nn.Module, loader: Batches, loss_function: Loss) -> tuple[float, float]:
    flags = {part: part.training for part in model.modules()}
    model.eval()

    losses, hits, sizes = [], [], []
    for batch, truth in loader:
        scores = model(batch)
        sizes.append(truth.size(0))
        losses.append(loss_function(scores, truth).item() * sizes[-1])
        hits.append((scores.max(dim=1).indices == truth).sum().item())

    for part, flag in flags.items():
        part.training = flag
    total = sum(sizes)
    return sum(losses) / total, sum(hits) / total
