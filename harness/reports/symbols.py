"""A sign, a word and a colour for every outcome. The three say the same, so that two of them may be missing."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model import Outcome


@dataclass(frozen=True, slots=True)
class Sign:
    """How an outcome is shown."""

    sign: str
    word: str
    style: str


UNKNOWN = Sign("○", "to do", "dim")
"""An exercise that was never checked."""

SIGNS = {
    Outcome.PASSED: Sign("✓", "passed", "green"),
    Outcome.FAILED: Sign("✗", "failed", "bold red"),
    Outcome.TODO: Sign("○", "to do", "yellow"),
    Outcome.SKIPPED: Sign("–", "skipped", "blue"),
    Outcome.BLOCKED: Sign("⊘", "blocked", "magenta"),
    Outcome.ERROR: Sign("!", "error", "bold red"),
    Outcome.TIMEOUT: Sign("✗", "timed out", "bold red"),
}
