"""Training: from a loss to a network that reads handwriting. The lesson stands in README.md of this kata's folder."""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes what a model gave for a batch, and what it should have given; returns the mean loss of the rows."""

Batches = Iterable[tuple[Tensor, Tensor]]
"""Pairs of inputs and targets, with as many rows each."""


class _Tally:
    """Adds up losses, right answers and rows, batch by batch."""

    def __init__(self) -> None:
        self.loss, self.right, self.rows = 0.0, 0, 0

    def add(self, mean_loss: float, logits: Tensor, labels: Tensor) -> None:
        """Counts one batch in."""
        self.rows += len(labels)
        self.loss += mean_loss * len(labels)
        self.right += int(logits.argmax(dim=1).eq(labels).sum())

    def means(self) -> tuple[float, float]:
        """The mean loss of all rows, and the share of right ones."""
        return self.loss / self.rows, self.right / self.rows


def _forget_gradients(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Forgets the gradients of all parameters, also of those that only one of the two knows."""
    optimizer.zero_grad()
    model.zero_grad()


def _named_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """All parameters and buffers, also the buffers that are not in the state dict."""
    return chain(model.named_parameters(), model.named_buffers())


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
    if prediction.shape != target.shape:
        raise ValueError(f"shapes differ: {tuple(prediction.shape)} and {tuple(target.shape)}")
    difference = (prediction - target).flatten()
    return difference.dot(difference) / len(difference)


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
    counts = labels.ne(ignore_index)
    logits, labels = logits[counts], labels[counts]
    if weight is None:
        weight = logits.new_ones(logits.shape[1])
    row_weights = weight[labels]
    shifted = logits - logits.detach().amax(dim=1, keepdim=True)
    right = shifted.take_along_dim(labels.unsqueeze(1), dim=1).squeeze(1)
    losses = shifted.exp().sum(dim=1).log() - right
    return losses.dot(row_weights) / row_weights.sum()


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
    if logits.shape != targets.shape:
        raise ValueError(f"shapes differ: {tuple(logits.shape)} and {tuple(targets.shape)}")
    zero = torch.zeros_like(logits)
    yes = targets * zero.logaddexp(-logits)
    if pos_weight is not None:
        yes = yes * pos_weight
    no = (1 - targets) * zero.logaddexp(logits)
    return (yes + no).mean()


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
    _forget_gradients(model, optimizer)
    outputs = model(inputs)
    loss = loss_function(outputs, targets)
    loss.backward()
    result = loss.item(), outputs.detach().clone()  # a copy: the outputs might be a view of a parameter
    if max_norm is not None:
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
        if norm > max_norm:
            for gradient in gradients:
                gradient *= max_norm / norm
    optimizer.step()
    return result


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
    model.train()
    tally = _Tally()
    for inputs, labels in loader:
        loss, logits = train_step(model, loss_function, optimizer, inputs, labels, max_norm)
        tally.add(loss, logits, labels)
    return tally.means()


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
    modes = [(module, module.training) for module in model.modules()]
    tally = _Tally()
    try:
        model.eval()
        with torch.no_grad():
            for inputs, labels in loader:
                logits = model(inputs)
                tally.add(loss_function(logits, labels).item(), logits, labels)
    finally:
        for module, mode in modes:
            module.training = mode
    return tally.means()


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
    losses = []
    batches = iter(loader)
    for first in batches:
        _forget_gradients(model, optimizer)
        rows, total = 0, 0.0
        for inputs, targets in chain([first], islice(batches, group - 1)):
            loss_sum = loss_function(model(inputs), targets) * len(inputs)
            loss_sum.backward()
            rows += len(inputs)
            total += loss_sum.item()
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad /= rows  # the gradients of the sum become those of the mean
        optimizer.step()
        losses.append(total / rows)
    return losses


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
    history: list[dict[str, float]] = []
    lowest, best_epoch, best_values = float("inf"), -1, {}
    for epoch in range(epochs):
        train_loss, train_accuracy = train_epoch(model, train_loader, loss_function, optimizer, max_norm)
        validation_loss, validation_accuracy = evaluate(model, validation_loader, loss_function)
        history.append(
            {
                "train_loss": train_loss,
                "train_accuracy": train_accuracy,
                "validation_loss": validation_loss,
                "validation_accuracy": validation_accuracy,
            }
        )
        if validation_loss < lowest:
            lowest, best_epoch = validation_loss, epoch
            best_values = {name: tensor.detach().clone() for name, tensor in _named_tensors(model)}
        elif epoch - best_epoch >= patience:
            break
    with torch.no_grad():
        for name, tensor in _named_tensors(model):
            tensor.copy_(best_values.get(name, tensor))
    return history


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Makes all chance in a `with` block depend on a seed alone, and none after it.

    Python's `random`, NumPy's global generator and torch's global generator are seeded when the block is entered. When
    it is left, also by an exception, each goes on as if the block had never been. The exception goes on, too.

    Args:
        seed: 0 … 2**32 − 1, for all three.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        try:
            for seed_one in random.seed, np.random.seed, torch.manual_seed:
                seed_one(seed)
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)


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
    with seeded(seed):
        model = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64, 256),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(256, 10),
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.005)
        loader = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True)
        for _ in range(20):
            train_epoch(model, loader, cross_entropy, optimizer)
    return model.eval()
