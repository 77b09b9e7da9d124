"""Copies of plain data, made before and after a call, so that the call can be made once more later."""

from __future__ import annotations

import sys
from pathlib import PurePath
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from harness.data.crossing import is_dense

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGEST_CALL = 100_000
"""Elements of all tensors and arrays of one call that are still copied, and letters of all texts."""

_NUMBERS = {int, float, bool, complex, type(None)}
_CONSTANT = _NUMBERS | {EllipsisType, slice, torch.Size, torch.dtype, torch.device, torch.layout, torch.memory_format}


Stored = Tensor | np.ndarray
"""What has elements in memory."""


SNAPSHOT_LIMIT = 4096
"""Elements of a tensor that `snapshot` copies."""


class NotCopied(Exception):  # noqa: N818 - no error, a reason to give up
    """A call holds what cannot be copied, or too much of it."""


def copy_data(value: object, replace: Callable[[object], object], stored: Sequence[Stored] | None = None) -> Any:
    """A copy of plain data that no later change reaches.

    Strides stay as they are, and where two tensors share memory, their copies do.

    Args:
        value: the data, nested.
        replace: gives what takes the place of anything that is not plain data, or raises `NotCopied`.
        stored: what `stored_in` finds in them, where that is known.

    Raises:
        NotCopied: it is too large.
    """
    return Copy(value, replace, stored_in(value) if stored is None else stored).made


def snapshot(value: Any) -> Any:
    """A cheap copy of a call's arguments, for a text that may be asked for when the call has changed them.

    A tensor with more elements than `SNAPSHOT_LIMIT` stays itself: it is only summarised in a text anyway. No identity
    is kept, and what is no plain data stays itself.
    """
    kind = type(value)
    if kind is Tensor and is_dense(value) and value.numel() <= SNAPSHOT_LIMIT:
        try:
            copy = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=value.device)
            return copy.copy_(value.detach())
        except RuntimeError:  # elements share memory, as in an expanded tensor: no copy has its strides
            return value.detach().clone()
    if kind is np.ndarray and value.size <= SNAPSHOT_LIMIT:
        return value.copy(order="K")
    if kind in (list, tuple):
        return kind(snapshot(item) for item in value)
    if kind is dict:
        return {key: snapshot(item) for key, item in value.items()}
    return value


def stored_in(value: object) -> list[Stored]:
    """The tensors and arrays of nested data, in order."""
    found: list[Stored] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Stored]) -> None:
    kind = type(value)
    if kind is Tensor or kind is np.ndarray:
        found.append(value)
    elif kind is tuple or kind is list:
        for item in value:
            _collect(item, found)
    elif kind is dict:
        for item in value.values():
            _collect(item, found)


def tensors_in(value: object) -> list[Tensor]:
    """The tensors of nested data, in order."""
    return [each for each in stored_in(value) if type(each) is Tensor]


def place_of(value: Stored) -> tuple[int, int]:
    """The addresses between which a tensor's storage or an array's elements lie; nothing lies in (0, 0)."""
    if not isinstance(value, Tensor):
        return np.lib.array_utils.byte_bounds(value) if value.size else (0, 0)
    if value.is_meta or not value.numel():
        return 0, 0
    storage = value.untyped_storage()
    start = storage.data_ptr()
    return start, start + storage.nbytes()


class Copy:
    """A copy under way; see `copy_data`.

    Attributes:
        made: the copy.
        stored: the tensors and arrays in it, in the order of the originals.
        paths: the paths in it; `harness.diagnosis.folders` keeps what lies there.
    """

    def __init__(self, value: object, replace: Callable[[object], object], stored: Sequence[Stored]) -> None:
        self._replace = replace
        self._room = LARGEST_CALL
        self._known: dict[int, Tensor] = {}
        self.stored: list[Stored] = []
        self.paths: list[PurePath] = []
        if len(stored) > 1:
            self._copy_together([x for x in stored if type(x) is Tensor and not x.is_meta and x.numel()])
        self.made = self._copy(value)

    def _copy(self, value: Any) -> Any:
        kind = type(value)
        if kind is Tensor:
            tensor = self._tensor(value)
            self.stored.append(tensor)
            return tensor
        if kind is tuple:
            return tuple([self._copy(item) for item in value])
        if kind is list:
            return [self._copy(item) for item in value]
        if kind is dict:
            return {key: self._copy(item) for key, item in value.items()}
        if kind is np.ndarray:
            self._take(value.size)
            array = _same_array(value)
            self.stored.append(array)
            return array
        if kind is torch.Generator:
            return torch.Generator(value.device).set_state(value.get_state())
        if kind in _CONSTANT or isinstance(value, np.generic):
            return value
        if isinstance(value, PurePath):
            self.paths.append(value)
            return value
        if kind in (str, bytes):
            self._take(len(value))
            return value
        return self._replace(value)

    def _take(self, elements: int) -> None:
        self._room -= elements
        if self._room < 0:
            raise NotCopied

    def _tensor(self, value: Tensor) -> Tensor:
        if id(value) in self._known:
            return self._known[id(value)]
        if value.is_meta:
            return value
        self._take(value.numel())
        copy = value.clone()
        if not value.is_contiguous() and copy.stride() != value.stride():
            return _same_strides([value])[0]
        return copy.view_as(copy) if value._is_view() else copy

    def _copy_together(self, tensors: list[Tensor]) -> None:
        """Copies tensors that lie in one memory at one go."""
        if len({tensor.untyped_storage().data_ptr() for tensor in tensors}) == len(tensors):
            return
        groups: dict[tuple[int, torch.dtype], list[Tensor]] = {}
        for tensor in tensors:
            groups.setdefault((tensor.untyped_storage().data_ptr(), tensor.dtype), []).append(tensor)
        for group in groups.values():
            if len(group) > 1:
                for original, copy in zip(group, _same_strides(group), strict=True):
                    self._take(original.numel())
                    self._known[id(original)] = copy


def _same_strides(tensors: list[Tensor]) -> list[Tensor]:
    """Copies of tensors of one dtype in one storage, lying to each other as those do."""
    start = min(tensor.storage_offset() for tensor in tensors)
    end = max(_end(tensor) for tensor in tensors)
    if end - start > 8 * LARGEST_CALL:
        raise NotCopied
    memory = torch.as_strided(tensors[0], (end - start,), (1,), start).clone()
    seen: dict[int, Tensor] = {}
    for tensor in tensors:
        if id(tensor) not in seen:
            seen[id(tensor)] = torch.as_strided(memory, tensor.shape, tensor.stride(), tensor.storage_offset() - start)
    return [seen[id(tensor)] for tensor in tensors]


def _same_array(array: Any) -> Any:
    """A copy of an array with the same strides."""
    copy = array.copy(order="K")
    if copy.strides != array.strides and array.size:
        start, end = np.lib.array_utils.byte_bounds(array)
        if end - start > 64 * LARGEST_CALL:
            raise NotCopied
        offset = array.__array_interface__["data"][0] - start
        memory = np.empty(end - start, dtype=np.uint8)
        copy = np.ndarray(array.shape, array.dtype, memory, offset, array.strides)
        copy[...] = array
    copy.flags.writeable = array.flags.writeable
    return copy


def _end(tensor: Tensor) -> int:
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    return int(tensor.storage_offset()) + 1 + sum((side - 1) * stride for side, stride in steps)


def size_of(value: Any) -> int:
    """About how many bytes copied data take."""
    kind = type(value)
    if kind is tuple or kind is list:
        return 64 + sum([size_of(item) for item in value])
    if kind is dict:
        return 64 + sum([size_of(item) for item in value.values()])
    if kind is Tensor or kind is np.ndarray:
        return 500 + int(value.nbytes)
    return sys.getsizeof(value, 64)
