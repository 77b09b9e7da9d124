"""Plausible wrong answers, each with what a teacher would say."""

import contextlib
import importlib.metadata
import os
import re

import torch


def version_numbers__text(version=None):
    """Turn each part into an int: texts compare letter by letter, so your "9" comes after "15"."""
    version = version or torch.__version__
    numbers = re.match(r"\d+(\.\d+){0,2}", version)[0].split(".")
    return tuple(([*numbers, "0", "0"])[:3])


def version_numbers__all_digits(version=None):
    """You took the first three groups of digits wherever they stand.

    In "2.9rc1" the 1 belongs to rc, and in "2.9+cu130" the 130 is CUDA's: only what the text begins with is
    the version's.
    """
    numbers = [int(number) for number in re.findall(r"\d+", version or torch.__version__)]
    return tuple(([*numbers, 0, 0])[:3])


def version_numbers__plus_only(version=None):
    """You cut the version at the plus sign only; pre-releases have letters before it, as in "2.9.0a0" or "2.8.0rc3"."""
    major, minor, patch = ([*(version or torch.__version__).split("+")[0].split("."), "0", "0"])[:3]
    return int(major), int(minor), int(patch)


version_numbers__plus_only.raises = ValueError


def version_numbers__digits_of_each_part(version=None):
    """You kept all digits of each part between the dots, so the patch of "2.8.0rc3" became 3.

    Only the digits that a part begins with are its number, and a part that begins with a letter ends the
    numbers.
    """
    parts = ([*(version or torch.__version__).split("+")[0].split("."), "0", "0"])[:3]
    return tuple(int("".join(filter(str.isdigit, part)) or 0) for part in parts)


def version_numbers__always_installed(version=None):
    """You read the installed torch's version even where another version was passed in."""
    numbers = re.match(r"\d+(\.\d+){0,2}", torch.__version__)[0].split(".")
    return tuple(([*map(int, numbers), 0, 0])[:3])


def version_numbers__two_digits(version=None):
    """You read at most two digits of each number; a version's number may have more, as in "2.150.0"."""
    numbers = re.match(r"\d{1,2}(\.\d{1,2}){0,2}", version or torch.__version__)[0].split(".")
    return tuple(([*map(int, numbers), 0, 0])[:3])


def cuda_build__from_torch_version():
    """You read CUDA's version off the end of torch's own version; ask torch.version.cuda.

    Not every build says it there: a conda package is plainly "2.9.1", an NVIDIA container
    "2.9.0a0+50eac811a6.nv25.09".
    """
    tag = re.search(r"\+cu(\d+)(\d)$", str(torch.__version__))
    return (int(tag[1]), int(tag[2])) if tag else None


def cuda_build__only_with_a_gpu():
    """You looked for a GPU first; but what torch was built for stays the same on a machine without one."""
    if not torch.cuda.is_available() or torch.version.cuda is None:
        return None
    major, minor = torch.version.cuda.split(".")
    return int(major), int(minor)


def cuda_build__as_a_float():
    """You went by way of a float, where 12.10 and 12.1 are the same number: split the text at the dot."""
    if torch.version.cuda is None:
        return None
    major, minor = str(float(torch.version.cuda)).split(".")
    return int(major), int(minor)


def cuda_build__fixed_places():
    """You cut the text at fixed places; in "9.2" the dot is elsewhere than in "12.6": split at the dot."""
    version = torch.version.cuda
    return None if version is None else (int(version[:2]), int(version[3:]))


cuda_build__fixed_places.raises = ValueError


def cuda_build__text():
    """You returned the text as it stands; texts compare letter by letter, so "9.2" > "13.0": return two ints."""
    return torch.version.cuda


def cuda_build__none_forgotten():
    """You split the text without looking whether there is one: in a build without CUDA, torch.version.cuda is None."""
    major, minor = torch.version.cuda.split(".")
    return int(major), int(minor)


cuda_build__none_forgotten.raises = AttributeError


def cuda_status__build_only():
    """You asked about the build only; ask torch.cuda.is_available() whether there is a device as well.

    A build for CUDA runs on a machine without a GPU too, on the CPU.
    """
    return "ready" if torch.version.cuda is not None else "not built"


def cuda_status__machine_only():
    """You asked about the machine only, so a build without CUDA looks like a machine without a GPU.

    The remedies differ: another wheel for the one, a GPU or its driver for the other.
    """
    return "ready" if torch.cuda.is_available() else "no device"


def cuda_status__build_first():
    """You looked at torch.version.cuda first.

    On a ROCm build that is None, and yet torch.cuda works, with AMD's GPUs.
    """
    if torch.version.cuda is None:
        return "not built"
    return "ready" if torch.cuda.is_available() else "no device"


def cuda_status__counted():
    """You took a device that is counted for one that can be used; the driver may be too old: ask is_available()."""
    if torch.cuda.device_count():
        return "ready"
    return "not built" if torch.version.cuda is None else "no device"


def cuda_status__compiled_accelerator():
    """You took torch.accelerator.current_accelerator() for an answer about the machine.

    Without check_available=True it tells what torch was built for.
    """
    accelerator = torch.accelerator.current_accelerator()
    if accelerator is not None and accelerator.type == "cuda":
        return "ready"
    return "not built"


def device_names__first_only():
    """You asked for the first device only; ask torch.cuda.device_count() how many there are."""
    return [torch.cuda.get_device_name(0)] if torch.cuda.is_available() else []


def device_names__current_every_time():
    """You did not say which device you mean, so you got the current one's name each time: pass the index."""
    return [torch.cuda.get_device_name() for _ in range(torch.cuda.device_count())]


def device_names__without_repeats():
    """You listed equal names only once; two equal GPUs are two GPUs."""
    return list(dict.fromkeys(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())))


def device_names__unasked():
    """You asked for a name where there is no device; then torch.cuda.get_device_name raises."""
    return [torch.cuda.get_device_name(i) for i in range(max(1, torch.cuda.device_count()))]


device_names__unasked.raises = RuntimeError


def device_names__counted_only():
    """You trusted the count; where the driver is too old it may still count GPUs: ask is_available() first."""
    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


device_names__counted_only.raises = RuntimeError


def device_names__current_changed():
    """You made each device the current one, and left it so; pass the index to torch.cuda.get_device_name instead."""
    names = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        torch.cuda.set_device(index)
        names.append(torch.cuda.get_device_name())
    return names


_NAMES = []


def device_names__one_list_for_all():
    """You fill one list of the whole module, so a second call changes what the first one returned: make a new one."""
    _NAMES[:] = [torch.cuda.get_device_name(i) for i in range(_counts()["cuda"])]
    return _NAMES


def best_device__no_mps(override=None):
    """You know cuda and cpu only; the GPU of a Mac is called mps."""
    counts = {"cpu": 1, "cuda": _counts()["cuda"]}
    if override is None:
        return torch.device("cuda" if counts["cuda"] else "cpu")
    return _checked(override, counts)


best_device__no_mps.raises = ValueError


def best_device__override_unchecked(override=None):
    """You believed the override; check that the machine has such a device.

    A torch.device is only a label: torch.device("cuda:7") can be made on any machine, and the trouble comes
    later, when the first tensor is to go there.
    """
    return _best() if override is None else torch.device(override)


best_device__override_unchecked.raises = RuntimeError


def best_device__falls_back(override=None):
    """You quietly chose another device where the machine lacks the one that was asked for: raise a ValueError.

    Who asks for cuda and gets cpu waits a night for a result that should take minutes.
    """
    try:
        return _best() if override is None else _checked(override, _counts())
    except ValueError:
        return _best()


def best_device__override_ignored(override=None):
    """You chose the best device even where the caller asked for another one."""
    return _best()


def best_device__index_unchecked(override=None):
    """You checked that there is such a kind of device, but not how many: with two GPUs there is no cuda:2."""
    if override is None:
        return _best()
    try:
        device = torch.device(override)
    except RuntimeError:
        raise ValueError(override) from None
    if not _counts().get(device.type):
        raise ValueError(override)
    return device


def best_device__index_of_the_device(override=None):
    """You believed the index of the torch.device, which is kept in one byte: look at the text itself.

    Of "cuda:256" torch makes an index of 0, and that device is there.
    """
    if override is None:
        return _best()
    try:
        device = torch.device(override)
    except RuntimeError:
        raise ValueError(override) from None
    if (device.index or 0) >= _counts().get(device.type, 0):
        raise ValueError(override)
    return device


def best_device__index_as_a_number(override=None):
    """You turned what follows the colon into an int, and so took "cuda:-1" and "cuda:01" for devices."""
    if override is not None and override.startswith("cuda:"):
        if not override[5:].strip("+- ").isdigit() or int(override[5:]) >= _counts()["cuda"]:
            raise ValueError(override)
        return torch.device("cuda", int(override[5:]))
    return _best() if override is None else _checked(override, _counts())


best_device__index_as_a_number.raises = RuntimeError


def best_device__counted_only(override=None):
    """You trusted the count; where the driver is too old it may still count GPUs: ask is_available() first."""
    counts = {**_counts(), "cuda": torch.cuda.device_count()}
    return _best() if override is None else _checked(override, counts)


def best_device__empty_text(override=None):
    """You took the empty text for no override; only None leaves the choice to you: ask `override is None`."""
    return _checked(override, _counts()) if override else _best()


def best_device__capitals_and_blanks(override=None):
    """You smoothed capitals and blanks away; here "CUDA" and " cuda" are names that do not exist."""
    return _best() if override is None else _checked(override.strip().lower(), _counts())


best_device__capitals_and_blanks.raises = ValueError


def best_device__compiled_accelerator(override=None):
    """You took torch.accelerator.current_accelerator() for what the machine has.

    Without check_available=True it tells what torch was built for, so a CUDA build says cuda on a machine
    without a GPU too.
    """
    if override is None:
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    return _checked(override, _counts())


def best_device__mps_built(override=None):
    """You asked torch.backends.mps.is_built(), which is about the build.

    Whether it can be used, is_available() says.
    """
    counts = {**_counts(), "mps": int(torch.backends.mps.is_built())}
    if override is None:
        return torch.device("cuda" if counts["cuda"] else "mps" if counts["mps"] else "cpu")
    return _checked(override, counts)


def best_device__text(override=None):
    """You returned a text; make it a torch.device, which has a type and an index."""
    return str(_best() if override is None else _checked(override, _counts()))


def best_device__other_exception(override=None):
    """You let torch's own RuntimeError out for a name that torch does not know.

    The caller expects a ValueError for every override that cannot be met: catch the one and raise the other.
    """
    if override is None:
        return _best()
    device = torch.device(override)
    return _checked(str(device), _counts())


best_device__other_exception.raises = RuntimeError


def run_with_threads__not_put_back(count, work):
    """You never put the number of threads back; all that runs later in this process is affected."""
    torch.set_num_threads(count)
    return work()


def run_with_threads__not_put_back_after_an_error(count, work):
    """You put the number back only if the work succeeds; when it raises, what follows is skipped: use finally."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    result = work()
    torch.set_num_threads(before)
    return result


def run_with_threads__exception_only(count, work):
    """You put the number back after an Exception only; Ctrl-C raises KeyboardInterrupt, which is none: use finally."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        result = work()
    except Exception:
        torch.set_num_threads(before)
        raise
    torch.set_num_threads(before)
    return result


def run_with_threads__two_kinds_only(count, work):
    """You named the exceptions one by one and forgot some, such as SystemExit: use finally, which needs no names."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        result = work()
    except (Exception, KeyboardInterrupt):
        torch.set_num_threads(before)
        raise
    torch.set_num_threads(before)
    return result


def run_with_threads__called_again(count, work):
    """You called the work a second time where it raised; let its exception come out."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        try:
            return work()
        except BaseException:
            return work()
    finally:
        torch.set_num_threads(before)


def run_with_threads__another_exception(count, work):
    """You raised a new exception like the work's, which has lost all that the work's own one carries: a bare raise."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        return work()
    except BaseException as error:
        raise type(error)(*error.args) from None
    finally:
        torch.set_num_threads(before)


def run_with_threads__nothing_to_change(count, work):
    """You thought that there is nothing to put back where `count` is set already; the work may change the number."""
    before = torch.get_num_threads()
    if count == before:
        return work()
    torch.set_num_threads(count)
    try:
        return work()
    finally:
        torch.set_num_threads(before)


def run_with_threads__error_swallowed(count, work):
    """The exception of the work disappears in your function, and the caller takes None for a result.

    An except that does not raise again swallows it, and so does a return inside of finally.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    result = None
    with contextlib.suppress(BaseException):
        result = work()
    torch.set_num_threads(before)
    return result


def run_with_threads__environment_variable(count, work):
    """You set OMP_NUM_THREADS, which torch reads once, when it is imported; use torch.set_num_threads."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(count)
    try:
        return work()
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def run_with_threads__all_cores_afterwards(count, work):
    """You set the number to that of the machine's cores afterwards; it may have been another one: remember it."""
    torch.set_num_threads(count)
    try:
        return work()
    finally:
        torch.set_num_threads(os.cpu_count() or 1)


def run_with_threads__result_lost(count, work):
    """You ran the work, and dropped what it returned."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        work()
    finally:
        torch.set_num_threads(before)


def environment_report__one_try_for_all(*, as_many=False):
    """You put one try around the whole list, so one GPU that does not answer costs the names of all."""
    try:
        gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    except Exception:
        gpus = ["unknown"] * (torch.cuda.device_count() if as_many else 1)
    return _report(gpus=gpus)


environment_report__one_try_for_all.varies = {"as_many": (True,)}


def environment_report__runtime_error_only():
    """You caught RuntimeError only; trouble with a device comes as other exceptions too: catch Exception.

    One of them is torch.cuda's DeferredCudaCallError.
    """
    gpus = []
    for index in range(torch.cuda.device_count()):
        try:
            gpus.append(torch.cuda.get_device_name(index))
        except RuntimeError:
            gpus.append("unknown")
    return _report(gpus=gpus)


environment_report__runtime_error_only.raises = Exception


def environment_report__unguarded():
    """You expected every device to answer; a report is wanted most where something is broken."""
    return _report(gpus=[torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())])


environment_report__unguarded.raises = Exception


def environment_report__current_changed():
    """You made each device the current one, and left it so; pass the index to torch.cuda.get_device_name instead."""
    report = _report()
    for index in range(len(report["gpus"])):
        torch.cuda.set_device(index)
    return report


_LAST = {}


def environment_report__one_dict_for_all():
    """You fill one dict of the whole module, so a second call changes what the first one returned: make a new one."""
    _LAST.update(_report())
    return _LAST


def environment_report__left_out():
    """You left a GPU that does not answer out of the list, so the indices of the others shift: call it "unknown"."""
    return _report(gpus=[name for name in _names() if name != "unknown"])


def environment_report__text_of_none():
    """You made a text of CUDA's version without looking: str(None) is the text "None", which is true in an if."""
    return _report(cuda_build=str(torch.version.cuda))


def environment_report__cores():
    """You counted the machine's cores; torch may use fewer threads, or more: ask torch.get_num_threads()."""
    return _report(threads=os.cpu_count() or 1)


def environment_report__short_version():
    """You asked the package's metadata, which may lack what stands after the plus sign; take torch.__version__."""
    return _report(torch=importlib.metadata.version("torch"))


def environment_report__mps_built():
    """You asked whether mps is built in; whether it can be used, torch.backends.mps.is_available() says."""
    return _report(mps=torch.backends.mps.is_built())


def _counts():
    cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {"cpu": 1, "cuda": cuda, "mps": int(torch.backends.mps.is_available())}


def _best():
    counts = _counts()
    return torch.device("cuda" if counts["cuda"] else "mps" if counts["mps"] else "cpu")


def _checked(override, counts):
    names = [name for name, count in counts.items() if count]
    if override not in [*names, *(f"cuda:{index}" for index in range(counts["cuda"]))]:
        raise ValueError(override)
    return torch.device(override)


def _names():
    names = []
    for index in range(torch.cuda.device_count()):
        try:
            names.append(torch.cuda.get_device_name(index))
        except Exception:
            names.append("unknown")
    return names


def _report(**wrong):
    return {
        "torch": str(torch.__version__),
        "cuda_build": torch.version.cuda,
        "gpus": _names(),
        "mps": torch.backends.mps.is_available(),
        "threads": torch.get_num_threads(),
        **wrong,
    }
