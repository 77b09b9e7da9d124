"""What a message says of a tensor, an array or a device, checked before torch or NumPy see it."""

from __future__ import annotations

import functools
import struct
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.codec.table import MOST_ELEMENTS, PLAIN_DTYPE, elements_of
from harness.errors import CodecError

if TYPE_CHECKING:
    from harness.data.codec.memory import Memory

Place = tuple["Memory", int] | None

_CPU_STATE = struct.Struct("<QiiQ")  # seed, left, seeded, next: the beginning of the state of a generator on the CPU
_CYCLE = 624  # words of the Mersenne twister


def device_named(text: str) -> torch.device:
    """A device that there is here.

    Raises:
        CodecError: there is none of that name.
    """
    device = torch.device(text)
    if device.type == "cuda":
        there = torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    elif device.type == "mps":
        there = torch.backends.mps.is_available()
    else:
        there = device.type in ("cpu", "meta")
    if not there:
        raise CodecError(f"the device {text!r}, which there is not here")
    return device


def build_tensor(
    dtype: torch.dtype,
    flags: int,
    device: torch.device,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    place: Place,
) -> torch.Tensor:
    """The tensor of a message, in the memory that it names.

    Raises:
        CodecError: there is no such tensor, or it does not fit its memory.
    """
    if elements_of(shape) > MOST_ELEMENTS or (strides and max(strides) > MOST_ELEMENTS):
        raise CodecError(f"a tensor of shape {shape} and strides {strides}")
    if place is None:
        if device.type != "meta" and 0 not in shape:
            raise CodecError("a tensor with elements, and no memory")
        value = torch.empty_strided(shape, strides, dtype=dtype, device=device)
    else:
        value = _in_memory(dtype, shape, strides, *place)
    return _flagged(value, flags) if flags else value


def _flagged(value: torch.Tensor, flags: int) -> torch.Tensor:
    """The view of a tensor, as an argument is that is one, or that is to be conjugated or negated when it is read."""
    if flags & 4:
        value = value[...]
    if flags & 1:
        value = value.conj()
    if flags & 2 and (value.is_floating_point() or value.is_complex()):
        value = torch._neg_view(value)
    if flags != value.is_conj() + 2 * value.is_neg() + (flags & 4):
        raise CodecError(f"a tensor of {value.dtype} with the flags {flags}")
    return value


def _in_memory(
    dtype: torch.dtype, shape: tuple[int, ...], strides: tuple[int, ...], memory: Memory, first: int
) -> torch.Tensor:
    last = 0
    for side, step in zip(shape, strides, strict=True):
        last += (side - 1) * step
    if 0 in shape or first + (last + 1) * dtype.itemsize > memory.size:
        raise CodecError(f"a tensor of shape {shape} and strides {strides} does not fit its memory")
    if (memory.first + first) % dtype.itemsize:
        raise CodecError(f"a tensor of {dtype} that begins within an element")
    return memory.tensor(dtype, first, shape, strides)


def build_array(
    dtype: np.dtype[Any], writeable: bool, shape: tuple[int, ...], strides: tuple[int, ...], place: Place
) -> np.ndarray[Any, Any]:
    """The array of a message, in the memory that it names.

    Raises:
        CodecError: there is no such array.
        ValueError: it does not fit its memory.
    """
    if elements_of(shape) > MOST_ELEMENTS:
        raise CodecError(f"an array of shape {shape}")
    if place is None:
        if prod(shape):
            raise CodecError("an array with elements, and no memory")
        value: np.ndarray[Any, Any] = np.empty(shape, dtype)
        value.flags.writeable = writeable
        return value
    memory, first = place
    if memory.span.device != "cpu" or not dtype.itemsize:
        raise CodecError(f"an array of {dtype} on {memory.span.device}")
    # NumPy makes sure that shape, strides and offset stay inside.
    return np.ndarray(shape, dtype, memory.array(writeable=writeable), first, strides)


@functools.lru_cache(maxsize=256)
def array_dtype(text: str) -> np.dtype[Any]:
    """The dtype of an array.

    Raises:
        CodecError: it is none, or one whose arrays do not pass.
    """
    if PLAIN_DTYPE.fullmatch(text) is None:
        raise CodecError(f"an array of {text!r}")
    return np.dtype(text)


def set_state(generator: torch.Generator, state: bytes) -> None:
    """Puts a generator into a state.

    Raises:
        CodecError: it can be in no such state; torch, which believes the position, would read beyond its words.
        RuntimeError: the state has the wrong size.
    """
    if generator.device.type == "cpu" and len(state) >= _CPU_STATE.size:
        _, left, _, following = _CPU_STATE.unpack_from(state)
        if left + following != _CYCLE + 1 and (left, following) != (1, 0):
            raise CodecError("a state that no generator can be in")
    generator.set_state(torch.frombuffer(bytearray(state) or bytearray(1), dtype=torch.uint8))
