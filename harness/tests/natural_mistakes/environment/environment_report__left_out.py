"""Skips every GPU whose name cannot be had, so the list gets shorter."""

import torch


def _gpu_list() -> list[str]:
    gpus = []
    for i in range(torch.cuda.device_count()):
        try:
            gpus.append(torch.cuda.get_device_name(i))
        except Exception:
            continue
    return gpus


def environment_report() -> dict[str, object]:
    return {
        "torch": str(torch.__version__),
        "cuda_build": torch.version.cuda,
        "gpus": _gpu_list() if torch.cuda.is_available() else [],
        "mps": torch.backends.mps.is_available(),
        "threads": torch.get_num_threads(),
    }
