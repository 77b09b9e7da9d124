"""Networks: modules that you build, and what they hold. The lesson stands in README.md of this kata's folder."""

import torch
from torch import Tensor, nn


class MLP(nn.Module):
    """A net with one hidden layer: a linear layer, ReLU, and another linear layer."""

    def __init__(self, inputs: int = 784, hidden: int = 128, classes: int = 10) -> None:
        """Creates the layers. Their weights and biases are what torch initialises them with.

        `parameters()` gives four tensors that require grad, in the order in which the layers are used:
        (hidden, inputs), (hidden,), (classes, hidden), (classes,).

        Args:
            inputs: how many numbers an image has.
            hidden: how many units the hidden layer has.
            classes: how many logits come out.
        """
        raise NotImplementedError("MLP.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Computes logits, from -inf to inf: no softmax.

        Args:
            x: (batch, …), with `inputs` numbers behind the first dimension, in as many dimensions as you like; in any
                order in memory. It stays as it is.

        Returns:
            (batch, classes): row i comes from x[i] alone.

        Raises:
            RuntimeError: x[i] has not `inputs` numbers. Torch's own error will do, and so will ValueError.
        """
        raise NotImplementedError("MLP.forward")


def dropout_mlp(inputs: int = 784, hidden: int = 128, classes: int = 10, p: float = 0.5) -> nn.Sequential:
    """Makes the net of `MLP` as an `nn.Sequential`, with dropout on its hidden units.

    Args:
        inputs: how many numbers an image has.
        hidden: how many units the hidden layer has.
        classes: how many logits come out.
        p: the probability with which a hidden unit is dropped, 0 or more and less than 1.

    Returns:
        A new net in training mode. It takes images as `MLP` does, with the same errors, and has the same four
        parameters. In training mode each hidden unit of each image, after its ReLU, is set to zero with probability p,
        independently of all others and anew at each call, or else divided by 1 - p. In evaluation mode nothing is
        dropped, and the logits are those of `MLP`.
    """
    raise NotImplementedError("dropout_mlp")


def conv_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Tells how long the output of a convolution (or a pooling) is along one side.

    Args:
        size: the length of the input, at least 1.
        kernel: how many elements the kernel has, at least 1.
        stride: how far the kernel moves at each step, at least 1.
        padding: how many elements are added at *each* end, 0 or more.
        dilation: how far neighbouring elements of the kernel lie apart in the input, at least 1; 1 means side by side.

    Returns:
        In how many places the kernel stands, a whole number.

    Raises:
        ValueError: the kernel is longer than the padded input.
    """
    raise NotImplementedError("conv_size")


class ConvNet(nn.Module):
    """Two blocks of convolution, ReLU and max pooling, and a linear layer on top."""

    def __init__(
        self, size: int = 28, channels: tuple[int, int] = (16, 32), kernel: int = 3, classes: int = 10
    ) -> None:
        """Creates the layers. Their weights and biases are what torch initialises them with.

        Each block is a convolution with square kernels, stride 1 and no padding, followed by ReLU and by max pooling
        over windows of 2 × 2 that do not overlap; what is left over at the right and the bottom edge is dropped.

        `parameters()` gives six tensors that require grad, in the order in which the layers are used:
        (channels[0], 1, kernel, kernel), (channels[0],), (channels[1], channels[0], kernel, kernel), (channels[1],),
        (classes, features), (classes,), where `features` counts the numbers that the second block gives for an image.

        Args:
            size: height and width of an image, large enough for both blocks.
            channels: how many channels the first and the second block give.
            kernel: height and width of the kernels.
            classes: how many logits come out.
        """
        raise NotImplementedError("ConvNet.__init__")

    def forward(self, images: Tensor) -> Tensor:
        """Computes logits: no softmax.

        Args:
            images: (batch, 1, size, size). They stay as they are.

        Returns:
            (batch, classes). The features of an image go into the linear layer channel by channel, and row by row
            within a channel. Row i comes from images[i] alone.

        Raises:
            RuntimeError: the images have another size, and so another number of features than the linear layer takes.
                Torch's own error will do, and so will ValueError.
        """
        raise NotImplementedError("ConvNet.forward")


class RNNClassifier(nn.Module):
    """An LSTM reads a sequence, and a linear layer makes logits of its last hidden state."""

    def __init__(self, features: int, hidden: int, classes: int) -> None:
        """Creates the layers. Their weights and biases are what torch initialises them with.

        `parameters()` gives the four tensors of an `nn.LSTM` with one layer, then the weight (classes, hidden) and the
        bias (classes,) of the linear layer; all require grad.

        Args:
            features: how many numbers a time step has.
            hidden: how many numbers a hidden state has.
            classes: how many logits come out.
        """
        raise NotImplementedError("RNNClassifier.__init__")

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Computes logits from the hidden state after the last time step: no softmax.

        The hidden state and the cell state before the first step are zeros.

        Args:
            x: (batch, time, features), of the dtype and on the device of the parameters, whichever these are. It stays
                as it is.
            lengths: (batch,), int64, on the CPU, each from 1 to `time`, in any order: how many steps of each sequence
                are real. What follows is padding and may hold anything, NaN too. It stays as it is. None: all steps of
                all sequences are real.

        Returns:
            (batch, classes): row i comes from the real steps of x[i] alone, and is what they would give without
            padding. So are all gradients; those of the padding are zero.
        """
        raise NotImplementedError("RNNClassifier.forward")


def freeze(net: nn.Module, path: str) -> tuple[int, int]:
    """Freezes a part of a net.

    No parameter of the part requires grad any more, nor has a `.grad`, and every module of the part (itself
    included) is in evaluation mode. All else stays as it is: other parameters, their `.grad`, other modules' mode, and
    all values.

    Args:
        net: any module.
        path: which part, by the name that `net.named_modules()` gives it: "head", or "encoder.0". The empty text is the
            whole net.

    Returns:
        How many numbers the parameters of `net` that do not require grad hold, and how many those that do. A parameter
        that several modules share counts once.

    Raises:
        AttributeError: there is no such module. Nothing has changed then.
    """
    raise NotImplementedError("freeze")


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """Initialises every `nn.Linear` and every `nn.Conv2d` in a net for ReLU, in place.

    Weights are drawn from the normal distribution with mean 0 and standard deviation √(2 / fan_in), where fan_in counts
    the inputs that one output is computed from; biases become zero. Each stays the same `nn.Parameter`, and
    requires grad or not as before. All else stays as it is.

    Args:
        net: any module, with such layers at any depth; it may be one itself. Layers may have no bias.
        generator: where all random numbers come from; no other generator is touched.
    """
    raise NotImplementedError("initialise")


class RunningMean(nn.Module):
    """Subtracts the mean of all rows that it has seen in training.

    It has no parameters, and three buffers that start at zero. They have memory of their own, never require grad, are
    no inference tensors, and follow `.to()` and `.double()`.

    Attributes:
        mean: (features,), floating-point: the mean of all rows seen in training. In the `state_dict`.
        count: (), int64: how many rows that were. In the `state_dict`.
        latest: (features,), floating-point: the mean of the rows of the latest call in training. Not in the
            `state_dict`.
    """

    mean: Tensor
    count: Tensor
    latest: Tensor

    def __init__(self, features: int) -> None:
        """Creates the buffers.

        Args:
            features: how many numbers a row has.
        """
        raise NotImplementedError("RunningMean.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Subtracts the running mean. In training mode, it takes the rows into its buffers first.

        Args:
            x: (batch, features), at least one row, of the dtype of `mean`. It stays as it is.

        Returns:
            (batch, features): `x` minus `mean`, where autograd takes `mean` for a constant. All numbers, those of the
            buffers too, are right to the digits of the dtype of `mean`.
        """
        raise NotImplementedError("RunningMean.forward")


class ResidualMLP(nn.Module):
    """Linear layers, as many as it is told, with shortcuts around those that keep the size."""

    def __init__(self, sizes: list[int]) -> None:
        """Creates the layers. Their weights and biases are what torch initialises them with.

        `parameters()` gives the weight and the bias of each linear layer, in the order in which they are used; all
        require grad.

        Args:
            sizes: at least two numbers: layer i takes sizes[i] numbers and gives sizes[i + 1].
        """
        raise NotImplementedError("ResidualMLP.__init__")

    def forward(self, x: Tensor) -> Tensor:
        """Runs through the layers.

        Each layer but the last is followed by ReLU. Where such a layer gives as many numbers as it takes, what it was
        given is added to the result of the ReLU. The last layer is followed by nothing, and nothing is added to it.

        Args:
            x: (batch, sizes[0]). It stays as it is.

        Returns:
            (batch, sizes[-1]).
        """
        raise NotImplementedError("ResidualMLP.forward")


# stub 9a4eade8ef6e: says that nothing was written here yet; this line may stay or go
