"""The shortcut is written as an augmented assignment onto the running tensor, which at first is the argument."""

import torch.nn.functional as F
from torch import Tensor, nn


class ResidualMLP(nn.Module):
    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.steps = nn.ModuleList()
        for i in range(len(sizes) - 1):
            self.steps.append(nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x: Tensor) -> Tensor:
        last = len(self.steps) - 1
        for i, step in enumerate(self.steps):
            if i == last:
                return step(x)
            activated = F.relu(step(x))
            if activated.shape == x.shape:
                x += activated
            else:
                x = activated
        return x
