"""The conditions of a call: seeds, one thread, a deadline, and the global state put back."""

from __future__ import annotations

import contextlib
import importlib
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch

from harness.errors import DeadlineExceeded
from harness.runner import conditions
from harness.runner.conditions import clean_slate, deadline


def draw():
    """Numbers from every generator that has no name."""
    return torch.rand(2).tolist(), random.random(), np.random.rand(2).tolist(), np.random.standard_normal()


def numpy_state():
    return repr(np.random.get_state(legacy=False))


def test_the_same_seed_gives_the_same_numbers():
    """Torch, NumPy and `random` draw what the seed says, whatever was drawn before."""
    with clean_slate(5):
        first = draw()
        draw()
    with clean_slate(5):
        assert draw() == first
    with clean_slate(2**64 - 1):
        assert draw() != first


def test_the_callers_numbers_are_untouched():
    """What the caller draws does not depend on what the implementation drew or seeded."""
    states = torch.get_rng_state(), random.getstate(), numpy_state()
    with clean_slate(5):
        torch.manual_seed(1)
        random.seed(1)
        np.random.seed(1)
        draw()
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert numpy_state() == states[2]


def test_alone_in_a_process_the_same_numbers_come():
    """Where nobody else draws, the seed still says which numbers come, and NumPy gets its own source back."""
    state = numpy_state()
    with clean_slate(5):
        first = draw()
    for _ in range(2):
        with clean_slate(5, alone=True):
            assert draw() == first
    assert numpy_state() == state


CHANGES = {
    "dtype": (lambda: torch.set_default_dtype(torch.float64), torch.get_default_dtype),
    "device": (lambda: torch.set_default_device("meta"), torch.get_default_device),
    "grad": (lambda: torch.set_grad_enabled(False), torch.is_grad_enabled),
    "anomaly": (lambda: torch.autograd.set_detect_anomaly(True), torch.is_anomaly_enabled),
    "precision": (lambda: torch.set_float32_matmul_precision("medium"), torch.get_float32_matmul_precision),
    "threads": (lambda: torch.set_num_threads(2), torch.get_num_threads),
    "deterministic": (lambda: torch.set_deterministic_debug_mode("warn"), torch.get_deterministic_debug_mode),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("fails", [False, True], ids=["returns", "raises"])
def test_global_state_is_put_back(name, fails):
    """Whatever a call changes for everybody holds until its end, even if that is an exception."""
    change, read = CHANGES[name]
    before = read()
    with contextlib.suppress(ValueError), clean_slate(0):
        change()
        assert read() != before or name == "threads"
        if fails:
            raise ValueError
    assert read() == before


def test_the_callers_own_state_is_put_back():
    """The state of before is not always the one that torch begins with."""
    torch.set_default_device("meta")
    try:
        with clean_slate(0):
            torch.set_default_device("cpu")
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)


def test_calls_run_on_one_thread():
    """Inside there is one thread, and outside as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with clean_slate(0):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_cuda_generators_are_seeded_once_cuda_is_in_use(monkeypatch):
    """A device's generator is seeded and put back as well, but CUDA is not started for that."""
    generator = torch.Generator().manual_seed(3)
    before = generator.get_state()
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "default_generators", (generator,))
    with clean_slate(5):
        assert generator.initial_seed() == 5
    assert torch.equal(generator.get_state(), before)


def sleep_on():
    time.sleep(20)


def busy():
    while True:
        pass


def except_exception():
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


def bare_except():
    while True:
        try:
            time.sleep(0.01)
        except:  # noqa: E722
            continue


def bare_except_around_a_call():
    tries = 0
    while True:
        try:
            busy()
        except:  # noqa: E722
            tries += 1
            float(tries)


def suppressed_in_a_with():
    while True:
        with contextlib.suppress(BaseException), contextlib.nullcontext():
            time.sleep(0.01)


@pytest.mark.parametrize(
    "endless", [sleep_on, busy, except_exception, bare_except, bare_except_around_a_call, suppressed_in_a_with]
)
def test_no_call_outlasts_its_deadline(monkeypatch, endless):
    """A call is broken off, even one that catches whatever it can."""
    monkeypatch.setattr(conditions, "_INSIST_EVERY", 0.02)
    trace = sys.gettrace()
    begin = time.monotonic()
    with pytest.raises(DeadlineExceeded, match=r"did not return within 0\.05 s"), deadline(0.05):
        endless()
    assert time.monotonic() - begin < 5
    assert sys.gettrace() is trace
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_import_is_not_broken_off_half_way(monkeypatch, tmp_path):
    """A module that is still being imported when the time is up gets done with it; one that never does, does not."""
    monkeypatch.setattr(conditions, "_INSIST_EVERY", 0.02)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.15)\nWHOLE = True\n", encoding="utf-8")
    (tmp_path / "never_imported.py").write_text("while True:\n    pass\n", encoding="utf-8")

    def import_and_go_on():
        assert importlib.import_module("slow_to_import").WHOLE
        busy()

    with pytest.raises(DeadlineExceeded), deadline(0.1):
        import_and_go_on()
    assert sys.modules.pop("slow_to_import").WHOLE
    with pytest.raises(DeadlineExceeded), deadline(0.1):
        importlib.import_module("never_imported")
    assert "never_imported" not in sys.modules


def test_a_quick_call_returns():
    """Nothing rings after a call that has returned in time."""
    handler = signal.getsignal(signal.SIGALRM)
    with deadline(0.05):
        pass
    time.sleep(0.08)
    assert signal.getsignal(signal.SIGALRM) is handler


def test_deadlines_can_be_nested():
    """A deadline within another one, or within somebody else's alarm, lets that ring in its time."""
    with pytest.raises(DeadlineExceeded, match=r"0\.1 s"), deadline(0.1):
        with deadline(5):
            time.sleep(0.01)
        time.sleep(5)
    with pytest.raises(DeadlineExceeded, match=r"0\.05 s"), deadline(0.05):
        with contextlib.suppress(DeadlineExceeded), deadline(0.1):
            time.sleep(5)
        time.sleep(5)


def test_without_alarms_there_is_no_deadline(monkeypatch):
    """In a thread, on a system without interval timers, and under a debugger a call takes as long as it takes."""

    def slow():
        with deadline(0.01):
            time.sleep(0.03)
        done.append(True)

    done: list[bool] = []
    thread = threading.Thread(target=slow)
    thread.start()
    thread.join()
    monkeypatch.setattr(conditions, "_debugger_is_active", lambda: True)
    slow()
    monkeypatch.undo()
    monkeypatch.delattr(signal, "setitimer")
    slow()
    assert done == [True] * 3


def test_a_debugger_is_told_from_a_measurement(monkeypatch):
    """A trace function is a debugger's, unless it is a coverage tool's."""
    for trace, expected in ((None, False), (lambda *_: None, True), (type("CTracer", (), {})(), False)):
        monkeypatch.setattr(sys, "gettrace", lambda trace=trace: trace)
        assert conditions._debugger_is_active() is expected
