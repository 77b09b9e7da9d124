"""The requirement `gpu`: a CUDA device."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn
from unittest import mock

from harness.catalogue.requirements import Requirement
from harness.errors import RequirementMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


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
            f"there is no CUDA device to compute on in {test.rpartition('::')[2]}, which has no `gpu` marker: "
            "keep its tensors on the CPU, ask for devices only when a function is called, or add @pytest.mark.gpu"
        )

    patches: list[tuple[object, str, Callable[..., object]]] = [
        (torch.cuda, "is_available", lambda: False),
        (torch.cuda, "device_count", lambda: 0),
        (torch.cuda, "_lazy_init", refuse),
    ]
    accelerator = torch.accelerator.current_accelerator()
    if accelerator is not None and accelerator.type == "cuda":

        def current_accelerator(check_available: bool = False) -> torch.device | None:
            return None if check_available else accelerator

        patches += [
            (torch.accelerator, "is_available", lambda: False),
            (torch.accelerator, "device_count", lambda: 0),
            (torch.accelerator, "current_accelerator", current_accelerator),
        ]
    with ExitStack() as stack:
        for holder, name, value in patches:
            stack.enter_context(mock.patch.object(holder, name, value))
        # Once a test with the marker has used it, torch does not ask _lazy_init again.
        if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            stack.enter_context(_watching_devices(refuse))
        yield


def _watching_devices(refuse: Callable[..., NoReturn]) -> AbstractContextManager[object]:
    """Refuses every operation that names a CUDA device, as each does that makes a tensor there."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # or torch would import its compiler, which takes seconds

        def __torch_dispatch__(
            self, func: Any, types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            device = (kwargs or {}).get("device")
            if device is not None and torch.device(device).type == "cuda":
                refuse()
            return func(*args, **(kwargs or {}))

    watch: AbstractContextManager[object] = Watch()  # type: ignore[no-untyped-call]
    return watch


GPU = Requirement(
    name="gpu",
    help="a CUDA device",
    missing=missing,
    guard=hidden,
    serial=True,
)
