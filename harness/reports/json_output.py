"""What `--json` prints: one document on standard output, and nothing else there.

Every document has `version` (of this page, 1) and `kind`; a reader may meet further keys in the same version, and a
changed meaning gets another version.

    kata check --json     {"version": 1, "kind": "check", "passed": false, "verdicts": [VERDICT, …]}
    kata list --json      {"version": 1, "kind": "list", "katas": [KATA, …]}
    kata verify --json    {"version": 1, "kind": "verify", "passed": false, "problems": [TEXT, …],
                           "katas": [{"topic": TEXT, "problems": [TEXT, …]}, …]}
    kata mutate --json    {"version": 1, "kind": "mutate", "passed": false, "at_least": 97.0, "katas": [STRENGTH, …]}
    kata mutate --list --json
                          {"version": 1, "kind": "mutants", "katas": [{"topic": TEXT, "mutants": [MUTANT, …]}, …]}
    kata doctor --json    {"version": 1, "kind": "doctor", "passed": true, "findings": [FINDING, …]}

    VERDICT               as in `harness.judge.verdicts`, one a kata
    KATA                  {"number": 3, "topic": TEXT, "title": TEXT, "summary": TEXT, "part": TEXT, "minutes": 30,
                           "points": 9, "file": TEXT or null, "exercises": [EXERCISE, …]}
    EXERCISE              {"name": TEXT, "points": 1, "difficulty": 1, "minutes": 3, "hints": 0,
                           "edited_since": false, "outcome": null or as in a verdict}
    STRENGTH              {"topic": TEXT, "passed": false, "score": 0.95 or null, "problems": [TEXT, …],
                           "output_changes": {"rejected": 27, "of": 28}, "exercises": [
                             {"exercise": TEXT, "score": 0.95 or null, "mutants": [MUTANT and FATE, …],
                              "output_changes": [{"name": TEXT} and FATE, …]}, …]}
    MUTANT                {"id": "1a2b3c4d", "exercise": TEXT, "operator": TEXT, "line": 31, "diff": [TEXT, …]}
    FATE                  {"fate": one of killed, timed_out, survived, equivalent, untouched, unjudged, error,
                           "by": the test that rejected it or null, "said": TEXT or null,
                           "reason": why it is marked as equivalent or null}
    FINDING               {"name": "torch", "state": "ok", "old", "missing" or "note", "said": TEXT,
                           "mend": TEXT or null}
"""

from __future__ import annotations

import json
import sys
from typing import Any

VERSION = 1


def write(kind: str, **content: Any) -> None:
    """Prints a document in ASCII, whatever standard output can print."""
    json.dump({"version": VERSION, "kind": kind} | content, sys.stdout, indent=2)
    sys.stdout.write("\n")
