"""An implementation in a process of its own: it is judged as it is in one process, and harms nobody but itself."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.catalogue import manager
from harness.data.codec import Encoder, Table
from harness.errors import (
    DeadlineExceeded,
    ForbiddenCall,
    ImplementationCrashed,
    ImplementationError,
    MemoryExceeded,
    MissingName,
    RunError,
    SourceError,
    SpecError,
    ToDo,
    WorkerDied,
    WrongSignature,
)
from harness.judge.run import judge
from harness.model import Outcome
from harness.runner import conditions, seeds
from harness.runner.isolation import output, remote
from harness.runner.isolation.client import Parent
from harness.runner.isolation.wire import receive, send
from harness.runner.isolation.worker import READY
from harness.runner.locations import location_of
from harness.runner.proxy import session_behind
from harness.tests.isolated import DEADLINE, Faces, NearParent, eventually, session_of
from harness.tests.tiny_kata import MISTAKES, SOLUTION, SPEC

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")


@pytest.fixture
def forked(warm, monkeypatch):
    """This process is a judge of the warm parent's."""
    monkeypatch.setattr(remote, "_parent", warm)
    return warm


@pytest.fixture(params=["near", "forked"])
def proxies(request, cellar, monkeypatch):
    """Faces of answers behind a channel: in a thread, where all can be watched, and in a process of their own."""
    near = request.param == "near"
    parent = NearParent(lambda: _cellar_kata(cellar)) if near else request.getfixturevalue("warm")
    monkeypatch.setattr(remote, "_parent", parent)
    proxies = Faces(cellar)
    yield proxies
    proxies.close()


@pytest.fixture
def far(cellar, forked):
    """Faces of answers in processes of their own."""
    proxies = Faces(cellar)
    yield proxies
    proxies.close()


@pytest.fixture
def play(cellar, monkeypatch):
    """Puts anything in a worker's place; gives the proxy of what it pretends to be."""
    proxies = Faces(cellar)

    def play(worker, *, status=None, ready=True):
        def act(channel):
            if ready:
                send(channel, READY)
                receive(channel, seconds=10)
            worker(channel)

        parent = NearParent(lambda: _cellar_kata(cellar), act)
        parent.status = status
        monkeypatch.setattr(remote, "_parent", parent)
        return proxies.make("def f():\n    pass\n")

    yield play
    proxies.close()


def _cellar_kata(cellar):
    from harness.catalogue.catalogue import read_kata
    from harness.tests.tiny_kata import pack_of

    folder = cellar.folder / "katas" / "90_cellar"
    return read_kata(folder, pack_of(folder))


def _outcomes(findings):
    return {(f.implementation, f.test): (f.outcome, f.failure and f.failure.message) for f in findings}


def _by_exercise(findings):
    return {f.exercise: f for f in findings}


def test_a_tiny_kata_is_judged_alike(cellar, warm, monkeypatch):
    """Solution, stub and every mistake come to the same outcomes, in the same words, in one process and in two."""
    monkeypatch.setenv("PYTHONPATH", cellar.path)
    kata = cellar.kata(SOLUTION, spec=SPEC, mistakes=MISTAKES)
    names = ("double__square", "join_words__ignores_the_separator", "join_words__adds_first_to_last")
    references = ["solution", "stub", *(f"mistake:{name}" for name in names)]
    apart = _outcomes(judge(kata, references, parent=warm))
    assert apart == _outcomes(judge(kata, references))
    assert {outcome for (reference, _), (outcome, _) in apart.items() if reference == "solution"} == {Outcome.PASSED}
    assert {outcome for (reference, _), (outcome, _) in apart.items() if reference == "stub"} == {Outcome.TODO}
    for name in names:
        assert Outcome.FAILED in {outcome for (ref, _), (outcome, _) in apart.items() if ref == f"mistake:{name}"}


def test_a_kata_of_tensors_is_judged_alike(warm):
    """Two exercises on tensors, with views of NumPy arrays, come to the same outcomes in both modes."""
    kata = manager.load().catalogue.find("tensor_creation")
    chosen = [exercise.name for exercise in kata.exercises[:2]]
    mistakes = [f"mistake:{n}" for n in _mistakes(kata) if n.partition("__")[0] in chosen]
    assert mistakes
    for exercise in kata.exercises[:2]:
        references = ["solution", "stub", *(m for m in mistakes if m.startswith(f"mistake:{exercise.name}__"))]
        apart = _outcomes(judge(kata, references, exercises=[exercise], parent=warm))
        assert apart == _outcomes(judge(kata, references, exercises=[exercise]))


def test_without_isolation_an_answer_ends_its_judge(cellar, warm, monkeypatch):
    """A warm parent's judge may hold the implementation itself; nothing then stands between the two."""
    monkeypatch.setenv("PYTHONPATH", cellar.path)
    kata = cellar.kata(SOLUTION, spec=SPEC, mistakes=MISTAKES)
    answer = cellar.answer(SOLUTION.replace("return 2 * number", "import os; os._exit(3)"))
    chosen = kata.exercises[:1]
    (finding,) = judge(kata, answer, exercises=chosen, parent=warm)
    assert finding.outcome is Outcome.FAILED
    with pytest.raises(RunError, match="ended with exit code 3"):
        judge(kata, answer, exercises=chosen, parent=warm, isolate=False)


def _mistakes(kata):
    from harness.judge.verification import mistakes_of

    return mistakes_of(kata)


SHELF = """\
class Shelf:
    def __init__(self, items):
        self.items = items

    def __call__(self, text, *, mark="+"):
        return text + mark

    def __getitem__(self, key):
        return self.items[key]

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)

    def me(self):
        return self


def same(thing, shelf):
    return thing is shelf


def items(shelf):
    return shelf.items
"""


def test_handles_do_what_their_objects_do(proxies):
    """A handle is called, indexed, iterated over, measured, asked for attributes and passed back."""
    proxy = proxies.make(SHELF)
    shelf = proxy.Shelf([1, 2, 3])
    assert (shelf("a", mark="-"), shelf[1], shelf[0:2], len(shelf), list(shelf)) == ("a-", 2, [1, 2], 3, [1, 2, 3])
    assert (shelf.items, bool(shelf), shelf.me() == shelf) == ([1, 2, 3], True, True)
    assert proxy.same(shelf, shelf) is True
    assert proxy.items(shelf) == [1, 2, 3]
    assert not hasattr(shelf, "colour")
    with pytest.raises(IndexError):
        shelf[5]


def test_handles_that_nobody_holds_are_let_go(proxies):
    """An object that the spec has forgotten may be collected on the other side, and its number is used no more."""
    proxy = proxies.make(
        "import gc\nimport weakref\n\nseen = []\n\n\nclass Thing:\n    def __init__(self):\n"
        "        seen.append(weakref.ref(self))\n\n    def me(self):\n        return self\n\n\n"
        "def alive():\n    gc.collect()\n    return sum(each() is not None for each in seen)\n"
    )
    things = [proxy.Thing() for _ in range(5)]
    assert proxy.alive() == 5
    del things[1:]
    again = things[0].me()
    things.clear()
    assert proxy.alive() == 1
    assert again.me() == again


def test_foreign_and_stale_handles_are_refused(far):
    """A handle is no use to another process, nor when the process that held its object has ended."""
    proxy = far.make(SHELF)
    shelf = proxy.Shelf([1])
    with pytest.raises(SpecError, match="belongs to another process"):
        proxy.fresh().items(shelf)
    session_behind(proxy).host.end()
    with pytest.raises(SpecError, match="the process that held it has ended"):
        proxy.items(shelf)


def test_memory_is_shared_as_in_one_process(proxies):
    """Views, changes in place, arguments that come back and memory shared with NumPy are what they are elsewhere."""
    proxy = proxies.make(
        """\
        import torch


        def change(x, a, items):
            x.add_(1)
            a += 1
            items.append(3)
            return x


        def turned(x):
            return x.t()


        def numpy(x):
            return x.numpy()


        def halves(n):
            whole = torch.zeros(n)
            return whole, whole[: n // 2]
        """
    )
    base, a, items = torch.zeros(2, 3), np.zeros(2), [1]
    row = base[0]
    assert proxy.change(row, a, items) is row
    assert (base.tolist(), a.tolist(), items) == ([[1, 1, 1], [0, 0, 0]], [1, 1], [1, 3])
    proxy.turned(base)[0, 1] = 7
    assert base[1, 0] == 7
    array = proxy.numpy(base)
    array[1, 2] = 5
    assert base[1, 2] == 5
    whole, half = proxy.halves(4)
    half.fill_(2)
    assert whole.tolist() == [2, 2, 0, 0]


def test_errors_come_with_the_line_that_raised(proxies):
    """Exceptions arrive as what they are, to-dos as to-dos, and both with the line of the answer's file."""
    proxy = proxies.make(
        "import sys\n\n\ndef f():\n    return [][1]\n\n\ndef g():\n    raise NotImplementedError\n\n\n"
        "def h():\n    raise ValueError('no', 3)\n\n\ndef leave():\n    sys.exit(3)\n"
    )
    with pytest.raises(IndexError) as caught:
        proxy.f()
    where = location_of(caught.value)
    assert (where.file, where.line, where.code) == (str(proxies.cellar.file), 5, "return [][1]")
    with pytest.raises(ToDo, match=r"answer\.py:9"):
        proxy.g()
    with pytest.raises(ValueError, match="no") as raised:
        proxy.h()
    assert raised.value.args == ("no", 3)
    with pytest.raises(ImplementationCrashed, match="SystemExit"):
        proxy.leave()


@pytest.mark.parametrize(
    ("source", "expected", "message"),
    [
        ("def g(x):\n    pass\n", MissingName, "f is not defined in answer.py"),
        ("def f():\n    pass\n", WrongSignature, "f"),
        ("def f(x:\n", SourceError, "answer.py:1 is not valid Python"),
        ("1 / 0\n", SourceError, "answer.py:1 fails when the file is imported"),
    ],
)
def test_files_that_cannot_be_used(proxies, source, expected, message):
    """What is wrong with the file as a whole is told as in one process, at each use."""
    proxy = proxies.make(source, solution="def f(x):\n    pass\n")
    for _ in range(2):
        with pytest.raises(expected, match=message):
            proxy.f(1)


def test_what_cannot_cross_is_the_answers_fault(proxies):
    """A result that is no plain data once it is looked at fails the call, and the worker lives on."""
    proxy = proxies.make(
        "def f():\n    items = []\n    items.append(items)\n    return items\n\n\ndef g():\n    return 1\n"
    )
    with pytest.raises((ImplementationError, RecursionError)):
        proxy.f()
    assert proxy.g() == 1


def test_rules_hold_in_the_worker(far):
    """A function that an exercise forbids may not be called there either."""
    proxy = far.make("import torch\n\n\ndef f(x):\n    return torch.sort(x).values\n")
    toml = far.cellar.folder / "katas" / "90_cellar" / "kata.toml"
    toml.write_text(toml.read_text() + 'forbid = ["torch.sort"]\n', encoding="utf-8")
    session_behind(proxy).judge(_cellar_kata(far.cellar).exercise("f"))
    with pytest.raises(ForbiddenCall, match=r"torch\.sort"):
        proxy.f(torch.ones(2))


def test_probes_run_beside_the_answer(proxies):
    """A probe gets the module of the answer, and its result crosses as any other."""
    proxy = proxies.make(SHELF, probes="def size(module, n):\n    return len(module.Shelf(range(n)))\n")
    assert proxy.probes.size(4) == 4
    with pytest.raises(SpecError, match="write it in"):
        proxy.probes.weight(1)


def test_fresh_kill_after_and_folder(far):
    """A fresh process knows nothing of the first, shares its folder, and finds there what a killed call has left."""
    proxy = far.make(
        """\
        import time

        count = 0


        def up():
            global count
            count += 1
            return count


        def write(folder, text):
            (folder / "text").write_text(text)
            time.sleep(60)


        def read(folder):
            return (folder / "text").read_text()
        """
    )
    assert (proxy.up(), proxy.up()) == (1, 2)
    other = proxy.fresh()
    assert (other.up(), proxy.up()) == (1, 3)
    folder = proxy.folder()
    proxy.kill_after(0.5, lambda: proxy.write(folder, "left"))
    assert other.read(folder) == "left"
    assert proxy.up() == 1
    session_behind(other).host.end()


def test_both_modes_draw_the_same_numbers(far, impl_factory):
    """A call has the same seed in both modes: what it draws is the same to the bit."""
    source = "import random\nimport torch\n\n\ndef f():\n    return torch.rand(3), random.random()\n"
    drawn = []
    for proxy in (far.make(source), impl_factory.make(source)):
        seeds.call_seeds.seed(0)
        drawn.append([(x.tolist(), y) for x, y in (proxy.f(), proxy.f())])
    assert drawn[0] == drawn[1]


HAZARDS = """\
import ctypes
import os


def before():
    return 1


def leaves():
    os._exit(0)


def crashes():
    ctypes.string_at(0)


def loops():
    while True:
        pass


def swallows():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def counts():
    return max(range(10**12))


def bombs():
    return len(bytearray(100 << 30))


def floods():
    while True:
        print("x" * 1000)


def after():
    return 1
"""

SAYS = {
    "leaves": (Outcome.FAILED, "your code ended its process (exit code 0)", None),
    "crashes": (Outcome.FAILED, "your code crashed Python itself (a segmentation fault)", None),
    "loops": (Outcome.TIMEOUT, "did not return within 3 s", "any"),
    "swallows": (Outcome.TIMEOUT, "did not return within 3 s", "any"),
    "counts": (Outcome.TIMEOUT, "did not return within 3 s", None),
    "bombs": (Outcome.FAILED, "wanted more memory than there is for it", "return len(bytearray(100 << 30))"),
    "floods": (Outcome.TIMEOUT, "did not return within 3 s", "any"),
}

NAMES = ("before", *SAYS, "after")
HARMLESS = "".join(f"def {name}():\n    return 1\n\n\n" for name in NAMES)
HAZARD_SPEC = "import pytest\nfrom harness.spec import assert_value\n" + "".join(
    f'@pytest.mark.exercise("{name}")\ndef test_{name}(impl):\n    """It is one."""\n'
    f"    assert_value(impl.{name}(), 1)\n"
    for name in NAMES
)


@pytest.fixture(scope="session")
def hazards(cellar, warm):
    """What is found out about an answer that does one thing after the other that no answer should."""
    kata = cellar.kata(HARMLESS, spec=HAZARD_SPEC)
    return _by_exercise(judge(kata, cellar.answer(HAZARDS), parent=warm))


@pytest.mark.parametrize("name", SAYS)
def test_each_hazard_fails_its_own_exercise(hazards, name):
    """What harms a process fails its exercise alone, with a message that says which harm it was, and the line."""
    outcome, message, code = SAYS[name]
    failure = hazards[name].failure
    assert (hazards[name].outcome, failure.message, failure.call) == (outcome, message, f"{name}()")
    if code is None:
        assert failure.location is None
    elif code != "any":
        assert failure.location.code == code


def test_the_others_keep_their_verdict(hazards):
    """What stands before and after the harm is judged as if there had been none."""
    assert list(hazards) == list(NAMES)
    assert (hazards["before"].outcome, hazards["after"].outcome) == (Outcome.PASSED, Outcome.PASSED)


def test_the_judge_never_sees_the_code(cellar, warm):
    """Neither the module of an answer nor its text is anywhere in the process that holds the spec."""
    spec = """\
        import gc, linecache, sys, types
        import pytest

        @pytest.mark.exercise("f")
        def test_f(impl):
            \"\"\"Nothing is here.\"\"\"
            assert impl.f() == 5
            files = set(linecache.cache) | {str(getattr(m, "__file__", "")) for m in list(sys.modules.values())}
            files |= {o.__code__.co_filename for o in gc.get_objects() if isinstance(o, types.FunctionType)}
            wanted = [f for f in files if f.endswith(("answer.py", "solutions/cellar.py", "90_cellar/cellar.py"))]
            assert wanted == []
    """
    source = "def f():\n    return 5\n"
    kata = cellar.kata(source, spec=spec)
    found = judge(kata, [cellar.answer(source), "solution"], parent=warm)
    assert [(f.outcome, f.failure) for f in found] == [(Outcome.PASSED, None)] * 2


LIES = {
    "no frame": lambda channel: channel.sendall(b"nonsense, and enough of it"),
    "no version of ours": lambda channel: channel.sendall(struct.pack(">4sQ", b"kat\x09", 3) + b"abc"),
    "a length beyond all": lambda channel: channel.sendall(struct.pack(">4sQ", b"kat\x01", 1 << 60)),
    "no message": lambda channel: send(channel, b"\xff\x00\x07garbage"),
    "no answer": lambda channel: send(channel, _encoded("result")),
    "no five parts": lambda channel: send(channel, _encoded(["result", [], 1, None])),
    "changes of nothing": lambda channel: send(channel, _encoded(["result", [[9, 9, b"x"]], 1, None, None])),
    "no changes": lambda channel: send(channel, _encoded(["result", 3, 1, None, None])),
    "no exception": lambda channel: send(channel, _encoded(["error", [], {"names": 3}, None, None])),
    "no limit": lambda channel: send(channel, _encoded(["exceeded", [], 3, None, None])),
    "a limit of no kind": lambda channel: send(channel, _encoded(["exceeded", [], ["MemoryExceeded", 3], None, None])),
    "an unknown word": lambda channel: send(channel, _encoded(["won", [], 3, None, None])),
}


def _encoded(value):
    return Encoder(Table(), handle=lambda value: None, folder=Path("/nowhere")).encode(value)


@pytest.mark.parametrize("lie", LIES)
def test_garbage_from_a_worker_fails_the_call(play, lie):
    """Whatever a worker sends that is no answer ends it, and fails the call as malformed."""
    with pytest.raises(WorkerDied, match="the answer was malformed"):
        play(LIES[lie]).f()


def test_a_worker_is_not_believed_everything(play):
    """What only the judge can know, such as a missing resource, is not taken from a worker."""
    from harness.data.codec.exceptions import describe

    told = describe(RunError("the judge is ill"))
    with pytest.raises(ImplementationError, match="RunError: the judge is ill"):
        play(lambda channel: send(channel, _encoded(["error", [], told, ["here.py", "line", 3], None]))).f()


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (None, "the process of your code was ended"),
        (3, r"your code ended its process \(exit code 3\)"),
        (-11, r"your code crashed Python itself \(a segmentation fault\)"),
        (-15, r"your code crashed Python itself \(SIGTERM\)"),
        (-250, r"your code crashed Python itself \(signal 250\)"),
    ],
)
def test_a_worker_that_ends_says_how(play, status, message):
    """A channel that closes instead of an answer is told by how the process ended."""
    with pytest.raises(WorkerDied, match=message):
        play(lambda channel: None, status=status).f()


def test_a_worker_that_does_not_answer(play, monkeypatch):
    """Silence beyond the deadline is told as such, and the next worker is another one."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.05)
    monkeypatch.setattr(remote, "GRACE", 0.05)
    proxy = play(lambda channel: channel.recv(1))
    with pytest.raises(DeadlineExceeded, match=r"did not return within 0\.05 s"):
        proxy.f()


def test_a_worker_that_never_gets_ready(play):
    """A worker that ends before it is ready is the harness's trouble, not the answer's."""
    with pytest.raises(RunError, match="could not be started"):
        play(lambda channel: None, ready=False).f()


def test_a_worker_without_memory_is_replaced(proxies):
    """After a call that wanted too much memory, the next one finds another process."""
    proxy = proxies.make(
        "count = 0\n\n\ndef up():\n    global count\n    count += 1\n    return count\n\n\n"
        "def bomb():\n    raise MemoryError\n",
        judged="up",
    )
    assert proxy.up() == 1
    session_behind(proxy).judge(_cellar_kata(proxies.cellar).exercise("bomb"))
    with pytest.raises(MemoryExceeded, match="wanted more memory") as caught:
        proxy.bomb()
    assert location_of(caught.value).code == "raise MemoryError"
    session_behind(proxy).judge(_cellar_kata(proxies.cellar).exercise("up"))
    assert proxy.up() == 1


def test_what_is_printed_is_passed_on(far, capsys):
    """What an answer prints appears where the judge prints, up to a limit that is told."""
    proxy = far.make("def f(n):\n    print('seen')\n    print('x' * n)\n\n\ndef g():\n    pass\n")
    proxy.f(1)
    session_behind(proxy).host.end()
    assert "seen\nx\n" in capsys.readouterr().out
    proxy.f(1 << 20)
    session_behind(proxy).host.end()
    out = capsys.readouterr().out
    assert "more than that is not shown" in out
    assert len(out) < output.MOST_PRINTED + 1000


def test_a_parent_is_started_where_there_is_none(monkeypatch):
    """A judge that no parent has forked starts one when it first needs it, and keeps it."""
    started = object()
    monkeypatch.setattr(remote, "_parent", None)
    monkeypatch.setattr(Parent, "start", classmethod(lambda cls: started))
    assert remote.parent() is remote.parent() is started
    remote.use_parent(other := object())  # type: ignore[arg-type]
    assert remote.parent() is other


_CLIENT = """
import os, sys, time
from harness.runner.isolation.client import Parent
parent = Parent.start()
request = {"do": "worker", "topic": "cellar", "reference": "solution", "folder": "/tmp", "cwd": os.getcwd()}
parent.ask({**request, "environment": {}})
print(parent.process.pid, flush=True)
time.sleep(600)
"""


def test_no_process_outlives_a_killed_client(cellar):
    """The parent and its workers end when the process that started it is killed."""
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    environment = {**os.environ, "PYTHONPATH": cellar.path}
    with subprocess.Popen([sys.executable, "-c", _CLIENT], env=environment, stdout=subprocess.PIPE) as client:
        parent = int(client.stdout.readline())
        assert len(session_of(parent)) == 2
        client.kill()
    assert eventually(lambda: session_of(parent) == [])


def test_without_fork_workers_are_started_afresh(cellar, monkeypatch):
    """Where a process cannot be copied, each worker is a new one, and does the same."""
    monkeypatch.setenv("PYTHONPATH", cellar.path)
    monkeypatch.setenv("KATA_FORK", "0")
    monkeypatch.setenv("KATA_DEADLINE", DEADLINE)
    spec = "import pytest\n"
    for name in "fg":
        test = f'def test_{name}(impl):\n    """It is one."""\n    assert impl.{name}() == 1\n'
        spec += f'@pytest.mark.exercise("{name}")\n{test}'
    kata = cellar.kata("def f():\n    return 1\n\n\ndef g():\n    return 1\n", spec=spec)
    answer = cellar.answer("import os\n\n\ndef f():\n    os._exit(4)\n\n\ndef g():\n    return 1\n")
    with Parent.start() as parent:
        found = _by_exercise(judge(kata, answer, parent=parent))
    assert found["f"].failure.message == "your code ended its process (exit code 4)"
    assert found["g"].outcome is Outcome.PASSED
