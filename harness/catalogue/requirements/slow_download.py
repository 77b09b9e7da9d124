"""The requirement `slow_download`: the network."""

from __future__ import annotations

import socket
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.catalogue.requirements import Requirement
from harness.errors import RequirementMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

# An audit hook sees every socket, however it is made, and cannot be taken off again: it is put in place once, and works
# only while this names a test.
_offline_tests: list[str] = []
_installed = False


def _refuse_sockets(event: str, args: tuple[object, ...]) -> None:
    if not _offline_tests:
        return
    if event == "socket.__new__" and args[1] not in (socket.AF_INET, socket.AF_INET6):
        return
    if event in ("socket.__new__", "socket.getaddrinfo", "socket.gethostbyname"):
        raise RequirementMissing(
            f"{_offline_tests[-1]} has no `slow_download` marker, so it has no network: "
            "add @pytest.mark.slow_download and run it with --slow-download, or use bundled data"
        )


@contextmanager
def offline(test: str) -> Iterator[None]:
    """Keeps a test from opening an internet socket or looking up a name."""
    global _installed
    if not _installed:
        sys.addaudithook(_refuse_sockets)
        _installed = True
    _offline_tests.append(test)
    try:
        yield
    finally:
        _offline_tests.pop()


SLOW_DOWNLOAD = Requirement(
    name="slow_download",
    help="a download from the internet",
    opt_in=True,
    guard=offline,
)
