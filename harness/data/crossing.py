"""What may pass between a spec and an implementation, and in which form.

Plain data passes: tensors, NumPy arrays and scalars, numbers, strings, bytes, None, lists, tuples, dicts, slices,
`torch.Size`, dtypes, devices, generators, and paths inside the run's own folder. Arguments are checked, results are
normalised: detached, subclasses turned into what they are subclasses of. They share memory with the arguments of their
call and with nothing else (`harness.data.owning`). Anything else that an implementation returns stays with it, and the
spec holds a handle.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePath
from types import EllipsisType, NoneType
from typing import Any

import numpy as np
import torch

from harness.errors import SpecError

_ATOMS = (
    NoneType,
    EllipsisType,
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    torch.Size,
    torch.dtype,
    torch.device,
    torch.layout,
    torch.memory_format,
    torch.Generator,
)
_SUBCLASSED_ATOMS: tuple[Any, ...] = (int, float, complex, str, bytes)

PLAIN_TYPES: tuple[type, ...] = (*_ATOMS, torch.Tensor, np.ndarray, np.generic, PurePath, slice, list, tuple, dict)
"""All that is plain data. Whoever walks through data knows each of them, which `test_plain_data` checks."""


def check_argument(value: object, *, folder: Path, where: str, is_handle: Callable[[object], bool]) -> None:
    """Refuses what may not pass from a spec to an implementation.

    Args:
        value: an argument, possibly nested.
        folder: the only place where paths may lead.
        where: what the value is, for the message: `argument 2 of join_rows`.
        is_handle: tells the handles of this implementation.

    Raises:
        SpecError: with the type of the offending part and what to do instead.
    """
    kind = type(value)
    if kind in _ATOMS or is_handle(value):
        return
    if kind is torch.Tensor:
        _check_tensor(value, where)  # type: ignore[arg-type]
    elif kind is list or kind is tuple:
        for index, item in enumerate(value):  # type: ignore[arg-type,var-annotated]
            check_argument(item, folder=folder, where=f"{where}[{index}]", is_handle=is_handle)
    elif kind is dict:
        for key, item in value.items():  # type: ignore[attr-defined]
            check_argument(key, folder=folder, where=f"a key of {where}", is_handle=is_handle)
            check_argument(item, folder=folder, where=f"{where}[{key!r}]", is_handle=is_handle)
    elif kind is slice:
        for part in (value.start, value.stop, value.step):  # type: ignore[attr-defined]
            check_argument(part, folder=folder, where=f"a bound of {where}", is_handle=is_handle)
    elif isinstance(value, PurePath):
        if not Path(value).resolve().is_relative_to(folder.resolve()):
            raise SpecError(f"{where} is the path {value}, outside the run's folder: use impl.folder()")
    elif kind is np.ndarray or isinstance(value, np.generic):
        if value.dtype.hasobject:  # type: ignore[attr-defined]
            raise SpecError(f"{where} is a NumPy array of Python objects: only numbers, strings and bytes may pass")
    else:
        raise SpecError(
            f"{where} is a {kind.__module__}.{kind.__qualname__}, and only plain data and handles pass from a spec "
            "to an implementation: build it in the kata's probes.py instead"
        )


def _check_tensor(value: torch.Tensor, where: str) -> None:
    if value.requires_grad:
        raise SpecError(f"{where} requires grad: pass it detached, and let a probe do what needs autograd")
    if not is_dense(value):
        raise SpecError(f"{where} is no dense tensor: only dense ones pass; let a probe build the other kind")


def is_dense(value: torch.Tensor) -> bool:
    """Whether a tensor is a plain array of numbers: not sparse, quantized or nested, nor a mask for something else."""
    return (
        value.layout is torch.strided
        and not value.is_quantized
        and not value.is_nested
        # What overrides the dispatcher, as torchao's quantized tensors do, has no memory of its own to be read.
        and type(value).__torch_dispatch__ is torch.Tensor.__torch_dispatch__
    )


class Crossing:
    """One call's results on their way from the implementation to the spec.

    Remembers the call's arguments, so that an argument that comes back is recognised as the same object.
    """

    def __init__(self, arguments: object, *, handle: Callable[[object], object]) -> None:
        """Takes the arguments, after `check_argument`, and what makes a handle of an object."""
        self._handle = handle
        self._known: dict[int, object] = {}
        self._remember(arguments)

    def _remember(self, value: object) -> None:
        if isinstance(value, torch.Tensor | np.ndarray | torch.Generator):
            self._known[id(value)] = value
        elif isinstance(value, list | tuple | dict):
            self._known[id(value)] = value
            for item in value.values() if isinstance(value, dict) else value:
                self._remember(item)

    @property
    def arguments(self) -> Collection[object]:
        """The tensors, arrays, generators and containers among the arguments."""
        return self._known.values()

    def settle_arguments(self) -> None:
        """Puts right what a call may have left on its arguments and what could not cross: gradients and odd items."""
        for value in list(self._known.values()):
            if isinstance(value, torch.Tensor) and value.requires_grad:
                _detach_in_place(value)
            elif isinstance(value, list):
                value[:] = [self.result(item) for item in value]
            elif isinstance(value, dict):
                entries = {self.result(key): self.result(item) for key, item in value.items()}
                value.clear()
                value.update(entries)

    def result(self, value: Any) -> Any:
        """Gives the plain form of a result, or a handle where it has none."""
        kind = type(value)
        if kind is tuple:
            # Even one of the arguments may hold what was a handle in the spec's hands.
            items = tuple(self.result(item) for item in value)
            same = id(value) in self._known and all(a is b for a, b in zip(items, value, strict=True))
            return value if same else items
        if id(value) in self._known:
            return value
        if isinstance(value, torch.Tensor):
            return _plain_tensor(value) if is_dense(value) else self._handle(value)
        if kind in _ATOMS or isinstance(value, np.generic | PurePath):
            return value
        if kind is slice:
            return slice(self.result(value.start), self.result(value.stop), self.result(value.step))
        if kind is np.ndarray:
            return self._handle(value) if value.dtype.hasobject else value
        for atom in _SUBCLASSED_ATOMS:
            if isinstance(value, atom):
                return atom(value)
        if isinstance(value, list):
            return [self.result(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self.result(item) for item in value)
        if isinstance(value, Mapping):
            return {self.result(key): self.result(item) for key, item in value.items()}
        return self._handle(value)


def _detach_in_place(value: torch.Tensor) -> None:
    if value.is_leaf:
        value.grad = None
        value.requires_grad_(False)
    elif value._is_view():
        # Torch detaches no view in place; the same object then becomes another view of the same memory.
        value._base.detach_()  # type: ignore[union-attr]
        torch.utils.swap_tensors(value, value.detach())  # type: ignore[no-untyped-call]
    else:
        value.detach_()


def _plain_tensor(value: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        plain = value.detach()
        if type(plain) is not torch.Tensor:
            plain = plain.as_subclass(torch.Tensor)
        plain = plain.resolve_conj().resolve_neg()
        # What was computed under inference mode refuses to be changed; nothing else shares its memory.
        return plain.clone() if plain.is_inference() else plain
