"""Takes each name that the model knows out of the given state, so what is left is unexpected, but the caller's dict is emptied."""

import torch
from torch import Tensor, nn


def load_matching(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    missing, mismatched = [], []
    with torch.no_grad():
        for name, mine in model.state_dict().items():
            if name not in state:
                missing.append(name)
                continue
            theirs = state.pop(name)
            if theirs.shape == mine.shape:
                mine.copy_(theirs)
            else:
                mismatched.append(name)
    return {"missing": missing, "mismatched": mismatched, "unexpected": list(state)}
