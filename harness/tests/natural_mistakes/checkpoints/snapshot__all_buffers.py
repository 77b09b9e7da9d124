"""Walks over every module and copies all its parameters and all its buffers, also those registered with persistent=False."""

from torch import Tensor, nn


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    kept: dict[str, Tensor] = {}
    for path, part in model.named_modules(remove_duplicate=False):
        for name, weight in part.named_parameters(path, recurse=False, remove_duplicate=False):
            kept[name] = weight.detach().clone()
        for name, buffer in part.named_buffers(path, recurse=False, remove_duplicate=False):
            kept[name] = buffer.detach().clone()
    return kept
