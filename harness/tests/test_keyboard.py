"""A check has no keyboard, and says so to whoever wants to read from it."""

from __future__ import annotations

import os

import pytest

from harness.runner.isolation import remote
from harness.runner.locations import location_of
from harness.runner.proxy import session_behind
from harness.tests.isolated import Faces

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")

ANSWER = """\
import pdb, sys

def ask():
    return input("x? ")

def stop():
    breakpoint()

def trace():
    pdb.set_trace()
    return 1

def read():
    return sys.stdin.read()

def each():
    return list(sys.stdin)
"""


@pytest.fixture
def proxy(cellar, warm, monkeypatch):
    monkeypatch.setattr(remote, "_parent", warm)
    proxies = Faces(cellar)
    yield proxies.make(ANSWER)
    proxies.close()


@pytest.mark.parametrize("name", ["ask", "stop", "trace", "read", "each"])
def test_whoever_reads_is_told_where_there_is_a_keyboard(proxy, name):
    """However the answer reads, it gets an ordinary exception, the same one at each call."""
    for _ in range(2):
        with pytest.raises(OSError, match=r"^a check has no keyboard, .*: `kata check --debug` has one$") as caught:
            getattr(proxy, name)()
        assert location_of(caught.value).file == str(
            session_behind(proxy).host._kata.folder.parent.parent / "answer.py"
        )
