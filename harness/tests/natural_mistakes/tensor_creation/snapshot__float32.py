"""The result is always single precision, even after somebody has set another default dtype."""

import numpy as np
import torch
from torch import Tensor


def snapshot(array: np.ndarray) -> Tensor:
    forwards = array.copy()  # a reversed array has no tensor
    return torch.tensor(forwards, dtype=torch.float32)
