"""Spec of data.

Samples are chosen here, and where each of them has to turn up is worked out in plain Python and NumPy. Probes hold what
cannot pass: transforms, PIL images, workers.
"""

import gzip
import math
import struct
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.spec import (
    TRAINING,
    assert_own_memory,
    assert_raises,
    assert_tensor,
    assert_unchanged,
    assert_value,
    digits,
    literal,
    seeds,
    showing,
    write_idx,
)

BROAD = [0, 7, 2**32 - 1]
SEEDS = [7, 0, 7 + 2**16, 7 + 2**31, 2**32 - 1]


def ask(impl, probe, *args, shown):
    """Calls a probe, and has messages show the call that the probe made for it."""
    with showing(shown):
        return getattr(impl.probes, probe)(*args)


def assert_untouched(evidence, what):
    """Passes if torch's global generator is where it was."""
    before, after = evidence["global generator"]
    assert torch.equal(before, after), f"{what} touched torch's global generator: give it a generator of its own"


def check_seeds(impl, name, arguments, what, shown, seen=()):
    """Passes if each of the seeds gives the same epochs whenever it is asked, and all epochs of all seeds differ.

    Args:
        impl: the implementation.
        name: of the function that is called.
        arguments: those before the seed.
        what: what it makes.
        shown: the arguments as a message shows them.
        seen: an order that none of the epochs may have.
    """

    def text(seeds):
        made = ", ".join(f"{name}({shown}, {seed})" for seed in seeds)
        return f"made = [{made}]\n[[list(each) for each in made] for _ in range(3)]"

    def ask_for(seeds):
        return ask(impl, "in_turn", name, arguments, seeds, 3, shown=lambda: text(seeds))

    alone = [ask_for([seed])[0] for seed in SEEDS]
    places = {tuple(seen): "no shuffling"}
    for seed, epochs in zip(SEEDS, alone, strict=True):
        for number, epoch in enumerate(epochs, 1):
            here = f"epoch {number} of {what} with seed {seed}"
            there = places.setdefault(tuple(epoch), here)
            assert there == here, f"{here} gives the same as {there}: {epoch}"
    assert_value(ask_for(SEEDS[:1]), alone[:1])
    for seed, epochs, right in zip(SEEDS, ask_for(SEEDS[:2]), alone, strict=False):
        assert epochs == right, f"{what} with seed {seed} gives other epochs beside another one than it gives alone"


# ArrayDataset

# One third has more digits than float32: what arrives is the float32 next to it.
FEATURES = [
    np.array([[1 / 3, 2.0], [-3.0, 4.5], [5.0, 1e-3]]),
    np.array([[1.5, 2.0], [-3.0, 4.5], [5.0, 6.0]], dtype=np.float32),
    np.array([0.5, 1 / 3, -2.0, 7.0]),
    np.array([[200, 255], [0, 1]], dtype=np.uint8),
    np.arange(-6, 18).reshape(4, 3, 2),
    np.array([[1.5, -2.0, 0.25]], dtype=np.float16),
    np.arange(12.0).reshape(3, 4).T,
    np.arange(12.0, dtype=np.float32)[::2],
    np.zeros((0, 3)),
]


def labels_for(features, dtype=np.int64):
    """As many labels as there are samples, all different, and none the index of its sample."""
    return np.array([(5 * i + 3) % 11 for i in range(len(features))], dtype=dtype)


def right_sample(features, labels, index):
    """What a data set without a transform gives, worked out from lists."""
    return torch.tensor(features.tolist()[index], dtype=torch.float32), labels.tolist()[index]


@pytest.mark.exercise("ArrayDataset")
@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_samples(impl, features, dtype):
    """Sample i is the pair of features i, as a float32 tensor, and label i, as an int, also counted from the end."""
    labels = labels_for(features, dtype)
    rights = [right_sample(features, labels, index) for index in range(len(labels))]
    dataset = impl.ArrayDataset(features, labels)
    assert_value(len(dataset), len(rights))
    for index, right in enumerate(rights):
        assert_value(dataset[index], right)
        assert_value(dataset[index - len(rights)], right)


@pytest.mark.exercise("ArrayDataset")
def test_many_samples(impl):
    """Samples far from both ends are found, too, and large labels are exact."""
    features, labels = np.arange(260.0).reshape(130, 2), np.arange(130) * 3 + 2**53
    dataset = impl.ArrayDataset(features, labels)
    for index in (101, 129, -101, -130):
        assert_value(dataset[index], right_sample(features, labels, index))


@pytest.mark.exercise("ArrayDataset")
@pytest.mark.parametrize("count", [1, 3])
def test_index_out_of_range(impl, count):
    """An index that no sample has raises IndexError, so that a loop over the data set ends."""
    features = np.arange(2.0 * count).reshape(count, 2)
    dataset = impl.ArrayDataset(features, labels_for(features))
    for index in (count, count + 4, -count - 1):
        assert_raises(IndexError, dataset.__getitem__, index)


@pytest.mark.exercise("ArrayDataset")
@pytest.mark.parametrize(("features", "labels"), [(3, 2), (2, 3), (1, 0), (0, 1)])
def test_lengths_differ(impl, features, labels):
    """Arrays of different lengths raise ValueError when the data set is made."""
    assert_raises(ValueError, impl.ArrayDataset, np.ones((features, 2)), np.arange(labels))


@pytest.mark.exercise("ArrayDataset")
def test_class_of_array_dataset(impl):
    """The class derives from torch's `Dataset`."""
    is_dataset = ask(impl, "is_dataset", np.ones((2, 1)), np.arange(2), shown=lambda: "isinstance(dataset, Dataset)")
    assert_value(is_dataset, True)


@pytest.mark.exercise("ArrayDataset")
@pytest.mark.parametrize("kind", [None, "double", "list"])
@pytest.mark.parametrize("features", [*FEATURES[1::-1], FEATURES[2], FEATURES[4]])
def test_transform_of_each_sample(impl, features, kind):
    """The transform gets a tensor of its own each time that a sample is asked for, and its result is the sample's."""
    labels = labels_for(features)
    before = features.copy()
    indices = [1, 0, 1, -1, 1]
    plain = [right_sample(features, labels, index) for index in indices]
    rights = plain
    if kind:
        rights = [((x + 1).double() if kind == "double" else (x + 1).reshape(-1).tolist(), y) for x, y in plain]

    def text():
        last = {"double": "double()", "list": "reshape(-1).tolist()"}
        transform = f", lambda x: x.add_(1).{last[kind]}" if kind else ""
        seen = "" if kind else "\n# and x.fill_(77) for each x, once it was seen"
        dataset = f"dataset = ArrayDataset({literal(before)}, {literal(labels)}{transform})"
        return f"{dataset}\n[dataset[i] for i in {indices}]{seen}"

    evidence = ask(impl, "transformed", features, labels, kind, indices, shown=text)
    assert evidence["calls before"] == 0, "the transform was called before a sample was asked for"
    assert_value(evidence["given"], [x for x, _ in plain] if kind else [], called=f"{text()}\n# what the transform got")
    assert_value(evidence["samples"], rights)
    assert np.array_equal(features, before), (
        "what was done in place to a sample's features changed the data set: give them memory of their own\n" + text()
    )


# pad_batch


def numbered(lengths, steps, dtype):
    """Sequences of these lengths, with different numbers in all places, and none of them zero."""
    sequences, start = [], 1
    for length in lengths:
        size = length * math.prod(steps)
        sequences.append((torch.arange(start, start + size, dtype=torch.float64)).reshape(length, *steps).to(dtype))
        start += size
    return sequences


def right_batch(sequences, labels, value):
    """Sequences padded by plain lists."""
    longest = max(map(len, sequences))
    rows = np.full((len(sequences), longest, *sequences[0].shape[1:]), value, dtype=np.float64)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = sequence.double().numpy()
    padded = torch.from_numpy(rows).to(sequences[0].dtype)
    return padded, torch.tensor([len(s) for s in sequences]), torch.tensor(labels)


def check_padding(impl, lengths, steps, dtype, labels, *value):
    """Has a batch made, and compares all three parts; no sequence changes, and none is shared."""
    sequences = numbered(lengths, steps, dtype)
    before = [sequence.clone() for sequence in sequences]
    right = right_batch(before, labels, *(value or [0]))
    result = impl.pad_batch(list(zip(sequences, labels, strict=True)), *value)
    assert_value(result, right)
    for sequence, old in zip(sequences, before, strict=True):
        assert_unchanged(sequence, old, "a sequence")
        if sequence.numel():
            assert_own_memory(result[0], sequence, "a sequence")


LENGTHS = [[2, 1], [1, 3, 2], [3], [2, 2], [1, 0, 2], [0, 1], [4, 1, 1, 5, 2], [0]]


@pytest.mark.exercise("pad_batch")
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("steps", [(), (2,), (2, 3)])
def test_sequences_lengths_and_labels(impl, lengths, steps):
    """Sequences are padded at their ends to the longest, in their order, and lengths and labels are int64."""
    for dtype in (torch.float32, torch.int64):
        check_padding(impl, lengths, steps, dtype, [(3 * i + 7) % 5 for i in range(len(lengths))])


@pytest.mark.exercise("pad_batch")
@given(
    lengths=st.lists(st.sampled_from([2, 1, 3, 0, 5]), min_size=1, max_size=4),
    steps=st.sampled_from([(), (2,), (1, 3)]),
    dtype=st.sampled_from([torch.float32, torch.int64, torch.float64, torch.uint8, torch.float16, torch.int16]),
    value=st.sampled_from([9, 1, 0, 100]),
    data=st.data(),
)
@settings(max_examples=40)
def test_value_of_padding(impl, lengths, steps, dtype, value, data):
    """The value that was asked for stands behind the end of each sequence, and the dtype is that of the sequences."""
    labels = data.draw(st.lists(st.integers(-2, 2**40), min_size=len(lengths), max_size=len(lengths)), label="labels")
    check_padding(impl, lengths, steps, dtype, labels, value)


@pytest.mark.exercise("pad_batch")
@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (torch.float32, -0.5),
        (torch.float64, 1 / 3),
        (torch.int64, -100),
        (torch.int64, 2**40 + 1),
        (torch.float32, -math.inf),
    ],
)
def test_unusual_value_of_padding(impl, dtype, value):
    """The value of the padding may be negative, large, a fraction, or infinite."""
    check_padding(impl, [1, 3, 2], (2,), dtype, [1, 0, 1], value)


@pytest.mark.exercise("pad_batch")
@pytest.mark.parametrize("value", [0, 5])
def test_padding_value_in_a_sequence(impl, value):
    """Steps that look like padding count like any others."""
    sequences = [torch.tensor([5, 0, 7, 5, 0, 0]), torch.tensor([0, 5]), torch.tensor([5])]
    right = right_batch(sequences, [1, 0, 2], value)
    assert_value(impl.pad_batch(list(zip(sequences, [1, 0, 2], strict=True)), value), right)


@pytest.mark.exercise("pad_batch")
def test_length_of_a_long_sequence(impl):
    """A long sequence has its exact length."""
    for length in (130, 2049):
        _, lengths, _ = impl.pad_batch([(torch.ones(1), 0), (torch.ones(length), 1)])
        assert_tensor(lengths, torch.tensor([1, length]))


@pytest.mark.exercise("pad_batch")
def test_sequences_that_are_views(impl):
    """Sequences may be turned, or be every second row of another tensor."""
    table = torch.arange(1.0, 13).reshape(3, 4)
    sequences = [table.T, table.T[::2], torch.arange(24.0).reshape(8, 3)[::2]]
    right = right_batch(sequences, [2, 0, 1], -1)
    assert_value(impl.pad_batch(list(zip(sequences, [2, 0, 1], strict=True)), -1), right)


@pytest.mark.exercise("pad_batch")
def test_all_digits_of_sequences(impl):
    """Elements arrive with all their digits."""
    for x in (torch.tensor([2**53 + 1, -3]), torch.tensor([1 / 3, 1e-9], dtype=torch.float64)):
        right = torch.stack([x, torch.tensor([x[0].item(), 0], dtype=x.dtype)])
        padded, _, _ = impl.pad_batch([(x, 0), (x[:1], 1)])
        assert_tensor(padded, right, rtol=0, atol=0)


# make_loader


def epochs_of(impl, samples, batch_size, seed, options, number, collate=False):
    """What a loader gives in so many epochs, as lists of batches, each a list of samples."""

    def text():
        words = "".join(f", {name}={value}" for name, value in options.items())
        words += ', collate=lambda samples: {"samples": samples}' if collate else ""
        return f"loader = make_loader({samples}, {batch_size}, {seed}{words})\n[list(loader) for _ in range({number})]"

    return ask(impl, "loader_epochs", samples, batch_size, seed, options, collate, number, shown=text)


def cut(samples, size, *, drop):
    """Samples in batches, as tensors."""
    batches = [torch.tensor(samples[i : i + size]) for i in range(0, len(samples), size)]
    return [batch for batch in batches if len(batch) == size or not drop]


@pytest.mark.exercise("make_loader")
@pytest.mark.parametrize(("count", "size"), [(5, 2), (4, 2), (3, 1), (3, 7), (1, 1), (6, 4)])
def test_batches_of_evaluation(impl, count, size):
    """An evaluation gives all samples in their order, the last batch smaller if need be, in each epoch."""
    samples = [(7 * i + 10) % 23 for i in range(count)]
    right = cut(samples, size, drop=False)
    for seed in BROAD:
        evidence = epochs_of(impl, samples, size, seed, {"training": False}, 2)
        assert_value(evidence["epochs"], [right, right])
        assert_value(evidence["len"], len(right), called=f"len(make_loader({samples}, {size}, {seed}, training=False))")
        assert_untouched(evidence, "the evaluation")


@pytest.mark.exercise("make_loader")
@pytest.mark.parametrize(("count", "size"), [(5, 2), (4, 2), (3, 1), (3, 7), (9, 4), (40, 3)])
@pytest.mark.parametrize("options", [{}, {"training": True}])
def test_batches_of_training(impl, count, size, options):
    """A training epoch has full batches only, and no sample twice; by default a loader is for training."""
    samples = [(7 * i + 10) % 47 for i in range(count)]
    for seed in BROAD:
        evidence = epochs_of(impl, samples, size, seed, options, 2)
        assert_value(evidence["len"], count // size, called=f"len(make_loader({samples}, {size}, {seed}))")
        for batches in evidence["epochs"]:
            assert_value([tuple(batch.shape) for batch in batches], [(size,)] * (count // size))
            seen = [sample for batch in batches for sample in batch.tolist()]
            assert len(set(seen)) == len(seen) and set(seen) <= set(samples), (
                f"an epoch over the samples {samples} gave {seen}: each should come at most once"
            )
        assert_untouched(evidence, "the training")


@pytest.mark.exercise("make_loader")
def test_order_follows_from_the_seed(impl):
    """The same seed gives the same epochs, which differ from each other; another seed gives others."""
    samples = list(range(30))
    check_seeds(impl, "make_loader", [samples, 1], "a loader", "range(30), 1", samples)


@pytest.mark.exercise("make_loader")
def test_all_orders_occur(impl):
    """Of three samples each of the six orders comes sooner or later, whatever the size of the batches."""
    for size in (1, 2):
        seen = set()
        for seed in range(12):
            for batches in epochs_of(impl, [10, 11, 12], size, seed, {}, 10)["epochs"]:
                seen.add(tuple(sample for batch in batches for sample in batch.tolist()))
        missing = set(permutations([10, 11, 12], 3 // size * size)) - seen
        assert not missing, (
            f"in 120 epochs over the samples [10, 11, 12], with {size} in a batch, "
            f"these orders never came: {sorted(missing)}"
        )


@pytest.mark.exercise("make_loader")
@pytest.mark.parametrize("training", [True, False])
def test_collate_function_makes_the_batches(impl, training):
    """The collate function gets the list of a batch's samples, and what it makes of them is the batch."""
    samples = ["a", "bc", "def", "g", "hi"]
    (batches,) = epochs_of(impl, samples, 2, 5, {"training": training}, 1, collate=True)["epochs"]
    if training:
        assert_value([[*batch] for batch in batches], [["samples"]] * 2)
        assert_value([len(batch["samples"]) for batch in batches], [2, 2])
        assert {sample for batch in batches for sample in batch["samples"]} <= set(samples), "samples are made up"
    else:
        assert_value(batches, [{"samples": samples[i : i + 2]} for i in (0, 2, 4)])


# read_idx

KINDS = {
    0x08: (">u1", torch.uint8),
    0x09: (">i1", torch.int8),
    0x0B: (">i2", torch.int16),
    0x0C: (">i4", torch.int32),
    0x0D: (">f4", torch.float32),
    0x0E: (">f8", torch.float64),
}
SHAPES = [(3,), (2, 3), (), (1, 2, 2), (0,), (2, 0, 3), (300,), (3, 1, 2, 1, 2), (1, 257), (0, 2**31 + 1)]


def idx(kind, shape, values=None):
    """The bytes of a file, and the tensor that they stand for; values are given, or are numbers of all sizes."""
    stored, dtype = KINDS[kind]
    if values is None:
        count = math.prod(shape)
        if kind >= 0x0D:
            values = (np.arange(count) - 1.5) * 1.7
        else:
            low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
            values = (np.arange(count) * 92_821 + 2) % (high - low + 1) + low
    array = np.array(values).astype(stored).reshape(shape)
    header = bytes([0, 0, kind, len(shape)]) + b"".join(struct.pack(">I", side) for side in shape)
    right = torch.tensor(array.tolist(), dtype=dtype).reshape(shape)
    return header + array.tobytes(), right


def reading(content, name="file"):
    """What a message shows for a file that is written and read."""
    return f"Path({name!r}).write_bytes({content[:60]!r}{' + …' if len(content) > 60 else ''})\nread_idx({name!r})"


def check_reading(impl, content, right, name="file", *, as_text=False):
    """Has a file read, and exactly compared."""
    (result,) = ask(impl, "read", [content], name, as_text, shown=lambda: reading(content, name))
    assert_tensor(result, right, rtol=0, atol=0)


def check_refusal(impl, content, name="file"):
    """Has a file read that cannot be."""
    assert_raises(ValueError, impl.probes.read, [content], name, False, called=reading(content, name))


@pytest.mark.exercise("read_idx")
@pytest.mark.parametrize("kind", KINDS)
def test_types_and_shapes(impl, kind):
    """All six types of elements are read, in any number of dimensions, packed or not."""
    for shape in SHAPES:
        content, right = idx(kind, shape)
        check_reading(impl, content, right)
        check_reading(impl, gzip.compress(content, mtime=0), right)


@pytest.mark.exercise("read_idx")
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (0x0C, [1, -2, 2**31 - 1, -(2**31), 256]),
        (0x0B, [1, -2, 32767, -32768, 256]),
        (0x0E, [1 / 3, -1e300, 5e-324, 2.0**53 + 2]),
        (0x0D, [0.1, -1e38, 1e-45, 2.0**24]),
        (0x09, [1, -1, 127, -128]),
        (0x08, [0, 1, 127, 128, 255]),
    ],
)
def test_extreme_elements(impl, kind, values):
    """Elements arrive with sign and all digits, however large or small."""
    content, right = idx(kind, (len(values),), values)
    check_reading(impl, content, right)


@pytest.mark.exercise("read_idx")
def test_packed_or_not_whatever_the_name(impl):
    """Whether a file is packed shows in its first bytes and not in its name, which may be a string or a Path."""
    content, right = idx(0x08, (2, 2))
    for name in ("numbers.gz", "numbers", "numbers.idx2-ubyte"):
        check_reading(impl, content, right, name)
        check_reading(impl, gzip.compress(content, mtime=0), right, name, as_text=True)


@pytest.mark.exercise("read_idx")
def test_result_can_be_written_to(impl):
    """The tensor can be changed like any other, and another reading gives what is in the file by then."""
    content, right = idx(0x0B, (3,))
    path = impl.folder() / "file"
    path.write_bytes(content)
    result = impl.read_idx(path)
    result += 1
    assert_tensor(result, right + 1)
    assert_tensor(impl.read_idx(path), right)
    content, right = idx(0x08, (2, 2))
    path.write_bytes(content)
    assert_tensor(impl.read_idx(path), right)


@pytest.mark.exercise("read_idx")
@pytest.mark.parametrize("zeros", [b"\x01\x00", b"\x00\x01", b"\xff\xff", b"\x08\x00"])
def test_first_two_bytes(impl, zeros):
    """A file that does not begin with two bytes of zero raises ValueError."""
    content, _ = idx(0x08, (3,))
    check_refusal(impl, zeros + content[2:])


@pytest.mark.exercise("read_idx")
def test_unknown_types(impl):
    """A type that is none of the six raises ValueError."""
    for kind in (*range(16), 0x10, 0x80, 0x88, 0xFF):
        for shape in ((8,), (0,)):  # no elements are whole elements of any type
            content, _ = idx(0x08, shape)
            if kind not in KINDS:
                check_refusal(impl, content[:2] + bytes([kind]) + content[3:])


@pytest.mark.exercise("read_idx")
@pytest.mark.parametrize(("kind", "shape"), [(0x08, (2, 2)), (0x0C, (2,)), (0x0E, ()), (0x0B, (0, 3))])
def test_file_of_another_length(impl, kind, shape):
    """A file that ends anywhere before its end, or goes on behind it, raises ValueError, packed or not."""
    content, _ = idx(kind, shape)
    for length in range(len(content)):
        check_refusal(impl, content[:length])
    for more in (b"\x00", b"\x07" * 4, b"\x00" * 8):
        check_refusal(impl, content + more)
        check_refusal(impl, gzip.compress(content + more, mtime=0))
    for length in (0, 3, 7, len(content) - 1):
        if length < len(content):
            check_refusal(impl, gzip.compress(content[:length], mtime=0))


@pytest.mark.exercise("read_idx")
def test_more_elements_than_any_machine_holds(impl):
    """Sizes whose product is huge raise ValueError if the elements are not there."""
    for shape in ((2**16,) * 4, (2**31, 2), (2**32 - 1,) * 3, (2**32 - 1, 3), (2**32 - 1,) * 2):
        content, _ = idx(0x08, (0,))
        header = content[:3] + bytes([len(shape)]) + b"".join(struct.pack(">I", side) for side in shape)
        for more in (0, 1, 3):
            check_refusal(impl, header + bytes(more))


@pytest.mark.exercise("read_idx")
def test_damaged_packing(impl):
    """A packed file that is cut off, or damaged behind its first bytes, raises ValueError."""
    packed = gzip.compress(idx(0x0C, (20,))[0], mtime=0)
    for length in (2, 5, 10, 11, len(packed) // 2, len(packed) - 8, len(packed) - 1):
        check_refusal(impl, packed[:length])
    for place in (2, *range(10, len(packed))):  # method; contents, checksum, length
        check_refusal(impl, packed[:place] + bytes([packed[place] ^ 0x55]) + packed[place + 1 :])
    check_refusal(impl, packed[:10] + b"\xff" * 20)  # a block of a kind that there is not


@pytest.mark.exercise("read_idx")
def test_missing_file(impl):
    """A file that is not there raises FileNotFoundError."""
    assert_raises(FileNotFoundError, impl.read_idx, impl.folder() / "nothing")


# fit_pipeline

PICTURES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))  # how many, height, width


def pixels(seed, shape):
    """Pictures with random pixels."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def prepared(images, picture):
    """A picture normalised with the statistics of the images, in float64 and channel by channel.

    With it comes how far off the digits of float32 may lead: the farther, the more alike the training pixels are.
    """
    channels, least = [], 1
    for channel in range(images.shape[-1]):
        values = [value / 255 for value in images[..., channel].reshape(-1).tolist()]
        mean = math.fsum(values) / len(values)
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
        if len(set(values)) == 1:
            spread = 1
        least = min(least, spread)
        channels.append((picture[..., channel] / 255 - mean) / spread)
    return torch.from_numpy(np.stack(channels)).float(), {"rtol": 1e-5, "atol": 5e-7 / least}


def check_pipeline(impl, images, *pictures):
    """Has pictures prepared, one after another by the same pipeline; nothing changes."""
    before = images.copy()
    pipeline = impl.fit_pipeline(images)
    assert np.array_equal(images, before), "fit_pipeline changed the training images"
    for picture in pictures:
        old = picture.copy()
        right, tolerance = prepared(before, old)
        assert_tensor(pipeline(picture), right, **tolerance)
        assert np.array_equal(picture, old), "the pipeline changed the picture"


@pytest.mark.exercise("fit_pipeline")
def test_simple_pictures(impl):
    """Pixels are divided by 255, and normalised by the mean and standard deviation of their channel."""
    check_pipeline(impl, np.array([[[[0], [255]]]], dtype=np.uint8), np.array([[[0], [51], [255]]], dtype=np.uint8))
    check_pipeline(
        impl,
        np.array([[[[0, 10], [100, 20]]], [[[50, 40], [250, 90]]]], dtype=np.uint8),
        np.array([[[0, 0], [50, 50], [100, 200]]], dtype=np.uint8),
    )


@pytest.mark.exercise("fit_pipeline")
@given(seed=seeds(), images=PICTURES, size=PICTURES, channels=st.sampled_from([3, 1, 2, 4]))
@settings(max_examples=40)
def test_pictures_of_any_size(impl, seed, images, size, channels):
    """Mean and standard deviation are those of each channel over all images; a picture may have another size."""
    count, *sides = size
    check_pipeline(impl, pixels(seed, (*images, channels)), *pixels(seed + 1, (count, *sides, channels)))


@pytest.mark.exercise("fit_pipeline")
def test_pictures_that_are_views(impl):
    """Pictures may be turned or cut out of others."""
    many = pixels(0, (3, 4, 5, 3))
    for images in (many[:, ::2], many.transpose(0, 2, 1, 3), many[:2, 1:, 1:]):
        check_pipeline(impl, images, images[1])


@pytest.mark.exercise("fit_pipeline")
@pytest.mark.parametrize("value", [0, 255, 1, 77, 100, 200])
def test_channel_that_is_the_same_everywhere(impl, value):
    """A channel with the same value everywhere in the training images has its mean subtracted, and no more."""
    for shape in ((1, 1, 1, 1), (2, 3, 1, 1), (7, 11, 13, 2)):
        images = pixels(1, shape)
        images[..., 0] = value
        picture = pixels(2, (2, 1, shape[-1]))
        check_pipeline(impl, images, picture, images[0, :1])


@pytest.mark.exercise("fit_pipeline")
def test_channel_that_is_nearly_the_same_everywhere(impl):
    """A single pixel that differs makes a standard deviation, however small, and that is divided by."""
    images = np.full((5, 40, 60, 2), 100, dtype=np.uint8)
    images[3, 5, 7, 0] = 101
    check_pipeline(impl, images, images[3], pixels(5, (2, 1, 2)))


@pytest.mark.exercise("fit_pipeline")
@pytest.mark.parametrize("channels", [1, 3])
def test_pil_images(impl, channels):
    """A picture may be a PIL image."""
    images, picture = pixels(3, (2, 2, 3, channels)), pixels(4, (2, 3, channels))
    right, tolerance = prepared(images, picture)

    def text():
        array = f"{literal(picture)}[..., 0]" if channels == 1 else literal(picture)
        return f"pipeline = fit_pipeline({literal(images)})\npipeline(Image.fromarray({array}))"

    assert_tensor(ask(impl, "prepare_pil", images, picture, shown=text), right, **tolerance)


@pytest.mark.exercise("fit_pipeline")
def test_real_digits(impl):
    """Fitted to real handwritten digits, the pipeline gives them mean 0 and standard deviation 1."""
    images = (digits().images[:TRAINING, :, :, None] * 15).numpy()
    pipeline = impl.fit_pipeline(images)
    everything = torch.stack([pipeline(picture) for picture in images[::50]]).double()
    right = torch.from_numpy(images[::50]).double().permute(0, 3, 1, 2) / 255
    whole = torch.from_numpy(images).double() / 255
    assert_tensor(
        everything,
        (right - whole.mean()) / whole.std(correction=0),
        rtol=1e-5,
        atol=2e-6,
        called="fit_pipeline(digits)",
    )


# load_mnist


def files_of(folder, names):
    """Images (n, 28, 28) and labels (n,) of the two sets, out of a folder of packed files."""
    arrays = [np.frombuffer(gzip.decompress((folder / name).read_bytes()), np.uint8) for name in names]
    images = [array[16:].reshape(-1, 28, 28) for array in arrays[0::2]]
    return list(zip(images, [array[8:] for array in arrays[1::2]], strict=True))


def right_samples(training, part, indices):
    """Samples of a part, normalised with the training images."""
    images, labels = part
    mean = training.mean() / 255
    spread = training.std() / 255
    return [(torch.from_numpy((images[i] / 255 - mean) / spread)[None].float(), labels.tolist()[i]) for i in indices]


MNIST_FILES = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]


def check_sets(evidence, rights, indices, lengths, called):
    """Passes if both sets are as long as they should be, and hold the samples that they should at some indices."""
    assert_value(evidence["type"], "tuple", called=f"type({called})")
    assert_value(evidence["lengths"], lengths, called=f"[len(part) for part in {called}]")
    for name, wanted, samples, right in zip(("training", "test"), indices, evidence["samples"], rights, strict=True):
        for index, sample, (image, label) in zip(wanted, samples, right, strict=True):
            text = f"training, test = {called}\n{name}[{index}]"
            assert_value(type(sample).__name__, "tuple", called=f"{text}  # its type")
            assert_tensor(sample[0], image, rtol=1e-5, atol=2e-6, called=f"{text}[0]")
            assert_value(sample[1], label, called=f"{text}[1]")


@pytest.mark.exercise("load_mnist")
@pytest.mark.parametrize("as_text", [False, True])
def test_sets_of_a_mirror(impl, as_text):
    """Both sets are downloaded, the images normalised as the training images want it, and the next time not again."""
    indices = [[0, 1, 700, TRAINING - 1], [0, 5, 296]]
    called = 'load_mnist("folder")'
    evidence = ask(impl, "mnist", as_text, indices, shown=lambda: called)
    mirror = impl.folder()
    write_idx(mirror)  # as the probe does
    parts = files_of(mirror, MNIST_FILES)
    training, _ = parts[0]
    rights = [right_samples(training, part, wanted) for part, wanted in zip(parts, indices, strict=True)]
    for seen in (evidence, evidence["again"]):
        check_sets(seen, rights, indices, [1500, 297], called)
    assert_value(evidence["files"], sorted(name[:-3] for name in MNIST_FILES), called="the files below the folder")


@pytest.mark.exercise("load_mnist")
@pytest.mark.slow_download
def test_sets_of_the_real_mnist(impl):
    """The real sets have 60000 and 10000 images, the first ones a five and a seven, normalised by 0.1307 and 0.3081."""
    called = 'load_mnist("folder")'
    evidence = ask(impl, "real_mnist", impl.folder(), [list(range(10))] * 2, shown=lambda: called)
    assert_value(evidence["lengths"], [60_000, 10_000], called=f"[len(part) for part in {called}]")
    labels = [[sample[1] for sample in samples] for samples in evidence["samples"]]
    right = [[5, 0, 4, 1, 9, 2, 1, 3, 1, 4], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]]
    assert_value(labels, right, called="the first labels of both sets")
    mean, spread = 0.13066, 0.30811
    for samples in evidence["samples"]:
        for image, _ in samples:
            assert_value((tuple(image.shape), image.dtype), ((1, 28, 28), torch.float32), called="shape and dtype")
            assert_value(image.min().item(), -mean / spread, atol=1e-4, called="the paper's value")
    top = torch.tensor([3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127]) / 255  # of the five, row 5
    image, _ = evidence["samples"][0][0]
    assert_tensor(image[0, 5, 12:24], (top - mean) / spread, atol=2e-4, rtol=0, called="the first row with ink")


# split_by_group

GROUPS = [
    [1, 2],
    [4, 9, 4, 4, 7],
    [5, 5, 5, 0],
    [-3, 1_000_000_007, 8, -3, 8, 2, 2, -3],
    [6, 1, 1, 6, 3, 2, 2, 5, 4, 6, 0, 0],
    [8, 3, 1, 1, 0, 12],
    [2**53 + 1, 2**53, 2**53 + 1, 2**53 + 2],
]


def check_split(result, groups, fraction):
    """Passes if the indices are all there, ascending, with whole groups, and as many as the fraction wants."""
    assert type(result) is tuple and len(result) == 2, "the result should be a tuple of two tensors"
    for part in result:
        expected = torch.tensor(sorted(part.tolist()) if isinstance(part, torch.Tensor) else [], dtype=torch.int64)
        assert_tensor(part, expected)
    training, validation = (part.tolist() for part in result)
    assert_value(sorted(training + validation), list(range(len(groups))))
    sides = [{groups[index] for index in part} for part in (training, validation)]
    both = sides[0] & sides[1]
    assert not both, f"of the groups {groups}, these are on both sides: {sorted(both)}"
    total = len(set(groups))
    right = min(max(round(fraction * total), 1), total - 1)
    assert len(sides[1]) == right, f"{len(sides[1])} of {total} groups go to validation, and it should be {right}"


@pytest.mark.exercise("split_by_group")
@pytest.mark.parametrize(("groups", "dtype"), [*((groups, torch.int64) for groups in GROUPS), (GROUPS[1], torch.int32)])
def test_groups_stay_together(impl, groups, dtype):
    """Whole groups are held out, as many as the fraction wants, but at least one and not all."""
    for fraction in (0.5, 0.2, 0.8, 0.01, 0.99, 1 / 3, 0.75):
        for seed in BROAD:
            argument = torch.tensor(groups, dtype=dtype)
            before = argument.clone()
            check_split(impl.split_by_group(argument, fraction, seed), groups, fraction)
            assert_unchanged(argument, before, "groups")


@pytest.mark.exercise("split_by_group")
@given(
    groups=st.lists(st.integers(-4, 9), min_size=2, max_size=15).filter(lambda groups: len(set(groups)) > 1),
    fraction=st.floats(0.02, 0.98),
    seed=seeds(),
)
@settings(max_examples=40)
def test_any_groups(impl, groups, fraction, seed):
    """Whatever the groups, none is on both sides and no sample is lost."""
    spread = torch.tensor([groups, groups]).T.flatten()[::2]  # not contiguous
    check_split(impl.split_by_group(spread, fraction, seed), groups, fraction)


@pytest.mark.exercise("split_by_group")
def test_split_follows_from_the_seed(impl):
    """The same seed gives the same split, another one another, and the global generator is not touched."""
    groups = torch.arange(60) % 40
    seen = {}
    for seed in SEEDS:
        text = f"split_by_group(torch.arange(60) % 40, 0.5, {seed})"
        first = impl.split_by_group(groups, 0.5, seed)
        evidence = ask(impl, "split", groups, 0.5, seed, shown=lambda text=text: text)
        assert_value(evidence["result"], first)
        assert_untouched(evidence, "the split")
        other = seen.setdefault(tuple(first[1].tolist()), seed)
        assert other == seed, f"the seeds {other} and {seed} give the same split"


@pytest.mark.exercise("split_by_group")
@pytest.mark.parametrize(("fraction", "held_out"), [(0.25, 1), (0.5, 2)])
def test_all_choices_are_equally_likely(impl, fraction, held_out):
    """Of four groups, however large, each choice is held out equally often over many seeds."""
    groups = torch.tensor([9, 2, 2, 2, 2, 5, 5, 7])
    choices = {}
    for seed in range(300):
        _, validation = impl.split_by_group(groups, fraction, seed)
        choice = tuple(sorted(set(groups[validation].tolist())))
        choices[choice] = choices.get(choice, 0) + 1
    total = math.comb(4, held_out)
    room = 5 * math.sqrt(300 * (1 / total) * (1 - 1 / total))
    assert len(choices) == total and all(abs(count - 300 / total) < room for count in choices.values()), (
        f"over 300 seeds, {held_out} of the groups [9, 2, 5, 7] should be held out in {total} ways, "
        f"about {300 // total} times each, and were so: {choices}"
    )


@pytest.mark.exercise("split_by_group")
def test_what_cannot_be_split(impl):
    """A fraction that is not between 0 and 1, or fewer than two groups, raise ValueError."""
    groups = torch.tensor([4, 9, 4, 7])
    for fraction in (0.0, 1.0, -0.1, 1.5, 0, 1, math.nan):
        assert_raises(ValueError, impl.split_by_group, groups, fraction, 3)
    for lone in ([4], [4, 4, 4], []):
        assert_raises(ValueError, impl.split_by_group, torch.tensor(lone, dtype=torch.int64), 0.5, 3)


# balanced_sampler

LABELS = [[1, 0, 0, 0], [5, -3, 5, 5, 5, 5, -3, 900], [0, 1], [2, 2, 2, 2, 7, 7, 1], [3], [0] * 60 + [1]]


def draws_of(impl, labels, seed, num_samples, number):
    """What a sampler draws in so many epochs."""

    def text():
        words = "" if num_samples is None else f", {num_samples}"
        sampler = f"sampler = balanced_sampler(torch.tensor({labels}), {seed}{words})"
        return f"{sampler}\n" + (f"[list(sampler) for _ in range({number})]" if number > 1 else "list(sampler)")

    argument = torch.tensor(labels)
    evidence = ask(impl, "sampler_epochs", argument, seed, num_samples, number, shown=text)
    assert_unchanged(argument, torch.tensor(labels), "labels")
    right = len(labels) if num_samples is None else num_samples
    assert_value(evidence["len"], right, called=f"{text().splitlines()[0]}\nlen(sampler)")
    assert_value([len(epoch) for epoch in evidence["epochs"]], [right] * number, called=f"{text()}  # lengths")
    for epoch in evidence["epochs"]:
        assert ((epoch >= 0) & (epoch < len(labels))).all(), f"there are no such indices: {epoch.tolist()}\n{text()}"
    assert_untouched(evidence, "the sampler")
    return evidence["epochs"]


def assert_share(found, total, share, what):
    """Passes if a share of draws is as it should be, as far as chance allows."""
    room = 5 * math.sqrt(total * share * (1 - share))
    assert abs(found - total * share) <= room, (
        f"{what} should come about {total * share:.0f} times in {total} draws, and came {found} times"
    )


@pytest.mark.exercise("balanced_sampler")
@pytest.mark.parametrize("labels", LABELS)
def test_classes_and_samples_are_balanced(impl, labels):
    """Each class comes equally often, and within a class each sample."""
    total = 4000
    (draws,) = draws_of(impl, labels, 11, total, 1)
    counts = draws.bincount(minlength=len(labels)).tolist()
    classes = sorted(set(labels))
    for name in classes:
        members = [index for index, label in enumerate(labels) if label == name]
        text = f"of the labels {labels}, class {name}"
        assert_share(sum(counts[index] for index in members), total, 1 / len(classes), text)
        for index in members:
            assert_share(counts[index], total, 1 / len(classes) / len(members), f"{text}, index {index}")


@pytest.mark.exercise("balanced_sampler")
@pytest.mark.parametrize("labels", [[0, 1, 1], [4, 4, 8, 8]])
def test_draws_are_independent(impl, labels):
    """No draw depends on the one before it, and how often a class comes varies by chance from epoch to epoch."""
    epochs = draws_of(impl, labels, 2, 40, 100)
    names = torch.tensor(labels)[torch.stack(epochs)] == labels[0]  # (100, 40)
    assert_share(int((names[:, 1:] == names[:, :-1]).sum()), 3900, 0.5, "a class like that of the draw before")
    spread = names.sum(1).double().var().item()
    assert 4 < spread < 20, (
        f"the first class comes in 40 draws with a variance of {spread:.1f}, which should be about 10"
    )


@pytest.mark.exercise("balanced_sampler")
@pytest.mark.parametrize("num_samples", [None, 1, 3, 100, 250])
def test_number_of_draws(impl, num_samples):
    """An epoch has as many draws as were asked for, or else as there are samples, and may repeat samples."""
    for labels in ([1, 0, 0, 0], [4] * 120 + [9] * 7):
        for seed in BROAD:
            draws = torch.cat(draws_of(impl, labels, seed, num_samples, 2))
            found = sum(labels[index] == labels[-1] for index in draws.tolist())
            assert_share(found, len(draws), 0.5, f"of the labels {labels}, class {labels[-1]}")


@pytest.mark.exercise("balanced_sampler")
def test_draws_follow_from_the_seed(impl):
    """The same seed gives the same epochs, which differ from each other; another seed gives others."""
    labels = [0, 1, 1, 5, 5, 5] * 5
    check_seeds(impl, "balanced_sampler", [torch.tensor(labels)], "a sampler", f"torch.tensor({labels})")


# ShardedStream

WORKERS = [0, 1, 2, 3, 5, 9]


@pytest.mark.exercise("ShardedStream")
@pytest.mark.parametrize("items", [["a", "b", "c"], [7, None, 0, "x", 7, False, 2.5], [3], []])
@pytest.mark.parametrize("workers", WORKERS)
def test_each_item_comes_once(impl, items, workers):
    """Worker w of n gives the items w, w + n, …, in each epoch, and without workers all of them come."""

    def text(worker):
        where = f"in worker {worker} of {workers}" if workers else "without workers"
        return f"stream = ShardedStream({items})\n[list(stream), list(stream)]  # {where}"

    evidence = ask(impl, "shares", items, workers, 2, shown=lambda: text(0))
    assert evidence["is IterableDataset"], "the class should derive from torch's IterableDataset"
    for worker, share in enumerate(evidence["shares"]):
        right = [item for number, item in enumerate(items) if not workers or number % workers == worker]
        assert_value(share, [right, right], called=text(worker))
        assert_value(evidence["made there"][worker], right, called=text(worker))


@pytest.mark.exercise("ShardedStream")
@pytest.mark.parametrize(("worker", "workers"), [(0, 0), (0, 1), (1, 2), (0, 3), (2, 3)])
def test_endless_source(impl, worker, workers):
    """Items are read as they are wanted, one after another, from a source that never ends."""
    where = f"in worker {worker} of {workers}" if workers else "without workers"
    step = max(workers, 1)
    right = [worker + step * number for number in range(4)]
    text = f"[*islice(ShardedStream(count()), 4)]  # {where}"
    evidence = ask(impl, "first_items", worker, workers, 4, shown=lambda: text)
    assert_value(evidence["items"], right)
    assert_value(evidence["read"], [0, *(item + 1 for item in right)], called=f"items read by and by: {text}")


@pytest.mark.exercise("ShardedStream")
@pytest.mark.parametrize("workers", [0, 2])
def test_real_workers(impl, workers):
    """A DataLoader with worker processes gives each item once."""
    items = [10, 11, 12, 13, 14]
    text = f"sorted(DataLoader(ShardedStream({items}), batch_size=None, num_workers={workers}))"
    assert_value(sorted(ask(impl, "loaded", items, workers, shown=lambda: text)), items)
