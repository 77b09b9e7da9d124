"""Spec of environment. Most tests pretend to be on some other machine; `probes.py` says what a machine is."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from harness.spec import assert_raises, assert_value, showing

SUFFIXES = [
    "",
    "+cpu",
    "+cu130",
    "+cu118",
    "+rocm6.4",
    "a0",
    "a0+git1a2b3c4",
    "a0+50eac811a6.nv25.09",
    "b2",
    "rc1",
    "rc3+cu128",
    ".dev20260131",
    ".dev20260131+cu130",
    ".post1",
]

T4, H200, RTX, MI300X = "Tesla T4", "NVIDIA H200", "NVIDIA GeForce RTX 5090", "AMD Instinct MI300X"
CONTAINER = "a0+50eac811a6.nv25.09"  # says nothing of CUDA; plain versions, as conda's, do not either


def machine(version, cuda=None, gpus=(), current=0, *, hip=None, counted=None, faults=None, mps="absent", threads=1):
    """A machine in the form that `probes.py` describes."""
    return {
        "version": version,
        "cuda": cuda,
        "hip": hip,
        "gpus": list(gpus),
        "counted": len(gpus) if counted is None else counted,
        "current": current,
        "faults": faults or {},
        "mps": mps,
        "threads": threads,
    }


# A test tries all machines of its kinds, in every profile: a few chosen ones find more than many that luck draws.
MACHINES = {
    "CPU build": [machine("2.15.0+cpu"), machine("2.9.1", threads=3)],
    "CUDA build, no GPU": [
        machine("2.15.0+cu130", "13.0", threads=2),
        machine("2.9.1", "12.10"),
        machine("2.12.0" + CONTAINER, "9.2"),
    ],
    "CUDA build, old driver": [machine("2.15.0+cu130", "13.0", counted=2), machine("2.9.1", "11.8", counted=1)],
    "CUDA": [
        machine("2.15.0+cu130", "13.0", [T4]),
        machine("2.12.0+cu126", "12.6", [RTX], threads=2),
        machine("2.9.1", "12.10", [H200, T4], 1, threads=4),
        machine("2.15.0+cu118", "11.8", [T4, T4, RTX], threads=3),
        machine("2.12.0" + CONTAINER, "9.2", [RTX, T4, H200, T4, RTX], 3, threads=6),
        machine("2.9.1", "8.0", [*[H200] * 9, *[RTX] * 7], 9, threads=5),
    ],
    "ROCm": [
        machine("2.15.0+rocm7.0", None, [MI300X], hip="7.0.51831", threads=2),
        machine("2.15.0+rocm7.0", None, [MI300X, T4, MI300X], 1, hip="7.0.51831"),
    ],
    "Mac": [machine("2.15.0", mps="ready", threads=4), machine("2.9.1", mps="ready")],
    "old Mac": [machine("2.9.1", mps="built", threads=2)],
    "CUDA and MPS": [
        machine("2.15.0", "13.0", [RTX], mps="ready", threads=3),
        machine("2.15.0", "13.0", [T4, RTX], 1, mps="ready"),
    ],
}
FAULTY = [
    machine("2.15.0+cu130", "13.0", [T4], faults={0: "RuntimeError"}),
    machine("2.12.0", "12.6", [H200, T4], faults={0: "Exception"}, threads=2),
    machine("2.9.1+cu118", "11.8", [RTX, T4], 1, faults={1: "OSError"}),
    machine("2.15.0", "13.0", [T4, RTX, H200], faults={0: "OSError", 1: "RuntimeError", 2: "Exception"}),
    machine("2.15.0", "13.0", [*[H200] * 4, RTX], 2, faults={1: "DeferredCudaCallError", 4: "AcceleratorError"}),
    machine("2.15.0+rocm7.0", None, [MI300X] * 3, 1, hip="7.0.51831", faults={0: "DeferredCudaCallError"}, threads=3),
]


def machines(*kinds, gpus=0):
    """Those of some kinds, or of all, with at least so many GPUs that can be used."""
    return [each for kind in kinds or MACHINES for each in MACHINES[kind] if len(each["gpus"]) >= gpus]


def one(*kinds, gpus=0):
    """Draws one of them."""
    return st.sampled_from(machines(*kinds, gpus=gpus))


def on(impl, machine, function, *args):
    """Calls a function on a pretended machine. A message about a wrong result tells the machine in a comment."""
    with showing(lambda: f"{function}({', '.join(map(repr, args))})  # {told(machine, function)}"):
        return impl.probes.on_machine(machine, function, *args)


def in_turn(impl, function, *each):
    """Calls a function on one machine after the other: what each call returned, and the current device after it."""
    words = "; called again with ".join(told(machine, function) for machine in each)
    with showing(lambda: f"{function}()  # {words}"):
        return impl.probes.on_machines(each, function)


def told(machine, function):
    """Of a machine, in a few words, what matters to a function."""
    mps = {"ready": "mps", "built": "mps built, not available", "absent": ""}[machine["mps"]]
    build = "built for " + (f"CUDA {machine['cuda']}" if machine["cuda"] else "ROCm" if machine["hip"] else "no CUDA")
    count = f"{len(machine['gpus'])} GPU{'s' * (len(machine['gpus']) > 1)}" if machine["gpus"] else "no GPU"
    if machine["counted"] > len(machine["gpus"]):
        count = f"old driver: device_count() {machine['counted']}, is_available() False"
    names = f"GPUs: {', '.join(machine['gpus'])}" if machine["gpus"] else count
    current = f"current: {machine['current']}" if len(machine["gpus"]) > 1 else ""
    faults = ", ".join(f"GPU {index} raises {fault}" for index, fault in sorted(machine["faults"].items()))
    parts = {
        "version_numbers": [f"torch {machine['version']}"],
        "cuda_build": [build, count],
        "cuda_status": [build, count],
        "device_names": [current, names],
        "best_device": [count, mps],
        "environment_report": [faults, build, current, mps, f"threads: {machine['threads']}", names],
    }
    return "; ".join(filter(None, parts[function]))


# version_numbers


@pytest.mark.exercise("version_numbers")
@given(numbers=st.sampled_from([(2, 15, 0), (2, 9, 1), (0, 4, 10), (10, 0, 30), (3, 150, 7), (2, 1000, 2048)]))
def test_three_numbers_are_read_whatever_follows_them(impl, numbers):
    """The result is a tuple of three ints, and what follows them, such as +cu130, a0, rc1 or .dev, is left out."""
    for suffix in SUFFIXES:
        assert_value(impl.version_numbers(".".join(map(str, numbers)) + suffix), numbers)


@pytest.mark.exercise("version_numbers")
@given(numbers=st.sampled_from([(2, 9), (3,), (0, 4), (12, 0), (150,), (2, 1000)]))
def test_missing_numbers_are_zero(impl, numbers):
    """A number that the version does not give is 0, and no digit of what follows is taken for it."""
    for suffix in SUFFIXES:
        assert_value(impl.version_numbers(".".join(map(str, numbers)) + suffix), (*numbers, 0, 0)[:3])


INSTALLED = {"2.15.0+cu130": (2, 15, 0), "2.9.1": (2, 9, 1), "2.12.0a0+git1a2b3c4": (2, 12, 0), "2.8rc3": (2, 8, 0)}


@pytest.mark.exercise("version_numbers")
@given(version=st.sampled_from([*INSTALLED]))
def test_without_argument_the_installed_torch_is_meant(impl, version):
    """Without an argument the result describes the torch that is installed."""
    assert_value(on(impl, machine(version), "version_numbers"), INSTALLED[version])


@pytest.mark.exercise("version_numbers")
def test_this_very_torch(impl):
    """The torch that runs here is recognised too."""
    here = Version(torch.__version__)
    assert_value(impl.version_numbers(), (here.major, here.minor, here.micro))


# cuda_build


@pytest.mark.exercise("cuda_build")
@given(machine=one("CUDA"))
def test_cuda_version_of_a_cuda_build(impl, machine):
    """The result is the version of CUDA that torch was built for, as a tuple of two ints."""
    major, minor = machine["cuda"].split(".")
    assert_value(on(impl, machine, "cuda_build"), (int(major), int(minor)))


@pytest.mark.exercise("cuda_build")
@given(machine=one("CUDA build, no GPU", "CUDA build, old driver"))
def test_cuda_version_where_there_is_no_gpu(impl, machine):
    """What torch was built for does not depend on whether there is a GPU."""
    major, minor = machine["cuda"].split(".")
    assert_value(on(impl, machine, "cuda_build"), (int(major), int(minor)))


@pytest.mark.exercise("cuda_build")
@given(machine=one("CPU build", "ROCm", "Mac", "old Mac"))
def test_none_for_a_build_without_cuda(impl, machine):
    """For a build without CUDA, be it for the CPU alone, a Mac or ROCm, the result is None."""
    assert_value(on(impl, machine, "cuda_build"), None)


# cuda_status


@pytest.mark.exercise("cuda_status")
@given(machine=one("CUDA", "ROCm"))
def test_ready_where_a_device_can_be_used(impl, machine):
    """Where torch.cuda has a device, the status is "ready", also on a ROCm build, whose GPUs are AMD's."""
    assert_value(on(impl, machine, "cuda_status"), "ready")


@pytest.mark.exercise("cuda_status")
@given(machine=one("CUDA build, no GPU", "CUDA build, old driver"))
def test_no_device_where_torch_was_built_for_cuda(impl, machine):
    """Where torch was built for CUDA but can use no device, even if some are counted, the status is "no device"."""
    assert_value(on(impl, machine, "cuda_status"), "no device")


@pytest.mark.exercise("cuda_status")
@given(machine=one("CPU build", "Mac", "old Mac"))
def test_not_built_where_torch_has_no_cuda(impl, machine):
    """Where torch was built without CUDA, the status is "not built"."""
    assert_value(on(impl, machine, "cuda_status"), "not built")


# device_names


@pytest.mark.exercise("device_names")
@given(machine=one("CUDA", "ROCm"))
def test_all_devices_are_named_in_order(impl, machine):
    """The list has the name of every device, in the order of their indices, whichever is the current one."""
    assert_value(on(impl, machine, "device_names"), list(machine["gpus"]))


@pytest.mark.exercise("device_names")
@given(machine=one("CPU build", "CUDA build, no GPU", "CUDA build, old driver", "Mac", "old Mac"))
def test_no_names_where_there_is_no_device(impl, machine):
    """Where no device of torch.cuda can be used, even if some are counted, the list is empty; nothing is raised."""
    assert_value(on(impl, machine, "device_names"), [])


@pytest.mark.exercise("device_names")
@given(machine=one("CUDA", gpus=2), other=one("CPU build", "ROCm"))
def test_each_call_makes_a_new_list(impl, machine, other):
    """A second call, on another machine, makes a list of its own: the first one stays as it was."""
    returned = [names for names, _ in in_turn(impl, "device_names", machine, other)]
    assert_value(returned, [machine["gpus"], other["gpus"]])


@pytest.mark.exercise("device_names")
@given(machine=one("CUDA", "ROCm", gpus=2))
def test_current_device_stays_as_it_was(impl, machine):
    """The current device of torch.cuda is the same after the call as before it."""
    [(_, current)] = in_turn(impl, "device_names", machine)
    assert_value(current, machine["current"])


@pytest.mark.gpu
@pytest.mark.exercise("device_names")
def test_real_devices_have_their_real_names(impl):
    """On a machine with GPUs, the list has their names as the driver tells them."""
    expected = [str(torch.cuda.get_device_properties(i).name) for i in range(torch.cuda.device_count())]
    assert_value(impl.device_names(), expected)


# best_device


@pytest.mark.exercise("best_device")
@given(machine=one("CUDA", "ROCm", "CUDA and MPS"))
def test_cuda_comes_first(impl, machine):
    """Where torch.cuda has a device, the choice is torch.device("cuda"), without an index, even if mps is there too."""
    assert_value(on(impl, machine, "best_device"), torch.device("cuda"))


@pytest.mark.exercise("best_device")
@given(machine=one("Mac"))
def test_mps_comes_second(impl, machine):
    """Where mps can be used and cuda can not, the choice is torch.device("mps")."""
    assert_value(on(impl, machine, "best_device"), torch.device("mps"))


@pytest.mark.exercise("best_device")
@given(machine=one("CPU build", "CUDA build, no GPU", "CUDA build, old driver", "old Mac"))
def test_cpu_where_nothing_else_can_be_used(impl, machine):
    """Where neither can be used, the choice is torch.device("cpu"), even if torch was built for a GPU."""
    assert_value(on(impl, machine, "best_device"), torch.device("cpu"))


def there(machine):
    """The names by which one may ask for a device that the machine has."""
    cuda = ["cuda", *(f"cuda:{index}" for index in range(len(machine["gpus"])))]
    return ["cpu"] + cuda * bool(machine["gpus"]) + ["mps"] * (machine["mps"] == "ready")


OTHER_TEXTS = [
    *["", " ", "CUDA", "Cuda:0", "CPU", "MPS", " cuda", "cuda ", " cuda:0 ", "cpu ", "mps\n", "none", "auto", "tpu"],
    *["cuda:", "cuda:-1", "cuda:01", "cuda:00", "cuda:+1", "cuda: 1", "cuda:0:0", "cuda:1.0", "cuda1", "cuda0", "0"],
    *["cuda:127", "cuda:128", "cuda:255", "cuda:256", "cuda:257", "meta", "xpu", "hip", "rocm", "vulkan", "cud"],
    *["gpu", "cuda:x"],
]


@pytest.mark.exercise("best_device")
@given(machine=one())
def test_override_wins_where_the_machine_has_it(impl, machine):
    """A device that is asked for, and that the machine has, is taken, with the index that was asked for."""
    for override in there(machine):
        assert_value(on(impl, machine, "best_device", override), torch.device(override))


@pytest.mark.exercise("best_device")
@given(machine=one())
def test_override_that_the_machine_lacks_is_refused(impl, machine):
    """A device that the machine lacks, or that the driver is too old for, is refused by a ValueError that names it."""
    first = f"cuda:{len(machine['gpus'])}"  # indices begin with 0, so this one is not there
    for override in ["cuda", "cuda:0", "cuda:1", first, "mps"]:
        if override not in there(machine):
            assert_raises(ValueError, on, impl, machine, "best_device", override, match=override)


@pytest.mark.exercise("best_device")
def test_every_other_text_is_refused(impl):
    """Every other text, be it empty, "CUDA", " cuda", "cuda:-1" or "cuda:256", is refused by a ValueError."""
    everything = machine("2.15.0", "13.0", [H200] * 3, mps="ready")
    for override in OTHER_TEXTS:
        assert_raises(ValueError, on, impl, everything, "best_device", override, match=re.escape(override))


@pytest.mark.gpu
@pytest.mark.exercise("best_device")
def test_real_tensors_fit_on_the_best_device(impl):
    """On a machine with a GPU, a tensor can be made on the device that was chosen, and lies on the GPU."""
    chosen = impl.best_device()
    assert_value(chosen, torch.device("cuda"))
    assert torch.ones(2, device=chosen).is_cuda, f"a tensor made on {chosen} does not lie on the GPU"


# run_with_threads

# Threads before the call, `count`, and what the work itself sets.
SITUATIONS = [(1, 2, None), (2, 1, None), (1, 128, None), (3, 3, 5), (2, 4, 3), (4, 2, 4)]
RESULTS = [None, 0, -7, "", "ab", (2, 1)]
ERRORS = ["ValueError", "KeyError", "KeyboardInterrupt", "SystemExit", "BaseException"]
MARK = "added after the call"


def run_with_threads(impl, situation, result=None, error=None, mark=None):
    """Calls the exercise by its probe. Should the result be wrong, the message tells the situation in a comment."""
    before, count, change = situation
    does = f"raises {error[0]}" if error else f"returns {result!r}"
    sets = f"sets {change}, " if change is not None else ""
    with showing(lambda: f"run_with_threads({count}, work)  # threads before: {before}; work {sets}{does}"):
        return impl.probes.threads_seen(before, count, result, error, change, mark)


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS))
def test_work_runs_once_with_that_many_threads(impl, situation):
    """The work runs exactly once, and torch.get_num_threads() is `count` while it runs."""
    _, count, _ = situation
    seen = run_with_threads(impl, situation)
    assert_value(seen["during"], [count])


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS), result=st.sampled_from(RESULTS))
def test_result_of_the_work_is_returned(impl, situation, result):
    """What the work returns is what comes back."""
    seen = run_with_threads(impl, situation, result)
    assert_value((seen["returned"], seen["raised"]), (result, None))


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS), result=st.sampled_from([(), (2, 1)]))
def test_result_is_the_very_object(impl, situation, result):
    """A list that the work returns comes back itself, and not a copy of it."""
    seen = run_with_threads(impl, situation, [*result], mark=MARK)
    assert seen["returned"] == [*result, MARK], (
        f"work returned the list {[*result]}, and another object came back: {seen['returned']!r}"
    )


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS))
def test_afterwards_there_are_as_many_threads_as_before(impl, situation):
    """After the call torch uses as many threads as before it, even if the work itself changed the number."""
    before, _, _ = situation
    seen = run_with_threads(impl, situation)
    assert_value(seen["after"], before)


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS), kind=st.sampled_from(ERRORS))
def test_threads_are_put_back_when_the_work_raises(impl, situation, kind):
    """When the work raises, be it by Ctrl-C, its exception comes out, and there are as many threads as before."""
    before, _, _ = situation
    error = (kind, "from the work")
    seen = run_with_threads(impl, situation, error=error)
    assert_value((seen["raised"], seen["after"]), (error, before))


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS), kind=st.sampled_from(ERRORS))
def test_work_that_raises_is_not_called_again(impl, situation, kind):
    """Work that raises is called just once as well, with `count` threads."""
    _, count, _ = situation
    seen = run_with_threads(impl, situation, error=(kind, "from the work"))
    assert_value(seen["during"], [count])


@pytest.mark.exercise("run_with_threads")
@given(situation=st.sampled_from(SITUATIONS), kind=st.sampled_from(ERRORS))
def test_exception_is_the_very_object(impl, situation, kind):
    """The exception that comes out is the very object that the work raised, and not a new one like it."""
    error = (kind, "from the work")
    seen = run_with_threads(impl, situation, error=error, mark=MARK)
    assert seen["raised"] == (*error, MARK), (
        f"work raised a {kind}, and another object came out: {seen['raised'] or seen['returned']!r}"
    )


# environment_report


def report(machine):
    """What the report of a machine should say."""
    return {
        "torch": machine["version"],
        "cuda_build": machine["cuda"],
        "gpus": ["unknown" if index in machine["faults"] else name for index, name in enumerate(machine["gpus"])],
        "mps": machine["mps"] == "ready",
        "threads": machine["threads"],
    }


@pytest.mark.exercise("environment_report")
@given(machine=one("CUDA", "ROCm"))
def test_report_of_a_machine_with_gpus(impl, machine):
    """The report of a machine with GPUs has exactly the five entries, each of its type."""
    assert_value(on(impl, machine, "environment_report"), report(machine))


@pytest.mark.exercise("environment_report")
@given(machine=one("CPU build", "CUDA build, no GPU", "Mac", "old Mac"))
def test_report_of_a_machine_without_gpu(impl, machine):
    """On a machine without a GPU nothing is raised; the list of GPUs is empty."""
    assert_value(on(impl, machine, "environment_report"), report(machine))


@pytest.mark.exercise("environment_report")
@given(machine=st.sampled_from(FAULTY))
def test_report_where_devices_do_not_answer(impl, machine):
    """A device whose name cannot be had, whatever is raised, is "unknown"; the names of the others are still there."""
    assert_value(on(impl, machine, "environment_report"), report(machine))


@pytest.mark.exercise("environment_report")
@given(machine=st.sampled_from(FAULTY), other=one("CPU build", "ROCm"))
def test_each_report_is_a_new_one(impl, machine, other):
    """A second call, on another machine, makes a dict and a list of its own: the first ones stay as they were."""
    returned = [made for made, _ in in_turn(impl, "environment_report", machine, other)]
    assert_value(returned, [report(machine), report(other)])


@pytest.mark.exercise("environment_report")
@given(machine=st.sampled_from([*machines("CUDA", gpus=2), *FAULTY]))
def test_current_device_stays_as_it_was_for_the_report(impl, machine):
    """The current device of torch.cuda is the same after the call as before it."""
    [(_, current)] = in_turn(impl, "environment_report", machine)
    assert_value(current, machine["current"])


@pytest.mark.exercise("environment_report")
def test_report_of_this_very_machine(impl):
    """Here, where this test sees no GPU and one thread, the report says so."""
    expected = {
        "torch": str(torch.__version__),
        "cuda_build": torch.version.cuda,
        "gpus": [],
        "mps": torch.backends.mps.is_available(),
        "threads": 1,
    }
    assert_value(impl.environment_report(), expected)
