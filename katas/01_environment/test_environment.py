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
KINDS = ["CPU build", "CUDA build, no GPU", "CUDA", "CUDA, many", "ROCm", "Mac", "old Mac"]


def numbers(most=30):
    """One number of a version."""
    return st.integers(0, most)


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
        major, minor = draw(st.sampled_from([(13, 0), (11, 8), (12, 6), (12, 10), (13, 2)]))
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
        gpus = draw(st.lists(st.sampled_from(GPUS), min_size=2, max_size=4))
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
        calls.record(lambda: f"{function}({', '.join(map(repr, args))})  # {told(machine)}")


def told(machine):
    """A machine in words."""
    builds = [f"{name} {version}" for name, version in (("CUDA", machine["cuda"]), ("ROCm", machine["hip"])) if version]
    gpus = [
        f"{name} (asking for its name raises {machine['faults'][index]})" if index in machine["faults"] else name
        for index, name in enumerate(machine["gpus"])
    ]
    parts = [f"torch {machine['version']}, built {'for ' + builds[0] if builds else 'without CUDA'}"]
    current = f" (current: {machine['current']})" if len(gpus) > 1 else ""
    parts.append(f"GPUs{current}: {', '.join(gpus)}" if gpus else "no GPU for torch.cuda")
    parts += {"ready": ["mps is there"], "built": ["mps is built in, but not available"], "absent": []}[machine["mps"]]
    parts.append(f"{machine['threads']} thread{'s' * (machine['threads'] > 1)}")
    return "; ".join(parts)


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
@given(machine=machines(kinds=["CUDA build, no GPU"]))
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
@given(machine=machines(kinds=["CUDA build, no GPU"]))
def test_no_device_where_torch_was_built_for_cuda(impl, machine):
    """Where torch was built for CUDA but can use no device, the status is "no device"."""
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
@given(machine=machines(kinds=["CPU build", "CUDA build, no GPU", "Mac", "old Mac"]))
def test_no_names_where_there_is_no_device(impl, machine):
    """Without a device of torch.cuda the list is empty, and nothing is raised."""
    assert_value(on(impl, machine, "device_names"), [])


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
@given(machine=machines(kinds=["CPU build", "CUDA build, no GPU", "old Mac"]))
def test_cpu_where_nothing_else_can_be_used(impl, machine):
    """Where neither can be used, the choice is torch.device("cpu"), even if torch was built for a GPU."""
    assert_value(on(impl, machine, "best_device"), torch.device("cpu"))


def there(machine):
    """The names by which one may ask for a device that the machine has."""
    cuda = ["cuda", *(f"cuda:{index}" for index in range(len(machine["gpus"])))]
    return ["cpu"] + cuda * bool(machine["gpus"]) + ["mps"] * (machine["mps"] == "ready")


ASKED_FOR = [
    "cpu",
    "cuda",
    "cuda:0",
    "cuda:1",
    "cuda:2",
    "cuda:3",
    "cuda:4",
    "cuda:10",
    "mps",
    "xpu",
    "gpu",
    "tpu",
    "cuda:x",
]
EVERYWHERE = machines(kinds=[*KINDS, "CUDA and MPS"])


@pytest.mark.exercise("best_device")
@given(asked=EVERYWHERE.flatmap(lambda machine: st.tuples(st.just(machine), st.sampled_from(there(machine)))))
def test_override_wins_where_the_machine_has_it(impl, asked):
    """A device that is asked for, and that the machine has, is taken, with the index that was asked for."""
    machine, override = asked
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


def run_with_threads(impl, before, count, result, error=None):
    """Calls the exercise by its probe. Should the result be wrong, the message tells the situation in a comment."""
    try:
        return impl.probes.threads_seen(before, count, result, error)
    finally:
        does = f"raises {error[0]}" if error else f"returns {result!r}"
        calls.record(lambda: f"run_with_threads({count}, work)  # after torch.set_num_threads({before}); work {does}")


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
@given(before=THREADS, count=THREADS, result=RESULTS)
def test_afterwards_there_are_as_many_threads_as_before(impl, before, count, result):
    """After the call torch uses as many threads as before it, whatever that number was."""
    seen = run_with_threads(impl, before, count, result)
    assert_value(seen["after"], before)


@pytest.mark.exercise("run_with_threads")
@given(before=THREADS, count=THREADS, kind=st.sampled_from(["ValueError", "KeyError", "KeyboardInterrupt"]))
def test_threads_are_put_back_when_the_work_raises(impl, before, count, kind):
    """When the work raises, be it by Ctrl-C, its exception comes out, and there are as many threads as before."""
    error = (kind, "from the work")
    seen = run_with_threads(impl, before, count, None, error)
    assert_value((seen["raised"], seen["after"]), (error, before))


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
