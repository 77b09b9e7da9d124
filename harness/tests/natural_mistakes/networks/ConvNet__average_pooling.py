"""Every 2 x 2 window is replaced by its mean."""

from torch import Tensor, nn


def block(c_in: int, c_out: int, k: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(c_in, c_out, k), nn.ReLU(), nn.AvgPool2d(2))


class ConvNet(nn.Module):
    def __init__(
        self, size: int = 28, channels: tuple[int, int] = (16, 32), kernel: int = 3, classes: int = 10
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(block(1, channels[0], kernel), block(channels[0], channels[1], kernel))
        for _ in channels:
            size = (size - kernel + 1) // 2
        self.head = nn.Linear(channels[1] * size**2, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images).flatten(1))
