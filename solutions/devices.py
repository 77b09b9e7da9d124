"""Devices: where tensors live, and how they get there. The lesson stands in README.md of this kata's folder."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


def move_batch(batch: Any, device: torch.device | str) -> Any:
    """Moves all tensors of a nested batch to a device.

    Args:
        batch: a tensor, or a dict, list, tuple or named tuple of batches, some levels deep, or anything else. It stays
            as it is, and so do the containers in it.
        device: where to.

    Returns:
        The same structure: new containers of the same types (a named tuple of its own class), with the same keys in
        the same order. Each tensor is on `device`, and is the very same tensor if it was there before. What is neither
        a tensor nor one of these containers is the very same object, whatever methods it has.
    """
    # <solution>
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: move_batch(value, device) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        items = [move_batch(item, device) for item in batch]
        return type(batch)(*items) if hasattr(batch, "_fields") else type(batch)(items)
    return batch
    # </solution>


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    """Averages padded sequences over their real time steps.

    Args:
        x: (b, t, d), floating-point, on any device; b, t and d are at least 1. Sequence i has lengths[i] real steps;
            what stands behind them is padding and may be anything, NaN and infinity included. It stays as it is.
        lengths: (b,), int64, from 1 to t, on any device: not always that of `x`. It stays as it is.

    Returns:
        (b, d), the dtype and device of `x`: row i is the mean of the first lengths[i] steps of sequence i, NaN or
        infinity if one of them is. `x`, or both, may be on meta, where there are no values to look at.
    """
    # <solution>
    lengths = lengths.to(x.device)
    steps = torch.arange(x.shape[1], device=x.device)  # (t,)
    real = steps < lengths[:, None]  # (b, t)
    total = x.masked_fill(~real[:, :, None], 0).sum(1)  # (b, d)
    return total / lengths[:, None]
    # </solution>


def add_noise(x: Tensor, scale: float, generator: torch.Generator) -> Tensor:
    """Adds normal noise that is the same on every device.

    Args:
        x: any shape, floating-point, on any device: not always that of the generator. It stays as it is.
        scale: the standard deviation of the noise.
        generator: where the noise comes from, and nowhere else; the global generator stays as it is.

    Returns:
        The shape, dtype and device of `x`: x + scale · n, where n is what `torch.randn` draws for this shape and dtype
        from `generator` on the generator's device. The generator moves on, wherever `x` is and whatever `scale` is.
    """
    # <solution>
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=generator.device)
    return x + scale * noise.to(x.device)
    # </solution>


def send(x: Tensor, device: torch.device | str) -> Tensor:
    """Sends a tensor to a device, and does not wait for the copy where that is safe and of use.

    Args:
        x: any tensor, on any device, pinned or not. It stays as it is.
        device: where to.

    Returns:
        The tensor on `device`. From the CPU to a CUDA device, it goes from pinned memory, with `non_blocking=True`, and
        the call does not wait for it.
        Everywhere else nothing is pinned and the copy is an ordinary one, that is waited for. A tensor that is there
        already is returned itself.
    """
    # <solution>
    if x.device.type == "cpu" and torch.device(device).type == "cuda":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)
    # </solution>


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Tensor:
    """Takes one training step on the device where the model is.

    The loss is the mean of the squared differences between `model(x)` and `y`.

    Args:
        model: has at least one parameter; all its parameters and buffers are on one device. It is called once, and
            stays in its mode, training or evaluation, all the while.
        optimizer: made for the parameters of `model`. They may have a `.grad` left over, which is to be forgotten.
        x: what the model takes, at least one row, in the dtype that it takes, on any device. It stays as it is.
        y: what it should give, of the shape of `model(x)`, on any device. It stays as it is.

    Returns:
        The loss before the step: a tensor (), on the model's device, that does not require grad. The call waits for no
        value of the loss, so that it works on meta, too.
    """
    # <solution>
    device = next(model.parameters()).device
    loss: Tensor = (model(x.to(device)) - y.to(device)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()
    # </solution>


def find_strays(model: nn.Module, device: torch.device | str) -> dict[str, torch.device]:
    """Finds the tensors of a model that are not on a device.

    Looks at parameters, at buffers, persistent or not, and at tensors that are plain attributes of the model or of a
    module in it, as `vars(module)` shows them, which `.to()` does not know of. Tensors in lists or dicts of yours are
    not looked for.

    Args:
        model: any module. It stays as it is.
        device: where everything should be. Without an index, as "cuda", any device of this type is right; with one, as
            "cuda:1", only this one.

    Returns:
        The device of each stray by its name, in any order: the path of its module and the attribute, with dots between
        them, as in "encoder.0.weight". A tensor with several names stands under each of them.
    """
    # <solution>
    wanted = torch.device(device)
    tensors: dict[str, Tensor] = dict(model.named_parameters(remove_duplicate=False))
    tensors.update(model.named_buffers(remove_duplicate=False))
    for path, module in model.named_modules(remove_duplicate=False):
        for name, value in vars(module).items():
            if isinstance(value, Tensor):
                tensors[f"{path}.{name}" if path else name] = value

    def stray(there: torch.device) -> bool:
        return there.type != wanted.type or wanted.index not in (None, there.index)

    return {name: tensor.device for name, tensor in tensors.items() if stray(tensor.device)}
    # </solution>


def preview(
    build: Callable[[], nn.Module], shape: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> tuple[int, tuple[int, ...]]:
    """Tells how much memory a model would take, and what it would give, without making it.

    Args:
        build: makes the model. It is called once, in such a way that its tensors take no memory and no random numbers
            are drawn, however large they are.
        shape: of the input that the model would be called with, in whichever mode.
        dtype: of that input.

    Returns:
        The number of bytes of all parameters and all buffers, persistent or not, where a tensor that is used several
        times counts once; and the shape of what the model would return for such an input, a plain tuple. Torch's
        default device is what it was before.
    """
    # <solution>
    with torch.device("meta"):
        model = build()
        result = model(torch.empty(shape, dtype=dtype))
    size = sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()])
    return size, tuple(result.shape)
    # </solution>


def materialise(build: Callable[[], nn.Module], state: Mapping[str, Tensor], device: torch.device | str) -> nn.Module:
    """Makes a model with given values on a device, and initialises nothing in vain.

    Args:
        build: makes the model. It is called once, in such a way that its tensors take no memory and no random numbers
            are drawn. No two of the parameters and buffers that it makes are the same tensor.
        state: the values, by the names of the model's `state_dict`, with its shapes and dtypes, on the CPU. They stay
            as they are.
        device: where the model is to be: any, meta as well.

    Returns:
        The model that `build` makes, in the mode and with the `requires_grad` that it gives, on `device`, with the
        values of `state` in memory of its own: a later change of `state` is not seen in it. Torch's default device is
        what it was before.

    Raises:
        RuntimeError: a name is missing in `state`, or one there is unknown to the model. (What happens if it is
            "num_batches_tracked" that is missing, as torch allows, is left open.)
        ValueError: the model has a buffer that is not persistent, so that its values are nowhere to be had. The message
            contains the buffer's name. Where names are wrong as well, either error will do.
    """
    # <solution>
    with torch.device("meta"):
        model = build()
    saved = model.state_dict()
    for name, _ in model.named_buffers():
        if name not in saved:
            raise ValueError(f"{name} is a buffer that is not persistent: no state has its values")
    model.to_empty(device=device)  # memory without values
    model.load_state_dict(state)  # copies the values into it
    return model
    # </solution>


def peak_memory(work: Callable[[], Any], device: torch.device | str) -> tuple[Any, int | None]:
    """Measures how much memory of a GPU some work takes at its highest point.

    Args:
        work: is called once, and leaves the current device what it is. What it raises goes to the caller.
        device: which device is looked at. It need not be the current one. CUDA is in use already, if it is such a one.

    Returns:
        What `work` returned, and by how many bytes the memory that tensors occupy on `device` exceeded, at its highest
        point during the call, what they occupied before it. None instead of the number if `device` is no CUDA device:
        then nothing of `torch.cuda` is needed.
    """
    # <solution>
    if torch.device(device).type != "cuda":
        return work(), None
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    result = work()
    return result, torch.cuda.max_memory_allocated(device) - before
    # </solution>
