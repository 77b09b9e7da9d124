"""A rival with the very same score is counted as if it stood above the label."""

import torch
from torch import Tensor


def top_k_accuracy(scores: Tensor, labels: Tensor, k: int, dim: int = -1) -> float:
    if labels.numel() == 0:
        return 0.0
    table = scores.movedim(dim, -1)
    own = table.gather(-1, labels.unsqueeze(-1))
    at_least_as_good = (table >= own).sum(dim=-1)
    rivals = at_least_as_good - 1  # not the label itself
    hits = rivals < k
    return hits.sum().item() / labels.numel()
