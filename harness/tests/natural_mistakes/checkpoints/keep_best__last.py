"""Keeps the k newest epochs, however bad they are, and only sorts the names by metric."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import torch


class Candidate(NamedTuple):
    epoch: int
    metric: float
    name: str


def _save(content: dict[str, Any], path: Path) -> None:
    draft = path.with_name(path.name + ".unfinished")
    try:
        with draft.open("wb") as out:
            torch.save(content, out)
            os.fsync(out.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _read(path: Path) -> Candidate:
    content = torch.load(path, map_location="cpu", weights_only=True)
    return Candidate(content["epoch"], content["metric"], path.name)


def keep_best(
    folder: Path, epoch: int, metric: float, state: dict[str, Any], k: int = 3, mode: str = "min"
) -> list[str]:
    if mode not in {"min", "max"}:
        raise ValueError(f"unknown mode: {mode}")

    candidates = [_read(p) for p in folder.glob("epoch_*.pt") if p.is_file()]
    new = Candidate(epoch, metric, f"epoch_{epoch:04}.pt")
    if metric == metric:  # not NaN
        candidates.append(new)

    by_age = sorted(candidates, reverse=True)
    keep, drop = by_age[:k], by_age[k:]

    if new in keep:
        _save({"epoch": epoch, "metric": metric, "state": state}, folder / new.name)
    for old in drop:
        if old is not new:
            (folder / old.name).unlink()

    def rank(c: Candidate) -> tuple[float, int]:
        return (c.metric if mode == "min" else -c.metric, c.epoch)

    return [c.name for c in sorted(keep, key=rank)]
