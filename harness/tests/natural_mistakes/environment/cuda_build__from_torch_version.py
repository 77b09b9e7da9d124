"""Works out CUDA's version from the cuXYZ label of torch.__version__."""

import torch


def _label() -> str:
    _, _, after = str(torch.__version__).partition("+")
    return after


def cuda_build() -> tuple[int, int] | None:
    label = _label()
    if not label.startswith("cu"):
        return None
    digits = label.removeprefix("cu")
    if not digits.isdigit():
        return None
    return int(digits[:-1]), int(digits[-1])
