"""Data that specs work with: what it holds, and that others read it."""

from importlib import util

import pytest
import torch
from sklearn.datasets import load_digits
from torchvision.datasets import MNIST

from harness.errors import SpecError
from harness.spec import digit_images as assets
from harness.spec.digit_images import TRAINING, digits, mnist_mirror, write_idx


def test_digits_are_those_of_scikit_learn():
    """Images and labels are what its own function gives, as integers."""
    theirs = load_digits()

    images, labels = digits()

    assert images.dtype == torch.uint8
    assert labels.dtype == torch.int64
    assert torch.equal(images.double(), torch.from_numpy(theirs.images))
    assert torch.equal(labels, torch.from_numpy(theirs.target))


def test_digits_belong_to_whoever_asked():
    """A change of one caller's digits is not seen by the next."""
    digits().images.zero_()

    assert digits().images.any()


@pytest.mark.parametrize("train", [True, False])
def test_torchvision_downloads_the_files_as_mnist(tmp_path, train):
    """Fetched from a folder as from a mirror, checksums included, they are a data set of real digits."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()

    with mnist_mirror(mirror):
        mnist = MNIST(tmp_path / "data", train=train, download=True)

    part = slice(None, TRAINING) if train else slice(TRAINING, None)
    assert torch.equal(mnist.targets, digits().labels[part])
    assert mnist.data.shape[1:] == (28, 28)
    assert mnist.data.amax() == 255
    # A pixel of the small picture covers 3.5 of the large one: the middle of each is one it covers whole.
    middles = [int(3.5 * (i + 0.5)) for i in range(8)]
    small = (digits().images[part].double() * 255 / 16).round()
    large = mnist.data[:, middles][:, :, middles].double()
    assert torch.corrcoef(torch.stack([small.flatten(), large.flatten()]))[0, 1] > 0.98


def test_spoiled_file_of_the_mirror_is_found_out(tmp_path):
    """torchvision compares the checksum, as it does with the real ones."""
    with mnist_mirror(tmp_path):
        (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(b"no labels")

        with pytest.raises(RuntimeError, match=r"not found or corrupted|Error downloading"):
            MNIST(tmp_path / "data", download=True)


def test_files_are_the_same_each_time(tmp_path):
    """Nothing of the time or the place of writing is in them."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert write_idx(tmp_path / "a") == write_idx(tmp_path / "b")


def test_missing_scikit_learn_says_what_to_install(monkeypatch):
    """The message names the package and the command."""
    monkeypatch.setattr(assets, "find_spec", lambda name: None)

    with pytest.raises(SpecError, match='pip install "scikit-learn'):
        digits()


def test_moved_file_is_named(tmp_path, monkeypatch):
    """Where a version keeps them elsewhere, the message names the path."""
    spec = util.spec_from_file_location("sklearn", tmp_path / "__init__.py")
    monkeypatch.setattr(assets, "find_spec", lambda name: spec)

    with pytest.raises(SpecError, match=r"no digits in .*digits\.csv\.gz: install another version"):
        digits()
