"""Step 0 always gets base_lr; a milestone 0 takes effect only from step 1 on."""

from bisect import bisect_right


def multistep_decay(base_lr: float, steps: int, milestones: list[int], gamma: float = 0.1) -> list[float]:
    if steps == 0:
        return []
    rates = [base_lr]
    for k in range(1, steps):
        passed = bisect_right(milestones, k)
        rates.append(base_lr * gamma**passed)
    return rates
