"""The identity matrix is made from the number of inputs alone."""

import torch
from torch import Tensor


def passthrough_layer(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    params = {}
    params["weight"] = torch.eye(inputs, dtype=torch.float32)
    params["bias"] = torch.zeros(outputs, dtype=torch.float32)
    params["scale"] = torch.ones(outputs, dtype=torch.float32)
    params["floor"] = torch.full((outputs,), floor, dtype=torch.float32)
    return params
