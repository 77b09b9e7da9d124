"""Spec of environment. Most tests pretend to be on some other machine; `probes.py` says what a machine is."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from harness import calls
from harness.asserts import assert_raises, assert_value

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
GPUS = ["Tesla T4", "NVIDIA H200", "NVIDIA GeForce RTX 5090", "AMD Instinct MI300X"]
KINDS = ["CPU build", "CUDA build, no GPU", "CUDA build, old driver", "CUDA", "CUDA, many", "ROCm", "Mac", "old Mac"]


def numbers():
    """One number of a version."""
    return st.one_of(st.integers(0, 30), st.integers(100, 3000))


@st.composite
def machines(draw, kinds=tuple(KINDS), threads=1, faulty=False):
    """Machines of some of the kinds, in the form that `probes.py` describes, with at most so many threads.

    A CUDA build may or may not tell the version of CUDA after the plus sign of its own version, as real ones do.
    """
    kind = draw(st.sampled_from(list(kinds)))
    version = draw(st.sampled_from(["2.15.0", "2.9.1", "2.12.0"]))
    cuda = hip = None
    gpus, faults = [], {}
    if "CUDA" in kind:
        major, minor = draw(st.sampled_from([(13, 0), (11, 8), (12, 6), (12, 10), (9, 2), (8, 0)]))
        cuda = f"{major}.{minor}"
        version += draw(st.sampled_from(["", f"+cu{major}{minor}", "a0+50eac811a6.nv25.09"]))
    elif kind == "ROCm":
        hip = "7.0.51831"
        version += "+rocm7.0"
    elif kind == "CPU build":
        version += draw(st.sampled_from(["+cpu", ""]))
    if kind in ("CUDA", "ROCm"):
        gpus = draw(st.lists(st.sampled_from(GPUS), min_size=1, max_size=3))
    elif kind in ("CUDA, many", "CUDA and MPS"):
        count = draw(st.sampled_from([2, 3, 5, 10]))
        gpus = draw(st.lists(st.sampled_from(GPUS), min_size=count, max_size=count))
    if faulty:
        faults = draw(
            st.dictionaries(
                st.integers(0, len(gpus) - 1),
                st.sampled_from(["RuntimeError", "AcceleratorError", "DeferredCudaCallError", "OSError"]),
                min_size=1,
            )
        )
    return {
        "version": version,
        "cuda": cuda,
        "hip": hip,
        "gpus": gpus,
        "counted": draw(st.integers(1, 3)) if kind == "CUDA build, old driver" else len(gpus),
        "current": draw(st.integers(0, len(gpus) - 1)) if gpus else 0,
        "faults": faults,
        "mps": {"Mac": "ready", "CUDA and MPS": "ready", "old Mac": "built"}.get(kind, "absent"),
        "threads": draw(st.integers(1, threads)),
    }


def on(impl, machine, function, *args):
    """Calls a function on a pretended machine. A message about a wrong result tells the machine in a comment."""
    try:
        return impl.probes.on_machine(machine, function, *args)
    finally:
        calls.record(lambda: f"{function}({', '.join(map(repr, args))})  # {told(machine, function)}")


def in_turn(impl, first, second, function):
    """Calls a function on two pretended machines: what each call returned, and the current device afterwards."""
    try:
        return impl.probes.on_machines([first, second], function)
    finally:
        words = f"{told(first, function)}; called again with {told(second, function)}"
        calls.record(lambda: f"{function}()  # {words}")


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
@given(major=numbers(), minor=numbers(), patch=numbers(), suffix=st.sampled_from(SUFFIXES))
def test_three_numbers_are_read_whatever_follows_them(impl, major, minor, patch, suffix):
    """The result is a tuple of three ints, and what follows them, such as +cu130, a0, rc1 or .dev, is left out."""
    assert_value(impl.version_numbers(f"{major}.{minor}.{patch}{suffix}"), (major, minor, patch))


@pytest.mark.exercise("version_numbers")
@given(major=numbers(), minor=numbers(), suffix=st.sampled_from(SUFFIXES))
def test_a_missing_patch_is_zero(impl, major, minor, suffix):
    """A version of two numbers has the patch number 0, and no digit of what follows is taken for it."""
    assert_value(impl.version_numbers(f"{major}.{minor}{suffix}"), (major, minor, 0))


@pytest.mark.exercise("version_numbers")
@given(major=numbers(), suffix=st.sampled_from(SUFFIXES))
def test_a_lone_number_is_the_major_one(impl, major, suffix):
    """A version of one number has minor and patch number 0."""
    assert_value(impl.version_numbers(f"{major}{suffix}"), (major, 0, 0))


@pytest.mark.exercise("version_numbers")
@given(machine=machines(), version=st.tuples(numbers(), numbers(), numbers()), suffix=st.sampled_from(SUFFIXES))
def test_without_argument_the_installed_torch_is_meant(impl, machine, version, suffix):
    """Without an argument the result describes the torch that is installed."""
    machine["version"] = ".".join(map(str, version)) + suffix
    assert_value(on(impl, machine, "version_numbers"), version)


@pytest.mark.exercise("version_numbers")
def test_this_very_torch(impl):
    """The torch that runs here is recognised too."""
    here = Version(torch.__version__)
    assert_value(impl.version_numbers(), (here.major, here.minor, here.micro))


# cuda_build


@pytest.mark.exercise("cuda_build")
@given(machine=machines(kinds=["CUDA", "CUDA, many"]))
def test_cuda_version_of_a_cuda_build(impl, machine):
    """The result is the version of CUDA that torch was built for, as a tuple of two ints."""
    major, minor = machine["cuda"].split(".")
    assert_value(on(impl, machine, "cuda_build"), (int(major), int(minor)))


@pytest.mark.exercise("cuda_build")
@given(machine=machines(kinds=["CUDA build, no GPU", "CUDA build, old driver"]))
def test_cuda_version_where_there_is_no_gpu(impl, machine):
    """What torch was built for does not depend on whether there is a GPU."""
    major, minor = machine["cuda"].split(".")
    assert_value(on(impl, machine, "cuda_build"), (int(major), int(minor)))


@pytest.mark.exercise("cuda_build")
@given(machine=machines(kinds=["CPU build", "ROCm", "Mac", "old Mac"]))
def test_none_for_a_build_without_cuda(impl, machine):
    """For a build without CUDA, be it for the CPU alone, a Mac or ROCm, the result is None."""
    assert_value(on(impl, machine, "cuda_build"), None)


# cuda_status


@pytest.mark.exercise("cuda_status")
@given(machine=machines(kinds=["CUDA", "CUDA, many", "ROCm"]))
def test_ready_where_a_device_can_be_used(impl, machine):
    """Where torch.cuda has a device, the status is "ready", also on a ROCm build, whose GPUs are AMD's."""
    assert_value(on(impl, machine, "cuda_status"), "ready")


@pytest.mark.exercise("cuda_status")
@given(machine=machines(kinds=["CUDA build, no GPU", "CUDA build, old driver"]))
def test_no_device_where_torch_was_built_for_cuda(impl, machine):
    """Where torch was built for CUDA but can use no device, even if some are counted, the status is "no device"."""
    assert_value(on(impl, machine, "cuda_status"), "no device")


@pytest.mark.exercise("cuda_status")
@given(machine=machines(kinds=["CPU build", "Mac", "old Mac"]))
def test_not_built_where_torch_has_no_cuda(impl, machine):
    """Where torch was built without CUDA, the status is "not built"."""
    assert_value(on(impl, machine, "cuda_status"), "not built")


# device_names


@pytest.mark.exercise("device_names")
@given(machine=machines(kinds=["CUDA", "CUDA, many", "ROCm"]))
def test_all_devices_are_named_in_order(impl, machine):
    """The list has the name of every device, in the order of their indices, whichever is the current one."""
    assert_value(on(impl, machine, "device_names"), list(machine["gpus"]))


@pytest.mark.exercise("device_names")
@given(machine=machines(kinds=["CPU build", "CUDA build, no GPU", "CUDA build, old driver", "Mac", "old Mac"]))
def test_no_names_where_there_is_no_device(impl, machine):
    """Where no device of torch.cuda can be used, even if some are counted, the list is empty; nothing is raised."""
    assert_value(on(impl, machine, "device_names"), [])


@pytest.mark.exercise("device_names")
@given(machine=machines(kinds=["CUDA, many"]), other=machines(kinds=["CUDA", "CPU build"]))
def test_each_call_makes_a_new_list(impl, machine, other):
    """A second call, on another machine, makes a list of its own: the first one stays as it was."""
    returned = [names for names, _ in in_turn(impl, machine, other, "device_names")]
    assert_value(returned, [list(machine["gpus"]), list(other["gpus"])])


@pytest.mark.exercise("device_names")
@given(machine=machines(kinds=["CUDA, many"]), other=machines(kinds=["CUDA, many"]))
def test_current_device_stays_as_it_was(impl, machine, other):
    """The current device of torch.cuda is the same after the call as before it."""
    currents = [current for _, current in in_turn(impl, machine, other, "device_names")]
    assert_value(currents, [machine["current"], other["current"]])


@pytest.mark.gpu
@pytest.mark.exercise("device_names")
def test_real_devices_have_their_real_names(impl):
    """On a machine with GPUs, the list has their names as the driver tells them."""
    expected = [str(torch.cuda.get_device_properties(i).name) for i in range(torch.cuda.device_count())]
    assert_value(impl.device_names(), expected)


# best_device


@pytest.mark.exercise("best_device")
@given(machine=machines(kinds=["CUDA", "CUDA, many", "ROCm", "CUDA and MPS"]))
def test_cuda_comes_first(impl, machine):
    """Where torch.cuda has a device, the choice is torch.device("cuda"), without an index, even if mps is there too."""
    assert_value(on(impl, machine, "best_device"), torch.device("cuda"))


@pytest.mark.exercise("best_device")
@given(machine=machines(kinds=["Mac"]))
def test_mps_comes_second(impl, machine):
    """Where mps can be used and cuda can not, the choice is torch.device("mps")."""
    assert_value(on(impl, machine, "best_device"), torch.device("mps"))


@pytest.mark.exercise("best_device")
@given(machine=machines(kinds=["CPU build", "CUDA build, no GPU", "CUDA build, old driver", "old Mac"]))
def test_cpu_where_nothing_else_can_be_used(impl, machine):
    """Where neither can be used, the choice is torch.device("cpu"), even if torch was built for a GPU."""
    assert_value(on(impl, machine, "best_device"), torch.device("cpu"))


def there(machine):
    """The names by which one may ask for a device that the machine has."""
    cuda = ["cuda", *(f"cuda:{index}" for index in range(len(machine["gpus"])))]
    return ["cpu"] + cuda * bool(machine["gpus"]) + ["mps"] * (machine["mps"] == "ready")


ASKED_FOR = ["cpu", "cuda", "cuda:0", "cuda:1", "cuda:2", "cuda:3", "cuda:5", "cuda:10", "mps", "xpu", "gpu", "cuda:x"]
OTHER_TEXTS = [
    *["", " ", "CUDA", "Cuda:0", "CPU", "MPS", " cuda", "cuda ", " cuda:0 ", "cpu ", "mps\n", "none", "auto", "tpu"],
    *["cuda:", "cuda:-1", "cuda:01", "cuda:00", "cuda:+1", "cuda: 1", "cuda:0:0", "cuda:1.0", "cuda1", "cuda0", "0"],
    *["cuda:127", "cuda:128", "cuda:255", "cuda:256", "cuda:257", "meta", "xpu", "hip", "rocm", "vulkan", "cud"],
]
EVERYWHERE = machines(kinds=[*KINDS, "CUDA and MPS"])


@pytest.mark.exercise("best_device")
@given(asked=EVERYWHERE.flatmap(lambda machine: st.tuples(st.just(machine), st.sampled_from(there(machine)))))
def test_override_wins_where_the_machine_has_it(impl, asked):
    """A device that is asked for, and that the machine has, is taken, with the index that was asked for."""
    machine, override = asked
    assert_value(on(impl, machine, "best_device", override), torch.device(override))


@pytest.mark.exercise("best_device")
@given(machine=machines(kinds=["CUDA and MPS"]), override=st.sampled_from(["cpu", "cuda", "cuda:0", "cuda:1", "mps"]))
def test_override_wins_where_there_is_everything(impl, machine, override):
    """On a machine with several GPUs and mps, each of them may be asked for, and the cpu."""
    assert_value(on(impl, machine, "best_device", override), torch.device(override))


@pytest.mark.exercise("best_device")
@given(
    asked=EVERYWHERE.flatmap(
        lambda machine: st.tuples(
            st.just(machine), st.sampled_from([name for name in ASKED_FOR if name not in there(machine)])
        )
    )
)
def test_override_that_the_machine_lacks_is_refused(impl, asked):
    """A device that the machine lacks, or that does not exist at all, is refused by a ValueError that names it."""
    machine, override = asked
    assert_raises(ValueError, on, impl, machine, "best_device", override, match=re.escape(override))


@pytest.mark.exercise("best_device")
@given(machine=machines(kinds=["CUDA", "CUDA, many", "ROCm", "CUDA and MPS"]))
def test_first_index_that_is_not_there_is_refused(impl, machine):
    """Indices begin with 0, so with two GPUs there is no "cuda:2": it is refused by a ValueError that names it."""
    override = f"cuda:{len(machine['gpus'])}"
    assert_raises(ValueError, on, impl, machine, "best_device", override, match=override)


@pytest.mark.exercise("best_device")
@given(machine=machines(kinds=["CUDA build, old driver"]), override=st.sampled_from(["cuda", "cuda:0"]))
def test_override_for_a_gpu_with_an_old_driver_is_refused(impl, machine, override):
    """A GPU that is counted, but that the driver is too old for, is refused by a ValueError that names it."""
    assert_raises(ValueError, on, impl, machine, "best_device", override, match=override)


@pytest.mark.exercise("best_device")
def test_every_other_text_is_refused(impl):
    """Every other text, be it empty, "CUDA", " cuda", "cuda:-1" or "cuda:256", is refused by a ValueError."""
    machine = {"version": "2.15.0", "cuda": "13.0", "hip": None, "gpus": ["NVIDIA H200"] * 3, "counted": 3}
    machine |= {"current": 0, "faults": {}, "mps": "ready", "threads": 1}
    for override in OTHER_TEXTS:
        assert_raises(ValueError, on, impl, machine, "best_device", override, match=re.escape(override))


@pytest.mark.gpu
@pytest.mark.exercise("best_device")
def test_real_tensors_fit_on_the_best_device(impl):
    """On a machine with a GPU, a tensor can be made on the device that was chosen, and lies on the GPU."""
    chosen = impl.best_device()
    assert_value(chosen, torch.device("cuda"))
    assert torch.ones(2, device=chosen).is_cuda, f"a tensor made on {chosen} does not lie on the GPU"


# run_with_threads

THREADS = st.integers(1, 6)
RESULTS = st.one_of(st.none(), st.integers(-3, 3), st.text("ab", max_size=2))


CHANGES = st.one_of(st.none(), THREADS)
ERRORS = ["ValueError", "KeyError", "KeyboardInterrupt", "SystemExit", "GeneratorExit", "BaseException"]


def run_with_threads(impl, before, count, result, error=None, change=None):
    """Calls the exercise by its probe. Should the result be wrong, the message tells the situation in a comment."""
    try:
        return impl.probes.threads_seen(before, count, result, error, change)
    finally:
        does = f"raises {error[0]}" if error else f"returns {result!r}"
        sets = f"sets {change}, " if change is not None else ""
        calls.record(lambda: f"run_with_threads({count}, work)  # threads before: {before}; work {sets}{does}")


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, result=RESULTS)
def test_work_runs_once_with_that_many_threads(impl, before, count, result):
    """The work runs exactly once, and torch.get_num_threads() is `count` while it runs."""
    seen = run_with_threads(impl, before, count, result)
    assert_value(seen["during"], [count])


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, result=RESULTS)
def test_result_of_the_work_is_returned(impl, before, count, result):
    """What the work returns is what comes back."""
    seen = run_with_threads(impl, before, count, result)
    assert_value((seen["returned"], seen["raised"]), (result, None))


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, result=st.lists(st.integers(-3, 3), max_size=2))
def test_result_is_the_very_object(impl, before, count, result):
    """A list that the work returns comes back itself, and not a copy of it."""
    seen = run_with_threads(impl, before, count, result)
    made, out = seen["objects"]
    assert made == out, f"work returned the list {result}, and another object came back: {seen['returned']!r}"


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, result=RESULTS, change=CHANGES)
def test_afterwards_there_are_as_many_threads_as_before(impl, before, count, result, change):
    """After the call torch uses as many threads as before it, even if the work itself changed the number."""
    seen = run_with_threads(impl, before, count, result, change=change)
    assert_value(seen["after"], before)


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, kind=st.sampled_from(ERRORS), change=CHANGES)
def test_threads_are_put_back_when_the_work_raises(impl, before, count, kind, change):
    """When the work raises, be it by Ctrl-C, its exception comes out, and there are as many threads as before."""
    error = (kind, "from the work")
    seen = run_with_threads(impl, before, count, None, error, change)
    assert_value((seen["raised"], seen["after"]), (error, before))


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, kind=st.sampled_from(ERRORS))
def test_work_that_raises_is_not_called_again(impl, before, count, kind):
    """Work that raises is called just once as well, with `count` threads."""
    seen = run_with_threads(impl, before, count, None, (kind, "from the work"))
    assert_value(seen["during"], [count])


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, kind=st.sampled_from(ERRORS))
def test_exception_is_the_very_object(impl, before, count, kind):
    """The exception that comes out is the very object that the work raised, and not a new one like it."""
    seen = run_with_threads(impl, before, count, None, (kind, "from the work"))
    made, out = seen["objects"]
    assert made == out, f"work raised a {kind}, and another object came out: {seen['raised'] or seen['returned']!r}"


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
@given(machine=machines(kinds=["CUDA", "CUDA, many", "ROCm"], threads=6))
def test_report_of_a_machine_with_gpus(impl, machine):
    """The report of a machine with GPUs has exactly the five entries, each of its type."""
    assert_value(on(impl, machine, "environment_report"), report(machine))


@pytest.mark.exercise("environment_report")
@given(machine=machines(kinds=["CPU build", "CUDA build, no GPU", "Mac", "old Mac"], threads=6))
def test_report_of_a_machine_without_gpu(impl, machine):
    """On a machine without a GPU nothing is raised; the list of GPUs is empty."""
    assert_value(on(impl, machine, "environment_report"), report(machine))


@pytest.mark.exercise("environment_report")
@given(machine=machines(kinds=["CUDA", "CUDA, many", "ROCm"], threads=6, faulty=True))
def test_report_where_devices_do_not_answer(impl, machine):
    """A device whose name cannot be had, whatever is raised, is "unknown"; the names of the others are still there."""
    assert_value(on(impl, machine, "environment_report"), report(machine))


@pytest.mark.exercise("environment_report")
@given(machine=machines(kinds=["CUDA, many"], threads=6, faulty=True), other=machines(kinds=["CUDA", "Mac"], threads=6))
def test_each_report_is_a_new_one(impl, machine, other):
    """A second call, on another machine, makes a dict and a list of its own: the first ones stay as they were."""
    returned = [made for made, _ in in_turn(impl, machine, other, "environment_report")]
    assert_value(returned, [report(machine), report(other)])


@pytest.mark.exercise("environment_report")
@given(machine=machines(kinds=["CUDA, many"]), other=machines(kinds=["CUDA, many"], faulty=True))
def test_current_device_stays_as_it_was_for_the_report(impl, machine, other):
    """The current device of torch.cuda is the same after the call as before it."""
    currents = [current for _, current in in_turn(impl, machine, other, "environment_report")]
    assert_value(currents, [machine["current"], other["current"]])


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
