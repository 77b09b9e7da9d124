"""Guards the whole list of names at once, and calls all GPUs unknown if a single one is silent."""

import torch


def environment_report() -> dict[str, object]:
    how_many = torch.cuda.device_count() if torch.cuda.is_available() else 0
    try:
        names = [torch.cuda.get_device_name(index) for index in range(how_many)]
    except Exception:
        names = ["unknown"] * how_many

    report: dict[str, object] = {}
    report["threads"] = torch.get_num_threads()
    report["mps"] = bool(torch.backends.mps.is_available())
    report["gpus"] = names
    report["cuda_build"] = torch.version.cuda
    report["torch"] = str(torch.__version__)
    return report
