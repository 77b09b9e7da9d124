"""Spec of tensor_creation."""

import copy
import math
import struct

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from harness.spec import (
    assert_own_memory,
    assert_raises,
    assert_shares_memory,
    assert_tensor,
    assert_unchanged,
    assert_value,
    float_dtypes,
    seeds,
    shapes,
    showing,
    tensors,
)

# Only a wider one: who goes through the default dtype and then to float32 loses nothing there.
_OTHER_DEFAULT = torch.float64


def _shown(text, call, *args):
    """What a call gives; a message about it shows the text. For arguments that cannot be typed, and for probes."""
    with showing(text):
        return call(*args)


def _under(impl, text, name, *args, default=_OTHER_DEFAULT):
    """What an exercise gives under a default dtype. None of its tensors requires gradients, whatever the exercise."""
    text = f"torch.set_default_dtype({default}); {text}"
    result, tracked = _shown(text, impl.probes.under_default, default, name, *args)
    assert not tracked, f"{', '.join(tracked)} of the result requires gradients, and should not"
    return result, text


# ---------------------------------------------------------------------------------------------------- split_records

# Where float32, float64 and int64 end, and their neighbours.
_IDS = st.one_of(
    st.sampled_from([0, 7, 2**24 + 1, 2**31, 2**53 + 1, 2**63 - 1]),
    st.integers(0, 2**63 - 1),
)
_WHOLE = st.integers(-100, 100)
_FRACTIONS = st.one_of(st.sampled_from([0.5, 0.1, -1 / 3, 1e-3, 3e30]), st.floats(-1000, 1000, width=32))


@st.composite
def _records(draw, values):
    count = draw(st.integers(0, 3))
    row = st.tuples(_IDS, st.lists(values, min_size=count, max_size=count))
    return [[key, *rest] for key, rest in draw(st.lists(row, min_size=1, max_size=4))]


def _two(result):
    """The two members of a tuple of two."""
    assert type(result) is tuple, f"the result is a {type(result).__name__}, and should be a tuple of two"
    assert len(result) == 2, f"the result is a tuple of {len(result)}, and should be one of 2"
    return result


def _split(impl, records):
    """Ids and values, and what they should be; the records are as they were."""
    before = copy.deepcopy(records)
    ids, values = np.array([record[0] for record in before], dtype=np.int64), [record[1:] for record in before]
    result = impl.split_records(records)
    assert repr(records) == repr(before), f"the call changed the records; afterwards they are {records}"
    return _two(result), (torch.from_numpy(ids), _float32(values, (len(before), len(before[0]) - 1)))


def _float32(rows, shape):
    return torch.from_numpy(np.array(rows, dtype=np.float64).reshape(shape).astype(np.float32))


@pytest.mark.exercise("split_records")
@given(records=_records(st.one_of(_WHOLE, _FRACTIONS)))
@example(records=[[2**24 + 1, 0.5]])
@example(records=[[2**53 + 1, 1]])
def test_ids_keep_every_digit(impl, records):
    """The ids have shape (n,) and dtype int64, and each is exactly the first entry of its record."""
    (ids, _), (expected, _) = _split(impl, records)
    assert_tensor(ids, expected)


@pytest.mark.exercise("split_records")
@given(records=_records(st.one_of(_WHOLE, _FRACTIONS)))
@example(records=[[1, 2**30, -3e30]])
@example(records=[[1], [2]])
def test_values_stand_in_their_places(impl, records):
    """The values have shape (n, k) and dtype float32, and row i holds those of record i in their order."""
    (_, values), (_, expected) = _split(impl, records)
    assert_tensor(values, expected, rtol=0.0, atol=0.0)


@pytest.mark.exercise("split_records")
def test_whole_values_are_float32_too(impl):
    """The values are float32 even if every one of them is a whole number."""
    (_, values), (_, expected) = _split(impl, [[1, 2, 3], [4, 5, 6]])
    assert_tensor(values, expected, rtol=0.0, atol=0.0)


@pytest.mark.exercise("split_records")
@pytest.mark.parametrize("records", [[[2**53 + 1, 0.1, 2], [7, -1 / 3, 0.5]], [[3, 1]], [[5]]], ids=str)
def test_records_become_int64_and_float32_under_any_default_dtype(impl, records):
    """Ids are int64 and values float32 whatever the default dtype is, and neither requires gradients."""
    result, called = _under(impl, f"split_records({records})", "split_records", records)
    ids, values = _two(result)
    assert_tensor(ids, torch.from_numpy(np.array([record[0] for record in records], dtype=np.int64)), called=called)
    expected = _float32([record[1:] for record in records], (len(records), len(records[0]) - 1))
    assert_tensor(values, expected, rtol=0.0, atol=0.0, called=called)


# ------------------------------------------------------------------------------------------- live_view and snapshot


@st.composite
def _arrays(draw, dtype, *, reverse, min_dims=0, min_side=1):
    """NumPy arrays: plain, a part of a larger one, transposed in memory, and reversed if asked for."""
    kind = draw(dtype)
    shape = draw(shapes(min_dims=min_dims, min_side=min_side, max_side=3))
    least = 0 if kind in (torch.uint8, torch.bool) else -8
    x = draw(tensors(shape=shape, dtype=kind, min_value=least, max_value=1 if kind is torch.bool else 8)).numpy()
    layout = draw(st.sampled_from(["plain", "part", "transposed", *(["reversed"] if reverse else [])]))
    if layout == "transposed":
        return np.asfortranarray(x)
    if layout == "part" and x.ndim:
        larger = np.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), dtype=x.dtype)
        part = larger[..., 1::2]
        part[...] = x
        return part
    if layout == "reversed" and x.ndim:
        back = _backwards(draw(st.lists(st.booleans(), min_size=x.ndim, max_size=x.ndim).filter(any)))
        return np.ascontiguousarray(x[back])[back]
    return x


def _backwards(axes):
    """An index that reverses the axes that are True."""
    return tuple(slice(None, None, -1 if backwards else None) for backwards in axes)


def _buffers():
    return _arrays(st.just(torch.float32), reverse=False, min_dims=1)


def _paste(array):
    """The array as a learner could type it, with the layout that it has in memory."""
    dtype = f"dtype=np.{array.dtype}"
    back = _backwards([step < 0 for step in array.strides])
    if any(part.step for part in back):
        index = ", ".join("::-1" if part.step else ":" for part in back)
        return f"np.array({array[back].tolist()}, {dtype})[{index}]"
    if isinstance(array.base, np.ndarray) and array.base.size > array.size:
        return f"np.array({array.base.tolist()}, {dtype})[..., 1::2]"
    return f"np.array({array.tolist()}, {dtype})"


def _listed(array, dtype):
    """An array's numbers as a tensor that has never seen its memory."""
    return torch.tensor(array.tolist(), dtype=dtype).reshape(array.shape)


@pytest.mark.exercise("live_view")
@given(buffer=_buffers())
@example(buffer=np.zeros((0, 3), dtype=np.float32))
@example(buffer=np.array([1e30, -300.0], dtype=np.float32))
def test_view_shows_the_buffer(impl, buffer):
    """The result is a float32 tensor with the shape and the numbers of the buffer."""
    before, typed = _listed(buffer, torch.float32), _paste(buffer)
    assert_tensor(_shown(f"live_view({typed})", impl.live_view, buffer), before, rtol=0.0, atol=0.0)
    assert_tensor(_listed(buffer, torch.float32), before, called=f"buffer = {typed}; live_view(buffer); buffer")


@pytest.mark.exercise("live_view")
@given(buffer=_buffers())
def test_what_is_written_into_one_is_seen_in_the_other(impl, buffer):
    """The result lies in the memory of the buffer: both see what is written into either, each number at its place."""
    wanted, typed = _listed(buffer, torch.float32) + 1, _paste(buffer)
    view = _shown(f"live_view({typed})", impl.live_view, buffer)
    assert_shares_memory(view, buffer, "buffer")
    assert type(view) is torch.Tensor, f"the result is a {type(view).__name__}, and should be a torch.Tensor"
    buffer += 1.0
    assert_tensor(view, wanted, called=f"buffer = {typed}; view = live_view(buffer); buffer += 1; view")
    view += 1.0
    seen = _listed(buffer, torch.float32)
    assert_tensor(
        seen, wanted + 1, called=f"buffer = {typed}; view = live_view(buffer); buffer += 1; view += 1; buffer"
    )


@pytest.mark.exercise("live_view")
@pytest.mark.parametrize(
    "dtype",
    ["float64", "float16", "int64", "int32", "int16", "int8", "uint8", "uint32", "bool", "complex64"],
)
def test_other_dtypes_are_refused(impl, dtype):
    """A buffer that is not float32 raises TypeError, for a converted copy would be no window."""
    assert_raises(TypeError, impl.live_view, np.zeros(2, dtype=dtype))
    assert_raises(TypeError, impl.live_view, np.ones((2, 4), dtype=dtype)[:, 1::2])


_ARRAY_DTYPES = st.sampled_from(
    [
        torch.float32,
        torch.float64,
        torch.float16,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    ]
)


@pytest.mark.exercise("snapshot")
@given(array=_arrays(_ARRAY_DTYPES, reverse=True, min_side=0))
@example(array=np.arange(3.0)[::-1])
@example(array=np.array([[1.0, 2.0], [3.0, 4.0]])[:, ::-1])
@example(array=np.array([0.1, 1 / 3, 1e-3]))
@example(array=np.array([2**40, -(2**31), 40_000, -300]))
@example(array=np.array([math.nan, math.inf, -math.inf]))
@example(array=np.array([200, 255], dtype=np.uint8))
@example(array=np.zeros((0, 3)))
@example(array=np.array(2.5))
def test_snapshot_holds_the_numbers(impl, array):
    """The result has the shape and the numbers of the array, in the default dtype."""
    before, typed = array.tobytes(), _paste(array)
    expected = torch.from_numpy(array.astype(np.float32, order="C"))
    result = _shown(f"snapshot({typed})", impl.snapshot, array)
    assert array.tobytes() == before, f"the call changed the array; afterwards it is {array.tolist()}"
    assert_tensor(result, expected, rtol=0.0, atol=0.0, equal_nan=True)


@pytest.mark.exercise("snapshot")
@given(array=_arrays(_ARRAY_DTYPES, reverse=True))
@example(array=np.array([1.0, 2.0], dtype=np.float32))
def test_snapshot_has_memory_of_its_own(impl, array):
    """The result shares no memory with the array, whatever the array's dtype is, so it stays when the array changes."""
    wanted, typed = _listed(array, torch.float32), _paste(array)
    kept = _shown(f"snapshot({typed})", impl.snapshot, array)
    assert_own_memory(kept, array, "array")
    array[...] = 0
    assert_tensor(kept, wanted, called=f"array = {typed}; kept = snapshot(array); array[...] = 0; kept")


@pytest.mark.exercise("snapshot")
@given(
    default=st.sampled_from([torch.float64, torch.float16, torch.bfloat16]),
    array=_arrays(_ARRAY_DTYPES, reverse=True),
)
@example(default=torch.float64, array=np.array([0.1, 1 / 3, 1e-300, 2.0**53 - 1]))
@example(default=torch.float64, array=np.array([2**53 - 1, -(2**31), 40_000]))
@example(default=torch.float64, array=np.array([1.0, 2.0]))
def test_snapshot_follows_the_default_dtype(impl, default, array):
    """After torch.set_default_dtype(…) the result has that dtype, with all the digits that it has room for."""
    expected = _listed(array, default)
    result, called = _under(impl, f"snapshot({_paste(array)})", "snapshot", array, default=default)
    assert_tensor(result, expected, rtol=0.0, atol=0.0, called=called)
    assert_own_memory(result, array, "array", called=called)


# ------------------------------------------------------------------------------------------------ passthrough_layer


def _number(x):
    return f'float("{x}")' if math.isinf(x) else repr(x)


def _assert_separate(x, name, called):
    """Not expanded: each element has memory that no other element of the tensor has."""
    if x.numel() > 1:
        wanted = x.clone(memory_format=torch.contiguous_format)
        wanted[(0,) * x.ndim] = 99
        x[(0,) * x.ndim] = 99
        assert_tensor(x, wanted, called=f"{called}; {name}[{', '.join('0' * x.ndim)}] = 99; {name}")


def _assert_apart(tensors, called):
    """Neither two of these tensors nor two numbers of one of them share memory; the names say how to get each."""
    names = list(tensors)
    for position, name in enumerate(names):
        for other in names[:position]:
            assert_own_memory(tensors[name], tensors[other], other, called=f"{called}; {name}")
    for name in names:
        _assert_separate(tensors[name], name, called)


_SIZES = st.integers(1, 5)
_FLOORS = st.one_of(st.integers(-3, 3), st.sampled_from([0.0, -0.5, 0.1, 2.5, -math.inf]))
_NAMES = ["weight", "bias", "scale", "floor"]


def _four(result):
    assert type(result) is dict, f"the result is a {type(result).__name__}, and should be a dict"
    assert sorted(result) == sorted(_NAMES), f"the keys are {sorted(result)}, and should be {sorted(_NAMES)}"
    return [result[name] for name in _NAMES]


def _assert_parameters(result, inputs, outputs, floor, called):
    weight = [[1.0 if row == column else 0.0 for column in range(inputs)] for row in range(outputs)]
    numbers = [weight, [0.0] * outputs, [1.0] * outputs, [float(floor)] * outputs]
    for name, x, wanted in zip(_NAMES, _four(result), numbers, strict=True):
        expected = torch.tensor(wanted, dtype=torch.float32)
        assert_tensor(x, expected, rtol=0.0, atol=0.0, called=f'{called}["{name}"]')


@pytest.mark.exercise("passthrough_layer")
@given(inputs=_SIZES, outputs=_SIZES, floor=_FLOORS)
@example(inputs=2, outputs=3, floor=0)
def test_parameters_are_as_stated(impl, inputs, outputs, floor):
    """The dict holds "weight" (1 where output i meets input i), "bias" (0), "scale" (1) and "floor", all float32."""
    result = impl.passthrough_layer(inputs, outputs, floor)
    _assert_parameters(result, inputs, outputs, floor, f"passthrough_layer({inputs}, {outputs}, {_number(floor)})")


@pytest.mark.exercise("passthrough_layer")
@pytest.mark.parametrize("floor", [0, -0.1])
def test_parameters_are_float32_under_any_default_dtype(impl, floor):
    """All four are float32, and require no gradients, whatever the default dtype is and whatever type the floor has."""
    result, called = _under(impl, f"passthrough_layer(2, 3, {floor})", "passthrough_layer", 2, 3, floor)
    _assert_parameters(result, 2, 3, floor, called)


@pytest.mark.exercise("passthrough_layer")
@pytest.mark.parametrize(("inputs", "outputs", "floor"), [(2, 3, 0), (3, 2, 0.0), (3, 2, 1.0), (1, 1, 0.0)])
def test_parameters_can_be_changed_one_by_one(impl, inputs, outputs, floor):
    """No two numbers share memory, be they of the same parameter, of two parameters or of two calls."""
    text = f"passthrough_layer({inputs}, {outputs}, {floor})"
    found = {}
    for x, result in zip(
        "ab", _shown(text, impl.probes.twice, "passthrough_layer", inputs, outputs, floor), strict=True
    ):
        found |= {f'{x}["{name}"]': y for name, y in zip(_NAMES, _four(result), strict=True)}
    _assert_apart(found, f"a = {text}; b = {text}")


@pytest.mark.exercise("passthrough_layer")
@given(inputs=_SIZES, outputs=_SIZES)
def test_layer_lets_its_input_through(impl, inputs, outputs):
    """Output i of the layer is input i as far as there is one, and 0 beyond."""
    weight, bias, scale, floor = _four(impl.passthrough_layer(inputs, outputs, -100))
    x = [1.5 * (k + 1) * (-1) ** k for k in range(inputs)]
    expected = torch.tensor((x + [0.0] * outputs)[:outputs])
    assert weight.shape == (outputs, inputs), (
        f'the shape of "weight" is {tuple(weight.shape)}, and should be ({outputs}, {inputs})'
    )
    result = torch.maximum(scale * (weight @ torch.tensor(x) + bias), floor)
    called = f"the layer with the parameters of passthrough_layer({inputs}, {outputs}, -100)"
    assert_tensor(result, expected, called=called)


# ------------------------------------------------------------------------------------------------- spectrogram_axes

_FRAMES = st.integers(1, 40)
_HOPS = st.one_of(st.sampled_from([0.1, 0.02, 1, 2]), st.floats(0.001, 4.0))
_BINS = st.integers(2, 40)
_RATES = st.one_of(st.sampled_from([8000, 11025, 44100.0]), st.integers(1, 48_000), st.floats(1.0, 48_000.0))


@pytest.mark.exercise("spectrogram_axes")
@given(frames=_FRAMES, hop=_HOPS, bins=_BINS, rate=_RATES)
@example(frames=3, hop=0.1, bins=3, rate=8000)  # 3 * 0.1 is a little more than 0.3
@example(frames=1, hop=1, bins=2, rate=1)
@example(frames=3000, hop=0.02, bins=2, rate=8000)
def test_times_begin_at_zero_and_go_in_steps_of_hop(impl, frames, hop, bins, rate):
    """There are `frames` times, 0, hop, 2·hop and so on, in float32."""
    times, _ = _two(impl.spectrogram_axes(frames, hop, bins, rate))
    expected = torch.tensor([k * float(hop) for k in range(frames)], dtype=torch.float32)
    assert_tensor(times, expected, rtol=1e-5, atol=0.0)


@pytest.mark.exercise("spectrogram_axes")
@given(frames=_FRAMES, hop=_HOPS, bins=_BINS, rate=_RATES)
@example(frames=2, hop=0.5, bins=3, rate=11025)
@example(frames=2, hop=0.5, bins=3000, rate=44100)
def test_frequencies_go_from_zero_to_half_the_rate(impl, frames, hop, bins, rate):
    """There are `bins` evenly spaced frequencies, the first 0 and the last rate/2, in float32."""
    _, frequencies = _two(impl.spectrogram_axes(frames, hop, bins, rate))
    expected = torch.tensor([k * float(rate) / (2 * (bins - 1)) for k in range(bins)], dtype=torch.float32)
    assert_tensor(frequencies, expected, rtol=1e-5, atol=0.0)


@pytest.mark.exercise("spectrogram_axes")
@pytest.mark.parametrize(("hop", "rate"), [(0.1, 11025), (2, 44100.0)])
def test_axes_are_float32_under_any_default_dtype(impl, hop, rate):
    """Times and frequencies are float32, and require no gradients, whatever the default dtype is."""
    result, called = _under(impl, f"spectrogram_axes(3, {hop}, 4, {rate})", "spectrogram_axes", 3, hop, 4, rate)
    times, frequencies = _two(result)
    expected = torch.tensor([k * float(hop) for k in range(3)], dtype=torch.float32)
    assert_tensor(times, expected, rtol=1e-5, atol=0.0, called=called)
    expected = torch.tensor([k * float(rate) / 6 for k in range(4)], dtype=torch.float32)
    assert_tensor(frequencies, expected, rtol=1e-5, atol=0.0, called=called)


# ------------------------------------------------------------------------------------------------- empty_statistics

_SAMPLES = tensors(
    shape=shapes(min_side=0, max_side=3),
    dtype=float_dtypes(),
    elements=st.sampled_from([1.0, -2.5, 8.0, 0.0, math.inf, -math.inf, math.nan]),
    noncontiguous=True,
)


def _beginnings(shape, dtype):
    def filled(value, kind):
        return torch.tensor([value] * math.prod(shape), dtype=kind).reshape(shape)

    return {
        "count": filled(0, torch.int64),
        "total": filled(0.0, dtype),
        "lowest": filled(math.inf, dtype),
        "highest": filled(-math.inf, dtype),
    }


@pytest.mark.exercise("empty_statistics")
@given(sample=_SAMPLES)
@example(sample=torch.tensor([math.inf, math.nan]))
def test_statistics_begin_empty(impl, sample):
    """The dict holds "count" (int64, 0) and, in the sample's dtype, "total" (0), "lowest" (+∞), "highest" (-∞)."""
    before = sample.clone()
    assert_value(impl.empty_statistics(sample), _beginnings(before.shape, before.dtype))
    assert_unchanged(sample, before, "sample")


@pytest.mark.exercise("empty_statistics")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)], ids=str)
def test_statistics_share_no_memory(impl, shape, dtype):
    """No two numbers share memory, be they of the same tensor, of two of the tensors, of the sample or of two calls."""
    sample = torch.zeros(shape, dtype=dtype)
    found = {"sample": sample}
    text = f"empty_statistics(torch.zeros({shape}, dtype={dtype}))"
    for x, result in zip("ab", _shown(text, impl.probes.twice, "empty_statistics", sample), strict=True):
        assert type(result) is dict, f"the result is a {type(result).__name__}, and should be a dict"
        found |= {f'{x}["{name}"]': y for name, y in result.items()}
    made = f"sample = torch.zeros({shape}, dtype={dtype})"
    _assert_apart(found, f"{made}; a = empty_statistics(sample); b = empty_statistics(sample)")


@pytest.mark.exercise("empty_statistics")
def test_statistics_do_not_follow_the_default_dtype(impl):
    """The sample's dtype counts, not the default one; and none of the four requires gradients."""
    text = "empty_statistics(torch.tensor([1.0, 2.0], dtype=torch.float32))"
    result, called = _under(impl, text, "empty_statistics", torch.tensor([1.0, 2.0]))
    assert_value(result, _beginnings((2,), torch.float32), called=called)


@pytest.mark.exercise("empty_statistics")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(), (2, 3)], ids=str)
def test_statistics_live_where_the_sample_lives(impl, shape, dtype):
    """All four are on the sample's device, here "meta", and keep shape and dtype there."""
    text = f'empty_statistics(torch.empty({shape}, dtype={dtype}, device="meta"))'
    found = _shown(text, impl.probes.statistics_on_meta, shape, dtype)
    expected = {"count": ("meta", torch.int64, shape)}
    expected |= dict.fromkeys(("total", "lowest", "highest"), ("meta", dtype, shape))
    assert_value(found, expected, called=f"{text}  # device, dtype and shape of each")


# -------------------------------------------------------------------------------------------------- uniform_between

_SEEDS = [0, 1, 2024, 2**32 - 1]
_MANY = (64, 128)
_COUNT = math.prod(_MANY)
# A right answer oversteps this Kolmogorov-Smirnov distance once in ten million times.
_FAR = 0.032


def _distance(sample, cdf):
    """Greatest distance between the distribution of a sample and the one that it should have."""
    ordered = cdf(sample.flatten().double().sort().values)
    ranks = torch.arange(_COUNT + 1, dtype=torch.float64) / _COUNT
    return torch.maximum(ordered - ranks[:-1], ranks[1:] - ordered).max().item()


def _assert_like(result, like):
    """Plain tensor, dtype and shape; no value is infinitely far away, but NaN is none."""
    assert_tensor(result, like, rtol=0.0, atol=math.inf)


def _assert_different(sample):
    """No repetitions."""
    different = (sample.double() * 2**16).round().unique().numel()
    assert different > 0.7 * _COUNT, (
        f"among {_COUNT} draws only {different} numbers differ: draw one number for each element"
    )


def _assert_independent(sample):
    """No draw resembles, or is the opposite of, another at a fixed distance, or on the other side of some place."""
    z = (sample.double() - sample.double().mean()).flatten().numpy()
    waves = np.fft.fft(z / z.std())
    apart, opposite = (np.fft.ifft(power).real / _COUNT for power in (np.abs(waves) ** 2, waves**2))
    lag = 1 + int(np.abs(apart[1:]).argmax())
    assert abs(apart[lag]) < 0.09, (
        f"draws that are {lag} places apart are correlated ({apart[lag]:.2f}): each should be independent of the others"
    )
    total = int(np.abs(opposite).argmax())
    assert abs(opposite[total]) < 0.13, (
        f"the draws at flat places i and {total} - i are correlated ({opposite[total]:.2f}): each should be "
        "independent of the others"
    )


def _assert_global_state(states, seed, called):
    """Of torch, NumPy and Python, before and after."""
    for library, (before, after) in states.items():
        found = "as it was" if before == after else "moved or seeded"
        assert_value(
            found, "as it was", called=f"every global generator seeded with {seed}; {called}; that of {library}"
        )


@st.composite
def _bounds(draw):
    shape = draw(shapes(max_side=3))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    low = draw(tensors(shape=shape, dtype=dtype, unique=True, noncontiguous=True))
    width = draw(tensors(shape=shape, dtype=dtype, min_value=0, max_value=1))
    return low, low + width


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _far_bounds(dtype):
    """Very different bounds for many elements, in no order."""
    order = torch.randperm(_COUNT, generator=_generator(1))
    low = torch.linspace(-50, 50, _COUNT, dtype=dtype)[order].reshape(_MANY)
    width = torch.linspace(0.5, 20, _COUNT, dtype=dtype)[order.flip(0)].reshape(_MANY)
    return low, low + width


@pytest.mark.exercise("uniform_between")
@given(bounds=_bounds(), seed=seeds())
def test_numbers_lie_between_their_bounds(impl, bounds, seed):
    """The result has shape and dtype of the bounds, and each element lies between the low and the high at its place."""
    low, high = bounds
    befores = low.clone(), high.clone()
    result = impl.uniform_between(low, high, _generator(seed))
    assert_unchanged(low, befores[0], "low")
    assert_unchanged(high, befores[1], "high")
    _assert_like(result, befores[0])
    slack = 1e-6 * torch.maximum(befores[0].abs(), befores[1].abs())
    inside = (result >= befores[0] - slack) & (result <= befores[1] + slack)
    assert inside.all(), f"got {result.tolist()}, where low is {befores[0].tolist()} and high is {befores[1].tolist()}"
    assert_own_memory(result, low, "low")
    assert_own_memory(result, high, "high")


# Numbers that no few binary digits hold: rounding errors show.
_ROUGH = st.sampled_from([0.1, -1 / 3, 0.7, 1e-3, -5.3, 1e6 / 7, 3e30, 0.0, 2.5])


@pytest.mark.exercise("uniform_between")
@given(
    low=tensors(
        shape=shapes(min_side=0),
        dtype=st.sampled_from([torch.float32, torch.float64]),
        elements=_ROUGH,
        noncontiguous=True,
    ),
    seed=seeds(),
)
@example(low=torch.tensor([0.1, 1 / 3, 0.7, -5.3, 1e6 / 7], dtype=torch.float64), seed=0)
@example(low=torch.tensor([0.1, 1 / 3, 0.7, -5.3, 1e6 / 7], dtype=torch.float32), seed=0)
def test_equal_bounds_give_that_value(impl, low, seed):
    """Where low and high are equal, the result is exactly that value."""
    before = low.clone()
    assert_tensor(impl.uniform_between(low, low.clone(), _generator(seed)), before, rtol=0.0, atol=0.0)


@pytest.mark.exercise("uniform_between")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_draws_have_the_dtype_of_the_bounds_under_any_default_dtype(impl, dtype):
    """The result has the dtype of the bounds, not the default one, and requires no gradients."""
    low, high = torch.tensor([1.0, -2.0], dtype=dtype), torch.tensor([1.0, -2.0], dtype=dtype)
    text = f"uniform_between(torch.tensor([1.0, -2.0], dtype={dtype}), torch.tensor([1.0, -2.0], dtype={dtype}), "
    text += "torch.Generator().manual_seed(0))"
    result, called = _under(impl, text, "uniform_between", low, high, _generator(0))
    assert_tensor(result, low, called=called)


@pytest.mark.exercise("uniform_between")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("seed", [0, 123])
def test_all_values_are_equally_likely(impl, dtype, seed):
    """Measured over many draws, every value between the bounds is equally likely, and the draws are independent."""
    low, high = _far_bounds(dtype)
    result = impl.uniform_between(low, high, _generator(seed))
    _assert_like(result, low)
    share = (result.double() - low.double()) / (high.double() - low.double())
    _assert_different(share)
    _assert_independent(share)
    distance = _distance(share, lambda ordered: ordered.clamp(0, 1))
    assert distance < _FAR, (
        f"where 0 is low and 1 is high, {_COUNT} draws have mean {share.mean():.3f} (should be 0.500) and standard "
        f"deviation {share.std():.3f} (should be 0.289): this is not uniform between low and high"
    )


@pytest.mark.exercise("uniform_between")
@pytest.mark.parametrize("seed", _SEEDS)
def test_generator_alone_decides(impl, seed):
    """Generators in the same state give the same numbers, those in another state give others."""
    low, high = torch.zeros(2, 3), torch.ones(2, 3)
    first = impl.uniform_between(low, high, _generator(seed))
    again = impl.uniform_between(low, high, _generator(seed))
    called = f"uniform_between(torch.zeros(2, 3), torch.ones(2, 3), torch.Generator().manual_seed({seed}))"
    with showing(f"first = {called}\nagain = {called}"):
        assert_tensor(again, first, rtol=0.0, atol=0.0)
    other = impl.uniform_between(low, high, _generator(seed ^ 1))
    assert not torch.equal(other, first), f"the seeds {seed} and {seed ^ 1} give the same numbers: {first.tolist()}"
    moved = _generator(seed)
    torch.rand(5, generator=moved)
    later = torch.Generator()
    later.set_state(moved.get_state())
    continued = impl.uniform_between(low, high, moved)
    assert_tensor(impl.uniform_between(low, high, later), continued, rtol=0.0, atol=0.0)
    assert not torch.equal(continued, first), (
        "a generator that has been used before gives the same numbers as a fresh one: go on from where it stands"
    )


@pytest.mark.exercise("uniform_between")
@pytest.mark.parametrize("seed", _SEEDS)
def test_drawing_moves_the_generator_on(impl, seed):
    """A second call with the same generator gives other numbers."""
    low, high = torch.zeros(2, 3), torch.ones(2, 3)
    generator = _generator(seed)
    calls = [impl.uniform_between(low, high, generator) for _ in range(3)]
    for earlier, later in ((0, 1), (0, 2), (1, 2)):
        repeated = torch.equal(calls[earlier], calls[later])
        assert not repeated, f"calls {earlier + 1} and {later + 1} gave the same numbers: {calls[later].tolist()}"


@pytest.mark.exercise("uniform_between")
@pytest.mark.parametrize("seed", [0, 1, 2024])
@pytest.mark.parametrize("global_seed", [0, 3, 2024])
def test_uniform_leaves_the_global_generator_alone(impl, seed, global_seed):
    """No global generator (torch's, NumPy's, Python's) is used, moved or seeded."""
    low, high = torch.zeros(2, 3), torch.ones(2, 3)
    called = f"uniform_between(torch.zeros(2, 3), torch.ones(2, 3), torch.Generator().manual_seed({seed}))"
    probe = impl.probes.uniform_and_global_states
    result, states = _shown(called, probe, global_seed, low, high, _generator(seed))
    _assert_global_state(states, global_seed, called)
    other, _ = _shown(called, probe, global_seed ^ 1, low, high, _generator(seed))
    called = f"every global generator seeded with {global_seed ^ 1} instead of {global_seed}; {called}"
    assert_tensor(other, result, rtol=0.0, atol=0.0, called=called)


# -------------------------------------------------------------------------------------------------------- add_noise

_SIGNAL_DTYPES = st.sampled_from([torch.float32, torch.float64, torch.float16])
_SIGNALS = tensors(shape=shapes(min_side=0), dtype=_SIGNAL_DTYPES, noncontiguous=True)


def _assert_moderate(result, signal, sigma):
    """Nothing is twelve deviations away."""
    noise = (result.double() - signal.double()).flatten()
    if noise.numel():
        far = int((noise.abs().nan_to_num(math.inf)).argmax())
        assert noise[far].abs().item() < 12 * sigma, (
            f"{signal.flatten()[far]} became {result.flatten()[far]}: that is noise of {noise[far]:.6g}, where sigma "
            f"is {sigma}"
        )


def _normal_cdf(x):
    return 0.5 * (1 + torch.erf(x / math.sqrt(2)))


@pytest.mark.exercise("add_noise")
@given(signal=_SIGNALS, seed=seeds())
@example(signal=torch.tensor([0.1, 1 / 3]), seed=0)
@example(signal=torch.tensor([0.1, 1 / 3], dtype=torch.float64), seed=0)
def test_without_noise_the_signal_remains(impl, signal, seed):
    """With sigma 0 the result is a new tensor that equals the signal exactly, in its dtype."""
    before = signal.clone()
    result = impl.add_noise(signal, 0.0, seed)
    assert_tensor(result, before, rtol=0.0, atol=0.0)
    assert_own_memory(result, signal, "signal")


@pytest.mark.exercise("add_noise")
@given(signal=_SIGNALS, sigma=st.sampled_from([0.25, 1.0, 3.0]), seed=seeds())
def test_signal_is_left_as_it_is(impl, signal, sigma, seed):
    """The result is a new tensor of the signal's shape and dtype, and the signal itself is unchanged."""
    before = signal.clone()
    result = impl.add_noise(signal, sigma, seed)
    assert_unchanged(signal, before, "signal")
    _assert_like(result, before)
    _assert_moderate(result, before, sigma)
    assert_own_memory(result, signal, "signal")


@pytest.mark.exercise("add_noise")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16], ids=str)
@pytest.mark.parametrize(("sigma", "seed"), [(3.0, 0), (0.25, 99)])
def test_noise_is_normal_with_standard_deviation_sigma(impl, dtype, sigma, seed):
    """Measured over many elements, the noise is normal with mean 0 and standard deviation sigma, and independent."""
    # Sums that float16 rounds coarsely would hide the distribution, so its signal stays small. That of float64 would
    # not survive in float32.
    reach = {torch.float16: 0.5, torch.float32: 50, torch.float64: 1e8}[dtype]
    order = torch.randperm(_COUNT, generator=_generator(2))
    signal = torch.linspace(-reach, reach, _COUNT, dtype=torch.float64)[order].reshape(_MANY).to(dtype)
    result = impl.add_noise(signal, sigma, seed)
    _assert_like(result, signal)
    _assert_moderate(result, signal, sigma)
    noise = (result.double() - signal.double()) / sigma
    if dtype is not torch.float16:
        _assert_different(noise)
    _assert_independent(noise)
    mean, spread = noise.mean().item(), noise.std().item()
    said = f"the noise over sigma has mean {mean:.3f} (should be 0) and standard deviation {spread:.3f} (should be 1)"
    assert abs(mean) < 0.06, said
    assert abs(spread - 1) < 0.045, said
    assert _distance(noise, _normal_cdf) < _FAR, f"{said}, but its distribution is not the normal one"
    assert noise.abs().max() > 3, (
        f"{said}, but none of {_COUNT} numbers is beyond three deviations: nothing may be cut off"
    )


@pytest.mark.exercise("add_noise")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16], ids=str)
@pytest.mark.parametrize("seed", _SEEDS)
def test_same_seed_same_noise(impl, dtype, seed):
    """Two calls with the same seed give the same result."""
    signal = torch.tensor([[0.5, -1.0, 2.0], [0.0, 8.0, 0.25]], dtype=dtype)
    first = impl.add_noise(signal, 0.5, seed)
    assert_tensor(impl.add_noise(signal, 0.5, seed), first, rtol=0.0, atol=0.0)


@pytest.mark.exercise("add_noise")
@given(seed=seeds())
def test_other_seed_other_noise(impl, seed):
    """Another seed gives other noise, and the six numbers of a small signal are no more regular than by chance."""
    signal = torch.zeros(2, 3)
    noises = [impl.add_noise(signal, 1.0, seed)]
    for other in (seed ^ 1, seed ^ 2**16, seed ^ 2**31, (seed + 1000) % 2**32, 2**32 - 1 - seed):
        noises.append(impl.add_noise(signal, 1.0, other))
        same = torch.equal(noises[-1], noises[0])
        assert not same, f"the seeds {seed} and {other} give the same noise: {noises[0].tolist()}"
    for what, of_noise, usual in (("mean", torch.mean, 0.0), ("standard deviation", torch.std, 1.0)):
        gap = max((of_noise(noise) - usual).abs().item() for noise in noises)
        assert gap > 1e-3, (
            f"whatever the seed, the noise of six elements has {what} {usual}; drawn independently, it varies"
        )


@pytest.mark.exercise("add_noise")
@pytest.mark.parametrize("seed", [0, 1, 2024])
@pytest.mark.parametrize("global_seed", [0, 3, 2024])
def test_noise_leaves_the_global_generator_alone(impl, seed, global_seed):
    """No global generator (torch's, NumPy's, Python's) is used, moved or seeded."""
    signal = torch.zeros(2, 3)
    called = f"add_noise(torch.zeros(2, 3), 1.0, {seed})"
    result, states = _shown(called, impl.probes.noise_and_global_states, global_seed, signal, 1.0, seed)
    _assert_global_state(states, global_seed, called)
    other, _ = _shown(called, impl.probes.noise_and_global_states, global_seed ^ 1, signal, 1.0, seed)
    called = f"every global generator seeded with {global_seed ^ 1} instead of {global_seed}; {called}"
    assert_tensor(other, result, rtol=0.0, atol=0.0, called=called)


# -------------------------------------------------------------------------------------------------- saturating_cast

# Ends of the ranges, halves, what float16 has no room for, and plain numbers; each also negative.
_CRITICAL = [0.0, 0.5, 1.5, 2.5, 2.7, 7.0, 126.5, 127.0, 127.4, 127.5, 128.0, 128.5, 129.0, 200.0, 255.0, 256.0, 300.0]
_CRITICAL += [0.1, 1e-8, 2.0**-24, 2.0**-25, 2047.0, 2049.0, 2051.0, 65504.0, 65505.0, 65519.0, 65520.0, 70000.0, 1e30]
_CRITICAL += [3.4028234663852886e38, math.inf]
# Just beside the halves: who rounds twice, or to fewer digits first, comes out on the wrong side.
_CRITICAL += [0.49999997, 0.50001, 1.4999, 2.4999, 2.5001, 100.49, 100.51, 126.4999, 126.5001, 127.4999]
_CRITICAL = [struct.unpack("f", struct.pack("f", x))[0] for x in _CRITICAL]
_ANYTHING = st.one_of(
    st.sampled_from([*_CRITICAL, *(-x for x in _CRITICAL)]),
    st.integers(-300, 300).map(float),
    st.floats(-300, 300, width=32),
    st.floats(width=32, allow_nan=False),
)
_INPUTS = tensors(shape=shapes(min_side=0, max_side=3), elements=_ANYTHING, noncontiguous=True)


def _half(x):
    """The nearest finite float16."""
    return struct.unpack("e", struct.pack("e", min(max(x, -65504.0), 65504.0)))[0]


def _byte(x):
    """The nearest int8; Python's round takes the even one of two neighbours."""
    return round(min(max(x, -128.0), 127.0))


_NEAREST = {torch.float16: _half, torch.int8: _byte}


def _cast(x, dtype):
    """What is expected, element by element."""
    numbers = x.flatten().tolist()
    narrow = [_NEAREST[dtype](number) for number in numbers]
    lost = [near != number for near, number in zip(narrow, numbers, strict=True)]
    return torch.tensor(narrow, dtype=dtype).reshape(x.shape), torch.tensor(lost, dtype=torch.bool).reshape(x.shape)


@pytest.mark.exercise("saturating_cast")
@given(x=_INPUTS)
@example(x=torch.tensor([2.7, 127.6, 128.0, 300.0, -200.0]))
@example(x=torch.tensor([math.inf, -math.inf, 1e30]))
@example(x=torch.tensor([2.5001, -2.5001, 100.51, 0.49999997, 126.4999]))
def test_int8_rounds_and_saturates(impl, x):
    """As int8 each number becomes the nearest whole one, even at halves, and stops at -128 and 127."""
    before = x.clone()
    narrow, _ = _two(impl.saturating_cast(x, torch.int8))
    assert_unchanged(x, before, "x")
    assert_tensor(narrow, _cast(before, torch.int8)[0])
    assert_own_memory(narrow, x, "x")


@pytest.mark.exercise("saturating_cast")
@given(x=_INPUTS)
@example(x=torch.tensor([0.1, 2049.0, 1e-8]))
@example(x=torch.tensor([70000.0, -70000.0, math.inf, -math.inf]))
def test_float16_rounds_and_saturates(impl, x):
    """As float16 each number becomes the nearest one that float16 has, and stops at -65504 and 65504."""
    before = x.clone()
    narrow, _ = _two(impl.saturating_cast(x, torch.float16))
    assert_unchanged(x, before, "x")
    assert_tensor(narrow, _cast(before, torch.float16)[0], rtol=0.0, atol=0.0)
    assert_own_memory(narrow, x, "x")


@pytest.mark.exercise("saturating_cast")
@given(x=_INPUTS, dtype=st.sampled_from([torch.int8, torch.float16]))
@example(x=torch.tensor([1.0, 2.5, 127.0, 128.0, -0.0, 100.0005]), dtype=torch.int8)
@example(x=torch.tensor([0.5, 0.1, 65504.0, 65505.0, math.inf, 1e-8]), dtype=torch.float16)
def test_lost_marks_what_was_not_kept(impl, x, dtype):
    """`lost` is True exactly where the number in `narrow` is not the number in `x`, be it rounded or out of range."""
    _, lost = _two(impl.saturating_cast(x, dtype))
    assert_tensor(lost, _cast(x, dtype)[1])
