"""Training: from a loss to a network that reads handwriting. The lesson stands in README.md of this kata's folder."""

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

import numpy as np
import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes what a model gave for a batch, and what it should have given; returns the mean loss of the rows."""

Batches = Iterable[tuple[Tensor, Tensor]]
"""Pairs of inputs and targets, with as many rows each."""


def mean_squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """The mean of the squared differences.

    Args:
        prediction: any shape, float32 or float64.
        target: same shape and dtype.

    Returns:
        A tensor without dimensions, of the same dtype: the mean over all elements; nan if there are none. It can be
        differentiated for `prediction`.

    Raises:
        ValueError: the shapes differ, even if they could be broadcast.
    """
    raise NotImplementedError("mean_squared_error")


def cross_entropy(logits: Tensor, labels: Tensor, weight: Tensor | None = None, ignore_index: int = -100) -> Tensor:
    """The cross-entropy of classes, from logits.

    Args:
        logits: (n, c), float32 or float64, finite. n may be 0.
        labels: (n,), int64: the right class of each row, 0 … c − 1, or `ignore_index`.
        weight: (c,), dtype of `logits`, 0 or more: what a row of each class counts; None: all count 1.
        ignore_index: rows with this label do not count at all. It may be any number, that of a class, too.

    Returns:
        A tensor without dimensions, dtype of `logits`: the weighted mean over the rows that count; nan if their weights
        add up to 0, and so if there are none. It can be differentiated for `logits`.
    """
    raise NotImplementedError("cross_entropy")


def binary_cross_entropy(logits: Tensor, targets: Tensor, pos_weight: Tensor | None = None) -> Tensor:
    """The cross-entropy of yes and no, from logits.

    Args:
        logits: any shape, float32 or float64, finite.
        targets: same shape and dtype, from 0 (no) to 1 (yes).
        pos_weight: can be broadcast to the shape of `logits`, same dtype, greater than 0: what yes counts, where no
            counts 1; None: yes counts 1, too.

    Returns:
        A tensor without dimensions, dtype of `logits`: the mean over all elements; nan if there are none. It can be
        differentiated for `logits`.

    Raises:
        ValueError: the shapes of `logits` and `targets` differ, even if they could be broadcast.
    """
    raise NotImplementedError("binary_cross_entropy")


def train_step(
    model: nn.Module,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    max_norm: float | None = None,
) -> tuple[float, Tensor]:
    """Does one step of training.

    Args:
        model: runs once, in the mode in which it is.
        loss_function: takes the model's outputs and `targets`.
        optimizer: moves all of the model's parameters that require grad.
        inputs: one batch.
        targets: what the model should make of it.
        max_norm: greater than 0: longer gradients are scaled down to this norm, all together; None: they stay as they
            are.

    Returns:
        The loss before the step, as a Python number, and the model's outputs for the batch, detached.
    """
    raise NotImplementedError("train_step")


def train_epoch(
    model: nn.Module,
    loader: Batches,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    max_norm: float | None = None,
) -> tuple[float, float]:
    """Trains a classifier for one epoch: a step for each batch, in training mode.

    Args:
        model: gives logits, (rows, classes).
        loader: any iterable; at least one batch. Gone through once.
        loss_function: as in `train_step`.
        optimizer: as in `train_step`.
        max_norm: as in `train_step`.

    Returns:
        The mean loss of all rows that the loader gave, and the share of them whose highest logit was that of their
        label; both as Python numbers, of the outputs from which the model learned.
    """
    raise NotImplementedError("train_epoch")


def evaluate(model: nn.Module, loader: Batches, loss_function: Loss) -> tuple[float, float]:
    """Tells how good a classifier is, and leaves it as it is.

    Args:
        model: as in `train_epoch`. It runs in evaluation mode and without recording. Afterwards, even after an
            exception, each of its modules is in the mode in which it was.
        loader: as in `train_epoch`.
        loss_function: as in `train_step`.

    Returns:
        The mean loss of all rows that the loader gave, and the share of them whose highest logit is that of their
        label; both as Python numbers.
    """
    raise NotImplementedError("evaluate")


def train_accumulated(
    model: nn.Module, loader: Batches, loss_function: Loss, optimizer: torch.optim.Optimizer, group: int
) -> list[float]:
    """Trains with large batches that never are in memory as one: a step for each group of the loader's batches.

    Args:
        model: treats each row by itself, and runs in the mode in which it is.
        loader: any iterable; at least one batch. Batches may differ in size. Gone through once; the batches of a group
            are taken after the step of the group before.
        loss_function: as in `train_step`.
        optimizer: as in `train_step`.
        group: 1 or more: so many batches are for one step, or fewer for the last one.

    Returns:
        The loss of each group before its step, as Python numbers: the mean over all rows of the group.
    """
    raise NotImplementedError("train_accumulated")


def fit(
    model: nn.Module,
    train_loader: Batches,
    validation_loader: Batches,
    loss_function: Loss,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    patience: int,
    max_norm: float | None = None,
) -> list[dict[str, float]]:
    """Trains a classifier until it no longer gets better, and leaves it as it was at its best.

    Args:
        model: as in `train_epoch`. In the end, its parameters and the buffers of its state dict hold what they held
            after the epoch with the lowest validation loss, the first of them if there are several. If no loss was less
            than infinite, the model stays as the last epoch left it.
        train_loader: as in `train_epoch`; gone through once in each epoch.
        validation_loader: as in `evaluate`; gone through once after each epoch of training.
        loss_function: as in `train_step`.
        optimizer: as in `train_step`. Its state stays that of the last step.
        epochs: 1 or more: not more than so many.
        patience: 1 or more: after so many epochs in a row whose validation loss was not below the lowest before them,
            training stops.
        max_norm: as in `train_step`.

    Returns:
        For each epoch a dict with the keys "train_loss" and "train_accuracy", as of `train_epoch`, and
        "validation_loss" and "validation_accuracy", as of `evaluate`.
    """
    raise NotImplementedError("fit")


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Makes all chance in a `with` block depend on a seed alone, and none after it.

    Python's `random`, NumPy's global generator and torch's global generator are seeded when the block is entered. When
    it is left, also by an exception, each goes on as if the block had never been. The exception goes on, too.

    Args:
        seed: 0 … 2**32 − 1, for all three.
    """
    raise NotImplementedError("seeded")


def train_digits(images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """Trains a network to read handwritten digits.

    Args:
        images: (n, 8, 8), float32, from 0 (paper) to 1 (ink). n is some hundreds.
        labels: (n,), int64: what is written there, 0 … 9.
        seed: 0 … 2**32 − 1. The same images, labels and seed give the same network, to the last bit; another seed gives
            another one.

    Returns:
        A module in evaluation mode that makes logits, (m, 10), of images like these, (m, 8, 8).
    """
    raise NotImplementedError("train_digits")


# stub 448e6d110c9f: says that nothing was written here yet; this line may stay or go
