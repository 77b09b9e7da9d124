"""Spec of indexing."""

import math

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
    shapes,
    tensors,
)

SIDE = st.sampled_from([2, 3, 1, 4])  # the first one comes most often: size 1 hides too much
LONG_SIDE = st.sampled_from([3, 4, 2, 1, 5])
LEADING = shapes(max_dims=2, max_side=3)
EXACTLY = {"rtol": 0.0, "atol": 0.0}
INF, NAN = math.inf, math.nan
FIRST = {  # the first number of a tensor; the simplest dtype first
    torch.float32: 1,
    torch.int64: 2**53,  # float64 does not hold the next one
    torch.float64: 1 / 3,  # float32 does not hold it
    torch.uint8: 20,
    torch.float16: 1,
    torch.bool: 0,
    torch.complex64: 1 + 2j,
}


def _numbered(shape, dtype, layout="in one piece"):
    """A tensor of numbers that all differ (truths apart), in one of three layouts."""
    x = torch.arange(math.prod(shape)).reshape(shape)
    x = x % 3 == 1 if dtype is torch.bool else x.to(dtype) + FIRST[dtype]
    if layout == "with gaps":
        return torch.stack([x, torch.zeros_like(x)], dim=-1)[..., 0]
    return x.mT.contiguous().mT if layout == "transposed" and x.ndim > 1 else x


def _any_numbered(shape):
    """The same, of any dtype and layout."""
    layouts = st.sampled_from(["in one piece", "transposed", "with gaps"])
    return st.builds(_numbered, st.just(shape), st.sampled_from(list(FIRST)), layouts)


@st.composite
def _floats(draw, shape, dtype):
    """A tensor of small numbers, often tenths, which no dtype holds exactly."""
    x = draw(tensors(shape=shape, dtype=dtype, noncontiguous=True))
    return x.mul_(0.1) if draw(st.booleans()) else x


@st.composite
def _labels(draw, shape, least, greatest):
    """Labels of that shape between two limits; not always contiguous."""
    limits = {"min_value": least, "max_value": greatest}
    return draw(tensors(shape=shape, dtype=torch.int64, noncontiguous=True, **limits))


def _tensor(values, like, shape):
    """Nested lists of numbers as a tensor with the dtype of another."""
    return torch.tensor(values, dtype=like.dtype).reshape(shape)


def _parts(result, names):
    """The parts of a result that should be a tuple of so many."""
    assert isinstance(result, tuple) and len(result) == len(names), (
        f"it should return a tuple of {len(names)} ({', '.join(names)}), and not {result!r}"
    )
    return result


# colour_planes

PLANES = {"red": (0, 0), "green in the red rows": (0, 1), "green in the blue rows": (1, 0), "blue": (1, 1)}


@st.composite
def _pictures(draw):
    return draw(_any_numbered((*draw(LEADING), draw(LONG_SIDE), draw(LONG_SIDE))))


def _plane(raw, row, column):
    """The pixels in the rows and columns of that parity."""
    *lead, h, w = raw.shape
    ys, xs = [y for y in range(h) if y % 2 == row], [x for x in range(w) if x % 2 == column]
    plane = [[[picture[y][x] for x in xs] for y in ys] for picture in raw.reshape(-1, h, w).tolist()]
    return _tensor(plane, raw, (*lead, len(ys), len(xs)))


@pytest.mark.exercise("colour_planes")
@given(raw=_pictures())
@example(raw=_numbered((3, 4), torch.float32))
@example(raw=_numbered((5, 2), torch.int64))
@example(raw=_numbered((2, 1, 4, 3), torch.float64, "transposed"))
@example(raw=torch.zeros(0, 3, 5))
@example(raw=torch.zeros(2, 0, 1, 4))
def test_each_plane_holds_the_pixels_of_its_colour(impl, raw):
    """Each plane holds the pixels of its colour in their order: red and green in even rows, green and blue in odd."""
    before, expected = raw.clone(), [_plane(raw, *parity) for parity in PLANES.values()]
    planes = _parts(impl.colour_planes(raw), PLANES)
    for plane, right in zip(planes, expected, strict=True):
        assert_tensor(plane, right, **EXACTLY)
    assert_unchanged(raw, before, "raw")


@pytest.mark.exercise("colour_planes")
@pytest.mark.parametrize("shape", [(3, 2), (2, 4, 5)])
@pytest.mark.parametrize("layout", ["in one piece", "transposed", "with gaps"])
def test_planes_are_views(impl, shape, layout):
    """Each plane looks into the memory of the raw picture, however that stands in memory: no pixel is copied."""
    raw = _numbered(shape, torch.float32, layout)
    for plane in _parts(impl.colour_planes(raw), PLANES):
        assert_shares_memory(plane, raw, "raw")


# mirror_pad


def _mirrored(row, margin):
    """The row continued at both ends: a place before the first counts back from it, one after the last likewise."""
    n = len(row)
    return [row[n - 1 - abs(n - 1 - abs(place))] for place in range(-margin, n + margin)]


@st.composite
def _signals_and_margins(draw):
    n = draw(LONG_SIDE)
    return draw(_any_numbered((*draw(LEADING), n))), draw(st.integers(0, n - 1))


@pytest.mark.exercise("mirror_pad")
@given(arguments=_signals_and_margins())
@example(arguments=(_numbered((4,), torch.float32), 2))
@example(arguments=(_numbered((2, 4), torch.int64), 3))
@example(arguments=(_numbered((3, 1, 4), torch.float64, "transposed"), 1))
@example(arguments=(_numbered((300,), torch.float32), 299))
@example(arguments=(torch.zeros(0, 4), 3))
@example(arguments=(torch.zeros(2, 0, 3), 0))
def test_signals_go_on_as_their_mirror_image(impl, arguments):
    """At either end the signal goes on backwards for `margin` samples, without a repetition of the outermost one."""
    signal, margin = arguments
    before = signal.clone()
    *lead, n = signal.shape
    rows = [_mirrored(row, margin) for row in signal.reshape(math.prod(lead), n).tolist()]
    result = impl.mirror_pad(signal, margin)
    assert_tensor(result, _tensor(rows, before, (*lead, n + 2 * margin)), **EXACTLY)
    assert_unchanged(signal, before, "signal")
    assert_own_memory(result, signal, "signal")


@pytest.mark.exercise("mirror_pad")
@pytest.mark.parametrize("shape", [(3,), (2, 4), (1,)])
def test_without_margin_a_copy(impl, shape):
    """With margin 0 the result is a copy of the signal."""
    signal = _numbered(shape, torch.float32)
    result = impl.mirror_pad(signal, 0)
    assert_tensor(result, _numbered(shape, torch.float32))
    assert_own_memory(result, signal, "signal")


@pytest.mark.exercise("mirror_pad")
@pytest.mark.parametrize(
    ("shape", "margin"),
    [((4,), 4), ((4,), -1), ((1,), 1), ((5, 2), 2), ((2, 5), 7), ((3,), -2), ((0, 3), 3)],
)
def test_margin_that_does_not_fit_is_a_value_error(impl, shape, margin):
    """A negative margin raises ValueError, and so does one of n or more."""
    assert_raises(ValueError, impl.mirror_pad, torch.ones(shape), margin)


# usable_rows

LIMITS = st.sampled_from(
    [(-2.5, 6.0), (1.0, INF), (-6.0, 2.0), (-INF, INF), (-1.0, 4.0), (-INF, 1.0), (1.0, 1.0), (2.0, -2.0)]
)


@st.composite
def _tables(draw, rows=LONG_SIDE):
    """Tables of any floating-point dtype, with NaN and infinities here and there."""
    shape = draw(rows), draw(st.sampled_from([3, 2, 1, 4]))
    table = draw(_floats(shape, float_dtypes()))
    marks = draw(tensors(shape=shape, dtype=torch.int64, min_value=0, max_value=15))
    for mark, value in ((9, NAN), (11, INF), (13, -INF)):
        table.masked_fill_(marks == mark, value)
    return table


@pytest.mark.exercise("usable_rows")
@given(table=_tables(LONG_SIDE | st.just(0)), limits=LIMITS)
def test_rows_within_the_limits_are_kept(impl, table, limits):
    """The rows whose values all lie between the limits are kept, in order, together with their row numbers."""
    before, (low, high) = table.clone(), limits
    numbers = [i for i, row in enumerate(table.tolist()) if all(low <= value <= high for value in row)]
    kept = [table[i].tolist() for i in numbers]
    rows, places = _parts(impl.usable_rows(table, low, high), ["rows", "row numbers"])
    assert_tensor(rows, _tensor(kept, before, (len(kept), table.shape[1])), **EXACTLY)
    assert_tensor(places, torch.tensor(numbers, dtype=torch.int64))
    assert_unchanged(table, before, "table")
    assert_own_memory(rows, table, "table")


@pytest.mark.exercise("usable_rows")
@pytest.mark.parametrize(
    ("table", "low", "high", "numbers"),
    [
        ([[0.0, 1.0]], 0.0, 1.0, [0]),
        ([[0.0], [1.0], [0.5]], 0.0, 1.0, [0, 1, 2]),
        ([[0.1, 0.2], [0.1 - 1e-12, 0.2], [0.1, 0.2 + 1e-12]], 0.1, 0.2, [0]),
        ([[NAN, 1.0], [1.0, NAN], [2.0, 1.0]], -INF, INF, [2]),
        ([[INF, 1.0], [-INF, 1.0], [3.0, -1.0]], 0.0, INF, [0]),
        ([[INF, -INF], [NAN, 0.0]], -INF, INF, [0]),
        ([[1.0, 9.0, 1.0], [1.0, 2.0, 1.0], [9.0, 1.0, 1.0], [1.0, 1.0, 9.0]], 0.0, 3.0, [1]),
        ([[5.0, 5.0], [6.0, 0.0]], 1.0, 4.0, []),
        ([[1e300, -1e300], [1e-300, -1e-300]], -1.0, 0.0, []),
        ([[3.0], [2.0]], 3.0, 3.0, [0]),
        ([[1.0, 1.0], [3.0, 3.0], [2.0, 2.0]], 3.0, 1.0, []),
    ],
)
def test_limits_themselves_are_inside(impl, table, low, high, numbers):
    """A value equal to a limit lies inside, NaN never does, and infinity does if the limit is infinite."""
    table = torch.tensor(table, dtype=torch.float64)
    expected = torch.tensor([table[i].tolist() for i in numbers], dtype=torch.float64).reshape(-1, table.shape[1])
    rows, places = _parts(impl.usable_rows(table, low, high), ["rows", "row numbers"])
    assert_tensor(rows, expected, **EXACTLY)
    assert_tensor(places, torch.tensor(numbers, dtype=torch.int64))
    assert_own_memory(rows, table, "table")


# clear_outliers


@st.composite
def _searches(draw):
    """A large table, the part of it to look at, and where to look how."""
    table = draw(_tables())
    n, m = table.shape
    around = table
    if draw(st.booleans()):
        around = torch.full((n + 2, m + 2), 99.0, dtype=table.dtype)
        around[1:-1, 1:-1] = table
        table = around[1:-1, 1:-1]
    column, start = draw(st.integers(-m, m - 1)), draw(st.integers(-n, n - 1))
    step, limit = draw(st.sampled_from([2, 1, 3])), draw(st.sampled_from([2.0, 0.0, 0.5, 5.0, INF]))
    return table, around, (column, start, step, limit)


def _cleared(rows, column, start, step, limit):
    """The rows of a table without its outliers, and how many there were."""
    count = 0
    for i in range(start % len(rows), len(rows), step):
        if not -limit <= rows[i][column] <= limit:
            rows[i][column] = 0.0
            count += 1
    return rows, count


@pytest.mark.exercise("clear_outliers")
@given(search=_searches())
def test_outliers_are_overwritten_in_place(impl, search):
    """In the chosen rows of the column, values beyond the limit and NaN become 0, and nothing else changes."""
    table, around, options = search
    shape, expected_around = table.shape, around.clone()
    rows, count = _cleared(table.tolist(), *options)
    expected = _tensor(rows, table, shape)
    if around is not table:
        expected_around[1:-1, 1:-1] = expected
    result = impl.clear_outliers(table, *options)
    assert_tensor(table, expected, **EXACTLY, equal_nan=True)
    if around is not table:
        assert torch.equal(around.nan_to_num(-77.0), expected_around.nan_to_num(-77.0)), (
            f"`table` is a part of a larger tensor, which should now be {expected_around.tolist()}, "
            f"and is {around.tolist()}"
        )
    assert_value(result, count)


@pytest.mark.exercise("clear_outliers")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("transposed", [False, True])
def test_table_in_any_layout_is_changed(impl, dtype, transposed):
    """The outliers are overwritten in the caller's table, however that stands in memory."""
    values = [[1.0, 9.0], [NAN, -9.0], [3.0, 9.0], [-INF, 2.0], [5.0, -3.0]]
    memory = torch.tensor(list(zip(*values, strict=True)) if transposed else values, dtype=dtype)
    table = memory.t() if transposed else memory
    seen = table[:, 1]
    assert_value(impl.clear_outliers(table, 1, 1, 2, 2.5), 1)
    assert_tensor(seen, torch.tensor([9.0, 0.0, 9.0, 2.0, -3.0], dtype=dtype))
    assert_value(impl.clear_outliers(table, -2, -4, 1, 3.0), 3)
    expected = [[1.0, 9.0], [0.0, 0.0], [3.0, 9.0], [0.0, 2.0], [0.0, -3.0]]
    assert_tensor(table, torch.tensor(expected, dtype=dtype))


@pytest.mark.exercise("clear_outliers")
@pytest.mark.parametrize(
    ("values", "limit", "expected"),
    [
        ([0.1, -0.1, 0.1 + 1e-12, -0.1 - 1e-12, 1e300], 0.1, [0.1, -0.1, 0.0, 0.0, 0.0]),
        ([INF, NAN, -INF, 1e300, NAN], INF, [INF, 0.0, -INF, 1e300, 0.0]),
        ([0.0, 1e-300, -1e-300, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_limit_is_exact(impl, values, limit, expected):
    """A value equal to the limit is no outlier, be it infinite, and one that exceeds it ever so little is."""
    table = torch.tensor([values, expected], dtype=torch.float64).t()
    count = sum(a != b for a, b in zip(values, expected, strict=True))
    assert_value(impl.clear_outliers(table, 0, 0, 1, limit), count)
    assert_tensor(table, torch.tensor([expected, expected], dtype=torch.float64).t(), **EXACTLY)


@pytest.mark.exercise("clear_outliers")
def test_minus_zero_stays(impl):
    """What is no outlier stays as it is: a -0.0 does not become 0.0."""
    table = torch.tensor([[-0.0], [9.0], [-0.0], [0.0]])
    assert_value(impl.clear_outliers(table, 0, 0, 1, 2.0), 1)
    shown = "table = torch.tensor([[-0.0], [9.0], [-0.0], [0.0]])\nclear_outliers(table, 0, 0, 1, 2.0)\ntable.signbit()"
    assert_value(table.signbit(), torch.tensor([[True], [False], [True], [False]]), called=shown)


@pytest.mark.exercise("clear_outliers")
@pytest.mark.parametrize("column", [0, 2, -1])
def test_no_rows_no_outliers(impl, column):
    """A table without rows has no outliers."""
    table = torch.zeros(0, 3)
    assert_value(impl.clear_outliers(table, column, 0, 2, 1.0), 0)
    assert_tensor(table, torch.zeros(0, 3))


# label_scores


@st.composite
def _scored_labels(draw):
    """Scores, labels, and the number of those to be ignored, or None for the default."""
    lead, c = draw(shapes(max_dims=3, max_side=3)), draw(SIDE)
    ignored = draw(st.sampled_from([None, -100, -1, 0, 1, c, c + 7, -2]))
    marker = -100 if ignored is None else ignored
    log_probs = draw(_floats((*lead, c), float_dtypes()))
    log_probs.masked_fill_(log_probs == -3.0, -INF)
    labels = draw(_labels(lead, -1, c - 1))
    labels.masked_fill_(labels == -1, marker)
    places = labels == marker
    if draw(st.booleans()):
        log_probs[places] = draw(st.sampled_from([NAN, INF, -INF]))
    return log_probs, labels, ignored


@pytest.mark.exercise("label_scores")
@given(arguments=_scored_labels())
def test_each_place_gives_the_score_of_its_label(impl, arguments):
    """Each place gives the score of its label, and 0 where the label is to be ignored, whatever stands there."""
    log_probs, labels, ignored = arguments
    log_probs_before, labels_before = log_probs.clone(), labels.clone()
    c, marker = log_probs.shape[-1], -100 if ignored is None else ignored
    pairs = zip(log_probs.reshape(-1, c).tolist(), labels.flatten().tolist(), strict=True)
    expected = _tensor([0.0 if label == marker else row[label] for row, label in pairs], log_probs, labels.shape)
    options = [] if ignored is None else [ignored]
    result = impl.label_scores(log_probs, labels, *options)
    assert_tensor(result, expected, **EXACTLY)
    assert_unchanged(log_probs, log_probs_before, "log_probs")
    assert_unchanged(labels, labels_before, "labels")
    assert_own_memory(result, log_probs, "log_probs")


@pytest.mark.exercise("label_scores")
@pytest.mark.parametrize(
    ("log_probs", "labels", "ignored", "expected"),
    [
        ([[-0.1, -2.4], [-3.5, -0.03]], [1, 0], -100, [-2.4, -3.5]),
        ([[-0.1, -2.4], [-3.5, -0.03]], [0, 1], 0, [0.0, -0.03]),
        ([[NAN, NAN], [-INF, -0.0]], [-1, 0], -1, [0.0, -INF]),
        ([[[-1.5, NAN], [-0.25, -1e300]]], [[1, 1]], 1, [[0.0, 0.0]]),
        ([-0.5, -0.75, -1.25], 2, 3, -1.25),
        ([[-0.5], [-0.75]], [0, 0], -100, [-0.5, -0.75]),
    ],
)
def test_scores_of_a_few_labels(impl, log_probs, labels, ignored, expected):
    """The mark of what is to be ignored may be any number, also that of a class; a score may be -inf."""
    log_probs = torch.tensor(log_probs, dtype=torch.float64)
    result = impl.label_scores(log_probs, torch.tensor(labels), ignored)
    assert_tensor(result, torch.tensor(expected, dtype=torch.float64), **EXACTLY)
    assert_own_memory(result, log_probs, "log_probs")


@pytest.mark.exercise("label_scores")
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_no_labels_no_scores(impl, shape):
    """Where there are no labels, there are no scores."""
    assert_tensor(impl.label_scores(torch.ones(*shape, 3), torch.zeros(shape, dtype=torch.int64)), torch.zeros(shape))


# best_boxes


@st.composite
def _scored_boxes(draw):
    lead, n = draw(LEADING), draw(LONG_SIDE)
    scores = draw(tensors(shape=(*lead, n), dtype=float_dtypes(), unique=True, noncontiguous=True))
    return draw(_any_numbered((*lead, n, 4))), scores, draw(st.sampled_from([2, 3, 1, 4, 6]))


@pytest.mark.exercise("best_boxes")
@given(arguments=_scored_boxes())
def test_best_boxes_of_each_picture_in_order(impl, arguments):
    """Of each picture the k boxes with the highest scores are kept, whole, the best one first."""
    boxes, scores, k = arguments
    boxes_before, scores_before = boxes.clone(), scores.clone()
    *lead, n = scores.shape
    kept, kept_scores = [], []
    for picture, marks in zip(boxes.reshape(-1, n, 4).tolist(), scores.reshape(-1, n).tolist(), strict=True):
        order = sorted(range(n), key=lambda i: -marks[i])[:k]
        kept += [picture[i] for i in order]
        kept_scores += [marks[i] for i in order]
    best, best_scores = _parts(impl.best_boxes(boxes, scores, k), ["boxes", "scores"])
    assert_tensor(best, _tensor(kept, boxes_before, (*lead, min(k, n), 4)), **EXACTLY)
    assert_tensor(best_scores, _tensor(kept_scores, scores_before, (*lead, min(k, n))), **EXACTLY)
    assert_unchanged(boxes, boxes_before, "boxes")
    assert_unchanged(scores, scores_before, "scores")
    assert_own_memory(best, boxes, "boxes")
    assert_own_memory(best_scores, scores, "scores")


CLOSE = [-1 - rank * 1e-12 for rank in range(11)]
FAR = [5000.0 - 900 * rank for rank in range(11)]  # a sigmoid or a softmax makes many of them equal


@pytest.mark.exercise("best_boxes")
@pytest.mark.parametrize("best", [CLOSE, FAR], ids=["close", "far"])
@pytest.mark.parametrize("k", [1, 8, 12, 20])
def test_many_boxes_are_sorted(impl, best, k):
    """Of many boxes the best ones come in order too, be their scores very close, far apart, negative, or -inf."""
    n, pictures = 12, 3
    order = [[(7 * i + 5 * picture) % n for i in range(n)] for picture in range(pictures)]  # of the boxes, best first
    marks = [*best, -INF]
    scores = torch.zeros(pictures, n, dtype=torch.float64)
    for picture, places in enumerate(order):
        scores[picture, places] = torch.tensor(marks, dtype=torch.float64)
    boxes = _numbered((pictures, n, 4), torch.int64)
    kept = [[boxes[picture, place].tolist() for place in places[:k]] for picture, places in enumerate(order)]
    found, found_scores = _parts(impl.best_boxes(boxes, scores, k), ["boxes", "scores"])
    assert_tensor(found, torch.tensor(kept))
    assert_tensor(found_scores, torch.tensor([marks[:k]] * pictures, dtype=torch.float64), **EXACTLY)


@pytest.mark.exercise("best_boxes")
@pytest.mark.parametrize("lead", [(0,), (2, 0)])
@pytest.mark.parametrize("k", [2, 5])
def test_no_pictures_no_boxes(impl, lead, k):
    """Where there are no pictures, there are no boxes."""
    best, scores = _parts(impl.best_boxes(torch.zeros(*lead, 3, 4), torch.zeros(*lead, 3), k), ["boxes", "scores"])
    assert_tensor(best, torch.zeros(*lead, min(k, 3), 4))
    assert_tensor(scores, torch.zeros(*lead, min(k, 3)))


# smoothed_targets

PRECISION = {
    torch.float32: {"rtol": 1e-6, "atol": 1e-7},
    torch.float64: {"rtol": 1e-12, "atol": 1e-14},
    torch.float16: {"rtol": 2e-3, "atol": 1e-4},
    torch.bfloat16: {"rtol": 1e-2, "atol": 1e-3},
}


def _targets(labels, classes, smoothing, dtype):
    """The rows of targets, number by number."""
    rows = []
    for label in labels.flatten().tolist():
        row = [0.0 if label < 0 else smoothing / classes] * classes
        if label >= 0:
            row[label] += 1.0 - smoothing
        rows.append(row)
    return torch.tensor(rows, dtype=dtype).reshape(*labels.shape, classes)


@st.composite
def _labels_and_classes(draw):
    classes = draw(LONG_SIDE)
    return draw(_labels(draw(shapes(max_dims=3, max_side=3)), -1, classes - 1)), classes


@pytest.mark.exercise("smoothed_targets")
@given(
    arguments=_labels_and_classes(),
    smoothing=st.sampled_from([0.1, 0.0, 0.25, 0.3, 0.5, 1.0]),
    dtype=st.sampled_from(list(PRECISION)),
)
@example(arguments=(torch.tensor([[2, -1, 0], [1, 2, 2]]), 3), smoothing=0.1, dtype=torch.float64)
def test_targets_are_smoothed(impl, arguments, smoothing, dtype):
    """The smoothing is spread over all classes, the label gets the rest on top, and a label of -1 gives zeros."""
    labels, classes = arguments
    before, expected = labels.clone(), _targets(labels, classes, smoothing, dtype)
    assert_tensor(impl.smoothed_targets(labels, classes, smoothing, dtype), expected, **PRECISION[dtype])
    assert_unchanged(labels, before, "labels")


@pytest.mark.exercise("smoothed_targets")
@pytest.mark.parametrize(
    ("labels", "classes"),
    [([2, 0, 2], 3), ([[-1, 1], [3, 0], [2, 2]], 4), (1, 2), (0, 1), ([150, -1, 0, 199, 150], 200)],
)
def test_defaults_are_no_smoothing_and_float32(impl, labels, classes):
    """By default the result is float32, and without smoothing exactly one-hot: zeros, and a 1 at the label."""
    labels = torch.tensor(labels)
    one_hot = _targets(labels, classes, 0.0, torch.float32)
    assert_tensor(impl.smoothed_targets(labels, classes), one_hot, **EXACTLY)
    assert_tensor(impl.smoothed_targets(labels, classes, 0.0), one_hot, **EXACTLY)
    smoothed = _targets(labels, classes, 0.1, torch.float32)
    assert_tensor(impl.smoothed_targets(labels, classes, 0.1), smoothed, **PRECISION[torch.float32])


@pytest.mark.exercise("smoothed_targets")
@pytest.mark.parametrize("shape", [(0,), (2, 0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_labels_no_rows(impl, shape, dtype):
    """Where there are no labels, there are no rows, but still as many columns as classes."""
    labels = torch.zeros(shape, dtype=torch.int64)
    assert_tensor(impl.smoothed_targets(labels, 3, 0.1, dtype), torch.zeros(*shape, 3, dtype=dtype))


# segment_means

FLOATS = st.sampled_from([torch.float32, torch.float64])
ROUNDING = {torch.float32: {"rtol": 1e-5, "atol": 1e-5}, torch.float64: {"rtol": 1e-13, "atol": 1e-13}}


@st.composite
def _segmented_rows(draw):
    n, d, count = draw(st.sampled_from([4, 6, 5, 3, 2, 1, 0])), draw(st.sampled_from([2, 3, 1])), draw(LONG_SIDE)
    return draw(_floats((n, d), FLOATS)), draw(_labels((n,), 0, count - 1)), count


def _means(values, segments, count):
    """The means, one number after the other."""
    rows, numbers = values.tolist(), segments.tolist()
    means = []
    for segment in range(count):
        own = [row for row, number in zip(rows, numbers, strict=True) if number == segment]
        means.append([math.fsum(row[j] for row in own) / max(len(own), 1) for j in range(values.shape[1])])
    return _tensor(means, values, (count, values.shape[1]))


@pytest.mark.exercise("segment_means")
@given(arguments=_segmented_rows())
def test_each_segment_is_averaged(impl, arguments):
    """Row s of the result is the mean of the rows that belong to segment s, and zeros if there are none."""
    values, segments, count = arguments
    values_before, segments_before = values.clone(), segments.clone()
    result = impl.segment_means(values, segments, count)
    assert_tensor(result, _means(values_before, segments_before, count), **ROUNDING[values.dtype])
    assert_unchanged(values, values_before, "values")
    assert_unchanged(segments, segments_before, "segments")
    assert_own_memory(result, values, "values")


@pytest.mark.exercise("segment_means")
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (4, 1)])
def test_segments_of_one_row(impl, shape):
    """Where each row is a segment of its own, in order, the result has the values of the rows, but not their memory."""
    values = torch.arange(1.0, math.prod(shape) + 1).reshape(shape) * 1000
    result = impl.segment_means(values, torch.arange(shape[0]), shape[0])
    assert_tensor(result, values)
    assert_own_memory(result, values, "values")


@pytest.mark.exercise("segment_means")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_segment_beside_an_empty_one(impl, dtype):
    """Of 600 rows, 599 may belong to one segment, one to another, and none to the rest."""
    values = torch.arange(1200, dtype=dtype).reshape(600, 2) % 32
    segments = torch.full((600,), 3)
    segments[411] = 1
    expected = _means(values, segments, 5)
    assert_tensor(impl.segment_means(values, segments, 5), expected, **ROUNDING[dtype])


# top_k_accuracy


@st.composite
def _scores_and_labels(draw):
    """Scores with classes along some dimension, many of them equal, and a label for every other place."""
    shape = tuple(draw(st.lists(SIDE, min_size=1, max_size=3)))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    scores = draw(tensors(shape=shape, dtype=float_dtypes(), min_value=0, max_value=3, noncontiguous=True))
    scores.masked_fill_(scores == 2, -INF)
    places = [side for at, side in enumerate(shape) if at != dim % len(shape)]
    return scores, draw(_labels(tuple(places), 0, shape[dim] - 1)), draw(st.sampled_from([1, 2, 3, 5])), dim


def _share(scores, labels, k, dim):
    """The share of labels for which fewer than k classes score higher."""
    columns = np.moveaxis(scores.double().numpy(), dim, -1).reshape(-1, scores.shape[dim]).tolist()
    hits = [
        sum(score > column[label] for score in column) < k
        for column, label in zip(columns, labels.flatten().tolist(), strict=True)
    ]
    return hits.count(True) / len(hits)


@pytest.mark.exercise("top_k_accuracy")
@given(arguments=_scores_and_labels())
def test_share_of_labels_among_the_k_best(impl, arguments):
    """The result is the share of labels than which fewer than k classes along `dim` score higher."""
    scores, labels, k, dim = arguments
    scores_before, labels_before = scores.clone(), labels.clone()
    expected = _share(*arguments)
    if dim == -1:
        assert_value(impl.top_k_accuracy(scores, labels, k), expected, rtol=1e-6)
    assert_value(impl.top_k_accuracy(scores, labels, k, dim), expected, rtol=1e-6)
    assert_unchanged(scores, scores_before, "scores")
    assert_unchanged(labels, labels_before, "labels")


@pytest.mark.exercise("top_k_accuracy")
@pytest.mark.parametrize(
    ("scores", "labels", "k", "expected"),
    [
        ([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], [1, 1], 1, 0.5),
        ([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], [1, 1], 2, 1.0),
        ([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], [0, 2], 2, 0.0),
        ([[0.5, 0.5, 0.5]] * 3, [0, 1, 2], 1, 1.0),
        ([[0.25, 0.5, 0.25, 0.0]] * 4, [0, 1, 2, 3], 2, 0.75),
        ([[0.5, 0.5, 0.25, 0.0]] * 4, [0, 1, 2, 3], 2, 0.5),
        ([[0.5 + 1e-12, 0.5]], [1], 1, 0.0),
        ([[-INF, -INF, 0.0]] * 2, [0, 1], 2, 1.0),
        ([[0.0, -1000.0, -2000.0]] * 2, [1, 2], 2, 0.5),
        ([[-1.0, -3.0, -2.0]], [1], 7, 1.0),
        ([0.0, 3.0, 1.0, 2.0], 3, 2, 1.0),
    ],
)
def test_classes_with_equal_scores(impl, scores, labels, k, expected):
    """Classes with equal scores are all among the k best, or none of them is; with k enough classes, all are."""
    scores = torch.tensor(scores, dtype=torch.float64)
    assert_value(impl.top_k_accuracy(scores, torch.tensor(labels), k), expected)


@pytest.mark.exercise("top_k_accuracy")
@pytest.mark.parametrize(("shape", "dim"), [((0, 3), -1), ((0, 3), 1), ((3, 0), 0), ((2, 3, 0), -2)])
def test_no_labels_no_hits(impl, shape, dim):
    """The share of no labels at all is 0.0."""
    labels = torch.zeros([side for side in shape if side != 3], dtype=torch.int64)
    assert_value(impl.top_k_accuracy(torch.zeros(shape), labels, 2, dim), 0.0)


@pytest.mark.exercise("top_k_accuracy")
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
@pytest.mark.parametrize("k", [1, 2])
def test_classes_along_any_dimension(impl, dim, k):
    """The classes may stand along any dimension, counted from the front or from the end."""
    scores = torch.tensor([[(5 * i + 3 * i * i * j) % 7 for i in range(3)] for j in range(9)]).float().reshape(3, 3, 3)
    labels = torch.tensor([[0, 1, 2], [2, 2, 0], [1, 0, 1]])
    assert_value(impl.top_k_accuracy(scores, labels, k, dim), _share(scores, labels, k, dim), rtol=1e-6)
