"""Counts an epoch as bad where the metric fails to clear the bar, so NaN, which fails no comparison, becomes the best."""

import math


def reduce_on_plateau(
    base_lr: float,
    metrics: list[float],
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
) -> list[float]:
    if mode not in ("min", "max"):
        raise ValueError("unknown mode: " + str(mode))
    if threshold_mode not in ("rel", "abs"):
        raise ValueError("unknown threshold_mode: " + str(threshold_mode))
    if factor >= 1.0:
        raise ValueError("factor has to be below 1")

    sign = -1 if mode == "min" else 1
    record = sign * -math.inf
    rate, result = base_lr, [base_lr]
    num_bad, pause = 0, 0

    for m in metrics:
        if threshold_mode == "rel":
            target = record * (1 + sign * threshold)
        else:
            target = record + sign * threshold

        no_better = m >= target if mode == "min" else m <= target
        if no_better:
            num_bad += 1
        else:
            record, num_bad = m, 0

        if pause:
            pause -= 1
            num_bad = 0

        if num_bad > patience:
            candidate = max(rate * factor, min_lr)
            if rate - candidate > eps:
                rate = candidate
            num_bad, pause = 0, cooldown

        result.append(rate)

    return result
