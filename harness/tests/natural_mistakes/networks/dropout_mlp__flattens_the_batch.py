"""The first module joins all dimensions of the input, that of the batch too."""

from torch import nn


def dropout_mlp(inputs: int = 784, hidden: int = 128, classes: int = 10, p: float = 0.5) -> nn.Sequential:
    net = nn.Sequential()
    net.append(nn.Flatten(start_dim=0))
    net.append(nn.Linear(inputs, hidden))
    net.append(nn.ReLU())
    net.append(nn.Dropout(p))
    net.append(nn.Linear(hidden, classes))
    return net
