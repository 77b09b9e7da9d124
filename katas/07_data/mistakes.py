"""Wrong answers that people really give, each with what a teacher would say about it."""

import gzip
import math
import struct
import zlib
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, IterableDataset, WeightedRandomSampler, get_worker_info
from torchvision import datasets
from torchvision.transforms import v2


class _ArrayDataset(Dataset):
    def __init__(self, features, labels, transform=None):
        if len(features) != len(labels):
            raise ValueError("as many labels as features are wanted")
        self.features = features
        self.labels = labels
        self.transform = transform

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        x = self._features(index)
        return x if self.transform is None else self.transform(x), self._label(index)

    def _features(self, index):
        return torch.tensor(self.features[index], dtype=torch.float32)

    def _label(self, index):
        return int(self.labels[index])


class ArrayDataset__float64(_ArrayDataset):
    """Your features keep NumPy's dtype, float64, and the first `Linear` will refuse them. Make them float32."""

    def _features(self, index):
        return torch.tensor(self.features[index])


class ArrayDataset__shares_memory(_ArrayDataset):
    """Where the array holds float32 already, your tensor is a view of it.

    A transform that works in place then changes the data set, a little more in each epoch. `torch.tensor` copies.
    """

    def _features(self, index):
        return torch.from_numpy(self.features)[index].float()


class ArrayDataset__transforms_once(_ArrayDataset):
    """You called the transform in `__init__`, for all samples at once.

    A random transform should give something new each time that a sample is asked for: call it in `__getitem__`.
    """

    def __init__(self, features, labels, transform=None):
        super().__init__(features, labels, transform)
        self.ready = [_ArrayDataset.__getitem__(self, i)[0] for i in range(len(labels))]

    def __getitem__(self, index):
        return self.ready[index], self._label(index)


class ArrayDataset__transforms_the_array(_ArrayDataset):
    """You gave the transform the NumPy array. It is promised a float32 tensor: convert first."""

    def __getitem__(self, index):
        x = self.features[index].copy()
        if self.transform is not None:
            x = self.transform(x)
        return torch.tensor(x, dtype=torch.float32), self._label(index)


class ArrayDataset__label_is_an_array(_ArrayDataset):
    """Your label is still NumPy's, `np.int64` and the like. Make an `int` of it."""

    def _label(self, index):
        return self.labels[index]


class ArrayDataset__lengths_not_compared(_ArrayDataset):
    """You did not compare the lengths, and features without labels are found in the middle of an epoch, or never."""

    def __init__(self, features, labels, transform=None):
        self.features = features
        self.labels = labels
        self.transform = transform


def _columns(samples):
    sequences = [sequence for sequence, _ in samples]
    return sequences, torch.tensor([len(sequence) for sequence in sequences]), torch.tensor([y for _, y in samples])


def pad_batch__time_first(samples, value=0):
    """Your batch is (time, batch): that is what `pad_sequence` makes unless you say `batch_first=True`."""
    sequences, lengths, labels = _columns(samples)
    return pad_sequence(sequences, padding_value=value), lengths, labels


def pad_batch__value_ignored(samples, value=0):
    """You padded with zeros, whatever value was asked for. Zero may be a token like any other."""
    sequences, lengths, labels = _columns(samples)
    return pad_sequence(sequences, batch_first=True), lengths, labels


def pad_batch__lengths_after_padding(samples, value=0):
    """You took the lengths of the padded sequences, which are all the same. Take those of the sequences."""
    sequences, _, labels = _columns(samples)
    padded = pad_sequence(sequences, batch_first=True, padding_value=value)
    return padded, torch.tensor([len(row) for row in padded]), labels


def pad_batch__counts_what_is_not_padding(samples, value=0):
    """You counted what differs from the padding value, and a sequence may hold that value itself. Count before."""
    sequences, _, labels = _columns(samples)
    padded = pad_sequence(sequences, batch_first=True, padding_value=value)
    counts = [sum(bool((step != value).any()) for step in row) for row in padded]
    return padded, torch.tensor(counts), labels


def pad_batch__sorted_by_length(samples, value=0):
    """You sorted the samples by length. Nobody asked for that, and whoever kept the order in mind is now wrong."""
    sequences, lengths, labels = _columns(sorted(samples, key=lambda sample: -len(sample[0])))
    return pad_sequence(sequences, batch_first=True, padding_value=value), lengths, labels


def pad_batch__all_float(samples, value=0):
    """You made float32 of the sequences. Tokens are integers, and an embedding takes nothing else: keep the dtype."""
    sequences, lengths, labels = _columns(samples)
    return pad_sequence([s.float() for s in sequences], batch_first=True, padding_value=value), lengths, labels


def make_loader__no_generator(dataset, batch_size, seed, training=True, collate=None):
    """You did not give the loader a generator, so that the order comes from the global one and not from the seed."""
    return DataLoader(dataset, batch_size=batch_size, shuffle=training, drop_last=training, collate_fn=collate)


def make_loader__seeds_globally(dataset, batch_size, seed, training=True, collate=None):
    """You called `torch.manual_seed`. That resets the numbers that everybody else draws, too.

    And the order would depend on what they draw in between. Give the loader a generator of its own.
    """
    torch.manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=training, drop_last=training, collate_fn=collate)


def make_loader__generator_in_training_only(dataset, batch_size, seed, training=True, collate=None):
    """Your loader for evaluation has no generator. It draws a number from the global one in each epoch even so."""
    generator = torch.Generator().manual_seed(seed) if training else None
    return DataLoader(
        dataset, batch_size, shuffle=training, drop_last=training, collate_fn=collate, generator=generator
    )


class _SameEachEpoch(DataLoader):
    def __iter__(self):
        self.generator.manual_seed(self.generator.initial_seed())
        return super().__iter__()


def make_loader__same_order_each_epoch(dataset, batch_size, seed, training=True, collate=None):
    """You seed at the beginning of each epoch, so that all have the same order. Seed once, when the loader is made."""
    generator = torch.Generator().manual_seed(seed)
    return _SameEachEpoch(
        dataset, batch_size, shuffle=training, drop_last=training, collate_fn=collate, generator=generator
    )


def make_loader__drops_in_evaluation(dataset, batch_size, seed, training=True, collate=None):
    """You drop the last batch in evaluation as well, and some samples are never tested, always the same ones."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=training, drop_last=True, collate_fn=collate, generator=generator)


def make_loader__always_shuffles(dataset, batch_size, seed, training=True, collate=None):
    """You shuffle in evaluation as well. Its results should come in the order of the samples, to be compared."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True, drop_last=training, collate_fn=collate, generator=generator)


_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}


def _read_idx(path, *, order=">", more=True, fewer=True, unpack=None, types=_TYPES):
    content = Path(path).read_bytes()
    if unpack is None and content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(error) from error
    elif unpack is not None:
        content = unpack(content)
    if len(content) < 4 or content[:2] != bytes(2) or content[2] not in types:
        raise ValueError("no header of an IDX file")
    dtype, start = np.dtype(types[content[2]]), 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError("the header is cut off")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    size = math.prod(shape) * dtype.itemsize
    rest = content[start:]
    if len(rest) < size and fewer:
        raise ValueError("elements are missing")
    if len(rest) > size and more:
        raise ValueError("there is more than there should be")
    rest = rest[:size].ljust(size, b"\0")
    return torch.from_numpy(np.frombuffer(rest, dtype.newbyteorder(order)).astype(dtype).reshape(shape))


def read_idx__little_endian(path):
    """You read the elements in this machine's byte order. The format is big-endian, elements as well as sizes."""
    return _read_idx(path, order="<")


def read_idx__bytes_only(path):
    """You take every element for an unsigned byte, as in MNIST's files. The header's third byte says what they are."""
    return _read_idx(path, types=dict.fromkeys(_TYPES, "u1"))


def read_idx__ignores_what_follows(path):
    """You read what the header names, and look no further. If bytes are left, header and contents do not agree."""
    return _read_idx(path, more=False)


def read_idx__fills_up(path):
    """You fill up with zeros what is missing. A truncated file is a damaged file: say so by a ValueError."""
    return _read_idx(path, fewer=False)


def read_idx__by_name(path):
    """You went by the ending `.gz`. Look at the first two bytes: a file may have any name, packed or not."""
    return _read_idx(path, unpack=gzip.decompress if str(path).endswith(".gz") else bytes)


read_idx__by_name.raises = (ValueError, OSError)


def read_idx__gzip_errors(path):
    """A damaged gzip file raises EOFError, OSError or zlib.error, by the damage. Make a ValueError of all three."""
    packed = Path(path).read_bytes()[:2] == b"\x1f\x8b"
    return _read_idx(path, unpack=gzip.decompress if packed else bytes)


read_idx__gzip_errors.raises = (EOFError, OSError, zlib.error)


def _pipeline(mean, std, scale=True):
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=scale), v2.Normalize(mean, std)])


def _statistics(images, axis=(0, 1, 2), ddof=0):
    mean, std = images.mean(axis=axis) / 255, images.std(axis=axis, ddof=ddof) / 255
    return np.atleast_1d(mean).tolist(), np.where(std == 0, 1, std).reshape(-1).tolist()


def fit_pipeline__one_mean_for_all_channels(images):
    """You took one mean and one standard deviation over all channels. Each channel has its own: leave that axis out."""
    return _pipeline(*_statistics(images, axis=None))


def fit_pipeline__of_the_first_image(images):
    """You took the mean and the standard deviation of the first image. They are those of all training images."""
    return _pipeline(*_statistics(images[:1]))


def fit_pipeline__divides_by_the_variance(images):
    """You divided by the variance. The standard deviation is its square root."""
    mean, std = _statistics(images)
    return _pipeline(mean, [s**2 for s in std])


def fit_pipeline__n_minus_one(images):
    """You divided the sum of squares by n − 1, as torch's `std` does unless told `correction=0`. Here it is n."""
    mean, _ = _statistics(images)
    pixels = torch.from_numpy(images).double().flatten(0, 2) / 255
    std = pixels.std(dim=0) if len(pixels) > 1 else torch.ones(images.shape[-1])
    return _pipeline(mean, torch.where(std < 1e-9, 1, std).tolist())


def fit_pipeline__not_scaled(images):
    """You left `scale=True` out: `ToDtype` then keeps 0 … 255, while your mean belongs to 0 … 1."""
    return _pipeline(*_statistics(images), scale=False)


def fit_pipeline__mean_of_means(images):
    """Your standard deviation is the mean of those of the single images, which leaves out how the images differ."""
    mean, _ = _statistics(images)
    std = images.std(axis=(1, 2)).mean(axis=0) / 255
    return _pipeline(mean, np.where(std == 0, 1, std).tolist())


def fit_pipeline__constant_channel(images):
    """A channel that is the same everywhere has the standard deviation 0, and your pipeline divides by it."""
    return _pipeline((images.mean(axis=(0, 1, 2)) / 255).tolist(), (images.std(axis=(0, 1, 2)) / 255).tolist())


fit_pipeline__constant_channel.raises = ValueError


def fit_pipeline__nearly_zero(images):
    """You computed in fractions, and a channel that is the same everywhere got a deviation of 1e-17 or so, not 0.

    What is divided by it explodes. Compute with the whole numbers, and divide the results by 255.
    """
    pixels = (images / 255).reshape(-1, images.shape[-1])
    mean = pixels.sum(axis=0) / len(pixels)
    std = np.sqrt(((pixels - mean) ** 2).mean(axis=0))
    return _pipeline(mean.tolist(), np.where(std == 0, 1, std).tolist())


def load_mnist__numbers_from_a_tutorial(root):
    """You took 0.1307 and 0.3081 out of a tutorial. Take the mean and standard deviation of what you have loaded."""
    pipeline = _pipeline([0.1307], [0.3081])
    return tuple(datasets.MNIST(root, train, transform=pipeline, download=True) for train in (True, False))


def load_mnist__test_normalised_by_itself(root):
    """You normalised the test images by their own mean. They go through what the network was trained with."""
    sets = tuple(datasets.MNIST(root, train, download=True) for train in (True, False))
    for part in sets:
        part.transform = _pipeline(*_statistics(part.data.numpy()[..., None]))
    return sets


def load_mnist__fitted_to_both(root):
    """You fitted the pipeline to the test images as well, so that the training knows something of the test."""
    sets = tuple(datasets.MNIST(root, train, download=True) for train in (True, False))
    pipeline = _pipeline(*_statistics(torch.cat([part.data for part in sets]).numpy()[..., None]))
    for part in sets:
        part.transform = pipeline
    return sets


def load_mnist__training_set_twice(root):
    """Both of your sets are the training set: `train=True` is the default."""
    sets = datasets.MNIST(root, download=True), datasets.MNIST(root, download=True)
    for part in sets:
        part.transform = _pipeline(*_statistics(sets[0].data.numpy()[..., None]))
    return sets


def load_mnist__no_download(root):
    """You did not say `download=True`, and a folder that is empty stays so."""
    training = datasets.MNIST(root)
    training.transform = _pipeline(*_statistics(training.data.numpy()[..., None]))
    return training, datasets.MNIST(root, train=False, transform=training.transform)


load_mnist__no_download.raises = RuntimeError


def _split(groups, fraction, seed, least=1, rounded=round, generator=None):
    names = torch.unique(groups)
    if not 0 < fraction < 1 or len(names) < 2:
        raise ValueError("nothing to split")
    number = min(max(rounded(fraction * len(names)), least), len(names) - least)
    generator = torch.Generator().manual_seed(seed) if generator is None else generator
    held_out = torch.isin(groups, names[torch.randperm(len(names), generator=generator)[:number]])
    return (~held_out).nonzero().flatten(), held_out.nonzero().flatten()


def split_by_group__splits_samples(groups, fraction, seed):
    """You split the samples one by one, so that a writer's digits are on both sides, and the score is too good."""
    if not 0 < fraction < 1 or len(groups.unique()) < 2:
        raise ValueError("nothing to split")
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(seed))
    number = min(max(round(fraction * len(groups)), 1), len(groups) - 1)
    return order[number:].sort().values, order[:number].sort().values


def split_by_group__last_groups(groups, fraction, seed):
    """You always hold out the groups with the greatest numbers. Draw them: numbers may mean something."""
    _split(groups, fraction, seed)
    names = torch.unique(groups)
    number = min(max(round(fraction * len(names)), 1), len(names) - 1)
    held_out = torch.isin(groups, names[-number:])
    return (~held_out).nonzero().flatten(), held_out.nonzero().flatten()


def split_by_group__parts_swapped(groups, fraction, seed):
    """You gave the validation part first. The training part comes first, as everywhere."""
    training, validation = _split(groups, fraction, seed)
    return validation, training


def split_by_group__may_be_empty(groups, fraction, seed):
    """With few groups, rounding gives none, or all of them, and one of your parts is empty. Leave one for each part."""
    return _split(groups, fraction, seed, least=0)


def split_by_group__rounds_down(groups, fraction, seed):
    """You cut the fraction of a group off. The statement wants it rounded: `round`, not `int`."""
    return _split(groups, fraction, seed, rounded=int)


def split_by_group__global_generator(groups, fraction, seed):
    """You drew from the global generator: another run holds out others, which the network has learnt from by then."""
    return _split(groups, fraction, seed, generator=torch.default_generator)


def _sampler(weights, seed, num_samples, replacement=True):
    return WeightedRandomSampler(weights, num_samples, replacement, torch.Generator().manual_seed(seed))


def _counts(labels):
    _, classes, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    return classes, counts.double()


def balanced_sampler__one_weight_per_class(labels, seed, num_samples=None):
    """You gave one weight for each class. The sampler wants one for each sample, and takes yours for the first few."""
    _, counts = _counts(labels)
    return _sampler(1 / counts, seed, num_samples or len(labels))


def balanced_sampler__weighs_by_count(labels, seed, num_samples=None):
    """You weigh each sample with the count of its class, so that what is common becomes commoner. Divide by it."""
    classes, counts = _counts(labels)
    return _sampler(counts[classes], seed, num_samples or len(labels))


def balanced_sampler__without_replacement(labels, seed, num_samples=None):
    """You draw without replacement. In an epoch of n draws each sample then comes once, and nothing is balanced."""
    classes, counts = _counts(labels)
    return _sampler(1 / counts[classes], seed, num_samples or len(labels), replacement=False)


balanced_sampler__without_replacement.raises = RuntimeError


def balanced_sampler__square_root(labels, seed, num_samples=None):
    """You divide by the square root of the count. That is a compromise that some make, but classes stay unequal."""
    classes, counts = _counts(labels)
    return _sampler(counts[classes] ** -0.5, seed, num_samples or len(labels))


def balanced_sampler__num_samples_ignored(labels, seed, num_samples=None):
    """Your epochs always have n draws. `num_samples` says how many, and may be more than there are samples."""
    classes, counts = _counts(labels)
    return _sampler(1 / counts[classes], seed, len(labels))


def balanced_sampler__bincount(labels, seed, num_samples=None):
    """You counted with `bincount`, which wants labels from 0 on. They may be any integers: `unique` takes those."""
    counts = torch.bincount(labels).double()
    return _sampler(1 / counts[labels], seed, num_samples or len(labels))


balanced_sampler__bincount.raises = RuntimeError


class _Stream(IterableDataset):
    def __init__(self, source):
        super().__init__()
        self.source = source


class ShardedStream__every_worker_everything(_Stream):
    """Every worker gives all items, so that two workers give each item twice. Ask `get_worker_info` for its share."""

    def __iter__(self):
        return iter(self.source)


class ShardedStream__asks_too_early(_Stream):
    """You asked `get_worker_info` in `__init__`. There is no worker yet: the data set is made in the main process."""

    def __init__(self, source):
        super().__init__(source)
        worker = get_worker_info()
        self.share = (0, 1) if worker is None else (worker.id, worker.num_workers)

    def __iter__(self):
        return islice(self.source, self.share[0], None, self.share[1])


class ShardedStream__no_workers(_Stream):
    """Without workers `get_worker_info()` is None, and has no `id`. Then all items are to be given."""

    raises = AttributeError

    def __iter__(self):
        worker = get_worker_info()
        return islice(self.source, worker.id, None, worker.num_workers)


class ShardedStream__reads_all(_Stream):
    """You made a list of the source. It may be larger than memory, and may never end: take items as they come."""

    raises = TypeError

    def __iter__(self):
        worker = get_worker_info()
        items = [self.source[i] for i in range(len(self.source))]
        return iter(items if worker is None else items[worker.id :: worker.num_workers])


class ShardedStream__one_iterator(_Stream):
    """You called `iter` in `__init__`, and after the first epoch it has nothing left to give. Begin anew each time."""

    def __init__(self, source):
        super().__init__(source)
        self.items = iter(source)

    def __iter__(self):
        worker = get_worker_info()
        return self.items if worker is None else islice(self.items, worker.id, None, worker.num_workers)


class ShardedStream__starts_at_one(_Stream):
    """You counted the workers from 1. Their ids begin at 0, and now item 0 comes never."""

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(self.source)
        return islice(self.source, worker.id + 1, None, worker.num_workers)
