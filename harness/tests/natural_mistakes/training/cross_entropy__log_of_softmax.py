"""First makes probabilities, then takes the logarithm of the right one."""

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = -100) -> Tensor:
    keep = labels.ne(ignore_index).nonzero().squeeze(1)
    labels = labels.index_select(0, keep)
    probabilities = torch.softmax(logits.index_select(0, keep), dim=-1)
    chosen = probabilities.gather(1, labels.unsqueeze(1)).squeeze(1)
    nll = -torch.log(chosen)
    if weight is None:
        return nll.mean()
    w = weight[labels]
    return torch.dot(w, nll) / w.sum()
