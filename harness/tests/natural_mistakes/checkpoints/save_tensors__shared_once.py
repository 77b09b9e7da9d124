"""Stores each piece of memory once: a second tensor in the same memory is skipped, and its name with it."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor


def save_tensors(state: dict[str, Tensor], metadata: dict[str, Any], path: Path) -> None:
    seen = set()
    tidy: dict[str, Tensor] = {}
    for label, values in state.items():
        if values.numel() > 0:
            address = (values.device, values.untyped_storage().data_ptr())
            if address in seen:
                continue
            seen.add(address)
        tidy[label] = values.detach().clone(memory_format=torch.contiguous_format)
    save_file(tidy, str(path), {key: json.dumps(value) for key, value in metadata.items()})
