"""Subtracts whatever comes in, without checking that both have one shape."""

import torch
from torch import Tensor


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    errors = torch.sub(prediction, target)
    return errors.pow(2).mean()
