"""Only the sizes are kept at construction; the linear layers come into being whenever the net is called."""

import torch.nn.functional as F
from torch import Tensor, nn


class MLP(nn.Module):
    """Classifies images."""

    def __init__(self, inputs: int = 784, hidden: int = 128, classes: int = 10) -> None:
        super().__init__()
        self.n_in, self.n_hid, self.n_out = inputs, hidden, classes

    def forward(self, x: Tensor) -> Tensor:
        vectors = x.reshape(len(x), -1)
        first = nn.Linear(self.n_in, self.n_hid, dtype=x.dtype, device=x.device)
        second = nn.Linear(self.n_hid, self.n_out, dtype=x.dtype, device=x.device)
        return second(F.relu(first(vectors)))
