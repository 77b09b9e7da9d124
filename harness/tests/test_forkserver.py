"""The warm parent: what it is asked for, what it answers, and that one who asks wrongly harms nobody else."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time

import pytest

from harness.errors import RunError
from harness.judge.run import judge
from harness.model import Outcome
from harness.runner.isolation import forkserver as parents
from harness.runner.isolation.client import Parent, receive_message, send_message
from harness.runner.isolation.preloading import LATER
from harness.tests.isolated import eventually

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")

SPEC = """\
import pytest


@pytest.mark.exercise("f")
def test_f(impl):
    \"\"\"It is one.\"\"\"
    assert impl.f() == 1
"""


@pytest.fixture
def served():
    """A line to a parent that is a thread of this process; for what needs no fork."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=parents.WarmParent(theirs).serve, daemon=True)
    thread.start()
    yield Parent(ours)
    ours.close()
    thread.join(30)
    assert not thread.is_alive()


def test_messages_carry_descriptors():
    """A message arrives as it was sent, with working duplicates of the descriptors."""
    left, right = socket.socketpair()
    reader, writer = os.pipe()
    with left, right:
        send_message(left, {"a": [1, "ü"]}, [writer])
        message, (copy,) = receive_message(right)
        assert message == {"a": [1, "ü"]}
        os.write(copy, b"x")
        assert os.read(reader, 1) == b"x"
    for descriptor in (reader, writer, copy):
        os.close(descriptor)


@pytest.mark.parametrize("data", [b"", b"\x00", struct.pack("<I", 9) + b"{}", struct.pack("<I", 1 << 31)])
def test_messages_that_do_not_come_whole(data):
    """Half a message, or one beyond all measure, is as good as a line that has ended."""
    left, right = socket.socketpair()
    left.sendall(data)
    left.close()
    with right, pytest.raises(EOFError):
        receive_message(right)


def test_a_parent_that_is_gone():
    """Whoever asks a parent that has ended is told to run the command again."""
    ours, theirs = socket.socketpair()
    theirs.close()
    with Parent(ours) as parent, pytest.raises(RunError, match="run the command again"):
        parent.ask({"do": "line"})


def test_what_a_kata_needs_is_imported_beforehand(served, monkeypatch):
    """`preload` imports the modules of the capabilities that have any, and takes them out of the collector's sight."""
    frozen = []
    monkeypatch.setattr(parents, "freeze", lambda: frozen.append(True))
    monkeypatch.setattr(parents, "PRELOADS", {"colours": ("colorsys",)})
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    served.ask({"do": "preload", "capabilities": ["colours", "torch"]})
    assert "colorsys" in sys.modules
    assert frozen == [True]


TINY_MODEL = """\
import sys

warm = "transformers.modeling_utils" in sys.modules

import torch
from transformers import GPT2Config, GPT2LMHeadModel


def f():
    config = GPT2Config(n_layer=1, n_head=1, n_embd=8, vocab_size=16, bos_token_id=0, eos_token_id=0)
    logits = GPT2LMHeadModel(config)(torch.tensor([[1, 2, 3]])).logits
    return int(warm and logits.shape == (1, 3, 16))
"""


TINY_TRANSFORM = """\
import sys

warm = "torchvision.transforms.v2" in sys.modules

import torch
from torchvision.transforms import v2


def f():
    return int(warm and v2.ToDtype(torch.float32, scale=True)(torch.tensor([255], dtype=torch.uint8)) == 1)
"""


@pytest.mark.parametrize(("capability", "program"), [("transformers", TINY_MODEL), ("torchvision", TINY_TRANSFORM)])
def test_a_library_is_there(cellar, monkeypatch, capability, program):
    """The parent of a kata with that capability has imported what its workers use, and it works in them."""
    monkeypatch.setenv("PYTHONPATH", cellar.path)
    kata = cellar.kata(program, spec=SPEC)
    with Parent.start() as parent:
        parent.preload([capability])
        (finding,) = judge(kata, "solution", parent=parent)
    assert (finding.outcome, finding.failure) == (Outcome.PASSED, None)


def test_a_request_that_fails_harms_nobody(served):
    """A request that cannot be done is answered by why, and the next one is served."""
    with pytest.raises(RunError, match="KeyError: 'capabilities'"):
        served.ask({"do": "preload"})
    with pytest.raises(RunError, match="does not know how to 'dance'"):
        served.ask({"do": "dance"})
    answer, _ = served.ask({"do": "end", "pid": 1})
    assert answer == {"status": None}


def test_a_line_may_end_while_others_go_on(served):
    """A second line is as good as the first, and its end is nobody else's."""
    line = served.another_line()
    assert line.ask({"do": "end", "pid": 1})[0] == {"status": None}
    line.close()
    assert served.another_line().ask({"do": "end", "pid": 1})[0] == {"status": None}


def test_judges_run_on_several_lines(cellar, warm):
    """Two threads with a line each have their judges run at the same time, and each gets its own answer."""
    kata = cellar.kata("def f():\n    return 1\n", spec=SPEC)
    found = {}

    def ask(reference, line):
        found[reference] = judge(kata, reference, parent=line)[0].outcome
        line.close()

    threads = [
        threading.Thread(target=ask, args=(reference, warm.another_line())) for reference in ("solution", "stub")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert found["solution"] is Outcome.PASSED
    assert found["stub"] is not Outcome.PASSED


def test_a_parent_gets_warmer_while_it_waits(cellar, warm):
    """What only pays in the long run is imported in a pause, once a judge has ended."""
    names = "', '".join(LATER)
    kata = cellar.kata(f"import sys\n\n\ndef f():\n    return int({{'{names}'}} <= set(sys.modules))\n", spec=SPEC)
    judge(kata, "solution", parent=warm)

    def is_warmer():
        time.sleep(1.5)  # a pause
        return judge(kata, "solution", parent=warm)[0].outcome is Outcome.PASSED

    assert eventually(is_warmer)


def test_a_judge_that_dies_is_told(cellar, warm):
    """A spec that ends its own process is told by how it ended, and its worker ends with it."""
    kata = cellar.kata("def f():\n    return 1\n", spec=SPEC.replace("== 1", "== 1\n    import os\n    os._exit(9)"))
    with pytest.raises(RunError, match="ended with exit code 9"):
        judge(kata, "solution", parent=warm)
    kata = cellar.kata("def f():\n    return 1\n", spec=SPEC)
    assert judge(kata, "solution", parent=warm)[0].outcome is Outcome.PASSED
