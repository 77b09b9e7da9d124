"""Indexing. The lesson is the README.md in the folder katas/04_indexing."""

import torch
from torch import Tensor


def colour_planes(raw: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Takes the raw picture of a camera apart into its colours.

    Each pixel of the sensor saw one colour only. Rows 0, 2, 4, ... saw red, green, red, green, ...; rows 1, 3, 5, ...
    saw green, blue, green, blue, ...

    Args:
        raw: (..., h, w), any dtype: one picture, or any number of them in leading dimensions, none included. h and w
            are at least 1, and may be odd.

    Returns:
        A tuple of four views of `raw`, no pixel copied: the red pixels, the green ones of the red rows, the green ones
        of the blue rows, the blue ones. Each is (..., rows, columns): the rows and columns of `raw` that have such
        pixels, in order. Where there are none, the plane has size 0 there.
    """
    even, odd = slice(None, None, 2), slice(1, None, 2)
    return tuple(raw[(..., rows, columns)] for rows in (even, odd) for columns in (even, odd))


def mirror_pad(signal: Tensor, margin: int) -> Tensor:
    """Continues signals at both ends by their mirror image.

    The first and the last sample are the mirrors, and are not repeated: with margin 2, [1, 2, 3, 4] becomes
    [3, 2, 1, 2, 3, 4, 3, 2].

    Args:
        signal: (..., n), n at least 1, any dtype: one signal, or any number of them in leading dimensions, none
            included.
        margin: how many samples to put at either end, from 0 to n - 1.

    Returns:
        (..., n + 2 * margin), the dtype of `signal`, in memory of its own, also for margin 0.

    Raises:
        ValueError: `margin` is negative, or n or more.
    """
    last = signal.size(-1) - 1
    if not 0 <= margin <= last:
        raise ValueError(f"margin is {margin}, must be from 0 to {last}")
    places = torch.arange(-margin, last + margin + 1).abs()
    places = last - places.sub(last).abs()
    return signal[..., places]


def usable_rows(table: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    """Keeps the rows of a table whose values all lie between two limits.

    Args:
        table: (n, m), a floating-point dtype. It may hold NaN and infinities; n may be 0, m is at least 1.
        low: the least value that a row may hold; may be -inf.
        high: the greatest value that a row may hold; may be inf. If it is less than `low`, no row is kept. Limits are
            numbers that the dtype of `table` holds exactly.

    Returns:
        The rows in which low <= value <= high holds for every value, (k, m), in order and in memory of their own; and
        their row numbers, (k,), int64. k may be 0. NaN lies between no limits, and inf lies between 0 and inf.
    """
    outside = table.lt(low) | table.gt(high) | table.isnan()
    (places,) = outside.any(-1).logical_not().nonzero(as_tuple=True)
    return table.index_select(0, places), places


def clear_outliers(table: Tensor, column: int, start: int, step: int, limit: float) -> int:
    """Writes 0 over the outliers of one column of a table, in place.

    A value is an outlier if it is greater than `limit`, or less than -`limit`, or NaN.

    Args:
        table: (n, m), a floating-point dtype, which the call changes. It may be a part of a larger tensor. n may be 0,
            m is at least 1.
        column: number of the column, from -m to m - 1.
        start: number of the first row to look at, from -n to n - 1, or 0 if there are no rows. Counting on from there,
            only every `step`-th row is looked at, to the end of the table. All other rows stay as they are.
        step: at least 1.
        limit: 0 or more; may be inf. A number that the dtype of `table` holds exactly.

    Returns:
        How many values were overwritten, a Python int.
    """
    cells = table.select(-1, column)[start::step]
    wrong = cells.double().abs().le(limit).logical_not()
    cells.masked_fill_(wrong, 0)
    return int(wrong.count_nonzero())


def label_scores(log_probs: Tensor, labels: Tensor, ignored: int = -100) -> Tensor:
    """Picks the log-probability of each label, and 0 where there is nothing to score.

    Args:
        log_probs: (..., c), a floating-point dtype: for each place the scores of c classes, c at least 1. -inf may
            occur, and NaN where the label is to be ignored: anything may stand there.
        labels: (...), int64: for each place a class, from 0 to c - 1, or `ignored`. It stays as it is.
        ignored: the number that marks places to be ignored. Any number, also one that would otherwise be a class.

    Returns:
        (...), the dtype of `log_probs`, in memory of its own: for each place the score of its label; 0 where the label
        is `ignored`.
    """
    classes = torch.arange(log_probs.size(-1))
    wanted = labels.unsqueeze(-1).eq(classes) & labels.ne(ignored).unsqueeze(-1)
    return log_probs.masked_fill(~wanted, 0).sum(-1)


def best_boxes(boxes: Tensor, scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Keeps the k best boxes of each picture, best first.

    Args:
        boxes: (..., n, 4), any dtype: for each picture n boxes, each given by four numbers. n is at least 1; there may
            be no pictures.
        scores: (..., n), a floating-point dtype: how good each box is. The scores of a picture all differ. No NaN;
            -inf may occur.
        k: at least 1. If there are fewer boxes than that, all of them are kept.

    Returns:
        The boxes, (..., min(k, n), 4), each picture's in order of falling score; and their scores, (..., min(k, n)).
        Both have the dtypes of the arguments, and memory of their own.
    """
    *lead, n, four = boxes.shape
    ranked, order = scores.reshape(-1, n).sort(dim=1, descending=True)
    ranked, order = ranked[:, :k], order[:, :k]
    picture = torch.arange(len(order))[:, None]
    best = boxes.reshape(-1, n, four)[picture, order]
    return best.reshape(*lead, min(k, n), four), ranked.clone().reshape(*lead, min(k, n))


def smoothed_targets(
    labels: Tensor, classes: int, smoothing: float = 0.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Turns labels into one row of target probabilities each.

    Args:
        labels: (...), int64: a class from 0 to classes - 1, or -1 if nobody knows. It stays as it is.
        classes: how many classes there are, at least 1. Not all of them need occur in `labels`.
        smoothing: the share of the probability that is spread evenly over all classes, the right one included: from
            0 to 1.
        dtype: of the result, a floating-point dtype. The result is right up to its rounding.

    Returns:
        (..., classes), dtype `dtype`: smoothing / classes everywhere, and 1 - smoothing + smoothing / classes at the
        label. Where the label is -1, a row of zeros.
    """
    share = smoothing / classes
    known = labels.ne(-1).double().unsqueeze(-1)
    hot = labels.unsqueeze(-1).eq(torch.arange(classes)).double()
    return hot.mul(1 - smoothing).add(share).mul(known).to(dtype)


def segment_means(values: Tensor, segments: Tensor, count: int) -> Tensor:
    """Averages rows that belong together.

    Args:
        values: (n, d), float32 or float64, finite. n may be 0.
        segments: (n,), int64: the segment, from 0 to count - 1, that each row belongs to. In any order, and any number
            of rows may belong to one segment.
        count: how many segments there are, at least 1.

    Returns:
        (count, d), the dtype of `values`, in memory of its own: row s is the mean of the rows that belong to segment
        s, up to rounding; zeros if there are none.
    """
    member = torch.arange(count).unsqueeze(1).eq(segments).double()
    weights = member / member.sum(1, keepdim=True).clamp(min=1)
    return torch.einsum("sn,nd->sd", weights, values.double()).to(values.dtype)


def top_k_accuracy(scores: Tensor, labels: Tensor, k: int, dim: int = -1) -> float:
    """Says how often the right class is among the k best.

    A label is among the k best if fewer than k classes have a higher score than it has. So of classes with equal
    scores all are, or none is.

    Args:
        scores: a floating-point dtype, classes along dimension `dim`, any dimensions around it. No NaN; -inf may occur.
        labels: int64, the shape of `scores` without dimension `dim`: the right classes.
        k: at least 1. It may be more than there are classes.
        dim: the dimension of the classes, may count from the end.

    Returns:
        The share of labels that are among the k best, a Python float from 0.0 to 1.0. 0.0 if there are no labels.
    """
    if not labels.numel():
        return 0.0
    own = torch.gather(scores, dim, labels.unsqueeze(dim))
    better = scores.gt(own).sum(dim)
    return better.lt(k).double().mean().item()
