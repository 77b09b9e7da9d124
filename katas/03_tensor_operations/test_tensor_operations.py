"""Spec of tensor_operations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.spec import (
    assert_own_memory,
    assert_raises,
    assert_shares_memory,
    assert_tensor,
    assert_unchanged,
    assert_value,
    broadcastable_pairs,
    matrices,
    tensors,
)

SIDE = st.integers(1, 3)
LEADING = st.sampled_from([(), (2,), (3, 2)])
SOME_LEADING = pytest.mark.parametrize("lead", [(), (4,), (0,), (2, 1, 3)])  # a draw may leave one out
ANY_DTYPE = st.sampled_from([torch.float32, torch.int64, torch.float64, torch.uint8, torch.bool])
FLOATS = st.sampled_from([torch.float32, torch.float64])


def _as_tensor(array, like):
    """The array as a tensor with the dtype of another."""
    return torch.tensor(np.asarray(array).tolist(), dtype=like.dtype).reshape(np.shape(array))


def _numbered(shape, dtype=torch.int64, start=0):
    """A tensor whose elements are all different: start, start + 1, ..."""
    return torch.arange(start, start + int(np.prod(shape)), dtype=dtype).reshape(shape)


def _pair(result):
    """The two parts of a result that should be a pair."""
    assert isinstance(result, tuple) and len(result) == 2, (
        f"it should return a pair, a tuple of two, and not {result!r}"
    )
    return result


# Whole numbers that do not survive a detour through floats, a fraction and a size that float32 has not, and truths.
EXACT = [
    torch.tensor([2**53 + 1, 5]),
    torch.tensor([1 / 3, 1e100], dtype=torch.float64),
    torch.tensor([True, False]),
]


def _assert_digits(result, expected):
    """The result has the expected values; of float64 twelve digits, which float32 has not."""
    digits = 1e-12 if expected.dtype is torch.float64 else None
    assert_tensor(result, expected, rtol=digits, atol=digits)


def _assert_exactly(result, expected):
    """The result holds these numbers, to the last bit."""
    assert_tensor(result, expected, rtol=0.0, atol=0.0)


# --- calculate ----------------------------------------------------------------------------------------------

NUMPY = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
NUMBERS = st.sampled_from([torch.float32, torch.int64, torch.float64, torch.int32, torch.int8])


def _without_zeros(pair):
    left, right = pair
    return left, torch.where(right == 0, torch.full_like(right, 3), right)


@pytest.mark.exercise("calculate")
@given(pair=broadcastable_pairs(max_dims=2, dtype=NUMBERS, noncontiguous=True).map(_without_zeros))
def test_each_key_computes_left_symbol_right(impl, pair):
    """Each key computes `left` symbol `right`, element by element, in the right dtype."""
    left, right = pair
    for symbol, operation in NUMPY.items():
        expected = operation(left.double().numpy(), right.double().numpy())
        dtype = torch.float32 if symbol == "/" and not left.is_floating_point() else left.dtype
        assert_tensor(impl.calculate(symbol, left, right), torch.tensor(expected, dtype=dtype))


@pytest.mark.exercise("calculate")
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int8])
def test_integers_are_divided_truly(impl, dtype):
    """7 / 2 is 3.5, for integers too."""
    left, right = torch.tensor([7, -7, 6], dtype=dtype), torch.tensor([2, 2, 3], dtype=dtype)
    assert_tensor(impl.calculate("/", left, right), torch.tensor([3.5, -3.5, 2.0]))


@pytest.mark.exercise("calculate")
@pytest.mark.parametrize("symbol", NUMPY)
def test_operands_stay_as_they_are(impl, symbol):
    """The operands are not changed, and the result stands in memory of its own, even where it equals an operand."""
    numbers, neutral = torch.tensor([[6.0, -2.0], [0.5, 5.0]]), torch.full((2, 2), 0.0 if symbol in "+-" else 1.0)
    for left, right in ((numbers, numbers + 9), (numbers, neutral), (neutral, numbers)):
        left_before, right_before = left.clone(), right.clone()
        result = impl.calculate(symbol, left, right)
        assert_unchanged(left, left_before, "left")
        assert_unchanged(right, right_before, "right")
        assert_own_memory(result, left, "left")
        assert_own_memory(result, right, "right")


@pytest.mark.exercise("calculate")
@pytest.mark.parametrize("symbol", NUMPY)
def test_no_digit_is_lost(impl, symbol):
    """What is float64 is computed in float64, and sums, differences and products of integers are exact."""
    left, right = np.array([[1 / 3, 1e100, 0.1]]), np.array([[7.0], [3.0]])
    expected = torch.from_numpy(NUMPY[symbol](left, right))
    _assert_digits(impl.calculate(symbol, torch.from_numpy(left), torch.from_numpy(right)), expected)
    if symbol != "/":
        left, right = np.array([2**53 + 1, -3]), np.array([3, 2**24 + 1])
        expected = torch.from_numpy(NUMPY[symbol](left, right))
        assert_tensor(impl.calculate(symbol, torch.from_numpy(left), torch.from_numpy(right)), expected)


@pytest.mark.exercise("calculate")
def test_nothing_with_something_is_nothing(impl):
    """Operands without elements give a result without elements."""
    for symbol in NUMPY:
        assert_tensor(impl.calculate(symbol, torch.zeros(0, 3), torch.ones(3)), torch.zeros(0, 3))


@pytest.mark.exercise("calculate")
@pytest.mark.parametrize("symbol", ["%", "**", "//", "+-", "", "add", " +"])
def test_unknown_key_is_a_value_error(impl, symbol):
    """A symbol that the calculator has no key for raises ValueError."""
    assert_raises(ValueError, impl.calculate, symbol, torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))


# --- swap_rows ----------------------------------------------------------------------------------------------


@st.composite
def _pictures_and_two_rows(draw):
    picture = draw(
        matrices(dtype=ANY_DTYPE, noncontiguous=True) | matrices(dtype=torch.int64, unique=True, noncontiguous=True)
    )
    h = len(picture)
    return picture, draw(st.integers(-h, h - 1)), draw(st.integers(-h, h - 1))


def _swapped(picture, first, second):
    rows = [row.tolist() for row in picture]
    rows[first], rows[second] = rows[second], rows[first]  # Python's lists swap as one expects
    return torch.tensor(rows, dtype=picture.dtype)


@pytest.mark.exercise("swap_rows")
@given(arguments=_pictures_and_two_rows(), said=st.booleans())
def test_without_inplace_a_new_picture(impl, arguments, said):
    """Without `inplace` a new picture has the two rows exchanged, and the old one is as before."""
    picture, first, second = arguments
    before, expected = picture.clone(), _swapped(picture, first, second)
    result = impl.swap_rows(picture, first, second, inplace=False) if said else impl.swap_rows(picture, first, second)
    assert_unchanged(picture, before, "picture")
    assert_tensor(result, expected)
    assert_own_memory(result, picture, "picture")


@pytest.mark.exercise("swap_rows")
@given(arguments=_pictures_and_two_rows())
def test_with_inplace_the_picture_itself(impl, arguments):
    """With `inplace=True` the rows of the given picture are exchanged, and that very object is returned."""
    picture, first, second = arguments
    expected = _swapped(picture, first, second)
    result = impl.swap_rows(picture, first, second, inplace=True)
    assert_tensor(result, expected)
    assert_tensor(picture, expected)
    assert result is picture, "with inplace=True it should return `picture` itself, and it returned another tensor"


@pytest.mark.exercise("swap_rows")
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_inplace_writes_into_the_memory(impl, dtype):
    """With `inplace=True` a view that was taken before sees the change; boolean pictures can be changed as well."""
    picture = torch.tensor([[1, 0], [0, 0], [0, 1]]).to(dtype)
    seen, expected = picture[:], torch.tensor([[0, 1], [0, 0], [1, 0]]).to(dtype)
    result = impl.swap_rows(picture, 0, -1, inplace=True)
    assert result is picture, "with inplace=True it should return `picture` itself, and it returned another tensor"
    assert_tensor(picture, expected)
    assert torch.equal(seen, expected), (
        "with inplace=True it should write into the memory of `picture`: a view taken before the call does not see it"
    )


@pytest.mark.exercise("swap_rows")
@pytest.mark.parametrize("sample", EXACT)
def test_rows_are_exchanged_exactly(impl, sample):
    """Every number of the picture comes through exactly."""
    picture, expected = torch.stack([sample, sample.flip(0)]), torch.stack([sample.flip(0), sample])
    _assert_exactly(impl.swap_rows(picture, 0, 1), expected)
    _assert_exactly(impl.swap_rows(picture, 0, 1, inplace=True), expected)


# --- transform_points ---------------------------------------------------------------------------------------


@st.composite
def _clouds_and_matrices(draw):
    lead, n, a, b = draw(LEADING), draw(SIDE), draw(SIDE), draw(SIDE)
    dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.int64]))
    shared = draw(st.booleans())
    points = draw(tensors(shape=(*lead, n, a), dtype=dtype, noncontiguous=True))
    return points, draw(tensors(shape=(b, a) if shared else (*lead, b, a), dtype=dtype, noncontiguous=True))


def _moved(points, transformations):
    """The answer, point by point."""
    *lead, n, _ = points.shape
    result = np.zeros((*lead, n, transformations.shape[-2]))
    for place in np.ndindex(*lead):
        matrix = transformations[place] if transformations.dim() == points.dim() else transformations
        for i in range(n):
            result[(*place, i)] = matrix.double().numpy().dot(points[(*place, i)].double().numpy())
    return _as_tensor(result, points)


@pytest.mark.exercise("transform_points")
@given(arguments=_clouds_and_matrices())
def test_every_point_is_multiplied_by_its_matrix(impl, arguments):
    """Every point p becomes M p, where M is the matrix of its own cloud, or the one matrix for all clouds."""
    points, transformations = arguments
    points_before, matrices_before = points.clone(), transformations.clone()
    expected = _moved(points, transformations)
    assert_tensor(impl.transform_points(points, transformations), expected)
    assert_unchanged(points, points_before, "points")
    assert_unchanged(transformations, matrices_before, "matrices")


@pytest.mark.exercise("transform_points")
@SOME_LEADING
def test_any_number_of_clouds(impl, lead):
    """There may be any number of leading dimensions, and no cloud at all."""
    points = _numbered((*lead, 3, 2))
    for transformations in (_numbered((*lead, 4, 2), start=7), _numbered((4, 2), start=7)):
        assert_tensor(impl.transform_points(points, transformations), _moved(points, transformations))


@pytest.mark.exercise("transform_points")
def test_quarter_turn_is_counterclockwise(impl):
    """The matrix [[0, -1], [1, 0]] turns (1, 0) to (0, 1), and (0, 1) to (-1, 0)."""
    quarter = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    points = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
    assert_tensor(impl.transform_points(points, quarter), torch.tensor([[0.0, 1.0], [-1.0, 0.0], [-3.0, 2.0]]))


@pytest.mark.exercise("transform_points")
def test_points_keep_their_digits(impl):
    """What is float64 is computed in float64, and whole numbers are exact."""
    points, matrix = np.array([[1 / 3, 1e100]]), np.array([[3.0, 1 / 7], [1e6, 2.0]])
    expected = torch.from_numpy(points.dot(matrix.T))
    _assert_digits(impl.transform_points(torch.from_numpy(points), torch.from_numpy(matrix)), expected)
    result = impl.transform_points(torch.tensor([[2**53 + 1, 1]]), torch.tensor([[1, 0], [1, 5]]))
    assert_tensor(result, torch.tensor([[2**53 + 1, 2**53 + 6]]))


# --- as_rows ------------------------------------------------------------------------------------------------

IN_MEMORY = {
    "in one piece": lambda x: x,
    "transposed": lambda x: x.transpose(0, -1),
    "every second": lambda x: torch.stack([x, -x], dim=-1)[..., 0],
    "without the first column": lambda x: torch.cat([x[..., :1], x], dim=-1)[..., 1:],
    "without the first row": lambda x: torch.cat([x[:1], x])[1:],
}


@st.composite
def _values_and_columns(draw):
    shape = draw(st.lists(st.sampled_from([2, 3, 1, 4]), min_size=1, max_size=3))
    x = _numbered(shape, draw(st.sampled_from([torch.int64, torch.float32])), draw(st.integers(-9, 9)))
    values = IN_MEMORY[draw(st.sampled_from(sorted(IN_MEMORY)))](x)
    sizes = [n for n in range(1, values.numel() + 1) if values.numel() % n == 0]
    return values, draw(st.sampled_from(sizes))


def _can_be_viewed(values, columns):
    try:
        values.view(-1, columns)
    except RuntimeError:
        return False
    return True


@pytest.mark.exercise("as_rows")
@given(arguments=_values_and_columns())
def test_rows_hold_the_elements_in_order(impl, arguments):
    """The rows hold the elements in the order of `values.flatten()`, copied only if there is no other way."""
    values, columns = arguments
    before = values.clone()
    rows, shared = _pair(impl.as_rows(values, columns))
    assert_tensor(rows, _as_tensor(np.array(before.tolist()).reshape(-1, columns), values))
    assert_unchanged(values, before, "values")
    if _can_be_viewed(values, columns):
        assert_shares_memory(rows, values, "values")
    else:
        assert_own_memory(rows, values, "values")
    assert_value(shared, _can_be_viewed(values, columns))


PLACES = {  # in memory, with the elements in order, and the lengths of rows for which a view will do, or will not
    "transposed": (lambda: torch.tensor([[0, 1, 2], [3, 4, 5]]).t(), [0, 3, 1, 4, 2, 5], [2], [1, 3, 6]),
    "every second": (lambda: torch.arange(12)[::2], [0, 2, 4, 6, 8, 10], [1, 2, 3, 6], []),
    "one row again and again": (lambda: torch.tensor([4, 5, 6]).expand(2, 3), [4, 5, 6, 4, 5, 6], [3], [1, 2, 6]),
    "one number again and again": (lambda: torch.tensor([7]).expand(6), [7, 7, 7, 7, 7, 7], [1, 2, 3, 6], []),
    "no dimension": (lambda: torch.tensor(7), [7], [1], []),
}


@pytest.mark.exercise("as_rows")
@pytest.mark.parametrize("place", PLACES)
def test_rows_of_what_stands_elsewhere_in_memory(impl, place):
    """A transposed (3, 2) matrix already is rows of 2, and every second element of a line is still a line."""
    make, elements, viewed, copied = PLACES[place]
    for columns in (*viewed, *copied):
        values = make()
        rows, shared = _pair(impl.as_rows(values, columns))
        assert_tensor(rows, torch.tensor(elements).reshape(-1, columns))
        assert_value(shared, columns in viewed)
        (assert_shares_memory if shared else assert_own_memory)(rows, values, "values")


@pytest.mark.exercise("as_rows")
@pytest.mark.parametrize(
    ("shape", "columns"), [((5,), 2), ((2, 3), 4), ((2, 3), 5), ((3,), 6), ((2, 2, 2), 3), ((1,), 2), ((4, 6), 7)]
)
def test_rows_that_are_not_whole_are_a_value_error(impl, shape, columns):
    """If the elements do not fill whole rows, ValueError is raised."""
    assert_raises(ValueError, impl.as_rows, _numbered(shape), columns)


@pytest.mark.exercise("as_rows")
@pytest.mark.parametrize("sample", EXACT)
def test_rows_hold_the_elements_exactly(impl, sample):
    """Every number comes through exactly, whether it is copied or not, and of any dtype only what must be is copied."""
    a, b = sample
    values = sample.clone()
    rows, _ = _pair(impl.as_rows(values, 1))
    _assert_exactly(rows, torch.stack([a, b]).reshape(2, 1))
    assert_shares_memory(rows, values, "values")
    values = torch.stack([sample, sample.flip(0)]).t()
    _assert_exactly(_pair(impl.as_rows(values, 4))[0], torch.stack([a, b, b, a]).reshape(1, 4))


# --- turn_left ----------------------------------------------------------------------------------------------


@st.composite
def _pictures_of_any_kind(draw):
    shape = (*draw(LEADING), draw(SIDE), draw(SIDE))
    return draw(
        tensors(shape=shape, dtype=ANY_DTYPE, noncontiguous=True)
        | st.integers(-9, 9).map(lambda n: _numbered(shape, start=n))
    )


def _turned(pictures):
    """The answer, column by column."""
    *lead, h, w = pictures.shape
    result = np.zeros((*lead, w, h))
    for x in range(w):
        result[..., w - 1 - x, :] = pictures[..., :, x].double().numpy()
    return _as_tensor(result, pictures)


@pytest.mark.exercise("turn_left")
@given(pictures=_pictures_of_any_kind())
def test_each_picture_is_turned_counterclockwise(impl, pictures):
    """Each picture is turned counterclockwise: its rightmost column becomes the top row, read from top to bottom."""
    before, expected = pictures.clone(), _turned(pictures)
    assert_tensor(impl.turn_left(pictures), expected)
    assert_unchanged(pictures, before, "pictures")


@pytest.mark.exercise("turn_left")
@SOME_LEADING
def test_any_number_of_pictures_is_turned(impl, lead):
    """There may be any number of leading dimensions, and no picture at all."""
    pictures = _numbered((*lead, 2, 3))
    assert_tensor(impl.turn_left(pictures), _turned(pictures))


@pytest.mark.exercise("turn_left")
@pytest.mark.parametrize("sample", EXACT)
def test_pixels_are_turned_exactly(impl, sample):
    """Every number of the picture comes through exactly."""
    _assert_exactly(impl.turn_left(sample.clone().reshape(1, 2)), sample.flip(0).reshape(2, 1))


# --- cut_tiles ----------------------------------------------------------------------------------------------


@st.composite
def _pictures_and_tiles(draw):
    down, across, height, width = (draw(SIDE) for _ in range(4))
    shape = (draw(SIDE), down * height, across * width)
    picture = _numbered(shape, draw(st.sampled_from([torch.int64, torch.float32])), draw(st.integers(-9, 9)))
    if draw(st.booleans()):  # the same picture, with its columns one behind the other in memory
        picture = picture.transpose(1, 2).clone(memory_format=torch.contiguous_format).transpose(1, 2)
    return picture, height, width


@pytest.mark.exercise("cut_tiles")
@given(arguments=_pictures_and_tiles())
def test_tiles_stand_in_reading_order(impl, arguments):
    """The tiles come from left to right and from top to bottom, each with all its channels and its pixels in place."""
    picture, height, width = arguments
    before = picture.clone()
    _, h, w = picture.shape
    tiles = [
        picture[:, y : y + height, x : x + width].tolist() for y in range(0, h, height) for x in range(0, w, width)
    ]
    result = impl.cut_tiles(picture, height, width)
    assert_tensor(result, torch.tensor(tiles, dtype=picture.dtype))
    assert_unchanged(picture, before, "picture")


@pytest.mark.exercise("cut_tiles")
@pytest.mark.parametrize(
    ("h", "w", "height", "width"),
    [(3, 4, 2, 2), (4, 3, 2, 2), (5, 5, 2, 3), (2, 3, 3, 2), (1, 1, 1, 2), (1, 1, 2, 1), (4, 6, 3, 2), (2, 2, 4, 1)],
)
def test_tiles_that_do_not_fill_the_picture_are_a_value_error(impl, h, w, height, width):
    """If a side of the picture is no multiple of the tile's, ValueError is raised, even where the areas would fit."""
    assert_raises(ValueError, impl.cut_tiles, _numbered((2, h, w)), height, width)


@pytest.mark.exercise("cut_tiles")
@pytest.mark.parametrize("sample", EXACT)
def test_tiles_hold_the_pixels_exactly(impl, sample):
    """Every number of the picture comes through exactly."""
    _assert_exactly(impl.cut_tiles(sample.clone().reshape(1, 1, 2), 1, 1), sample.reshape(2, 1, 1, 1))


# --- collage ------------------------------------------------------------------------------------------------


@st.composite
def _scans_of_three_colours(draw):
    heights = draw(st.lists(SIDE, min_size=1, max_size=3))
    total = draw(st.integers(1, 4))
    widths = []
    for _ in heights:
        cuts = sorted(draw(st.sets(st.integers(1, total - 1), max_size=2))) if total > 1 else []
        widths.append(np.diff([0, *cuts, total]).tolist())
    dtype = draw(st.sampled_from([torch.uint8, torch.float32]))
    start = draw(st.integers(0, 9))
    colours = []
    for _ in range(3):
        rows = []
        for h, row in zip(heights, widths, strict=True):
            rows.append([])
            for w in row:
                rows[-1].append(_numbered((h, w), dtype, start))
                start += h * w
        colours.append(rows)
    return colours


def _glued(rows):
    """One colour as a list of lists of numbers, line by line."""
    return [[value for scan in row for value in scan[y].tolist()] for row in rows for y in range(len(row[0]))]


def _with_colours_at(planes, place):
    """The pixel of each colour at (y, x), with the colour's number in the wanted place of the index."""
    height, width = len(planes[0]), len(planes[0][0])
    shape = [height, width]
    shape.insert(place, 3)
    result = np.zeros(shape)
    for colour, plane in enumerate(planes):
        for y in range(height):
            for x in range(width):
                index = [y, x]
                index.insert(place, colour)
                result[tuple(index)] = plane[y][x]
    return result


@pytest.mark.exercise("collage")
@given(colours=_scans_of_three_colours(), colour_dim=st.integers(-3, 2))
def test_every_pixel_is_in_its_place(impl, colours, colour_dim):
    """Scans stand side by side, rows one below the other, and red, green and blue along `colour_dim`."""
    planes = [_glued(rows) for rows in colours]
    expected = _as_tensor(_with_colours_at(planes, colour_dim % 3), colours[0][0][0])
    assert_tensor(impl.collage(*colours, colour_dim), expected)
    assert_value([_glued(rows) for rows in colours], planes, called="the scans after the call")


@pytest.mark.exercise("collage")
@pytest.mark.parametrize("colour_dim", range(-3, 3))
def test_place_of_the_colours(impl, colour_dim):
    """`colour_dim` is the place of the colours in the result, counted from the end where it is negative."""
    planes = [_numbered((4, 3), start=first).t() for first in (0, 12, 24)]
    red, green, blue = ([[plane[:1]], [plane[1:, :1], plane[1:, 1:]]] for plane in planes)
    expected = torch.from_numpy(np.stack([plane.numpy() for plane in planes], axis=colour_dim))
    assert_tensor(impl.collage(red, green, blue, colour_dim), expected)


@pytest.mark.exercise("collage")
def test_colours_come_first_by_default(impl):
    """Without `colour_dim` the result is (3, H, W)."""
    red, green, blue = (
        [[_numbered((1, 2), start=first)], [_numbered((2, 2), start=first + 2)]] for first in (0, 6, 12)
    )
    assert_tensor(impl.collage(red, green, blue), torch.arange(18).reshape(3, 3, 2))


@pytest.mark.exercise("collage")
@pytest.mark.parametrize("sample", EXACT)
def test_scans_are_glued_exactly(impl, sample):
    """Every number of the scans comes through exactly."""
    scan = sample.reshape(1, 2)
    result = impl.collage([[scan.clone()]], [[scan.flip(1)]], [[scan.clone()]])
    _assert_exactly(result, torch.stack([scan, scan.flip(1), scan]))


@pytest.mark.exercise("collage")
def test_lists_of_scans_stay_as_they_are(impl):
    """The lists that are passed hold the same rows and the same scans after the call."""
    colours = [[[_numbered((1, 1)), _numbered((1, 1))], [_numbered((2, 2))]] for _ in range(3)]
    before = [[(row, list(row)) for row in rows] for rows in colours]
    impl.collage(*colours)
    for rows, rows_before, name in zip(colours, before, ("red", "green", "blue"), strict=True):
        same = len(rows) == len(rows_before) and all(
            row is old and len(row) == len(scans) and all(x is y for x, y in zip(row, scans, strict=True))
            for row, (old, scans) in zip(rows, rows_before, strict=True)
        )
        assert same, f"the call changed its argument `{name}`: its lists hold other rows or scans than before"


# --- broadcast_by_hand --------------------------------------------------------------------------------------


@st.composite
def _pairs_that_fit(draw):
    full = draw(st.lists(st.sampled_from([2, 3, 1, 0, 4]), max_size=3))
    both = []
    for _ in range(2):
        kept = full[draw(st.integers(0, len(full))) :]
        shape = tuple(1 if draw(st.booleans()) else side for side in kept)
        both.append(draw(tensors(shape=shape, dtype=ANY_DTYPE, noncontiguous=True)))
    return tuple(both)


@pytest.mark.exercise("broadcast_by_hand")
@given(pair=_pairs_that_fit())
def test_both_get_the_common_shape(impl, pair):
    """Both results have the common shape, their own dtype, and the values that broadcasting gives."""
    left, right = pair
    befores = left.clone(), right.clone()
    shape = np.broadcast_shapes(left.shape, right.shape)
    expected = tuple(torch.from_numpy(np.broadcast_to(x.numpy(), shape).copy()) for x in pair)
    assert_value(impl.broadcast_by_hand(left, right), expected)
    assert_unchanged(left, befores[0], "left")
    assert_unchanged(right, befores[1], "right")


@pytest.mark.exercise("broadcast_by_hand")
@pytest.mark.parametrize(
    ("left", "right", "common"),
    [
        ((1,), (0,), (0,)),
        ((0, 1), (3,), (0, 3)),
        ((), (2, 0), (2, 0)),
        ((3, 1), (1, 2), (3, 2)),
        ((2,), (2, 2, 1), (2, 2, 2)),
        ((), (), ()),
        ((2, 1, 1, 3, 1), (4, 1, 2), (2, 1, 4, 3, 2)),
    ],
)
def test_common_shape(impl, left, right, common):
    """Shapes are aligned at the right, and a size of 1 is stretched to any other size, 0 included."""
    a, b = _pair(impl.broadcast_by_hand(_numbered(left, torch.float32), _numbered(right, start=7)))
    for result, shape, start, dtype in ((a, left, 0, np.float32), (b, right, 7, np.int64)):
        array = np.arange(start, start + np.prod(shape), dtype=dtype).reshape(shape)
        assert_tensor(result, torch.from_numpy(np.broadcast_to(array, common).copy()))


@pytest.mark.exercise("broadcast_by_hand")
@pytest.mark.parametrize(
    ("left", "right"), [((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 1, 3), (4, 1)), ((), (2,)), ((1,), ())]
)
@pytest.mark.parametrize("transposed", [False, True])
def test_no_element_is_copied(impl, left, right, transposed):
    """Each result looks into the memory of the argument that it was made from."""
    pair = tuple(_numbered(shape[::-1]).permute(tuple(reversed(range(len(shape))))) for shape in (left, right))
    pair = pair if transposed else tuple(x.contiguous() for x in pair)
    results = _pair(impl.broadcast_by_hand(*pair))
    for result, argument, name in zip(results, pair, ("left", "right"), strict=True):
        assert_shares_memory(result, argument, name)


@pytest.mark.exercise("broadcast_by_hand")
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2,), (3,)),
        ((2,), (4,)),
        ((4, 1), (2, 3)),
        ((3, 2), (3,)),
        ((3,), (2, 3, 2)),
        ((2, 3), (3, 2)),
        ((0,), (2,)),
        ((3, 1), (0, 1)),
        ((2, 1, 3), (5, 4)),
        ((2, 3, 1), (4, 3, 5)),
    ],
)
def test_shapes_that_do_not_fit_are_a_value_error(impl, left, right):
    """If two sizes differ and neither is 1, ValueError is raised: for 2 and 4, for 0 and 2, for (3, 2) and (3,)."""
    assert_raises(ValueError, impl.broadcast_by_hand, _numbered(left), _numbered(right))


# --- stretch_contrast ---------------------------------------------------------------------------------------


@st.composite
def _grey_pictures(draw):
    pictures = draw(tensors(shape=(*draw(LEADING), draw(SIDE), draw(SIDE)), dtype=FLOATS, noncontiguous=True))
    return pictures.mul_(2.0 ** draw(st.sampled_from([0, -24, 24])))  # in place, since a product would be contiguous


def _stretched(pictures):
    """The answer, picture by picture, in float64."""
    result = np.zeros(pictures.shape)
    for place in np.ndindex(*pictures.shape[:-2]):
        picture = pictures[place].double().numpy()
        if np.ptp(picture) > 0:
            result[place] = (picture - picture.min()) / np.ptp(picture)
    return result


@pytest.mark.exercise("stretch_contrast")
@given(pictures=_grey_pictures())
def test_each_picture_is_stretched_by_itself(impl, pictures):
    """In each picture, dark or bright, the darkest pixel becomes 0, the brightest 1, the others stay in proportion."""
    before, expected = pictures.clone(), _as_tensor(_stretched(pictures), pictures)
    result = impl.stretch_contrast(pictures)
    assert_unchanged(pictures, before, "pictures")
    _assert_digits(result, expected)
    assert_own_memory(result, pictures, "pictures")


@pytest.mark.exercise("stretch_contrast")
@SOME_LEADING
def test_any_number_of_pictures_is_stretched(impl, lead):
    """There may be any number of leading dimensions, and no picture at all."""
    pictures = _numbered((*lead, 2, 3), torch.float32) ** 2
    assert_tensor(impl.stretch_contrast(pictures), _as_tensor(_stretched(pictures), pictures))


@pytest.mark.exercise("stretch_contrast")
@pytest.mark.parametrize("value", [-3.0, 0.0, 0.5, 2.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_flat_picture_becomes_zero(impl, value, dtype):
    """A picture whose pixels are all equal becomes 0 everywhere, and the others of its batch are stretched as ever."""
    pictures = torch.tensor([[[1.0, 2.0], [4.0, 5.0]], [[value, value], [value, value]]], dtype=dtype)
    expected = torch.tensor([[[0.0, 0.25], [0.75, 1.0]], [[0.0, 0.0], [0.0, 0.0]]], dtype=dtype)
    assert_tensor(impl.stretch_contrast(pictures), expected)
    assert_tensor(impl.stretch_contrast(pictures[1]), expected[1])


@pytest.mark.exercise("stretch_contrast")
@pytest.mark.parametrize("picture", [[[0.0, 1e-9, 5e-10]], [[1.0, 1 + 2**-20]]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_small_differences_are_stretched_exactly(impl, picture, dtype):
    """Also where the pixels differ very little, the darkest becomes exactly 0 and the brightest exactly 1."""
    expected = torch.tensor([[0.0, 1.0, 0.5][: len(picture[0])]], dtype=dtype)
    result = impl.stretch_contrast(torch.tensor(picture, dtype=dtype))
    assert_tensor(result, expected)
    low, high = result.min().item(), result.max().item()
    assert (low, high) == (0.0, 1.0), f"darkest and brightest should be exactly 0 and 1, and they are {low} and {high}"


# --- mix_channels -------------------------------------------------------------------------------------------


@st.composite
def _pictures_and_weights(draw):
    c, k, dtype = draw(SIDE), draw(SIDE), draw(FLOATS)
    shape = (*draw(LEADING), c, draw(SIDE), draw(SIDE))
    pictures = draw(tensors(shape=shape, dtype=dtype, noncontiguous=True))
    return pictures, draw(tensors(shape=(k, c), dtype=dtype, noncontiguous=True))


def _mixed(pictures, weights):
    """The answer, weight by weight."""
    k, c = weights.shape
    old = pictures.double().numpy()
    result = np.zeros((*pictures.shape[:-3], k, *pictures.shape[-2:]))
    for i in range(k):
        for j in range(c):
            result[..., i, :, :] += weights[i, j].item() * old[..., j, :, :]
    return _as_tensor(result, pictures)


@pytest.mark.exercise("mix_channels")
@given(arguments=_pictures_and_weights())
def test_new_channels_are_weighted_sums_of_the_old(impl, arguments):
    """New channel i is the sum of the old channels j, each times `weights[i, j]`, at every pixel of every picture."""
    pictures, weights = arguments
    pictures_before, weights_before, expected = pictures.clone(), weights.clone(), _mixed(pictures, weights)
    assert_tensor(impl.mix_channels(pictures, weights), expected)
    assert_unchanged(pictures, pictures_before, "pictures")
    assert_unchanged(weights, weights_before, "weights")


@pytest.mark.exercise("mix_channels")
@SOME_LEADING
def test_any_number_of_pictures_is_mixed(impl, lead):
    """There may be any number of leading dimensions, and no picture at all."""
    pictures, weights = _numbered((*lead, 2, 3, 2), torch.float32), _numbered((3, 2), torch.float32, start=7)
    assert_tensor(impl.mix_channels(pictures, weights), _mixed(pictures, weights))


@pytest.mark.exercise("mix_channels")
def test_channels_keep_their_digits(impl):
    """What is float64 is computed in float64."""
    old, weights = np.array([[1 / 3, 0.1], [1e100, 300.0]]), np.array([[3.0, 1 / 7], [1e6, 2.0], [0.7, 0.1]])
    result = impl.mix_channels(torch.from_numpy(old).reshape(2, 1, 2), torch.from_numpy(weights))
    _assert_digits(result, torch.from_numpy(weights.dot(old)).reshape(3, 1, 2))
