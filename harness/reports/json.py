"""What `--json` prints: one document on standard output, and nothing else there.

Every document has `version` (of this page, 1) and `kind`; a reader may meet further keys in the same version, and a
changed meaning gets another version.

    kata check --json     {"version": 1, "kind": "check", "passed": false, "verdicts": [VERDICT, …]}
    kata list --json      {"version": 1, "kind": "list", "katas": [KATA, …]}
    kata verify --json    {"version": 1, "kind": "verify", "passed": false, "problems": [TEXT, …],
                           "katas": [{"topic": TEXT, "problems": [TEXT, …]}, …]}
    kata doctor --json    {"version": 1, "kind": "doctor", "passed": true, "findings": [FINDING, …]}

    VERDICT               as in `harness.verdicts`, one a kata
    KATA                  {"number": 3, "topic": TEXT, "title": TEXT, "summary": TEXT, "part": TEXT, "minutes": 30,
                           "points": 9, "file": TEXT or null, "exercises": [EXERCISE, …]}
    EXERCISE              {"name": TEXT, "points": 1, "difficulty": 1, "minutes": 3, "hints": 0,
                           "edited_since": false, "outcome": null or as in a verdict}
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
