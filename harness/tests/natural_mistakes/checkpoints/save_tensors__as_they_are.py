"""Hands the tensors to save_file without making them contiguous or giving each memory of its own."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor


def save_tensors(state: dict[str, Tensor], metadata: dict[str, Any], path: Path) -> None:
    facts = {name: json.dumps(fact) for name, fact in metadata.items()}
    save_file(state, path, metadata=facts)
