"""Lessons: the statements of exercises in a README.md, and its code, run as a test."""

from __future__ import annotations

import doctest
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harness.errors import CatalogueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from markdown_it.token import Token

    from harness.model import Kata

_EXERCISE = re.compile(r"`(?P<name>\w+)`")
_PYTHON = ("python", "py", "python3", "pycon")
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

_CODE = re.compile(r"`[^`]*`")
_SENTENCE_END = re.compile(r"""(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)[.!?…]+[)"'”»]*(?=\s+[^\sa-zа-я]|$)""")


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code in a lesson.

    Attributes:
        language: the first word after the opening fence, in lower case.
        first: line number of the opening fence.
        lines: what stands between the fences.
        closed: whether the closing fence is there.
    """

    language: str
    first: int
    lines: tuple[str, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the harness reads in a lesson.

    Attributes:
        statements: the text under each heading that is nothing but an exercise's name in backticks, in order.
        fences: all blocks of code.
    """

    statements: dict[str, str]
    fences: tuple[Fence, ...]

    @classmethod
    def read(cls, path: Path) -> Lesson:
        """Reads a lesson.

        Raises:
            CatalogueError: the file cannot be read.
        """
        try:
            return cls.parse(path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            raise CatalogueError(f"{path}: the lesson cannot be read ({error.strerror})") from None
        except UnicodeDecodeError as error:
            raise CatalogueError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None

    @classmethod
    def parse(cls, text: str) -> Lesson:
        """Finds headings and blocks of code in a lesson's Markdown."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines, tokens = text.split("\n"), _tokens(text)
        headings = [
            (token.map[0], token.map[1], token.tag, inline.content)
            for token, inline in pairwise(tokens)
            if token.type == "heading_open" and token.map and token.level == 0 and token.tag in ("h1", "h2", "h3")
        ]
        statements: dict[str, str] = {}
        for (_, begin, tag, title), (end, *_) in pairwise([*headings, (len(lines), len(lines), "", "")]):
            if tag == "h3" and (exercise := _EXERCISE.fullmatch(title)):
                found = "\n".join(lines[begin:end]).strip()
                statements[exercise["name"]] = f"{statements.get(exercise['name'], '')}\n{found}".strip()
        return cls(statements, tuple(_fence(token, lines) for token in tokens if token.type == "fence"))

    @property
    def exercises(self) -> tuple[str, ...]:
        """The names of the exercises that are stated, in order."""
        return tuple(self.statements)

    def statement(self, exercise: str) -> str:
        """The text under the exercise's heading; empty where there is none."""
        return self.statements.get(exercise, "")

    def first_sentence(self, exercise: str) -> str:
        """The first sentence of the exercise's statement, on one line; empty where there is none."""
        paragraph = next((token for token in _tokens(self.statement(exercise)) if token.type == "inline"), None)
        text = " ".join("".join(map(_words, paragraph.children or ())).split()) if paragraph else ""
        plain = _CODE.sub(lambda code: "X" * len(code[0]), text)  # a full stop in code ends no sentence
        end = _SENTENCE_END.search(plain)
        return text[: end.end()] if end else text


def lesson_path(kata: Kata, language: str | None) -> Path:
    """The lesson in a language (`ru`, `pt_BR`), in English where there is none."""
    tag = (language or "").partition(".")[0].lower().replace("_", "-")
    for name in (tag, tag.partition("-")[0]):
        path = kata.folder / f"README.{name}.md"
        if name.replace("-", "").isalnum() and path.is_file():
            return path
    return kata.lesson


def _tokens(text: str) -> list[Token]:
    # Imported here, since only who reads a lesson should wait for it.
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").parse(text)


def _fence(token: Token, lines: list[str]) -> Fence:
    begin, end = token.map or (0, 0)
    inside = lines[begin + 1 : end]
    # The last line closes the block, unless the lesson ends before that happens.
    closed = (
        bool(inside) and set(inside[-1].strip()) == {token.markup[0]} and len(inside[-1].strip()) >= len(token.markup)
    )
    return Fence(
        language=(token.info.lower().split() or [""])[0],
        first=begin + 1,
        lines=tuple(inside[:-1] if closed else inside),
        closed=closed,
    )


def _words(token: Token) -> str:
    """What a reader sees of a part of a paragraph, with code in backticks."""
    if token.type == "code_inline":
        return f"`{token.content}`"
    return " " if token.type in ("softbreak", "hardbreak") else token.content


class _Runner(doctest.DocTestRunner):
    """Keeps what failed, in few words."""

    def __init__(self) -> None:
        super().__init__(verbose=False, optionflags=_FLAGS)
        self.failed: list[str] = []

    def _fail(self, test: doctest.DocTest, example: doctest.Example, outcome: str) -> None:
        shown = example.source.strip().replace("\n", "\n    ... ")
        self.failed.append(f"{test.name}:{example.lineno + 1}: >>> {shown}\n{outcome}")

    def report_failure(
        self, _out: Callable[[str], object], test: doctest.DocTest, example: doctest.Example, got: str
    ) -> None:
        """Takes down an example that printed something else than it should."""
        if example.exc_msg is not None and got.startswith("Traceback (most recent call last):"):
            got = got.strip().splitlines()[-1]
        wanted = example.exc_msg or example.want
        self._fail(test, example, f"{_block('expected', wanted)}\n{_block('got', got)}")

    def report_unexpected_exception(
        self, _out: Callable[[str], object], test: doctest.DocTest, example: doctest.Example, exc_info: Any
    ) -> None:
        """Takes down an example that raised."""
        kind, error, _ = exc_info
        self._fail(
            test, example, f"{_block('expected', example.want)}\n{_block('raised', f'{kind.__name__}: {error}')}"
        )


def _block(title: str, text: str) -> str:
    lines = text.strip("\n").splitlines() or ["nothing"]
    if len(lines) == 1:
        return f"    {title}: {lines[0].strip()}"
    return "\n      ".join([f"    {title}:", *lines])


def run(path: Path) -> list[str]:
    """Runs all Python code of a lesson as doctests, in order and in one namespace.

    Returns:
        A description, with file and line, of everything that is not as the lesson says.

    Raises:
        CatalogueError: the file cannot be read.
    """
    problems: list[str] = []
    examples: list[doctest.Example] = []
    for fence in Lesson.read(path).fences:
        if not fence.closed:
            problems.append(f"{path.name}:{fence.first}: this block of code is never closed; put ``` under it")
        if fence.language not in _PYTHON:
            continue
        try:
            found = doctest.DocTestParser().get_examples("\n".join(["\n" * (fence.first - 1), *fence.lines]), "@")
        except ValueError as error:  # a prompt without a blank after it, or indented in another way than the rest
            where = re.sub(r"^line (\d+) of the doc\w+ for @ ", r"\1: ", str(error))
            problems.append(f"{path.name}:{where}")
            continue
        examples += found
        if not found:
            problems.append(f"{path.name}:{fence.first}: this code is not run; write it with >>> and what it prints")
            continue
        seen = {
            number
            for example in found
            for number in range(example.lineno, example.lineno + (example.source + example.want).count("\n"))
        }
        for number, line in enumerate(fence.lines, start=fence.first):
            if line.strip() and number not in seen:
                problems.append(f"{path.name}:{number + 1}: belongs to no >>>, so it is not checked: {line.strip()}")
    runner = _Runner()
    runner.run(doctest.DocTest(examples, {"__name__": "__main__"}, path.name, str(path), 0, None), out=lambda _: None)
    return problems + runner.failed
