"""Plausible wrong answers of kata training."""

import copy
import random
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import nn


def _squares(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("the shapes differ")
    return (prediction - target) ** 2


def mean_squared_error__broadcast(prediction, target):
    """You did not compare the shapes.

    Predictions (n, 1) and targets (n,) make n · n differences, and the model learns the mean of all targets.
    """
    return ((prediction - target) ** 2).mean()


def mean_squared_error__sum(prediction, target):
    """You took the sum, which grows with the batch. The *mean* squared error divides it by the number of elements."""
    return _squares(prediction, target).sum()


def mean_squared_error__per_row(prediction, target):
    """You divided by the number of rows.

    The mean is over all elements, so that a row of three has three of them.
    """
    return _squares(prediction, target).sum() / (len(prediction) if prediction.ndim else 1)


def mean_squared_error__half(prediction, target):
    """You put in the ½ of textbooks, which makes the derivative prettier.

    Torch's mean squared error has none.
    """
    return _squares(prediction, target).mean() / 2


def mean_squared_error__number(prediction, target):
    """You made a new tensor of the number, so that nothing can be differentiated any more.

    Go on computing with the tensors themselves.
    """
    return torch.tensor(_squares(prediction, target).mean().item(), dtype=prediction.dtype)


def _row_losses(logits, labels):
    """The cross-entropy of each row."""
    lowered = logits - logits.amax(1, keepdim=True)
    return lowered.exp().sum(1).log() - lowered.gather(1, labels[:, None]).squeeze(1)


def _weighted_mean(losses, shares):
    return (shares * losses).sum() / shares.sum()


def _cross_entropy(logits, labels, weight=None, ignore_index=-100, *, losses=_row_losses, mean=_weighted_mean):
    """The cross-entropy, by the loss of each row and by how their mean is taken."""
    counted = labels != ignore_index
    labels = labels[counted]
    found = losses(logits[counted], labels)
    return mean(found, torch.ones_like(found) if weight is None else weight[labels])


def cross_entropy__overflows(*args, **kwargs):
    """You took the exponential of the logits as they are.

    exp(1000) is infinite, and infinite by infinite is nan: lower each row by its largest logit first.
    """

    def losses(logits, labels):
        odds = logits.exp() / logits.exp().sum(1, keepdim=True)
        return -odds.gather(1, labels[:, None]).squeeze(1).log()

    return _cross_entropy(*args, **kwargs, losses=losses)


def cross_entropy__log_of_softmax(*args, **kwargs):
    """You took the logarithm of the softmax.

    The softmax itself is safe, but rounds a small probability to 0, and its logarithm is infinite: take the logarithm
    of the sum, and subtract the logit.
    """

    def losses(logits, labels):
        return -logits.softmax(1).gather(1, labels[:, None]).squeeze(1).log()

    return _cross_entropy(*args, **kwargs, losses=losses)


def cross_entropy__small_constant(*args, constant=1e-9, **kwargs):
    """You added a small constant inside the logarithm, so that it cannot be infinite.

    Now no loss is right, and a very wrong row has no gradient: subtract the logit from the logarithm of the sum.
    """

    def losses(logits, labels):
        return -(logits.softmax(1).gather(1, labels[:, None]).squeeze(1) + constant).log()

    return _cross_entropy(*args, **kwargs, losses=losses)


cross_entropy__small_constant.varies = {"constant": (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5)}


def cross_entropy__weights_not_divided(*args, **kwargs):
    """You divided the weighted sum by the number of rows.

    A weighted mean divides by the sum of the weights of its rows.
    """
    return _cross_entropy(*args, **kwargs, mean=lambda losses, shares: (shares * losses).mean())


def cross_entropy__ignored_in_the_mean(logits, labels, weight=None, ignore_index=-100):
    """You gave ignored rows a loss of 0, and divided by the number of all rows.

    Ignored rows do not count at all: not in the sum, and not in what it is divided by.
    """
    counted = labels != ignore_index
    losses = _row_losses(logits, torch.where(counted, labels, 0)) * counted
    shares = torch.ones_like(losses) if weight is None else weight[torch.where(counted, labels, 0)]
    return (shares * losses).sum() / shares.sum()


def cross_entropy__zero_for_nothing(*args, **kwargs):
    """You made the mean of nothing 0, so that a batch without labels looks like a perfect one.

    It is nan, as torch's. A small number added to the divisor does that, too.
    """

    def mean(losses, shares):
        return _weighted_mean(losses, shares) if shares.sum() else losses.sum() * 0

    return _cross_entropy(*args, **kwargs, mean=mean)


def _binary(logits, targets, pos_weight=None, *, missed=None, false=None):
    """The binary cross-entropy, by what a yes costs that was missed, and what a false yes costs."""
    if logits.shape != targets.shape:
        raise ValueError("the shapes differ")
    zero = torch.zeros_like(logits)
    missed = torch.logaddexp(zero, -logits) if missed is None else missed(logits)
    false = torch.logaddexp(zero, logits) if false is None else false(logits)
    return (targets * (missed if pos_weight is None else pos_weight * missed) + (1 - targets) * false).mean()


def binary_cross_entropy__overflows(*args, **kwargs):
    """You took log(1 + exp(x)) as it stands, which is infinite from x = 710 on, in float32 from 89 on.

    `torch.logaddexp` knows how.
    """
    missed, false = lambda x: (1 + (-x).exp()).log(), lambda x: (1 + x.exp()).log()
    return _binary(*args, **kwargs, missed=missed, false=false)


def binary_cross_entropy__log_of_sigmoid(*args, **kwargs):
    """You took the logarithm of the sigmoid.

    The sigmoid rounds to 0 or 1, and then the logarithm is infinite, or 0 times infinite is nan.
    """
    missed, false = lambda x: -x.sigmoid().log(), lambda x: -(1 - x.sigmoid()).log()
    return _binary(*args, **kwargs, missed=missed, false=false)


def binary_cross_entropy__clamped(*args, **kwargs):
    """You used relu, clamp or abs, which have a corner at 0, where autograd chooses a slope for each.

    The loss is right everywhere, but at a logit of exactly 0 its gradient is off by ½: use `torch.logaddexp`.
    """

    def false(x):
        return x.clamp(min=0) + (-x.abs()).exp().log1p()

    return _binary(*args, **kwargs, missed=lambda x: false(-x), false=false)


def binary_cross_entropy__weight_on_both(logits, targets, pos_weight=None):
    """You multiplied all of the loss by pos_weight.

    Only what yes costs is multiplied, the part with the target.
    """
    if pos_weight is None:
        return _binary(logits, targets)
    missed, false = (lambda x, sign=sign: torch.logaddexp(torch.zeros_like(x), sign * x) for sign in (-1, 1))
    return _binary(logits, targets, missed=lambda x: pos_weight * missed(x), false=lambda x: pos_weight * false(x))


def binary_cross_entropy__broadcast(logits, targets, pos_weight=None):
    """You did not compare the shapes: logits (n, 1) and targets (n,) make n · n losses."""
    return _binary(*torch.broadcast_tensors(logits, targets), pos_weight)


def binary_cross_entropy__corner(logits, targets, pos_weight=None):
    """You took max(x, 0) and |x| apart: at a logit of exactly 0 torch gives both the gradient 0, and ½ is right.

    `torch.logaddexp` and `softplus` have the right one everywhere.
    """
    if logits.shape != targets.shape:
        raise ValueError(f"{logits.shape} is not {targets.shape}")
    if pos_weight is None:
        pos_weight = torch.ones_like(logits)
    shares = 1 + (pos_weight - 1) * targets
    return ((1 - targets) * logits + shares * ((-logits.abs()).exp().log1p() + (-logits).relu())).mean()


def _step(
    model,
    loss_function,
    optimizer,
    inputs,
    targets,
    max_norm=None,
    *,
    forget=torch.optim.Optimizer.zero_grad,
    clip=lambda model, _, max_norm: nn.utils.clip_grad_norm_(model.parameters(), max_norm),
    early=False,
):
    """A step of training, by how gradients are forgotten and clipped; `early` clips before the backward pass."""
    forget(optimizer)
    outputs = model(inputs)
    loss = loss_function(outputs, targets)
    if max_norm is not None and early:
        clip(model, optimizer, max_norm)
    loss.backward()
    if max_norm is not None and not early:
        clip(model, optimizer, max_norm)
    optimizer.step()
    return loss.item(), outputs.detach()


def _scale(parameters, gradients, max_norm):
    """Scales the gradients of parameters by what the norm of some gradients, all together, asks for."""
    total = torch.stack([gradient.norm() for gradient in gradients]).norm()
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad *= (max_norm / total).clamp(max=1)


def train_step__gradients_add_up(*args, **kwargs):
    """You did not forget the old gradients, and the new ones were added to them: `optimizer.zero_grad()` first."""
    return _step(*args, **kwargs, forget=lambda _: None)


def train_step__forgets_too_late(model, loss_function, optimizer, inputs, targets, max_norm=None):
    """You forgot the gradients between the backward pass and the step, so that nothing was left to step by."""
    outputs = model(inputs)
    loss = loss_function(outputs, targets)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item(), outputs.detach()


def train_step__clips_too_early(*args, **kwargs):
    """You clipped when it was of no use: before the backward pass has made the gradients, or after the step.

    Clip between `backward()` and `step()`.
    """
    return _step(*args, **kwargs, early=True)


def train_step__clips_one_by_one(*args, **kwargs):
    """You clipped each parameter's gradient on its own, which turns the direction of the step.

    One norm is meant, that of all gradients together.
    """

    def clip(model, _, max_norm):
        for parameter in model.parameters():
            nn.utils.clip_grad_norm_([parameter], max_norm)

    return _step(*args, **kwargs, clip=clip)


def train_step__clips_values(*args, **kwargs):
    """You clipped each number of the gradients on its own, which turns the direction of the step.

    Scale all of them by one factor.
    """

    def clip(model, _, max_norm):
        nn.utils.clip_grad_value_(model.parameters(), max_norm)

    return _step(*args, **kwargs, clip=clip)


def train_step__zeros(*args, **kwargs):
    """You filled the gradients with zeros instead of setting them to None.

    A parameter that no longer requires grad, but has an old gradient, then gets one of 0, and weight decay moves it.
    """
    return _step(*args, **kwargs, forget=lambda optimizer: optimizer.zero_grad(set_to_none=False))


def train_step__clips_the_first_group(*args, **kwargs):
    """You clipped the parameters of the optimizer's first group alone.

    The norm is that of the gradients of all of the model's parameters.
    """

    def clip(_, optimizer, max_norm):
        nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm)

    return _step(*args, **kwargs, clip=clip)


def train_step__clips_without_a_gradient(*args, **kwargs):
    """You asked every parameter for its gradient's norm, and one had no gradient: a layer that the model did not use.

    Pass over parameters whose `.grad` is None, or let `clip_grad_norm_` do so.
    """

    def clip(model, _, max_norm):
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        _scale(trained, [parameter.grad for parameter in trained], max_norm)

    return _step(*args, **kwargs, clip=clip)


train_step__clips_without_a_gradient.raises = AttributeError


def train_step__counts_the_shared_twice(*args, **kwargs):
    """You counted a gradient twice that belongs to a parameter with two names, so that the norm is too large.

    `model.parameters()` gives each parameter once.
    """

    def clip(model, _, max_norm):
        named = model.named_parameters(remove_duplicate=False)
        _scale(model.parameters(), [p.grad for _, p in named if p.grad is not None], max_norm)

    return _step(*args, **kwargs, clip=clip)


def train_step__keeps_the_history(model, loss_function, *args, **kwargs):
    """You returned the outputs as they are, with all the history that they hang on.

    Whoever collects them keeps the graph of every step in memory: detach them.
    """
    kept = []

    def watched(outputs, targets):
        kept.append(outputs)
        return loss_function(outputs, targets)

    loss, _ = _step(model, watched, *args, **kwargs)
    return loss, kept[0]


def train_step__loss_as_tensor(model, loss_function, optimizer, inputs, targets, max_norm=None):
    """You returned the loss as a tensor. A number is asked for: `loss.item()`."""
    loss, outputs = _step(model, loss_function, optimizer, inputs, targets, max_norm)
    return torch.tensor(loss, dtype=outputs.dtype), outputs


def _epoch(model, loader, loss_function, optimizer, max_norm=None, *, prepare=nn.Module.train, again=False, rows=None):
    """An epoch of training, by how the model is prepared, and by how many rows are said to be there."""
    prepare(model)
    total, right, count = 0.0, 0, 0
    for inputs, labels in loader:
        loss, outputs = _step(model, loss_function, optimizer, inputs, labels, max_norm)
        total, count = total + loss * len(labels), count + len(labels)
        right += int(((model(inputs) if again else outputs).argmax(1) == labels).sum())
    count = count if rows is None else rows
    return total / count, right / count


def train_epoch__mean_of_batches(model, loader, loss_function, optimizer, max_norm=None):
    """You took the mean of the batches' means, so that a row in a small batch counts more than one in a large batch.

    Multiply each by its number of rows, and divide by all rows.
    """
    model.train()
    losses, shares = [], []
    for inputs, labels in loader:
        loss, outputs = _step(model, loss_function, optimizer, inputs, labels, max_norm)
        losses.append(loss)
        shares.append(float((outputs.argmax(1) == labels).double().mean()))
    return sum(losses) / len(losses), sum(shares) / len(shares)


def train_epoch__rows_of_the_dataset(model, loader, *args, **kwargs):
    """You divided by the length of the data set, of which a loader may leave out rows, or give some twice.

    Count what the loader gives.
    """
    rows = len(loader.dataset) if hasattr(loader, "dataset") else None
    return _epoch(model, loader, *args, **kwargs, rows=rows)


def train_epoch__mode_left_alone(*args, **kwargs):
    """You did not put the model into training mode.

    After an evaluation it still is in the other one, and dropout is switched off.
    """
    return _epoch(*args, **kwargs, prepare=lambda _: None)


def train_epoch__looks_again(*args, **kwargs):
    """You ran the model once more after each step to count what it reads right.

    That costs a third of the time, disturbs what BatchNorm keeps, and flatters: use the outputs of the step.
    """
    return _epoch(*args, **kwargs, again=True)


def train_epoch__max_norm_lost(model, loader, loss_function, optimizer, max_norm=None):
    """You did not hand max_norm on to the step."""
    return _epoch(model, loader, loss_function, optimizer)


def _look(model, loader, loss_function):
    """Mean loss and share of right rows, in whatever mode."""
    total, right, rows = 0.0, 0, 0
    for inputs, labels in loader:
        outputs = model(inputs)
        total, rows = total + loss_function(outputs, labels).item() * len(labels), rows + len(labels)
        right += int((outputs.argmax(1) == labels).sum())
    return total / rows, right / rows


def _modes(model):
    """Each module and whether it is in training mode."""
    return [(module, module.training) for module in model.modules()]


def _put_back(modes):
    """Puts each module back into its mode."""
    for module, training in modes:
        module.training = training


def _evaluate(model, loader, loss_function, *, put_back=_put_back, look=_look):
    """An evaluation, by how the modes are put back, and by how the model is looked at."""
    modes = _modes(model)
    try:
        model.eval()
        with torch.no_grad():
            return look(model, loader, loss_function)
    finally:
        put_back(modes)


def evaluate__mean_of_batches(*args):
    """You took the mean of the batches' means, as many tutorials do.

    The last batch is smaller, and its rows count more than others: multiply each mean by its number of rows.
    """

    def look(model, loader, loss_function):
        losses, shares = [], []
        for inputs, labels in loader:
            outputs = model(inputs)
            losses.append(loss_function(outputs, labels).item())
            shares.append(float((outputs.argmax(1) == labels).double().mean()))
        return sum(losses) / len(losses), sum(shares) / len(shares)

    return _evaluate(*args, look=look)


def evaluate__in_training_mode(model, loader, loss_function):
    """You left the model in training mode: dropout drops, and BatchNorm learns from the test data. `model.eval()`."""
    with torch.no_grad():
        return _look(model, loader, loss_function)


def evaluate__stays_in_evaluation(*args):
    """You left the model in evaluation mode, and whoever goes on training it trains without dropout."""
    return _evaluate(*args, put_back=lambda _: None)


def evaluate__all_to_training(model, *args):
    """You put all of the model into training mode in the end.

    Not every module was in it: note for each which mode it was in, and put that back.
    """
    return _evaluate(model, *args, put_back=lambda _: model.train())


def evaluate__mode_of_the_top(model, *args):
    """You put back the mode of the model itself, and with it all modules inside.

    Some of these may have been in another one: note it for each module.
    """
    return _evaluate(model, *args, put_back=lambda modes: model.train(modes[0][1]))


def evaluate__train_of_each(*args):
    """You put the modes back by `train(mode)`, which sets all modules inside, too.

    A module that stands in two others then has the mode of the one that came last: set its attribute `training`.
    """

    def put_back(modes):
        for module, training in modes:
            module.train(training)

    return _evaluate(*args, put_back=put_back)


def evaluate__recorded(model, loader, loss_function):
    """You let autograd record the run, for a graph that nobody needs: `torch.no_grad()`."""
    modes = _modes(model)
    try:
        model.eval()
        return _look(model, loader, loss_function)
    finally:
        _put_back(modes)


def evaluate__not_after_an_exception(model, loader, loss_function):
    """You put the modes back only where all goes well. After an exception, that takes a `finally`."""
    modes = _modes(model)
    model.eval()
    with torch.no_grad():
        result = _look(model, loader, loss_function)
    _put_back(modes)
    return result


def _groups(loader, group):
    """The batches in groups."""
    batches = list(loader)
    return [batches[start : start + group] for start in range(0, len(batches), group)]


def _accumulate(model, groups, loss_function, optimizer, factor):
    """A step for each group, with a factor for each batch."""
    losses = []
    for members in groups:
        optimizer.zero_grad()
        total = 0.0
        for inputs, targets in members:
            part = loss_function(model(inputs), targets) * factor(members, targets)
            part.backward()
            total += part.item()
        optimizer.step()
        losses.append(total)
    return losses


def _share(members, targets):
    """A batch's share of the rows of its group."""
    return len(targets) / sum(len(each) for _, each in members)


def train_accumulated__not_divided(model, loader, loss_function, optimizer, group, *, losses_too=True):
    """You added up the gradients of the batches' means, and stepped by their sum.

    That is as many times too far as there are batches in the group.
    """
    losses = []
    for members in _groups(loader, group):
        optimizer.zero_grad()
        total = 0.0
        for inputs, targets in members:
            part = loss_function(model(inputs), targets)
            part.backward()
            total += part.item() * (1.0 if losses_too else _share(members, targets))
        optimizer.step()
        losses.append(total)
    return losses


train_accumulated__not_divided.varies = {"losses_too": (False,)}


def train_accumulated__divided_by_group(model, loader, loss_function, optimizer, group):
    """You divided each loss by `group`.

    The last group may have fewer batches, and batches may differ in size: each counts by its rows.
    """
    return _accumulate(model, _groups(loader, group), loss_function, optimizer, lambda *_: 1 / group)


def train_accumulated__batches_alike(model, loader, loss_function, optimizer, group):
    """You divided each loss by the number of batches in its group, so that all batches count alike.

    A batch with three rows counts three times as much as one with a single row.
    """
    groups = _groups(loader, group)
    return _accumulate(model, groups, loss_function, optimizer, lambda members, _: 1 / len(members))


def train_accumulated__rest_dropped(model, loader, loss_function, optimizer, group):
    """You stepped only after full groups, and the gradients of the last batches were lost."""
    groups = [members for members in _groups(loader, group) if len(members) == group]
    return _accumulate(model, groups, loss_function, optimizer, _share)


def train_accumulated__joined(model, loader, loss_function, optimizer, group):
    """You joined the batches. It is right, but the memory for all of them at once is what is to be saved."""
    groups = [[tuple(torch.cat(parts) for parts in zip(*members, strict=True))] for members in _groups(loader, group)]
    return _accumulate(model, groups, loss_function, optimizer, _share)


def train_accumulated__graphs_kept(model, loader, loss_function, optimizer, group):
    """You added up the losses and went backward once.

    Until then the graphs of all batches are in memory: go backward after each batch.
    """
    losses = []
    for members in _groups(loader, group):
        optimizer.zero_grad()
        total = sum(loss_function(model(inputs), targets) * _share(members, targets) for inputs, targets in members)
        total.backward()
        optimizer.step()
        losses.append(total.item())
    return losses


def train_accumulated__all_in_memory(model, loader, loss_function, optimizer, group):
    """You took all batches from the loader before the first step, so that all of the data are in memory at once.

    Take one group at a time: `itertools.islice`.
    """
    return _accumulate(model, _groups(loader, group), loss_function, optimizer, _share)


def _fit(
    model,
    train_loader,
    validation_loader,
    loss_function,
    optimizer,
    epochs,
    patience,
    max_norm=None,
    *,
    better=float.__lt__,
    keep=copy.deepcopy,
    restores=True,
    waits_for_nan=True,
):
    """Trains with early stopping, by what counts as better than the lowest loss, and by how the best is kept."""
    history, lowest, best, waited = [], float("inf"), None, 0
    while len(history) < epochs and waited < patience:
        model.train()
        total, right, rows = 0.0, 0, 0
        for inputs, labels in train_loader:
            loss, outputs = _step(model, loss_function, optimizer, inputs, labels, max_norm)
            total, rows = total + loss * len(labels), rows + len(labels)
            right += int((outputs.argmax(1) == labels).sum())
        model.eval()
        with torch.no_grad():
            loss, accuracy = _look(model, validation_loader, loss_function)
        history.append(
            {
                "train_loss": total / rows,
                "train_accuracy": right / rows,
                "validation_loss": loss,
                "validation_accuracy": accuracy,
            }
        )
        waited += waits_for_nan or loss == loss
        if better(loss, lowest):
            lowest, best, waited = loss, keep(model.state_dict()), 0
    if restores and best is not None:
        model.load_state_dict(best, strict=False)
    return history


def fit__best_is_live(*args, **kwargs):
    """You kept `model.state_dict()` itself, whose tensors are the model's own.

    They went on changing, and what you loaded in the end were the last weights: keep a deep copy.
    """
    return _fit(*args, **kwargs, keep=lambda state: state)


def fit__shallow_copy(*args, **kwargs):
    """You copied the dict, and not the tensors in it, which are the model's own: use `copy.deepcopy`."""
    return _fit(*args, **kwargs, keep=copy.copy)


def fit__last_weights(*args, **kwargs):
    """You left the model as the last epoch had made it, and that one was not the best, or patience had not run out."""
    return _fit(*args, **kwargs, restores=False)


def fit__parameters_only(model, *args, **kwargs):
    """You kept the parameters, but not the buffers, in which BatchNorm has its means.

    `state_dict()` has both.
    """

    def keep(_):
        return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}

    return _fit(model, *args, **kwargs, keep=keep)


def fit__ties_are_better(*args, **kwargs):
    """You took an equal loss for a better one.

    A loss that stays the same is no progress, and training would never stop: it has to be below the lowest.
    """
    return _fit(*args, **kwargs, better=float.__le__)


def fit__nan_is_better(*args, **kwargs):
    """You asked whether the loss is *not* above the lowest one, or equal.

    For nan every comparison is false, so that a model that has broken down became the best one: ask whether it is less.
    """
    return _fit(*args, **kwargs, better=lambda loss, lowest: not loss >= lowest)


def fit__nan_not_counted(*args, **kwargs):
    """You left epochs with a loss of nan out of the count.

    They are no progress either: patience runs out in them as in any other epoch without a new lowest loss.
    """
    return _fit(*args, **kwargs, waits_for_nan=False)


def fit__one_epoch_too_many(
    model, train_loader, validation_loader, loss_function, optimizer, epochs, patience, max_norm=None
):
    """You stopped when *more* than `patience` epochs had passed without a new lowest loss, one too late."""
    return _fit(model, train_loader, validation_loader, loss_function, optimizer, epochs, patience + 1, max_norm)


def fit__against_the_last(*args, **kwargs):
    """You compared each validation loss with that of the epoch before.

    A loss that goes up and down would look like progress for ever: compare it with the lowest so far.
    """
    last = [float("inf")]

    def better(loss, _):
        last.append(loss)
        return loss < last[-2]

    return _fit(*args, **kwargs, better=better)


def fit__max_norm_lost(
    model, train_loader, validation_loader, loss_function, optimizer, epochs, patience, max_norm=None
):
    """You did not hand max_norm on."""
    return _fit(model, train_loader, validation_loader, loss_function, optimizer, epochs, patience)


def _states():
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def _seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _restore(states):
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


@contextmanager
def seeded__torch_only(seed):
    """You seeded torch alone.

    Transforms draw from Python's `random`, and data sets from NumPy: seed and put back all three.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def seeded__never_put_back(seed):
    """You did not put the generators back, so that everything after the block depends on its seed, too."""
    _seed(seed)
    yield


@contextmanager
def seeded__not_after_an_exception(seed):
    """You put the generators back only where the block ends well. After an exception, that takes a `finally`."""
    states = _states()
    _seed(seed)
    yield
    _restore(states)


@contextmanager
def seeded__swallows(seed):
    """You caught the exception of the block. Put the generators back in a `finally`, and let it go on."""
    states = _states()
    _seed(seed)
    with suppress(Exception):
        yield
    _restore(states)


@contextmanager
def seeded__notes_too_late(seed):
    """You noted the states after seeding, and put back the beginning of the block: note them first."""
    _seed(seed)
    states = _states()
    try:
        yield
    finally:
        _restore(states)


def _train(images, labels, steps, lr, p=0.0, seed=None):
    """A network that has learned to read digits."""
    with torch.random.fork_rng():
        if seed is not None:
            torch.manual_seed(seed)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(p), nn.Linear(64, 10))
        optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        for _ in range(steps):
            _step(model, nn.functional.cross_entropy, optimizer, images, labels)
    return model


def train_digits__hardly_trained(images, labels, seed):
    """You stopped too early, or took too short steps: the network still confuses many digits.

    Look at the accuracy on digits that you hold out yourself, and go on while it grows.
    """
    return _train(images, labels, 20, 0.001, seed=seed).eval()


def train_digits__not_seeded(images, labels, seed):
    """You did not use the seed, and each training gives another network."""
    return _train(images, labels, 100, 0.01).eval()


def train_digits__weights_not_seeded(images, labels, seed):
    """You seeded the order of the batches, but not the weights from which the network starts."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer, generator = torch.optim.AdamW(model.parameters(), lr=0.01), torch.Generator().manual_seed(seed)
    for _ in range(20):
        for rows in torch.randperm(len(images), generator=generator).split(64):
            _step(model, nn.functional.cross_entropy, optimizer, images[rows], labels[rows])
    return model.eval()


def train_digits__one_seed(images, labels, seed):
    """You used a seed of your own, so that every seed gives the same network."""
    return _train(images, labels, 100, 0.01, seed=0).eval()


def train_digits__in_training_mode(images, labels, seed):
    """You returned the network in training mode, where its dropout makes each answer another one: `model.eval()`."""
    return _train(images, labels, 100, 0.01, p=0.2, seed=seed)
