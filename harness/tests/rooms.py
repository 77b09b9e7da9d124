"""The rooms of the harness and the imports between them, read from the source.

    python -m harness.tests.rooms

writes the drawing in `harness/README.md` anew.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

HARNESS = Path(__file__).parents[1]
README = HARNESS / "README.md"

FLOORS = {
    "errors": 1,
    "model": 1,
    "data": 2,
    "catalogue": 3,
    "reports": 3,
    "runner": 4,
    "workspace": 5,
    "spec": 5,
    "diagnosis": 6,
    "judge": 7,
    "mutation": 8,
    "cli": 9,
    "tests": 10,
}
"""On which floor each room is: it may import from lower floors alone, and from itself."""

_BEGIN, _END = "```mermaid\n", "```\n"


class Import(NamedTuple):
    """One import of a module of the harness by another one.

    Attributes:
        by: the importing module.
        of: the imported module.
        line: where, in `by`.
        late: whether it is made when a function runs, or for type checkers only.
    """

    by: str
    of: str
    line: int
    late: bool

    @property
    def rooms(self) -> tuple[str, str]:
        """The rooms of both; "" for `harness` itself."""
        return room_of(self.by), room_of(self.of)


def room_of(module: str) -> str:
    """The room in which a module is."""
    return module.split(".")[1] if "." in module else ""


@cache
def modules() -> dict[str, Path]:
    """All modules of the harness, by dotted name, without the packs that tests install."""
    found = {}
    for path in sorted(HARNESS.rglob("*.py")):
        parts = path.relative_to(HARNESS.parent).with_suffix("").parts
        if not {"packs", "alternatives", "natural_mistakes", "_packaged"} & set(parts):
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports() -> tuple[Import, ...]:
    """All imports within the harness, of whatever kind."""
    return tuple(each for name, path in modules().items() for each in _imports_of(name, path))


def _imports_of(name: str, path: Path) -> list[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = {id(node) for node in tree.body}
    found = []
    for node in ast.walk(tree):
        late = id(node) not in at_once
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "harness":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.append(Import(name, inner if inner in modules() else node.module, node.lineno, late))
        elif isinstance(node, ast.Import):
            found += [Import(name, a.name, node.lineno, late) for a in node.names if a.name.split(".")[0] == "harness"]
    return found


def drawing() -> str:
    """The imports between rooms as a Mermaid graph, each arrow that longer ways do not imply."""
    arrows: dict[str, set[str]] = {}
    for each in imports():
        by, of = each.rooms
        if by in FLOORS and of in FLOORS and by != of:
            arrows.setdefault(by, set()).add(of)
    lines = ["graph TD"]
    for by in sorted(arrows, key=lambda room: (-FLOORS[room], room)):
        below = sorted(arrows[by], key=lambda room: (-FLOORS[room], room))
        direct = [of for of in below if not any(_leads(arrows, between, of) for between in below if between != of)]
        lines += [f"    {by} --> {of}" for of in direct]
    return "\n".join(lines) + "\n"


def _leads(arrows: dict[str, set[str]], by: str, of: str) -> bool:
    return any(between == of or _leads(arrows, between, of) for between in arrows.get(by, ()))


def drawn() -> str:
    """The drawing that stands in the README."""
    return README.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]


def main() -> None:
    """Puts the drawing into the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(_BEGIN + drawn() + _END, _BEGIN + drawing() + _END), encoding="utf-8")


if __name__ == "__main__":
    main()
