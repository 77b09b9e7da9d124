"""After the warm-up the cosine is read at the overall step over total_steps, as if it had been running since step 0."""

import math


def warmup_cosine(
    base_lr: float, total_steps: int, warmup_steps: int, start_factor: float, eta_min: float = 0.0
) -> list[float]:
    lrs = []
    for step in range(total_steps):
        if step < warmup_steps:
            progress = step / warmup_steps
            lr = base_lr * (start_factor + (1.0 - start_factor) * progress)
        else:
            progress = step / total_steps
            lr = eta_min + (base_lr - eta_min) * (1.0 + math.cos(math.pi * progress)) / 2.0
        lrs.append(lr)
    return lrs
