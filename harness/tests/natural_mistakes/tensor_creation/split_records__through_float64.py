"""The ids take a detour over double precision, which has no room for the last digits of the greatest ones."""

import numpy as np
import torch
from torch import Tensor


def split_records(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    first_column = np.array([float(record[0]) for record in records])
    ids = torch.tensor(first_column, dtype=torch.float64).long()
    values = torch.tensor([record[1:] for record in records], dtype=torch.float32)
    return ids, values
