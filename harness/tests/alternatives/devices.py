"""Devices: functions that run wherever their tensors are, and look after what lies where."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn


def move_batch(batch: Any, device: torch.device | str) -> Any:
    match batch:
        case Tensor():
            return batch.to(device)
        case dict():
            return {key: move_batch(item, device) for key, item in batch.items()}
        case tuple() if hasattr(batch, "_fields"):
            return batch._make(move_batch(item, device) for item in batch)
        case list() | tuple():
            return type(batch)(move_batch(item, device) for item in batch)
    return batch


def masked_mean(x: Tensor, lengths: Tensor) -> Tensor:
    # Half precision holds neither large sums nor large counts, so both are kept in float32 at least.
    wide = torch.promote_types(x.dtype, torch.float32)
    count = lengths.to(x.device).unsqueeze(1)
    step = torch.arange(x.size(1), device=x.device).expand(x.size(0), -1)
    padding = step.ge(count).unsqueeze(2)
    return x.masked_fill(padding, 0).sum(1, dtype=wide).div(count).to(x.dtype)


def add_noise(x: Tensor, scale: float, generator: torch.Generator) -> Tensor:
    noise = torch.empty(x.shape, dtype=x.dtype, device=generator.device).normal_(generator=generator)
    return x.add(noise.to(x.device), alpha=scale)


def send(x: Tensor, device: torch.device | str) -> Tensor:
    upload = x.device.type == "cpu" and torch.device(device).type == "cuda"
    source = x.pin_memory() if upload and not x.is_pinned() else x
    return source.to(device, non_blocking=upload)


def train_step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> Tensor:
    home = next(model.parameters()).device
    x, y = (part.detach().to(home) for part in (x, y))
    model.zero_grad()
    loss: Tensor = (model(x) - y).square().mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


def find_strays(model: nn.Module, device: torch.device | str) -> dict[str, torch.device]:
    home = torch.device(device)
    strays = {}
    for path, module in model.named_modules(remove_duplicate=False):
        own = chain(
            module.named_parameters(recurse=False, remove_duplicate=False),
            module.named_buffers(recurse=False, remove_duplicate=False),
            vars(module).items(),
        )
        for name, value in own:
            if not isinstance(value, Tensor):
                continue
            here = value.device
            if here.type != home.type or (home.index is not None and here.index != home.index):
                strays[f"{path}.{name}".lstrip(".")] = here
    return strays


def preview(
    build: Callable[[], nn.Module], shape: tuple[int, ...], dtype: torch.dtype = torch.float32
) -> tuple[int, tuple[int, ...]]:
    with torch.device("meta"):
        model = build()
        tensors = {id(tensor): tensor for tensor in chain(model.parameters(), model.buffers())}
        size = sum(tensor.nbytes for tensor in tensors.values())
        result = model(torch.empty(shape, dtype=dtype))
    return size, tuple(result.shape)


def materialise(build: Callable[[], nn.Module], state: Mapping[str, Tensor], device: torch.device | str) -> nn.Module:
    with torch.device("meta"):
        model = build()
    known = model.state_dict().keys()
    for name, _ in model.named_buffers():
        if name not in known:
            raise ValueError(f"the buffer {name} is not persistent: nobody has its values")
    # load_state_dict itself would forgive a missing num_batches_tracked.
    if odd := known ^ state.keys():
        raise RuntimeError(f"missing in the state, or unknown to the model: {sorted(odd)}")
    own = {name: value.detach().to(device, copy=True) for name, value in state.items()}
    model.load_state_dict(own, assign=True)
    return model


def peak_memory(work: Callable[[], Any], device: torch.device | str) -> tuple[Any, int | None]:
    device = torch.device(device)
    if device.type != "cuda":
        return work(), None
    # Asked before the work, which may make another device the current one.
    current = torch.cuda.current_device()
    index = current if device.index is None else device.index
    torch.cuda.reset_peak_memory_stats(index)
    before = torch.cuda.memory_allocated(index)
    result = work()
    return result, torch.cuda.max_memory_allocated(index) - before
