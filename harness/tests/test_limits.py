"""What a worker may use; tried out in a process of its own, since no limit can be taken back."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from harness.runner.isolation import limits

PROGRAM = """
import resource
import sys
from pathlib import Path
from harness.runner.isolation import limits
limits.DRIVER = Path(sys.argv[1])
limits.apply()
print(resource.getrlimit(resource.RLIMIT_CORE))
try:
    bytearray(limits.MEMORY + (1 << 30))
except MemoryError:
    print("refused")
print(len(bytearray(1 << 20)))
print("free" if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY else "limited")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit")
@pytest.mark.parametrize(("driver", "addresses"), [("/nowhere", "limited"), ("/", "free")])
def test_memory_beyond_the_limit_is_refused(driver, addresses):
    """More memory than the limit is refused, little is given, and a crash leaves no core file.

    Where there is a driver for CUDA, addresses may be reserved without end.
    """
    done = subprocess.run([sys.executable, "-c", PROGRAM, driver], check=True, capture_output=True, text=True)
    assert done.stdout.split("\n") == ["(0, 0)", "refused", str(1 << 20), addresses, ""]


def test_where_memory_cannot_be_limited(monkeypatch):
    """On other systems only core files are limited, and nothing is asked of /proc."""
    called = []
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(resource, "setrlimit", lambda what, _: called.append(what))
    limits.apply()
    assert called == [resource.RLIMIT_CORE]
