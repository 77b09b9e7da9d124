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
    text = str(torch.__version__ if version is None else version)
    found = []
    for piece in text.split("+")[0].split(".")[:3]:
        digits = ""
        for char in piece:
            if char not in "0123456789":
                break
            digits += char
        if digits:
            found.append(int(digits))
        if digits != piece:
            break
    major, minor, patch, *_ = *found, 0, 0, 0
    return major, minor, patch


def cuda_build() -> tuple[int, int] | None:
    """Tells which version of CUDA the installed torch was built for.

    Returns:
        (major, minor), such as (13, 0), whether or not this machine has a GPU; None for a build without CUDA.
    """
    match torch.version.cuda:
        case str() as text if text:
            major, _, rest = text.partition(".")
            return int(major), int((rest or "0").split(".")[0])
    return None


def cuda_status() -> str:
    """Tells whether `torch.cuda` can be used here, and if not, what is missing.

    Returns:
        "ready": at least one device can be used, whoever made it;
        "no device": torch was built for CUDA, but finds no device that it can use;
        "not built": torch was built without CUDA.
    """
    if torch.cuda.is_available():
        return "ready"
    return "no device" if torch.backends.cuda.is_built() else "not built"


def device_names() -> list[str]:
    """Lists the names of all devices of `torch.cuda`.

    Returns:
        One name a device, in the order of their indices; equal devices are all listed. Empty where there is no device.
    """
    names = []
    while torch.cuda.is_available() and len(names) < torch.cuda.device_count():
        names += [torch.cuda.get_device_properties(torch.device("cuda", len(names))).name]
    return names


def best_device(override: str | None = None) -> torch.device:
    """Chooses the device to compute on.

    Args:
        override: what the user asks for: "cpu", "cuda", "cuda:N" or "mps". None leaves the choice to this function.

    Returns:
        Without `override`: cuda where it can be used, else mps where it can be used, else cpu, always without an index.
        With it: `torch.device(override)`.

    Raises:
        ValueError: this machine does not have what `override` asks for, or it is none of the names above.
            The message contains `override`.
    """
    offers = {}
    if torch.cuda.is_available():
        offers["cuda"] = torch.device("cuda")
        offers |= {f"cuda:{i}": torch.device("cuda", i) for i in range(torch.cuda.device_count())}
    if torch.backends.mps.is_available():
        offers["mps"] = torch.device("mps")
    offers["cpu"] = torch.device("cpu")
    if override is None:
        return next(iter(offers.values()))
    if (device := offers.get(override)) is None:
        raise ValueError(f"no such device here: {override}")
    return device


def run_with_threads(count: int, work: Callable[[], T]) -> T:
    """Runs a piece of work with a given number of torch's threads.

    Args:
        count: how many threads torch may use while `work` runs, 1 or more.
        work: a function without parameters.

    Returns:
        What `work()` returned. Afterwards torch uses as many threads as before the call.

    Raises:
        BaseException: whatever `work()` raised. Then, too, torch uses as many threads as before.
    """
    from contextlib import ExitStack

    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(count)
        return work()


def environment_report() -> dict[str, object]:
    """Sums up torch and the machine. Never raises, whatever the machine lacks.

    Returns:
        "torch": torch's version with everything that follows the numbers, a str;
        "cuda_build": the CUDA version that torch was built for, a str such as "13.0", or None;
        "gpus": a list with the name of each device of `torch.cuda`, in order; "unknown" for each one
            whose name cannot be had, whatever was raised when asking for it;
        "mps": whether mps can be used, a bool;
        "threads": how many threads torch uses, an int.
    """
    from contextlib import suppress

    gpus = ["unknown"] * torch.cuda.device_count()
    for index, _ in enumerate(gpus):
        with suppress(Exception):
            gpus[index] = torch.cuda.get_device_properties(index).name
    return dict(
        threads=torch.get_num_threads(),
        mps=torch.backends.mps.is_available(),
        gpus=gpus,
        cuda_build=torch.version.cuda,
        torch=f"{torch.__version__}",
    )


# stub ec26e325c980: says that nothing was written here yet; this line may stay or go
