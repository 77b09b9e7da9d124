"""Autograd: derivatives without deriving. The lesson stands in README.md of this kata's folder."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Gives the derivative of an elementwise function at every element of a tensor.

    Args:
        f: works on each element by itself, and returns a tensor of the shape it was given.
        x: any shape, a floating-point dtype. It stays as it is: its values, its `requires_grad` and its `.grad`.
            It may already require grad and have a `.grad` of its own.

    Returns:
        The shape and dtype of `x`: the derivative of `f` at each element, in memory of its own. It does not require
        grad. No `.grad` of any tensor changes, those that `f` uses besides `x` included.
    """
    raise NotImplementedError("gradient")


def evaluate(f: Callable[[Tensor], Tensor], x: Tensor, mode: str) -> Tensor:
    """Gives f(x) without the history that leads back to x.

    Args:
        f: any function that makes a new tensor of the one it is given. It is called once, with `x` itself, and what it
            raises goes to the caller.
        x: what `f` is to be called with. It may require grad.
        mode: how to get rid of the history.
            "no_grad": `f` runs without recording, and the result is an ordinary tensor.
            "inference": `f` runs in inference mode, and the result is an inference tensor.
            "detach": `f` runs with recording, even if the caller has switched recording off; only the result is cut
            off. A tensor that `f` made and keeps for itself keeps its history.

    Returns:
        The value of `f(x)`, which does not require grad. Recording is switched on or off afterwards as it was before
        the call, even if `f` raised.

    Raises:
        ValueError: `mode` is none of the three; `f` is not called then.
    """
    raise NotImplementedError("evaluate")


def gradients_per_batch(loss: Callable[[Tensor, Tensor], Tensor], w: Tensor, batches: list[Tensor]) -> list[Tensor]:
    """Gives each batch's own gradient, and leaves their sum in `w.grad`.

    Args:
        loss: `loss(w, batch)` is a tensor with a single number.
        w: a leaf that requires grad. Its `.grad` may hold something old, which is to be forgotten. Its values stay.
        batches: at least one.

    Returns:
        For each batch, in order, the gradient of its loss with respect to `w`, in memory of its own: nothing that
        happens to `w.grad` later changes it, and it does not require grad. It is as exact as if the batch were the only
        one. Afterwards `w.grad` is the sum of these gradients; no other tensor's `.grad` changes.
    """
    raise NotImplementedError("gradients_per_batch")


def vector_jacobian(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    """Gives vᵀJ, where J is the Jacobian of `f` at `x`.

    Args:
        f: takes a tensor of the shape of `x`, gives one of the shape of `v`.
        x: any shape, a floating-point dtype. It stays as it is, `requires_grad` and `.grad` included.
        v: the shape of `f(x)`, the dtype of `x`. It stays as it is.

    Returns:
        The shape and dtype of `x`: element j is the sum of v_i · ∂f_i/∂x_j over all elements i of `f(x)`. It does
        not require grad. No tensor's `.grad` changes.
    """
    raise NotImplementedError("vector_jacobian")


def jacobian(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Gives the Jacobian of a function from vectors to vectors.

    Args:
        f: takes a vector of n elements, gives a vector of m elements, each of which depends on its argument. Both n
            and m are at least 1.
        x: (n,), a floating-point dtype. It stays as it is, `requires_grad` and `.grad` included.

    Returns:
        (m, n), the dtype of `x`: element (i, j) is ∂f_i/∂x_j. It does not require grad. No tensor's `.grad` changes.
    """
    raise NotImplementedError("jacobian")


def hessian_vector(f: Callable[[Tensor], Tensor], x: Tensor, v: Tensor) -> Tensor:
    """Gives Hv, where H is the matrix of second derivatives of `f` at `x`.

    Args:
        f: takes a vector of n elements, gives a tensor with a single number. It is smooth and not linear.
        x: (n,), at least one element, a floating-point dtype. It stays as it is, `requires_grad` and `.grad` included.
        v: (n,), the dtype of `x`. It stays as it is.

    Returns:
        (n,), the dtype of `x`: element i is the sum of ∂²f/∂x_i∂x_j · v_j over j. It does not require grad. No
        tensor's `.grad` changes.
    """
    raise NotImplementedError("hessian_vector")


class Softplus(torch.autograd.Function):
    """log(1 + exp(beta·x)) / beta, element by element, with a derivative of its own: `Softplus.apply(x, beta)`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, beta: float) -> Tensor:
        """Computes the values.

        Args:
            ctx: carries what the backward pass will need.
            x: any shape, a floating-point dtype. It stays as it is.
            beta: greater than 0.

        Returns:
            The shape and dtype of `x`, finite wherever beta·x is, and with all digits of the dtype where it is small:
            exp(beta·x) / beta for a beta·x far below 0.
        """
        raise NotImplementedError("Softplus.forward")

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        """Computes the gradients.

        Args:
            ctx: what `forward` was given.
            upstream: the gradient of the loss with respect to what `forward` returned. It stays as it is.

        Returns:
            The gradient of the loss with respect to `x`, and None for `beta`, which is no tensor. The gradient is
            finite wherever beta·x is, with all digits of the dtype where it is small. It can be differentiated once
            more, to something finite as well, and is never computed silently from an `x` that somebody has changed
            since.
        """
        raise NotImplementedError("Softplus.backward")


def intermediate_gradient(
    f: Callable[[Tensor], Tensor], g: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, Tensor]:
    """Gives the gradients of g(f(x)) with respect to what f returns and with respect to x.

    Args:
        f: gives a tensor h, of any shape.
        g: takes h, gives a tensor with a single number.
        x: any shape, a floating-point dtype. It stays as it is, `requires_grad` and `.grad` included.

    Returns:
        Two tensors: the gradient with respect to h, of h's shape, and the gradient with respect to `x`, of its shape.
        Neither requires grad. No tensor's `.grad` changes, those that f and g use besides included.
    """
    raise NotImplementedError("intermediate_gradient")


def clip_gradient(h: Tensor, limit: float) -> tuple[list[Tensor], Any]:
    """Arranges that every later backward pass clips the gradient that goes through h.

    Args:
        h: the result of a recorded computation. Its values stay, and it does not begin to keep a `.grad`.
        limit: greater than 0.

    Returns:
        A list and a handle. At every backward pass through `h`, the gradient with respect to `h` as it arrives is
        appended to the list, and what goes on to the tensors that `h` was computed from is that gradient with each
        element brought into [-limit, limit]. `handle.remove()` ends both. The gradients in
        the list keep their values, even if somebody changes the one that arrived later. What flows to other tensors is
        never clipped.
    """
    raise NotImplementedError("clip_gradient")


def fit_linear(x: Tensor, y: Tensor, steps: int, learning_rate: float) -> tuple[Tensor, Tensor, list[float]]:
    """Fits y ≈ x @ weights + bias by gradient descent on the mean squared error.

    Starts with zeros. Each step uses all rows, and moves weights and bias against their gradients, `learning_rate`
    times the gradient far.

    Args:
        x: (m, n), at least one row and one column, a floating-point dtype. It stays as it is.
        y: (m,), the dtype of `x`. It stays as it is.
        steps: 0 or more.
        learning_rate: greater than 0.

    Returns:
        The weights (n,) and the bias (), both of the dtype of `x` and not requiring grad; and the loss before each
        step, `steps` Python floats.
    """
    raise NotImplementedError("fit_linear")


# stub ac539d74be37: says that nothing was written here yet; this line may stay or go
