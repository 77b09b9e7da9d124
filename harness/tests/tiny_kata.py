"""Tiny whole katas for tests. They need no torch, and a test may change any file of theirs."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from harness.catalogue.catalogue import read_kata
from harness.catalogue.source.stubs import make_stub
from harness.errors import CatalogueError
from harness.model import Kata, Pack

if TYPE_CHECKING:
    from pathlib import Path

needs_cosmic_ray = pytest.mark.skipif(
    find_spec("cosmic_ray") is None, reason='cosmic-ray is not installed: pip install -e ".[dev]"'
)
"""Marks the tests of real mutants: a learner's installation makes none."""

TOML = """\
title = "Tiny things"
summary = "You can double a number and join words."
part = "Foundations"
capabilities = []

[[exercise]]
name = "double"
points = 1
difficulty = 1
minutes = 2
needs = []
forbid = []
hints = [
  "What is two times a number?",
  "https://docs.python.org/3/library/stdtypes.html#numeric-types-int-float-complex",
  "Add the number to itself.",
]

[[exercise]]
name = "join_words"
points = 2
difficulty = 2
minutes = 3
hints = [
  "Which type knows how to join texts?",
  "https://docs.python.org/3/library/stdtypes.html#str.join",
  "The separator has a method that takes the words.",
]
"""

LESSON = """\
# Tiny things

Numbers can be doubled, and words joined.

## Worked example

```python
>>> 3 * 4
12
```

## Exercises

### `double`

Give twice the number. It is an integer, and may be negative.

### `join_words`

Join the words, in order, with `separator` between each two of them. No words give an empty text.

## Links

- <https://docs.python.org/3/>
"""

SOLUTION = '''\
"""Tiny things: see README.md."""


def double(number: int) -> int:
    """Doubles a number.

    Args:
        number: any integer.

    Returns:
        Twice the number.
    """
    # <solution>
    return 2 * number
    # </solution>


def join_words(words: list[str], separator: str = " ") -> str:
    """Joins words.

    Args:
        words: any number of them.
        separator: what stands between each two words.

    Returns:
        One text.
    """
    # <solution>
    return separator.join(words)
    # </solution>
'''

SPEC = '''\
"""Spec of tiny things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.spec import assert_value

words = st.lists(st.text("abc", max_size=3), max_size=4)


@pytest.mark.exercise("double")
@given(number=st.integers(-50, 50))
def test_is_twice_the_number(impl, number):
    """The result is twice the number."""
    assert_value(impl.double(number), number + number)


@pytest.mark.exercise("join_words")
@given(words=words)
def test_a_space_is_the_default(impl, words):
    """Without a separator, the words are joined by a space."""
    assert_value(impl.join_words(words), " ".join(words))


@pytest.mark.exercise("join_words")
@given(words=words, separator=st.text("-+", max_size=2))
def test_the_separator_stands_between_words(impl, words, separator):
    """The separator stands between each two words, and nowhere else."""
    assert_value(impl.join_words(words, separator), separator.join(words))
'''

MISTAKES = '''\
"""What people get wrong in tiny things."""


def double__square(number):
    """You squared the number: two is the only number, beside zero, for which that is the same."""
    return number * number


def join_words__ignores_the_separator(words, separator=" "):
    """You always put a space between the words, whatever `separator` says."""
    return " ".join(words)


def join_words__adds_first_to_last(words, separator=" "):
    """You start from the first word, which is not there when there are no words."""
    text = words[0]
    for word in words[1:]:
        text = text + separator + word
    return text


join_words__adds_first_to_last.raises = IndexError
'''


def pack_of(folder: Path, name: str = "tiny") -> Pack:
    """The pack to which a kata's folder belongs: its solutions lie beside the folder of katas."""
    return Pack(name=name, katas=folder.parent, solutions=folder.parent.parent / "solutions")


def write_kata(
    folder: Path,
    *,
    toml: str | None = TOML,
    lesson: str | None = LESSON,
    solution: str | None = SOLUTION,
    spec: str | None = SPEC,
    mistakes: str | None = MISTAKES,
    probes: str | None = None,
    stub: str | None = "",
) -> Pack:
    """Writes a whole kata into `folder`, named `NN_topic`, and its solution into `../../solutions`.

    Each argument is the text of a file, or None for no such file. A stub that is not given is made from the
    solution, if it can be.

    Returns:
        The pack that holds the kata.
    """
    topic = folder.name[3:]
    pack = pack_of(folder)
    if stub == "":
        try:
            stub = make_stub(solution or "", path=pack.solutions / f"{topic}.py")
        except CatalogueError:
            stub = None
    files = {
        folder / "kata.toml": toml,
        folder / "README.md": lesson,
        folder / f"test_{topic}.py": spec,
        folder / "mistakes.py": mistakes,
        folder / "probes.py": probes,
        folder / f"{topic}.py": stub,
        pack.solutions / f"{topic}.py": solution,
    }
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            file.write_text(text, encoding="utf-8", newline="\n")
    return pack


def make_kata(folder: Path, **files: str | None) -> Kata:
    """Writes a whole kata, as `write_kata` does, and reads it."""
    return read_kata(folder, write_kata(folder, **files))
