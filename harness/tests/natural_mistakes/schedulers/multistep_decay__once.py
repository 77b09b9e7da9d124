"""After the first milestone the rate is base_lr * gamma for good; the later milestones change nothing."""


def multistep_decay(base_lr: float, steps: int, milestones: list[int], gamma: float = 0.1) -> list[float]:
    def rate_at(step: int) -> float:
        if any(step >= milestone for milestone in milestones):
            return base_lr * gamma
        return base_lr

    return [rate_at(step) for step in range(steps)]
