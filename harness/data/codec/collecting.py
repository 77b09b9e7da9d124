"""The tensors and arrays in a value, and which of them are plain data."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from harness.data.codec.memory import Piece, Span, span_of
from harness.data.codec.nesting import CONTAINERS
from harness.data.codec.table import DTYPE_NUMBER, PLAIN_DTYPE
from harness.errors import CodecError

if TYPE_CHECKING:
    from harness.data.codec.table import Table

_WITH_MEMORY = {torch.Tensor, np.ndarray, slice, *CONTAINERS}


def new_pieces(value: object, table: Table, places: dict[int, tuple[int, int]]) -> list[tuple[Span, Piece]]:
    """The tensors and arrays in a value that lie in no memory of the table.

    Args:
        value: possibly nested, possibly with the same container in several places.
        table: what is known already; known containers are not looked into.
        places: filled, by id, with the places of those new tensors and arrays that lie in memory of the table.

    Raises:
        CodecError: one of them is not plain data.
    """
    found: list[tuple[Span, Piece]] = []
    seen: set[int] = set()
    stack = [value]
    while stack:
        item: Any = stack.pop()
        kind = type(item)
        if kind not in _WITH_MEMORY or id(item) in seen or table.number(item) is not None:
            continue
        if kind is torch.Tensor or kind is np.ndarray:
            span = span_of(item if kind is np.ndarray else _ordinary(item))
            if span is not None:
                if (place := table.find(span)) is None:
                    found.append((span, item))
                else:
                    places[id(item)] = place
        elif kind is slice:
            stack += (item.start, item.stop, item.step)
        else:
            seen.add(id(item))
            stack.extend(item)
            if kind is dict:
                stack.extend(item.values())
    return found


def _ordinary(value: torch.Tensor) -> torch.Tensor:
    if value.layout is not torch.strided or value.dtype not in DTYPE_NUMBER or value.is_nested:
        raise CodecError(f"a {value.layout} tensor of {value.dtype}, sparse, nested or quantized, is not plain data")
    if value.requires_grad:
        raise CodecError("a tensor that requires grad is not plain data")
    return value


@functools.lru_cache(maxsize=256)
def dtype_text(dtype: np.dtype[Any]) -> str:
    """The text for the dtype of an array.

    Raises:
        CodecError: its arrays are not plain data.
    """
    if PLAIN_DTYPE.fullmatch(dtype.str) is None:
        raise CodecError(f"an array of {dtype} is not plain data")
    return dtype.str
