"""A pack on the path with one kata, which tests rewrite, and implementations of it that live in another process."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from harness import PROJECT
from harness.catalogue.source.signatures import reference_signatures
from harness.model import Implementation
from harness.runner.isolation import remote
from harness.runner.isolation.worker import Worker
from harness.runner.loading import load_source
from harness.runner.proxy import Impl, session_behind
from harness.runner.session import Session
from harness.tests.tiny_kata import make_kata

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model import Kata

DEADLINE = "3"
"""Seconds that a call may take in the tests' warm parent and all that it forks."""

_PACK = """\
from pathlib import Path
from harness import hookimpl
from harness.model import Pack

@hookimpl
def kata_packs():
    here = Path(__file__).parent
    return [Pack(name="cellar", katas=here / "katas", solutions=here / "solutions")]
"""

_EXERCISE = """
[[exercise]]
name = "{name}"
points = 1
difficulty = 1
minutes = 1
hints = ["?", "…", "!"]
"""


class Cellar:
    """A folder that holds a pack as if it were installed, with the kata `cellar`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "answer.py"
        (folder / "cellar_pack.py").write_text(_PACK, encoding="utf-8")
        info = folder / "cellar_dist-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cellar-dist\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{PROJECT}]\ncellar = cellar_pack\n", encoding="utf-8")
        self.kata("def f():\n    pass\n")

    @property
    def path(self) -> str:
        """A value of PYTHONPATH by which the pack is found."""
        return os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])

    def kata(self, solution: str, **files: str | None) -> Kata:
        """Writes the kata anew: an exercise for each function and class of the solution."""
        solution = dedent(solution)
        toml = 'title = "Cellar"\nsummary = "You can do what nobody sees."\npart = "Foundations"\ncapabilities = []\n'
        toml += "".join(_EXERCISE.format(name=name) for name in reference_signatures(solution))
        given = {name: text and dedent(text) for name, text in files.items()}
        (self.folder / "katas" / "90_cellar" / "probes.py").unlink(missing_ok=True)
        return make_kata(self.folder / "katas" / "90_cellar", toml=toml, solution=solution, **given)

    def answer(self, source: str) -> str:
        """Writes an answer, and gives the value of `--impl` that stands for it."""
        self.file.write_text(dedent(source), encoding="utf-8")
        return str(self.file)


class Faces:
    """Makes proxies of implementations that live elsewhere, and cleans up after them."""

    def __init__(self, cellar: Cellar) -> None:
        self.cellar = cellar
        self._proxies: list[Impl] = []

    def make(self, source: str, *, solution: str | None = None, judged: str | None = None, **files: str) -> Impl:
        """Gives a proxy of an answer; where no solution is given, it is its own."""
        kata = self.cellar.kata(source if solution is None else solution, **files)
        reference = self.cellar.answer(source)
        implementation = Implementation(label=reference, path=self.cellar.file, load=_never)
        proxy = Impl(Session.start(kata, implementation, partial(remote.RemoteHost, kata, reference)))
        session_behind(proxy).judge(kata.exercise(judged) if judged else None)
        self._proxies.append(proxy)
        return proxy

    def close(self) -> None:
        """Ends the workers and removes the folders."""
        for proxy in self._proxies:
            session_behind(proxy).close()


def _never() -> Any:
    raise AssertionError("the judge has loaded an implementation")


class NearParent:
    """Stands in for a warm parent: its workers are threads of this process, so that nothing of theirs is hidden.

    Args:
        kata: gives the kata that is implemented.
        play: instead of a worker, what is done with its end of the channel.
    """

    def __init__(self, kata: Callable[[], Kata], play: Callable[[socket.socket], None] | None = None) -> None:
        self._kata = kata
        self._play = play
        self.status: int | None = None
        self.printed: Callable[[int], None] = os.close

    def ask(self, message: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        """Answers as `harness.runner.isolation.client.Parent.ask` does."""
        if message["do"] == "end":
            return {"status": self.status}, []
        ours, theirs = socket.socketpair()
        reader, writer = os.pipe()
        self.printed(writer)
        threading.Thread(target=self._work, args=(theirs, message), daemon=True).start()
        return {"pid": 1}, [ours.detach(), reader]

    def _work(self, channel: socket.socket, message: dict[str, Any]) -> None:
        with channel, suppress(Exception):
            if self._play is not None:
                self._play(channel)
                return
            path = Path(message["reference"])
            implementation = Implementation(label="answer", path=path, load=partial(load_source, path))
            Worker(channel, self._kata(), implementation, Path(message["folder"])).serve()


def eventually(holds: Callable[[], bool], *, seconds: float = 30) -> bool:
    """Whether something holds, sooner or later."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def session_of(process: int) -> list[int]:
    """The living processes of a session, by its leader's number."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(session) == process and state not in "ZX":
                    found.append(int(entry.name))
    return found
