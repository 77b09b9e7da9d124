"""The batch is put in order of length for the packing, and the logits come out in that order."""

from torch import Tensor, nn
from torch.nn.utils import rnn as rnn_utils


class RNNClassifier(nn.Module):
    def __init__(self, features: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.reader = nn.LSTM(input_size=features, hidden_size=hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            _, state = self.reader(x)
        else:
            longest_first = lengths.argsort(descending=True)
            packed = rnn_utils.pack_padded_sequence(
                x[longest_first.to(x.device)], lengths[longest_first], batch_first=True
            )
            _, state = self.reader(packed)
        last_hidden = state[0].squeeze(0)
        return self.head(last_hidden)
