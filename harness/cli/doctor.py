"""`kata doctor`: what is there, what is missing, and how to get it."""

from dataclasses import asdict
from typing import Annotated

import typer

from harness.cli import health
from harness.cli.options import Json
from harness.model import Outcome
from harness.reports import json_output
from harness.reports.screen import Line, line, say
from harness.reports.symbols import SIGNS, Sign

HELP = """Say what this machine has of what the katas need, and how to get what is missing.

Exit code 0: all that is needed is there; 1: something is missing.
"""

_SIGNS = {
    "ok": Sign("✓", "", "green"),
    "note": Sign("·", "", "dim"),
}


def run(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List the packages that are as they should be.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Examines the machine."""
    findings = list(health.examine())
    good = all(finding.good for finding in findings)
    if as_json:
        json_output.write("doctor", passed=good, findings=[_as_data(finding) for finding in findings])
    else:
        say(*_screen(findings, verbose=verbose))
    if not good:
        raise typer.Exit(1)


def _as_data(finding: health.Health) -> dict[str, str | None]:
    data = asdict(finding)
    package = data.pop("package")
    return data | {"mend": data["mend"] or (health.install([package]) if package and not finding.good else None)}


def _screen(findings: list[health.Health], *, verbose: bool) -> list[Line]:
    shown = findings if verbose else [each for each in findings if not (each.package and each.good)]
    if len(shown) < len(findings):
        count = len(findings) - len(shown)
        shown.insert(1, health.Health("packages", "ok", f"{count} are there and new enough"))
    wide = max(len(each.name) for each in shown)
    lines = []
    for each in shown:
        sign = _SIGNS.get(each.state, SIGNS[Outcome.FAILED])
        lines.append(line((sign.sign, sign.style), f" {each.name:<{wide}}  ", each.said, indent=wide + 4, long=True))
        if each.mend:
            lines.append(line(" " * (wide + 4), (each.mend, "cyan"), long=True))
    missing = [each.package for each in findings if each.package and not each.good]
    if missing:
        lines += [line(""), line("To get what is missing:"), line("  ", (health.install(missing), "cyan"), long=True)]
    return lines
