"""Why an answer is wrong: which of the kata's known mistakes gives the same wrong results, or else a guess.

The known mistakes, and the reference with which they are compared, run in a copy of the judge's process, so that the
judge itself never loads them, and whatever they do ends with the copy.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.diagnosis.guesses import guess
from harness.diagnosis.recognition import BUDGET, Known, recognise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.diagnosis.recorder import Traced
    from harness.model import Kata

PATIENCE = 4 * BUDGET
"""Seconds of wall time after which a copy that still searches is ended; what torch imports at first use is in them."""

_FOR_MORE = 0.5
"""Seconds for running failed tests on further examples."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What probably went wrong.

    Attributes:
        test: the node id of the test that failed.
        sentence: in a teacher's words.
        mistake: the name of the known mistake, or None where this is a guess.
    """

    test: str
    sentence: str
    mistake: str | None


def diagnose(kata: Kata, tests: list[Traced], *, apart: bool) -> list[Diagnosis]:
    """Says for each exercise that failed what probably went wrong, where that can be told.

    Args:
        kata: whose spec was run.
        tests: what was recorded of all its tests; grows by what is recorded now.
        apart: search in a copy of this process, where the system can make one.
    """
    try:
        return _diagnose(kata, tests, apart=apart)
    except Exception as error:  # a verdict without it is better than none
        warnings.warn(f"the diagnosis of {kata.topic} broke off: {error!r}", stacklevel=1)
        return []


def _diagnose(kata: Kata, tests: list[Traced], *, apart: bool) -> list[Diagnosis]:
    failed: dict[str, Traced] = {}
    for test in tests:
        if test.failed:
            failed.setdefault(test.exercise, test)
    end = time.monotonic() + _FOR_MORE
    for test in failed.values():
        if test.again is not None and time.monotonic() < end:
            test.again()
    by_exercise = {exercise: [test for test in tests if test.exercise == exercise] for exercise in failed}
    known: dict[str, Known] = {}
    if failed:
        search = _recognise_apart if apart and hasattr(os, "fork") else recognise
        known = {each.exercise: each for each in search(kata, by_exercise)}
    found = []
    for exercise, test in failed.items():
        if exercise in known:
            found.append(Diagnosis(test.test, known[exercise].sentence, known[exercise].mistake))
            continue
        if test.raised:  # a guess from other examples would contradict the exception that is shown
            continue
        same = _function(test.test)  # with other parameters it is still the same test
        wrong = (wrong for other in by_exercise[exercise] if _function(other.test) == same for wrong in other.wrong)
        if (guessed := guess(wrong)) is not None:
            found.append(Diagnosis(test.test, guessed, None))
    return found


def _function(test: str) -> str:
    """A node id without the parameters."""
    return test.partition("[")[0]


def _recognise_apart(kata: Kata, tests: Mapping[str, Sequence[Traced]]) -> Iterator[Known]:
    """Does what `recognise` does in a copy of this process, which ends in time."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: torch's, and the copy does without them
        child = os.fork()
    if child == 0:  # pragma: no cover - runs in the copy, where nothing is measured
        with contextlib.suppress(BaseException):
            _serve(writing, recognise(kata, tests))
        os._exit(0)
    os.close(writing)
    try:
        for line in _lines(reading, time.monotonic() + PATIENCE):
            yield Known(*json.loads(line))
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(writing: int, found: Iterator[Known]) -> None:  # pragma: no cover - likewise
    """Writes what is found to a pipe, a line each, and nothing anywhere else."""
    sys.settrace(None)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    for line in found:
        os.write(writing, json.dumps(line).encode() + b"\n")


def _lines(reading: int, end: float) -> Iterator[bytes]:
    """The lines that come out of a pipe until it is closed or the time is up."""
    data = b""
    while (left := end - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        piece = os.read(reading, 1 << 16)
        if not piece:
            return
        *lines, data = (data + piece).split(b"\n")
        yield from lines
