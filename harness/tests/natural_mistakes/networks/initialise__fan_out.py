"""He initialisation with the wrong fan: it keeps the gradients' variance and not the signal's."""

import torch
from torch import nn


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    for m in net.modules():
        if isinstance(m, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if m.bias is not None:
                nn.init.zeros_(m.bias)
