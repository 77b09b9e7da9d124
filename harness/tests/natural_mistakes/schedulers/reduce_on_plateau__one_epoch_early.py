"""Reduces as soon as there have been `patience` bad epochs in a row, instead of at the one after them."""


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
    if mode not in {"min", "max"}:
        raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
    if threshold_mode not in {"rel", "abs"}:
        raise ValueError(f"threshold_mode must be 'rel' or 'abs', not {threshold_mode!r}")
    if factor >= 1:
        raise ValueError("factor must be less than 1")

    best = None

    def improves(value: float) -> bool:
        if best is None:
            return value == value
        if mode == "min":
            bar = best * (1 - threshold) if threshold_mode == "rel" else best - threshold
            return value < bar
        bar = best * (1 + threshold) if threshold_mode == "rel" else best + threshold
        return value > bar

    lr = base_lr
    rates = [lr]
    bad = 0
    cooling = 0
    for value in metrics:
        if improves(value):
            best = value
            bad = 0
        else:
            bad += 1
        if cooling > 0:
            cooling -= 1
            bad = 0
        if bad > 0 and bad >= patience:
            lowered = max(lr * factor, min_lr)
            if lr - lowered > eps:
                lr = lowered
            bad = 0
            cooling = cooldown
        rates.append(lr)
    return rates
