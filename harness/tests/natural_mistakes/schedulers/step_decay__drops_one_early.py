"""Counts the steps from 1, so the last step of each stair has the next stair's rate already."""


def step_decay(base_lr: float, steps: int, step_size: int, gamma: float = 0.1) -> list[float]:
    return [base_lr * gamma ** (number // step_size) for number in range(1, steps + 1)]
