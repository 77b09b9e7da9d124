"""Tensor operations. The lesson is the README.md in the folder katas/03_tensor_operations."""

import torch
from torch import Tensor


def calculate(symbol: str, left: Tensor, right: Tensor) -> Tensor:
    """Presses one key of a pocket calculator for tensors.

    Args:
        symbol: "+", "-", "*" or "/".
        left: the first operand, integers or floats, of any shape.
        right: the second operand, of the same dtype and of a shape that fits `left` by torch's rules.

    Returns:
        `left` symbol `right`, element by element, in memory of its own. Sums, differences and products have the
        operands' dtype. "/" is true division: 7 / 2 is 3.5 for integers as well (which then give float32). The
        operands stay as they are.

    Raises:
        ValueError: the calculator has no such key.
    """
    # <solution>
    keys = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}
    if symbol not in keys:
        raise ValueError(f"no key {symbol!r}: there are {', '.join(keys)}")
    return keys[symbol](left, right)
    # </solution>


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
    # <solution>
    result = picture if inplace else picture.clone()
    result[[first, second]] = result[[second, first]]  # a list of row numbers copies the rows; result[first] is a view
    return result
    # </solution>


def transform_points(points: Tensor, matrices: Tensor) -> Tensor:
    """Moves points: every point p of a cloud becomes M p, where M is the cloud's matrix.

    Args:
        points: (..., n, a), integers or floats: clouds of n points with a coordinates each. One point is one row. There
            may be no cloud at all.
        matrices: (..., b, a) with the same leading dimensions as `points`: one matrix for each cloud; or (b, a): one
            matrix for all of them. Same dtype as `points`.

    Returns:
        (..., n, b): the points, moved, in the order in which they came.
    """
    # <solution>
    return points @ matrices.transpose(-2, -1)  # (..., n, a) @ (..., a, b) -> (..., n, b)
    # </solution>


def as_rows(values: Tensor, columns: int) -> tuple[Tensor, bool]:
    """Lays out the elements of a tensor as rows of a given length, and copies them only if there is no other way.

    Args:
        values: any shape and dtype, at least one element; in memory its elements may lie apart or in another order.
        columns: how many elements one row holds, at least 1.

    Returns:
        The elements in the order in which `values.flatten()` has them, as a (rows, columns) tensor; and whether that
        tensor shares its memory with `values` (True) or is a copy (False). It shares it wherever `view` can.

    Raises:
        ValueError: the elements do not fill whole rows.
    """
    # <solution>
    if values.numel() % columns:
        raise ValueError(f"{values.numel()} elements do not fill rows of {columns}")
    rows = values.reshape(-1, columns)
    return rows, rows.data_ptr() == values.data_ptr()
    # </solution>


def turn_left(pictures: Tensor) -> Tensor:
    """Turns pictures by a quarter, counterclockwise.

    Args:
        pictures: (..., h, w), any dtype: one picture, or any number of them, even none, in leading dimensions.

    Returns:
        (..., w, h): each picture turned, so that its rightmost column has become its top row.
    """
    # <solution>
    return pictures.transpose(-2, -1).flip(-2)  # (..., h, w) -> (..., w, h), then upside down
    # </solution>


def cut_tiles(picture: Tensor, height: int, width: int) -> Tensor:
    """Cuts a colour picture into equal tiles, without overlap.

    Args:
        picture: (c, h, w), any dtype.
        height: height of a tile, at least 1.
        width: width of a tile, at least 1.

    Returns:
        (n, c, height, width) where n is (h / height) · (w / width): the tiles in reading order, the topmost row of
        tiles from left to right, then the next.

    Raises:
        ValueError: `h` is no multiple of `height`, or `w` none of `width`.
    """
    # <solution>
    c, h, w = picture.shape
    if h % height or w % width:
        raise ValueError(f"tiles of {height} x {width} do not fill a picture of {h} x {w}")
    tiles = picture.reshape(c, h // height, height, w // width, width)
    return tiles.permute(1, 3, 0, 2, 4).reshape(-1, c, height, width)  # (down, across, c, height, width) before reshape
    # </solution>


def collage(
    red: list[list[Tensor]], green: list[list[Tensor]], blue: list[list[Tensor]], colour_dim: int = 0
) -> Tensor:
    """Glues scans into one picture for each colour, and puts the three colours together.

    Args:
        red: the red scans, laid out as on a table: a list of rows from top to bottom, each row a list of scans from
            left to right; no list is empty. A scan is a matrix (height, width), of any dtype. Scans of one row have the
            same height, and all rows are equally wide altogether, though they may be cut at different places.
        green: the green scans, cut in the same way, same dtype.
        blue: the blue scans, cut in the same way, same dtype.
        colour_dim: where the new dimension of size 3 (red, green, blue) stands in the result: 0, 1, 2, or counted from
            the end, -1, -2, -3.

    Returns:
        With H rows and W columns of pixels in all: (3, H, W) for `colour_dim` 0, (H, 3, W) for 1, (H, W, 3) for 2.
    """
    # <solution>
    planes = [
        torch.cat([torch.cat(row, dim=1) for row in rows], dim=0)  # (H, W)
        for rows in (red, green, blue)
    ]
    return torch.stack(planes, dim=colour_dim)
    # </solution>


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
    # <solution>
    dims = max(left.dim(), right.dim())
    padded_left = (1,) * (dims - left.dim()) + left.shape
    padded_right = (1,) * (dims - right.dim()) + right.shape
    shape = []
    for a, b in zip(padded_left, padded_right, strict=True):
        if a != b and a != 1 and b != 1:
            raise ValueError(f"shapes {tuple(left.shape)} and {tuple(right.shape)} do not fit: {a} against {b}")
        shape.append(b if a == 1 else a)
    return left.expand(shape), right.expand(shape)
    # </solution>


def stretch_contrast(pictures: Tensor) -> Tensor:
    """Stretches the brightness of each picture, so that its darkest pixel becomes 0 and its brightest 1.

    Args:
        pictures: (..., h, w), float: one picture, or any number of them, even none, in leading dimensions.

    Returns:
        Same shape and dtype, in memory of its own: each picture stretched by itself, the values between in proportion.
        A picture whose pixels are all equal becomes 0 everywhere. `pictures` stays as it is.
    """
    # <solution>
    darkest = pictures.amin(dim=(-2, -1), keepdim=True)  # (..., 1, 1)
    span = pictures.amax(dim=(-2, -1), keepdim=True) - darkest  # (..., 1, 1)
    return torch.where(span > 0, (pictures - darkest) / span, 0.0)
    # </solution>


def mix_channels(pictures: Tensor, weights: Tensor) -> Tensor:
    """Mixes the channels of pictures: each new channel is a weighted sum of the old ones, pixel by pixel.

    Args:
        pictures: (..., c, h, w), float: one picture with c channels, or any number of them, even none, in leading
            dimensions.
        weights: (k, c), same dtype: `weights[i, j]` says how much of the old channel j the new channel i gets.

    Returns:
        (..., k, h, w), same dtype: the pictures with their k new channels.
    """
    # <solution>
    return torch.einsum("...chw,kc->...khw", pictures, weights)
    # </solution>
