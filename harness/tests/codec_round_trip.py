"""Both ends of a channel in one process, what may cross it, and what it means that it has crossed whole."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from harness.data.codec import Decoder, Encoder, Table
from harness.data.codec.changes import apply, changes, watch
from harness.data.codec.memory import Span, span_of
from harness.data.codec.table import DTYPES
from harness.errors import CodecError

FOLDER = Path("/tmp/a-run")


class Kept:
    """What stays at one end; the other end holds its number."""

    def __init__(self, number: int) -> None:
        self.number = number


def _number(value: object) -> int | None:
    return value.number if isinstance(value, Kept) else None


def encoder(table: Table, folder: Path = FOLDER) -> Encoder:
    return Encoder(table, handle=_number, folder=folder)


def decoder(table: Table, folder: Path = FOLDER) -> Decoder:
    return Decoder(table, handle=Kept, folder=folder)


def encoded(value: object) -> bytes:
    return encoder(Table()).encode(value)


def decoded(data: bytes) -> Any:
    return decoder(Table()).decode(data)


def there(value: object) -> Any:
    """The value as it arrives at the other end."""
    return decoded(encoded(value))


class Call:
    """A call that has arrived: `arguments` are the worker's, `answer` is what the judge gets."""

    def __init__(self, arguments: object) -> None:
        self._judge, self._worker = Table(), Table()
        self.arguments = decoder(self._worker).decode(encoder(self._judge).encode(arguments))
        self._before = watch(self._worker)

    def changes(self) -> list[Any]:
        return changes(self._before, self._worker)

    def answer(self, result: object = None) -> Any:
        message = encoder(self._worker).encode([self.changes(), result])
        changed, value = decoder(self._judge).decode(message)
        apply(changed, self._judge)
        return value

    def apply(self, changed: object) -> None:
        apply(changed, self._judge)


def _bits(value: Any) -> object:
    if isinstance(value, torch.Tensor):
        if value.is_meta:
            return None
        return value.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8).tolist()
    return value.tobytes()


def _form(value: Any) -> object:
    if isinstance(value, torch.Tensor):
        return value.dtype, value.device, value.shape, value.stride(), value.is_conj(), value.is_neg(), value._is_view()
    strides = value.strides if value.size else None
    return value.dtype.str, value.shape, strides, value.flags.writeable, value.flags.aligned


def _span(value: Any) -> Span:
    span = span_of(value)
    assert span is not None
    return span


class Comparison:
    """Whether two values are alike to the bit, in what they share too."""

    def __init__(self) -> None:
        self._twins: dict[int, object] = {}
        self._back: dict[int, object] = {}
        self._pieces: list[tuple[Any, Any]] = []

    def check(self, left: Any, right: Any) -> None:
        self._check(left, right)
        for (one, his), (two, hers) in combinations(self._pieces, 2):
            first, second, third, fourth = map(_span, (one, two, his, hers))
            overlap = first.start < second.stop and second.start < first.stop
            assert (third.start < fourth.stop and fourth.start < third.stop) == overlap
            assert not overlap or second.start - first.start == fourth.start - third.start

    def _check(self, left: Any, right: Any) -> None:
        kind = type(left)
        assert type(right) is kind
        if kind in (list, tuple, dict, torch.Tensor, np.ndarray, torch.Generator) and not (kind is tuple and not left):
            if id(left) in self._twins:
                assert self._twins[id(left)] is right
                return
            assert id(right) not in self._back
            self._twins[id(left)], self._back[id(right)] = right, left
        if kind in (list, tuple):
            self._check_all(left, right)
        elif kind is dict:
            self._check_all(left, right)
            self._check_all(left.values(), right.values())
        elif kind in (torch.Tensor, np.ndarray):
            assert _form(left) == _form(right)
            assert _bits(left) == _bits(right)
            if span_of(left) is not None:
                self._pieces.append((left, right))
        elif kind is torch.Generator:
            assert torch.equal(left.get_state(), right.get_state())
        elif kind is slice:
            self._check_all((left.start, left.stop, left.step), (right.start, right.stop, right.step))
        elif isinstance(left, np.generic):
            assert (left.dtype, left.tobytes()) == (right.dtype, right.tobytes())
        elif kind in (float, complex) and left != left:
            assert repr(left) == repr(right)
        else:
            assert left == right

    def _check_all(self, left: Any, right: Any) -> None:
        assert len(left) == len(right)
        for one, other in zip(left, right, strict=True):
            self._check(one, other)


def assert_same(left: object, right: object) -> None:
    Comparison().check(left, right)


ATOMS = (
    st.none()
    | st.just(...)
    | st.booleans()
    | st.integers()
    | st.integers(-(2**9000), 2**9000)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.sampled_from([*DTYPES, torch.strided, torch.sparse_coo, torch.channels_last, torch.contiguous_format])
    | st.sampled_from([torch.device("cpu"), torch.device("cuda", 3), torch.device("cuda", 200), torch.device("meta")])
    | st.lists(st.integers(-1, 2**62), max_size=4).map(torch.Size)
    | st.builds(slice, st.none() | st.integers(), st.integers(), st.none() | st.integers())
    | st.sampled_from(
        [
            *(
                np.float32(0.1),
                np.int8(-3),
                np.bool_(True),
                np.str_("é"),
                np.str_(""),
                np.bytes_(b"a"),
                np.complex64(1j),
            ),
            *(np.datetime64("2020-01-02", "D"), np.timedelta64(3, "ms"), np.longdouble(1) / 3),
        ]
    )
    | st.sampled_from([FOLDER, FOLDER / "a" / "b c", FOLDER / "\udcff"])
)

ARRAY_DTYPES = [
    "?",
    "u1",
    "<i2",
    ">i4",
    "i8",
    "u8",
    "<f2",
    "f4",
    ">f8",
    "c8",
    "c16",
    "S3",
    "<U2",
    "M8[ns]",
    "m8[25s]",
    "g",
]


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    dtype = draw(st.sampled_from(DTYPES))
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    count = math.prod(shape) * dtype.itemsize
    fill = draw(st.binary(min_size=count, max_size=count))
    raw = torch.tensor(list(fill), dtype=torch.uint8)
    return ((raw & 1) if dtype is torch.bool else raw).view(dtype).reshape(shape)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    dtype = np.dtype(draw(st.sampled_from(ARRAY_DTYPES)))
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    value = np.zeros(shape, dtype, order=draw(st.sampled_from("CF")))
    if dtype.kind in "uif":
        value[...] = draw(st.integers(0, 100))
    return value


def _tensor_views(value: torch.Tensor) -> list[Any]:
    found: list[Any] = [
        value[...],
        value.mT if value.ndim > 1 else value,
        value.expand(2, *value.shape),
        value.detach(),
    ]
    if value.ndim and value.shape[0]:
        found += [value[0], value[1:], value[::2], value[:0], value.unfold(0, 1, 1)]
    if value.is_complex() and value.dtype is not torch.complex32:
        found += [value.conj(), value.conj().imag, value.real]
    elif value.dtype in (torch.float32, torch.int64, torch.uint8):
        found.append(value.numpy())
    return [*found, value.to("meta")]


def _array_views(value: np.ndarray[Any, Any]) -> list[Any]:
    fixed = value[...]
    fixed.flags.writeable = False
    found: list[Any] = [value.T, fixed, np.broadcast_to(value, (2, *value.shape))]
    if value.ndim and value.shape[0]:
        found += [value[::-1], value[1:], value[::2], value[:0]]
    if value.dtype.str in ("|u1", "<f4", "<i8", "<f2"):
        found.append(torch.from_numpy(value))
    return found


@st.composite
def plain(draw: st.DrawFn, *, least: int = 0) -> list[Any]:
    """A list of plain data in which things stand several times, and share memory."""
    pool: list[Any] = draw(st.lists(tensors() | arrays(), max_size=2))
    for piece in tuple(pool):
        views = _tensor_views(piece) if isinstance(piece, torch.Tensor) else _array_views(piece)
        pool += draw(st.lists(st.sampled_from(views), max_size=3))
    pool += [torch.Generator().manual_seed(draw(st.integers(0, 3)))] if draw(st.booleans()) else []
    pool.append(None)
    for _ in range(draw(st.integers(0, 4))):
        items = draw(st.lists(st.sampled_from(range(len(pool))), max_size=3))
        parts = [pool[index] for index in items] + draw(st.lists(ATOMS, max_size=2))
        make: Any = draw(st.sampled_from([list, tuple, lambda parts: dict(enumerate(parts))]))
        pool.append(make(parts))
    chosen = draw(st.lists(st.sampled_from(range(len(pool))), min_size=least, max_size=5))
    return [pool[index] for index in chosen]


def refused(data: bytes) -> bool:
    """Whether the decoder refuses a message; whatever else it raises goes on."""
    try:
        decoded(data)
    except CodecError:
        return True
    return False
