"""Takes everything before the plus sign to be numbers, so an alpha or release candidate trips it up."""

import torch


def version_numbers(version: str | None = None) -> tuple[int, int, int]:
    if version is None:
        version = torch.__version__
    public = version.split("+")[0]
    pieces = public.split(".")[:3]
    while len(pieces) < 3:
        pieces.append("0")
    major, minor, patch = pieces
    return int(major), int(minor), int(patch)
