"""The layout of the harness: which room may import from which, and what keeps a room readable."""

from __future__ import annotations

import pytest

from harness.tests import rooms

MOST_ENTRIES = 14
"""Beside `__init__.py` and `__main__.py`, which every package that is also a command has."""

MOST_LINES = 300


def test_every_module_is_in_a_room() -> None:
    """Whatever stands at the top of the harness has its floor."""
    found = {rooms.room_of(module) for module in rooms.modules()} - {"", "__main__"}
    assert found == set(rooms.FLOORS)
    entries = {path.relative_to(rooms.HARNESS).parts[0] for path in rooms.modules().values()}
    assert len(entries - {"__init__.py", "__main__.py"} | {"README.md"}) <= MOST_ENTRIES


def test_imports_go_down() -> None:
    """A room imports from lower floors alone, even where an import is made late or for type checkers."""
    upward = [
        f"{each.by}:{each.line} imports {each.of}"
        for each in rooms.imports()
        for by, of in [each.rooms]
        if by not in ("", "__main__", of) and of and rooms.FLOORS[by] <= rooms.FLOORS[of]
    ]
    assert upward == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """Following imports at the top of modules never leads back."""
    below: dict[str, set[str]] = {}
    for each in rooms.imports():
        if not each.late and each.by != each.of:
            below.setdefault(each.by, set()).add(each.of)
    done: set[str] = set()

    def follow(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way[way.index(module) :], module))
        if module not in done:
            for other in sorted(below.get(module, ())):
                follow(other, (*way, module))
            done.add(module)

    for module in sorted(below):
        follow(module, ())


@pytest.mark.parametrize("module", [name for name in rooms.modules() if rooms.room_of(name) != "tests"])
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    """None outside the tests has more than 300 lines."""
    assert len(rooms.modules()[module].read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_drawing_is_that_of_the_imports() -> None:
    """`python -m harness.tests.rooms` draws it anew."""
    assert rooms.drawn() == rooms.drawing()
