"""Looks for the darkest and the brightest pixel along the leading pair of dimensions."""

import torch
from torch import Tensor


def stretch_contrast(pictures: Tensor) -> Tensor:
    low = torch.amin(pictures, (0, 1), keepdim=True)
    span = torch.amax(pictures, (0, 1), keepdim=True) - low
    flat = span == 0
    return (pictures - low) / torch.where(flat, torch.ones_like(span), span)
