"""Wrong answers that people really give to the exercises, each with what a teacher would say to it."""

import torch
from torch.nn.functional import one_hot


def colour_planes__rows_and_columns_confused(raw):
    """You have the two greens in each other's place: the first of the two slices counts the rows."""
    return raw[..., 0::2, 0::2], raw[..., 1::2, 0::2], raw[..., 0::2, 1::2], raw[..., 1::2, 1::2]


def colour_planes__red_and_blue_swapped(raw):
    """You swapped red and blue: the first row begins with a red pixel, and red comes first in the result."""
    return raw[..., 1::2, 1::2], raw[..., ::2, 1::2], raw[..., 1::2, ::2], raw[..., ::2, ::2]


def colour_planes__first_dimensions(raw):
    """You slice the first two dimensions. With pictures in a batch, rows and columns are the last two.

    Put `...` in front.
    """
    return raw[0::2, 0::2], raw[0::2, 1::2], raw[1::2, 0::2], raw[1::2, 1::2]


def colour_planes__copied(raw):
    """You clone the planes. Slices with steps are views, and that is what is asked for."""
    return tuple(raw[..., i::2, j::2].clone() for i in (0, 1) for j in (0, 1))


def colour_planes__lists_of_positions(raw):
    """A list of positions as index copies. Slices with a step, `0::2` and `1::2`, name the same places as a view."""
    rows, columns = range(raw.shape[-2]), range(raw.shape[-1])
    return tuple(raw[..., list(rows[i::2]), :][..., list(columns[j::2])] for i in (0, 1) for j in (0, 1))


def colour_planes__quarters(raw):
    """You cut the picture into its four quarters. The colours alternate: take every second row and column, a step."""
    h, w = (raw.shape[-2] + 1) // 2, (raw.shape[-1] + 1) // 2
    return raw[..., :h, :w], raw[..., :h, w:], raw[..., h:, :w], raw[..., h:, w:]


def colour_planes__even_sizes(raw):
    """You leave out the last row or column if their number is odd. They have pixels, too: leave out the `stop`."""
    h, w = raw.shape[-2] // 2 * 2, raw.shape[-1] // 2 * 2
    return tuple(raw[..., i:h:2, j:w:2] for i in (0, 1) for j in (0, 1))


def mirror_pad__outermost_repeated(signal, margin):
    """You repeat the outermost samples. They are the mirrors themselves: the slice begins one further in."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    before, after = signal[..., :margin].flip(-1), signal[..., n - margin :].flip(-1)
    return torch.cat([before, signal, after], dim=-1)


def mirror_pad__negative_step(signal, margin):
    """A tensor cannot be sliced with a negative step: slice it forwards, then `flip`."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    return torch.cat([signal[..., margin:0:-1], signal, signal[..., -2 : -margin - 2 : -1]], dim=-1)


mirror_pad__negative_step.raises = ValueError


def mirror_pad__minus_zero(signal, margin):
    """With margin 0, `-margin:` is `0:`, which is everything: there is no -0. Count the start from the front."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    before = signal[..., 1 : margin + 1].flip(-1)
    after = signal[..., :-1][..., -margin:].flip(-1)
    return torch.cat([before, signal, after], dim=-1)


def mirror_pad__not_flipped(signal, margin):
    """You put the right samples at the ends, in the wrong order: a mirror image runs backwards, so `flip` them."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    return torch.cat([signal[..., 1 : margin + 1], signal, signal[..., n - 1 - margin : n - 1]], dim=-1)


def mirror_pad__signals_flipped(signal, margin):
    """`flip(0)` exchanges the signals of a batch: the samples lie along the last dimension, -1."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    before, after = signal[..., 1 : margin + 1].flip(0), signal[..., n - 1 - margin : n - 1].flip(0)
    return torch.cat([before, signal, after], dim=-1)


def mirror_pad__periodic(signal, margin):
    """You continue the signal from its other end, as if it were periodic: it should be reflected at this one."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    return torch.cat([signal[..., n - margin :], signal, signal[..., :margin]], dim=-1)


def mirror_pad__unchecked(signal, margin):
    """A slice that reaches beyond the end is cut short without a word, so that you return too few samples.

    Check the margin, and raise ValueError.
    """
    n = signal.shape[-1]
    before, after = signal[..., 1 : margin + 1].flip(-1), signal[..., max(n - 1 - margin, 0) : n - 1].flip(-1)
    return torch.cat([before, signal, after], dim=-1)


def mirror_pad__signal_itself(signal, margin):
    """With margin 0 you return the caller's tensor itself: the result should have memory of its own."""
    n = signal.shape[-1]
    if not 0 <= margin < n:
        raise ValueError(margin)
    if margin == 0:
        return signal
    before, after = signal[..., 1 : margin + 1].flip(-1), signal[..., -margin - 1 : -1].flip(-1)
    return torch.cat([before, signal, after], dim=-1)


def usable_rows__any(table, low, high):
    """You keep rows in which any value lies between the limits: all of them have to, `all(dim=1)`."""
    usable = ((table >= low) & (table <= high)).any(dim=1)
    return table[usable], usable.nonzero().squeeze(1)


def usable_rows__elements(table, low, high):
    """A mask of the shape of the table picks single values, in one line. Make one truth of each row first."""
    inside = (table >= low) & (table <= high)
    return table[inside], inside.all(dim=1).nonzero().squeeze(1)


def usable_rows__columns(table, low, high):
    """`all(dim=0)` asks about each column: dimension 0 is the one that disappears. For the rows reduce dimension 1."""
    usable = ((table >= low) & (table <= high)).all(dim=0)
    return table[usable], usable.nonzero().squeeze(1)


usable_rows__columns.raises = IndexError


def usable_rows__limits_outside(table, low, high):
    """A value equal to a limit lies inside: compare with `>=` and `<=`."""
    usable = ((table > low) & (table < high)).all(dim=1)
    return table[usable], usable.nonzero().squeeze(1)


def usable_rows__nan_kept(table, low, high):
    """You sort out what is too small or too large. NaN is neither, and stays: ask what is inside, not what is not."""
    unusable = ((table < low) | (table > high)).any(dim=1)
    return table[~unusable], (~unusable).nonzero().squeeze(1)


def usable_rows__infinities_dropped(table, low, high):
    """You drop infinite values also where the limit is infinite: inf <= inf holds. Comparing is enough for NaN, too."""
    usable = (table.isfinite() & (table >= low) & (table <= high)).all(dim=1)
    return table[usable], usable.nonzero().squeeze(1)


def usable_rows__all_squeezed(table, low, high):
    """With a single row left, `squeeze()` takes its dimension away, too: name the dimension, `squeeze(1)`."""
    usable = ((table >= low) & (table <= high)).all(dim=1)
    return table[usable], usable.nonzero().squeeze()


def usable_rows__numbers_as_column(table, low, high):
    """`nonzero()` gives one row of coordinates for each place, (k, 1): the row numbers should be (k,)."""
    usable = ((table >= low) & (table <= high)).all(dim=1)
    return table[usable], usable.nonzero()


def usable_rows__chained_comparison(table, low, high):
    """`low <= table <= high` is Python's `and` of two comparisons, which wants a single truth: join them with `&`."""
    usable = (low <= table <= high).all(dim=1)
    return table[usable], usable.nonzero().squeeze(1)


usable_rows__chained_comparison.raises = RuntimeError


def clear_outliers__mask_then_column(table, column, start, step, limit):
    """`rows[mask]` is a copy, and `rows[mask][:, column] = 0` writes into it: nobody sees that.

    Put mask and column into one index.
    """
    rows = table[start::step]
    outliers = ~(rows[:, column].abs() <= limit)
    rows[outliers][:, column] = 0
    return int(outliers.sum())


def clear_outliers__new_tensor(table, column, start, step, limit):
    """`torch.where` makes a new tensor, and `readings = ...` only gives it a name. Write: `readings[mask] = 0`."""
    readings = table[start::step, column]
    outliers = ~(readings.abs() <= limit)
    readings = torch.where(outliers, 0.0, readings)
    return int(outliers.sum())


def clear_outliers__rows_by_positions(table, column, start, step, limit):
    """Positions in a tensor as index give a copy, and you write into it: take the rows by a slice."""
    readings = table[torch.arange(start % len(table), len(table), step), column]
    outliers = ~(readings.abs() <= limit)
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__contiguous(table, column, start, step, limit):
    """`contiguous()` copies where there are gaps in memory, as in a column, and what you write into that is lost."""
    readings = table[start::step, column].contiguous()
    outliers = ~(readings.abs() <= limit)
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__nan_missed(table, column, start, step, limit):
    """NaN is not greater than the limit, but it is not less or equal either: `~(... <= limit)` finds it."""
    readings = table[start::step, column]
    outliers = readings.abs() > limit
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__one_side(table, column, start, step, limit):
    """Values below -limit are outliers as well: compare the absolute values."""
    readings = table[start::step, column]
    outliers = ~(readings <= limit)
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__limit_overwritten(table, column, start, step, limit):
    """A value equal to the limit is no outlier: only what is greater than it, or less than -limit."""
    readings = table[start::step, column]
    outliers = ~(readings.abs() < limit)
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__infinity_always(table, column, start, step, limit):
    """With an infinite limit, infinity is no outlier: compare with the limit, and ask for NaN alone beside."""
    readings = table[start::step, column]
    outliers = ~readings.isfinite() | (readings.abs() > limit)
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__whole_rows(table, column, start, step, limit):
    """A mask of one dimension picks whole rows, so you clear all columns of a row with an outlier in one of them."""
    rows = table[start::step]
    outliers = ~(rows[:, column].abs() <= limit)
    rows[outliers] = 0
    return int(outliers.sum())


def clear_outliers__all_rows(table, column, start, step, limit):
    """You look at all rows: only those from `start` on, every `step`-th, are to be looked at."""
    readings = table[:, column]
    outliers = ~(readings.abs() <= limit)
    readings[outliers] = 0
    return int(outliers.sum())


def clear_outliers__multiplied(table, column, start, step, limit):
    """You multiply the outliers by 0, but 0 times NaN, or times infinity, is NaN: assign 0."""
    readings = table[start::step, column]
    outliers = ~(readings.abs() <= limit)
    readings *= ~outliers
    return int(outliers.sum())


def clear_outliers__counted_afterwards(table, column, start, step, limit):
    """You count the outliers when they are already gone: the readings are a view. Keep the mask, and count that."""
    readings = table[start::step, column]
    readings[~(readings.abs() <= limit)] = 0
    return int((~(readings.abs() <= limit)).sum())


def label_scores__every_label_of_every_row(log_probs, labels, ignored=-100):
    """`log_probs[..., labels]` takes the classes of all labels from every row. `gather` takes one from each."""
    counts = labels != ignored
    return torch.where(counts, log_probs[..., torch.where(counts, labels, 0)], 0.0)


label_scores__every_label_of_every_row.raises = RuntimeError


def label_scores__multiplied_by_mask(log_probs, labels, ignored=-100):
    """You multiply by the mask, but 0 times NaN is NaN, and so is 0 times -inf: choose with `torch.where`."""
    counts = labels != ignored
    positions = torch.where(counts, labels, 0)
    return log_probs.gather(-1, positions.unsqueeze(-1)).squeeze(-1) * counts


def label_scores__all_squeezed(log_probs, labels, ignored=-100):
    """`squeeze()` takes away every dimension of size 1, that of a batch of one as well: `squeeze(-1)`."""
    counts = labels != ignored
    positions = torch.where(counts, labels, 0)
    return torch.where(counts, log_probs.gather(-1, positions.unsqueeze(-1)).squeeze(), 0.0)


def label_scores__negative_is_ignored(log_probs, labels, ignored=-100):
    """You take negative labels for those to be ignored. The number that marks them is `ignored`, whatever it is."""
    scores = log_probs.gather(-1, labels.clamp(0, log_probs.shape[-1] - 1).unsqueeze(-1)).squeeze(-1)
    return torch.where(labels >= 0, scores, 0.0)


def label_scores__minus_100_in_any_case(log_probs, labels, ignored=-100):
    """You ignore -100, whatever the caller says: it is the default of `ignored`, and another number may be given."""
    counts = labels != -100
    scores = log_probs.gather(-1, (labels * counts).clamp(0, log_probs.shape[-1] - 1).unsqueeze(-1)).squeeze(-1)
    return torch.where(counts, scores, 0.0)


def label_scores__position_outside(log_probs, labels, ignored=-100):
    """`gather` takes no positions outside the tensor, not even where the result is not used: replace them first."""
    return torch.where(labels != ignored, log_probs.gather(-1, labels.unsqueeze(-1)).squeeze(-1), 0.0)


label_scores__position_outside.raises = RuntimeError


def label_scores__labels_changed(log_probs, labels, ignored=-100):
    """`labels[...] = 0` changes the caller's labels: make new ones with `torch.where`, or work on a clone."""
    counts = labels != ignored
    labels[~counts] = 0
    return torch.where(counts, log_probs.gather(-1, labels.unsqueeze(-1)).squeeze(-1), 0.0)


def label_scores__dropped(log_probs, labels, ignored=-100):
    """You leave the ignored places out, so that the result is shorter: it has the shape of `labels`, with 0 there."""
    counts = labels != ignored
    return log_probs[counts].gather(-1, labels[counts].unsqueeze(-1)).squeeze(-1)


def best_boxes__first_number_only(boxes, scores, k):
    """`gather` does not broadcast: with an index (..., k, 1) it takes the first number of each box and no other.

    Expand the index to (..., k, 4), or use `take_along_dim`.
    """
    best, places = scores.topk(min(k, scores.shape[-1]))
    return boxes.gather(-2, places.unsqueeze(-1)), best


def best_boxes__places_of_all_pictures(boxes, scores, k):
    """`boxes[..., places, :]` takes the places of all pictures from every picture: each has an order of its own."""
    best, places = scores.topk(min(k, scores.shape[-1]))
    return boxes[..., places, :], best


def best_boxes__order_of_the_first_picture(boxes, scores, k, *, of_scores=False):
    """You sort all pictures as the first one is sorted: each has scores of its own."""
    best, places = scores.topk(min(k, scores.shape[-1]))
    first = places.reshape(-1, places.shape[-1])[0]
    return boxes[..., first, :], scores[..., first] if of_scores else best


best_boxes__order_of_the_first_picture.varies = {"of_scores": (True,)}


def best_boxes__worst_first(boxes, scores, k):
    """You sort in rising order, and keep the worst: `descending=True`, or `topk`."""
    order = scores.argsort(dim=-1)[..., :k]
    return boxes.take_along_dim(order.unsqueeze(-1), dim=-2), scores.gather(-1, order)


def best_boxes__unsorted(boxes, scores, k):
    """With `sorted=False` the best ones come in any order: the best one should be first."""
    best, places = scores.topk(min(k, scores.shape[-1]), sorted=False)
    return boxes.take_along_dim(places.unsqueeze(-1), dim=-2), best


def best_boxes__in_their_old_order(boxes, scores, k):
    """You keep the right boxes, but in the order in which they came: the best one should be first."""
    places = scores.topk(min(k, scores.shape[-1])).indices.sort(dim=-1).values
    return boxes.take_along_dim(places.unsqueeze(-1), dim=-2), scores.gather(-1, places)


def best_boxes__sigmoid_first(boxes, scores, k):
    """You ranked sigmoids of the scores. Large scores become equal there, and order is lost: rank the scores."""
    places = scores.sigmoid().argsort(dim=-1, descending=True)[..., :k]
    return boxes.take_along_dim(places.unsqueeze(-1), dim=-2), scores.gather(-1, places)


def best_boxes__fewer_than_k(boxes, scores, k):
    """`topk` refuses a k that is greater than the number of boxes: take the lesser of the two."""
    best, places = scores.topk(k)
    return boxes.take_along_dim(places.unsqueeze(-1), dim=-2), best


best_boxes__fewer_than_k.raises = RuntimeError


def smoothed_targets__classes_that_occur(labels, classes, smoothing=0.0, dtype=torch.float32):
    """Without the number of classes, `one_hot` takes the greatest label that occurs for the last class."""
    targets = one_hot(labels.clamp(min=0)).to(dtype) * (1 - smoothing) + smoothing / classes
    return targets * (labels >= 0).unsqueeze(-1)


smoothed_targets__classes_that_occur.raises = RuntimeError


def smoothed_targets__minus_one_is_the_last(labels, classes, smoothing=0.0, dtype=torch.float32):
    """As an index, -1 is the last class. Here it means that nobody knows: a row of zeros."""
    return torch.eye(classes, dtype=dtype)[labels] * (1 - smoothing) + smoothing / classes


def smoothed_targets__minus_one_refused(labels, classes, smoothing=0.0, dtype=torch.float32):
    """`one_hot` refuses negative labels: replace -1 by some class first, and clear these rows in the end."""
    return one_hot(labels, classes).to(dtype) * (1 - smoothing) + smoothing / classes


smoothed_targets__minus_one_refused.raises = RuntimeError


def smoothed_targets__unknown_is_smoothed(labels, classes, smoothing=0.0, dtype=torch.float32):
    """Where nobody knows the label, the whole row should be zeros: yours holds the smoothing."""
    hot = labels.unsqueeze(-1) == torch.arange(classes)
    return hot.to(dtype) * (1 - smoothing) + smoothing / classes


def smoothed_targets__spread_over_the_others(labels, classes, smoothing=0.0, dtype=torch.float32):
    """You spread the smoothing over the other classes: it is divided among all of them, the right one included."""
    hot = (labels.unsqueeze(-1) == torch.arange(classes)).to(dtype)
    targets = hot * (1 - smoothing) + (1 - hot) * smoothing / max(classes - 1, 1)
    return targets * (labels >= 0).unsqueeze(-1)


def smoothed_targets__two_classes_too_few(labels, classes, smoothing=0.0, dtype=torch.float32):
    """You divided the smoothing among `classes - 2`, as where padding is a class of its own.

    All classes share it, the right one included.
    """
    hot = (labels.unsqueeze(-1) == torch.arange(classes)).to(dtype)
    targets = hot * (1 - smoothing) + (1 - hot) * smoothing / max(classes - 2, 1)
    return targets * (labels >= 0).unsqueeze(-1)


def smoothed_targets__more_than_one(labels, classes, smoothing=0.0, dtype=torch.float32):
    """Your rows add up to more than 1: what is spread has to be taken away from the label first."""
    hot = (labels.unsqueeze(-1) == torch.arange(classes)).to(dtype)
    return (hot + smoothing / classes) * (labels >= 0).unsqueeze(-1)


def smoothed_targets__dtype_ignored(labels, classes, smoothing=0.0, dtype=torch.float32):
    """You return float32 in any case: the caller names the dtype of the result."""
    hot = (labels.unsqueeze(-1) == torch.arange(classes)).float()
    return (hot * (1 - smoothing) + smoothing / classes) * (labels >= 0).unsqueeze(-1)


def smoothed_targets__whole_numbers(labels, classes, smoothing=0.0, dtype=torch.float32):
    """You write fractions into a tensor of whole numbers, which cuts them off: give the tensor its dtype first."""
    known = (labels >= 0).unsqueeze(-1)
    targets = torch.full((*labels.shape, classes), int(smoothing / classes), dtype=torch.int64)
    targets.scatter_(-1, labels.clamp(min=0).unsqueeze(-1), int(1 - smoothing + smoothing / classes))
    return (targets * known).to(dtype)


def segment_means__written_once(values, segments, count):
    """`sums[segments] += values` reads, adds and writes back: of several rows of a segment, one remains.

    `index_add_` accumulates.
    """
    sums = values.new_zeros(count, values.shape[1])
    sums[segments] += values
    return sums / torch.bincount(segments, minlength=count).clamp(min=1).unsqueeze(1)


def segment_means__first_column_only(values, segments, count):
    """`scatter_add_` does not broadcast its index: a column as index adds the first column of the values only."""
    sums = values.new_zeros(count, values.shape[1]).scatter_add_(0, segments.unsqueeze(1), values)
    return sums / torch.bincount(segments, minlength=count).clamp(min=1).unsqueeze(1)


def segment_means__sums(values, segments, count):
    """You return the sums: divide each by the number of its rows."""
    return values.new_zeros(count, values.shape[1]).index_add_(0, segments, values)


def segment_means__divided_by_all(values, segments, count):
    """You divide by the number of all rows: each segment has a size of its own, see `bincount`."""
    return values.new_zeros(count, values.shape[1]).index_add_(0, segments, values) / max(len(values), 1)


def segment_means__empty_is_nan(values, segments, count):
    """0 / 0 is NaN: for a segment without rows, divide by 1 instead."""
    sums = values.new_zeros(count, values.shape[1]).index_add_(0, segments, values)
    return sums / torch.bincount(segments, minlength=count).unsqueeze(1)


def segment_means__zero_counted_in(values, segments, count):
    """`scatter_reduce_` counts the zero that stood there before as one of the values: `include_self=False`."""
    index = segments.unsqueeze(1).expand(-1, values.shape[1])
    return values.new_zeros(count, values.shape[1]).scatter_reduce_(0, index, values, "mean")


def segment_means__segments_that_occur(values, segments, count):
    """You return a row for each segment that occurs: there are `count` of them, also empty ones."""
    rows = [values[segments == segment].mean(dim=0) for segment in segments.unique()]
    return torch.stack(rows) if rows else values.new_zeros(0, values.shape[1])


def segment_means__sizes_too_short(values, segments, count):
    """`bincount` ends with the greatest segment that occurs: give it `minlength=count`."""
    sums = values.new_zeros(count, values.shape[1]).index_add_(0, segments, values)
    return sums / torch.bincount(segments).clamp(min=1).unsqueeze(1)


segment_means__sizes_too_short.raises = RuntimeError


def top_k_accuracy__places_of_topk(scores, labels, k, dim=-1):
    """`topk` names k places. Of classes with equal scores it names some, and which ones is a matter of chance.

    Compare scores, not places.
    """
    places = scores.topk(min(k, scores.shape[dim]), dim=dim).indices
    return (places == labels.unsqueeze(dim)).any(dim).double().mean().item()


def top_k_accuracy__dim_ignored(scores, labels, k, dim=-1):
    """You look for the classes along the last dimension, whatever `dim` says."""
    own = scores.gather(-1, labels.unsqueeze(-1))
    return ((scores > own).sum(-1) < k).double().mean().item()


top_k_accuracy__dim_ignored.raises = RuntimeError


def top_k_accuracy__ties_count_against(scores, labels, k, dim=-1):
    """You count classes with an equal score as better ones: only a higher score is better."""
    own = scores.gather(dim, labels.unsqueeze(dim))
    return ((scores >= own).sum(dim) <= k).double().mean().item()


def top_k_accuracy__softmax_first(scores, labels, k, dim=-1):
    """Softmax makes equal what differed: very low scores all become 0. It leaves the order as it is, so do without."""
    probabilities = scores.double().softmax(dim)
    own = probabilities.gather(dim, labels.unsqueeze(dim))
    return (probabilities > own).sum(dim).lt(k).sum().item() / max(labels.numel(), 1)


def top_k_accuracy__one_too_many(scores, labels, k, dim=-1):
    """A label with k better ones is place k + 1: fewer than k may be better, `<` and not `<=`."""
    own = scores.gather(dim, labels.unsqueeze(dim))
    return ((scores > own).sum(dim) <= k).double().mean().item()


def top_k_accuracy__divided_by_k(scores, labels, k, dim=-1):
    """You average over all k places, of which at most one is the label: ask `any` along `dim` first."""
    places = scores.topk(min(k, scores.shape[dim]), dim=dim).indices
    return (places == labels.unsqueeze(dim)).double().mean().item()


def top_k_accuracy__more_than_the_classes(scores, labels, k, dim=-1):
    """`topk` refuses a k that is greater than the number of classes, and then every label is a hit."""
    own = scores.gather(dim, labels.unsqueeze(dim))
    least = scores.topk(k, dim=dim).values.amin(dim, keepdim=True)
    return (own >= least).double().mean().item()


top_k_accuracy__more_than_the_classes.raises = RuntimeError


def top_k_accuracy__no_labels(scores, labels, k, dim=-1):
    """Without labels you compute 0 / 0, and the mean of nothing is NaN: return 0.0 then."""
    own = scores.gather(dim, labels.unsqueeze(dim))
    return ((scores > own).sum(dim) < k).double().mean().item()


def top_k_accuracy__a_tensor(scores, labels, k, dim=-1):
    """You return a tensor: `.item()` makes a Python float of it."""
    own = scores.gather(dim, labels.unsqueeze(dim))
    return ((scores > own).sum(dim) < k).float().mean()


def top_k_accuracy__counted(scores, labels, k, dim=-1):
    """You return how many labels are hits: the share is their number divided by that of all labels."""
    own = scores.gather(dim, labels.unsqueeze(dim))
    return float(((scores > own).sum(dim) < k).sum())
