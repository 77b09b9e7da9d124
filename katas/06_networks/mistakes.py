"""Wrong answers that people really give, each with what a teacher would say about it."""

import operator
from functools import partial
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class _MLP(nn.Module):
    def __init__(self, inputs=784, hidden=128, classes=10):
        super().__init__()
        self.hidden = nn.Linear(inputs, hidden)
        self.output = nn.Linear(hidden, classes)

    def forward(self, x):
        return self._logits(x)

    def _logits(self, x):
        return self.output(torch.relu(self.hidden(x.flatten(1))))


class MLP__no_flatten(_MLP):
    """You did not flatten: a linear layer takes the last dimension alone, and images have more. `x.flatten(1)`."""

    raises = RuntimeError

    def _logits(self, x):
        return self.output(torch.relu(self.hidden(x)))


class MLP__einsum(_MLP):
    """You multiplied with `einsum` or `*`, which take a size of 1 for any size, so that a pixel fits any net.

    `x @ weight.T` and `nn.Linear` insist on the number of pixels.
    """

    def _logits(self, x):
        hidden = torch.einsum("bi,hi->bh", x.flatten(1), self.hidden.weight) + self.hidden.bias
        return self.output(torch.relu(hidden))


class MLP__view_minus_one(_MLP):
    """You wrote `view(-1, inputs)`, and images that do not fit are cut into pieces that do.

    Two images of four times the size silently become eight rows. Keep the batch dimension: `x.flatten(1)`, and the
    linear layer will complain.
    """

    def _logits(self, x):
        return self.output(torch.relu(self.hidden(x.reshape(-1, self.hidden.in_features))))


class MLP__no_relu(_MLP):
    """Nothing stands between your two linear layers, and two linear maps in a row are only one. Put a ReLU there."""

    def _logits(self, x):
        return self.output(self.hidden(x.flatten(1)))


class MLP__softmax(_MLP):
    """You ended with a softmax. Logits are wanted: the loss functions take those, and do it themselves, and better."""

    def _logits(self, x):
        return torch.softmax(super()._logits(x), dim=1)


class MLP__relu_at_the_end(_MLP):
    """You put a ReLU behind the last layer too, so that no logit can be negative. Logits are left as they come."""

    def _logits(self, x):
        return torch.relu(super()._logits(x))


class MLP__no_super(_MLP):
    """Your `__init__` does not begin with `super().__init__()`, so there is nothing yet to register layers with."""

    raises = AttributeError

    def __init__(self, inputs=784, hidden=128, classes=10):
        self.hidden = nn.Linear(inputs, hidden)
        self.output = nn.Linear(hidden, classes)


class MLP__layers_in_forward(_MLP):
    """You create the layers in `forward`: they are new and random at each call, and `parameters()` is empty.

    Create them once, in `__init__`, as attributes.
    """

    def __init__(self, inputs=784, hidden=128, classes=10):
        nn.Module.__init__(self)
        self.sizes = inputs, hidden, classes

    def _logits(self, x):
        inputs, hidden, classes = self.sizes
        return nn.Linear(hidden, classes)(torch.relu(nn.Linear(inputs, hidden)(x.flatten(1))))


class _AlwaysDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return nn.functional.dropout(x, self.p)


def _dropout_mlp(inputs=784, hidden=128, classes=10, p=0.5, *, place=3, dropout=nn.Dropout, first=1):
    layers = [nn.Flatten(first), nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, classes)]
    layers.insert(place, dropout(p))
    return nn.Sequential(*layers)


def dropout_mlp__dropout_on_logits(*args, **kwargs):
    """Your dropout stands at the end, and drops logits. It belongs to the hidden units, behind their ReLU."""
    return _dropout_mlp(*args, **kwargs, place=4)


def dropout_mlp__dropout_on_inputs(*args, **kwargs):
    """Your dropout stands before the first layer, and drops pixels. It belongs to the hidden units."""
    return _dropout_mlp(*args, **kwargs, place=1)


def dropout_mlp__probability_to_keep(*args, **kwargs):
    """You took p for the probability to keep a unit. It is the one to drop it, in `nn.Dropout` as well."""
    return _dropout_mlp(*args, **kwargs, dropout=lambda p: nn.Dropout(1 - p))


def dropout_mlp__p_ignored(*args, **kwargs):
    """You did not hand p on: `nn.Dropout()` drops with probability 0.5, whatever was asked for."""
    return _dropout_mlp(*args, **kwargs, dropout=lambda _p: nn.Dropout())


def dropout_mlp__flattens_the_batch(*args, **kwargs):
    """Your Flatten starts at dimension 0, and makes one long vector of the whole batch. Start at 1, the default."""
    return _dropout_mlp(*args, **kwargs, first=0)


dropout_mlp__flattens_the_batch.raises = RuntimeError


def dropout_mlp__drops_in_evaluation(*args, **kwargs):
    """Your net drops units in evaluation mode too: `F.dropout` does so unless it is told `training=self.training`."""
    return _dropout_mlp(*args, **kwargs, dropout=_AlwaysDropout)


def _conv_size(size, kernel, stride=1, padding=0, dilation=1, *, ends=2, gaps=-1, divide=operator.floordiv):
    room = size + ends * padding - dilation * (kernel + gaps) - (1 if gaps else 0)
    if room < 0:
        raise ValueError(f"a kernel of {kernel} does not fit into {size}")
    return divide(room, stride) + 1


def conv_size__padding_once(*args, **kwargs):
    """You added the padding once. It is added at each end, so it counts twice."""
    return _conv_size(*args, **kwargs, ends=1)


def conv_size__no_plus_one(*args, **kwargs):
    """You counted the moves of the kernel, and not its places: before the first move it stands somewhere already."""
    return _conv_size(*args, **kwargs) - 1


def conv_size__rounds_up(*args, **kwargs):
    """You rounded up. What is left at the end is too short for one more stride, and is not read: round down."""
    return _conv_size(*args, **kwargs, divide=lambda room, stride: -(-room // stride))


def conv_size__true_division(*args, **kwargs):
    """You divided with `/`, which gives a float, and a part of a place too. `//` gives whole numbers, rounded down."""
    return _conv_size(*args, **kwargs, divide=operator.truediv)


def conv_size__dilated_kernel(*args, **kwargs):
    """You took dilation · kernel for the reach. The last element has no gap behind it: dilation · (kernel - 1) + 1."""
    return _conv_size(*args, **kwargs, gaps=0)


def conv_size__no_error(size, kernel, stride=1, padding=0, dilation=1):
    """You give a number of places, although the kernel does not fit even once. That has to raise ValueError."""
    return max(0, (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)


class _ConvNet(nn.Module):
    def __init__(self, size=28, channels=(16, 32), kernel=3, classes=10):
        super().__init__()
        self.first = nn.Conv2d(1, channels[0], kernel)
        self.second = nn.Conv2d(channels[0], channels[1], kernel)
        side = self._side(size, kernel)
        self.output = nn.Linear(channels[1] * side * side, classes)

    def _side(self, size, kernel):
        for _ in range(2):
            size = _conv_size(size, kernel) // 2
        return size

    def _block(self, convolution, x):
        return nn.functional.max_pool2d(torch.relu(convolution(x)), 2)

    def _flat(self, x):
        return x.flatten(1)

    def forward(self, images):
        return self.output(self._flat(self._block(self.second, self._block(self.first, images))))


class ConvNet__view_minus_one(_ConvNet):
    """You wrote `view(-1, features)`, and images that do not fit are cut into pieces that do.

    Two images of 46 × 46 silently become eight rows. Keep the batch dimension: `flatten(1)`, and the linear layer will
    complain.
    """

    def _flat(self, x):
        return x.reshape(-1, self.output.in_features)


class ConvNet__as_if_padded(_ConvNet):
    """You counted as if the convolutions kept the size, as they do with padding: 28 → 14 → 7. Without, 28 → 13 → 5."""

    def _side(self, size, _kernel):
        return size // 4


class ConvNet__only_28(_ConvNet):
    """You worked out the linear layer's inputs for 28 × 28 and kernels of 3 × 3 by hand. Other sizes have others."""

    def _side(self, _size, _kernel):
        return 5


class ConvNet__no_relu(_ConvNet):
    """You left out the ReLU, and without it two convolutions could as well be one with a larger kernel."""

    def _block(self, convolution, x):
        return nn.functional.max_pool2d(convolution(x), 2)


class ConvNet__average_pooling(_ConvNet):
    """You took the average of each window, and the greatest was asked for: max pooling."""

    def _block(self, convolution, x):
        return nn.functional.avg_pool2d(torch.relu(convolution(x)), 2)


class _RNNClassifier(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.rnn = nn.LSTM(features, hidden, batch_first=True)
        self.output = nn.Linear(hidden, classes)

    def forward(self, x, lengths=None):
        if lengths is None:
            return self.output(self.rnn(x)[0][:, -1])
        return self.output(self._last(x, lengths))

    def _read(self, x, lengths, **options):
        """The packed outputs, and the last states (h_n, c_n)."""
        return self.rnn(pack_padded_sequence(x, lengths, batch_first=True, **{"enforce_sorted": False, **options}))

    def _last(self, x, lengths):
        return self._read(x, lengths)[1][0][0]


class RNNClassifier__time_first(_RNNClassifier):
    """You left out `batch_first=True`, so that the LSTM takes the first dimension for time and the second for batch."""

    def __init__(self, features, hidden, classes):
        super().__init__(features, hidden, classes)
        self.rnn.batch_first = False


class RNNClassifier__reads_the_padding(_RNNClassifier):
    """You read the last time step of all sequences, and for the shorter ones that is padding.

    Each has a last real step of its own: pack them.
    """

    def _last(self, x, _lengths):
        return self.rnn(x)[0][:, -1]


class RNNClassifier__pads_and_takes_the_last(_RNNClassifier):
    """You packed, unpacked, and took the last step of all: for the shorter sequences that is padding once more.

    Take h_n, which holds each sequence's own last state.
    """

    def _last(self, x, lengths):
        outputs, _ = pad_packed_sequence(self._read(x, lengths)[0], batch_first=True)
        return outputs[:, -1]


class RNNClassifier__must_be_sorted(_RNNClassifier):
    """Your packing insists on sequences that are sorted by length, the longest first. `enforce_sorted=False`."""

    raises = RuntimeError

    def _last(self, x, lengths):
        return self._read(x, lengths, enforce_sorted=True)[1][0][0]


class RNNClassifier__stays_sorted(_RNNClassifier):
    """You sorted the sequences by length to pack them, and did not bring the results back into the old order.

    `enforce_sorted=False` does both for you.
    """

    def _last(self, x, lengths):
        lengths, order = lengths.sort(descending=True)
        return self._read(x[order], lengths)[1][0][0]


class RNNClassifier__float32_state(_RNNClassifier):
    """Your first state is made by `torch.zeros(…)`: float32 and on the CPU, whatever the parameters are.

    Leave it out. An LSTM without a first state starts from zeros of the right dtype, on the right device.
    """

    raises = RuntimeError

    def forward(self, x, lengths=None):  # noqa: D102
        first = tuple(torch.zeros(1, len(x), self.rnn.hidden_size) for _ in range(2))
        if lengths is None:
            return self.output(self.rnn(x, first)[0][:, -1])
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.output(self.rnn(packed, first)[1][0][0])


class RNNClassifier__cell_state(_RNNClassifier):
    """You took c_n, the cell state. An LSTM gives back outputs and (h_n, c_n), and h_n is the hidden state."""

    def _last(self, x, lengths):
        return self._read(x, lengths)[1][1][0]


class RNNClassifier__off_by_one(_RNNClassifier):
    """You picked the output at `lengths`, and the last real step is one before: counting starts at 0."""

    def _last(self, x, lengths):
        outputs, _ = self.rnn(x)
        return outputs[torch.arange(len(x)), lengths.clamp(max=x.shape[1] - 1)]


def _counts(net):
    frozen = sum(parameter.numel() for parameter in net.parameters() if not parameter.requires_grad)
    trainable = sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad)
    return frozen, trainable


def _freeze(net, path, *, rest=lambda _net, part: part, grads=True, counts=lambda net, _part: _counts(net)):
    part = net.get_submodule(path).requires_grad_(False)
    rest(net, part).eval()
    for parameter in part.parameters() if grads else ():
        parameter.grad = None
    return counts(net, part)


def freeze__by_prefix(net, path):
    """You froze every parameter whose name begins with the path, and "conv1" is the beginning of "conv10", too.

    Get the submodule itself: `net.get_submodule(path)`.
    """
    _freeze(net, path)
    for name, parameter in net.named_parameters():
        if name.startswith(path):
            parameter.requires_grad_(False)
            parameter.grad = None
    return _counts(net)


def freeze__old_gradients_stay(*args, **kwargs):
    """You left the old gradients where they were. An optimizer would still use them: set `.grad` to None."""
    return _freeze(*args, **kwargs, grads=False)


def freeze__zero_gradients(*args, **kwargs):
    """You set the gradients to zero. Some optimizers move a parameter by momentum or decay all the same: None it is."""

    def zero(_net, part):
        for parameter in part.parameters():
            if parameter.grad is not None:
                parameter.grad.zero_()
        return part

    return _freeze(*args, **kwargs, rest=zero, grads=False)


def freeze__only_where_a_gradient_is(net, path):
    """You froze the parameters that have a `.grad`. One that was not used yet has none, and is to rest as well."""
    part = net.get_submodule(path).eval()
    for parameter in part.parameters():
        if parameter.grad is not None:
            parameter.requires_grad_(False)
            parameter.grad = None
    return _counts(net)


def freeze__still_in_training(*args, **kwargs):
    """You froze the parameters, but the part is still in training mode: a batch norm in it goes on changing.

    Put the part into evaluation mode.
    """
    return _freeze(*args, **kwargs, rest=lambda _net, _part: nn.Module())


def freeze__whole_net_in_evaluation(*args, **kwargs):
    """You put the whole net into evaluation mode, and the rest of it is to be trained. Only the part rests."""
    return _freeze(*args, **kwargs, rest=lambda net, _part: net)


def freeze__counts_tensors(*args, **kwargs):
    """You counted the parameters themselves. Each is a tensor of many numbers: `numel()` tells how many."""

    def counts(net, _part):
        trainable = sum(parameter.requires_grad for parameter in net.parameters())
        return len(list(net.parameters())) - trainable, trainable

    return _freeze(*args, **kwargs, counts=counts)


def freeze__counts_the_state(*args, **kwargs):
    """You counted what is in the `state_dict`: buffers are in it, which are no parameters, and shared ones twice."""

    def counts(net, _part):
        trainable = _counts(net)[1]
        return sum(value.numel() for value in net.state_dict().values()) - trainable, trainable

    return _freeze(*args, **kwargs, counts=counts)


def freeze__counts_the_part(*args, complement=False, **kwargs):
    """You counted within the part. Whatever was frozen before, elsewhere in the net, counts as well."""

    def counts(net, part):
        frozen, (others, trainable) = sum(p.numel() for p in part.parameters()), _counts(net)
        return frozen, others + trainable - frozen if complement else trainable

    return _freeze(*args, **kwargs, counts=counts)


freeze__counts_the_part.varies = {"complement": (True,)}


def _kaiming(weight, generator):
    nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


def _initialise(net, generator, *, modules=nn.Module.modules, draw=_kaiming, look=True, zero=nn.init.zeros_):
    for layer in modules(net):
        if isinstance(layer, nn.Linear | nn.Conv2d):
            draw(layer.weight, generator)
            if not look or layer.bias is not None:
                zero(layer.bias)


def initialise__fan_out(*args, **kwargs):
    """You took fan_out, the outputs that one input goes to, for fan_in, the inputs that one output comes from."""
    fan_out = partial(nn.init.kaiming_normal_, mode="fan_out", nonlinearity="relu")
    _initialise(*args, **kwargs, draw=lambda weight, generator: fan_out(weight, generator=generator))


def initialise__variance(*args, **kwargs):
    """You took 2 / fan_in for the standard deviation. That is the variance: take the square root."""
    _initialise(*args, **kwargs, draw=lambda w, generator: nn.init.normal_(w, 0, 2 / w[0].numel(), generator))


def initialise__uniform(*args, **kwargs):
    """You drew from the uniform distribution, `kaiming_uniform_`. The normal one was asked for."""
    uniform = partial(nn.init.kaiming_uniform_, nonlinearity="relu")
    _initialise(*args, **kwargs, draw=lambda weight, generator: uniform(weight, generator=generator))


def initialise__channels_only(net, generator):
    """For a convolution you counted input channels alone. One output sees each of them at every element of the kernel.

    And with groups, it sees only the channels of its own group: `weight[0].numel()` is right for all.
    """
    _initialise(net, generator)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=(2 / layer.in_channels) ** 0.5, generator=generator)


def initialise__children_only(*args, **kwargs):
    """You went through `net.children()`, which are the modules directly below.

    Layers deeper down, and the net itself where it is a layer, were left out: `net.modules()`.
    """
    _initialise(*args, **kwargs, modules=nn.Module.children)


def initialise__frozen_ones_stay(*args, **kwargs):
    """You left out what does not require grad. Such weights are drawn as well, and only stay frozen."""
    _initialise(*args, **kwargs, draw=lambda w, generator: _kaiming(w, generator) if w.requires_grad else None)


def initialise__biases_stay(*args, **kwargs):
    """You left the biases as they were, and they should become zero."""
    _initialise(*args, **kwargs, zero=lambda _bias: None)


def initialise__bias_is_none(*args, **kwargs):
    """A layer that was made with `bias=False` has None for a bias. Look before you fill it."""
    _initialise(*args, **kwargs, look=False)


initialise__bias_is_none.raises = (AttributeError, TypeError)


def initialise__global_generator(*args, **kwargs):
    """You did not hand the generator on, so the numbers come from the global one, and differ from run to run."""
    _initialise(*args, **kwargs, draw=lambda weight, _generator: _kaiming(weight, None))


def initialise__everything(net, generator):
    """You looked at the names or shapes of parameters, and not at the kind of layer.

    Norms and recurrent layers have weights and biases as well, and theirs are to stay.
    """
    for name, parameter in net.named_parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu", generator=generator)
        elif "bias" in name:
            nn.init.zeros_(parameter)


def initialise__new_parameters(net, generator):
    """You put new Parameters in place of the old ones. An optimizer that was given the old ones goes on with those.

    Fill them in place; the functions in `nn.init` whose names end in an underscore do that, without recording.
    """
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            weight = nn.init.kaiming_normal_(torch.empty_like(layer.weight), nonlinearity="relu", generator=generator)
            layer.weight = nn.Parameter(weight.detach())
            if layer.bias is not None:
                layer.bias = nn.Parameter(torch.zeros_like(layer.bias).detach())


class _RunningMean(nn.Module):
    """A right one, from which the wrong ones differ."""

    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("count", torch.tensor(0))
        self.register_buffer("latest", torch.zeros(features), persistent=False)

    def _take(self, x):
        with torch.no_grad():
            self.latest = x.mean(0)
            self.count += len(x)
            self.mean += (self.latest - self.mean) * len(x) / self.count

    def forward(self, x):
        if self.training:
            self._take(x)
        return x - self.mean


class RunningMean__plain_attributes(_RunningMean):
    """You kept plain tensors. The module does not know them: they are not in the `state_dict` and do not move with it.

    Register them as buffers.
    """

    def __init__(self, features):
        nn.Module.__init__(self)
        self.mean = torch.zeros(features)
        self.count = torch.tensor(0)
        self.latest = torch.zeros(features)


class RunningMean__parameter(_RunningMean):
    """You made the mean an `nn.Parameter`: whoever counts or trains parameters takes it for one. Use a buffer."""

    def __init__(self, features):
        super().__init__(features)
        del self.mean
        self.mean = nn.Parameter(torch.zeros(features), requires_grad=False)


class RunningMean__saves_the_latest(_RunningMean):
    """Your `latest` is saved with the `state_dict`. A buffer that need not be kept has `persistent=False`."""

    def __init__(self, features):
        super().__init__(features)
        self.register_buffer("latest", torch.zeros(features))


class RunningMean__nothing_saved(_RunningMean):
    """None of your buffers is in the `state_dict`: `persistent=False` is for `latest` alone."""

    def __init__(self, features):
        super().__init__(features)
        self.register_buffer("mean", torch.zeros(features), persistent=False)
        self.register_buffer("count", torch.tensor(0), persistent=False)


class RunningMean__learns_in_evaluation(_RunningMean):
    """Your buffers change in evaluation mode too. Look at `self.training`."""

    def forward(self, x):  # noqa: D102
        self._take(x)
        return x - self.mean


class RunningMean__mean_of_means(_RunningMean):
    """You averaged the means of the batches, so that rows of a small batch count for more. Weigh by the rows."""

    def __init__(self, features):
        super().__init__(features)
        self.calls = 0

    def _take(self, x):
        with torch.no_grad():
            self.latest = x.mean(0)
            self.count += len(x)
            self.calls += 1
            self.mean += (self.latest - self.mean) / self.calls


class RunningMean__recorded(_RunningMean):
    """Your mean remembers the rows that it was computed from, of all calls: it holds on to their memory.

    It should be a constant. Compute it under `torch.no_grad()`.
    """

    def _take(self, x):
        self.latest = x.mean(0)
        self.count = self.count + len(x)
        self.mean = self.mean + (self.latest - self.mean) * len(x) / self.count


class RunningMean__divides_in_float32(_RunningMean):
    """You divided a whole number by `count`, an int64 tensor, and that gives a float32 number.

    In float64, half of the digits are lost. Let a tensor of the right dtype come first.
    """

    def _take(self, x):
        with torch.no_grad():
            self.latest = x.mean(0)
            self.count += len(x)
            self.mean += (self.latest - self.mean) * (len(x) / self.count)


class RunningMean__subtracts_first(_RunningMean):
    """You subtracted the mean before you took the new rows into it. In training they come first."""

    def forward(self, x):  # noqa: D102
        result = x - self.mean
        if self.training:
            self._take(x)
        return result


class RunningMean__float_count(_RunningMean):
    """Your count is a floating-point tensor, and should be int64: it counts, and it is not to follow `.double()`."""

    def __init__(self, features):
        super().__init__(features)
        self.register_buffer("count", torch.zeros(()))


def _layers(sizes):
    return [nn.Linear(*pair) for pair in pairwise(sizes)]


class _ResidualMLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(_layers(sizes))

    def forward(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = self._step(layer, x)
        return last(x)

    def _step(self, layer, x):
        y = torch.relu(layer(x))
        return x + y if x.shape == y.shape else y


class ResidualMLP__plain_list(_ResidualMLP):
    """You kept the layers in a plain list, in which the module does not look: `parameters()` is empty.

    An optimizer would train nothing, and `.double()` would leave the layers as they are. Use `nn.ModuleList`.
    """

    def __init__(self, sizes):
        nn.Module.__init__(self)
        self.layers = _layers(sizes)


class ResidualMLP__same_layer(_ResidualMLP):
    """You put one layer into the list several times, by `[layer] * n`: they share their parameters.

    Make a new layer for each place.
    """

    def __init__(self, sizes):
        super().__init__(sizes)
        made = {}
        self.layers = nn.ModuleList([made.setdefault(pair, nn.Linear(*pair)) for pair in pairwise(sizes)])


class ResidualMLP__no_shortcut(_ResidualMLP):
    """You left out the shortcuts: where a hidden layer keeps the size, what it was given is added to its result."""

    def _step(self, layer, x):
        return torch.relu(layer(x))


class ResidualMLP__last_is_like_the_others(_ResidualMLP):
    """You treated the last layer like the others. Nothing follows it, and nothing is added to it."""

    def forward(self, x):  # noqa: D102
        for layer in self.layers:
            x = self._step(layer, x)
        return x


class ResidualMLP__in_place(_ResidualMLP):
    """You wrote `x += …`, and in the first round of the loop x is the caller's own tensor. Write `x = x + …`."""

    def _step(self, layer, x):
        y = torch.relu(layer(x))
        if x.shape != y.shape:
            return y
        if x.requires_grad:
            return x + y
        x += y.detach()
        return x


class ResidualMLP__relu_after_the_sum(_ResidualMLP):
    """You added first and took the ReLU of the sum. The ReLU comes first here, and the shortcut goes around it."""

    def _step(self, layer, x):
        y = layer(x)
        return torch.relu(x + y if x.shape == y.shape else y)
