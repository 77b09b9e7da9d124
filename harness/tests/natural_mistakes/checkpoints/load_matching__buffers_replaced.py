"""Copies into the parameters, but assigns a fresh tensor where the model had a buffer."""

import torch
from torch import Tensor, nn


def load_matching(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    own = model.state_dict()
    weights = dict(model.named_parameters(remove_duplicate=False))
    report: dict[str, list[str]] = {
        "missing": [n for n in own if n not in state],
        "mismatched": [n for n in own if n in state and own[n].shape != state[n].shape],
        "unexpected": [n for n in state if n not in own],
    }
    skip = set(report["missing"]) | set(report["mismatched"])
    for full_name, current in own.items():
        if full_name in skip:
            continue
        incoming = state[full_name].detach()
        if full_name in weights:
            with torch.no_grad():
                weights[full_name].copy_(incoming)
        else:
            owner, _, attribute = full_name.rpartition(".")
            fresh = incoming.to(device=current.device, dtype=current.dtype, copy=True)
            setattr(model.get_submodule(owner), attribute, fresh)
    return report
