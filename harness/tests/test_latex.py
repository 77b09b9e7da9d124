"""Formulas as a terminal shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Outcome
from harness.reports.latex import plain
from harness.tests.commands import Commands
from harness.tests.tiny_kata import LESSON, TOML

SHOWN = {
    r"(n, k) \cdot (k, m) \to (n, m)": "(n, k) · (k, m) → (n, m)",
    r"(M p)^\top = p^\top M^\top": "(M p)ᵀ = pᵀ Mᵀ",
    r"c_{nm} = \sum_k a_{nk} \, b_{km} \qquad \text{is} \qquad \texttt{nk,km->nm}": (
        "cₙₘ = ∑ₖ aₙₖ bₖₘ    is    nk,km->nm"
    ),
    r"(p - \min) / (\max - \min)": "(p - min) / (max - min)",
    r"\text{new}_{i,y,x} = \sum_j \text{weights}_{i,j}": "new_(i,y,x) = ∑ⱼ weights_(i,j)",
    r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y}\,\frac{\partial y}{\partial x}": (
        "∂L/∂x = ∂L/∂y ∂y/∂x"
    ),
    r"x^2": "x²",
    r"10^{-4}": "10⁻⁴",
    r"e^{-x^2}": "e^(-x²)",
    r"x^q": "x^q",
    r"W^{(l)}_{t-1}": "W⁽ˡ⁾ₜ₋₁",
    r"\frac{n + 1}{2}": "(n + 1)/2",
    r"\sqrt{d_k} \le \sqrt{a + b} \ne \sqrt[3]{x}": "√dₖ ≤ √(a + b) ≠ ³√x",
    r"\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right) V": "softmax(QKᵀ/√dₖ) V",
    r"x \in \mathbb{R}^{n \times m}": "x ∈ ℝ^(n×m)",
    r"\hat{y} \approx \bar{x} + \vec{ab}": "y\u0302 ≈ x\u0304 + ab",
    r"\theta \leftarrow \theta - \eta \nabla_\theta L": "θ ← θ - η ∇_θ L",
    r"\nabla L(\Theta)": "∇L(Θ)",
    r"\log_2 x + 2\log x": "log₂ x + 2 log x",
    r"\operatorname{argmax}_i x_i": "argmaxᵢ xᵢ",
    r"\{1, \dots, n\}": "{1, …, n}",
    r"\unknown{a}{b} + \other": "unknown(a)(b) + other",
    r"a\ b\!c~d": "a bc d",
    r"a &= b": "a = b",
}


@pytest.mark.parametrize("formula", SHOWN)
@pytest.mark.parametrize("mark", ["$", "$$"])
def test_a_formula_is_plain_text(formula, mark):
    """What lessons write, set off within a line or as a line of its own, comes out as somebody would type it."""
    assert plain(f"So {mark}{formula}{mark}.") == f"So {SHOWN[formula]}."


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $6.",
        "Code in `$x^2$` and `a_b` stays.",
        r"So does \frac and x_1 without dollars: `r\"\d+\"`.",
        "$ x $",
        "one $ alone",
        "$`a`$",
    ],
)
def test_what_is_no_formula_stays(text):
    """Prices, code, and single dollars are none."""
    assert plain(text) == text


def test_several_formulas_in_a_line():
    """Each is translated by itself."""
    assert plain("$a_1$, `$b_1$` and $c_1$") == "a₁, `$b_1$` and c₁"


@given(
    body=st.text(r"ab1\{}^_ &~|", max_size=20)
    | st.lists(st.sampled_from([r"\frac", r"\sqrt", "[", "]", "{", "}", "^", "x"])).map("".join)
)
def test_whatever_is_written_can_be_shown(body):
    """A formula that is not whole is no reason to fail, and is still taken for one."""
    assert "$" not in plain(f"$a{body}b$")


@pytest.fixture
def commands(tmp_path, monkeypatch, capsys):
    return Commands(tmp_path, monkeypatch, capsys)


def test_statements_and_hints_are_shown_so(commands):
    """Wherever a command shows an exercise's statement or a hint."""
    folder = commands.katas_folder / "03_tiny_things"
    (folder / "README.md").write_text(LESSON.replace("Give twice the number.", r"Give $2 \cdot x_1$."))
    (folder / "kata.toml").write_text(TOML.replace("What is two times a number?", r"What is $\\frac{x}{2}$?"))
    commands.outcomes["double"] = Outcome.FAILED
    for arguments in (["hint", "tiny.double"], ["check", "tiny"], []):
        assert "double  Give 2 · x₁." in commands.run(*arguments).out
    assert "1. What is x/2?" in commands.run("hint", "tiny.double").out
