from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from harness.data.codec import Table
from harness.data.codec.changes import apply, changes, watch
from harness.data.codec.memory import CPU, Memory, Span, memory_of
from harness.errors import CodecError
from harness.tests.codec_round_trip import Call, assert_same, plain

if TYPE_CHECKING:
    from collections.abc import Callable


@given(value=plain())
@example(value=[torch.zeros((), dtype=torch.complex64).conj(), torch.zeros(2, dtype=torch.complex64).conj().imag])
def test_what_nobody_touched_has_not_changed(value: list[Any]) -> None:
    """A call that changes nothing gives no changes, for whatever it was given."""
    assert Call(value).changes() == []


def _fill(value: torch.Tensor) -> None:
    if value.numel() and not value.is_meta:
        value.view(torch.uint8).fill_(1) if value.is_contiguous() and value.ndim else value.zero_()


def _unsqueeze(value: torch.Tensor) -> None:
    value.unsqueeze_(0)


def _other_data(value: torch.Tensor) -> None:
    value.data = torch.arange(5.0).to(value.device)


def _double(value: torch.Tensor) -> None:
    value.data = torch.ones(3, dtype=torch.float64, device=value.device)


def _transpose(value: torch.Tensor) -> None:
    if value.ndim > 1:
        value.transpose_(0, 1)


def _shrink(value: torch.Tensor) -> None:
    value.resize_(0)


def _reshape(value: np.ndarray[Any, Any]) -> None:
    if value.flags.c_contiguous:
        value.shape = (value.size,)


def _write(value: np.ndarray[Any, Any]) -> None:
    if value.flags.writeable:
        value[...] = np.zeros((), value.dtype)


EDITS: dict[type, list[Callable[[Any], object]]] = {
    torch.Tensor: [_fill, _unsqueeze, _other_data, _double, _transpose, _shrink],
    np.ndarray: [_reshape, _write],
    torch.Generator: [lambda value: torch.rand(3, generator=value)],
    list: [
        lambda value: value.append(torch.ones(2)),
        lambda value: value.insert(0, {"new": 1}),
        lambda value: value.clear(),
        lambda value: value.reverse(),
        lambda value: value.extend(value[:1]),
    ],
    dict: [
        lambda value: value.update(a=[1]),
        lambda value: value.clear(),
        lambda value: value.update(dict(reversed(list(value.items()))) if value else {}),
        lambda value: value.popitem() if value else None,
        lambda value: value.update({0: value.pop(0)}) if 0 in value else None,
    ],
}


def _parts(value: Any, found: list[Any]) -> list[Any]:
    if any(value is known for known in found):
        return found
    if type(value) in EDITS:
        found.append(value)
    for item in value if type(value) in (list, tuple) else value.values() if type(value) is dict else ():
        _parts(item, found)
    return found


@given(value=plain(least=1), data=st.data())
def test_the_judges_objects_become_the_workers(value: list[Any], data: st.DataObject) -> None:
    """Whatever a call does to its arguments in place, the judge's own objects are the same to the bit afterwards."""
    call = Call(value)
    for part in data.draw(st.permutations(_parts(call.arguments, []))):
        for edit in data.draw(st.lists(st.sampled_from(EDITS[type(part)]), max_size=2)):
            try:
                edit(part)
            except RuntimeError:  # torch allows no such change of this tensor
                continue
    call.answer()
    assert_same(call.arguments, value)


def test_writing_reaches_the_real_memory() -> None:
    """A change in place is seen through everything that shares the memory, on the judge's side, NumPy included."""
    array = np.zeros(6, np.float32)
    tensor = torch.from_numpy(array)[1:]
    call = Call(tensor)
    call.arguments[2:4] = 7
    call.answer()
    assert array.tolist() == [0, 0, 0, 7, 7, 0]


def test_large_memory_changes_in_part() -> None:
    """Of large memory only the stretch that differs goes back."""
    value = torch.zeros(10**6)
    call = Call(value)
    call.arguments[500_000] = 1
    ((kind, number, first, data),) = call.changes()
    assert (kind, number) == ("memory", 0)
    assert first <= 2_000_000 < first + len(data)
    assert len(data) <= 2**16
    call.answer()
    assert value.nonzero().tolist() == [[500_000]]


def test_a_resized_tensor_arrives() -> None:
    """resize_ to more elements moves the worker's memory, and the result is right all the same."""
    value = torch.arange(4.0)
    view = value[1:]
    call = Call([value, view])
    mine, _ = call.arguments
    mine.resize_(1000).fill_(2)
    fresh = torch.zeros(4)
    result, same = call.answer([fresh, mine])
    assert same is value
    assert value.shape == (1000,)
    assert value.eq(2).all()
    assert result.eq(0).all()


def test_a_storage_cut_short_does_no_harm() -> None:
    """A worker that frees the memory of an argument is not read from there."""
    call = Call(torch.arange(10**5))
    call.arguments.untyped_storage().resize_(0)
    assert call.changes() == []


def test_a_list_may_not_come_to_contain_itself() -> None:
    """A call that puts a list into itself is refused, by the worker and by the judge."""
    value: list[Any] = [[]]
    call = Call(value)
    call.arguments[0].append(call.arguments)
    with pytest.raises(CodecError, match="contains itself"):
        call.answer()
    with pytest.raises(CodecError, match="contains itself"):
        call.apply([("list", value[0], [value])])
    circle: dict[int, Any] = {}
    with pytest.raises(CodecError, match="contains itself"):
        call.apply([("dict", circle, [(1, circle)])])
    assert value == [[]]


def test_lists_may_not_come_to_be_nested_too_deep() -> None:
    """A chain of lists, each put into the one before, is refused where it is too long."""
    links: list[list[Any]] = [[] for _ in range(100)]
    with pytest.raises(CodecError, match="deep"):
        Call(links).apply([("list", one, [other]) for one, other in pairwise(links)])


def test_emptied_containers_may_go_into_one_another() -> None:
    """It is what lists are about to contain that counts, not what they contained."""
    inner: list[Any] = []
    outer: list[Any] = [inner]
    call = Call(outer)
    mine = call.arguments
    within = mine[0]
    mine.clear()
    within.append(mine)
    call.answer()
    assert outer == []
    assert len(inner) == 1
    assert inner[0] is outer


def test_an_array_of_another_dtype_is_refused() -> None:
    """An array whose dtype was changed in place is refused, since nothing can be done to match."""
    call = Call(np.zeros(4, "f4"))
    call.arguments.dtype = "i4"
    with pytest.raises(CodecError, match="dtype or strides"):
        call.changes()


def test_an_array_takes_another_shape() -> None:
    """The shape of an array may be changed in place."""
    value: Any = np.arange(6)
    call = Call(value)
    call.arguments.shape = (2, 3)
    call.answer()
    assert value.tolist() == [[0, 1, 2], [3, 4, 5]]


TENSOR, LIST, GENERATOR = torch.zeros(4), [1], torch.Generator()

MALFORMED: dict[str, Any] = {
    "no list": (),
    "no changes in it": [3],
    "an empty change": [()],
    "an unknown change": [("code", LIST, [])],
    "too few parts": [("list", LIST)],
    "too many parts": [("list", LIST, [], [])],
    "a list that is none": [("list", (1,), [])],
    "items that are no list": [("list", LIST, (1,))],
    "items that are nothing": [("list", LIST, None)],
    "a dict that is none": [("dict", LIST, [])],
    "items that are no pairs": [("dict", {}, [1])],
    "items of three": [("dict", {}, [(1, 2, 3)])],
    "keys that are lists": [("dict", {}, [([], 1)])],
    "a tensor that is none": [("tensor", LIST, TENSOR)],
    "a tensor that becomes a list": [("tensor", TENSOR, LIST)],
    "a tensor that goes elsewhere": [("tensor", TENSOR, torch.zeros(1, device="meta"))],
    "an array that is none": [("array", TENSOR, (2, 2))],
    "an array that does not fit": [("array", np.zeros(4), (5,))],
    "an array of an odd shape": [("array", np.zeros(4), "ab")],
    "memory that is not there": [("memory", 9, 0, b"x")],
    "memory before the first": [("memory", -1, 0, b"x")],
    "memory by name": [("memory", "0", 0, b"x")],
    "memory from nowhere": [("memory", 0, None, b"x")],
    "memory beyond its end": [("memory", 0, 15, b"xy")],
    "memory before its beginning": [("memory", 0, -1, b"x")],
    "memory that becomes text": [("memory", 0, 0, "x")],
    "memory that becomes nothing": [("memory", 0, 0, b"")],
    "a generator that is none": [("generator", TENSOR, b"")],
    "a state that is none": [("generator", GENERATOR, None)],
    "a state of the wrong size": [("generator", GENERATOR, b"abc")],
    "an unhashable kind": [([], LIST, [])],
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_changes_are_refused(name: str) -> None:
    """Whatever changes does not give, apply does not take: CodecError, and the objects are as they were."""
    call = Call([TENSOR])
    with pytest.raises(CodecError):
        call.apply(MALFORMED[name])
    assert (TENSOR.tolist(), LIST) == ([0, 0, 0, 0], [1])


@given(changed=plain(), kind=st.sampled_from(["memory", "tensor", "array", "list", "dict", "generator"]))
def test_any_changes_are_applied_or_refused(changed: list[Any], kind: str) -> None:
    """No changes do anything but apply or raise CodecError."""
    table = Table()
    for attempt in (changed, [(kind, *changed)]):
        try:
            apply(attempt, table)
        except CodecError:
            continue


def test_memory_of_ones_own_is_not_watched() -> None:
    """What this end has sent, and not received, counts as unchanged."""
    table = Table()
    value = torch.zeros(3)
    table.add_memory(
        Memory(value.untyped_storage(), Span("cpu", value.data_ptr(), value.data_ptr() + 12), read_only=False)
    )
    before = watch(table)
    value.fill_(1)
    assert changes(before, table) == []


def test_memory_elsewhere_is_copied_there() -> None:
    """Memory that is not the processor's is filled and read by copies."""
    memory = Memory.received(torch.device("meta"), 8, b"--abcd", 2, 4)
    memory.write(1, b"x")
    with pytest.raises(NotImplementedError):
        memory.content()
    assert memory.span.device == "meta"
    assert not Memory.received(CPU, 0, b"abcd", 0, 4).has_moved()


def test_overlaps_of_different_owners_stay_on_the_processor() -> None:
    """Memory of a device is never read by its address."""
    with pytest.raises(CodecError, match="different owners"):
        memory_of(Span("cuda:0", 0, 8), [(0, np.zeros(1))])
