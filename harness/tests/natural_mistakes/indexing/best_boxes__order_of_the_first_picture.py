"""One ranking, taken from the first picture, puts the boxes of every picture in order."""

import torch
from torch import Tensor


def best_boxes(boxes: Tensor, scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    n = scores.shape[-1]
    keep = min(k, n)
    flat = scores.reshape(-1, n)
    if len(flat) == 0:
        return boxes[..., :keep, :].clone(), scores[..., :keep].clone()
    ranking = flat[0].argsort(descending=True)[:keep]
    return boxes[..., ranking, :], scores[..., ranking]
