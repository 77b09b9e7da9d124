"""The rows with an outlier are taken out first and the zeros are written into those copied rows."""

import torch
from torch import Tensor


def clear_outliers(table: Tensor, column: int, start: int, step: int, limit: float) -> int:
    watched = table[start::step]
    readings = watched[:, column]
    bad = (readings.abs() > limit) | torch.isnan(readings)
    watched[bad][:, column] = 0
    return int(bad.sum())
