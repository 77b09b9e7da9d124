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
        `(ids, values)`: the ids, (n,), int64, exact; the values, (n, k), float32, also if all of them are whole, and
        whatever the default dtype is.
    """
    raise NotImplementedError("split_records")


def live_view(buffer: np.ndarray) -> Tensor:
    """Opens a window on the memory of a NumPy array: whatever is written into one is seen in the other.

    Args:
        buffer: an array with at least one dimension, possibly with no elements. Its rows and columns may be a part of a
            larger array; they are never reversed.

    Returns:
        A float32 tensor of the same shape and the same numbers, in the memory of `buffer`.

    Raises:
        TypeError: `buffer` is not float32, so that there can be no such window, only a converted copy.
    """
    raise NotImplementedError("live_view")


def snapshot(array: np.ndarray) -> Tensor:
    """Keeps the numbers that are in a NumPy array now, whatever happens to the array later.

    Args:
        array: of any shape, also one with no elements; floats (NaN and infinities too), integers or booleans. It may be
            reversed along any axis, such as `a[::-1]` or `a[:, ::-1]`. It is left as it is.

    Returns:
        A tensor of the same shape and the same numbers, in memory of its own, in the default dtype: the one that
        `torch.get_default_dtype()` gives when `snapshot` is called. Each number is the nearest that this dtype has.
    """
    raise NotImplementedError("snapshot")


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
        (outputs,), of zeros; "scale", (outputs,), of ones; "floor", (outputs,), with `floor` everywhere. They are
        float32 whatever the default dtype and the type of `floor` are. No two numbers, in the same or in different
        tensors or from different calls, share memory, so that training can change each. None requires gradients yet.
    """
    raise NotImplementedError("passthrough_layer")


def spectrogram_axes(frames: int, hop: float, bins: int, rate: float) -> tuple[Tensor, Tensor]:
    """Gives the two axes of a picture of sound: the times of its columns and the frequencies of its rows.

    Args:
        frames: number of columns, at least 1.
        hop: seconds from one column to the next, above 0; a `float` or an `int`.
        bins: number of rows, at least 2.
        rate: sampling rate in hertz, above 0; a `float` or an `int`, which may be odd.

    Returns:
        `(times, frequencies)`: (frames,), float32, from 0 on in steps of `hop`; (bins,), float32, evenly spaced from 0
        up to and including `rate / 2`. Both are float32 whatever the default dtype is.
    """
    raise NotImplementedError("spectrogram_axes")


def empty_statistics(sample: Tensor) -> dict[str, Tensor]:
    """Prepares running statistics, one for each place of a sample, before the first sample has been counted.

    Later code will, for each sample, add 1 to "count" and the sample to "total", and put `torch.minimum` of "lowest"
    and the sample into "lowest", `torch.maximum` of "highest" and the sample into "highest".

    Args:
        sample: shows what samples look like: any shape, any floating dtype, any device. Its numbers do not count, and
            it is left as it is.

    Returns:
        Four tensors of the sample's shape on the sample's device: "count", int64, zeros; and in the sample's dtype
        "total", zeros; "lowest", +∞; "highest", -∞. No two numbers, in the same or in different tensors or from
        different calls, share memory, nor does one with the sample.
    """
    raise NotImplementedError("empty_statistics")


def uniform_between(low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """Draws one number for each pair of bounds, all values between the two being equally likely.

    Args:
        low: lower bounds, any shape, float32 or float64.
        high: upper bounds, same shape and dtype as `low`, and nowhere below it.
        generator: the only source of randomness; no global generator (torch's, NumPy's, Python's) is used or moved.
            Drawing moves it on, so a second call with it gives other numbers.

    Returns:
        A new tensor of the shape and dtype of `low`, each element drawn independently of the others. Where `low` and
        `high` are equal, exactly that value. (Elsewhere, rounding may make a number equal to its upper bound.)
    """
    raise NotImplementedError("uniform_between")


def add_noise(signal: Tensor, sigma: float, seed: int) -> Tensor:
    """Adds normal noise to a signal, the same noise whenever the seed is the same.

    Args:
        signal: any shape; float16, float32 or float64. It is left as it is.
        sigma: standard deviation of the noise, at least 0.
        seed: 0 to 2**32 - 1. It alone decides on the noise of a given signal and sigma, and no global generator
            (torch's, NumPy's, Python's) is used or moved.

    Returns:
        A new tensor of the shape and dtype of `signal`: to each element a number of its own is added, drawn
        independently from the normal distribution with mean 0 and standard deviation `sigma`. No digit of the signal is
        lost beyond what its dtype has no room for: with `sigma` 0 the result is exactly the signal.
    """
    raise NotImplementedError("add_noise")


def saturating_cast(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Puts numbers into a narrow dtype, each as near as it gets, and says which of them could not be kept.

    Args:
        x: any shape, float32; infinite values are allowed, NaN is not. It is left as it is.
        dtype: `torch.float16` or `torch.int8`.

    Returns:
        `(narrow, lost)`, both of the shape of `x`.

        `narrow`, in `dtype`: the nearest number that the dtype can hold and that is finite. Beyond the ends of its
        range that is the end: ±65504 for float16, -128 and 127 for int8. Exactly half-way between two whole numbers,
        int8 takes the even one, as `torch.round` does; a little to one side of half-way it takes the nearer one.

        `lost`, bool: True where the number in `narrow` is not exactly the one in `x`.
    """
    raise NotImplementedError("saturating_cast")


# stub 10a9b868a368: says that nothing was written here yet; this line may stay or go
