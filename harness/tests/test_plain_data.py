"""All that handles plain data handles every type of it, also one that is added to the table later."""

from pathlib import Path, PurePath
from types import EllipsisType, NoneType

import numpy as np
import pytest
import torch

from harness.data.codec import Decoder, Encoder, Table
from harness.data.comparing import value_difference
from harness.data.copying import NotCopied, copy_data, size_of, snapshot
from harness.data.crossing import PLAIN_TYPES, Crossing, check_argument
from harness.data.literals import call_text, literal
from harness.data.owning import with_own_memory
from harness.diagnosis.likeness import same_values
from harness.mutation.outputs.walk import changed

FOLDER = Path("/tmp/a-run")
SAMPLES = {
    NoneType: (None, 0),
    EllipsisType: (..., None),
    bool: (True, False),
    int: (3, 4),
    float: (0.5, 0.25),
    complex: (1 + 2j, 1 - 2j),
    str: ("a", "b"),
    bytes: (b"a", b"b"),
    torch.Size: (torch.Size([2, 3]), torch.Size([3, 2])),
    torch.dtype: (torch.int8, torch.float16),
    torch.device: (torch.device("cpu"), torch.device("meta")),
    torch.layout: (torch.strided, torch.sparse_coo),
    torch.memory_format: (torch.channels_last, torch.contiguous_format),
    torch.Generator: (torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
    torch.Tensor: (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0])),
    np.ndarray: (np.array([1, 2]), np.array([1, 3])),
    np.generic: (np.float32(1.5), np.float32(2.5)),
    PurePath: (FOLDER / "a", FOLDER / "b"),
    slice: (slice(1, None, 2), slice(1, None, 3)),
    list: ([1, torch.ones(1)], [1, torch.zeros(1)]),
    tuple: ((1, "a"), (1, "b")),
    dict: ({"a": 1.0, 2: "b"}, {"a": 1.5, 2: "b"}),
}
"""For each type a value, and another one that is not the same."""

each_type = pytest.mark.parametrize("kind", PLAIN_TYPES, ids=lambda kind: kind.__name__)


def refuse(value):
    raise NotCopied(value)


def same(a, b):
    return value_difference(a, b, rtol=0.0, atol=0.0) is None


def test_every_type_has_a_sample():
    assert set(SAMPLES) == set(PLAIN_TYPES)
    assert all(isinstance(value, kind) for kind, (value, _) in SAMPLES.items())


@each_type
def test_it_crosses_and_stays_what_it_is(kind):
    """As an argument, as a result, through the channel, and with memory of its own."""
    value, _ = SAMPLES[kind]
    check_argument(value, folder=FOLDER, where="it", is_handle=lambda _: False)
    assert same_values(Crossing((), handle=refuse).result(value), value)
    table = Table()
    data = Encoder(table, handle=lambda _: None, folder=FOLDER).encode(value)
    assert same_values(Decoder(Table(), handle=refuse, folder=FOLDER).decode(data), value)
    assert same_values(with_own_memory(value, ()), value)


@each_type
def test_it_is_copied_and_compared(kind):
    """A copy is the same, another value is not, and of two in a list the different one is found."""
    value, other = SAMPLES[kind]
    for copy in (copy_data([value], refuse), snapshot([value])):
        assert same(copy, [value])
        assert same_values(copy, [value])
        assert not same(copy, [other])
        assert not same_values(copy, [other])
    assert size_of(value) > 0


@each_type
def test_it_is_written_down(kind):
    """As Python that makes it again, or as words that name it, and never by an address."""
    value, other = SAMPLES[kind]
    text = literal(value)
    assert text != literal(other) or kind is torch.Generator
    assert " at 0x" not in text
    assert text in call_text("f", [value], {})


@each_type
def test_changes_of_outputs_pass_through_it(kind):
    """Whatever a distortion does to leaves, the rest stays what it was."""
    value, _ = SAMPLES[kind]
    assert same_values(changed([value], lambda leaf: leaf), [value])
