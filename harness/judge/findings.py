"""The findings of a run, on their way from the process of a test to the one that reports.

A finding is sent with the report of its test and not at the end of a run, so that a process that dies takes none of the
earlier ones along. A diagnosis needs all tests of an implementation: it follows, and says which test it is about by the
node id.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from harness.judge.verdicts import finding_from_json, finding_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from harness.diagnosis.diagnose import Diagnosis
    from harness.model import Finding

_CALL = "call"
"""The phase of a test that is diagnosed."""

# As text, since that is what xdist can carry from its workers.


def send_finding(report: pytest.TestReport, finding: Finding) -> None:
    """Sends what a test found out along with pytest's report of it."""
    report.kata_finding = json.dumps(finding_to_json(finding))  # type: ignore[attr-defined]


def send_diagnoses(report: pytest.TestReport, diagnoses: Iterable[Diagnosis]) -> None:
    """Sends what probably went wrong in tests that were reported before."""
    report.kata_diagnoses = json.dumps([asdict(each) for each in diagnoses])  # type: ignore[attr-defined]


class Findings:
    """What the tests of a run found out, as far as their reports have come."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], Finding] = {}  # by node id and phase

    def all(self) -> list[Finding]:
        """Every finding, in the order in which the reports came."""
        return list(self._found.values())

    def add(self, report: pytest.TestReport) -> None:
        """Takes what was sent along with a report."""
        data: str | None = getattr(report, "kata_finding", None)
        if data is not None:
            self._found[report.nodeid, report.when] = finding_from_json(json.loads(data))
        for each in json.loads(getattr(report, "kata_diagnoses", "[]")):
            finding = self._found[each["test"], _CALL]
            self._found[each["test"], _CALL] = replace(finding, mistake=each["sentence"], mistake_name=each["mistake"])

    def add_crash(self, report: pytest.TestReport, finding: Finding) -> None:
        """Takes what is known about a test whose process died."""
        self._found[report.nodeid, report.when] = finding
