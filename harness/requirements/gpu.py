"""The requirement `gpu`: a CUDA device."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn
from unittest import mock

from harness.errors import RequirementMissing
from harness.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator


def missing() -> str | None:
    """Says why no CUDA device can be used, or None where one can."""
    import torch

    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None:
        return "no CUDA device: this build of torch has no CUDA"
    return "no CUDA device on this machine"


@contextmanager
def hidden(test: str) -> Iterator[None]:
    """Lets a test see a machine without a CUDA device."""
    if "torch" not in sys.modules:
        yield
        return
    import torch

    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise RequirementMissing(
            f"{test} has no `gpu` marker, so it sees no CUDA device: "
            "add @pytest.mark.gpu, or keep its tensors on the CPU"
        )

    with ExitStack() as stack:
        for name, value in (("is_available", lambda: False), ("device_count", lambda: 0), ("_lazy_init", refuse)):
            stack.enter_context(mock.patch.object(torch.cuda, name, value))
        yield


GPU = Requirement(
    name="gpu",
    help="a CUDA device",
    missing=missing,
    guard=hidden,
    serial=True,
)
