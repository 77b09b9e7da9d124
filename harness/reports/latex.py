r"""Formulas as plain text: `$…$` in a lesson or a hint is for a browser, and a terminal has Unicode.

It knows what lessons use. What it does not know stays, less the backslash, so that it can still be read.
"""

from __future__ import annotations

import re
from typing import Final

# As in Pandoc: the dollars stand close to what is between them, so that those of prices are none.
_FORMULA: Final = re.compile(
    r"(?P<code>`[^`]*`)|(?P<mark>\$\$?)(?=\S)(?P<body>(?:\\.|[^$\\`])+?)(?<=\S)(?P=mark)(?!\d)"
)
_PIECE: Final = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)

_GREEK: Final = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ",
    "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_SIGNS: Final = _GREEK | {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "mp": "∓", "circ": "∘", "odot": "⊙", "otimes": "⊗", "oplus": "⊕",
    "ast": "*", "star": "⋆", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈",
    "equiv": "≡", "sim": "∼", "propto": "∝", "ll": "≪", "gg": "≫", "lt": "<", "gt": ">", "in": "∈", "notin": "∉",
    "subset": "⊂", "subseteq": "⊆", "cup": "∪", "cap": "∩", "emptyset": "∅", "forall": "∀", "exists": "∃", "land": "∧",
    "lor": "∨", "neg": "¬", "to": "→", "rightarrow": "→", "leftarrow": "←", "mapsto": "↦", "Rightarrow": "⇒",
    "Leftrightarrow": "⇔", "infty": "∞", "ell": "ℓ", "top": "⊤", "bot": "⊥", "perp": "⊥", "mid": "|", "vert": "|",
    "Vert": "‖", "lVert": "‖", "rVert": "‖", "lvert": "|", "rvert": "|", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
    "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "ldots": "…", "dots": "…", "cdots": "⋯", "vdots": "⋮", "prime": "′",
    "sum": "∑", "prod": "∏", "int": "∫", "quad": "  ", "qquad": "    ", "left": "", "right": "", "big": "", "Big": "",
    "bigl": "", "bigr": "", "Bigl": "", "Bigr": "", "displaystyle": "", "limits": "", "colon": ":", "backslash": "\\",
}  # fmt: skip
_PREFIXES: Final = {"partial": "∂", "nabla": "∇"}
_ACCENTS: Final = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307"}
_PLAIN: Final = (
    "text", "texttt", "textbf", "textit", "textrm", "mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathcal",
    "mathfrak", "boldsymbol", "bm", "operatorname", "operatorname*", "overline", "underline", "mbox",
)  # fmt: skip
_DOUBLE: Final = dict(zip("CEHNPQRZ", "ℂ𝔼ℍℕℙℚℝℤ", strict=True))
_FRACTIONS: Final = ("frac", "tfrac", "dfrac")
_SPACES: Final = {",": " ", ";": " ", ":": " ", " ": " ", "!": "", "\\": " ", "|": "‖"}

_SUPER: Final = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤′*",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀ′*",
        strict=True,
    )
)
_SUB: Final = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))


def plain(text: str) -> str:
    r"""The text with its formulas as they can be read in a terminal; code in backticks stays as it is.

    >>> plain(r"It is $\sum_i x_i^2 / \sqrt{n}$, in `$x$`.")
    'It is ∑ᵢ xᵢ² / √n, in `$x$`.'
    """
    return _FORMULA.sub(lambda found: found["code"] or _Formula(found["body"]).text(), text)


class _Formula:
    """Reads a formula from left to right."""

    def __init__(self, source: str) -> None:
        self._pieces = _PIECE.findall(source)
        self._at = 0

    def text(self) -> str:
        """The whole formula."""
        parts = []
        while self._at < len(self._pieces):
            parts.append(self._until_closed())
        return re.sub(r"(?<=\S) (?= +)", "", "".join(parts)).strip()

    def _until_closed(self) -> str:
        """What stands up to a closing brace, which is passed over, or up to the end."""
        written = ""
        while self._at < len(self._pieces):
            piece = self._take()
            if piece == "}":
                break
            written += self._one(piece, after=written)
        return written

    def _take(self) -> str:
        self._at += 1
        return str(self._pieces[self._at - 1])

    def _one(self, piece: str, after: str = "") -> str:
        if piece == "{":
            return self._until_closed()
        if piece == "^":
            return _raised(self._argument(), _SUPER, "^")
        if piece == "_":
            return _raised(self._argument(), _SUB, "_")
        if piece.isspace() or piece == "~":
            return "" if after.endswith(" ") else " "
        if len(piece) > 1:
            return self._command(piece[1:], after)
        return "" if piece == "&" else piece

    def _argument(self) -> str:
        """What a command or a sign is about: a group, or one piece."""
        self._skip_blanks()
        return self._one(self._take()) if self._at < len(self._pieces) else ""

    def _skip_blanks(self) -> None:
        while self._at < len(self._pieces) and self._pieces[self._at].isspace():
            self._at += 1

    def _command(self, name: str, after: str) -> str:
        if name in _SIGNS:
            return _SIGNS[name]
        if name in _PREFIXES:
            self._skip_blanks()
            return _PREFIXES[name]
        if name in _FRACTIONS:
            return f"{_enclosed(self._argument())}/{_enclosed(self._argument())}"
        if name == "sqrt":
            return f"{self._root()}√{_enclosed(self._argument())}"
        if name == "mathbb":
            return "".join(_DOUBLE.get(sign, sign) for sign in self._argument())
        if name in _ACCENTS:
            base = self._argument()
            return f"{base}{_ACCENTS[name]}" if len(base) == 1 else base
        if name in _PLAIN:
            return self._argument()
        if not name[0].isalpha():
            return _SPACES.get(name, name)
        # The name of a function, or of what is not known here.
        apart = " " if after[-1:].isalnum() else ""
        return f"{apart}{name}" + "".join(f"({group})" for group in self._groups())

    def _root(self) -> str:
        """Which root it is, where that is said in brackets."""
        rest = "".join(self._pieces[self._at :])
        degree = re.match(r"\[(\w+)\]", rest)
        if degree is None:
            return ""
        self._at += len(_PIECE.findall(degree[0]))
        return _raised(degree[1], _SUPER, "")

    def _groups(self) -> list[str]:
        found = []
        while self._at < len(self._pieces) and self._pieces[self._at] == "{":
            found.append(self._argument())
        return found


def _raised(text: str, signs: dict[str, str], mark: str) -> str:
    """Above or below the line, where there are signs for all of it."""
    text = text.replace(" ", "")
    if all(sign in signs for sign in text):
        return "".join(signs[sign] for sign in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _enclosed(text: str) -> str:
    """In brackets, unless it is clear without them what belongs together."""
    text = text.strip()
    return f"({text})" if re.search(r"[-\s+·×/=,<>]", text) else text
