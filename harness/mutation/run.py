"""A campaign: the wrong answers to a kata are judged, several at a time, by its spec in warm processes."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.errors import KataError, RunError
from harness.judge import run
from harness.mutation.cache_keys import PROFILE, Keys
from harness.mutation.outputs.names import DISTORTIONS
from harness.mutation.subject import Fate, Result, Subject, result_of
from harness.runner import settings
from harness.runner.isolation.pool import share_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.model import Exercise, Finding, Kata
    from harness.mutation.cache import Journal
    from harness.mutation.subject import Mutant
    from harness.runner.isolation.client import Parent

AT_ONCE = 20
"""Wrong answers that one run of pytest judges: more would save little of its cost, and leave cores idle at the end."""

SHORTEST = 2.0
"""Seconds that any wrong answer's call may take at least."""

TIMES_SLOWER = 3
"""How much longer than the reference's slowest test a single call may take, within the usual deadline."""


class ReferenceFails(KataError):  # noqa: N818 - reads as what it says
    """The reference itself does not pass, so that a campaign would mean nothing."""


def subjects_of(kata: Kata, mutants: Iterable[Mutant], exercises: Sequence[Exercise] = ()) -> list[Subject]:
    """The wrong answers to some exercises, or to all: mutants first, then output changes."""
    subjects = [Subject(exercise=m.exercise, name=m.id, judged=m.judged, mutant=m) for m in mutants]
    for exercise in exercises or kata.exercises:
        subjects += [
            Subject(
                exercise=exercise.name, name=way, judged=(exercise.name,), reference=f"distorted:{exercise.name}__{way}"
            )
            for way in DISTORTIONS
        ]
    return subjects


class _Batch(NamedTuple):
    judged: tuple[str, ...]
    subjects: list[Subject]


class Campaign:
    """Judges the wrong answers to one kata.

    Args:
        kata: whose spec.
        subjects: the wrong answers.
        parent: forks the judges and the workers.
        journal: what is known already, and where results are kept.
        jobs: how many runs at a time.
        fresh: whether what is known counts for nothing.
        tell: is given every result as soon as it is known, from several threads, and whether it was known before.
    """

    def __init__(
        self,
        kata: Kata,
        subjects: Sequence[Subject],
        parent: Parent,
        journal: Journal,
        *,
        jobs: int,
        fresh: bool = False,
        tell: Callable[[Subject, Result, bool], None] = lambda *_: None,
    ) -> None:
        self._kata, self._subjects, self._parent, self._journal = kata, subjects, parent, journal
        self._jobs, self._fresh, self._tell = jobs, fresh, tell
        keys = Keys(kata)
        self._keys = {subject: keys.key(subject) for subject in subjects}
        names = dict.fromkeys(name for subject in subjects for name in subject.judged)
        self._right = {name: Subject(exercise=name, name="", judged=(name,), reference="solution") for name in names}
        self._keys |= {subject: keys.key(subject) for subject in self._right.values()}
        self._results: dict[Subject, Result] = {}
        self._folder = Path()

    def run(self) -> dict[Subject, Result]:
        """Judges what is not known yet.

        Returns:
            What became of every wrong answer.

        Raises:
            ReferenceFails: the right answer is rejected.
            RunError: the parent is gone.
        """
        known = {} if self._fresh else {subject: self._journal.known(key) for subject, key in self._keys.items()}
        self._results = {subject: result for subject, result in known.items() if result is not None}
        for subject in self._subjects:
            if subject in self._results:
                self._tell(subject, self._results[subject], True)
        if len(self._results) < len(self._keys):
            with tempfile.TemporaryDirectory(prefix="kata-mutants-") as folder:
                self._folder = Path(folder)
                self._parent.preload([*self._kata.capabilities, "meta"])
                self._judge_all([_Batch(each.judged, [each]) for each in self._right.values() if not self._has(each)])
                self._check_reference()
                self._judge_all(self._batches([each for each in self._subjects if not self._has(each)]))
        self._check_reference()
        self._journal.used([key for subject, key in self._keys.items() if subject in self._results])
        return {subject: self._results[subject] for subject in self._subjects}

    def _has(self, subject: Subject) -> bool:
        return subject in self._results

    def _check_reference(self) -> None:
        for name, subject in self._right.items():
            result = self._results[subject]
            if result.fate not in (Fate.SURVIVED, Fate.UNJUDGED):
                raise ReferenceFails(
                    f"{self._kata.topic}: the reference does not pass {result.by or f'the tests of {name}'}, so that "
                    f"nothing else can be judged: {result.said}; mend that first (`kata verify {self._kata.topic}`)"
                )

    def _batches(self, subjects: Iterable[Subject]) -> list[_Batch]:
        together: dict[tuple[str, ...], list[Subject]] = {}
        for subject in subjects:
            together.setdefault(subject.judged, []).append(subject)
        return [
            _Batch(judged, group[start : start + AT_ONCE])
            for judged, group in together.items()
            for start in range(0, len(group), AT_ONCE)
        ]

    def _judge_all(self, batches: Sequence[_Batch]) -> None:
        with closing(share_out(self._parent, batches, self._judge, at_once=self._jobs)) as done:
            for results in done:
                self._results |= results

    def _judge(self, batch: _Batch, line: Parent | None) -> dict[Subject, Result]:
        """Judges a batch, exercise by exercise while something survives, and keeps the results."""
        results: dict[Subject, Result] = {}
        alive = batch.subjects
        for name in batch.judged:
            for subject, result in self._by_one(alive, name, line).items():
                if result.fate is not Fate.UNJUDGED or subject not in results:
                    results[subject] = result
            alive = [subject for subject in alive if not results[subject].fate.dead]
        self._journal.enter({self._keys[subject]: result for subject, result in results.items()})
        for subject, result in results.items():
            if subject.name:
                self._tell(subject, result, False)
        return results

    def _by_one(self, subjects: Sequence[Subject], name: str, line: Parent | None) -> dict[Subject, Result]:
        """Judges subjects by the tests of one exercise; one that ends the run, or breaks the spec, once more alone."""
        if not subjects:
            return {}
        references = {subject: self._reference(subject) for subject in subjects}
        right = self._results.get(self._right[name])
        try:
            findings = run.judge(
                self._kata,
                list(references.values()),
                exercises=[self._kata.exercise(name)],
                profile=PROFILE,
                parent=line,
                deadline=min(max(SHORTEST, TIMES_SLOWER * right.seconds), settings.deadline()) if right else None,
                options=["--kata-first-failure"],
            )
        except RunError as error:
            if line is not None:
                line.another_line().close()  # raises where the parent is gone, or the campaign given up
            if len(subjects) == 1:
                return {subjects[0]: Result(fate=Fate.ERROR, said=" ".join(str(error).split()))}
            return {key: result for each in subjects for key, result in self._by_one([each], name, line).items()}
        by_reference: dict[str, list[Finding]] = {reference: [] for reference in references.values()}
        for finding in findings:
            by_reference[finding.implementation].append(finding)
        results = {subject: result_of(subject, by_reference[reference]) for subject, reference in references.items()}
        for subject, result in results.items() if len(subjects) > 1 else ():
            if result.fate is Fate.ERROR:
                results |= self._by_one([subject], name, line)
        return results

    def _reference(self, subject: Subject) -> str:
        """The value of `--impl`; the file of a mutant is written now."""
        if subject.mutant is None:
            return subject.reference
        file = self._folder / f"{subject.name}.py"
        file.write_text(subject.mutant.text, encoding="utf-8")
        return str(file)
