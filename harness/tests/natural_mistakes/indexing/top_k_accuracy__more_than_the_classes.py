"""The k-th best score is fetched with topk, which gives up when k exceeds the number of classes."""

import torch
from torch import Tensor


def top_k_accuracy(scores: Tensor, labels: Tensor, k: int, dim: int = -1) -> float:
    n_labels = labels.numel()
    if n_labels == 0:
        return 0.0
    last = scores.movedim(dim, -1)
    threshold = torch.topk(last, k, dim=-1).values[..., -1]
    mine = last.gather(-1, labels[..., None]).squeeze(-1)
    return float((mine >= threshold).sum()) / n_labels
