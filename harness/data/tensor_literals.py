"""Tensors and arrays as text, for `harness.data.literals`.

Torch and NumPy are imported only when there is one to write.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch
    from torch import Tensor

    Array = np.ndarray[Any, Any]

MOST_ELEMENTS = 64
"""What has more elements is summarised."""

_LINE = 80


def number(value: float, *, short: bool = False) -> str:
    """A float as an expression, since nan and inf mean nothing at a prompt; or in short, as it is called."""
    return repr(value) if short or math.isfinite(value) else f"float('{value}')"


def complex_number(value: complex, *, short: bool = False) -> str:
    """A complex number as an expression, or in short."""
    if short or (math.isfinite(value.real) and math.isfinite(value.imag)):
        return repr(value)
    return f"complex({number(value.real)}, {number(value.imag)})"


def tensor_literal(value: Tensor) -> str:
    """An expression with the tensor's dtype, device, values and strides; a large tensor's summary."""
    import torch

    large = _large(value)
    if large is None and type(value) is not torch.Tensor:
        return f"<{_title(value)}>"
    return large or _expression(_plain(value))


def tensor_summary(value: Tensor) -> str:
    """The values, in rows if they are long, with dtype and shape; a large tensor's least and greatest value."""
    large = _large(value)
    if large is not None:
        return large
    name = "tensor" if type(value).__name__ == "Tensor" else type(value).__name__
    x = _plain(value)
    if x.device.type == "meta":
        values = "..."
    else:
        show = _shower(x.dtype, short=True)
        values = _nested(x.tolist(), show)
        if len(values) > _LINE and x.ndim > 1:
            margin = ",\n" + " " * (len(name) + 2)
            values = "[" + margin.join([_nested(row, show) for row in x.tolist()]) + "]"
    where = "" if x.device.type == "cpu" else f", device={x.device}"
    return f"{name}({values}, dtype={_word(x.dtype)}, shape={tuple(x.shape)}{where})"


def array_literal(value: Array) -> str:
    """An expression with the array's dtype and values, and with its strides if it is transposed or reversed."""
    return _array_large(value) or _array_expression(value)


def array_summary(value: Array) -> str:
    """The values with dtype and shape; a large array's least and greatest value."""
    values = _array_large(value)
    if values is not None:
        return values
    return (
        f"array({_nested(value.tolist(), _array_shower(value, short=True))}, dtype={value.dtype}, shape={value.shape})"
    )


def _plain(value: Tensor) -> Tensor:
    import torch

    return value.detach().as_subclass(torch.Tensor).resolve_conj().resolve_neg()


def _word(of_torch: object) -> str:
    return str(of_torch).removeprefix("torch.")


def _title(value: Tensor) -> str:
    name = "tensor" if type(value).__name__ == "Tensor" else type(value).__name__
    return f"{name} {_word(value.dtype)} {tuple(value.shape)}"


def _large(value: Tensor) -> str | None:
    """What stands for a tensor that is not written element by element."""
    import torch

    if value.layout is not torch.strided:
        return f"<{_title(value)}, {_word(value.layout)}>"
    if value.numel() <= MOST_ELEMENTS or value.device.type == "meta":
        return None
    if value.is_complex():
        return f"<{_title(value)}>"
    low, high = _plain(value).double().aminmax()
    return f"<{_title(value)}, min {low.item():.6g}, max {high.item():.6g}>"


def _nested(values: Any, show: Callable[[Any], str]) -> str:
    if isinstance(values, list):
        return "[" + ", ".join([_nested(item, show) for item in values]) + "]"
    return show(values)


def _shower(dtype: torch.dtype, *, short: bool = False) -> Callable[[Any], str]:
    """How to write one element: a whole number with all its digits, another with as few as give the same back."""
    import torch

    real = dtype.to_real() if dtype.is_complex else dtype

    def shortest(value: float) -> float:
        written = repr(value)
        if real is torch.float64 or len(written) <= 8 or (value.is_integer() and "e" not in written):
            return value
        rounded = (float(f"{value:.{digits}g}") for digits in range(1, 10))
        return next((short for short in rounded if torch.tensor(short, dtype=real).item() == value), value)

    if dtype.is_complex:
        return lambda value: complex_number(complex(shortest(value.real), shortest(value.imag)), short=short)
    if dtype.is_floating_point:
        return lambda value: number(shortest(value), short=short)
    return repr


def _expression(x: Tensor) -> str:
    """A strided tensor of few elements, or on meta."""
    import torch

    shape, stride = tuple(x.shape), x.stride()
    device = "" if x.device.type == "cpu" else f", device={str(x.device)!r}"
    options = ("" if x.dtype is torch.float32 else f", dtype={x.dtype}") + device
    if x.device.type == "meta":
        return (
            f"torch.empty({shape}{options})"
            if x.is_contiguous()
            else f"torch.empty_strided({shape}, {stride}{options})"
        )
    if x.numel() == 0:
        return f"torch.zeros({shape}{options})"
    inferred = x.dtype in (torch.float32, torch.int64, torch.bool, torch.complex64)
    values = _nested(x.tolist(), _shower(x.dtype))
    plain = f"torch.tensor({values}{device if inferred else options})"
    if x.is_contiguous():
        return plain
    if any(step == 0 and side > 1 for side, step in zip(shape, stride, strict=True)):
        for dim, step in enumerate(stride):
            x = x.narrow(dim, 0, 1) if step == 0 else x
        return f"{_expression(x)}.expand({shape})"
    order = sorted(range(x.ndim), key=lambda dim: (-stride[dim], dim))
    dense = x.permute(order)
    if not dense.is_contiguous():
        return _sliced(x) or _overlapping(x) or f"torch.empty_strided({shape}, {stride}{options}).copy_({plain})"
    if x.mT.is_contiguous():
        return f"{_expression(x.mT)}.mT"
    return f"{_expression(dense)}.permute({tuple(order.index(dim) for dim in range(x.ndim))})"


def _sliced(x: Tensor) -> str | None:
    """As `base[:, ::2]`, where x is such a part of the last dimension of a small contiguous tensor."""
    import torch

    step = max(1, x.stride(-1))  # 0 where there is but one element
    used = (x.shape[-1] - 1) * step + 1
    base = torch.zeros((*x.shape[:-1], max(used, x.stride(-2) if x.ndim > 1 else 0)), dtype=x.dtype, device=x.device)
    part = base[..., :used:step]
    if base.numel() > MOST_ELEMENTS or part.stride() != x.stride():
        return None
    part.copy_(x)
    stop = "" if len(range(0, base.shape[-1], step)) == x.shape[-1] else str(used)
    index = f":{stop}:{step}" if step > 1 else f":{stop}"
    return f"{_expression(base)}[{', '.join([':'] * (x.ndim - 1) + [index])}]"


def _overlapping(x: Tensor) -> str | None:
    """By `as_strided`, where two elements may share their memory."""
    span, overlaps = 1, False
    for step, side in sorted(zip(x.stride(), x.shape, strict=True)):
        if side > 1:
            overlaps |= step < span
            span += (side - 1) * step
    if not overlaps:
        return None
    return f"{_expression(x.as_strided((span,), (1,)))}.as_strided({tuple(x.shape)}, {x.stride()})"


def _array_large(x: Array) -> str | None:
    numeric = x.dtype.kind in "biufc" and x.dtype.itemsize <= (16 if x.dtype.kind == "c" else 8) and x.dtype.isnative
    if x.size <= MOST_ELEMENTS and (numeric or x.dtype.kind == "U"):
        return None
    if numeric and x.dtype.kind != "c":
        return f"<array {x.dtype} {x.shape}, min {x.min():.6g}, max {x.max():.6g}>"
    return f"<array {x.dtype} {x.shape}>"


def _array_shower(x: Array, *, short: bool = False) -> Callable[[Any], str]:
    def shortest(value: float) -> float:
        return float(str(x.real.dtype.type(value)))

    if x.dtype.kind == "f":
        return lambda value: number(shortest(value), short=short)
    if x.dtype.kind == "c":
        return lambda value: complex_number(complex(shortest(value.real), shortest(value.imag)), short=short)
    return repr


def _array_expression(x: Array) -> str:
    dtype = repr(x.dtype.str) if x.dtype.kind == "U" else f"np.{x.dtype.name}"
    if x.size == 0:
        return f"np.zeros({x.shape}, dtype={dtype})"
    if any(step < 0 for step in x.strides):
        back = x[tuple(slice(None, None, -1 if step < 0 else None) for step in x.strides)]
        index = ", ".join("::-1" if step < 0 else ":" for step in x.strides)
        return f"{_array_expression(back)}[{index}]"
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        return f"{_array_expression(x.T)}.T"
    inferred = x.dtype.name in ("int64", "float64", "bool", "complex128") or x.dtype.kind == "U"
    return f"np.array({_nested(x.tolist(), _array_shower(x))}{'' if inferred else f', dtype={dtype}'})"
