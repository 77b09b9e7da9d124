"""Whatever is below zero counts as ignored; the number handed in for that is never looked at."""

import torch
from torch import Tensor


def label_scores(log_probs: Tensor, labels: Tensor, ignored: int = -100) -> Tensor:
    skip = labels < 0
    safe = labels.clamp(min=0)
    picked = torch.gather(log_probs, -1, safe[..., None])[..., 0]
    return picked.masked_fill(skip, 0)
