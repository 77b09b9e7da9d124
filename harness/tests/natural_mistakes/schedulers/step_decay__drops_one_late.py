"""The rate still has its old value at step number step_size and falls only at the step after it."""


def step_decay(base_lr: float, steps: int, step_size: int, gamma: float = 0.1) -> list[float]:
    history = []
    current = base_lr
    for t in range(steps):
        if t > 1 and (t - 1) % step_size == 0:
            current = current * gamma
        history.append(current)
    return history
