"""Wrong answers that people really give, each with what a teacher would say about it."""

import torch

# move_batch


def move_batch__top_level_only(batch, device):
    """You move the tensors of the outermost dict or list only. Let the function call itself for those inside."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        items = [item.to(device) if isinstance(item, torch.Tensor) else item for item in batch]
        return type(batch)(*items) if hasattr(batch, "_fields") else type(batch)(items)
    return batch


def move_batch__in_place(batch, device):
    """You put the moved tensors into the caller's own dict or list. Make a new one: the caller's has to stay."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict | list):
        for key in batch if isinstance(batch, dict) else range(len(batch)):
            batch[key] = move_batch__in_place(batch[key], device)
        return batch
    if isinstance(batch, tuple):
        items = [move_batch__in_place(item, device) for item in batch]
        return type(batch)(*items) if hasattr(batch, "_fields") else tuple(items)
    return batch


def move_batch__tuples_become_lists(batch, device):
    """You give a list where a tuple was. Whoever unpacks or compares the batch relies on its type: keep it."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: move_batch__tuples_become_lists(value, device) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        return [move_batch__tuples_become_lists(item, device) for item in batch]
    return batch


def move_batch__named_tuple_forgotten(batch, device):
    """You rebuild every tuple by `type(batch)(items)`, and a named tuple takes its items one by one: `(*items)`."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: move_batch__named_tuple_forgotten(value, device) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        return type(batch)(move_batch__named_tuple_forgotten(item, device) for item in batch)
    return batch


move_batch__named_tuple_forgotten.raises = TypeError


def move_batch__plain_tuple(batch, device):
    """You make a plain tuple of a named one, and its names are lost. Build it by its own class."""
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: move_batch__plain_tuple(value, device) for key, value in batch.items()}
    if isinstance(batch, list):
        return [move_batch__plain_tuple(item, device) for item in batch]
    if isinstance(batch, tuple):
        return tuple(move_batch__plain_tuple(item, device) for item in batch)
    return batch


def move_batch__to_everything(batch, device):
    """You call `.to` on everything that is no container. Labels may be text, and a text has no `.to`."""
    if isinstance(batch, dict):
        return {key: move_batch__to_everything(value, device) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        items = [move_batch__to_everything(item, device) for item in batch]
        return type(batch)(*items) if hasattr(batch, "_fields") else type(batch)(items)
    return batch.to(device)


move_batch__to_everything.raises = AttributeError


def move_batch__whatever_can_move(batch, device):
    """You call `.to` on whatever has such a method. Objects of other kinds have one, too: ask if it is a tensor."""
    if isinstance(batch, dict):
        return {key: move_batch__whatever_can_move(value, device) for key, value in batch.items()}
    if isinstance(batch, list | tuple):
        items = [move_batch__whatever_can_move(item, device) for item in batch]
        return type(batch)(*items) if hasattr(batch, "_fields") else type(batch)(items)
    return batch.to(device) if hasattr(batch, "to") else batch


# masked_mean


def masked_mean__arange_on_cpu(x, lengths):
    """You call `torch.arange` without a device, so it is on the CPU, whereas `x` is not. Say `device=x.device`."""
    steps = torch.arange(x.shape[1])
    real = steps < lengths.to(x.device)[:, None]
    return x.masked_fill(~real[:, :, None], 0).sum(1) / lengths.to(x.device)[:, None]


masked_mean__arange_on_cpu.raises = RuntimeError


def masked_mean__lengths_stay(x, lengths):
    """You use the lengths where they are, and that need not be where `x` is. Move them: `lengths.to(x.device)`."""
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return x.masked_fill(~real[:, :, None], 0).sum(1) / lengths[:, None]


masked_mean__lengths_stay.raises = RuntimeError


def masked_mean__hard_wired(x, lengths):
    """You chose the device yourself, instead of asking `x`. That fails wherever `x` is on any other."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    real = torch.arange(x.shape[1], device=device) < lengths.to(device)[:, None]
    return x.masked_fill(~real[:, :, None], 0).sum(1) / lengths.to(device)[:, None]


masked_mean__hard_wired.raises = RuntimeError


def masked_mean__multiplied(x, lengths):
    """You multiply by a mask of ones and zeros. NaN times 0 is NaN: fill the padding with zeros instead."""
    lengths = lengths.to(x.device)
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return (x * real[:, :, None]).sum(1) / lengths[:, None]


def masked_mean__nan_to_num(x, lengths):
    """You replace NaN by zero everywhere, and so hide one in a real step. Fill the padding only."""
    lengths = lengths.to(x.device)
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return (x.nan_to_num(0.0, 0.0, 0.0) * real[:, :, None]).sum(1) / lengths[:, None]


def masked_mean__over_all_steps(x, lengths):
    """You divide by the number of all steps, padding included. Divide each sum by the length of its own sequence."""
    lengths = lengths.to(x.device)
    real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return x.masked_fill(~real[:, :, None], 0).mean(1)


def masked_mean__read_values(x, lengths):
    """You read each length as a Python number. On a GPU every such look waits for it, and meta has no values."""
    return torch.stack([sequence[:length].mean(0) for sequence, length in zip(x, lengths.tolist(), strict=True)])


masked_mean__read_values.raises = (NotImplementedError, RuntimeError)


# add_noise


def add_noise__drawn_where_x_is(x, scale, generator):
    """You draw the noise where `x` is. Each kind of device has numbers of its own, and a generator draws on one only.

    Draw on the generator's device, and move the noise.
    """
    return x + scale * torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)


def add_noise__not_moved(x, scale, generator):
    """You draw on the generator's device and leave the noise there. Move it to where `x` is before you add."""
    return x + scale * torch.randn(x.shape, generator=generator, dtype=x.dtype, device=generator.device)


add_noise__not_moved.raises = RuntimeError


def add_noise__default_dtype(x, scale, generator):
    """You draw in the default dtype. The noise of a float64 tensor then has other values; say `dtype=x.dtype`."""
    noise = torch.randn(x.shape, generator=generator, device=generator.device)
    return x + scale * noise.to(x)


def add_noise__global_generator(x, scale, generator):
    """You do not use the generator that you were given, so that nobody can have the same noise again."""
    return x + scale * torch.randn_like(x)


def add_noise__always_cpu(x, scale, generator):
    """You draw on the CPU. A generator of a GPU cannot: its own device is where to draw."""
    return x + scale * torch.randn(x.shape, generator=generator, dtype=x.dtype, device="cpu").to(x.device)


add_noise__always_cpu.raises = RuntimeError


def add_noise__in_place(x, scale, generator):
    """You add the noise into the caller's own tensor. Make a new one."""
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=generator.device)
    return x.add_(noise.to(x.device), alpha=scale)


# send


def send__always_pins(x, device):
    """You pin whatever the target is. On a machine without a GPU there is nothing to pin for, and it raises errors."""
    return x.pin_memory().to(device, non_blocking=True)


send__always_pins.raises = RuntimeError


def send__always_non_blocking(x, device):
    """You do not wait for copies from the GPU to the CPU either: whoever reads the result at once, reads rubbish."""
    if x.device.type == "cpu" and torch.device(device).type == "cuda":
        x = x.pin_memory()
    return x.to(device, non_blocking=True)


def send__not_pinned(x, device):
    """You ask for a copy that nobody waits for, out of ordinary memory. That takes pinned memory."""
    if x.device.type == "cpu" and torch.device(device).type == "cuda":
        return x.to(device, non_blocking=True)
    return x.to(device)


def send__pinned_but_blocking(x, device):
    """You pin and then wait nevertheless: it is `non_blocking=True` that lets the program go on."""
    if x.device.type == "cpu" and torch.device(device).type == "cuda":
        return x.pin_memory().to(device)
    return x.to(device)


def send__asks_the_machine(x, device):
    """You ask whether there is a GPU at all. A tensor that stays on the CPU is not to be pinned, GPU or not."""
    if torch.cuda.is_available() and x.device.type == "cpu":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)


def send__waits(x, device):
    """You wait for the copy after all, by `synchronize`. Let the program go on: the GPU keeps the order by itself."""
    if x.device.type == "cpu" and torch.device(device).type == "cuda":
        there = x.pin_memory().to(device, non_blocking=True)
        torch.cuda.synchronize(device)
        return there
    return x.to(device)


def send__compares_texts(x, device):
    """You compare the device with the text "cuda". "cuda:1" is a GPU, too: compare `torch.device(device).type`."""
    if x.device.type == "cpu" and str(device) == "cuda":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)


# train_step


def train_step__batch_not_moved(model, optimizer, x, y):
    """You call the model with `x` where it is. Only a batch on the model's own device will do: move it there."""
    loss = (model(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


train_step__batch_not_moved.raises = RuntimeError


def train_step__targets_not_moved(model, optimizer, x, y):
    """You move the inputs and forget the targets."""
    loss = (model(x.to(next(model.parameters()).device)) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


train_step__targets_not_moved.raises = RuntimeError


def train_step__model_follows_the_batch(model, optimizer, x, y):
    """You move the model to the batch. A model is large and belongs where it is; it is the batch that travels."""
    model.to(x.device)
    loss = (model(x) - y.to(x.device)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


train_step__model_follows_the_batch.raises = (NotImplementedError, RuntimeError)


def train_step__item(model, optimizer, x, y):
    """You call `.item()` at every step, and the program waits for the GPU each time. Return the tensor, detached."""
    device = next(model.parameters()).device
    loss = (model(x.to(device)) - y.to(device)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return torch.tensor(loss.item(), dtype=loss.dtype)


train_step__item.raises = (NotImplementedError, RuntimeError)


def train_step__live_loss(model, optimizer, x, y):
    """You return the loss with its history. Whoever keeps it, keeps all tensors of this step on the GPU: detach it."""
    device = next(model.parameters()).device
    loss = (model(x.to(device)) - y.to(device)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def train_step__moved_and_cast(model, optimizer, x, y):
    """You move the batch by `.to(parameter)`, which changes its dtype as well. An embedding needs whole numbers."""
    parameter = next(model.parameters())
    loss = (model(x.to(parameter)) - y.to(parameter)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


train_step__moved_and_cast.raises = (NotImplementedError, RuntimeError)


def train_step__no_zero_grad(model, optimizer, x, y):
    """You do not zero the gradients, and those of the step before are added to this one's."""
    device = next(model.parameters()).device
    loss = (model(x.to(device)) - y.to(device)).square().mean()
    loss.backward()
    optimizer.step()
    return loss.detach()


# find_strays


def _strays(tensors, device):
    wanted = torch.device(device)
    return {
        name: tensor.device
        for name, tensor in tensors.items()
        if tensor.device.type != wanted.type or wanted.index not in (None, tensor.device.index)
    }


def _plain(model):
    return {
        f"{path}.{name}".lstrip("."): value
        for path, module in model.named_modules(remove_duplicate=False)
        for name, value in vars(module).items()
        if isinstance(value, torch.Tensor)
    }


def find_strays__parameters_only(model, device):
    """You look at the parameters only. Buffers stray as well, and so do tensors that are plain attributes."""
    return _strays(dict(model.named_parameters(remove_duplicate=False)), device)


def find_strays__state_dict(model, device):
    """You look at the `state_dict`. It lacks the buffers that are not persistent, and all plain attributes."""
    return _strays(model.state_dict(keep_vars=True), device)


def find_strays__no_plain_attributes(model, device):
    """You look at what the module knows of. What `.to()` leaves behind is just what it does not know of.

    Tensors that are plain attributes stand in `vars(module)`.
    """
    named = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    return _strays(dict(named), device)


def find_strays__equal_devices(model, device):
    """You compare devices with `==`. "cuda" is not equal to "cuda:0", where all of your tensors are."""
    named = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    tensors = dict(named) | _plain(model)
    return {name: tensor.device for name, tensor in tensors.items() if tensor.device != torch.device(device)}


def find_strays__types_only(model, device):
    """You compare types of devices only. "cuda:0" and "cuda:1" are two GPUs, and a model across both fails."""
    named = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    tensors = dict(named) | _plain(model)
    return {name: t.device for name, t in tensors.items() if t.device.type != torch.device(device).type}


def find_strays__outermost_module(model, device):
    """You look for plain attributes on the outermost module only. Modules further inside have some, too."""
    named = [*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False)]
    plain = {name: value for name, value in vars(model).items() if isinstance(value, torch.Tensor)}
    return _strays(dict(named) | plain, device)


def find_strays__one_name_each(model, device):
    """You leave out second names. `named_parameters()` and its sisters do, without `remove_duplicate=False`."""
    tensors = dict([*model.named_parameters(), *model.named_buffers()])
    return _strays(tensors | _plain(model), device)


# preview


def _preview(build, shape, dtype=torch.float32):
    with torch.device("meta"):
        model = build()
        result = model(torch.empty(shape, dtype=dtype))
    return model, tuple(result.shape)


def preview__really_built(build, shape, dtype=torch.float32):
    """You build the model on the CPU and move it to meta then. The memory is needed before it is given back."""
    model = build().to("meta")
    result = model(torch.empty(shape, dtype=dtype, device="meta"))
    return sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()]), tuple(result.shape)


preview__really_built.raises = RuntimeError


def preview__four_bytes_each(build, shape, dtype=torch.float32):
    """You count four bytes for each number. A float64 takes eight, a bfloat16 two: `nbytes` knows."""
    model, result = _preview(build, shape, dtype)
    return 4 * sum(tensor.numel() for tensor in [*model.parameters(), *model.buffers()]), result


def preview__no_buffers(build, shape, dtype=torch.float32):
    """You count the parameters only. Buffers need memory just as well."""
    model, result = _preview(build, shape, dtype)
    return sum(tensor.nbytes for tensor in model.parameters()), result


def preview__state_dict(build, shape, dtype=torch.float32):
    """You count what is in the `state_dict`: a tied tensor twice, and buffers that are not persistent never."""
    model, result = _preview(build, shape, dtype)
    return sum(tensor.nbytes for tensor in model.state_dict().values()), result


def preview__input_on_cpu(build, shape, dtype=torch.float32):
    """You make the input on the CPU, and the model is on meta. Both have to be on the same device."""
    with torch.device("meta"):
        model = build()
    result = model(torch.zeros(shape, dtype=dtype))
    return sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()]), tuple(result.shape)


preview__input_on_cpu.raises = RuntimeError


def preview__default_dtype(build, shape, dtype=torch.float32):
    """You make the input without saying `dtype`: it is float32, and a model of another dtype refuses it."""
    model, result = _preview(build, shape)
    return sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()]), result


preview__default_dtype.raises = RuntimeError


def preview__default_device_left(build, shape, dtype=torch.float32):
    """You set torch's default device and do not put it back: all that is made later is on meta. Use `with`."""
    torch.set_default_device("meta")
    model = build()
    result = model(torch.empty(shape, dtype=dtype))
    return sum(tensor.nbytes for tensor in [*model.parameters(), *model.buffers()]), tuple(result.shape)


# materialise


def materialise__built_on_cpu(build, state, device):
    """You build the model on the CPU: all of it is initialised there, only to be overwritten. Build it on meta."""
    model = build()
    for name, _ in model.named_buffers():
        if name not in model.state_dict():
            raise ValueError(name)
    model.load_state_dict(state)
    return model.to(device)


def materialise__assigned(build, state, device):
    """You load with `assign=True`: the parameters *are* the tensors of `state` then, and change whenever those do."""
    with torch.device("meta"):
        model = build()
    for name, _ in model.named_buffers():
        if name not in model.state_dict():
            raise ValueError(name)
    model.load_state_dict(state, assign=True)
    return model.to(device)


def materialise__rubbish_in_buffers(build, state, device):
    """You do not look for buffers that are not persistent. `to_empty` gives them memory, nobody gives them values."""
    with torch.device("meta"):
        model = build()
    model.to_empty(device=device)
    model.load_state_dict(state)
    return model


def materialise__not_strict(build, state, device):
    """You load with `strict=False`. A parameter that is missing in the state keeps what lay in memory by chance."""
    with torch.device("meta"):
        model = build()
    for name, _ in model.named_buffers():
        if name not in model.state_dict():
            raise ValueError(name)
    model.to_empty(device=device)
    model.load_state_dict(state, strict=False)
    return model


def materialise__loaded_before_empty(build, state, device):
    """You load first and give memory afterwards. On meta there is no room for values; loading does nothing there."""
    with torch.device("meta"):
        model = build()
    for name, _ in model.named_buffers():
        if name not in model.state_dict():
            raise ValueError(name)
    model.load_state_dict(state)
    for parameter in model.to_empty(device=device).parameters():
        torch.nn.init.zeros_(parameter)
    return model


def materialise__to(build, state, device):
    """You move the model off meta by `.to()`. There is nothing to copy: `to_empty` gives it memory."""
    with torch.device("meta"):
        model = build()
    for name, _ in model.named_buffers():
        if name not in model.state_dict():
            raise ValueError(name)
    model.to(device).load_state_dict(state)
    return model


materialise__to.raises = NotImplementedError


def materialise__initialised(build, state, device):
    """You initialise the model before you load the state into it: in vain, since all of it is overwritten."""
    with torch.device("meta"):
        model = build()
    for name, _ in model.named_buffers():
        if name not in model.state_dict():
            raise ValueError(name)
    model.to_empty(device=device)
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    model.load_state_dict(state)
    return model


def materialise__top_level_only(build, state, device):
    """You look at the model's own buffers. Those of the modules in it may not be persistent either."""
    with torch.device("meta"):
        model = build()
    for name, _ in model.named_buffers(recurse=False):
        if name not in model.state_dict():
            raise ValueError(name)
    model.to_empty(device=device)
    model.load_state_dict(state)
    return model


# peak_memory


def peak_memory__no_reset(work, device):
    """You do not reset the peak, and take one from before the work for its own."""
    if torch.device(device).type != "cuda":
        return work(), None
    before = torch.cuda.memory_allocated(device)
    result = work()
    return result, torch.cuda.max_memory_allocated(device) - before


def peak_memory__everything(work, device):
    """You count what was on the device before the work, too. Subtract it."""
    if torch.device(device).type != "cuda":
        return work(), None
    torch.cuda.reset_peak_memory_stats(device)
    result = work()
    return result, torch.cuda.max_memory_allocated(device)


def peak_memory__what_is_left(work, device):
    """You measure what is left when the work is over. What it needed meanwhile is gone by then: ask for the maximum."""
    if torch.device(device).type != "cuda":
        return work(), None
    before = torch.cuda.memory_allocated(device)
    result = work()
    return result, torch.cuda.memory_allocated(device) - before


def peak_memory__reserved(work, device):
    """You measure what torch has reserved. It reserves more than tensors occupy: ask for what is *allocated*."""
    if torch.device(device).type != "cuda":
        return work(), None
    before = torch.cuda.memory_reserved(device)
    torch.cuda.reset_peak_memory_stats(device)
    result = work()
    return result, torch.cuda.max_memory_reserved(device) - before


def peak_memory__current_device(work, device):
    """You do not say which device. Then the current one is looked at, and the work may run on another."""
    if torch.device(device).type != "cuda":
        return work(), None
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    result = work()
    return result, torch.cuda.max_memory_allocated() - before


def peak_memory__always_cuda(work, device):
    """You ask CUDA whatever the device is. For any other device the answer is None."""
    before = torch.cuda.memory_allocated()
    result = work()
    return result, torch.cuda.max_memory_allocated() - before
