"""Recording, modes and what a module owns."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import TYPE_CHECKING

from harness.mutation.edits import Edit
from harness.mutation.operators.operator import Edits, called, operator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.mutation.edits import Source

_CONTEXTS = {
    *("no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "autocast", "fork_rng", "no_sync"),
    *("record_function", "device", "deterministic", "nullcontext", "saved_tensors_hooks", "set_detect_anomaly"),
    *("join", "profile", "freeze", "stream", "accumulate", "main_process_first", "sdpa_kernel"),
}


@operator("no-context", "with torch.no_grad():\n    w -= g", "if True:\n    w -= g")
def no_context(node: ast.AST, source: Source) -> Iterator[Edits]:
    """`with torch.no_grad():`, or another context, is missing around what it should hold for."""
    if isinstance(node, ast.With) and len(node.items) == 1:
        item = node.items[0]
        if item.optional_vars is None and called(item.context_expr) in _CONTEXTS:
            yield Edit(source.span(node)[0], source.span(item.context_expr)[1], "if True")


@operator("plain-attribute", 'self.register_buffer("mean", m)', "self.mean = m")
def plain_attribute(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A tensor is an ordinary attribute: it neither moves with its module nor is saved with it."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if called(call) in ("register_buffer", "register_parameter", "add_module") and len(call.args) > 1:
            name, on = call.args[0], receiver(call)
            if (
                isinstance(name, ast.Constant)
                and isinstance(name.value, str)
                and name.value.isidentifier()
                and on is not None
            ):
                yield source.replaced(node, f"{source.code(on)}.{name.value} = {source.code(call.args[1])}")


@operator("buffer-for-parameter", "self.w = nn.Parameter(w)", 'self.register_buffer("w", w)')
def buffer_for_parameter(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A parameter is a buffer, which no optimizer sees; it is saved and moved all the same."""
    if isinstance(node, ast.Assign) and called(node.value) == "Parameter" and isinstance(node.value, ast.Call):
        target = node.targets[0]
        if isinstance(target, ast.Attribute) and node.value.args:
            value = source.code(node.value.args[0])
            yield source.replaced(node, f'{source.code(target.value)}.register_buffer("{target.attr}", {value})')


@operator("no-bias", "nn.Linear(4, 2)", "nn.Linear(4, 2, bias=False)")
def no_bias(node: ast.AST, source: Source) -> Iterator[Edits]:
    """A layer has no bias."""
    layers = ("Linear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose2d", "LSTM", "GRU", "RNN", "LayerNorm")
    if isinstance(node, ast.Call) and called(node) in layers and not any(k.arg == "bias" for k in node.keywords):
        yield source.with_argument(node, "bias=False")


@operator("always-training", "F.dropout(x, training=self.training)", "F.dropout(x, training=True)")
def always_training(node: ast.AST, source: Source) -> Iterator[Edits]:
    """Training and evaluation are the same."""
    if isinstance(node, ast.Attribute) and node.attr == "training" and isinstance(node.ctx, ast.Load):
        yield from (source.replaced(node, text) for text in ("True", "False"))


@operator("live-state", "best = net.state_dict()", "best = net")
def live_state(node: ast.AST, source: Source) -> Iterator[Edits]:
    """An object itself is kept or saved, where its state should be."""
    if called(node) in ("state_dict", "get_rng_state", "get_state"):
        on = receiver(node)
        if on is not None:
            yield source.replaced(node, source.code(on))


@operator("first-only", "def f(x, y):\n    return x, y", "def f(x, y):\n    return x, x")
def first_only(node: ast.AST, source: Source) -> Iterator[Edits]:
    """The first of several results is given for the next one as well."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        items = node.value.elts
        for one, other in pairwise(items):
            yield source.replaced(other, source.code(one))
