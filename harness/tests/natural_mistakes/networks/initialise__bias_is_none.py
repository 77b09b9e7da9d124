"""Every layer's bias is zeroed, without asking whether there is one."""

import math

import torch
from torch import nn


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    for layer in net.modules():
        if not isinstance(layer, (nn.Linear, nn.Conv2d)):
            continue
        inputs = layer.weight[0].numel()
        with torch.no_grad():
            layer.weight.normal_(0.0, math.sqrt(2 / inputs), generator=generator)
            layer.bias.zero_()
