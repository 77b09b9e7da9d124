"""Resources behind markers: why a test is skipped, and what keeps a test without the marker from the resource."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest
import torch

from harness.catalogue.requirements import Requirement, gpu
from harness.catalogue.requirements.gpu import GPU
from harness.catalogue.requirements.slow_download import SLOW_DOWNLOAD, _refuse_sockets, offline
from harness.errors import RequirementMissing

OVEN = Requirement(name="big_oven", help="an oven", missing=lambda: "no oven here")
HERE = Requirement(name="table", help="a table")


@pytest.mark.parametrize(
    ("requirement", "wanted", "reason"),
    [
        (OVEN, None, "no oven here; --big-oven runs it all the same"),
        (OVEN, True, None),
        (OVEN, False, "switched off by --no-big-oven; run it with --big-oven"),
        (HERE, None, None),
        (HERE, False, "switched off by --no-table; run it with --table"),
        (SLOW_DOWNLOAD, None, "needs a download from the internet; run it with --slow-download"),
        (SLOW_DOWNLOAD, True, None),
    ],
)
def test_a_reason_names_the_option(requirement, wanted, reason):
    """Whoever reads why a test was skipped knows what to type to run it; the option forces it."""
    assert requirement.reason_to_skip(wanted) == reason


def test_a_look_that_fails_is_a_reason():
    """Where the look for a resource raises, its tests are skipped, not the whole run lost."""
    requirement = Requirement(name="oven", help="an oven", missing=lambda: str(1 / 0))
    assert requirement.reason_to_skip(None) == (
        "nobody can tell whether an oven is here (ZeroDivisionError: division by zero); --oven runs it all the same"
    )


def test_by_default_nothing_is_guarded():
    """A requirement without a guard lets every test do what it likes."""
    with HERE.guard("test_a"):
        pass


@pytest.mark.parametrize(
    ("available", "version", "reason"),
    [
        (True, "13.0", None),
        (False, "13.0", "no CUDA device on this machine"),
        (False, None, "no CUDA device: this build of torch has no CUDA"),
    ],
)
def test_why_there_is_no_gpu(monkeypatch, available, version, reason):
    """A machine without the device is told from a build of torch without CUDA."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    monkeypatch.setattr(torch.version, "cuda", version)
    assert gpu.missing() == reason


NO_GPU = (
    r"there is no CUDA device to compute on in test_a, which has no `gpu` marker: keep its tensors on the CPU, "
    r"ask for devices only when a function is called, or add @pytest\.mark\.gpu"
)


def test_a_test_without_the_marker_sees_no_gpu(monkeypatch):
    """Every look for a device finds none, and using one names the marker; afterwards all is as before."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: torch.device("cuda"))
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    with GPU.guard("test_a"):
        assert (torch.cuda.is_available(), torch.cuda.device_count()) == (False, 0)
        assert (torch.accelerator.is_available(), torch.accelerator.device_count()) == (False, 0)
        assert torch.accelerator.current_accelerator() == torch.device("cuda")
        assert torch.accelerator.current_accelerator(check_available=True) is None
        with pytest.raises(RequirementMissing, match=NO_GPU):
            torch.cuda.current_device()
    assert torch.cuda.is_available()
    assert torch.accelerator.is_available()


def test_other_accelerators_are_not_hidden(monkeypatch):
    """The requirement is about CUDA: what else a machine has stays visible."""
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("mps"))
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    with GPU.guard("test_a"):
        assert torch.accelerator.is_available()


def test_a_gpu_in_use_is_hidden_as_well(monkeypatch):
    """Once another test has used the device, a test without the marker is still refused."""
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with GPU.guard("test_a"):
        assert torch.ones(2).to(torch.float64).sum() == 2
        assert torch.ones(2, device="meta").device.type == "meta"
    operation = torch.ops.aten.empty.memory_format
    watch: Any = gpu._watching_devices(_refuse)
    with pytest.raises(RequirementMissing, match="refused"):
        watch.__torch_dispatch__(operation, (), ([2],), {"device": torch.device("cuda")})


def _refuse():
    raise RequirementMissing("refused")


def test_without_torch_there_is_nothing_to_hide(monkeypatch):
    """The guard imports nothing that the test has not imported."""
    monkeypatch.delitem(sys.modules, "torch")
    with GPU.guard("test_a"):
        assert "torch" not in sys.modules


NO_NETWORK = (
    r"test_a has no `slow_download` marker, so it has no network: add @pytest\.mark\.slow_download and run it with "
    r"--slow-download, or use bundled data"
)


@pytest.mark.parametrize(
    "connect",
    [
        lambda: socket.socket(),
        lambda: socket.socket(socket.AF_INET6),
        lambda: socket.create_connection(("192.0.2.1", 80), timeout=0.01),
        lambda: socket.getaddrinfo("example.invalid", 80),
        lambda: socket.gethostbyname("example.invalid"),
    ],
    ids=["socket", "socket 6", "connection", "getaddrinfo", "gethostbyname"],
)
def test_a_test_without_the_marker_has_no_network(connect):
    """Neither a socket nor a look-up of a name is to be had, and the message names the marker and the option."""
    with SLOW_DOWNLOAD.guard("test_a"), pytest.raises(RequirementMissing, match=NO_NETWORK):
        connect()


def test_what_stays_on_the_machine_is_no_network():
    """Pairs of local sockets work inside, and every socket afterwards."""
    with offline("test_a"):
        for end in socket.socketpair():
            end.close()
    socket.socket().close()


def test_the_innermost_test_is_named():
    """Guards can be nested, and each ends for itself."""
    with offline("test_b"):
        with offline("test_a"), pytest.raises(RequirementMissing, match="test_a has no"):
            _refuse_sockets("socket.getaddrinfo", ("a",))
        with pytest.raises(RequirementMissing, match="test_b has no"):
            _refuse_sockets("socket.__new__", (None, socket.AF_INET))
        _refuse_sockets("socket.__new__", (None, socket.AF_UNIX))
        _refuse_sockets("open", ("a",))
    _refuse_sockets("socket.getaddrinfo", ("a",))


def test_both_built_in_requirements_say_what_they_are():
    """Options, markers and rules of the two requirements that every pack can count on."""
    assert (GPU.option, GPU.opposite, GPU.dest, GPU.serial, GPU.opt_in) == (
        "--gpu",
        "--no-gpu",
        "kata_gpu",
        True,
        False,
    )
    assert (SLOW_DOWNLOAD.option, SLOW_DOWNLOAD.opposite) == ("--slow-download", "--no-slow-download")
    assert (SLOW_DOWNLOAD.dest, SLOW_DOWNLOAD.serial, SLOW_DOWNLOAD.opt_in) == ("kata_slow_download", False, True)
