"""Names GPU 0 and forgets that there may be others."""

import torch


def device_names() -> list[str]:
    return [torch.cuda.get_device_name(0)] if torch.cuda.is_available() else []
