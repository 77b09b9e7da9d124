from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.data.codec import Decoder, Encoder, Table
from harness.data.codec.table import MOST_DEPTH, MOST_ELEMENTS, MOST_OBJECTS, MOST_VALUES
from harness.data.codec.writer import Writer
from harness.errors import CodecError
from harness.tests.codec_round_trip import (
    ATOMS,
    Call,
    Kept,
    assert_same,
    decoded,
    decoder,
    encoded,
    encoder,
    plain,
    refused,
    there,
)


@given(value=ATOMS)
def test_values_without_parts_arrive_as_they_are(value: object) -> None:
    """Numbers, texts, dtypes, slices and so on arrive equal, with the same type."""
    assert_same(value, there(value))


@given(value=plain())
def test_nested_values_arrive_with_all_that_they_share(value: list[Any]) -> None:
    """Values arrive equal to the bit; what was one object is one object, and what shared memory shares it likewise."""
    assert_same(value, there(value))


@given(value=plain(), head=st.binary(max_size=9))
def test_a_message_may_stand_behind_other_bytes(value: list[Any], head: bytes) -> None:
    """What is put before a message stays as it is, and the message behind it says the same."""
    message = encoder(Table()).encode(value, head=head)
    assert message == head + encoded(value)
    assert_same(value, decoder(Table()).decode(message, len(head)))


@given(data=st.binary(max_size=200))
def test_arbitrary_bytes_are_a_value_or_refused(data: bytes) -> None:
    """No bytes do anything but become a value or raise CodecError."""
    refused(data)


@given(value=plain(least=1), data=st.data())
def test_a_message_cut_short_is_refused(value: list[Any], data: st.DataObject) -> None:
    """A message that ends too early, or goes on too long, is refused."""
    message = encoded(value)
    assert refused(message[: data.draw(st.integers(0, len(message) - 1))])
    assert refused(message + b"N")


@given(value=plain(least=1), data=st.data())
def test_a_message_with_a_wrong_byte_is_a_value_or_refused(value: list[Any], data: st.DataObject) -> None:
    """A message in which a byte was changed does nothing but become a value or raise CodecError."""
    message = bytearray(encoded(value))
    message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    refused(bytes(message))


@given(value=plain(least=1), junk=st.binary(min_size=1, max_size=12), data=st.data())
def test_a_message_with_a_wrong_stretch_is_a_value_or_refused(
    value: list[Any], junk: bytes, data: st.DataObject
) -> None:
    """A message in which a stretch was replaced does nothing but become a value or raise CodecError."""
    message = encoded(value)
    at = data.draw(st.integers(0, len(message)))
    refused(message[:at] + junk + message[at + data.draw(st.integers(0, 12)) :])


@given(value=plain())
def test_a_reply_brings_back_the_arguments_themselves(value: list[Any]) -> None:
    """What comes back untouched is the very object that went over."""
    call = Call(value)
    back = call.answer(call.arguments)
    assert back is value


def test_a_result_that_is_a_view_of_an_argument_lies_in_its_memory() -> None:
    """A new view, made in the worker, is a view of the judge's own memory, of a tensor or of an array."""
    tensor, array = torch.arange(12.0), np.arange(6)
    call = Call((tensor[2:], array))
    mine, flat = call.arguments
    row, tail, bridge = call.answer((mine.view(2, 5)[1], flat[::-2], torch.from_numpy(flat)))
    tensor[9], array[5] = 70, 50
    assert row.tolist() == [7, 8, 70, 10, 11]
    assert tail.tolist() == [50, 3, 1]
    assert bridge.tolist() == [0, 1, 2, 3, 4, 50]


def test_only_the_span_in_use_goes_over() -> None:
    """Of a large storage, a small view takes only its own bytes along."""
    assert len(encoded(torch.zeros(10**6)[500:510])) < 200


def test_memory_begins_alike_at_both_ends() -> None:
    """Addresses agree modulo 64, since kernels may round differently elsewhere."""
    base = torch.arange(64.0)
    for start in range(17):
        assert (base[start:].data_ptr() - there(base[start:]).data_ptr()) % 64 == 0


def test_large_values_arrive() -> None:
    """Memory, texts and bytes beyond the sizes that are copied at once arrive whole."""
    value = [torch.arange(10**5), np.arange(10**5)[::-1], "ä" * 10**5, b"x" * 10**6, list(range(1000))]
    assert_same(value, there(value))


def test_a_tensor_is_resizable_at_the_other_end() -> None:
    """What arrives owns its storage as any tensor does, so that resize_ works in a worker too."""
    assert there(torch.zeros(3)).resize_(100).shape == (100,)


def test_what_may_not_be_written_to_cannot_be() -> None:
    """A read-only array stays so, and cannot be made writeable."""
    arrived = there(np.frombuffer(b"abcd", np.uint8))
    with pytest.raises(ValueError, match="WRITEABLE"):
        arrived.flags.writeable = True


def test_a_worker_cannot_write_to_what_is_read_only() -> None:
    """A change of memory that no argument may be written through is refused."""
    call = Call(np.frombuffer(b"abcd", np.uint8))
    with pytest.raises(CodecError, match="written at byte 0"):
        call.apply([("memory", 0, 0, b"x")])


def test_arrays_over_unusual_memory_arrive() -> None:
    """Unaligned arrays, gaps between elements and overlaps of different owners are no obstacle."""
    raw = np.arange(40, dtype=np.uint8)
    value = [raw[1:33].view("<f8"), raw[::3], torch.from_numpy(raw[5:20]), raw.reshape(5, 8)[:, ::-2]]
    assert_same(value, there(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (torch.zeros(2).to_sparse(), "sparse"),
        (torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8), "quantized"),
        (torch.nested.nested_tensor([torch.zeros(2)]), "nested"),
        (torch.zeros(2, requires_grad=True), "requires grad"),
        (torch.nn.Parameter(torch.zeros(2)), "Parameter is not plain"),
        (torch.zeros(1).expand(2**41), "too large"),
        (np.zeros(2, object), "array of object"),
        (np.zeros(2, [("a", "i4")]), "array of"),
        (np.zeros(2, "V3"), "array of"),
        (np.void(b"ab"), "array of"),
        (np.matrix([[1]]), "matrix is not plain"),
        (np.ndarray((2,), "S0", b"", strides=(0,)), "without bytes"),
        (object(), "object is not plain"),
        ({1, 2}, "set is not plain"),
        (2**14001, "an integer of 1751 bytes"),
        (Path("/etc/passwd"), "leads out"),
        (slice([1], None), "a slice of a list"),
        ([None] * (MOST_VALUES + 1), "more than .* values"),
        ([[] for _ in range(MOST_OBJECTS)], "more than .* containers"),
    ],
)
def test_what_is_not_plain_data_is_refused_by_name(value: object, message: str) -> None:
    """Sparse, quantized and other odd things are refused with a message that names them."""
    with pytest.raises(CodecError, match=message):
        encoded(value)


def test_a_tensor_whose_storage_was_cut_is_refused() -> None:
    """A tensor whose memory was freed under it is refused, not read."""
    value = torch.zeros(100)
    value.untyped_storage().resize_(8)
    with pytest.raises(CodecError, match="cut short"):
        encoded(value)


def test_unaligned_tensors_are_refused_at_the_other_end() -> None:
    """A tensor that begins within an element, as NumPy can make one, is refused and not misread."""
    value = torch.from_numpy(np.arange(40, dtype=np.uint8)[1:33].view("<f8"))
    with pytest.raises(CodecError, match="within an element"):
        there(value)


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_nesting_has_a_limit() -> None:
    """Values nested as deep as allowed arrive; one level more is refused, at both ends, unfolded too."""
    assert_same(_nested(MOST_DEPTH), there(_nested(MOST_DEPTH)))
    with pytest.raises(CodecError, match="deep"):
        encoded(_nested(MOST_DEPTH + 1))
    assert refused(b"\0" + b"L\1" * (MOST_DEPTH + 2))
    half = _nested(40)
    folded = half
    for _ in range(40):
        folded = [folded]
    with pytest.raises(CodecError, match="deep"):
        encoded([half, folded])


def test_a_list_that_contains_itself_is_refused() -> None:
    """Endless values are refused at both ends, whichever container closes the circle."""
    value: list[Any] = []
    value.append((value,))
    with pytest.raises(CodecError, match="contains itself"):
        encoded(value)
    assert refused(b"\0L\1R\0")
    assert refused(b"\0D\2NR\0")


def test_what_unfolds_without_end_is_refused() -> None:
    """Lists of lists of the same list are refused before somebody prints them."""
    value: list[Any] = []
    for _ in range(30):
        value = [value, value]
    with pytest.raises(CodecError, match="values"):
        encoded(value)


def test_a_failed_message_leaves_the_table_as_it_was() -> None:
    """After a refusal both ends still agree on the numbers."""
    tensor = torch.zeros(3)
    call = Call([tensor])
    with pytest.raises(CodecError):
        call.answer([torch.ones(4), [1], object()])
    with pytest.raises(CodecError, match="TypeError"):
        encoded({1: Kept("no number")})  # type: ignore[arg-type]
    new, same = call.answer([torch.ones(2), call.arguments[0]])
    assert same is tensor
    assert new.tolist() == [1, 1]


def test_handles_cross_as_numbers() -> None:
    """What is kept at one end arrives as what the other end makes of its number."""
    value = there([Kept(3), {"net": Kept(400)}])
    assert [value[0].number, value[1]["net"].number] == [3, 400]


def test_an_unknown_handle_is_refused() -> None:
    """Whatever the maker of handles raises becomes a CodecError."""
    with pytest.raises(CodecError, match="KeyError"):
        Decoder(Table(), handle=dict[int, object]().__getitem__, folder=Path()).decode(b"\0H\5")


def test_paths_stay_in_the_folder(tmp_path: Path) -> None:
    """Paths cross relative to the folder; links and dots that lead out are refused at both ends."""
    inside, outside = tmp_path / "run", tmp_path / "other"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "loop").symlink_to(inside / "loop")
    encode = Encoder(Table(), handle=lambda _: None, folder=inside).encode
    decode = Decoder(Table(), handle=lambda _: None, folder=inside).decode
    assert decode(encode(inside / "a" / ".." / "b")) == inside / "b"
    for path in (inside / "link" / "x", outside, inside / ".." / "other"):
        with pytest.raises(CodecError, match="leads out"):
            encode(path)
    for text in ("link/x", "/etc/passwd", "a/../../other", "a/../b"):
        with pytest.raises(CodecError, match="leads out"):
            decode(_text(b"\0P", text))
    for text in ("x\0y", "x" * 5000):
        with pytest.raises(CodecError):
            decode(_text(b"\0P", text))


def _text(before: bytes, text: str) -> bytes:
    writer = Writer()
    writer.out += before
    writer.text(text)
    return writer.message()


def _message(*parts: bytes | int) -> bytes:
    """Bytes as they stand, and numbers as counts."""
    writer = Writer()
    for part in parts:
        if isinstance(part, int):
            writer.count(part)
        else:
            writer.out += part
    return writer.message()


FLOAT = b"T\x08\x00\x00"
MEMORY = b"\1\0\0\x08abcdefgh"

FORGED = {
    "an unknown tag": b"\0?",
    "a count without end": b"\0L" + b"\xff" * 20,
    "more items than bytes": _message(b"\0L", 2**60),
    "a text longer than the message": _message(b"\0s", 2**62, b"x"),
    "an integer of megabytes": _message(b"\0i", 10**6, b"x" * 10**6),
    "text that is none": b"\0s\2\xff\xfe",
    "an object that is not there": b"\0R\0",
    "an unhashable key": b"\0D\2L\0N",
    "an odd number of parts": b"\0D\1N",
    "a slice of slices": b"\0" + b"S" * 100_000,
    "a slice of a known list": b"\0L\2L\0SR\1NN",
    "an unknown dtype": b"\0T\x7f\0\0\0\0",
    "a name that is none": b"\0t\5torch",
    "a device that is none": b"\0d\3abc",
    "memory of no bytes": b"\1\0\0\0N",
    "memory on no device": b"\1\4meta\0\1xN",
    "memory on another device": b"\1\6cuda:9\0\1xN",
    "memory on an odd device": b"\1\3xla\0\1xN",
    "memory on a distant device": b"\1\4mtia\0\1xN",
    "a wrong alignment": b"\1\0\x40\1xN",
    "more memory than bytes": _message(b"\1\0\0", 2**40, b"x"),
    "a tensor on an odd device": b"\0T\x08\0\3xla\1\0\1\0",
    "a tensor on a missing device": b"\0T\x08\0\7cuda:99\1\0\1\0",
    "a tensor without memory": _message(b"\0", FLOAT, 1, 2, 1, 0),
    "a tensor in memory that is not there": _message(b"\0", FLOAT, 1, 2, 1, 1, 0),
    "a tensor larger than its memory": _message(MEMORY, FLOAT, 1, 3, 1, 1, 0),
    "a tensor beyond its memory": _message(MEMORY, FLOAT, 1, 1, 1, 1, 2**40),
    "a tensor within an element": _message(MEMORY, FLOAT, 1, 1, 1, 1, 1),
    "a tensor with strides beyond its memory": _message(MEMORY, FLOAT, 1, 2, 2**39, 1, 0),
    "a tensor with strides beyond numbers": _message(MEMORY, FLOAT, 1, 1, 2**62, 1, 0),
    "a tensor of too many elements": _message(MEMORY, FLOAT, 2, 2**40, 2, 0, 0, 1, 0),
    "a tensor whose sides overflow": _message(MEMORY, FLOAT, 2, 2**62, 4, 0, 0, 1, 0),
    "an empty tensor whose sides overflow": _message(b"\0", FLOAT, 3, 0, 2**40, 2, 0, 0, 0, 0),
    "an empty tensor in memory": _message(MEMORY, FLOAT, 1, 0, 1, 1, 0),
    "too many dimensions": _message(b"\0", FLOAT, 65, *[1] * 130, 0),
    "a conjugate of reals": _message(MEMORY, b"T\x08\x01\x00", 1, 1, 1, 1, 0),
    "unknown flags": _message(MEMORY, b"T\x08\x08\x00", 1, 1, 1, 1, 0),
    "a negative bool": _message(MEMORY, b"T\x00\x02\x00", 1, 1, 1, 1, 0),
    "an array of objects": b"\0A\2|O\1\0\0",
    "an array of fields": b"\0A\5i4,i4\1\0\0",
    "an array of arrays": b"\0A\5(2)f4\1\0\0",
    "an array of an odd unit": b"\0A\x0a<M8[parsec]\1\0\0"[:-4] + b"\1\0\0",
    "an array without memory": b"\0A\3<f4\1\1\2\2\0",
    "an array of vast strings": b"\0A\x0a|S99999999\1\0\0",
    "an array beyond its memory": MEMORY + b"A\3<f4\1\1\3\x08\1\0",
    "an array before its memory": MEMORY + b"A\3<f4\1\1\2\x07\1\0",
    "an array of too many elements": _message(MEMORY, b"A\3<f4\1", 2, 2**40, 2, 0, 0, 1, 0),
    "an array of elements without bytes": _message(MEMORY, b"A\3|S0\1", 1, 2, 0, 1, 0),
    "a scalar of the wrong size": b"\0n\3<f4\3abc",
    "a scalar beyond Unicode": b"\0n\3<U1\4\xff\xff\xff\xff",
    "a generator of the wrong size": b"\0G\0\x03abc",
    "a generator of no size": b"\0G\0\0",
    "a generator on a missing device": b"\0G\6cuda:9\0",
    "a generator on no device": b"\0G\4meta\0",
    "a dimension beyond numbers": _message(b"\0Z", 1, 2**63),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_messages_are_refused(name: str) -> None:
    """Counts, shapes, strides, devices, dtypes and states that lie are refused, and nothing is allocated for them."""
    assert refused(FORGED[name])


def test_forged_generator_positions_are_refused() -> None:
    """A state whose position lies beyond its words is refused: torch would believe it, and read there."""
    state = bytearray(torch.Generator().get_state().numpy().tobytes())
    struct.pack_into("<iiQ", state, 8, 600, 1, 600)
    assert refused(_message(b"\0G\0", len(state), bytes(state)))


def test_keys_chosen_to_clash_are_refused() -> None:
    """A dict whose keys all hash alike, which takes quadratic time, is refused; an ordinary one of that size is not."""
    modulus = 2**61 - 1
    assert refused(encoded({key * modulus: None for key in range(1, 300)}))
    assert len(there(dict.fromkeys(range(300)))) == 300


def test_an_expanded_tensor_costs_what_it_holds() -> None:
    """A shape of a million million elements over one arrives as such."""
    value = there(torch.ones(1).expand(2**20, 2**20))
    assert value.shape == (2**20, 2**20)
    assert value.stride() == (0, 0)
    assert len(encoded(value)) < 40


@pytest.mark.parametrize("kind", [b"L\0", b"D\0", b"U\0"])
def test_many_small_objects_are_refused(kind: bytes) -> None:
    """A message of a few bytes an object may not fill the memory with objects."""
    count = MOST_OBJECTS + 10
    assert refused(_message(b"\0L", count, kind * count))


def test_many_values_and_many_pieces_of_memory_are_refused() -> None:
    """Items that are none of their own, and memory that nobody uses, have their limits too."""
    count = MOST_OBJECTS + 10
    assert refused(_message(b"\0L", MOST_VALUES + 1, b"N" * (MOST_VALUES + 1)))
    assert refused(_message(count, b"\0\0\1x" * count, b"N"))


def test_devices_are_asked_whether_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message may name a device only if this machine has it."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(CodecError, match="cuda:1"):
        decoded(b"\0T\x08\0\6cuda:1\1\0\1\0")
    with pytest.raises(CodecError, match="mps"):
        decoded(b"\0T\x08\0\3mps\1\0\1\0")


def test_the_largest_shape_arrives() -> None:
    """A meta tensor of as many elements as allowed arrives; one side more is refused."""
    assert there(torch.empty(MOST_ELEMENTS, device="meta")).shape == (MOST_ELEMENTS,)
    with pytest.raises(CodecError, match="too large"):
        encoded(torch.empty(MOST_ELEMENTS + 1, device="meta"))


def test_numbers_keep_their_last_bit() -> None:
    """Negative zero, infinities and a number that is none keep their bits."""
    for value in (-0.0, math.inf, -math.inf, 5e-324, complex(-0.0, math.nan)):
        assert repr(there(value)) == repr(value)
