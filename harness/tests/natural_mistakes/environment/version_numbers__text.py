"""Gives back the three parts as pieces of text and never makes ints of them."""

import re

import torch

_LEADING = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def version_numbers(version: str | None = None) -> tuple[int, int, int]:
    found = _LEADING.match(torch.__version__ if version is None else version)
    return found.groups(default="0")
