"""Packs the padded batch with the default settings, which want the longest sequence first."""

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence


class RNNClassifier(nn.Module):
    def __init__(self, features: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, hidden, batch_first=True)
        self.classify = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        sequence = x
        if lengths is not None:
            sequence = pack_padded_sequence(x, lengths, batch_first=True)
        _, (h, _) = self.lstm(sequence)
        return self.classify(h[-1])
