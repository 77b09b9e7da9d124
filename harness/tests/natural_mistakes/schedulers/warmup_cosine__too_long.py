"""The cosine starts at the end of the warm-up but is stretched over total_steps instead of the steps that are left."""

import math


def _ramp(base_lr: float, length: int, start_factor: float) -> list[float]:
    first = start_factor * base_lr
    return [first + (base_lr - first) * i / length for i in range(length)]


def _half_wave(top: float, bottom: float, count: int, period: int) -> list[float]:
    return [bottom + 0.5 * (top - bottom) * (1 + math.cos(i / period * math.pi)) for i in range(count)]


def warmup_cosine(
    base_lr: float, total_steps: int, warmup_steps: int, start_factor: float, eta_min: float = 0.0
) -> list[float]:
    warm = _ramp(base_lr, warmup_steps, start_factor)
    rest = _half_wave(base_lr, eta_min, total_steps - warmup_steps, total_steps)
    return warm + rest
