"""Creating tensors: from lists, arrays, rules and chance, and in narrow dtypes. The lesson is in README.md."""

import math

import numpy as np
import torch
from torch import Tensor


def split_records(records: list[list[float]]) -> tuple[Tensor, Tensor]:
    """Splits records into their ids and their values.

    Args:
        records: at least one; each is `[id, value, value, …]`, all of one length. An id is a whole number from 0 to
            2**63 - 1. There may be no values at all. Values are numbers, `int` and `float` mixed. The records are left
            as they are.

    Returns:
        `(ids, values)`: the ids, (n,), int64, exact; the values, (n, k), float32, also if all of them are whole.
    """
    n, k = len(records), len(records[0]) - 1
    ids = torch.empty(n, dtype=torch.long)
    values = torch.empty((n, k), dtype=torch.float)
    for i, (ident, *rest) in enumerate(records):
        ids[i] = ident
        for j, value in enumerate(rest):
            values[i, j] = value
    return ids, values


def live_view(buffer: np.ndarray) -> Tensor:
    """Opens a window on the memory of a NumPy array: whatever is written into one is seen in the other.

    Args:
        buffer: an array with at least one dimension. Its rows and columns may be a part of a larger array; they are
            never reversed.

    Returns:
        A float32 tensor of the same shape and the same numbers, in the memory of `buffer`.

    Raises:
        TypeError: `buffer` is not float32, so that there can be no such window, only a converted copy.
    """
    if buffer.dtype != np.dtype("f4"):
        raise TypeError(f"no window on {buffer.dtype}")
    return torch.from_dlpack(buffer)


def snapshot(array: np.ndarray) -> Tensor:
    """Keeps the numbers that are in a NumPy array now, whatever happens to the array later.

    Args:
        array: of any shape, also one with no elements; floats, integers or booleans. It may be a reversed one, such as
            `a[::-1]`. It is left as it is.

    Returns:
        A tensor of the same shape and the same numbers, in memory of its own, in the default dtype: the one that
        `torch.get_default_dtype()` gives when `snapshot` is called.
    """
    return torch.empty(array.shape).copy_(torch.as_tensor(array.copy()))


def passthrough_layer(inputs: int, outputs: int, floor: float) -> dict[str, Tensor]:
    """Gives the parameters with which a layer changes nothing.

    The layer computes `maximum(scale * (weight @ x + bias), floor)`. To begin with, output i is input i, as far as
    there is one, and further outputs are 0, except that nothing falls below `floor`.

    Args:
        inputs: number of inputs, at least 1.
        outputs: number of outputs, at least 1; it may be smaller or larger than `inputs`.
        floor: a number of type `float` or `int`.

    Returns:
        Four float32 tensors: "weight", (outputs, inputs), with 1 where output i meets input i and 0 elsewhere; "bias",
        (outputs,), of zeros; "scale", (outputs,), of ones; "floor", (outputs,), with `floor` everywhere. Every number
        has memory of its own, so that training can change it.
    """
    rows, columns = torch.arange(outputs), torch.arange(inputs)
    start = torch.empty(outputs, dtype=torch.float)
    return dict(
        weight=(rows[:, None] == columns).to(start),
        bias=start.new_zeros(outputs),
        scale=torch.ones_like(start),
        floor=start.fill_(floor),
    )


def spectrogram_axes(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """Gives the two axes of a picture of sound: the times of its columns and the frequencies of its rows.

    Args:
        frames: number of columns, at least 1.
        hop: seconds from one column to the next, above 0; a `float` or an `int`.
        bins: number of rows, at least 2.
        rate: sampling rate in hertz, above 0; a `float` or an `int`, which may be odd.

    Returns:
        `(times, frequencies)`: (frames,), float32, from 0 on in steps of `hop`; (bins,), float32, evenly spaced from 0
        up to and including `rate / 2`.
    """
    times = [i * hop for i in range(frames)]
    frequencies = [i / (bins - 1) * rate / 2 for i in range(bins)]
    return tuple(torch.tensor(axis, dtype=torch.float) for axis in (times, frequencies))


def empty_statistics(sample: Tensor) -> dict[str, Tensor]:
    """Prepares running statistics, one for each place of a sample, before the first sample has been counted.

    Later code will, for each sample, add 1 to "count" and the sample to "total", and put `torch.minimum` of "lowest"
    and the sample into "lowest", `torch.maximum` of "highest" and the sample into "highest".

    Args:
        sample: shows what samples look like: any shape, any floating dtype, any device. Its numbers do not count, and
            it is left as it is.

    Returns:
        Four tensors of the sample's shape on the sample's device, each in memory of its own: "count", int64, zeros; and
        in the sample's dtype "total", zeros; "lowest", +∞; "highest", -∞.
    """
    return {
        "count": sample.new_zeros(sample.shape, dtype=torch.long),
        "total": sample.new_zeros(sample.shape),
        "lowest": sample.new_full(sample.shape, math.inf),
        "highest": sample.new_ones(sample.shape).mul_(-math.inf),
    }


def uniform_between(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """Draws one number for each pair of bounds, all values between the two being equally likely.

    Args:
        low: lower bounds, any shape, float32 or float64.
        high: upper bounds, same shape and dtype as `low`, and nowhere below it.
        generator: the only source of randomness. Drawing moves it on, so a second call with it gives other numbers.

    Returns:
        A new tensor of the shape and dtype of `low`, each element drawn independently of the others. Where `low` and
        `high` are equal, that value. (Rounding may make a number equal to its upper bound.)
    """
    return low.lerp(high, torch.empty_like(low).uniform_(generator=generator))


def add_noise(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """Adds normal noise to a signal, the same noise whenever the seed is the same.

    Args:
        signal: any shape; float16, float32 or float64. It is left as it is.
        sigma: standard deviation of the noise, at least 0.
        seed: 0 to 2**32 - 1. It alone decides on the noise of a given signal and sigma, and torch's global generator is
            neither used nor moved.

    Returns:
        A new tensor of the shape and dtype of `signal`: to each element a number of its own is added, drawn
        independently from the normal distribution with mean 0 and standard deviation `sigma`.
    """
    own = torch.Generator(signal.device)
    own.manual_seed(seed)
    return torch.normal(signal.double(), sigma, generator=own).to(signal.dtype)


def saturating_cast(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Puts numbers into a narrow dtype, each as near as it gets, and says which of them could not be kept.

    Args:
        x: any shape, float32; infinite values are allowed, NaN is not. It is left as it is.
        dtype: `torch.float16` or `torch.int8`.

    Returns:
        `(narrow, lost)`, both of the shape of `x`.

        `narrow`, in `dtype`: the nearest number that the dtype can hold and that is finite. Beyond the ends of its
        range that is the end: ±65504 for float16, -128 and 127 for int8. Half-way between two whole numbers, int8 takes
        the even one, as `torch.round` does.

        `lost`, bool: True where the number in `narrow` is not exactly the one in `x`.
    """
    if dtype.is_floating_point:
        info, rounded = torch.finfo(dtype), x
    else:
        info, rounded = torch.iinfo(dtype), x.round()
    narrow = rounded.clip(info.min, info.max).type(dtype)
    return narrow, narrow.type_as(x).ne(x)


# stub df17850c07e2: says that nothing was written here yet; this line may stay or go
