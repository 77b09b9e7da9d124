"""What a spec sees of an implementation: calls, handles, probes, folders, and the errors that come out."""

from __future__ import annotations

import linecache
import os
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.errors import (
    DeadlineExceeded,
    ImplementationCrashed,
    MissingName,
    RequirementMissing,
    SourceError,
    SpecError,
    ToDo,
    WrongSignature,
)
from harness.model import Location
from harness.runner import conditions, last_call, seeds
from harness.runner.locations import is_to_do, location_of
from harness.runner.proxy import session_behind

TORCH = "import torch\n"


def test_a_call_gives_the_result(bench):
    """Arguments go over by place and by name, also where the harness uses the same names itself."""
    face = bench.face(
        "def f(target, /, operation, *, text, self=0, seed=1):\n    return [target, operation, text, seed]\n"
    )
    assert face.f(1, operation=2, text=3, seed=4) == [1, 2, 3, 4]
    assert repr(face) == "<tiny.py>"
    face = bench.face("def f(target, name):\n    return [target, name]\n")
    assert face.f(target=1, name=2) == [1, 2]


def test_what_is_private_is_not_looked_up(bench):
    """A face has no private names but its own, so that tools may ask for theirs."""
    with pytest.raises(AttributeError, match="__wrapped__"):
        bench.face("def f():\n    pass\n").__wrapped__  # noqa: B018


def test_in_place_changes_are_seen(bench):
    """Tensors, arrays and lists that a call changes are changed in the spec, too, and so is what they are views of."""
    face = bench.face("def f(x, a, items):\n    x.add_(1)\n    a += 1\n    items.append(3)\n    return x\n")
    base, a, items = torch.zeros(2, 2), np.zeros(2), [1]
    row = base[0]
    assert face.f(row, a, items) is row
    assert (base[0].tolist(), a.tolist(), items) == ([1, 1], [1, 1], [1, 3])


def test_a_result_that_shares_memory_shares_it(bench):
    """A view that a call returns is a view in the spec."""
    x = torch.zeros(2, 3)
    bench.face("def f(x):\n    return x.t()\n").f(x)[0, 0] = 7
    assert x[0, 0] == 7


def test_successive_calls_draw_other_numbers(bench):
    """Each call has a seed of its own, and a replay has the same seeds in the same order."""
    source = """\
        import random, torch
        import numpy as np


        def f():
            return torch.rand(1).item(), random.random(), np.random.rand()
    """
    seeds.call_seeds.seed(0)
    face = bench.face(source)
    first = [face.f(), face.f()]
    seeds.call_seeds.seed(0)
    assert [bench.face(source).f(), face.f()] == first
    assert first[0] != first[1]


def test_the_specs_own_numbers_are_its_own(bench):
    """What the spec draws does not depend on how much the implementation draws."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    bench.face(f"{TORCH}\ndef f():\n    torch.manual_seed(0)\n    torch.rand(9)\n").f()
    assert torch.equal(torch.rand(2), expected)


def test_state_is_put_back_after_each_call(bench):
    """A call that changes what is global leaves nothing of it to the next one."""
    face = bench.face(
        f"{TORCH}\ndef f():\n    before = torch.get_default_dtype(), torch.is_grad_enabled()\n"
        "    torch.set_default_dtype(torch.float64)\n    torch.set_grad_enabled(False)\n    return before\n"
    )
    assert face.f() == face.f() == (torch.float32, True)


CLASS = """\
class Shelf:
    def __init__(self, items, size=2):
        self.items, self.size, self._secret = items, size, 5

    def __call__(self, text, operation="+", target=1, self_=0):
        return f"{text}{operation}{target}"

    def __getitem__(self, key):
        return self.items[key]

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)

    def add(self, item):
        self.items.append(item)
        return self

    def holds(self, other):
        return other is self


def first(shelves):
    return shelves[0].items


def same(thing):
    return thing


def keys(entries):
    return [type(key).__name__ for key in entries]


def bounds(span):
    return type(span.start).__name__
"""


def test_handles_do_what_their_objects_do(bench):
    """A handle is called, indexed, iterated over and measured, and has the attributes and methods of its object."""
    shelf = bench.face(CLASS).Shelf([1, 2, 3])
    assert shelf(text="a", operation="-", target="b") == "a-b"
    assert (shelf[1], shelf[0:2], len(shelf), list(shelf), 2 in shelf) == (2, [1, 2], 3, [1, 2, 3], True)
    assert (shelf.size, shelf._secret, shelf.items) == (2, 5, [1, 2, 3])
    assert shelf.add(4) == shelf
    assert len(shelf) == 4
    assert not hasattr(shelf, "colour")
    assert not hasattr(shelf, "__colour__")


def test_a_handle_is_as_true_as_its_object(bench):
    """An object with a length is true unless it is empty, and one without is true."""
    face = bench.face(CLASS + "\n\nclass Plain:\n    pass\n")
    assert (bool(face.Shelf([])), bool(face.Shelf([1])), bool(face.Plain())) == (False, True, True)


def test_every_item_of_an_iterator_arrives(bench):
    """Iteration asks for one item at a time, loses none, and goes on where it stopped."""
    face = bench.face(
        "def f(n):\n    for i in range(n):\n        yield i\n\n\ndef endless():\n    while True:\n        yield 1\n"
    )
    assert list(face.f(4)) == [0, 1, 2, 3]
    assert list(face.f(0)) == []
    assert next(iter(face.endless())) == 1
    numbers = face.f(4)
    assert (next(iter(numbers)), list(numbers)) == (0, [1, 2, 3])


def test_handles_are_passed_back(bench):
    """An argument that is, or holds, a handle is the object itself on the other side."""
    face = bench.face(CLASS)
    shelf = face.Shelf([1])
    assert shelf.holds(shelf)
    assert face.first([shelf]) == face.first((shelf,)) == face.first({0: shelf}) == [1]
    assert face.keys({shelf: 1, 2: 3}) == ["Shelf", "int"]
    assert face.bounds(slice(shelf)) == face.bounds(slice(None)) == "NoneType"
    assert face.bounds(slice(shelf, 1)) == "Shelf"


def test_handles_are_compared_by_their_objects(bench):
    """The same object is the same handle, in a dict as well; it is never equal to plain data."""
    face = bench.face(CLASS)
    shelf = face.Shelf([1])
    again = face.same(shelf)
    assert again is not shelf
    assert {shelf: 1}[again] == 1
    assert shelf != face.Shelf([1])
    assert shelf != [1]


def test_a_container_of_handles_comes_back_as_one(bench):
    """What stands behind a handle does not slip through in a list, a tuple or a dict that is returned as it came."""
    face = bench.face(CLASS)
    shelf = face.Shelf([1])
    assert face.same((shelf, 1)) == (shelf, 1)
    assert face.same([shelf, (shelf,)]) == [shelf, (shelf,)]
    assert face.same({"a": {"b": shelf}}) == {"a": {"b": shelf}}


def test_foreign_handles_are_refused(bench):
    """A handle is of no use to another process, and the message says so."""
    face = bench.face(CLASS)
    shelf = face.Shelf([1])
    with pytest.raises(SpecError, match=r"the handle Shelf\(\[1\]\) belongs to another process: use it with the impl"):
        face.fresh().same(shelf)


def test_arguments_are_checked(bench):
    """A call with something that cannot pass says which argument that is, and is not carried out."""
    face = bench.face(CLASS)
    for call, said in (
        (lambda: face.same(print), "argument 1 is a builtins.builtin_function_or_method"),
        (lambda: face.same(thing=torch.ones(1, requires_grad=True)), "argument thing requires grad"),
        (lambda: face.Shelf([])(os), "argument 1 is a builtins.module"),
        (lambda: face.same(face.folder().parent.parent), "outside the run's folder: use impl.folder()"),
    ):
        with pytest.raises(SpecError) as caught:
            call()
        assert said in str(caught.value)
    assert face.same(face.folder() / "a.txt").name == "a.txt"


def test_a_call_is_recorded_as_it_was_made(bench):
    """The text of the last call has the arguments of before, even if the call changed them."""
    face = bench.face(CLASS + "\n\ndef wipe(x, a, items):\n    x.zero_()\n    a[:] = 0\n    items.clear()\n")
    face.wipe(torch.ones(1), np.ones(1), [{"a": (1,)}])
    assert last_call.last_call() == "wipe(torch.tensor([1.0]), np.array([1.0]), [{'a': (1,)}])"
    shelf = face.Shelf([1], size=3)
    texts = ["Shelf([1], size=3)"]
    for use in (lambda: shelf("a"), lambda: shelf[0], lambda: len(shelf), lambda: shelf.size, lambda: bool(shelf)):
        use()
        texts.append(str(last_call.last_call()))
    assert [text.removeprefix(texts[0]) for text in texts] == [
        "",
        "('a')",
        "[0]",
        "len(" + texts[0] + ")",
        ".size",
        "bool(" + texts[0] + ")",
    ]
    list(shelf)
    assert last_call.last_call() == f"next(iter({texts[0]}))"
    assert repr(shelf) == texts[0]


@pytest.mark.parametrize(
    "x",
    [
        torch.ones(1).expand(3),
        torch.arange(4.0).unfold(0, 2, 1),
        torch.ones(2, 2).t(),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.ones(70, 70),
        torch.empty(0, 3),
        torch.ones(2, device="meta"),
        np.ones((70, 70)),
    ],
    ids=["expanded", "overlapping", "transposed", "conjugate", "large", "empty", "meta", "large array"],
)
def test_any_tensor_can_be_recorded(bench, x):
    """A call is recorded whatever the layout of its arguments."""
    bench.face("def f(x):\n    return x\n").f(x)
    assert last_call.last_call().startswith("f(")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_odd_tensors_are_refused_by_the_rule(bench):
    """A tensor that cannot be copied is refused for what it is, not for that."""
    face = bench.face("def f(x):\n    return x\n")
    for x in (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), torch.eye(2).to_sparse()):
        with pytest.raises(SpecError, match="is no dense tensor"):
            face.f(x)


PROBES = """\
import torch

TWO = 2


def gradient(module, x):
    leaf = x.clone().requires_grad_()
    module.f(leaf).sum().backward()
    return leaf.grad


def helper(module):
    return module.HELPER, hasattr(module, "no_such")


def missing(module):
    return module.g()
"""


def test_probes_work_beside_the_implementation(bench):
    """A probe gets the implementation's module and gives plain data; a missing exercise is missing for it as well."""
    face = bench.face(
        "HELPER = 3\n\n\ndef f(x):\n    return x * x\n", probes=PROBES, solution="def f(x): ...\ndef g(): ...\n"
    )
    assert face.probes.gradient(torch.tensor([3.0])).tolist() == [6.0]
    assert last_call.last_call() == "probes.gradient(torch.tensor([3.0]))"
    assert face.probes.helper() == (3, False)
    with pytest.raises(MissingName, match=r"g is not defined in tiny\.py"):
        face.probes.missing()


@pytest.mark.parametrize("probes", [None, "x = 1\n"], ids=["no file", "no probe"])
def test_a_missing_probe_is_the_katas_fault(bench, probes):
    """The message names the file in which the probe is to be written."""
    with pytest.raises(SpecError, match=r"the spec of tiny uses impl\.probes\.look: write it in .*probes\.py"):
        bench.face("", probes=probes).probes.look()


def test_folders_are_shared_and_removed(bench):
    """A folder is new and empty, the implementation writes to it, and all of them go in the end."""
    face = bench.face("def f(folder):\n    (folder / 'a').write_text('b')\n")
    folder = face.folder()
    assert face.folder() != folder
    face.f(folder)
    assert [path.name for path in folder.iterdir()] == ["a"]
    face.fresh().f(folder)
    session_behind(face).close()
    assert not folder.parent.exists()


def test_fresh_is_another_process(bench):
    """What a module remembers, a fresh one has forgotten."""
    face = bench.face("seen = []\n\n\ndef f(x):\n    seen.append(x)\n    return seen\n", judged="f")
    face.f(1)
    assert (face.f(2), face.fresh().f(3)) == ([1, 2], [3])
    assert session_behind(face.fresh()).judged is session_behind(face).judged


def test_a_killed_call_leaves_its_files(bench):
    """What a call wrote before it was killed is there, and what it would have written is not."""
    source = """\
        import time


        def f(folder):
            (folder / "early").touch()
            time.sleep(5)
            (folder / "late").touch()
    """
    face = bench.face(source)
    folder = face.folder()
    begin = time.monotonic()
    face.kill_after(0.3, lambda: face.f(folder))
    assert [path.name for path in folder.iterdir()] == ["early"]
    assert time.monotonic() - begin < 4
    face.kill_after(0.1, lambda: None)


def test_killing_needs_fork(bench, monkeypatch):
    """Without fork the message says what is missing."""
    monkeypatch.delattr(os, "fork")
    with pytest.raises(SpecError, match=r"impl\.kill_after needs a system with fork"):
        bench.face("").kill_after(0, print)


def test_a_to_do_is_a_statement(bench):
    """Only a raise statement in the implementation's own file means that something is still to do."""
    source = """\
        import torch


        def todo():
            raise NotImplementedError("todo")


        def bare():
            raise NotImplementedError


        def over_two_lines():
            raise NotImplementedError(
                "over two lines"
            )


        def missing_kernel(x):
            return torch.bincount(x.to(torch.complex64))


        def missing_forward(x):
            return torch.nn.Module()(x)


        class Special(NotImplementedError):
            pass


        def special():
            raise Special
    """
    face = bench.face(source)
    for name, line in (("todo", 5), ("bare", 9), ("over_two_lines", 13)):
        with pytest.raises(ToDo) as caught:
            getattr(face, name)()
        assert str(caught.value) == f"to do: {bench.file}:{line}"
    for name, arguments, code in (
        ("missing_kernel", [torch.ones(2)], "return torch.bincount(x.to(torch.complex64))"),
        ("missing_forward", [1], "return torch.nn.Module()(x)"),
        ("special", [], "raise Special"),
    ):
        with pytest.raises(NotImplementedError) as failed:
            getattr(face, name)(*arguments)
        location = location_of(failed.value)
        assert location is not None
        assert location.code == code


def test_what_cannot_be_read_again_is_no_to_do(bench):
    """Where the line that raised cannot be looked at, the exception stays what it is."""
    location = Location(file=str(bench.folder / "gone.py"), line=1, code="")
    assert not is_to_do(NotImplementedError(), location)
    bench.file.write_text("f(\n", encoding="utf-8")
    assert not is_to_do(NotImplementedError(), replace(location, file=str(bench.file)))
    bench.file.write_text("if x:\n    raise NotImplementedError\nraise ValueError\n", encoding="utf-8")
    linecache.clearcache()
    assert is_to_do(NotImplementedError(), replace(location, file=str(bench.file), line=2))
    assert not is_to_do(NotImplementedError(), replace(location, file=str(bench.file), line=3))


def test_an_error_knows_the_learners_line(bench):
    """The innermost line of the learner's own file is where an exception came from, also of its cause."""
    face = bench.face("def g(x):\n    return len(x)\n\n\ndef f(x):\n    return g(x)\n")
    with pytest.raises(TypeError) as caught:
        face.f(1)
    location = location_of(caught.value)
    assert (location.file, location.line, location.code) == (str(bench.file), 2, "return len(x)")
    later = ValueError("later")
    later.__cause__ = caught.value
    assert location_of(later) is location
    assert location_of(later, causes=False) is None
    later.__cause__ = later
    assert location_of(later) is None


@pytest.mark.parametrize(
    "raises",
    [
        "sys.exit(0)",
        "raise BaseException",
        "raise GeneratorExit",
        "raise KeyboardInterrupt",
        "raise KeyboardInterrupt('no')",
        "pytest.skip('no')",
        "pytest.xfail('no')",
        "pytest.fail('no')",
        "pytest.exit('no')",
        "raise unittest.SkipTest('no')",
        "hypothesis.assume(False)",
        "hypothesis.reject()",
    ],
)
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_nothing_that_ends_or_skips_a_test_leaves(bench, raises):
    """An implementation that tries to leave otherwise than by an ordinary exception has failed."""
    face = bench.face(f"import hypothesis, pytest, sys, unittest\n\n\ndef f():\n    {raises}\n")
    with pytest.raises(ImplementationCrashed, match=r"tiny\.py raised \w+, which ends a program or a test") as caught:
        face.f()
    assert location_of(caught.value).code == raises


INTERRUPTED = {
    "at once": "kill()",
    "in a library": "sorted([1], key=lambda _: [kill() for _ in range(2)])",
    "in a loop": "kill()\n    while True: pass",
    "told on": "try: kill()\n    except KeyboardInterrupt: raise",
    "told on by name": "try: kill()\n    except KeyboardInterrupt as e: raise e",
    "raised anew": "try: kill()\n    except KeyboardInterrupt: raise KeyboardInterrupt('over')",
    "raised anew from": "try: kill()\n    except KeyboardInterrupt as e: raise KeyboardInterrupt from None",
}


@pytest.mark.parametrize("way", INTERRUPTED)
def test_a_keyboard_interrupt_is_a_persons(bench, way):
    """Somebody who stops a run stops it, wherever the code under test is, and whatever it makes of it."""
    face = bench.face(
        "import os, signal\n\n\ndef kill():\n    os.kill(os.getpid(), signal.SIGINT)\n\n\n"
        f"def f():\n    {INTERRUPTED[way]}\n"
    )
    with pytest.raises(KeyboardInterrupt):
        face.f()


def test_a_keyboard_interrupt_stops_an_import(bench):
    """So while the file is imported."""
    with pytest.raises(KeyboardInterrupt):
        bench.face("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n\n\ndef f():\n    pass\n").f()


def test_what_the_harness_raises_passes(bench):
    """A guard that speaks up within an implementation is heard."""
    source = "from harness.errors import RequirementMissing\n\n\ndef f():\n    raise RequirementMissing('no network')\n"
    with pytest.raises(RequirementMissing, match="no network"):
        bench.face(source).f()


def test_a_call_has_a_deadline(bench, monkeypatch):
    """A call that does not return, or whose result never ends, is broken off."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.1)
    source = """\
        import itertools, time
        from collections import UserDict


        def f():
            time.sleep(5)


        class Endless(UserDict):
            def __iter__(self):
                return itertools.repeat(1)

            def __getitem__(self, key):
                return 1


        def g():
            return Endless()
    """
    face = bench.face(source)
    for call in (face.f, face.g):
        with pytest.raises(DeadlineExceeded, match=r"did not return within 0\.1 s"):
            call()


def test_a_call_that_is_not_made_again_still_has_its_line(bench, monkeypatch):
    """A later test of an exercise that was too slow shows the same line, whatever was raised in between."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.1)
    face = bench.face("import time\n\n\ndef f():\n    time.sleep(5)\n\n\ndef g():\n    raise ValueError\n")
    f, g = (session_behind(face).host.kata.exercise(name) for name in "fg")
    lines = []
    for _ in range(2):
        session_behind(face).judge(f)
        with pytest.raises(DeadlineExceeded) as caught:
            face.f()
        lines.append(location_of(caught.value).line)
        session_behind(face).judge(g)
        for _ in range(20):
            with pytest.raises(ValueError, match=r"^$"):
                face.g()
    assert lines == [5, 5]


def test_an_import_has_a_deadline(bench, monkeypatch):
    """A file that does not end when it is imported is waited for once, and the message says what that means."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.1)
    face = bench.face("import time\ntime.sleep(0.3)\n\n\ndef f():\n    pass\n")
    for _ in range(2):
        begin = time.monotonic()
        with pytest.raises(SourceError, match=r"tiny\.py could not be imported within 0\.1 s: what stands outside"):
            face.f()
        monkeypatch.setattr(conditions, "DEADLINE", 5)
    assert time.monotonic() - begin < 0.1


def test_a_file_that_fails_fails_each_time(bench):
    """The error of an import is raised at each use, without running the file again."""
    face = bench.face("f(\n", solution="def f(): ...\n")
    errors = []
    for _ in range(2):
        with pytest.raises(SourceError, match=r"tiny\.py:1 is not valid Python") as caught:
            face.f()
        errors.append(caught.value)
    assert errors[0] is errors[1]


def test_names_and_signatures_are_compared(bench):
    """A missing name and other parameters are reported by what was asked for; an unknown one is the spec's fault."""
    face = bench.face("def f(y):\n    return y\n", solution="def f(x): ...\n\n\ndef g(a, b=2): ...\n")
    with pytest.raises(WrongSignature, match=r"(?s)asked for: f\(x\).*written:   f\(y\)"):
        face.f(1)
    with pytest.raises(
        MissingName, match=r"g is not defined in tiny\.py: it should be a function, called as g\(a, b=2\)"
    ):
        face.g(1)
    with pytest.raises(SpecError, match=r"the spec of tiny uses impl\.h, which tiny\.py does not define"):
        face.h(1)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda impl: impl.f(1, 2), "f(1, 2)"),
        (lambda impl: impl.f(1, 2, None, 0), "f(1, 2, weight=None, ignore=0)"),
        (lambda impl: impl.f(1, labels=2, ignore=0), "f(1, labels=2, ignore=0)"),
        (lambda impl: impl.g(1, 2, 3), "g(1, 2, 3)"),
        (lambda impl: impl.h(1, 2), "h(1, 2)"),
        (lambda impl: impl.C(5), "C(size=5)"),
    ],
    ids=["required", "optional", "by name", "any number", "positional only", "class"],
)
def test_a_shown_call_names_optional_parameters(bench, call, text):
    """What stands for an optional parameter has its name, wherever Python could take it by name."""
    face = bench.face(
        "def f(logits, labels, weight=None, ignore=-1):\n    return 1\n\n\n"
        "def g(a, b=0, *rest):\n    return 1\n\n\n"
        "def h(a, b=0, /):\n    return 1\n\n\n"
        "class C:\n    def __init__(self, size=1):\n        self.size = size\n"
    )
    call(face)
    assert last_call.last_call() == text
