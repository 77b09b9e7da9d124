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


def test_a_call_gives_the_result(impl_factory):
    """Arguments go over by place and by name, also where the harness uses the same names itself."""
    proxy = impl_factory.make(
        "def f(target, /, operation, *, text, self=0, seed=1):\n    return [target, operation, text, seed]\n"
    )
    assert proxy.f(1, operation=2, text=3, seed=4) == [1, 2, 3, 4]
    assert repr(proxy) == "<tiny.py>"
    proxy = impl_factory.make("def f(target, name):\n    return [target, name]\n")
    assert proxy.f(target=1, name=2) == [1, 2]


def test_what_is_private_is_not_looked_up(impl_factory):
    """A proxy has no private names but its own, so that tools may ask for theirs."""
    with pytest.raises(AttributeError, match="__wrapped__"):
        impl_factory.make("def f():\n    pass\n").__wrapped__  # noqa: B018


def test_in_place_changes_are_seen(impl_factory):
    """Tensors, arrays and lists that a call changes are changed in the spec, too, and so is what they are views of."""
    proxy = impl_factory.make("def f(x, a, items):\n    x.add_(1)\n    a += 1\n    items.append(3)\n    return x\n")
    base, a, items = torch.zeros(2, 2), np.zeros(2), [1]
    row = base[0]
    assert proxy.f(row, a, items) is row
    assert (base[0].tolist(), a.tolist(), items) == ([1, 1], [1, 1], [1, 3])


def test_a_result_that_shares_memory_shares_it(impl_factory):
    """A view that a call returns is a view in the spec."""
    x = torch.zeros(2, 3)
    impl_factory.make("def f(x):\n    return x.t()\n").f(x)[0, 0] = 7
    assert x[0, 0] == 7


def test_successive_calls_draw_other_numbers(impl_factory):
    """Each call has a seed of its own, and a replay has the same seeds in the same order."""
    source = """\
        import random, torch
        import numpy as np


        def f():
            return torch.rand(1).item(), random.random(), np.random.rand()
    """
    seeds.call_seeds.seed(0)
    proxy = impl_factory.make(source)
    first = [proxy.f(), proxy.f()]
    seeds.call_seeds.seed(0)
    assert [impl_factory.make(source).f(), proxy.f()] == first
    assert first[0] != first[1]


def test_the_specs_own_numbers_are_its_own(impl_factory):
    """What the spec draws does not depend on how much the implementation draws."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    impl_factory.make(f"{TORCH}\ndef f():\n    torch.manual_seed(0)\n    torch.rand(9)\n").f()
    assert torch.equal(torch.rand(2), expected)


def test_state_is_put_back_after_each_call(impl_factory):
    """A call that changes what is global leaves nothing of it to the next one."""
    proxy = impl_factory.make(
        f"{TORCH}\ndef f():\n    before = torch.get_default_dtype(), torch.is_grad_enabled()\n"
        "    torch.set_default_dtype(torch.float64)\n    torch.set_grad_enabled(False)\n    return before\n"
    )
    assert proxy.f() == proxy.f() == (torch.float32, True)


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


def test_handles_do_what_their_objects_do(impl_factory):
    """A handle is called, indexed, iterated over and measured, and has the attributes and methods of its object."""
    shelf = impl_factory.make(CLASS).Shelf([1, 2, 3])
    assert shelf(text="a", operation="-", target="b") == "a-b"
    assert (shelf[1], shelf[0:2], len(shelf), list(shelf), 2 in shelf) == (2, [1, 2], 3, [1, 2, 3], True)
    assert (shelf.size, shelf._secret, shelf.items) == (2, 5, [1, 2, 3])
    assert shelf.add(4) == shelf
    assert len(shelf) == 4
    assert not hasattr(shelf, "colour")
    assert not hasattr(shelf, "__colour__")


def test_a_handle_is_as_true_as_its_object(impl_factory):
    """An object with a length is true unless it is empty, and one without is true."""
    proxy = impl_factory.make(CLASS + "\n\nclass Plain:\n    pass\n")
    assert (bool(proxy.Shelf([])), bool(proxy.Shelf([1])), bool(proxy.Plain())) == (False, True, True)


def test_every_item_of_an_iterator_arrives(impl_factory):
    """Iteration asks for one item at a time, loses none, and goes on where it stopped."""
    proxy = impl_factory.make(
        "def f(n):\n    for i in range(n):\n        yield i\n\n\ndef endless():\n    while True:\n        yield 1\n"
    )
    assert list(proxy.f(4)) == [0, 1, 2, 3]
    assert list(proxy.f(0)) == []
    assert next(iter(proxy.endless())) == 1
    numbers = proxy.f(4)
    assert (next(iter(numbers)), list(numbers)) == (0, [1, 2, 3])


def test_handles_are_passed_back(impl_factory):
    """An argument that is, or holds, a handle is the object itself on the other side."""
    proxy = impl_factory.make(CLASS)
    shelf = proxy.Shelf([1])
    assert shelf.holds(shelf)
    assert proxy.first([shelf]) == proxy.first((shelf,)) == proxy.first({0: shelf}) == [1]
    assert proxy.keys({shelf: 1, 2: 3}) == ["Shelf", "int"]
    assert proxy.bounds(slice(shelf)) == proxy.bounds(slice(None)) == "NoneType"
    assert proxy.bounds(slice(shelf, 1)) == "Shelf"


def test_handles_are_compared_by_their_objects(impl_factory):
    """The same object is the same handle, in a dict as well; it is never equal to plain data."""
    proxy = impl_factory.make(CLASS)
    shelf = proxy.Shelf([1])
    again = proxy.same(shelf)
    assert again is not shelf
    assert {shelf: 1}[again] == 1
    assert shelf != proxy.Shelf([1])
    assert shelf != [1]


def test_a_container_of_handles_comes_back_as_one(impl_factory):
    """What stands behind a handle does not slip through in a list, a tuple or a dict that is returned as it came."""
    proxy = impl_factory.make(CLASS)
    shelf = proxy.Shelf([1])
    assert proxy.same((shelf, 1)) == (shelf, 1)
    assert proxy.same([shelf, (shelf,)]) == [shelf, (shelf,)]
    assert proxy.same({"a": {"b": shelf}}) == {"a": {"b": shelf}}


def test_foreign_handles_are_refused(impl_factory):
    """A handle is of no use to another process, and the message says so."""
    proxy = impl_factory.make(CLASS)
    shelf = proxy.Shelf([1])
    with pytest.raises(SpecError, match=r"the handle Shelf\(\[1\]\) belongs to another process: use it with the impl"):
        proxy.fresh().same(shelf)


def test_arguments_are_checked(impl_factory):
    """A call with something that cannot pass says which argument that is, and is not carried out."""
    proxy = impl_factory.make(CLASS)
    for call, said in (
        (lambda: proxy.same(print), "argument 1 is a builtins.builtin_function_or_method"),
        (lambda: proxy.same(thing=torch.ones(1, requires_grad=True)), "argument thing requires grad"),
        (lambda: proxy.Shelf([])(os), "argument 1 is a builtins.module"),
        (lambda: proxy.same(proxy.folder().parent.parent), "outside the run's folder: use impl.folder()"),
    ):
        with pytest.raises(SpecError) as caught:
            call()
        assert said in str(caught.value)
    assert proxy.same(proxy.folder() / "a.txt").name == "a.txt"


def test_a_call_is_recorded_as_it_was_made(impl_factory):
    """The text of the last call has the arguments of before, even if the call changed them."""
    proxy = impl_factory.make(CLASS + "\n\ndef wipe(x, a, items):\n    x.zero_()\n    a[:] = 0\n    items.clear()\n")
    proxy.wipe(torch.ones(1), np.ones(1), [{"a": (1,)}])
    assert last_call.last_call() == "wipe(torch.tensor([1.0]), np.array([1.0]), [{'a': (1,)}])"
    shelf = proxy.Shelf([1], size=3)
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
def test_any_tensor_can_be_recorded(impl_factory, x):
    """A call is recorded whatever the layout of its arguments."""
    impl_factory.make("def f(x):\n    return x\n").f(x)
    assert last_call.last_call().startswith("f(")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_odd_tensors_are_refused_by_the_rule(impl_factory):
    """A tensor that cannot be copied is refused for what it is, not for that."""
    proxy = impl_factory.make("def f(x):\n    return x\n")
    for x in (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), torch.eye(2).to_sparse()):
        with pytest.raises(SpecError, match="is no dense tensor"):
            proxy.f(x)


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


def test_probes_work_beside_the_implementation(impl_factory):
    """A probe gets the implementation's module and gives plain data; a missing exercise is missing for it as well."""
    proxy = impl_factory.make(
        "HELPER = 3\n\n\ndef f(x):\n    return x * x\n", probes=PROBES, solution="def f(x): ...\ndef g(): ...\n"
    )
    assert proxy.probes.gradient(torch.tensor([3.0])).tolist() == [6.0]
    assert last_call.last_call() == "probes.gradient(torch.tensor([3.0]))"
    assert proxy.probes.helper() == (3, False)
    with pytest.raises(MissingName, match=r"g is not defined in tiny\.py"):
        proxy.probes.missing()


@pytest.mark.parametrize("probes", [None, "x = 1\n"], ids=["no file", "no probe"])
def test_a_missing_probe_is_the_katas_fault(impl_factory, probes):
    """The message names the file in which the probe is to be written."""
    with pytest.raises(SpecError, match=r"the spec of tiny uses impl\.probes\.look: write it in .*probes\.py"):
        impl_factory.make("", probes=probes).probes.look()


def test_folders_are_shared_and_removed(impl_factory):
    """A folder is new and empty, the implementation writes to it, and all of them go in the end."""
    proxy = impl_factory.make("def f(folder):\n    (folder / 'a').write_text('b')\n")
    folder = proxy.folder()
    assert proxy.folder() != folder
    proxy.f(folder)
    assert [path.name for path in folder.iterdir()] == ["a"]
    proxy.fresh().f(folder)
    session_behind(proxy).close()
    assert not folder.parent.exists()


def test_fresh_is_another_process(impl_factory):
    """What a module remembers, a fresh one has forgotten."""
    proxy = impl_factory.make("seen = []\n\n\ndef f(x):\n    seen.append(x)\n    return seen\n", judged="f")
    proxy.f(1)
    assert (proxy.f(2), proxy.fresh().f(3)) == ([1, 2], [3])
    assert session_behind(proxy.fresh()).judged is session_behind(proxy).judged


def test_a_killed_call_leaves_its_files(impl_factory):
    """What a call wrote before it was killed is there, and what it would have written is not."""
    source = """\
        import time


        def f(folder):
            (folder / "early").touch()
            time.sleep(5)
            (folder / "late").touch()
    """
    proxy = impl_factory.make(source)
    folder = proxy.folder()
    begin = time.monotonic()
    proxy.kill_after(0.3, lambda: proxy.f(folder))
    assert [path.name for path in folder.iterdir()] == ["early"]
    assert time.monotonic() - begin < 4
    proxy.kill_after(0.1, lambda: None)


def test_killing_needs_fork(impl_factory, monkeypatch):
    """Without fork the message says what is missing."""
    monkeypatch.delattr(os, "fork")
    with pytest.raises(SpecError, match=r"impl\.kill_after needs a system with fork"):
        impl_factory.make("").kill_after(0, print)


def test_a_to_do_is_a_statement(impl_factory):
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
    proxy = impl_factory.make(source)
    for name, line in (("todo", 5), ("bare", 9), ("over_two_lines", 13)):
        with pytest.raises(ToDo) as caught:
            getattr(proxy, name)()
        assert str(caught.value) == f"to do: {impl_factory.file}:{line}"
    for name, arguments, code in (
        ("missing_kernel", [torch.ones(2)], "return torch.bincount(x.to(torch.complex64))"),
        ("missing_forward", [1], "return torch.nn.Module()(x)"),
        ("special", [], "raise Special"),
    ):
        with pytest.raises(NotImplementedError) as failed:
            getattr(proxy, name)(*arguments)
        location = location_of(failed.value)
        assert location is not None
        assert location.code == code


def test_what_cannot_be_read_again_is_no_to_do(impl_factory):
    """Where the line that raised cannot be looked at, the exception stays what it is."""
    location = Location(file=str(impl_factory.folder / "gone.py"), line=1, code="")
    assert not is_to_do(NotImplementedError(), location)
    impl_factory.file.write_text("f(\n", encoding="utf-8")
    assert not is_to_do(NotImplementedError(), replace(location, file=str(impl_factory.file)))
    impl_factory.file.write_text("if x:\n    raise NotImplementedError\nraise ValueError\n", encoding="utf-8")
    linecache.clearcache()
    assert is_to_do(NotImplementedError(), replace(location, file=str(impl_factory.file), line=2))
    assert not is_to_do(NotImplementedError(), replace(location, file=str(impl_factory.file), line=3))


def test_an_error_knows_the_learners_line(impl_factory):
    """The innermost line of the learner's own file is where an exception came from, also of its cause."""
    proxy = impl_factory.make("def g(x):\n    return len(x)\n\n\ndef f(x):\n    return g(x)\n")
    with pytest.raises(TypeError) as caught:
        proxy.f(1)
    location = location_of(caught.value)
    assert (location.file, location.line, location.code) == (str(impl_factory.file), 2, "return len(x)")
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
def test_nothing_that_ends_or_skips_a_test_leaves(impl_factory, raises):
    """An implementation that tries to leave otherwise than by an ordinary exception has failed."""
    proxy = impl_factory.make(f"import hypothesis, pytest, sys, unittest\n\n\ndef f():\n    {raises}\n")
    with pytest.raises(ImplementationCrashed, match=r"tiny\.py raised \w+, which ends a program or a test") as caught:
        proxy.f()
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


def test_a_missing_name_is_not_taken_for_another_exercise(impl_factory):
    """What is there under a similar name is suggested, unless it is an exercise itself."""
    solution = "def swap_rows(x):\n    return x\n\n\ndef as_rows(x):\n    return x\n"
    impl = impl_factory.make("def as_rows(x):\n    return x\n", solution=solution)
    with pytest.raises(MissingName) as caught:
        impl.swap_rows(1)
    assert "is that it" not in str(caught.value)
    impl = impl_factory.make("def swap_row(x):\n    return x\n", solution=solution)
    with pytest.raises(MissingName, match="there is swap_row: is that it"):
        impl.swap_rows(1)


@pytest.mark.parametrize("way", INTERRUPTED)
def test_a_keyboard_interrupt_is_a_persons(impl_factory, way):
    """Somebody who stops a run stops it, wherever the code under test is, and whatever it makes of it."""
    proxy = impl_factory.make(
        "import os, signal\n\n\ndef kill():\n    os.kill(os.getpid(), signal.SIGINT)\n\n\n"
        f"def f():\n    {INTERRUPTED[way]}\n"
    )
    with pytest.raises(KeyboardInterrupt):
        proxy.f()


def test_a_keyboard_interrupt_stops_an_import(impl_factory):
    """So while the file is imported."""
    with pytest.raises(KeyboardInterrupt):
        impl_factory.make("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n\n\ndef f():\n    pass\n").f()


def test_what_the_harness_raises_passes(impl_factory):
    """A guard that speaks up within an implementation is heard."""
    source = "from harness.errors import RequirementMissing\n\n\ndef f():\n    raise RequirementMissing('no network')\n"
    with pytest.raises(RequirementMissing, match="no network"):
        impl_factory.make(source).f()


def test_a_call_has_a_deadline(impl_factory, monkeypatch):
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
    proxy = impl_factory.make(source)
    for call in (proxy.f, proxy.g):
        with pytest.raises(DeadlineExceeded, match=r"did not return within 0\.1 s"):
            call()


def test_a_call_that_is_not_made_again_still_has_its_line(impl_factory, monkeypatch):
    """A later test of an exercise that was too slow shows the same line, whatever was raised in between."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.1)
    proxy = impl_factory.make("import time\n\n\ndef f():\n    time.sleep(5)\n\n\ndef g():\n    raise ValueError\n")
    f, g = (session_behind(proxy).host.kata.exercise(name) for name in "fg")
    lines = []
    for _ in range(2):
        session_behind(proxy).judge(f)
        with pytest.raises(DeadlineExceeded) as caught:
            proxy.f()
        lines.append(location_of(caught.value).line)
        session_behind(proxy).judge(g)
        for _ in range(20):
            with pytest.raises(ValueError, match=r"^$"):
                proxy.g()
    assert lines == [5, 5]


def test_an_import_has_a_deadline(impl_factory, monkeypatch):
    """A file that does not end when it is imported is waited for once, and the message says what that means."""
    monkeypatch.setattr(conditions, "DEADLINE", 0.1)
    proxy = impl_factory.make("import time\ntime.sleep(0.3)\n\n\ndef f():\n    pass\n")
    for _ in range(2):
        begin = time.monotonic()
        with pytest.raises(SourceError, match=r"tiny\.py could not be imported within 0\.1 s: what stands outside"):
            proxy.f()
        monkeypatch.setattr(conditions, "DEADLINE", 5)
    assert time.monotonic() - begin < 0.1


def test_a_file_that_fails_fails_each_time(impl_factory):
    """The error of an import is raised at each use, without running the file again."""
    proxy = impl_factory.make("f(\n", solution="def f(): ...\n")
    errors = []
    for _ in range(2):
        with pytest.raises(SourceError, match=r"tiny\.py:1 is not valid Python") as caught:
            proxy.f()
        errors.append(caught.value)
    assert errors[0] is errors[1]


def test_names_and_signatures_are_compared(impl_factory):
    """A missing name and other parameters are reported by what was asked for; an unknown one is the spec's fault."""
    proxy = impl_factory.make("def f(y):\n    return y\n", solution="def f(x): ...\n\n\ndef g(a, b=2): ...\n")
    with pytest.raises(WrongSignature, match=r"(?s)asked for: f\(x\).*written:   f\(y\)"):
        proxy.f(1)
    with pytest.raises(
        MissingName, match=r"g is not defined in tiny\.py: it should be a function, called as g\(a, b=2\)"
    ):
        proxy.g(1)
    with pytest.raises(SpecError, match=r"the spec of tiny uses impl\.h, which tiny\.py does not define"):
        proxy.h(1)


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
def test_a_shown_call_names_optional_parameters(impl_factory, call, text):
    """What stands for an optional parameter has its name, wherever Python could take it by name."""
    proxy = impl_factory.make(
        "def f(logits, labels, weight=None, ignore=-1):\n    return 1\n\n\n"
        "def g(a, b=0, *rest):\n    return 1\n\n\n"
        "def h(a, b=0, /):\n    return 1\n\n\n"
        "class C:\n    def __init__(self, size=1):\n        self.size = size\n"
    )
    call(proxy)
    assert last_call.last_call() == text
