"""Data: from files and arrays to batches that a network takes."""

import gzip
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from zlib import error as zlib_error

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    WeightedRandomSampler,
    get_worker_info,
)
from torchvision import datasets

IDX_TYPES = {
    0x08: np.uint8,
    0x09: np.int8,
    0x0B: np.int16,
    0x0C: np.int32,
    0x0D: np.float32,
    0x0E: np.float64,
}


class ArrayDataset(Dataset):
    """Samples that stand in two NumPy arrays."""

    def __init__(
        self, features: np.ndarray, labels: np.ndarray, transform: Callable[[Tensor], Any] | None = None
    ) -> None:
        if len(features) != len(labels):
            raise ValueError(f"{len(features)} samples, but {len(labels)} labels")
        self.features = features
        self.labels = labels
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        # np.array copies; it also takes single numbers, foreign byte orders, and dtypes that torch does not know.
        x = torch.from_numpy(np.array(self.features[index], dtype=np.float32, order="C"))
        label = int(self.labels[index])
        return (x if self.transform is None else self.transform(x)), label


def pad_batch(samples: list[tuple[Tensor, int]], value: float = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Makes a batch of sequences that differ in length."""
    sequences, labels = zip(*samples, strict=True)
    lengths = [sequence.shape[0] for sequence in sequences]
    batch = sequences[0].new_full((len(sequences), max(lengths), *sequences[0].shape[1:]), value)
    for i, (sequence, length) in enumerate(zip(sequences, lengths, strict=True)):
        batch[i, :length] = sequence
    return batch, torch.tensor(lengths, dtype=torch.int64), torch.tensor(labels, dtype=torch.int64)


def make_loader(
    dataset: Dataset,
    batch_size: int,
    seed: int,
    training: bool = True,
    collate: Callable[[list[Any]], Any] | None = None,
) -> DataLoader:
    """Makes the loader for training, or for evaluation."""
    generator = torch.Generator()
    generator.manual_seed(seed)
    return DataLoader(
        dataset,
        batch_size,
        sampler=RandomSampler(dataset, generator=generator) if training else None,
        drop_last=training,
        collate_fn=collate,
        generator=generator,
    )


def read_idx(path: str | Path) -> Tensor:
    """Reads a file in the IDX format, compressed with gzip or not."""
    content = Path(path).read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib_error) as e:
            raise ValueError(f"{path} is damaged: {e}") from e
    try:
        zeros, code, dims = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{dims}I", content, 4)
    except struct.error as e:
        raise ValueError(f"{path} ends within its first bytes") from e
    if zeros != 0 or code not in IDX_TYPES:
        raise ValueError(f"{path} is no IDX file")
    dtype = np.dtype(IDX_TYPES[code])
    elements = content[4 + 4 * dims :]
    if len(elements) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{path} has {len(elements)} bytes of elements, which does not fit the shape {shape}")
    return torch.from_numpy(np.frombuffer(elements, dtype.newbyteorder(">")).astype(dtype)).reshape(shape)


def fit_pipeline(images: np.ndarray) -> Callable[[Any], Tensor]:
    """Makes the transform that prepares pictures for a network, normalised as the training images want it."""
    levels = np.arange(256) / 255
    means, deviations = [], []
    for channel in range(images.shape[-1]):
        counts = np.bincount(images[..., channel].ravel(), minlength=256)
        mean = np.average(levels, weights=counts)
        constant = np.count_nonzero(counts) == 1
        means.append(levels[counts.argmax()] if constant else mean)
        deviations.append(1.0 if constant else math.sqrt(np.average((levels - mean) ** 2, weights=counts)))

    def prepare(picture: Any) -> Tensor:
        normalised = (np.atleast_3d(picture) / 255 - means) / deviations
        return torch.from_numpy(normalised.astype(np.float32)).permute(2, 0, 1).contiguous()

    return prepare


def load_mnist(root: str | Path) -> tuple[Dataset, Dataset]:
    """Gives the two data sets of MNIST."""
    training = datasets.MNIST(root, download=True)
    training.transform = fit_pipeline(training.data.unsqueeze(-1).numpy())
    return training, datasets.MNIST(root, train=False, transform=training.transform, download=True)


def split_by_group(groups: Tensor, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Splits samples into a training part and a validation part, each group as a whole."""
    names, place = groups.unique(return_inverse=True)
    total = len(names)
    if not 0 < fraction < 1 or total < 2:
        raise ValueError("needs a fraction between 0 and 1, and two groups or more")
    size = min(max(1, round(fraction * total)), total - 1)
    # The groups get different ranks by chance; those with the lowest ones go to validation.
    ranks = torch.randperm(total, generator=torch.Generator().manual_seed(seed))
    validation = ranks[place] < size
    return validation.logical_not().argwhere().squeeze(1), validation.argwhere().squeeze(1)


def balanced_sampler(labels: Tensor, seed: int, num_samples: int | None = None) -> Sampler:
    """Makes a sampler that draws each class equally often on average, however rare it is."""
    _, place, counts = labels.unique(return_inverse=True, return_counts=True)
    return WeightedRandomSampler(
        counts.double().reciprocal()[place],
        len(labels) if num_samples is None else num_samples,
        generator=torch.Generator().manual_seed(seed),
    )


class ShardedStream(IterableDataset):
    """A stream of items that several workers share."""

    def __init__(self, source: Iterable[Any]) -> None:
        self.source = source

    def __iter__(self) -> Iterator[Any]:
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        for number, item in enumerate(self.source):
            if number % workers == worker:
                yield item
