"""Real handwritten digits: those of scikit-learn, also in the file format of MNIST.

1,797 digits by 43 writers, 8×8 pixels in 17 shades of grey.

Source:
    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html
"""

from __future__ import annotations

import gzip
import hashlib
import struct
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock
from urllib import request

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from harness.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.response import addinfourl

TRAINING = 1500
"""How many of the digits, from the first on, the files of MNIST's training set hold; the test set holds the others."""

_UNSIGNED_BYTE = 0x08


class Digits(NamedTuple):
    """Handwritten digits.

    Attributes:
        images: (N, 8, 8), uint8, 0 (paper) to 16 (ink).
        labels: (N,), int64, 0 to 9.
    """

    images: Tensor
    labels: Tensor


def digits() -> Digits:
    """Gives all 1,797 digits, in scikit-learn's order, in new tensors.

    Raises:
        SpecError: scikit-learn is not installed, or does not carry them any more where it did.
    """
    # Its own function would do, if importing it did not take a second.
    found = find_spec("sklearn")
    if found is None or found.origin is None:
        raise SpecError('the digits come with scikit-learn, which is not installed: pip install "scikit-learn>=1.7"')
    path = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
    try:
        with gzip.open(path) as file:
            table = np.loadtxt(file, delimiter=",").astype(np.int64)  # (1797, 65), the label last
    except OSError as error:
        raise SpecError(f"this scikit-learn has no digits in {path}: install another version ({error})") from None
    images = torch.from_numpy(table[:, :-1].astype(np.uint8)).reshape(-1, 8, 8)
    return Digits(images, torch.from_numpy(table[:, -1].copy()))


def write_idx(folder: Path) -> list[tuple[str, str]]:
    """Writes the digits, enlarged to 28×28 pixels of 0 to 255, as the four files in which MNIST is published.

    Args:
        folder: where the files go; it is there already.

    Returns:
        The files' names and MD5 sums, as `torchvision.datasets.MNIST.resources` has them.

    Source:
        The IDX format: https://www.fon.hum.uva.nl/praat/manual/IDX_file_format.html
    """
    images, labels = digits()
    enlarged = functional.interpolate(images[:, None].double(), size=(28, 28), mode="bilinear")[:, 0]  # (1797, 28, 28)
    pixels = (enlarged * 255 / 16).round().to(torch.uint8)
    parts = {
        "train-images-idx3-ubyte.gz": pixels[:TRAINING],
        "train-labels-idx1-ubyte.gz": labels[:TRAINING].to(torch.uint8),
        "t10k-images-idx3-ubyte.gz": pixels[TRAINING:],
        "t10k-labels-idx1-ubyte.gz": labels[TRAINING:].to(torch.uint8),
    }
    resources = []
    for name, values in parts.items():
        header = struct.pack(f">HBB{values.ndim}I", 0, _UNSIGNED_BYTE, values.ndim, *values.shape)
        packed = gzip.compress(header + values.numpy().tobytes(), mtime=0)
        (folder / name).write_bytes(packed)
        resources.append((name, hashlib.md5(packed, usedforsecurity=False).hexdigest()))
    return resources


@contextmanager
def mnist_mirror(folder: Path) -> Iterator[None]:
    """Lets `torchvision.datasets.MNIST` download these digits inside, from a folder in the place of the internet.

    Args:
        folder: where `write_idx` puts the files first; it is there already.
    """
    from torchvision.datasets import MNIST

    resources = write_idx(folder)
    with (
        mock.patch.object(MNIST, "mirrors", [f"{folder.absolute().as_uri()}/"]),
        mock.patch.object(MNIST, "resources", resources),
        mock.patch.object(request, "_opener", request.build_opener(_Files)),
    ):
        yield


class _Files(request.FileHandler):
    """Opens `file:` addresses. torchvision asks a response for its length, which only those of the web have."""

    def file_open(self, req: request.Request) -> addinfourl:
        response = super().file_open(req)
        response.length = int(response.headers["Content-Length"])  # type: ignore[attr-defined]
        return response
