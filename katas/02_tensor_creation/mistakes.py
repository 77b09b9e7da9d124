"""Plausible wrong answers of tensor_creation, each with the sentence that helps."""

import math

import numpy as np
import torch
from torch import Tensor


def split_records__one_tensor(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """You made one tensor of everything. Next to a fraction the ids become float32 too, which rounds above 2**24."""
    table = torch.tensor(records)
    return table[:, 0].to(torch.int64), table[:, 1:].to(torch.float32)


def split_records__through_float64(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """You sent the ids through float64, which is exact up to 2**53 only. Make them from whole numbers alone."""
    table = torch.tensor(records, dtype=torch.float64)
    return table[:, 0].to(torch.int64), table[:, 1:].to(torch.float32)


def split_records__inferred_values(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """You left the dtype of the values to torch. If all are whole numbers they become int64: say float32."""
    return torch.tensor([record[0] for record in records]), torch.tensor([record[1:] for record in records])


def split_records__default_dtype(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """You turned the values into floats, which gives the default dtype. That may be changed: say float32."""
    values = [[float(value) for value in record[1:]] for record in records]
    return torch.tensor([record[0] for record in records]), torch.tensor(values)


def split_records__popped(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """You took the ids out of the records with pop. The records belong to the caller: read, and leave them whole."""
    ids = torch.tensor([record.pop(0) for record in records])
    return ids, torch.tensor(records, dtype=torch.float32)


def split_records__ids_as_column(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """Your ids are a column, (n, 1), since each stands in a list of its own. They should have shape (n,)."""
    ids = torch.tensor([record[:1] for record in records])
    return ids, torch.tensor([record[1:] for record in records], dtype=torch.float32)


def live_view__tensor(buffer: np.ndarray) -> Tensor:
    """You used torch.tensor, which always copies: it does not see what is written into the buffer afterwards."""
    if buffer.dtype != np.float32:
        raise TypeError("a live view needs a float32 buffer")
    return torch.tensor(buffer)


def live_view__as_tensor(buffer: np.ndarray) -> Tensor:
    """You never looked at the buffer's dtype. Unless it is float32 you return a converted copy that goes stale."""
    return torch.as_tensor(buffer, dtype=torch.float32)


def live_view__any_dtype(buffer: np.ndarray) -> Tensor:
    """You open a window on buffers of every dtype. Only float32 ones are allowed: raise TypeError for the others."""
    return torch.from_numpy(buffer)


def live_view__floats_allowed(buffer: np.ndarray) -> Tensor:
    """You refuse integers but let float64 and float16 pass. They must raise TypeError as well."""
    if not np.issubdtype(buffer.dtype, np.floating):
        raise TypeError("a live view needs a float32 buffer")
    return torch.from_numpy(buffer)


def live_view__contiguous(buffer: np.ndarray) -> Tensor:
    """You made the buffer contiguous. For a part of a larger array that is a copy, and your tensor watches the copy."""
    if buffer.dtype != np.float32:
        raise TypeError("a live view needs a float32 buffer")
    return torch.from_numpy(np.ascontiguousarray(buffer).reshape(buffer.shape))


def snapshot__convert(array: np.ndarray) -> Tensor:
    """You relied on the conversion to copy. An array that has the right dtype already is not copied, but shared."""
    if any(step < 0 for step in array.strides):
        array = array.copy()
    return torch.from_numpy(array).to(torch.get_default_dtype())


def snapshot__float32(array: np.ndarray) -> Tensor:
    """You wrote float32 into the function, but the default dtype can change: ask torch.get_default_dtype()."""
    return torch.from_numpy(array.copy()).float().clone()


def snapshot__keeps_dtype(array: np.ndarray) -> Tensor:
    """You kept the array's dtype. NumPy's own default is float64, torch's is not: convert to the default dtype."""
    return torch.tensor(array.copy())


def snapshot__reversed(array: np.ndarray) -> Tensor:
    """You gave the array to torch as it is, and a reversed one has negative strides: copy it in NumPy first."""
    return torch.tensor(array, dtype=torch.get_default_dtype())


snapshot__reversed.raises = ValueError


def snapshot__first_axis_only(array: np.ndarray) -> Tensor:
    """You looked at the first axis only. An array can be reversed along any of them: copy it in any case."""
    if array.ndim and array.strides[0] < 0:
        array = array.copy()
    return torch.tensor(array, dtype=torch.get_default_dtype())


snapshot__first_axis_only.raises = ValueError


def snapshot__through_int16(array: np.ndarray) -> Tensor:
    """You squeezed integers into int16, where those above 32767 start again from the other end."""
    if array.dtype.kind in "iu":
        array = array.astype(np.int16)
    return torch.tensor(array.copy(), dtype=torch.get_default_dtype())


def snapshot__no_nan(array: np.ndarray) -> Tensor:
    """You replaced NaN and infinity. A snapshot holds what is there, also what looks wrong."""
    return torch.from_numpy(np.array(array)).to(torch.get_default_dtype()).nan_to_num()


def snapshot__through_list(array: np.ndarray) -> Tensor:
    """You went through a list. An array of shape (0, 3) becomes an empty list, and the 3 is forgotten."""
    return torch.tensor(array.tolist(), dtype=torch.get_default_dtype())


def snapshot__ascontiguous(array: np.ndarray) -> Tensor:
    """You used ascontiguousarray, which makes one dimension of none: a single number, shape (), came back as (1,)."""
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.get_default_dtype())


def passthrough_layer__columns_first(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """Your weight is (inputs, outputs). In weight @ x each row makes one output: eye(outputs, inputs)."""
    return {
        "weight": torch.eye(inputs, outputs),
        "bias": torch.zeros(outputs),
        "scale": torch.ones(outputs),
        "floor": torch.full((outputs,), floor, dtype=torch.float32),
    }


def passthrough_layer__square(inputs: int, outputs: int, floor: float, *, side: str = "outputs") -> dict[str, Tensor]:
    """Your weight is square, but there may be more outputs than inputs, or fewer: eye takes both numbers."""
    return {
        "weight": torch.eye(outputs if side == "outputs" else inputs),
        "bias": torch.zeros(outputs),
        "scale": torch.ones(outputs),
        "floor": torch.full((outputs,), floor, dtype=torch.float32),
    }


passthrough_layer__square.varies = {"side": ("inputs",)}


def passthrough_layer__inferred_floor(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """You let torch.full take the dtype from the value: the int 0 makes int64. Say float32."""
    return {
        "weight": torch.eye(outputs, inputs),
        "bias": torch.zeros(outputs),
        "scale": torch.ones(outputs),
        "floor": torch.full((outputs,), floor),
    }


def passthrough_layer__default_dtype(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """You left the dtype to torch, which takes the default dtype. That may be changed: say float32 in each call."""
    return {
        "weight": torch.eye(outputs, inputs),
        "bias": torch.zeros(outputs),
        "scale": torch.ones(outputs),
        "floor": torch.full((outputs,), float(floor)),
    }


def passthrough_layer__one_for_two(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """You gave out one tensor under two names: with floor 0, who changes the bias changes the floor. Make two."""
    zeros = torch.zeros(outputs, dtype=torch.float32)
    return {
        "weight": torch.eye(outputs, inputs, dtype=torch.float32),
        "bias": zeros,
        "scale": torch.ones(outputs, dtype=torch.float32),
        "floor": zeros + floor if floor else zeros,
    }


def passthrough_layer__diagonal(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """Your scale is a view of the weight's diagonal, so changing one changes the other. Give it ones of its own."""
    square = torch.eye(max(inputs, outputs), dtype=torch.float32)
    return {
        "weight": square[:outputs, :inputs],
        "bias": torch.zeros(outputs, dtype=torch.float32),
        "scale": square.diagonal()[:outputs],
        "floor": torch.full((outputs,), floor, dtype=torch.float32),
    }


_made = {}


def passthrough_layer__cached(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """You keep what you made and give it out again: two layers then train the same numbers. Make new ones."""
    key = (inputs, outputs, floor)
    if key not in _made:
        _made[key] = {
            "weight": torch.eye(outputs, inputs, dtype=torch.float32),
            "bias": torch.zeros(outputs, dtype=torch.float32),
            "scale": torch.ones(outputs, dtype=torch.float32),
            "floor": torch.full((outputs,), floor, dtype=torch.float32),
        }
    return _made[key]


def passthrough_layer__ones_everywhere(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """Your weight is all ones, so each output is the sum of all inputs. Only the diagonal should be 1."""
    return {
        "weight": torch.ones(outputs, inputs),
        "bias": torch.zeros(outputs),
        "scale": torch.ones(outputs),
        "floor": torch.full((outputs,), floor, dtype=torch.float32),
    }


def spectrogram_axes__float_steps(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """You let arange step by hop, and a rounding error decides how many points fit. Count in whole numbers."""
    times = torch.arange(0, frames * hop, hop, dtype=torch.float32)
    return times, torch.linspace(0, rate / 2, bins)


def spectrogram_axes__times_by_linspace(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """Your times end at frames * hop. Counted from 0, the last is (frames - 1) * hop: linspace includes it."""
    return torch.linspace(0, frames * hop, frames), torch.linspace(0, rate / 2, bins)


def spectrogram_axes__frequencies_by_arange(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """Your frequencies stop below rate / 2. Both ends belong to them: bins points make bins - 1 steps."""
    times = torch.arange(frames, dtype=torch.float32) * hop
    return times, torch.arange(bins, dtype=torch.float32) * (rate / 2 / bins)


def spectrogram_axes__integer_times(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """Your times are int64 if hop is an int: arange counts in int64, and int times int stays int. Say float32."""
    return torch.arange(frames) * hop, torch.linspace(0, rate / 2, bins)


def spectrogram_axes__floor_division(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """You halved the rate with //, which drops the half hertz of an odd rate. Use /."""
    times = torch.arange(frames, dtype=torch.float32) * hop
    return times, torch.linspace(0, rate // 2, bins)


def spectrogram_axes__default_dtype(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """You left the dtype to torch, which takes the default dtype. That may be changed: say float32 for both axes."""
    return torch.arange(frames) * float(hop), torch.linspace(0, rate / 2, bins)


def spectrogram_axes__whole_rate(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """Your frequencies go up to the sampling rate. They end at half of it."""
    times = torch.arange(frames, dtype=torch.float32) * hop
    return times, torch.linspace(0, rate, bins)


def empty_statistics__zeros(sample: Tensor) -> dict[str, Tensor]:
    """You begin with zero everywhere. The minimum of 0 and 5 is 0, which was no sample: begin with +inf and -inf."""
    return {
        "count": torch.zeros_like(sample, dtype=torch.int64),
        "total": torch.zeros_like(sample),
        "lowest": torch.zeros_like(sample),
        "highest": torch.zeros_like(sample),
    }


def empty_statistics__ends_swapped(sample: Tensor) -> dict[str, Tensor]:
    """Your infinities are swapped: no sample is below -inf, so "lowest" would stay there for ever."""
    return {
        "count": torch.zeros_like(sample, dtype=torch.int64),
        "total": torch.zeros_like(sample),
        "lowest": torch.full_like(sample, -math.inf),
        "highest": torch.full_like(sample, math.inf),
    }


def empty_statistics__shape_only(sample: Tensor) -> dict[str, Tensor]:
    """You took over the sample's shape, but not its dtype and device. The *_like functions take over all three."""
    return {
        "count": torch.zeros(sample.shape, dtype=torch.int64),
        "total": torch.zeros(sample.shape),
        "lowest": torch.full(sample.shape, math.inf),
        "highest": torch.full(sample.shape, -math.inf),
    }


def empty_statistics__cpu(sample: Tensor) -> dict[str, Tensor]:
    """Your tensors are always on the CPU. They belong on the sample's device, which the *_like functions keep."""
    return {
        "count": torch.zeros(sample.shape, dtype=torch.int64),
        "total": torch.zeros(sample.shape, dtype=sample.dtype),
        "lowest": torch.full(sample.shape, math.inf, dtype=sample.dtype),
        "highest": torch.full(sample.shape, -math.inf, dtype=sample.dtype),
    }


def empty_statistics__float_count(sample: Tensor) -> dict[str, Tensor]:
    """Your "count" has the sample's dtype. A float16 cannot count beyond 2048: say int64."""
    return {
        "count": torch.zeros_like(sample),
        "total": torch.zeros_like(sample),
        "lowest": torch.full_like(sample, math.inf),
        "highest": torch.full_like(sample, -math.inf),
    }


def empty_statistics__cached(sample: Tensor) -> dict[str, Tensor]:
    """You keep what you made and give it out again: two running statistics then count in the same tensors."""
    key = (sample.shape, sample.dtype, sample.device)
    if key not in _made:
        _made[key] = {
            "count": torch.zeros_like(sample, dtype=torch.int64),
            "total": torch.zeros_like(sample),
            "lowest": torch.full_like(sample, math.inf),
            "highest": torch.full_like(sample, -math.inf),
        }
    return _made[key]


def empty_statistics__times_zero(sample: Tensor, *, everywhere: bool = False) -> dict[str, Tensor]:
    """You multiplied the sample by 0. Infinity times 0 is NaN, and so is NaN times 0: use zeros_like."""
    zeros = sample * 0
    start = zeros if everywhere else torch.zeros_like(sample)
    return {
        "count": torch.zeros_like(sample, dtype=torch.int64),
        "total": zeros,
        "lowest": start + math.inf,
        "highest": start - math.inf,
    }


empty_statistics__times_zero.varies = {"everywhere": (True,)}


def empty_statistics__emptied_sample(sample: Tensor) -> dict[str, Tensor]:
    """You put the zeros into the sample itself, whose numbers the caller still needs: make a new tensor."""
    return {
        "count": torch.zeros_like(sample, dtype=torch.int64),
        "total": sample.zero_(),
        "lowest": torch.full_like(sample, math.inf),
        "highest": torch.full_like(sample, -math.inf),
    }


def uniform_between__not_shifted(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You stretched the numbers but did not shift them: they lie between 0 and high - low. Add low."""
    return (high - low) * torch.rand(low.shape, dtype=low.dtype, generator=generator)


def uniform_between__stretched_by_high(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You stretched by high instead of by the distance from low to high, so your numbers run up to low + high."""
    return low + high * torch.rand(low.shape, dtype=low.dtype, generator=generator)


def uniform_between__normal(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You drew normal numbers, which have no bounds. torch.rand is the uniform one, torch.randn the normal one."""
    return low + (high - low) * torch.randn(low.shape, dtype=low.dtype, generator=generator)


def uniform_between__global(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You did not pass the generator on, so the numbers come from the global one: add generator=generator."""
    return low + (high - low) * torch.rand(low.shape, dtype=low.dtype)


def uniform_between__reseeded(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You seed the generator again, so every call gives the same numbers. Seeding is the caller's business."""
    generator.manual_seed(generator.initial_seed())
    return low + (high - low) * torch.rand(low.shape, dtype=low.dtype, generator=generator)


def uniform_between__one_number(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You drew one number for all the elements. Each needs its own: draw as many as low has."""
    return low + (high - low) * torch.rand((), dtype=low.dtype, generator=generator)


def uniform_between__one_row(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You drew numbers for one row and used them in all rows. Draw as many as low has: torch.rand(low.shape, …)."""
    return low + (high - low) * torch.rand(low.shape[-1:], dtype=low.dtype, generator=generator)


def uniform_between__always_float32(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """Your result is always float32. It should have the dtype of the bounds."""
    return (low + (high - low) * torch.rand(low.shape, dtype=low.dtype, generator=generator)).float()


def uniform_between__default_dtype(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You drew in the default dtype. If that is wider than the bounds, so is your result: draw in the dtype of low."""
    return low + (high - low) * torch.rand(low.shape, generator=generator)


def uniform_between__through_float32(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You sent float64 bounds through float32, which keeps only half of their digits. Compute in the dtype of low."""
    share = torch.rand(low.shape, dtype=torch.float32, generator=generator)
    return (low.float() + (high.float() - low.float()) * share).to(low.dtype)


def uniform_between__weighted(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You added two rounded products, which misses equal bounds by a last digit: add to low a part of high - low."""
    share = torch.rand(low.shape, dtype=low.dtype, generator=generator)
    return low * (1 - share) + high * share


def uniform_between__mirrored(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You drew half of the numbers and made the others of 1 - u. Then one tells the other: draw them all."""
    half = torch.rand((low.numel() + 1) // 2, dtype=low.dtype, generator=generator)
    share = torch.cat([half, 1 - half])[: low.numel()].reshape(low.shape)
    return low + (high - low) * share


def uniform_between__in_place(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """You added the draw to low itself. It belongs to the caller: make a new tensor."""
    return low.add_((high - low) * torch.rand(low.shape, dtype=low.dtype, generator=generator))


def add_noise__global_seed(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You seeded the global generator, which everybody else draws from: make a torch.Generator of your own."""
    torch.manual_seed(seed)
    return signal + sigma * torch.randn_like(signal)


def add_noise__not_seeded(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You made a generator but drew without it. Pass it on: generator=generator."""
    torch.Generator().manual_seed(seed)
    return signal + sigma * torch.randn_like(signal)


def add_noise__constant_seed(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """Your noise is the same for every seed. Give the seed to the generator's manual_seed."""
    generator = torch.Generator()
    return signal + sigma * torch.randn(signal.shape, dtype=signal.dtype, generator=generator)


def add_noise__variance(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You took sigma for the variance. It is the standard deviation: multiply by it as it is, without a root."""
    generator = torch.Generator().manual_seed(seed)
    return signal + math.sqrt(sigma) * torch.randn(signal.shape, dtype=signal.dtype, generator=generator)


def add_noise__squared(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You multiplied by sigma squared, the variance. What stretches normal numbers is sigma itself."""
    generator = torch.Generator().manual_seed(seed)
    return signal + sigma**2 * torch.randn(signal.shape, dtype=signal.dtype, generator=generator)


def add_noise__uniform(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You drew uniform numbers from 0 to 1, which are never negative. torch.randn draws normal ones."""
    generator = torch.Generator().manual_seed(seed)
    return signal + sigma * torch.rand(signal.shape, dtype=signal.dtype, generator=generator)


def add_noise__relative(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You made the noise proportional to the signal. It is added, and as strong where the signal is small."""
    generator = torch.Generator().manual_seed(seed)
    return signal * (1 + sigma * torch.randn(signal.shape, dtype=signal.dtype, generator=generator))


def add_noise__default_dtype(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You drew float32 noise for every signal. Added to float16 it gives float32: draw in the signal's dtype."""
    generator = torch.Generator().manual_seed(seed)
    return signal + sigma * torch.randn(signal.shape, generator=generator)


def add_noise__through_float32(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You sent the signal through float32. That rounds a float64 signal, even where there is no noise at all."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(signal.shape, dtype=torch.float32, generator=generator)
    return (signal.float() + sigma * noise).to(signal.dtype)


def add_noise__never_silent(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You made a sigma of 0 a small number. Nothing divides by sigma here: 0 means no noise."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(signal.shape, dtype=signal.dtype, generator=generator)
    return signal + max(sigma, 1e-12) * noise


def add_noise__standardised(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You forced mean 0 and deviation sigma on every drawing. That ties the numbers together: leave them as drawn."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(signal.shape, dtype=torch.float64, generator=generator)
    if noise.numel() > 1:
        noise = (noise - noise.mean()) / noise.std()
    return (signal + sigma * noise).to(signal.dtype)


def add_noise__numpy_seed(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You seeded NumPy's global generator, which everybody else draws from too: make a generator of your own."""
    np.random.seed(seed)
    noise = np.random.normal(0.0, sigma, tuple(signal.shape))
    return (signal.double() + torch.as_tensor(noise)).to(signal.dtype)


def add_noise__one_row(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You drew noise for one row and added it to all rows. Draw in the signal's whole shape."""
    generator = torch.Generator().manual_seed(seed)
    return signal + sigma * torch.randn(signal.shape[-1:], dtype=signal.dtype, generator=generator)


def add_noise__in_place(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """You added the noise to the signal itself. It belongs to the caller: make a new tensor."""
    generator = torch.Generator().manual_seed(seed)
    return signal.add_(sigma * torch.randn(signal.shape, dtype=signal.dtype, generator=generator))


def saturating_cast__plain(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You only converted. float16 overflows to infinity, and int8 cuts fractions off and starts from the other end."""
    narrow = x.to(dtype)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__truncated(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You did not round, and the conversion to int8 cuts off whatever stands behind the point: 2.7 became 2."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    narrow = x.clamp(limits.min, limits.max).to(dtype)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__rounded_always(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You rounded to whole numbers for float16 too. It has fractions, and its conversion takes the nearest."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    narrow = x.round().clamp(limits.min, limits.max).to(dtype)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__clamped_after(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You clamped after the conversion. By then the damage is done: clamp while the numbers are still float32."""
    rounded = x if dtype.is_floating_point else x.round()
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    wrapped = rounded if dtype.is_floating_point else rounded.nan_to_num().to(torch.int64)
    narrow = wrapped.to(dtype).clamp(limits.min, limits.max)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__symmetric(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You stopped at plus and minus the largest number. int8 has one more below zero: its smallest is -128."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else x.round()
    narrow = rounded.clamp(-limits.max, limits.max).to(dtype)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__halves_up(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You rounded halves up. Here they go to the even neighbour, 0.5 to 0 and 2.5 to 2, as torch.round does."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else (x + 0.5).floor()
    narrow = rounded.clamp(limits.min, limits.max).to(dtype)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__rounded_twice(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You went to int8 through float16, which makes 2.5 of 2.5001, and then 2 of it. Round the float32 number, once."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else x.half().round()
    narrow = rounded.clamp(limits.min, limits.max).to(dtype)
    return narrow, narrow.to(x.dtype) != x


def saturating_cast__lost_in_narrow(
    x: Tensor, dtype: torch.dtype, *, after_clamp: bool = True
) -> tuple[Tensor, Tensor]:
    """You compared in the narrow dtype, where both sides had lost the same. Compare with x in float32."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else x.round()
    narrow = rounded.clamp(limits.min, limits.max).to(dtype)
    return narrow, narrow != (rounded.clamp(limits.min, limits.max) if after_clamp else x).to(dtype)


saturating_cast__lost_in_narrow.varies = {"after_clamp": (False,)}


def saturating_cast__lost_out_of_range(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Your second result marks only what was out of range. What was rounded is not the same number any more either."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else x.round()
    narrow = rounded.clamp(limits.min, limits.max).to(dtype)
    return narrow, (x < limits.min) | (x > limits.max)


def saturating_cast__lost_if_not_close(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """You asked isclose, which overlooks small differences. A number that changed a little was not kept either."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else x.round()
    narrow = rounded.clamp(limits.min, limits.max).to(dtype)
    return narrow, ~torch.isclose(narrow.to(x.dtype), x)


def saturating_cast__kept(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Your second result is True where a number was kept. It should be True where it was lost."""
    limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
    rounded = x if dtype.is_floating_point else x.round()
    narrow = rounded.clamp(limits.min, limits.max).to(dtype)
    return narrow, narrow.to(x.dtype) == x
