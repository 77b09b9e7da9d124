"""An implementation, given as text, behind the proxy that a spec sees; no pytest in between."""

from __future__ import annotations

from functools import partial
from textwrap import dedent
from typing import TYPE_CHECKING

from harness.catalogue.source.signatures import reference_signatures
from harness.model import Exercise, Implementation, Kata
from harness.runner.loading import load_source
from harness.runner.proxy import Impl, session_behind
from harness.runner.session import Session

if TYPE_CHECKING:
    from pathlib import Path


class ImplFactory:
    """Makes proxies, and cleans up after them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "tiny.py"
        self._proxies: list[Impl] = []

    def make(
        self,
        source: str,
        *,
        solution: str | None = None,
        probes: str | None = None,
        judged: str | None = None,
        forbid: tuple[str, ...] = (),
    ) -> Impl:
        """Gives a proxy of an implementation.

        Args:
            source: the implementation.
            solution: the reference; if not given, the implementation is its own.
            probes: what stands in probes.py, if there is one.
            judged: the exercise whose tests run.
            forbid: what each exercise forbids.
        """
        kata = self.kata(source if solution is None else solution, forbid)
        self.file.write_text(dedent(source), encoding="utf-8")
        if probes is not None:
            kata.probes.write_text(dedent(probes), encoding="utf-8")
        proxy = Impl(
            Session.start(kata, Implementation(label="tiny.py", path=self.file, load=partial(load_source, self.file)))
        )
        session_behind(proxy).judge(kata.exercise(judged) if judged else None)
        self._proxies.append(proxy)
        return proxy

    def kata(self, solution: str, forbid: tuple[str, ...] = ()) -> Kata:
        """Gives the kata of a reference: an exercise for each function and class in it."""
        file = self.folder / "solutions" / "tiny.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(dedent(solution), encoding="utf-8")
        return Kata(
            number=7,
            topic="tiny",
            pack="tiny",
            folder=self.folder,
            solution=file,
            title="Tiny",
            summary="You can do next to nothing.",
            part="Foundations",
            exercises=tuple(
                Exercise(name=name, points=1, difficulty=1, minutes=1, hints=("?", "…", "!"), forbid=forbid)
                for name in reference_signatures(dedent(solution))
            ),
        )

    def close(self) -> None:
        """Removes the proxies' folders."""
        for proxy in self._proxies:
            session_behind(proxy).close()
