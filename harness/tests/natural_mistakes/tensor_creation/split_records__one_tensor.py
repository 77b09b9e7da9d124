"""Ids and values are read into one common tensor first, and the ids are cut from it afterwards."""

import torch
from torch import Tensor


def split_records(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    table = torch.tensor(records)
    ids = table[:, 0].to(torch.int64, copy=True)
    values = table[:, 1:].to(torch.float32, copy=True)
    return ids, values
