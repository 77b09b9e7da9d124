"""Accepts a seed, but draws weights and batches from wherever the global generator happens to be."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def train_digits(images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10))
    adam = torch.optim.AdamW(net.parameters(), lr=0.01)
    batches = DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True)
    for _ in range(25):
        for x, y in batches:
            adam.zero_grad()
            F.cross_entropy(net(x), y).backward()
            adam.step()
    return net.eval()
