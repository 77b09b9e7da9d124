"""Places that are to be ignored disappear from the result, which becomes one line of the others."""

import torch
from torch import Tensor


def label_scores(log_probs: Tensor, labels: Tensor, ignored: int = -100) -> Tensor:
    wanted = labels != ignored
    classes = labels[wanted]
    rows = log_probs[wanted]
    return rows.gather(1, classes.unsqueeze(1)).squeeze(1)
