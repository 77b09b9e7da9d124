"""Checkpoints: the lesson is katas/11_checkpoints/README.md."""

import json
import math
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    """Keeps what a model knows at this moment, whatever becomes of the model later.

    Args:
        model: any module. It stays as it is.

    Returns:
        A copy of each parameter and persistent buffer, under its name in `model.state_dict()`, in the same order: plain
        tensors that do not require grad and share no memory with the model.
    """
    # <solution>
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}
    # </solution>


def extract_weights(source: Path, target: Path) -> None:
    """Takes the weights out of a file that holds a whole pickled model.

    Args:
        source: a file made by `torch.save(model, source)`, here or on a machine with a GPU. You know who wrote it, and
            trust them. It stays as it is.
        target: where to write, with `torch.save`, the `state_dict()` of that model, all of it on the CPU. What stood
            there before is replaced.
    """
    # <solution>
    model = torch.load(source, map_location="cpu", weights_only=False)  # our own file: unpickling may run any code
    torch.save(model.state_dict(), target)
    # </solution>


def load_safely(path: Path, device: torch.device | str = "cpu") -> Any:
    """Reads a checkpoint that may come from a stranger, and from a machine with other devices.

    Args:
        path: a file that `torch.save` wrote, or something that claims to be one.
        device: one of this machine, where all tensors of the result are to be, wherever they were when they were saved.

    Returns:
        What the file holds.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file cannot be loaded without running code that it brings, is damaged, or is no checkpoint at
            all. The message holds the file's name.
    """
    # <solution>
    with path.open("rb") as file:
        try:
            return torch.load(file, map_location=device, weights_only=True)
        except Exception as error:
            raise ValueError(f"{path.name} cannot be loaded safely: {error}") from error
    # </solution>


def load_matching(model: nn.Module, state: dict[str, Tensor]) -> dict[str, list[str]]:
    """Copies into a model what fits of a state, and reports what does not.

    Args:
        model: its parameters and buffers take over the values, and keep their dtype; they stay the same objects, and
            the model keeps its mode.
        state: tensors by name, such as the `state_dict()` of a similar model. It stays as it is.

    Returns:
        Three lists of names: "missing" of those in the model that the state has not, and "mismatched" of those in both
        whose shapes differ, both in the model's order; "unexpected" of those in the state that the model has not, in
        the state's order.
    """
    # <solution>
    own = model.state_dict()
    mismatched = [name for name, tensor in own.items() if name in state and state[name].shape != tensor.shape]
    fitting = {name: tensor for name, tensor in state.items() if name not in mismatched}
    missing, unexpected = model.load_state_dict(fitting, strict=False)
    return {
        "missing": [name for name in missing if name not in mismatched],
        "unexpected": unexpected,
        "mismatched": mismatched,
    }
    # </solution>


def save_atomically(value: Any, path: Path) -> None:
    """Saves so that at each moment, whatever happens, `path` holds either all of the old content or all of the new.

    Args:
        value: anything that `torch.save` can save.
        path: the file to write or replace. Its folder exists, and afterwards holds no other new file; the others in it
            stay as they are.

    Raises:
        Exception: whatever went wrong while saving. The old file is still there then, and no temporary one.
    """
    # <solution>
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save(value, file)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
    # </solution>


def save_checkpoint(
    path: Path, epoch: int, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler, loss: Tensor | float
) -> None:
    """Saves everything that training needs in order to go on as if it had never stopped.

    Args:
        path: where to write, with `torch.save`, a dict that can be loaded with `weights_only=True`.
        epoch: how many epochs are done; under "epoch".
        model: its state dict under "model".
        optimizer: its state dict under "optimizer".
        scheduler: its state dict under "scheduler".
        loss: the last loss, a number (Python's or NumPy's) or a tensor with a single element, perhaps one that requires
            grad; a Python float under "loss".

    Nothing that is handed over changes, and no generator does. Under "rng" stands a dict with the states of the three
    global random generators: "torch", what `torch.get_rng_state()` gives; "python", what `random.getstate()` gives; and
    "numpy", the tuple that `np.random.get_state()` gives, but with a list of Python ints in place of its array.
    """
    # <solution>
    numpy: Any = np.random.get_state()
    torch.save(
        {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "loss": loss.item() if isinstance(loss, Tensor) else float(loss),
            "rng": {
                "torch": torch.get_rng_state(),
                "python": random.getstate(),
                "numpy": (numpy[0], numpy[1].tolist(), *numpy[2:]),
            },
        },
        path,
    )
    # </solution>


def load_checkpoint(path: Path, model: nn.Module, optimizer: Optimizer, scheduler: LRScheduler) -> tuple[int, float]:
    """Makes new objects, and the global random generators, go on where `save_checkpoint` was called.

    Args:
        path: a file as `save_checkpoint` writes it, perhaps on a machine with a GPU, perhaps by a stranger: no code in
            it may run.
        model: of the same architecture, with any weights.
        optimizer: of the same kind, made for the parameters of `model`, with any settings and any past.
        scheduler: of the same kind, made for `optimizer`, with any settings and any past.

    Returns:
        The epoch and the loss that the file holds.

    Raises:
        Exception: the file cannot be loaded without running code that it brings.
    """
    # <solution>
    # Written out, weights_only holds whatever the environment says.
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["rng"]["torch"])
    random.setstate(checkpoint["rng"]["python"])
    np.random.set_state(checkpoint["rng"]["numpy"])
    return checkpoint["epoch"], checkpoint["loss"]
    # </solution>


def keep_best(
    folder: Path, epoch: int, metric: float, state: dict[str, Any], k: int = 3, mode: str = "min"
) -> list[str]:
    """Saves a checkpoint if it is among the best, and removes those that no longer are.

    The files called `epoch_*.pt` in the folder are all that is remembered from one call to the next. They may have been
    written on a machine with a GPU, and by anybody: no code in them may run.

    Args:
        folder: exists. Other files in it stay as they are.
        epoch: 0 or more; its file is called `epoch_0007.pt`, with four digits or as many as it takes. No epoch comes
            twice.
        metric: how good it is. NaN is never among the best, infinity may be.
        state: anything that can be loaded with `weights_only=True`. The file holds a dict of "epoch", "metric" and
            "state". It stays as it is.
        k: how many to keep, 1 or more.
        mode: "min" if the lowest metric is the best, "max" if the highest is. Of equal metrics the one of the lower
            epoch is the better.

    Returns:
        The names of the files kept, the best first.

    Raises:
        ValueError: `mode` is something else. Nothing is saved then.
    """
    # <solution>
    if mode not in ("min", "max"):
        raise ValueError(f'mode should be "min" or "max", and is {mode!r}')
    ranking = []
    for path in folder.glob("epoch_*.pt"):
        saved = torch.load(path, map_location="cpu", weights_only=True)
        ranking.append((saved["metric"], saved["epoch"], path))
    if not math.isnan(metric):
        path = folder / f"epoch_{epoch:04d}.pt"
        torch.save({"epoch": epoch, "metric": metric, "state": state}, path)
        ranking.append((metric, epoch, path))
    ranking.sort(key=lambda entry: (-entry[0] if mode == "max" else entry[0], entry[1]))
    for _, _, path in ranking[k:]:
        path.unlink()
    return [path.name for _, _, path in ranking[:k]]
    # </solution>


def save_tensors(state: dict[str, Tensor], metadata: dict[str, Any], path: Path) -> None:
    """Writes a safetensors file, whatever the memory of the tensors looks like.

    Args:
        state: at least one dense tensor of any shape and real dtype, by name. They may be transposed or sliced, may
            require grad, and may share memory. They stay as they are.
        metadata: facts about them, by name: anything that JSON can express.
        path: where to write a safetensors file with each tensor under its name, and as its metadata, under each
            name of `metadata`, the fact as JSON text, and nothing else.
    """
    # <solution>
    # A clone keeps the strides of what it copies, and `contiguous` alone keeps memory that is shared.
    separate = {name: tensor.clone().contiguous() for name, tensor in state.items()}
    save_file(separate, path, {name: json.dumps(fact) for name, fact in metadata.items()})
    # </solution>
