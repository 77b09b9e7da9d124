"""A check has no keyboard, and says so to whoever wants to read from it."""

from __future__ import annotations

import os

import pytest

from harness.runner.isolation import remote
from harness.runner.locations import location_of
from harness.runner.proxy import session_behind
from harness.tests.apart import Faces

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
def face(cellar, warm, monkeypatch):
    monkeypatch.setattr(remote, "_parent", warm)
    faces = Faces(cellar)
    yield faces.face(ANSWER)
    faces.close()


@pytest.mark.parametrize("name", ["ask", "stop", "trace", "read", "each"])
def test_whoever_reads_is_told_where_there_is_a_keyboard(face, name):
    """However the answer reads, it gets an ordinary exception, the same one at each call."""
    for _ in range(2):
        with pytest.raises(OSError, match=r"^a check has no keyboard, .*: `kata check --debug` has one$") as caught:
            getattr(face, name)()
        assert location_of(caught.value).file == str(session_behind(face).host._kata.folder.parent.parent / "answer.py")
