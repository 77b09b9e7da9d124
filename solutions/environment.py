"""Finding out which torch you have, and on which machine. The lesson is the README.md beside the stub."""

import re
from collections.abc import Callable
from typing import TypeVar

import torch

T = TypeVar("T")


def version_numbers(version: str | None = None) -> tuple[int, int, int]:
    """Reads a version of torch as three numbers, which compare as versions should.

    Args:
        version: such as "2.15.0", "2.15.0+cu130", "2.9.0a0+git1a2b3c4", "2.8.0rc3", "2.16.0.dev20260131+cpu" or "2.9".
            None stands for the torch that is installed.

    Returns:
        (major, minor, patch). A number that the version does not give is 0; whatever follows the numbers is left out.
    """
    # <solution>
    if version is None:
        version = torch.__version__
    numbers = re.match(r"\d+(\.\d+){0,2}", version)[0].split(".")  # ["2", "9"]
    major, minor, patch = (*map(int, numbers), 0, 0)[:3]
    return major, minor, patch
    # </solution>


def cuda_build() -> tuple[int, int] | None:
    """Tells which version of CUDA the installed torch was built for.

    Returns:
        (major, minor), such as (13, 0), whether or not this machine has a GPU; None for a build without CUDA.
    """
    # <solution>
    if torch.version.cuda is None:
        return None
    major, minor = torch.version.cuda.split(".")
    return int(major), int(minor)
    # </solution>


def cuda_status() -> str:
    """Tells whether `torch.cuda` can be used here, and if not, what is missing.

    Returns:
        "ready": at least one device can be used, whoever made it;
        "no device": torch was built for CUDA, but finds no device that it can use;
        "not built": torch was built without CUDA.
    """
    # <solution>
    if torch.cuda.is_available():
        return "ready"
    return "not built" if torch.version.cuda is None else "no device"
    # </solution>


def device_names() -> list[str]:
    """Lists the names of all devices of `torch.cuda`.

    Returns:
        A new list with one name a device, in the order of their indices; equal devices are all listed. Empty where
        there is no device that can be used. The current device stays as it was.
    """
    # <solution>
    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    # </solution>


def best_device(override: str | None = None) -> torch.device:
    """Chooses the device to compute on.

    Args:
        override: what the user asks for: "cpu", "cuda", "cuda:N" or "mps", written exactly like this. None, and only
            None, leaves the choice to this function.

    Returns:
        Without `override`: cuda where it can be used, else mps where it can be used, else cpu, always without an index.
        With it: `torch.device(override)`.

    Raises:
        ValueError: this machine cannot use what `override` asks for, or it is none of the names above.
            The message contains `override`.
    """
    # <solution>
    names = []  # of all that can be used here, the best one first
    if torch.cuda.is_available():
        names += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    names.append("cpu")
    if override is None:
        return torch.device(names[0])
    if override not in names:
        raise ValueError(f"this machine has no device '{override}', only {', '.join(names)}")
    return torch.device(override)
    # </solution>


def run_with_threads(count: int, work: Callable[[], T]) -> T:
    """Runs a piece of work with a given number of torch's threads.

    Args:
        count: how many threads torch may use while `work` runs, 1 or more.
        work: a function without parameters, called exactly once. It may change the number of threads itself.

    Returns:
        The very object that `work()` returned. Afterwards torch uses as many threads as before the call.

    Raises:
        BaseException: the very object that `work()` raised. Then, too, torch uses as many threads as before.
    """
    # <solution>
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        return work()
    finally:
        torch.set_num_threads(before)
    # </solution>


def environment_report() -> dict[str, object]:
    """Sums up torch and the machine. Never raises, whatever the machine lacks.

    The current device stays as it was.

    Returns:
        A new dict, and in it a new list, with five entries:
        "torch": torch's version with everything that follows the numbers, a str;
        "cuda_build": the CUDA version that torch was built for, a str such as "13.0", or None;
        "gpus": a list with the name of each device of `torch.cuda`, in order; "unknown" for each one
            whose name cannot be had, whatever was raised when asking for it;
        "mps": whether mps can be used, a bool;
        "threads": how many threads torch uses, an int.
    """
    # <solution>
    names = []
    for index in range(torch.cuda.device_count()):
        try:
            names.append(torch.cuda.get_device_name(index))
        except Exception:
            names.append("unknown")
    return {
        "torch": str(torch.__version__),
        "cuda_build": torch.version.cuda,
        "gpus": names,
        "mps": torch.backends.mps.is_available(),
        "threads": torch.get_num_threads(),
    }
    # </solution>
