"""Wrong answers that people really give, each with what a teacher would say about it."""

import contextlib
import json
import math
import os
import pickle
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file


def snapshot__alive(model):
    """Your snapshot changes with the model: `state_dict()` copies nothing. Clone each tensor."""
    return model.state_dict()


def snapshot__shallow(model):
    """You copied the dict, and not the tensors in it, which are still the model's own. Clone each tensor."""
    return dict(model.state_dict())


def snapshot__parameters_alone(model):
    """You left out the buffers, such as the running means of a batch norm. `state_dict()` has both."""
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def snapshot__with_history(model):
    """Your copies still hang on the model's parameters by autograd. Detach them, or start from `state_dict()`."""
    copies = {name: parameter.clone() for name, parameter in model.named_parameters(remove_duplicate=False)}
    return {name: copies.get(name, tensor.clone()) for name, tensor in model.state_dict().items()}


def snapshot__all_buffers(model):
    """You kept buffers that are not persistent: `state_dict()` leaves them out, and so would nobody look for them."""
    return {name: tensor.detach().clone() for name, tensor in (*model.named_parameters(), *model.named_buffers())}


def extract_weights__no_opt_out(source, target):
    """`torch.load` refuses a whole model, unless you say that you trust the file: `weights_only=False`."""
    torch.save(torch.load(source, map_location="cpu").state_dict(), target)


extract_weights__no_opt_out.raises = pickle.UnpicklingError


def extract_weights__no_map_location(source, target):
    """You let the tensors go back to the device that they were saved on, and this machine has none such."""
    torch.save(torch.load(source, weights_only=False).state_dict(), target)


extract_weights__no_map_location.raises = RuntimeError


def extract_weights__whole_again(source, target):
    """You wrote the whole model once more. Its `state_dict()` is what can be loaded safely."""
    torch.save(torch.load(source, map_location="cpu", weights_only=False), target)


def extract_weights__parameters_alone(source, target):
    """You left out the buffers, such as the running means of a batch norm. `state_dict()` has both."""
    model = torch.load(source, map_location="cpu", weights_only=False)
    torch.save({name: parameter.detach() for name, parameter in model.named_parameters()}, target)


def extract_weights__a_list(source, target):
    """You wrote a list of parameters. Without names, and without buffers, nobody can load it into a model."""
    torch.save(list(torch.load(source, map_location="cpu", weights_only=False).parameters()), target)


def _or_value_error(path, load):
    with path.open("rb") as file:
        try:
            return load(file)
        except Exception as error:
            raise ValueError(f"{path.name}: {error}") from error


def load_safely__opted_out(path, device="cpu"):
    """`weights_only=False` runs whatever the file asks for. A file from anywhere is no place for that."""
    return _or_value_error(path, lambda file: torch.load(file, map_location=device, weights_only=False))


def load_safely__falls_back(path, device="cpu"):
    """You tried the safe way, and then the other one. The files that fail the first are those that must not run."""

    def load(file):
        try:
            return torch.load(file, map_location=device, weights_only=True)
        except pickle.UnpicklingError:
            file.seek(0)
            return torch.load(file, map_location=device, weights_only=False)

    return _or_value_error(path, load)


def load_safely__looks_afterwards(path, device="cpu"):
    """You looked at what was loaded. By then its code has run: unpickling itself is what runs it."""

    def plain(value):
        if isinstance(value, dict):
            return all(plain(part) for pair in value.items() for part in pair)
        if isinstance(value, list | tuple):
            return all(map(plain, value))
        return value is None or isinstance(value, torch.Tensor | int | float | str)

    def load(file):
        value = torch.load(file, map_location=device, weights_only=False)
        if not plain(value):
            raise ValueError("it holds what is not plain")
        return value

    return _or_value_error(path, load)


def load_safely__looks_for_words(path, device="cpu"):
    """You looked for dangerous words in the file. Nobody knows all of them: let `torch.load` allow what is plain."""
    if any(word in path.read_bytes() for word in (b"exec", b"eval", b"open", b"system", b"builtins", b"numpy", b"nn.")):
        raise ValueError(f"{path.name} asks for something dangerous")
    return _or_value_error(path, lambda file: torch.load(file, map_location=device, weights_only=False))


def load_safely__by_default(path, device="cpu"):
    """You rely on the default of `weights_only`, which an environment variable can switch off. Write it out."""
    return _or_value_error(path, lambda file: torch.load(file, map_location=device))


def load_safely__no_map_location(path, device="cpu"):
    """You did not say where the tensors are to go, so that they go back to devices that this machine may not have."""
    return _or_value_error(path, lambda file: torch.load(file, weights_only=True))


load_safely__no_map_location.raises = ValueError


def load_safely__device_ignored(path, device="cpu"):
    """You load to the CPU, whatever device is asked for."""
    return _or_value_error(path, lambda file: torch.load(file, map_location="cpu", weights_only=True))


def load_safely__first_level_moved(path, device="cpu"):
    """You moved what lies right in the dict, and not what lies deeper. `map_location` reaches all tensors."""
    value = _or_value_error(path, lambda file: torch.load(file, map_location="cpu", weights_only=True))
    if isinstance(value, dict):
        return {name: part.to(device) if isinstance(part, torch.Tensor) else part for name, part in value.items()}
    return value.to(device) if isinstance(value, torch.Tensor) else value


def load_safely__one_exception_alone(path, device="cpu"):
    """You expect one kind of exception. A broken file makes `torch.load` raise others, too."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path.name}: {error}") from error


load_safely__one_exception_alone.raises = (RuntimeError, EOFError, KeyError)


def load_safely__missing_is_broken(path, device="cpu"):
    """A file that is not there is another matter than a bad one: let the FileNotFoundError pass."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise ValueError(f"{path.name}: {error}") from error


def load_matching__not_strict_alone(model, state):
    """`strict=False` forgives names, and not shapes: where they differ, it still raises."""
    report = model.load_state_dict(state, strict=False)
    return {"missing": report.missing_keys, "unexpected": report.unexpected_keys, "mismatched": []}


load_matching__not_strict_alone.raises = RuntimeError


def load_matching__mismatched_are_missing(model, state):
    """You report names whose shapes differ as missing, too. They are not: the state has them, in another shape."""
    own = model.state_dict()
    mismatched = [name for name in own if name in state and state[name].shape != own[name].shape]
    report = model.load_state_dict({n: t for n, t in state.items() if n not in mismatched}, strict=False)
    return {"missing": report.missing_keys, "unexpected": report.unexpected_keys, "mismatched": mismatched}


def load_matching__assigned(model, state):
    """You put the state's tensors in the place of the parameters. The optimizer still holds the old ones: copy."""
    own = model.state_dict()
    mismatched = [name for name in own if name in state and state[name].shape != own[name].shape]
    fitting = {n: t for n, t in state.items() if n not in mismatched}
    report = model.load_state_dict(fitting, strict=False, assign=True)
    missing = [name for name in report.missing_keys if name not in mismatched]
    return {"missing": missing, "unexpected": report.unexpected_keys, "mismatched": mismatched}


def load_matching__stretched(model, state):
    """You copied without a look at the shapes, and `copy_` broadcasts: one row was written into all of them."""
    own = model.state_dict()
    mismatched = []
    with torch.no_grad():
        for name in own:
            if name in state:
                try:
                    own[name].copy_(state[name])
                except RuntimeError:
                    mismatched.append(name)
    return {
        "missing": [name for name in own if name not in state],
        "unexpected": [name for name in state if name not in own],
        "mismatched": mismatched,
    }


def load_matching__parameters_alone(model, state):
    """You left out the buffers. A batch norm without its running statistics is another function."""
    own = dict(model.named_parameters())
    fits = [name for name in own if name in state and state[name].shape == own[name].shape]
    with torch.no_grad():
        for name in fits:
            own[name].copy_(state[name])
    return {
        "missing": [name for name in own if name not in state],
        "unexpected": [name for name in state if name not in own],
        "mismatched": [name for name in own if name in state and name not in fits],
    }


def load_matching__buffers_replaced(model, state):
    """You put new buffers in the place of the old ones. Whoever holds those no longer sees the model's: copy."""
    own = model.state_dict()
    fits = [name for name in own if name in state and state[name].shape == own[name].shape]
    buffers = dict(model.named_buffers())
    for name in fits:
        owner, _, last = name.rpartition(".")
        if name in buffers:
            setattr(model.get_submodule(owner), last, state[name].to(own[name].dtype, copy=True))
        else:
            own[name].copy_(state[name])
    return {
        "missing": [name for name in own if name not in state],
        "unexpected": [name for name in state if name not in own],
        "mismatched": [name for name in own if name in state and name not in fits],
    }


def load_matching__sorted(model, state):
    """You sorted the names. The lists stand in the order of the model, and in that of the state."""
    own = model.state_dict()
    fits = {n: t for n, t in state.items() if n in own and own[n].shape == t.shape}
    model.load_state_dict(fits, strict=False)
    return {
        "missing": sorted(own.keys() - state.keys()),
        "unexpected": sorted(state.keys() - own.keys()),
        "mismatched": sorted(own.keys() & state.keys() - fits.keys()),
    }


def load_matching__popped(model, state, *, all_of_them=False):
    """You took names out of the state, which belongs to your caller. Make a dict of your own."""
    own = model.state_dict()
    mismatched = [name for name in own if name in state and state[name].shape != own[name].shape]
    for name in mismatched:
        del state[name]
    report = model.load_state_dict(state, strict=False)
    for name in own if all_of_them else ():
        state.pop(name, None)
    missing = [name for name in report.missing_keys if name not in mismatched]
    return {"missing": missing, "unexpected": report.unexpected_keys, "mismatched": mismatched}


load_matching__popped.varies = {"all_of_them": (True,)}


def save_atomically__straight(value, path):
    """`torch.save` empties the file first. Killed then, it leaves half a file. Write another one, and replace."""
    torch.save(value, path)


def save_atomically__backup(value, path):
    """You put the old file aside and then write in its place. Killed in between, there is half a file at `path`."""
    backup = path.with_name(path.name + ".bak")
    if path.exists():
        path.rename(backup)
    try:
        torch.save(value, path)
    except BaseException:
        path.unlink(missing_ok=True)
        if backup.exists():
            backup.rename(path)
        raise
    backup.unlink(missing_ok=True)


def save_atomically__elsewhere(value, path):
    """Your temporary file lies in another folder. That may be another disk, and moving is copying then."""
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
        shutil.move(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _atomically(
    value,
    path,
    *,
    name=None,
    sync=lambda descriptor: os.fsync(descriptor),
    remove=True,
    swallow=False,
    place=os.replace,
):
    descriptor, made = tempfile.mkstemp(dir=path.parent)
    temporary = Path(made)
    if name is not None:
        os.close(descriptor)
        temporary.unlink()
        temporary = path.with_name(name)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save(value, file)
            file.flush()
            sync(file.fileno())
        place(temporary, path)
    except BaseException:
        if remove:
            temporary.unlink(missing_ok=True)
        if not swallow:
            raise


def save_atomically__not_synchronised(value, path):
    """You did not call `os.fsync`. After a power cut the new name may stand there with nothing in it."""
    _atomically(value, path, sync=lambda _: None)


def save_atomically__fault_ignored(value, path):
    """You went on although `os.fsync` failed. Then the bytes are not on the disk: leave the old file, and raise."""

    def sync(descriptor):
        with contextlib.suppress(OSError):
            os.fsync(descriptor)

    _atomically(value, path, sync=sync)


def save_atomically__clears_the_folder(value, path):
    """You removed every `.tmp` file. Some of them may be somebody else's: remove what this very call has made."""
    for old in path.parent.glob("*.tmp"):
        old.unlink()
    _atomically(value, path)


def save_atomically__left_behind(value, path):
    """If saving fails, your temporary file stays. Remove it, and raise again."""
    _atomically(value, path, remove=False)


def save_atomically__swallowed(value, path):
    """If saving fails, nobody hears of it. Raise again after you have cleaned up."""
    _atomically(value, path, swallow=True)


def save_atomically__in_its_own_way(value, path):
    """A temporary file that a killed program has left keeps you from saving ever after: it must not be in the way."""
    _atomically(value, path, name=path.name + ".tmp")


save_atomically__in_its_own_way.raises = FileExistsError


def save_atomically__copied(value, path):
    """You copied the temporary file over the old one. Copying takes time, and may be cut short: rename it."""
    _atomically(value, path, place=lambda old, new: (shutil.copyfile(old, new), old.unlink()))


def save_atomically__removed_first(value, path):
    """You removed the old file before the new one was there. In between there is none."""
    _atomically(value, path, place=lambda old, new: (new.unlink(missing_ok=True), old.rename(new)))


def _rng():
    name, keys, *rest = np.random.get_state()
    return {"torch": torch.get_rng_state(), "python": random.getstate(), "numpy": (name, keys.tolist(), *rest)}


def _checkpoint(epoch, model, optimizer, scheduler, loss):
    return {
        "epoch": epoch,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "loss": loss.item() if isinstance(loss, torch.Tensor) else float(loss),
        "rng": _rng(),
    }


def save_checkpoint__live_loss(path, epoch, model, optimizer, scheduler, loss):
    """You saved the live loss tensor, which comes back as a tensor that requires grad. A number is enough."""
    torch.save({**_checkpoint(epoch, model, optimizer, scheduler, loss), "loss": loss}, path)


def save_checkpoint__numpy_loss(path, epoch, model, optimizer, scheduler, loss):
    """You saved the loss as a NumPy number, which `weights_only=True` refuses. A Python float is plain."""
    loss = np.float64(loss.item() if isinstance(loss, torch.Tensor) else loss)
    torch.save({**_checkpoint(epoch, model, optimizer, scheduler, loss), "loss": loss}, path)


def save_checkpoint__numpy_state(path, epoch, model, optimizer, scheduler, loss):
    """NumPy's state holds an array, which `weights_only=True` refuses. Make a list of it."""
    checkpoint = _checkpoint(epoch, model, optimizer, scheduler, loss)
    checkpoint["rng"]["numpy"] = np.random.get_state()
    torch.save(checkpoint, path)


def save_checkpoint__whole_objects(path, epoch, model, optimizer, scheduler, loss):
    """You pickled the objects themselves. Save their `state_dict()`s."""
    checkpoint = _checkpoint(epoch, model, optimizer, scheduler, loss)
    torch.save(checkpoint | {"model": model, "optimizer": optimizer, "scheduler": scheduler}, path)


def save_checkpoint__one_generator(path, epoch, model, optimizer, scheduler, loss):
    """You saved torch's generator alone. Code that augments often draws from Python's or NumPy's."""
    torch.save({**_checkpoint(epoch, model, optimizer, scheduler, loss), "rng": {"torch": torch.get_rng_state()}}, path)


def save_checkpoint__seeds(path, epoch, model, optimizer, scheduler, loss):
    """You saved the seed. A generator that starts from it draws the first numbers again, and not the next ones."""
    checkpoint = _checkpoint(epoch, model, optimizer, scheduler, loss)
    checkpoint["rng"]["torch"] = torch.Generator().manual_seed(torch.initial_seed()).get_state()
    torch.save(checkpoint, path)


def save_checkpoint__spare_number_dropped(path, epoch, model, optimizer, scheduler, loss):
    """You left out the end of NumPy's state. Gauss numbers are made in pairs, and one of them may be waiting there."""
    checkpoint = _checkpoint(epoch, model, optimizer, scheduler, loss)
    checkpoint["rng"]["numpy"] = (*checkpoint["rng"]["numpy"][:3], 0, 0.0)
    torch.save(checkpoint, path)


def save_checkpoint__seeded(path, epoch, model, optimizer, scheduler, loss):
    """You seeded the generators while saving. Training without a stop would have gone on with other numbers."""
    torch.manual_seed(epoch)
    random.seed(epoch)
    np.random.seed(epoch)
    torch.save(_checkpoint(epoch, model, optimizer, scheduler, loss), path)


def save_checkpoint__gradients_cleared(path, epoch, model, optimizer, scheduler, loss):
    """You cleared the gradients. Saving is a look at the training, and changes nothing of it."""
    optimizer.zero_grad()
    torch.save(_checkpoint(epoch, model, optimizer, scheduler, loss), path)


def save_checkpoint__next_epoch(path, epoch, model, optimizer, scheduler, loss):
    """You saved the number of the next epoch. Under "epoch" stands how many are done, as it was given."""
    torch.save(_checkpoint(epoch + 1, model, optimizer, scheduler, loss), path)


def _load(path, model, optimizer, scheduler, parts, **options):
    checkpoint = torch.load(path, **({"map_location": "cpu", "weights_only": True} | options))
    if "model" in parts:
        model.load_state_dict(checkpoint["model"])
    if "optimizer" in parts:
        optimizer.load_state_dict(checkpoint["optimizer"])
    if "scheduler" in parts:
        scheduler.load_state_dict(checkpoint["scheduler"])
    if "torch" in parts:
        torch.set_rng_state(checkpoint["rng"]["torch"])
    if "python" in parts:
        random.setstate(checkpoint["rng"]["python"])
    if "numpy" in parts:
        np.random.set_state(checkpoint["rng"]["numpy"])
    return checkpoint["epoch"], checkpoint["loss"]


_ALL = ("model", "optimizer", "scheduler", "torch", "python", "numpy")


def load_checkpoint__weights_alone(path, model, optimizer, scheduler):
    """You loaded the weights alone. Momentum, rates and random numbers start anew, and training goes another way."""
    return _load(path, model, optimizer, scheduler, ["model"])


def load_checkpoint__optimizer_forgotten(path, model, optimizer, scheduler):
    """You did not load the optimizer's state: its momentum and its counts start anew."""
    return _load(path, model, optimizer, scheduler, [part for part in _ALL if part != "optimizer"])


def load_checkpoint__scheduler_forgotten(path, model, optimizer, scheduler):
    """You did not load the scheduler's state: it counts from the beginning again."""
    return _load(path, model, optimizer, scheduler, [part for part in _ALL if part != "scheduler"])


def load_checkpoint__generators_forgotten(path, model, optimizer, scheduler):
    """You did not set the random generators: dropout and the order of the samples are others."""
    return _load(path, model, optimizer, scheduler, _ALL[:3])


def load_checkpoint__torch_generator_alone(path, model, optimizer, scheduler):
    """You set torch's generator alone. Python's and NumPy's are in the file as well, and somebody draws from them."""
    return _load(path, model, optimizer, scheduler, _ALL[:4])


def load_checkpoint__no_map_location(path, model, optimizer, scheduler):
    """You let the tensors go back to the device that they were saved on. Load to the CPU, where any machine can."""
    return _load(path, model, optimizer, scheduler, _ALL, map_location=None)


load_checkpoint__no_map_location.raises = RuntimeError


def load_checkpoint__opted_out(path, model, optimizer, scheduler):
    """You switched `weights_only` off, and a stranger's file has run its code."""
    return _load(path, model, optimizer, scheduler, _ALL, weights_only=False)


def load_checkpoint__by_default(path, model, optimizer, scheduler):
    """You rely on the default of `weights_only`, which an environment variable can switch off. Write it out."""
    return _load(path, model, optimizer, scheduler, _ALL, weights_only=None)


def load_checkpoint__next_epoch(path, model, optimizer, scheduler):
    """You returned the number of the next epoch. What the file holds is how many are done."""
    epoch, loss = _load(path, model, optimizer, scheduler, _ALL)
    return epoch + 1, loss


def _entries(folder, pattern="epoch_*.pt"):
    entries = []
    for path in folder.glob(pattern):
        saved = torch.load(path, map_location="cpu", weights_only=True)
        entries.append((saved["metric"], saved["epoch"], path))
    return entries


def _keep(folder, epoch, metric, state, k, mode, key, first=lambda _: None, pattern="epoch_*.pt"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is {mode!r}")
    first(folder)
    entries = _entries(folder, pattern)
    if not math.isnan(metric):
        path = folder / f"epoch_{epoch:04d}.pt"
        torch.save({"epoch": epoch, "metric": metric, "state": state}, path)
        entries.append((metric, epoch, path))
    entries.sort(key=key)
    for *_, path in entries[k:]:
        path.unlink()
    return [path.name for *_, path in entries[:k]]


def _key(mode):
    return lambda entry: (-entry[0] if mode == "max" else entry[0], entry[1])


def keep_best__last(folder, epoch, metric, state, k=3, mode="min", *, best_first=False):
    """You kept the last k. A worse checkpoint must not push out a better one."""
    kept = _keep(folder, epoch, metric, state, k, mode, lambda entry: -entry[1])
    if best_first:
        metrics = {path.name: (value, number, path) for value, number, path in _entries(folder)}
        kept.sort(key=lambda name: _key(mode)(metrics[name]))
    return kept


keep_best__last.varies = {"best_first": (True,)}


def keep_best__mode_ignored(folder, epoch, metric, state, k=3, mode="min"):
    """You took the lowest metric for the best, whatever `mode` says."""
    return _keep(folder, epoch, metric, state, k, mode, _key("min"))


def keep_best__ties_reversed(folder, epoch, metric, state, k=3, mode="min"):
    """For "max" you turned the whole order around, and with it that of equal metrics: the lower epoch is the better."""
    return _keep(folder, epoch, metric, state, k, mode, lambda e: (-e[0], -e[1]) if mode == "max" else (e[0], e[1]))


def keep_best__ties_to_the_latest(folder, epoch, metric, state, k=3, mode="min"):
    """Of two equal metrics you kept the one of the higher epoch. The lower one is the better."""
    return _keep(folder, epoch, metric, state, k, mode, lambda e: (-e[0] if mode == "max" else e[0], -e[1]))


def keep_best__every_file(folder, epoch, metric, state, k=3, mode="min"):
    """You looked at every `.pt` file in the folder. Only those called `epoch_*.pt` are yours."""
    return _keep(folder, epoch, metric, state, k, mode, _key(mode), pattern="*.pt")


keep_best__every_file.raises = Exception


_listed = {}


def keep_best__looks_once(folder, epoch, metric, state, k=3, mode="min"):
    """You looked into the folder once, and remember what was there. Others may write to it: look at each call."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode is {mode!r}")
    if folder not in _listed:
        _listed[folder] = _entries(folder)
    entries = _listed[folder]
    if not math.isnan(metric):
        path = folder / f"epoch_{epoch:04d}.pt"
        torch.save({"epoch": epoch, "metric": metric, "state": state}, path)
        entries.append((metric, epoch, path))
    entries.sort(key=_key(mode))
    while len(entries) > k:
        entries.pop()[2].unlink()
    return [path.name for *_, path in entries]


_remembered = {}


def keep_best__forgets_at_restart(folder, epoch, metric, state, k=3, mode="min"):
    """You remember in a variable which files are there. After a restart it is empty, and they are not."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode is {mode!r}")
    entries = _remembered.setdefault(folder, [])
    if not math.isnan(metric):
        path = folder / f"epoch_{epoch:04d}.pt"
        torch.save({"epoch": epoch, "metric": metric, "state": state}, path)
        entries.append((metric, epoch, path))
    entries.sort(key=_key(mode))
    while len(entries) > k:
        entries.pop()[2].unlink()
    return [path.name for *_, path in entries]


def keep_best__nan_first(folder, epoch, metric, state, k=3, mode="min"):
    """You sorted NaN among the metrics. It is neither less nor more than anything, and so it stays where it is put."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode is {mode!r}")
    path = folder / f"epoch_{epoch:04d}.pt"
    torch.save({"epoch": epoch, "metric": metric, "state": state}, path)
    entries = sorted(_entries(folder), key=_key(mode))
    for *_, each in entries[k:]:
        each.unlink()
    return [each.name for *_, each in entries[:k]]


def keep_best__removes_first(folder, epoch, metric, state, k=3, mode="min"):
    """You made room first. If writing then fails, the good old file is gone and no new one is there."""

    def make_room(folder):
        entries = sorted(_entries(folder), key=_key(mode))
        for *_, path in entries[k - 1 :]:
            if not math.isnan(metric) and (k == 1 or len(entries) >= k):
                path.unlink()

    entries = sorted(_entries(folder), key=_key(mode)) if mode in ("min", "max") else []
    better = len(entries) < k or _key(mode)((metric, epoch)) < _key(mode)(entries[k - 1])
    return _keep(folder, epoch, metric, state, k, mode, _key(mode), make_room if better else lambda _: None)


def save_tensors__as_they_are(state, metadata, path):
    """`save_file` refuses tensors that are not contiguous, and such as share memory. Give it tidy copies."""
    save_file(state, path, {name: json.dumps(fact) for name, fact in metadata.items()})


save_tensors__as_they_are.raises = (ValueError, RuntimeError)


def save_tensors__contiguous_alone(state, metadata, path):
    """`contiguous()` gives a tensor that is contiguous already back as it is, with shared memory. Clone it, too."""
    tensors = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(tensors, path, {name: json.dumps(fact) for name, fact in metadata.items()})


save_tensors__contiguous_alone.raises = RuntimeError


def save_tensors__cloned_alone(state, metadata, path):
    """The clone of a transposed tensor is as transposed as it was. Make it contiguous, too."""
    tensors = {name: tensor.detach().clone() for name, tensor in state.items()}
    save_file(tensors, path, {name: json.dumps(fact) for name, fact in metadata.items()})


save_tensors__cloned_alone.raises = ValueError


def save_tensors__str(state, metadata, path):
    """You made strings of the facts by `str`. None, True and 'cat' in single quotes are not JSON: `json.dumps`."""
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}
    save_file(tensors, path, {name: str(fact) for name, fact in metadata.items()})


def save_tensors__metadata_as_they_are(state, metadata, path):
    """A safetensors file's metadata are strings, and nothing else is accepted. Make JSON texts of the facts."""
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, path, metadata)


save_tensors__metadata_as_they_are.raises = TypeError


def save_tensors__shared_once(state, metadata, path):
    """You left out a tensor that shares memory with another one. Who reads the file looks for it by its name."""
    tensors = {}
    for name, tensor in state.items():
        if tensor.untyped_storage().data_ptr() not in {t.untyped_storage().data_ptr() for t in tensors.values()}:
            tensors[name] = tensor
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    save_file(tensors, path, {name: json.dumps(fact) for name, fact in metadata.items()})


def save_tensors__flattened(state, metadata, path):
    """You changed the shape of the tensors. `contiguous()` lays the numbers out in order and keeps the shape."""
    tensors = {name: tensor.detach().clone().reshape(-1) for name, tensor in state.items()}
    save_file(tensors, path, {name: json.dumps(fact) for name, fact in metadata.items()})
