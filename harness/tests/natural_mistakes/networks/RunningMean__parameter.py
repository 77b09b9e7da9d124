"""Keeps the mean as a parameter with requires_grad=False, so that it is saved and moved."""

import torch
from torch import Tensor, nn


class RunningMean(nn.Module):
    mean: Tensor
    count: Tensor
    latest: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(features), requires_grad=False)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("latest", torch.zeros(features), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            with torch.inference_mode(False), torch.no_grad():
                rows = x.detach().clone()
                n = rows.shape[0]
                self.latest.copy_(rows.mean(0))
                self.count += n
                share = n / int(self.count)
                self.mean += (self.latest - self.mean) * share
        return x - self.mean.detach().clone()
