"""Lets base_lr itself fall to 0 and puts eta_min on top, so the rates begin at base_lr + eta_min."""

from math import cos, pi


def cosine_annealing(base_lr: float, steps: int, t_max: int, eta_min: float = 0.0) -> list[float]:
    def share(k):
        return 0.5 * (1.0 + cos(pi * k / t_max))

    return [eta_min + base_lr * share(k) for k in range(steps)]
