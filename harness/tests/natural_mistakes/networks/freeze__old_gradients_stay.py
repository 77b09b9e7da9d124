"""requires_grad goes off and the mode goes to eval, but what backward has stored so far is not thrown away."""

from torch import nn


def freeze(net: nn.Module, path: str) -> tuple[int, int]:
    part = net.get_submodule(path)
    part.eval()
    part.requires_grad_(False)

    frozen = sum(p.numel() for p in net.parameters() if not p.requires_grad)
    learning = sum(p.numel() for p in net.parameters() if p.requires_grad)
    return frozen, learning
