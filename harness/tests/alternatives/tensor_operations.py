"""Tensor operations. The lesson is the README.md in the folder katas/03_tensor_operations."""

import itertools
import operator

import torch
from torch import Tensor


def calculate(symbol: str, left: Tensor, right: Tensor) -> Tensor:
    """Presses one key of a pocket calculator for tensors.

    Args:
        symbol: "+", "-", "*" or "/".
        left: the first operand.
        right: the second operand, of the same dtype and of a shape that fits `left` by torch's rules.

    Returns:
        `left` symbol `right`, element by element, in memory of its own. Sums, differences and products have the
        operands' dtype. "/" is true division: 7 / 2 is 3.5 for integers as well (which then give float32). The
        operands stay as they are.

    Raises:
        ValueError: the calculator has no such key.
    """
    keys = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
    if symbol not in keys:
        raise ValueError(f"no key {symbol!r}")
    return keys[symbol](left, right)


def swap_rows(picture: Tensor, first: int, second: int, inplace: bool = False) -> Tensor:
    """Exchanges two rows of a picture.

    Args:
        picture: (h, w), any dtype.
        first: number of a row, from -h to h - 1.
        second: number of a row, from -h to h - 1. May be the same row.
        inplace: whether `picture` itself is to be changed.

    Returns:
        (h, w): with `inplace`, `picture` itself, changed; without, a new picture in memory of its own, `picture` being
        as before.
    """
    if not inplace:
        return swap_rows(picture.clone(), first, second, True)
    saved = picture[first].clone()
    picture[first].copy_(picture[second])
    picture[second].copy_(saved)
    return picture


def transform_points(points: Tensor, matrices: Tensor) -> Tensor:
    """Moves points: every point p of a cloud becomes M p, where M is the cloud's matrix.

    Args:
        points: (..., n, a): clouds of n points with a coordinates each. One point is one row.
        matrices: (..., b, a) with the same leading dimensions as `points`: one matrix for each cloud; or (b, a): one
            matrix for all of them. Same dtype as `points`.

    Returns:
        (..., n, b): the points, moved, in the order in which they came.
    """
    return (matrices @ points.mT).mT


def as_rows(values: Tensor, columns: int) -> tuple[Tensor, bool]:
    """Lays out the elements of a tensor as rows of a given length, and copies them only if there is no other way.

    Args:
        values: any shape and dtype, at least one element; in memory its elements may lie apart or in another order.
        columns: how many elements one row holds.

    Returns:
        The elements in the order in which `values.flatten()` has them, as a (rows, columns) tensor; and whether that
        tensor shares its memory with `values` (True) or is a copy (False). It shares it wherever `view` can.

    Raises:
        ValueError: the elements do not fill whole rows.
    """
    if values.numel() % columns:
        raise ValueError("rows would not be full")
    rows = values.reshape(-1, columns)
    return rows, rows.untyped_storage().data_ptr() == values.untyped_storage().data_ptr()


def turn_left(pictures: Tensor) -> Tensor:
    """Turns pictures by a quarter, counterclockwise.

    Args:
        pictures: (..., h, w), any dtype: one picture, or any number of them in leading dimensions.

    Returns:
        (..., w, h): each picture turned, so that its rightmost column has become its top row.
    """
    return pictures.flip(-1).swapaxes(-1, -2)


def cut_tiles(picture: Tensor, height: int, width: int) -> Tensor:
    """Cuts a colour picture into equal tiles, without overlap.

    Args:
        picture: (c, h, w), any dtype.
        height: height of a tile.
        width: width of a tile.

    Returns:
        (n, c, height, width) where n is (h / height) · (w / width): the tiles in reading order, the topmost row of
        tiles from left to right, then the next.

    Raises:
        ValueError: `h` is no multiple of `height`, or `w` none of `width`.
    """
    _, h, w = picture.shape
    if h % height or w % width:
        raise ValueError("tiles do not fit")
    tiles = picture.unfold(1, height, height).unfold(2, width, width)  # c, rows, cols, height, width
    return tiles.movedim(0, 2).flatten(0, 1)


def collage(
    red: list[list[Tensor]], green: list[list[Tensor]], blue: list[list[Tensor]], colour_dim: int = 0
) -> Tensor:
    """Glues scans into one picture for each colour, and puts the three colours together.

    Args:
        red: the red scans, laid out as on a table: a list of rows from top to bottom, each row a list of scans from
            left to right. A scan is a matrix (height, width), of any dtype. Scans of one row have the same height, and
            all rows are equally wide altogether, though they may be cut at different places.
        green: the green scans, cut in the same way, same dtype.
        blue: the blue scans, cut in the same way, same dtype.
        colour_dim: where the new dimension of size 3 (red, green, blue) stands in the result: 0, 1, 2, or counted from
            the end, -1, -2, -3.

    Returns:
        With H rows and W columns of pixels in all: (3, H, W) for `colour_dim` 0, (H, 3, W) for 1, (H, W, 3) for 2.
    """
    whole = [torch.vstack([torch.hstack(row) for row in colour]) for colour in (red, green, blue)]
    return torch.cat([one.unsqueeze(colour_dim) for one in whole], colour_dim)


def broadcast_by_hand(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Brings two tensors to their common shape by the rules of broadcasting, without copying an element.

    Args:
        left: any shape and dtype; scalars and empty tensors too.
        right: any shape and dtype.

    Returns:
        `left` and `right`, both with the common shape. Each shares its memory with the argument it comes from.

    Raises:
        ValueError: the shapes do not fit each other.
    """
    shape = []
    for a, b in itertools.zip_longest(reversed(left.shape), reversed(right.shape), fillvalue=1):
        if a != b and 1 not in (a, b):
            raise ValueError(f"{tuple(left.shape)} and {tuple(right.shape)} do not fit")
        shape.insert(0, b if a == 1 else a)
    return left.expand(shape), right.expand(shape)


def stretch_contrast(pictures: Tensor) -> Tensor:
    """Stretches the brightness of each picture, so that its darkest pixel becomes 0 and its brightest 1.

    Args:
        pictures: (..., h, w), float: one picture, or any number of them in leading dimensions.

    Returns:
        Same shape and dtype: each picture stretched by itself, the values between in proportion. A picture whose pixels
        are all equal becomes 0 everywhere. `pictures` stays as it is.
    """
    flat = pictures.flatten(-2)
    low, high = flat.aminmax(dim=-1, keepdim=True)
    span = high.sub(low)
    return flat.sub(low).div(span.masked_fill(span == 0, 1)).unflatten(-1, pictures.shape[-2:])


def mix_channels(pictures: Tensor, weights: Tensor) -> Tensor:
    """Mixes the channels of pictures: each new channel is a weighted sum of the old ones, pixel by pixel.

    Args:
        pictures: (..., c, h, w), float: one picture with c channels, or any number of them in leading dimensions.
        weights: (k, c), same dtype: `weights[i, j]` says how much of the old channel j the new channel i gets.

    Returns:
        (..., k, h, w), same dtype: the pictures with their k new channels.
    """
    return torch.einsum(weights, [0, 1], pictures, [..., 1, 2, 3], [..., 0, 2, 3])


# stub 97992624cdce: says that nothing was written here yet; this line may stay or go
