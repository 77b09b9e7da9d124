"""How containers stand in one another: none in itself, none too deep, not too many when every reference is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from harness.data.codec.table import MOST_DEPTH, MOST_VALUES
from harness.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONTAINERS = (list, tuple, dict)
NOT_IN_SLICES = (*CONTAINERS, slice)


class _Extent(NamedTuple):
    values: int
    height: int


_UNDER_WAY = _Extent(0, 0)


def check_nesting(value: object, contents: Mapping[int, Iterable[Any]]) -> None:
    """Refuses what could not be printed or compared, such as a list that contains itself.

    Args:
        value: possibly with the same container in several places.
        contents: by id, what containers are about to contain.

    Raises:
        CodecError: it is nested too deep, or endlessly, or has too many values.
    """
    _measure(value, contents, {}, 0)


def _measure(value: object, contents: Mapping[int, Iterable[Any]], known: dict[int, _Extent], depth: int) -> _Extent:
    if type(value) not in CONTAINERS:
        return _Extent(1, 0)
    extent = known.get(id(value))
    if extent is _UNDER_WAY:
        raise CodecError("a container that contains itself is not plain data")
    if extent is None:
        if depth > MOST_DEPTH:
            raise CodecError(f"nested more than {MOST_DEPTH} deep")
        known[id(value)] = _UNDER_WAY
        values, height = 1, 0
        about_to_be = contents.get(id(value))
        for item in _items(value) if about_to_be is None else about_to_be:
            inner = _measure(item, contents, known, depth + 1)
            values, height = values + inner.values, max(height, inner.height + 1)
        known[id(value)] = extent = _Extent(values, height)
    if depth + extent.height > MOST_DEPTH:
        raise CodecError(f"nested more than {MOST_DEPTH} deep")
    if extent.values > MOST_VALUES:
        raise CodecError(f"more than {MOST_VALUES} values")
    return extent


def _items(value: Any) -> list[Any]:
    return [*value, *value.values()] if type(value) is dict else list(value)
