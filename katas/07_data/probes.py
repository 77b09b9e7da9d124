"""What an implementation's data sets, loaders and samplers do with samples that the spec chose.

Each probe returns what it saw, as plain data; what would be right, only the spec knows.
"""

import copy
import io
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr
from itertools import count, islice
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset
from torch.utils.data._utils import worker as loading
from torchvision.datasets import MNIST

from harness.spec import mnist_mirror

Evidence = dict[str, Any]


def is_dataset(module: ModuleType, features: np.ndarray, labels: np.ndarray) -> bool:
    """Makes an ArrayDataset, and tells whether its class derives from torch's."""
    return isinstance(module.ArrayDataset(features, labels), Dataset)


def transformed(
    module: ModuleType, features: np.ndarray, labels: np.ndarray, kind: str | None, indices: list[int]
) -> Evidence:
    """Takes samples out of an ArrayDataset, whose transform, if any, adds 1 in place.

    Args:
        module: the implementation.
        features: of the samples.
        labels: of the samples.
        kind: what the transform gives, "double" (a tensor) or "list"; with None there is no transform, and instead
            each sample is overwritten once it has been seen.
        indices: of the samples, in the order in which they are asked for.
    """
    given: list[Any] = []

    def transform(x: Any) -> Any:
        given.append(copy.deepcopy(x))
        x += 1
        return x.reshape(-1).tolist() if kind == "list" else torch.as_tensor(x, dtype=torch.float64)

    dataset = module.ArrayDataset(features, labels, transform) if kind else module.ArrayDataset(features, labels)
    evidence: Evidence = {"calls before": len(given), "samples": []}
    for index in indices:
        sample = dataset[index]
        evidence["samples"].append(copy.deepcopy(sample))
        if kind is None and isinstance(sample[0], Tensor):
            sample[0].fill_(77)
    return {**evidence, "given": given}


def _joined(samples: list[Any]) -> dict[str, list[Any]]:
    return {"samples": list(samples)}


def loader_epochs(
    module: ModuleType,
    samples: list[Any],
    batch_size: int,
    seed: int,
    options: dict[str, Any],
    collate: bool,
    number: int,
) -> Evidence:
    """Makes a loader, and goes through so many epochs, with or without a collate function of the spec's own."""
    before = torch.default_generator.get_state()
    if collate:
        options = {**options, "collate": _joined}
    loader = module.make_loader(samples, batch_size, seed, **options)
    evidence: Evidence = {"len": len(loader), "epochs": [list(loader) for _ in range(number)]}
    return {**evidence, "global generator": [before, torch.default_generator.get_state()]}


def in_turn(
    module: ModuleType, name: str, arguments: list[Any], seeds: list[int], number: int
) -> list[list[list[int]]]:
    """Makes a loader of single samples, or a sampler, for each seed, and goes through an epoch of each in turn.

    Args:
        module: the implementation.
        name: what makes it, `make_loader` or `balanced_sampler`.
        arguments: those before the seed.
        seeds: one for each that is made.
        number: of epochs.

    Returns:
        What comes, for each seed and each of its epochs.
    """
    made = [getattr(module, name)(*arguments, seed) for seed in seeds]
    epochs = [[[int(item) for item in each] for each in made] for _ in range(number)]
    return [list(of_one) for of_one in zip(*epochs, strict=True)]


@contextmanager
def _new_folder() -> Iterator[None]:
    """Works in a new empty folder, so that names are the same in every run."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        yield


def read(module: ModuleType, contents: list[bytes], name: str, as_text: bool) -> list[Tensor]:
    """Reads a file that has one content after another."""
    results = []
    with _new_folder():
        for content in contents:
            Path(name).write_bytes(content)
            results.append(module.read_idx(name if as_text else Path(name)))
    return results


def prepare_pil(module: ModuleType, images: np.ndarray, picture: np.ndarray) -> Any:
    """Prepares a picture as a PIL image, which is made of an array with 1 or 3 channels."""
    pipeline = module.fit_pipeline(images)
    return pipeline(Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture))


def _seen(sets: Any, indices: list[list[int]]) -> Evidence:
    training, test = sets
    return {
        "type": type(sets).__name__,
        "lengths": [len(training), len(test)],
        "samples": [[part[index] for index in wanted] for part, wanted in zip(sets, indices, strict=True)],
    }


def mnist(module: ModuleType, as_text: bool, indices: list[list[int]]) -> Evidence:
    """Loads MNIST with a folder in the place of the internet, and then once more with nothing in its place.

    Args:
        module: the implementation.
        as_text: whether the folder to download into is handed over as a string.
        indices: of the samples that are wanted, of the training set and of the test set.
    """
    with _new_folder():
        root, mirror = Path("folder"), Path("mirror")
        root.mkdir()
        mirror.mkdir()
        place = str(root) if as_text else root
        with mnist_mirror(mirror), redirect_stderr(io.StringIO()):  # a bar for each file
            first = _seen(module.load_mnist(place), indices)
        files = sorted(path.name for path in root.rglob("*-ubyte"))
        with mock.patch.object(MNIST, "mirrors", []):
            return {**first, "files": files, "again": _seen(module.load_mnist(place), indices)}


def real_mnist(module: ModuleType, root: Path, indices: list[list[int]]) -> Evidence:
    """Downloads MNIST from where torchvision finds it."""
    return _seen(module.load_mnist(root), indices)


def split(module: ModuleType, groups: Tensor, fraction: float, seed: int) -> Evidence:
    """Splits, and looks at torch's global generator before and after."""
    before = torch.default_generator.get_state()
    result = module.split_by_group(groups, fraction, seed)
    return {"result": result, "global generator": [before, torch.default_generator.get_state()]}


def sampler_epochs(module: ModuleType, labels: Tensor, seed: int, num_samples: int | None, number: int) -> Evidence:
    """Makes a sampler, and goes through so many epochs."""
    before = torch.default_generator.get_state()
    sampler = module.balanced_sampler(labels, seed, *([] if num_samples is None else [num_samples]))
    evidence: Evidence = {"len": len(sampler), "epochs": []}
    for _ in range(number):
        evidence["epochs"].append(torch.tensor([int(index) for index in sampler], dtype=torch.int64))
    return {**evidence, "global generator": [before, torch.default_generator.get_state()]}


class _Source:
    """Items one after another, without a length or indices; it counts how many have been read."""

    def __init__(self, items: list[Any] | None) -> None:
        self.items = items
        self.read = 0

    def __iter__(self) -> Iterator[Any]:
        for item in count() if self.items is None else self.items:
            self.read += 1
            yield item


def _info(dataset: Any, worker: int, workers: int) -> Any:
    """What `get_worker_info` gives in a worker; with 0 workers None, as in the main process."""
    if not workers:
        return None
    return loading.WorkerInfo(id=worker, num_workers=workers, seed=0, dataset=dataset)


def shares(module: ModuleType, items: list[Any], workers: int, epochs: int) -> Evidence:
    """Has each of so many workers go through its copy of a stream in each epoch; with 0 workers, the main process."""
    stream = module.ShardedStream(_Source(items))
    evidence: Evidence = {"is IterableDataset": isinstance(stream, IterableDataset), "shares": [], "made there": []}
    for worker in range(max(workers, 1)):
        own = copy.copy(stream)
        with mock.patch.object(loading, "_worker_info", _info(own, worker, workers)):
            evidence["shares"].append([list(own) for _ in range(epochs)])
            evidence["made there"].append(list(module.ShardedStream(_Source(items))))
    return evidence


def first_items(module: ModuleType, worker: int, workers: int, number: int) -> Evidence:
    """Has a worker take so many of the endless items 0, 1, 2, …, and counts after each how many have been read."""
    source = _Source(None)
    stream = module.ShardedStream(source)
    with mock.patch.object(loading, "_worker_info", _info(stream, worker, workers)):
        iterator = iter(stream)
        evidence: Evidence = {"items": [], "read": [source.read]}
        for item in islice(iterator, number):
            evidence["items"].append(item)
            evidence["read"].append(source.read)
    return evidence


def loaded(module: ModuleType, items: list[int], workers: int) -> list[Any]:
    """What a DataLoader with real worker processes gives of a stream of these items."""
    stream = module.ShardedStream(items)
    context = "fork" if workers else None
    return list(DataLoader(stream, batch_size=None, num_workers=workers, multiprocessing_context=context))
