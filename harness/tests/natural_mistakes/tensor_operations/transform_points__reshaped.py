"""The matrices are brought from (b, a) to (a, b) by their shape alone."""

import torch
from torch import Tensor


def transform_points(points: Tensor, matrices: Tensor) -> Tensor:
    *lead, b, a = matrices.shape
    flipped = matrices.reshape(*lead, a, b)
    return torch.matmul(points, flipped)
