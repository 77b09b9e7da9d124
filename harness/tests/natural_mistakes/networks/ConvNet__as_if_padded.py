"""The linear layer is sized by halving the picture twice, as if no convolution took its border away."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNet(nn.Module):
    def __init__(
        self, size: int = 28, channels: tuple[int, int] = (16, 32), kernel: int = 3, classes: int = 10
    ) -> None:
        super().__init__()
        c1, c2 = channels
        self.conv1 = nn.Conv2d(1, c1, kernel)
        self.conv2 = nn.Conv2d(c1, c2, kernel)
        side = size // 2 // 2
        self.out = nn.Linear(c2 * side * side, classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = F.max_pool2d(F.relu(self.conv1(images)), 2)
        maps = F.max_pool2d(F.relu(self.conv2(maps)), 2)
        return self.out(torch.flatten(maps, 1))
