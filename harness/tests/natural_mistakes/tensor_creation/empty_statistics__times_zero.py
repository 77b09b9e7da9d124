"""The blank tensor is the sample times nothing, which is not blank where the sample is infinite or NaN."""

import math

import torch
from torch import Tensor


def empty_statistics(sample: Tensor) -> dict[str, Tensor]:
    blank = sample.detach() * 0
    return {
        "count": torch.zeros_like(sample, dtype=torch.int64),
        "total": blank,
        "lowest": blank + math.inf,
        "highest": blank - math.inf,
    }
