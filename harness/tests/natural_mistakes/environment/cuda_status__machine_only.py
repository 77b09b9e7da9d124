"""Says "no device" wherever nothing can be used, also on a build made without CUDA."""

import torch


def cuda_status() -> str:
    usable = torch.cuda.is_available() and torch.cuda.device_count() > 0
    return "ready" if usable else "no device"
