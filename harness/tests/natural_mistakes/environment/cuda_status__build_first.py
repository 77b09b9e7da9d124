"""Dismisses every build whose torch.version.cuda is None before asking whether a device works."""

import torch


def cuda_status() -> str:
    if not torch.version.cuda:
        return "not built"
    if not torch.cuda.is_available():
        return "no device"
    return "ready"
