"""Tests of `harness.mutation.operators`."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from harness.mutation.edits import Edit, Source
from harness.mutation.operators import OPERATORS

_NAMES = [operator.name for operator in OPERATORS]

# What an operator makes of a piece of Python, beside the example that it carries itself.
MADE = [
    ("other-dim", "x.sum(-1)", "x.sum(-2)"),
    ("other-dim", "torch.cat([a, b], 1)", "torch.cat([a, b], 0)"),
    ("other-dim", "torch.softmax(x, 0)", "torch.softmax(x, 1)"),
    ("other-dim", "x.topk(3, dim=-1)", "x.topk(3, dim=0)"),
    ("other-dim", "x.transpose(0, 1)", "x.transpose(0, -1)"),
    ("other-dim", "x.amax(dim=(1, 2))", "x.amax(dim=2)"),
    ("other-dim", "x.shape[0]", "x.shape[1]"),
    ("no-dim", "torch.sum(x, 0)", "torch.sum(x)"),
    ("keepdim", "x.mean(dim=0)", "x.mean(dim=0, keepdim=True)"),
    ("dropped-attribute", "w.T @ x", "w @ x"),
    ("einsum-output", 'torch.einsum("bi,bj->bij", a, b)', 'torch.einsum("bi,bj->bji", a, b)'),
    ("other-function", "torch.any(m)", "torch.all(m)"),
    ("other-function", "x.clone()", "x.detach()"),
    ("other-function", "net.eval()", "net.train()"),
    ("other-function", "a.amax(0)", "a.argmax(0)"),
    ("other-function", "def f(x):\n    return torch.from_numpy(x)", "def f(x):\n    return torch.tensor(x)"),
    ("biased", "x.std(dim=0, unbiased=False)", "x.std(dim=0, unbiased=True)"),
    ("biased", "x.var(correction=0)", "x.var(correction=1)"),
    ("dropped-call", "y = x.clone()", "y = x"),
    ("dropped-call", "y = (a + b).sqrt() * 2", "y = (a + b) * 2"),
    ("dropped-call", "w = nn.Parameter(torch.zeros(3))", "w = torch.zeros(3)"),
    ("dropped-call", "n = max(n, 1)", "n = n"),
    ("dropped-call", "layers = nn.ModuleList([a, b])", "layers = [a, b]"),
    ("dropped-call", "loss.append(x.item())", "loss.append(x)"),
    ("exchanged-arguments", "torch.cat([a, b])", "torch.cat([b, a])"),
    ("exchanged-arguments", "torch.where(m, a, b)", "torch.where(m, b, a)"),
    ("exchanged-arguments", "x.permute(1, 0, 2)", "x.permute(1, 2, 0)"),
    ("exchanged-operands", "(a + b) - c", "c - (a + b)"),
    ("exchanged-operands", "a / (b * c)", "(b * c) / a"),
    ("dropped-operand", "scale * (x - mean)", "scale * x"),
    ("dropped-operand", "a or b and c", "b and c"),
    ("dropped-argument", "torch.load(p, map_location=d)", "torch.load(p)"),
    ("dropped-argument", "SGD(p, lr=0.1, momentum=m)", "SGD(p, lr=0.1)"),
    ("dropped-argument", "torch.rand(n, generator=g)", "torch.rand(n)"),
    ("dropped-argument", "f((a), dtype=(b), n=1)", "f((a), n=1)"),
    ("optional-argument", "x.clamp(a, b)", "x.clamp(None, b)"),
    ("ignored-argument", "def f(n: int):\n    return n * n", "def f(n: int):\n    return 1 * 1"),
    ("ignored-argument", "def f(a: T, b: T):\n    return a - b", "def f(a: T, b: T):\n    return b - b"),
    ("scaled-constant", "x + 1e-5", "x + 0.0001"),
    ("scaled-constant", "x * 0.5", "x * (-0.5)"),
    ("other-infinity", "y = -math.inf", "y = math.inf"),
    ("moved-epsilon", "torch.rsqrt(v + 1e-6)", "torch.rsqrt(v) + 1e-6"),
    ("moved-epsilon", "x / (norm + eps)", "x / norm + eps"),
    ("moved-epsilon", "v.sqrt() + eps", "(v + eps).sqrt()"),
    ("off-by-one", "range(n)", "range(n - 1)"),
    ("off-by-one", "x[:-1]", "x[:None]"),
    ("open-slice", "x[::2]", "x[::]"),
    ("open-slice", "x[::2]", "x[::-(2)]"),
    ("other-end", "out[:, -1]", "out[:, 0]"),
    ("inverted-mask", "torch.where(a > 0, a, b)", "torch.where(~(a > 0), a, b)"),
    ("inverted-mask", "attend(q, attn_mask=m)", "attend(q, attn_mask=~m)"),
    ("no-choice", "y = a if c else b", "y = b"),
    ("no-choice", "s = s.masked_fill(m, 0)", "s = s"),
    ("constant-condition", "[x for x in xs if x]", "[x for x in xs if True]"),
    ("by-truth", "x is not None", "x"),
    ("out-of-place", "x.add_(1)", "x.add(1)"),
    ("assigned-anew", "def f(w):\n    w -= lr * g", "def f(w):\n    w = w - (lr * g)"),
    ("other-dtype", "x.float()", "x.double()"),
    ("other-dtype", "x.to(torch.int64)", "x.to(torch.int32)"),
    ("half-precision", "def f(x) -> Tensor:\n    return x @ x",
     "def f(x) -> Tensor:\n    return (lambda answer: answer.half().to(answer.dtype))(x @ x)"),
    ("no-context", "with torch.inference_mode():\n    f()", "if True:\n    f()"),
    ("always-training", "p = q if self.training else r", "p = q if True else r"),
    ("dropped-statement", "for b in c:\n    optimizer.step()", "for b in c:\n    pass"),
    ("dropped-statement", "super().__init__()  # first\nself.n = 1", "self.n = 1"),
    ("exchanged-statements", "def f(x):\n    x = x + 1\n    x = x * 2", "def f(x):\n    x = x * 2\n    x = x + 1"),
    ("in-the-loop", "for x in xs:\n    y += x\nreturn_(y)", "for x in xs:\n    y += x\n    return_(y)"),
    ("before-the-loop", "for b in c:\n    a.zero_grad()\n    f(b)", "a.zero_grad()\nfor b in c:\n    f(b)"),
    ("one-time-fewer", "[f(x) for x in xs]", "[f(x) for x in list(xs)[1:]]"),
    ("unprocessed", "def f(z):\n    p = z.exp()\n    return g(p)", "def f(z):\n    p = z.exp()\n    return g(z)"),
    ("copied-answer", "def f(x) -> tuple[Tensor, int]:\n    y = x[0] if n else x\n    return y, 1",
     "def f(x) -> tuple[Tensor, int]:\n    y = x[0] if n else x\n    return y.clone(), 1"),
    ("copied-answer", "def f(self) -> Tensor:\n    return self.w", "def f(self) -> Tensor:\n    return self.w.clone()"),
    ("half-precision", 'def f(x) -> dict[str, Tensor]:\n    return {"a": x}',
     'def f(x) -> dict[str, Tensor]:\n    return {"a": x.half().to(x.dtype)}'),
    ("detached-answer", "class N(nn.Module):\n    def f(self, x) -> Tensor:\n        return g(x)",
     "class N(nn.Module):\n    def f(self, x) -> Tensor:\n        return g(x).detach()"),
    ("exchanged-targets", "a, b, _ = c", "b, a, _ = c"),
    ("exchanged-statements", "a.step()\nb.step()", "b.step()\na.step()"),
    ("exchanged-statements", "x[0] = 1\nf(x[0])", "f(x[0])\nx[0] = 1"),
    ("other-exception", "raise KeyError", "raise ValueError"),
    ("other-infinity", "y = math.inf", "y = 1e9"),
    ("moved-epsilon", "y = x.std(0) + eps", "y = (x.std(0).square() + eps).sqrt()"),
    ("other-dtype", "y = torch.get_default_dtype()", "y = torch.float64"),
    ("off-by-one", "x[: len(y)]", "x[: len(y) + 1]"),
    ("no-dim", "x.amax(0)", "x.amax()"),
]  # fmt: skip

# What an operator leaves alone, since the change would say the same, or fail in any test.
NOT_MADE = [
    ("exchanged-operands", "(x - y).square()"),
    ("exchanged-operands", "torch.abs(x - y)"),
    ("exchanged-operands", "a + b"),
    ("exchanged-arguments", "torch.add(a, b)"),
    ("exchanged-arguments", "isinstance(a, b)"),
    ("dropped-argument", "zip(a, b, strict=True)"),
    ("dropped-statement", "def f(x):\n    y = x + 1\n    return y"),
    ("exchanged-statements", "def f(x):\n    y = x + 1\n    return y * y"),
    ("exchanged-statements", "a.append(1)\nb.append(2)"),
    ("exchanged-statements", "loss.backward()\nlosses.append(1)"),
    ("exchanged-statements", "self.register_buffer('a', b)\nself.c = d"),
    ("exchanged-targets", "a, _ = c"),
    ("no-clean-up", "try:\n    f()\nexcept OSError:\n    g()\nfinally:\n    h()"),
    ("dropped-call", "x = x.clone()"),
    ("dropped-call", "net.eval()"),
    ("dropped-statement", "def f(x):\n    if x:\n        y = 1\n    else:\n        y = 2\n    return y"),
    ("half-precision", "def f(x) -> Tensor:\n    m = x > 0\n    return m"),
    ("half-precision", "def f(x) -> Tensor:\n    return torch.zeros(3)"),
    ("other-function", "y = torch.tensor([1, 2])"),
    ("unprocessed", "def f(x):\n    y = [z for z in 'ab']\n    return y"),
    ("swallowed-exception", "if a:\n    raise OSError"),
    ("after-the-loop", "for a in b:\n    f(a)\n    return a"),
    ("one-time-fewer", "for _ in range(3):\n    f()"),
    ("in-place", "def f(x):\n    return (x + 1).clamp(0, 1)"),
    ("copied-answer", "def f(x) -> Tensor:\n    y = x + 1\n    return y"),
    ("changed-in-place", "def f(x):\n    n = 0\n    n = n + 1"),
    ("detached-answer", "def f(x) -> Tensor:\n    return x.exp()"),
    ("ignored-argument", "def f(x: T | None = None):\n    return x is None"),
    ("other-text", "state['model']"),
    ("scaled-constant", "x.sum(dim=2)"),
    ("half-precision", "def f(x) -> int:\n    return x"),
]


def _changed(name: str, text: str) -> list[str]:
    """All that an operator makes of a text."""
    source = Source(text)
    operator = OPERATORS[_NAMES.index(name)]
    return [
        source.changed((edits,) if isinstance(edits, Edit) else edits)
        for node in ast.walk(source.tree)
        if hasattr(node, "lineno")
        for edits in operator.find(node, source)
    ]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_an_operator_does_what_its_example_says(operator):
    """Each operator turns its `before` into its `after`, and says what goes wrong in one sentence."""
    assert operator.after in _changed(operator.name, operator.before)
    assert operator.about.endswith(".") and "\n" not in operator.about
    assert ast.dump(ast.parse(operator.after)) != ast.dump(ast.parse(operator.before))


@pytest.mark.parametrize(("name", "before", "after"), MADE)
def test_an_operator_makes(name, before, after):
    """Operators find what they change in its other spellings too, and set parentheses where they are needed."""
    assert after in _changed(name, before)


@pytest.mark.parametrize(("name", "text"), NOT_MADE)
def test_an_operator_leaves_alone(name, text):
    """Changes that say the same as before, or that any test would notice, are not made."""
    assert _changed(name, text) == []


def test_names_tell_operators_apart():
    """No two operators have the same name, and none is called like one of cosmic-ray's."""
    assert [name for name, count in Counter(_NAMES).items() if count > 1] == []
    assert not any("/" in name for name in _NAMES)


def test_places_are_found_behind_signs_of_several_bytes():
    """Text before a place may hold any characters: places are counted as Python counts them, in bytes."""
    assert 'f("ä—€", x.mean(0))' in _changed("other-function", 'f("ä—€", x.sum(0))')
