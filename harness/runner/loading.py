"""From a value of `--impl` to a module: the learner's file, the reference, a stub, a mistake, anybody's folder or file.

Every module is loaded afresh from its source, under a name of its own, so that two implementations of one kata live
side by side and nothing that lies beside a submission is imported with it.
"""

from __future__ import annotations

import io
import linecache
import re
import sys
import tokenize
from importlib.machinery import ModuleSpec
from itertools import count, islice
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from harness import hookimpl
from harness.catalogue.files import expanded, read_bytes
from harness.catalogue.source.stubs import stub_of
from harness.errors import Alarm, KataError, NotSubmitted, SourceError, described
from harness.model import Implementation
from harness.runner.locations import excerpt, locate, raises_itself

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model import Kata

_serial = count(1)

LARGEST_SOURCE = 1_000_000
"""Bytes of source that are still read; no answer to a kata comes near it."""


def read_source(path: Path) -> str:
    """Reads Python source as Python itself would: UTF-8, or what its encoding line says.

    Raises:
        SourceError: it is missing, unreadable, too large, or not text in its encoding; the message shows its line.
    """
    try:
        if path.stat().st_size > LARGEST_SOURCE:
            raise SourceError(
                f"{path} is larger than {LARGEST_SOURCE:,} bytes: a kata's file holds functions, not data"
            )
        content = read_bytes(path)
    except FileNotFoundError:
        raise SourceError(f"{path} does not exist: `kata init` or `kata reset` puts the stub there") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = content.decode(tokenize.detect_encoding(io.BytesIO(content).readline)[0])
    except (SyntaxError, UnicodeDecodeError) as error:
        raise SourceError(_why_no_text(path, content, error)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SourceError(f"{path.name}:{line} holds a null byte, which Python takes nowhere: remove it")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _why_no_text(path: Path, content: bytes, error: Exception) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        shown = content.split(b"\n")[line - 1].decode("utf-8", "replace")
        return f"{path.name}:{line} is not UTF-8 text: save the file as UTF-8\n    {excerpt(shown)}"
    return f"{path.name} names an encoding that it is not written in ({error}): remove that line, and save it as UTF-8"


def load_source(path: Path, *, text: str | None = None) -> ModuleType:
    """Runs a Python file as a new module.

    Args:
        path: what tracebacks and messages name.
        text: the source, where it is not the file's own.

    Raises:
        SourceError: it cannot be read, is not Python, or raises while it runs; the message shows its line.
    """
    source = read_source(path) if text is None else text
    try:
        code = compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        shown = excerpt(error.text or "")
        raise SourceError(
            f"{path.name}:{error.lineno or 1} is not valid Python: {error.msg}" + (f"\n    {shown}" if shown else "")
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(
            f"{path.name} is too deeply nested for Python ({error or 'out of memory'}): write it in more, shorter lines"
        ) from None
    module = ModuleType(f"_kata_implementation_{next(_serial)}_{path.stem}")
    module.__file__ = str(path)
    module.__spec__ = ModuleSpec(module.__name__, loader=None, origin=str(path))
    linecache.cache[str(path)] = (len(source), None, io.StringIO(source).readlines(), str(path))
    # Dataclasses, pickling and inspection look a class's module up here.
    sys.modules[module.__name__] = module
    try:
        exec(code, vars(module))  # noqa: S102 - running the implementation is what we are here for
    except (KataError, Alarm):
        raise
    except BaseException as error:  # SystemExit and pytest's own outcomes are none of a submission's business
        if isinstance(error, KeyboardInterrupt) and not raises_itself(error, path):
            raise
        del sys.modules[module.__name__]
        location = locate(error, path)
        where = f":{location.line}" if location else ""
        shown = f"\n    {location.code}" if location else ""
        raise SourceError(f"{path.name}{where} fails when the file is imported: {described(error)}{shown}") from error
    return module


def load_probes(kata: Kata) -> ModuleType:
    """The kata's `probes.py`, loaded beside the implementation."""
    return load_source(kata.probes)


def solution(kata: Kata) -> Implementation:
    """The reference."""
    return Implementation(label="solution", path=kata.solution, load=lambda: load_source(kata.solution))


def stub(kata: Kata) -> Implementation:
    """A stub generated on the spot, whatever the learner's file holds."""

    def load() -> ModuleType:
        text = stub_of(kata)
        return load_source(kata.stub.with_name(f"{kata.topic} (stub).py"), text=text)

    return Implementation(label="stub", path=kata.stub.with_name(f"{kata.topic} (stub).py"), load=load)


def mistake(kata: Kata, name: str) -> Implementation:
    """The reference with one exercise replaced by the mistake of that name.

    Args:
        kata: that lists the mistake.
        name: `EXERCISE__what`; with `~N` behind it, the Nth of its other `variants`.

    Raises:
        SourceError: the kata lists no such mistake.
    """
    listed, _, variant = name.partition("~")
    exercise, separator, _ = listed.partition("__")
    if not separator or exercise not in {e.name for e in kata.exercises}:
        raise SourceError(f"{name!r} names no mistake of {kata.topic}: they are called EXERCISE__what_went_wrong")

    def load() -> ModuleType:
        wrong = getattr(load_source(kata.mistakes), listed, None)
        if wrong is None:
            raise SourceError(f"{kata.mistakes} defines no {listed}")
        try:
            return with_exercise(kata, exercise, next(islice(variants(wrong), int(variant or 0), None)))
        except (StopIteration, ValueError):
            raise SourceError(f"{kata.mistakes} defines no {name}: {listed}.varies holds no such value") from None

    return Implementation(label=f"mistake:{name}", path=kata.mistakes, load=load, only=exercise, any_signature=True)


def with_exercise(kata: Kata, exercise: str, answer: object) -> ModuleType:
    """The reference's module, freshly loaded, in which another answer stands for one exercise."""
    module = load_source(kata.solution)
    setattr(module, exercise, answer)
    return module


def variants(mistake: Any) -> Iterator[Any]:
    """A mistake, and the same with each of the values that it says may vary.

    Its attribute `varies` is a dict with the other values of each keyword-only parameter of a function, or of each
    attribute of a class: `adamw_step__eps.varies = {"eps": (1e-6, 1e-5)}`.
    """
    yield mistake
    for name, values in vars(mistake).get("varies", {}).items():
        for value in values:
            if isinstance(mistake, type):
                yield type(mistake.__name__, (mistake,), {name: value})
            else:
                other = FunctionType(
                    mistake.__code__, mistake.__globals__, mistake.__name__, mistake.__defaults__, mistake.__closure__
                )
                other.__kwdefaults__ = {**mistake.__kwdefaults__, name: value}
                yield other


def submission(kata: Kata, path: Path, *, label: str | None = None) -> Implementation:
    """Somebody's answer: one file, or a folder in either layout.

    Args:
        kata: the kata that it should implement.
        path: a `.py` file, or a folder that holds `topic.py` or `NN_topic/topic.py`.
        label: how it is called in reports.

    Raises:
        SourceError: nothing there is an implementation of this kata.
    """
    file = find_file(kata, path)
    return Implementation(label=label or str(path), path=file, load=lambda: load_source(file))


def find_file(kata: Kata, path: Path) -> Path:
    """The file under `path` that implements the kata.

    Raises:
        SourceError: there is none, or there are several.
    """
    if path.is_file():
        if path.suffix != ".py":
            raise SourceError(f"{path} is not a Python file")
        return path
    if not path.is_dir():
        raise SourceError(f"{path} does not exist: --impl takes learner, solution, a folder or a .py file")
    name = f"{kata.topic}.py"
    flat = path / name
    nested = sorted(p for p in path.glob(f"[0-9][0-9]_{kata.topic}/{name}") if p.is_file())
    found = [flat, *nested] if flat.is_file() else nested
    if len(found) > 1:
        raise SourceError(
            f"{path} holds {name} more than once ({', '.join(str(p.relative_to(path)) for p in found)}): keep one"
        )
    if not found:
        meant = _near_misses(kata, path)
        more = f": is {' or '.join(meant[:3])} meant? Call it {name}" if meant else ""
        raise NotSubmitted(f"{path} holds neither {name} nor {kata.folder.name}/{name}{more}")
    return found[0]


def _near_misses(kata: Kata, folder: Path) -> list[str]:
    """Files that may be meant for the kata's, such as `topic (1).py`, `Topic.py` and `topic.PY`."""
    like = re.compile(rf"{kata.topic}[\W_]*(copy|final|\d+)?[\W_]*\.py(\.txt)?", re.IGNORECASE)
    places = [folder, *(each for each in folder.iterdir() if each.name.lower() == kata.folder.name.lower())]
    found = [each for place in places if place.is_dir() for each in place.iterdir() if like.fullmatch(each.name)]
    return sorted(str(each.relative_to(folder)) for each in found)


@hookimpl(trylast=True)
def kata_implementation(reference: str, kata: Kata) -> Implementation | None:
    """`solution`, `stub`, `mistake:NAME`, or else a path."""
    kind, _, name = reference.partition(":")
    if reference == "solution":
        return solution(kata)
    if reference == "stub":
        return stub(kata)
    if kind == "mistake":
        return mistake(kata, name)
    return submission(kata, expanded(Path(reference)).absolute(), label=reference)
