"""Takes the size of the part for the frozen numbers, and everything else for the learning ones."""

from torch import nn


def count(module: nn.Module) -> int:
    return sum(weights.numel() for weights in module.parameters())


def freeze(net: nn.Module, path: str) -> tuple[int, int]:
    target = net.get_submodule(path)
    for weights in target.parameters():
        weights.requires_grad = False
        weights.grad = None
    target.eval()
    still = count(target)
    return still, count(net) - still
