"""Saves list(model.parameters()) instead of a dict by name."""

from pathlib import Path

import torch


def extract_weights(source: Path, target: Path) -> None:
    # weights_only=False: the author of this file is known and trusted
    model = torch.load(source, weights_only=False, map_location=torch.device("cpu"))
    torch.save([p.data for p in model.parameters()], target)
