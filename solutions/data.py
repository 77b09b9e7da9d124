"""Data: from files and arrays to batches that a network takes. The lesson stands in README.md of this kata's folder."""

import gzip
import math
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler, WeightedRandomSampler, get_worker_info
from torchvision import datasets
from torchvision.transforms import v2


class ArrayDataset(Dataset):
    """Samples that stand in two NumPy arrays."""

    def __init__(
        self, features: np.ndarray, labels: np.ndarray, transform: Callable[[Tensor], Any] | None = None
    ) -> None:
        """Keeps the arrays and the transform.

        Args:
            features: (n, …), integers or floating-point numbers of any dtype that torch has, too, in this machine's
                byte order; the features of a sample may be a single number.
            labels: (n,), integers of any dtype.
            transform: a function, or None. It is called with the features of a sample each time that the sample is
                asked for.

        Raises:
            ValueError: there are not as many labels as features.
        """
        # <solution>
        if len(features) != len(labels):
            raise ValueError(f"{len(features)} features do not go with {len(labels)} labels")
        self.features = features
        self.labels = labels
        self.transform = transform
        # </solution>

    def __len__(self) -> int:
        """Tells how many samples there are."""
        # <solution>
        return len(self.features)
        # </solution>

    def __getitem__(self, index: int) -> tuple[Any, int]:
        """Gives one sample.

        Args:
            index: from -n to n - 1; negative ones count from the end.

        Returns:
            A tuple: the features, (…), as a float32 tensor with memory of its own (or what the transform made of this
            tensor), and the label as an `int`.

        Raises:
            IndexError: there is no such sample.
        """
        # <solution>
        features = torch.tensor(self.features[index], dtype=torch.float32)
        label = int(self.labels[index])
        return features if self.transform is None else self.transform(features), label
        # </solution>


def pad_batch(samples: list[tuple[Tensor, int]], value: float = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Makes a batch of sequences that differ in length.

    Args:
        samples: at least one pair of a sequence and its label. A sequence is (t, …): t steps, 0 or more, each of the
            same shape and dtype in all samples, integer or floating point.
        value: what stands behind the end of a sequence that is shorter than the longest; in the dtype of the sequences.

    Returns:
        The sequences, (batch, longest t, …), in their own dtype; their lengths, (batch,), int64; the labels, (batch,),
        int64. All in the order of the samples, in new memory.
    """
    # <solution>
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    labels = torch.tensor([label for _, label in samples])
    return pad_sequence(sequences, batch_first=True, padding_value=value), lengths, labels
    # </solution>


def make_loader(
    dataset: Dataset,
    batch_size: int,
    seed: int,
    training: bool = True,
    collate: Callable[[list[Any]], Any] | None = None,
) -> DataLoader:
    """Makes the loader for training, or for evaluation.

    Args:
        dataset: has a length, 1 or more, and indices.
        batch_size: how many samples a batch has, at least 1.
        seed: 0 to 2**32 - 1; what the order in training follows from, and nothing else does.
        training: whether the samples are shuffled, anew in each epoch, and an incomplete last batch is dropped.
            Otherwise they come in their order, all of them.
        collate: makes a batch of a list of samples. None stands for torch's own way.

    Returns:
        A loader that can be gone through once an epoch, and whose `len` is its number of batches. Neither making it nor
        going through it, in training or not, touches torch's global generator.
    """
    # <solution>
    return DataLoader(
        dataset,
        batch_size=batch_size,
        shuffle=training,
        drop_last=training,
        collate_fn=collate,
        generator=torch.Generator().manual_seed(seed),  # in evaluation, too: each epoch draws a seed for workers
    )
    # </solution>


def read_idx(path: str | Path) -> Tensor:
    """Reads a file in the IDX format, compressed with gzip or not.

    All numbers in it are big-endian. It holds two bytes of zero; a byte for the type of its elements; a byte for the
    number of dimensions, which may be 0; the size of each dimension, 4 bytes each, unsigned; the elements, row by row.

    | type | 0x08 | 0x09 | 0x0B | 0x0C | 0x0D | 0x0E |
    | --- | --- | --- | --- | --- | --- | --- |
    | dtype | uint8 | int8 | int16 | int32 | float32 | float64 |

    Args:
        path: of the file. Whether it is compressed can be seen from its first two bytes, 1F 8B, and not from its name.

    Returns:
        A tensor of the shape and the dtype that the file names.

    Raises:
        ValueError: the file does not begin with two bytes of zero, or names an unknown type; it ends before all is
            there that it names, even within the first bytes; it goes on behind the last element; or it is compressed
            and that is cut off or damaged.
        FileNotFoundError: there is no such file.
    """
    # <solution>
    content = Path(path).read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} cannot be unpacked: {error}") from error
    types = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
    if len(content) < 4 or content[:2] != bytes(2) or content[2] not in types:
        raise ValueError(f"{path} begins with {content[:4]!r}, which is no header of an IDX file")
    dtype, start = np.dtype(types[content[2]]), 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"{path} ends before its {content[3]} dimensions are named")
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) - start != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{path} holds {len(content) - start} bytes of elements, which is not right for {shape}")
    values = np.frombuffer(content, dtype.newbyteorder(">"), offset=start)
    return torch.from_numpy(values.astype(dtype).reshape(shape))  # `astype` turns the bytes round
    # </solution>


def fit_pipeline(images: np.ndarray) -> Callable[[Any], Tensor]:
    """Makes the transform that prepares pictures for a network, normalised as the training images want it.

    Args:
        images: (n, height, width, channels), uint8: the training images, at least one pixel.

    Returns:
        What takes a picture, a NumPy array (h, w, channels) of uint8 or a PIL image, and gives a tensor
        (channels, h, w) of float32. Its pixels have been divided by 255; then the mean of their channel over all
        training images (divided by 255 as well) was subtracted; then they were divided by the standard deviation of
        their channel, the square root of the mean squared deviation, or not at all if the channel has the same value
        in all training images, everywhere. The picture stays as it is.
    """
    # <solution>
    axes = (0, 1, 2)  # all but the channels
    mean, std = images.mean(axis=axes) / 255, images.std(axis=axes) / 255  # of whole numbers, where 0 is exact
    std[std == 0] = 1
    return v2.Compose(
        [
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean, std),
        ]
    )
    # </solution>


def load_mnist(root: str | Path) -> tuple[Dataset, Dataset]:
    """Gives the two data sets of MNIST.

    Args:
        root: a folder. The files are downloaded into it if they are not in it yet.

    Returns:
        The training set and the test set. A sample is an image (1, 28, 28), float32, and its label, an `int`. The
        images of both are normalised as by `fit_pipeline` with the training images.
    """
    # <solution>
    training = datasets.MNIST(root, train=True, download=True)
    training.transform = fit_pipeline(training.data.numpy()[..., None])  # (n, 28, 28, 1)
    return training, datasets.MNIST(root, train=False, transform=training.transform)
    # </solution>


def split_by_group(groups: Tensor, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Splits samples into a training part and a validation part, each group as a whole.

    Args:
        groups: (n,), any integers, in any order: which group each sample belongs to, for example who wrote it.
        fraction: the share of the groups that go to the validation part.
        seed: what the choice of groups follows from; 0 to 2**32 - 1.

    Returns:
        The indices of the training samples, and those of the validation samples, each int64 and ascending. The
        validation part gets round(fraction * number of groups) groups, as Python rounds, but at least one, and leaves
        at least one to training. Each choice of so many groups is equally likely.

    Raises:
        ValueError: the fraction is not more than 0 and less than 1, or there are fewer than two groups.
    """
    # <solution>
    names, group = torch.unique(groups, return_inverse=True)
    if not 0 < fraction < 1:
        raise ValueError(f"fraction should be between 0 and 1, and is {fraction}")
    if len(names) < 2:
        raise ValueError("one group cannot be split")
    count = min(max(round(fraction * len(names)), 1), len(names) - 1)
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    held_out = torch.isin(group, order[:count])  # (n,)
    return (~held_out).nonzero().flatten(), held_out.nonzero().flatten()
    # </solution>


def balanced_sampler(labels: Tensor, seed: int, num_samples: int | None = None) -> Sampler:
    """Makes a sampler that draws each class equally often on average, however rare it is.

    Args:
        labels: (n,), any integers: the class of each sample.
        seed: what the draws follow from; 0 to 2**32 - 1.
        num_samples: how many indices are drawn in an epoch, 1 or more, also more than there are samples. None for n.

    Returns:
        A sampler for a DataLoader: its `len` is the number of draws, and going through it gives so many indices. Each
        is drawn independently: first one of the classes that occur, all equally likely, then one of its samples, all
        equally likely (or what comes to the same). Each epoch draws anew. The global generator is not touched.
    """
    # <solution>
    _, classes, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    weights = 1 / counts[classes]  # (n,): each class weighs 1 in all
    generator = torch.Generator().manual_seed(seed)
    return WeightedRandomSampler(weights, len(labels) if num_samples is None else num_samples, generator=generator)
    # </solution>


class ShardedStream(IterableDataset):
    """A stream of items that several workers share."""

    def __init__(self, source: Iterable[Any]) -> None:
        """Keeps the source, and does not begin to read.

        Args:
            source: what `iter` begins anew each time. It may lack a length and indices, and may never end.
        """
        # <solution>
        self.source = source
        # </solution>

    def __iter__(self) -> Iterator[Any]:
        """Goes through the items once, from the first one on, or in a worker through the worker's share of them.

        Returns:
            An iterator over the items w, w + n, w + 2n, … of the source, counted from 0, in worker w of n; without
            workers, over all of them. It reads no item of the source before it needs it.
        """
        # <solution>
        worker = get_worker_info()
        if worker is None:
            return iter(self.source)
        return islice(self.source, worker.id, None, worker.num_workers)
        # </solution>
