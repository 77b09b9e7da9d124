"""What to do next: files to open, commands to type, the line to begin on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from harness.reports.screen import Line, line


def labelled(label: str, text: str) -> Line:
    """A line with something to do, such as a file to edit."""
    return line((f"  {label:<7}", "dim"), text, indent=9, long=True)


def command(label: str, text: str) -> Line:
    """A line with a command to type."""
    return line((f"  {label:<7}", "dim"), (text, "cyan"), indent=9, long=True)


def shown(path: Path) -> str:
    """The path as somebody in the working folder would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def line_to_edit(file: Path, exercise: str) -> int:
    """The line on which the learner starts: the `raise NotImplementedError`, else the definition, else the first."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return 1
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == exercise:
            raises = (n.lineno for n in ast.walk(node) if isinstance(n, ast.Raise) and _is_to_do(n))
            return min(raises, default=node.lineno)
    return 1


def _is_to_do(node: ast.Raise) -> bool:
    return bool(node.exc and re.match(r"NotImplementedError\b", ast.unparse(node.exc)))
