"""Wrong answers that people really give to the exercises, each with what a teacher would say to it."""

import torch
from torch import Tensor


def calculate__operands_swapped(symbol, left, right):
    """You compute `right` - `left` and `right` / `left`: subtraction and division care about the order."""
    keys = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}
    if symbol not in keys:
        raise ValueError(symbol)
    return keys[symbol](right, left)


def calculate__floor_division(symbol, left, right):
    """Your "/" rounds down, as `//` does: 7 / 2 should be 3.5."""
    keys = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.floor_divide}
    if symbol not in keys:
        raise ValueError(symbol)
    return keys[symbol](left, right)


def calculate__float_first(symbol, left, right, *, back=False):
    """You convert to float32 before you divide: "/" divides integers truly by itself, and float64 loses digits."""
    if symbol == "/":
        quotient = left.float() / right.float()
        return quotient.to(left.dtype) if back and left.is_floating_point() else quotient
    keys = {"+": torch.add, "-": torch.sub, "*": torch.mul}
    if symbol not in keys:
        raise ValueError(symbol)
    return keys[symbol](left, right)


calculate__float_first.varies = {"back": (True,)}


def calculate__back_to_integers(symbol, left, right):
    """You convert the quotient to the dtype of the operands, which cuts off what comes after the point."""
    keys = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}
    if symbol not in keys:
        raise ValueError(symbol)
    return keys[symbol](left, right).to(left.dtype)


def calculate__in_place(symbol, left, right):
    """You write the result into `left`: `left += right` and `left.add_(right)` change the caller's tensor.

    Use `left + right`.
    """
    if symbol == "+":
        left += right
    elif symbol == "-":
        left -= right
    elif symbol == "*":
        left *= right
    elif symbol == "/":
        left /= right
    else:
        raise ValueError(symbol)
    return left


# In place, a result that needs another shape or another dtype than `left` has is refused by torch.
calculate__in_place.raises = RuntimeError


def calculate__key_error(symbol, left, right):
    """A dict raises KeyError for a key that it does not have, and the calculator should raise ValueError: ask first."""
    return {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}[symbol](left, right)


def calculate__else_divides(symbol, left, right):
    """Your calculator takes every unknown symbol for a division: the last branch should raise ValueError."""
    if symbol == "+":
        return left + right
    if symbol == "-":
        return left - right
    if symbol == "*":
        return left * right
    return left / right


def swap_rows__view_as_memory(picture, first, second, inplace=False):
    """A row, `picture[first]`, is a view: once that row is written over, what you kept of it has changed too.

    `a[i], a[j] = a[j], a[i]` is no way out. Clone the row, or index with a list.
    """
    result = picture if inplace else picture.clone()
    kept = result[first]
    result[first] = result[second]
    result[second] = kept
    return result


def swap_rows__tuple_assignment(picture, first, second, inplace=False):
    """`a[i], a[j] = a[j], a[i]` swaps the items of a list.

    The rows of a tensor are views of it, so the second assignment reads a row that the first has written over.
    """
    result = picture if inplace else picture.clone()
    result[first], result[second] = result[second], result[first]
    return result


def swap_rows__always_in_place(picture, first, second, inplace=False):
    """You change the caller's picture even where `inplace` is False: work on a clone then."""
    picture[[first, second]] = picture[[second, first]]
    return picture


def swap_rows__second_name(picture, first, second, inplace=False):
    """`result = picture` makes no copy, only a second name for the same tensor: use `picture.clone()`."""
    result = picture
    result[[first, second]] = result[[second, first]]
    return picture if inplace else result.clone()


def swap_rows__never_in_place(picture, first, second, inplace=False):
    """With `inplace=True` the caller's picture should change, and you change and return a copy of it."""
    result = picture.clone()
    result[[first, second]] = result[[second, first]]
    return result


def swap_rows__returns_a_copy(picture, first, second, inplace=False):
    """With `inplace=True` you change `picture` but return another tensor: return that very object."""
    result = picture if inplace else picture.clone()
    result[[first, second]] = result[[second, first]]
    return result.clone()


def swap_rows__through_data(picture, first, second, inplace=False):
    """You give `picture` other memory instead of writing into its own: a view taken before does not see the change."""
    result = picture.clone()
    result[[first, second]] = result[[second, first]]
    if not inplace:
        return result
    picture.data = result
    return picture


def swap_rows__columns(picture, first, second, inplace=False):
    """You swap columns: the first index counts the rows, the second the columns."""
    result = picture if inplace else picture.clone()
    result[:, [first, second]] = result[:, [second, first]]
    return result


swap_rows__columns.raises = IndexError


def transform_points__not_transposed(points, matrices):
    """The points are rows, so `points @ matrices` is p M and not M p: transpose the matrices.

    (For a rotation this turns the wrong way round, and nothing else tells you.)
    """
    return points @ matrices


transform_points__not_transposed.raises = RuntimeError


def transform_points__operands_swapped(points, matrices):
    """`matrices @ points` takes the columns of `points` for points, and the points are its rows."""
    return matrices @ points


transform_points__operands_swapped.raises = RuntimeError


def transform_points__result_transposed(points, matrices):
    """M times the points as columns gives the moved points as columns, too: transpose the result back to rows."""
    return matrices @ points.transpose(-2, -1)


def transform_points__all_dimensions_reversed(points, matrices):
    """`.T` reverses all dimensions, the batch's as well: exchange the last two only, with `.transpose(-2, -1)`."""
    return points @ matrices.permute(*reversed(range(matrices.dim())))


transform_points__all_dimensions_reversed.raises = RuntimeError


def transform_points__reshaped(points, matrices):
    """You reshape the matrices to (a, b) where they have to be transposed.

    `reshape` leaves the numbers in their order, so rows do not become columns.
    """
    b, a = matrices.shape[-2:]
    return points @ matrices.reshape(*matrices.shape[:-2], a, b)


def transform_points__bmm(points, matrices):
    """`torch.bmm` takes one batch dimension on both sides: `@` takes any number, and repeats a missing batch."""
    return torch.bmm(points, matrices.transpose(-2, -1))


transform_points__bmm.raises = RuntimeError


def as_rows__view(values, columns):
    """`view` refuses where the elements stand in another order in memory: use `reshape`, which copies where it must."""
    if values.numel() % columns:
        raise ValueError("no whole rows")
    return values.view(-1, columns), True


as_rows__view.raises = RuntimeError


def as_rows__asks_for_contiguity(values, columns):
    """A tensor that is not contiguous may still have a view of the wanted shape.

    Every second element of a line has, for instance. Compare `data_ptr()` before and after instead of asking
    `is_contiguous()`.
    """
    if values.numel() % columns:
        raise ValueError("no whole rows")
    return values.reshape(-1, columns), values.is_contiguous()


def as_rows__contiguous_first(values, columns):
    """`contiguous()` copies everything that is not contiguous, also where a view would have done."""
    if values.numel() % columns:
        raise ValueError("no whole rows")
    rows = values.contiguous().view(-1, columns)
    return rows, rows.data_ptr() == values.data_ptr()


def as_rows__always_copies(values, columns):
    """You copy the elements in any case: `clone()` is not needed, `reshape` copies by itself where it must."""
    if values.numel() % columns:
        raise ValueError("no whole rows")
    return values.clone().reshape(-1, columns), False


def as_rows__same_object(values, columns):
    """A view is another tensor object on the same memory, so `is` says False for it.

    Compare the addresses, `data_ptr()`.
    """
    if values.numel() % columns:
        raise ValueError("no whole rows")
    rows = values.reshape(-1, columns)
    return rows, rows is values


def as_rows__base_is_values(values, columns):
    """Where `values` is a view itself, the base of your rows is the tensor behind it.

    Compare the addresses, `data_ptr()`.
    """
    if values.numel() % columns:
        raise ValueError("no whole rows")
    rows = values.reshape(-1, columns)
    return rows, rows._base is values


def as_rows__rows_and_columns_confused(values, columns):
    """`reshape(columns, -1)` makes so many rows: a row should have so many elements, `reshape(-1, columns)`."""
    if values.numel() % columns:
        raise ValueError("no whole rows")
    rows = values.reshape(columns, -1)
    return rows, rows.data_ptr() == values.data_ptr()


def as_rows__error_of_reshape(values, columns):
    """Where the elements do not fill whole rows, `reshape` raises RuntimeError, and a ValueError is asked for."""
    rows = values.reshape(-1, columns)
    return rows, rows.data_ptr() == values.data_ptr()


def as_rows__drops_the_rest(values, columns):
    """You drop the elements of the last, incomplete row: raise ValueError where the rows are not whole."""
    whole = values.numel() // columns * columns
    rows = values.reshape(-1)[:whole].reshape(-1, columns)
    return rows, rows.data_ptr() == values.data_ptr()


def turn_left__only_transposed(pictures):
    """You transpose: that is a reflection in the diagonal. A turn is a transposition and a reflection, `flip`."""
    return pictures.transpose(-2, -1).clone()


def turn_left__clockwise(pictures):
    """You turn to the right. Flip the rows of the transposed picture (dimension -2), not its columns."""
    return pictures.transpose(-2, -1).flip(-1)


def turn_left__reshaped(pictures):
    """You reshape where dimensions have to be exchanged: `reshape` leaves the pixels in reading order."""
    h, w = pictures.shape[-2:]
    return pictures.reshape(*pictures.shape[:-2], w, h).flip(-2)


def turn_left__t(pictures):
    """`t()` is for matrices only. `transpose(-2, -1)` does the same to every matrix of a batch."""
    return pictures.t().flip(0)


turn_left__t.raises = RuntimeError


def turn_left__first_two_dimensions(pictures):
    """You exchange and flip the first two dimensions.

    Height and width are the last two: count from the end, -2 and -1.
    """
    return pictures.transpose(0, 1).flip(0)


def cut_tiles__only_reshaped(picture, height, width):
    """`reshape` alone keeps the pixels in reading order, so each of your tiles is made of long strips of the picture.

    Split, permute, then merge.
    """
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("no whole tiles")
    return picture.reshape(-1, c, height, width)


def cut_tiles__down_first(picture, height, width):
    """Your tiles are in the order of columns, from top to bottom: reading order goes to the right first."""
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("no whole tiles")
    tiles = picture.reshape(c, h // height, height, w // width, width)
    return tiles.permute(3, 1, 0, 2, 4).reshape(-1, c, height, width)


def cut_tiles__channels_not_permuted(picture, height, width):
    """You left the channels at the front before merging, so a tile has pixels of one channel in the place of several.

    The order before the last reshape should be (down, across, c, height, width).
    """
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("no whole tiles")
    tiles = picture.reshape(c, h // height, height, w // width, width)
    return tiles.permute(0, 1, 3, 2, 4).reshape(-1, c, height, width)


def cut_tiles__split_the_wrong_way(picture, height, width):
    """You split h into (height, h / height): then neighbouring pixels go to different tiles.

    The number of tiles comes first, (h / height, height).
    """
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("no whole tiles")
    tiles = picture.reshape(c, height, h // height, width, w // width)
    return tiles.permute(2, 4, 0, 1, 3).reshape(-1, c, height, width)


def cut_tiles__grid_not_merged(picture, height, width):
    """Your tiles still lie in a grid (down, across, ...): merge these two dimensions into one."""
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("no whole tiles")
    return picture.reshape(c, h // height, height, w // width, width).permute(1, 3, 0, 2, 4)


def cut_tiles__view_after_permute(picture, height, width):
    """After `permute` neighbouring dimensions are apart in memory, and `view` refuses to merge them: use `reshape`."""
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("no whole tiles")
    tiles = picture.reshape(c, h // height, height, w // width, width)
    return tiles.permute(1, 3, 0, 2, 4).view(-1, c, height, width)


cut_tiles__view_after_permute.raises = RuntimeError


def cut_tiles__drops_the_rest(picture, height, width):
    """You drop what is left over at the edges: where the tiles do not fill the picture, raise ValueError."""
    c, h, w = picture.shape
    down, across = h // height, w // width
    picture = picture[:, : down * height, : across * width]
    tiles = picture.reshape(c, down, height, across, width)
    return tiles.permute(1, 3, 0, 2, 4).reshape(down * across, c, height, width)


def cut_tiles__area_checked(picture, height, width):
    """You ask whether the picture's area is a multiple of the tile's.

    Each side must be: a picture of 2 x 3 holds no tile of 3 x 2.
    """
    c, h, w = picture.shape
    if h * w % (height * width):
        raise ValueError("no whole tiles")
    if h % height or w % width:
        return picture.reshape(-1, c, height, width)
    tiles = picture.reshape(c, h // height, height, w // width, width)
    return tiles.permute(1, 3, 0, 2, 4).reshape(-1, c, height, width)


def _glue(rows, across, down):
    return torch.cat([torch.cat(row, dim=across) for row in rows], dim=down)


def collage__rows_and_columns_exchanged(red, green, blue, colour_dim=0):
    """You glue the scans of a row one below the other, and the rows side by side.

    Dimension 0 runs down, 1 to the right.
    """
    return torch.stack([_glue(rows, 0, 1) for rows in (red, green, blue)], dim=colour_dim)


collage__rows_and_columns_exchanged.raises = RuntimeError


def collage__everything_to_the_right(red, green, blue, colour_dim=0):
    """You glue the rows side by side: they belong one below the other, along dimension 0."""
    return torch.stack([_glue(rows, 1, 1) for rows in (red, green, blue)], dim=colour_dim)


collage__everything_to_the_right.raises = RuntimeError


def collage__colours_glued(red, green, blue, colour_dim=0):
    """You glue the colours with `cat`, along a dimension that is there already.

    They need a dimension of their own: `stack`.
    """
    return torch.cat([_glue(rows, 1, 0) for rows in (red, green, blue)], dim=colour_dim)


collage__colours_glued.raises = IndexError


def collage__colours_always_first(red, green, blue, colour_dim=0):
    """You put the colours in front whatever `colour_dim` says."""
    return torch.stack([_glue(rows, 1, 0) for rows in (red, green, blue)])


def collage__reshaped_to_the_right_shape(red, green, blue, colour_dim=0):
    """You stack the colours in front and reshape, which gives the right shape with the colours mixed up.

    Give `dim` to `stack`.
    """
    stacked = torch.stack([_glue(rows, 1, 0) for rows in (red, green, blue)])
    shape = list(stacked.shape[1:])
    shape.insert(colour_dim % 3, 3)
    return stacked.reshape(shape)


def collage__negative_place(red, green, blue, colour_dim=0):
    """You count a negative `colour_dim` in the planes, which have two dimensions.

    It counts in the result, which has three.
    """
    place = colour_dim if colour_dim >= 0 else colour_dim + 2
    return torch.stack([_glue(rows, 1, 0) for rows in (red, green, blue)], dim=place)


def collage__blue_first(red, green, blue, colour_dim=0):
    """You stack blue, green, red, as OpenCV does: red comes first here."""
    return torch.stack([_glue(rows, 1, 0) for rows in (blue, green, red)], dim=colour_dim)


def _shape(left, right, join, *, at_the_left=False):
    a, b = tuple(left.shape), tuple(right.shape)
    dims = max(len(a), len(b))
    fill_a, fill_b = (1,) * (dims - len(a)), (1,) * (dims - len(b))
    a, b = (a + fill_a, b + fill_b) if at_the_left else (fill_a + a, fill_b + b)
    return a, b, tuple(join(m, n) for m, n in zip(a, b, strict=True))


def _fit(m, n):
    if m != n and 1 not in (m, n):
        raise ValueError(f"{m} against {n}")
    return n if m == 1 else m


def broadcast_by_hand__greater_size(left, right):
    """You take the greater of two sizes. 1 and 0 give 0: take the one that is not 1."""

    def join(m, n):
        _fit(m, n)
        return max(m, n)

    _, _, shape = _shape(left, right, join)
    return left.expand(shape), right.expand(shape)


# A size of 0 cannot be stretched to the 1 that this finds.
broadcast_by_hand__greater_size.raises = RuntimeError


def broadcast_by_hand__aligned_at_the_left(left, right):
    """You align the shapes at the left: the last dimensions belong together, and the 1s are filled in at the left."""
    a, b, shape = _shape(left, right, _fit, at_the_left=True)
    return left.reshape(a).expand(shape), right.reshape(b).expand(shape)


broadcast_by_hand__aligned_at_the_left.raises = ValueError


def broadcast_by_hand__repeated(left, right):
    """You copy the elements with `repeat`: `expand` gives the same values without copying one."""
    a, b, shape = _shape(left, right, _fit)

    def times(sides):
        return [want if have == 1 else 1 for have, want in zip(sides, shape, strict=True)]

    return left.repeat(times(a)), right.repeat(times(b))


def broadcast_by_hand__only_right(left, right):
    """You stretch `right` to the shape of `left`. Both may have to be stretched: (2, 1) and (1, 3) give (2, 3)."""
    try:
        return left, right.expand(left.shape)
    except RuntimeError as error:
        raise ValueError(str(error)) from error


broadcast_by_hand__only_right.raises = ValueError


def broadcast_by_hand__equal_dims_only(left, right):
    """You compare the shapes from the left, and the dimensions that only the longer one has are lost.

    Fill the shorter one with 1s at the left.
    """
    shape = tuple(_fit(m, n) for m, n in zip(left.shape, right.shape, strict=False))
    try:
        return left.expand(shape), right.expand(shape)
    except RuntimeError as error:
        raise ValueError(str(error)) from error


broadcast_by_hand__equal_dims_only.raises = ValueError


def broadcast_by_hand__error_of_expand(left, right):
    """Where the shapes do not fit, `expand` complains for you, but by a RuntimeError: a ValueError is asked for."""
    _, _, shape = _shape(left, right, lambda m, n: n if m == 1 else m)
    return left.expand(shape), right.expand(shape)


def broadcast_by_hand__multiples(left, right):
    """You repeat a size that divides the other: 2 and 4 do not fit each other. Only a size of 1 is stretched."""

    def join(m, n):
        if 0 not in (m, n) and max(m, n) % min(m, n) == 0:
            return max(m, n)
        return _fit(m, n)

    a, b, shape = _shape(left, right, join)

    def stretch(x, sides):
        if any(have != want and have != 1 for have, want in zip(sides, shape, strict=True)):
            return x.repeat([want // have if have else 1 for have, want in zip(sides, shape, strict=True)])
        return x.expand(shape)

    return stretch(left, a), stretch(right, b)


def _stretched(pictures, darkest, brightest):
    span = brightest - darkest
    return torch.where(span > 0, (pictures - darkest) / span, 0.0)


def stretch_contrast__whole_batch(pictures):
    """You take the darkest and the brightest pixel of all pictures together: each picture has its own."""
    return _stretched(pictures, pictures.min(), pictures.max())


def stretch_contrast__row_by_row(pictures):
    """You stretch each row of pixels by itself: reduce over both height and width, dim=(-2, -1)."""
    return _stretched(pictures, pictures.amin(dim=-1, keepdim=True), pictures.amax(dim=-1, keepdim=True))


def stretch_contrast__first_two_dimensions(pictures):
    """You reduce over dimensions 0 and 1: these are height and width only where there is no batch.

    Count from the end, (-2, -1).
    """
    return _stretched(pictures, pictures.amin(dim=(0, 1), keepdim=True), pictures.amax(dim=(0, 1), keepdim=True))


def stretch_contrast__keepdim_forgotten(pictures):
    """Without `keepdim=True` the minima have the shape (n,) and are aligned with the width.

    Each column is compared with the minimum of another picture, or the shapes do not fit at all.
    """
    return _stretched(pictures, pictures.amin(dim=(-2, -1)), pictures.amax(dim=(-2, -1)))


stretch_contrast__keepdim_forgotten.raises = RuntimeError


def stretch_contrast__nan(pictures):
    """A picture whose pixels are all equal has a span of 0, and 0 / 0 is NaN: it should become 0."""
    darkest = pictures.amin(dim=(-2, -1), keepdim=True)
    return (pictures - darkest) / (pictures.amax(dim=(-2, -1), keepdim=True) - darkest)


def stretch_contrast__epsilon(pictures):
    """The small number that you add to the span is not small for a dark picture: its brightest pixel is not 1.

    Treat a span of 0 by itself, with `torch.where`.
    """
    darkest = pictures.amin(dim=(-2, -1), keepdim=True)
    return (pictures - darkest) / (pictures.amax(dim=(-2, -1), keepdim=True) - darkest + 1e-8)


def stretch_contrast__isclose(pictures):
    """You take pixels that are nearly equal for equal: only a span of exactly 0 makes a picture flat."""
    darkest = pictures.amin(dim=(-2, -1), keepdim=True)
    brightest = pictures.amax(dim=(-2, -1), keepdim=True)
    return torch.where(torch.isclose(darkest, brightest), 0.0, (pictures - darkest) / (brightest - darkest))


def stretch_contrast__divided_by_the_brightest(pictures):
    """You divide by the brightest value.

    After subtracting the darkest, the greatest value left is the span, max - min.
    """
    darkest = pictures.amin(dim=(-2, -1), keepdim=True)
    brightest = pictures.amax(dim=(-2, -1), keepdim=True)
    return torch.where(brightest > darkest, (pictures - darkest) / brightest, 0.0)


def stretch_contrast__in_place(pictures):
    """You write the result over the caller's pictures: `-=` and `/=` work in place."""
    pictures -= pictures.amin(dim=(-2, -1), keepdim=True)
    span = pictures.amax(dim=(-2, -1), keepdim=True)
    pictures /= torch.where(span > 0, span, 1.0)
    return pictures


def mix_channels__weights_transposed(pictures, weights):
    """You read the weights the wrong way round.

    `weights[i, j]` belongs to new channel i and old channel j: they are "kc".
    """
    return torch.einsum("...chw,ck->...khw", pictures, weights)


mix_channels__weights_transposed.raises = RuntimeError


def mix_channels__width_before_height(pictures, weights):
    """Your result has the width before the height: the letters after the arrow should be "...khw"."""
    return torch.einsum("...chw,kc->...kwh", pictures, weights)


def mix_channels__channels_last(pictures, weights):
    """Your new channels stand at the end, as after a product with `@`.

    The letters after the arrow should be "...khw".
    """
    return torch.einsum("...chw,kc->...hwk", pictures, weights)


def mix_channels__one_batch_dimension(pictures, weights):
    """Your letters name exactly one batch dimension: "..." stands for any number of them, also none."""
    return torch.einsum("nchw,kc->nkhw", pictures, weights)


mix_channels__one_batch_dimension.raises = RuntimeError


def mix_channels__weights_summed(pictures, weights):
    """Your old channels have another letter in each operand, so each is summed alone: equal letters run together."""
    return torch.einsum("...chw,kd->...khw", pictures, weights)


def mix_channels__matmul_along_the_rows(pictures, weights):
    """`weights @ pictures` sums over the height.

    `@` knows the last two dimensions, and the channels are the third from the end.
    """
    return weights @ pictures


mix_channels__matmul_along_the_rows.raises = RuntimeError


def mix_channels__mean(pictures, weights):
    """You divide by the number of channels: a weighted sum is asked for, not a mean."""
    return torch.einsum("...chw,kc->...khw", pictures, weights) / pictures.shape[-3]
