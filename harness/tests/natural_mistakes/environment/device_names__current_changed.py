"""Walks through the GPUs with set_device and stays on the last one."""

import torch


def device_names() -> list[str]:
    result: list[str] = []
    if not torch.cuda.is_available():
        return result
    for gpu in range(torch.cuda.device_count()):
        torch.cuda.set_device(gpu)
        result.append(torch.cuda.get_device_name())
    return result
