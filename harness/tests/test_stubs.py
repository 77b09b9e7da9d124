from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.source.stubs import Status, is_pristine, make_stub, stub_of, sync
from harness.errors import CatalogueError, WorkspaceError
from harness.tests.tiny_kata import SOLUTION, make_kata

PATH = Path("solutions/x.py")

WHOLE = '''\
"""Lesson: see README.md."""

import torch
from torch import Tensor

# <solution>
import secrets


def _helper(x):
    return secrets.choice(x)


# </solution>


def join_rows(top: Tensor, bottom: Tensor) -> Tensor:
    """Joins.

    # <solution> in a docstring is text
    """
    # <solution>
    def inner(a):
        return a

    return inner(torch.cat([top, bottom]))  # (m + k, n)
    # </solution>


class Net(torch.nn.Module):
    """A net."""

    # <solution>
    @staticmethod
    def _x():
        return 1

    # </solution>

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        # <solution>
        self.size = size
        # </solution>

    def forward(self, x):
        if x is None:
            # <solution>
            return 0
        else:
            return x
            # </solution>


class Given:
    # <solution>
    secret = 1

    # </solution>
    shown = 2

    def run(self):
        # <solution>
        return self.secret
        # </solution>


# <solution>
last = 1
# </solution>
'''

STUB = '''\
"""Lesson: see README.md."""

import torch
from torch import Tensor


def join_rows(top: Tensor, bottom: Tensor) -> Tensor:
    """Joins.

    # <solution> in a docstring is text
    """
    raise NotImplementedError("join_rows")


class Net(torch.nn.Module):
    """A net."""

    def __init__(self, size: int = 3) -> None:
        super().__init__()
        raise NotImplementedError("Net.__init__")

    def forward(self, x):
        if x is None:
            raise NotImplementedError("Net.forward")


class Given:
    shown = 2

    def run(self):
        raise NotImplementedError("Given.run")


'''


def flaw(text: str, exercises: list[str] | None = None) -> str:
    """What `make_stub` says about this solution."""
    with pytest.raises(CatalogueError) as caught:
        make_stub(text, path=PATH, exercises=exercises)
    return str(caught.value).removeprefix(f"{PATH}:")


def test_a_stub_has_everything_but_the_answers():
    """Answers become to-dos, helpers go away, and no blank lines are left where they stood."""
    body, mark = make_stub(WHOLE, path=PATH).rsplit("\n# ", 1)

    assert body == STUB[:-1]
    assert mark.startswith("stub ")
    assert mark.endswith("this line may stay or go\n")
    assert len(mark) < 100


def test_line_ends_of_the_solution_do_not_matter():
    """A solution checked out with Windows line ends gives the same stub."""
    for text in (
        WHOLE.replace("\n", "\r\n"),
        WHOLE.replace("\n", "\r"),
        "\ufeff" + WHOLE,
        "\n\n" + WHOLE + "\n\n",
    ):
        assert make_stub(text, path=PATH) == make_stub(WHOLE, path=PATH)


def test_a_body_is_indented_as_its_statements_are():
    """Tabs stay tabs, and a marker that an editor has moved does not matter."""
    text = "def f():\n  # <solution>\n\treturn 1\n# </solution>\n"

    assert make_stub(text, path=PATH).startswith('def f():\n\traise NotImplementedError("f")\n\n\n# stub')


def test_asynchronous_and_decorated_functions():
    """Decorators stay outside a body, and go away with what they decorate."""
    text = """\
@decorate(
    1
)
async def f():
    # <solution>
    return 1
    # </solution>
# <solution>
@decorate
def _g():
    pass
# </solution>
"""

    assert make_stub(text, path=PATH).startswith(
        '@decorate(\n    1\n)\nasync def f():\n    raise NotImplementedError("f")\n\n\n# stub'
    )


def test_an_import_that_would_give_the_answer_away_is_left_out():
    """Where lines are left out without blank lines around them, none appear."""
    text = "import a\n# <solution>\nimport b\n# </solution>\nimport c\n"

    assert make_stub(text, path=PATH).startswith("import a\nimport c\n\n\n# stub")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1\n# <solution>\ny = 2\n",
            "2: # <solution> is never closed; put # </solution> under the lines to leave out",
        ),
        (
            "x = 1\n# </solution>\n",
            "2: # </solution> closes nothing; put # <solution> above the lines to leave out",
        ),
        (
            "# <solution>\nx = 1\n# <solution>\ny = 2\n# </solution>\n# </solution>\n",
            "3: # <solution> inside the one of line 1; close that one first with # </solution>",
        ),
        (
            "# < Solution >\nx = 1\n",
            "1: looks like a marker; write # <solution> or # </solution> on a line of its own",
        ),
        (
            "x = 1  # <solution>\n",
            "1: looks like a marker; write # <solution> or # </solution> on a line of its own",
        ),
        (
            "#<solution>\nx = 1\n",
            "1: looks like a marker; write # <solution> or # </solution> on a line of its own",
        ),
        (
            "x = 1\n# /solution>\n",
            "2: looks like a marker; write # <solution> or # </solution> on a line of its own",
        ),
        (
            "# <solution>\n# </solution>\n",
            "1: no statement stands between the markers; put them around whole statements",
        ),
        (
            "x = [\n    # <solution>\n    1,\n    # </solution>\n]\n",
            "2: no statement stands between the markers; put them around whole statements",
        ),
        (
            "# <solution>\nx = [\n    1,\n    # </solution>\n]\n",
            "4: # </solution> cuts a statement in two; put it under the statement's last line",
        ),
        (
            "def f():\n    # <solution>\n    return 1\n\n\ndef g():\n    return 2\n    # </solution>\n",
            "2: the markers reach over the end of a body; give each body markers of its own",
        ),
        (
            "def f(a):\n    # <solution>\n    return 1\n    # </solution>\n\n\n\ndef g():\n    return 2\n",
            "8: g has no markers; put # <solution> … # </solution> around its body",
        ),
        ("class A:\n    x = 1\n", "1: nothing is left to write in A; put markers inside a function's body"),
        (
            "class A:\n    def f(self):\n        # <solution>\n        return 1\n        # </solution>\n\n"
            "    def g(self):\n        return 2\n",
            "7: g has no markers; put # <solution> … # </solution> around its body",
        ),
        (
            "class _A:\n    # <solution>\n    def f(self):\n        return 1\n    # </solution>\n\n\nx = 1\n",
            "8: what stands outside the markers is not valid Python (expected an indented block after "
            "class definition on line 1); mend it, or put the markers inside the function's body",
        ),
        ("def f(:\n", "1: the solution is not valid Python (invalid syntax); mend it"),
        (
            "x = 1\0\n",
            "1: the solution is not valid Python (source code string cannot contain null bytes); mend it",
        ),
        ("(" * 5000, None),
        ("-" * 100_000 + "1", None),
    ],
)
def test_markers_that_do_not_fit_are_refused_with_line_and_fix(text, message):
    """Each way to get the markers wrong names file and line and says what to do."""
    found = flaw(text)

    if message is None:
        assert found.startswith("1: the solution is not valid Python (")
    else:
        assert found == message


def test_the_exercises_that_are_named_must_be_there_to_write():
    """With the exercises known, each must be defined, not left out, and have something to write."""
    text = """\
def given():
    return 1


def todo():
    # <solution>
    return 2
    # </solution>


# <solution>
def gone():
    return 3
# </solution>


class Overloaded:
    def __call__(self): ...
"""
    assert make_stub(text, path=PATH, exercises=["todo"]).startswith("def given():\n    return 1\n")
    assert flaw(text, ["todo", "away"]) == (
        "1: the solution does not define away; write it, or take it out of kata.toml"
    )
    assert flaw(text, ["gone"]) == "12: gone is left out as a whole; put the markers inside its body"
    assert flaw(text, ["given"]) == "1: given has no markers; put # <solution> … # </solution> around its body"
    assert flaw(text, ["Overloaded"]) == (
        "17: nothing is left to write in Overloaded; put markers inside a function's body"
    )


def test_functions_that_do_nothing_need_no_markers():
    """Overloads and protocols have no answer to hide."""
    text = '''\
@overload
def f(a: int) -> int: ...
def f(a):
    # <solution>
    return a
    # </solution>


class P:
    def a(self):
        """Only says what it is."""

    def b(self):
        pass

    def c(self):
        # <solution>
        return 1
        # </solution>
'''
    assert 'raise NotImplementedError("P.c")' in make_stub(text, path=PATH)


def test_a_fresh_stub_is_pristine_and_valid_python():
    """The checksum fits what was made, and what was made can be imported."""
    stub = make_stub(SOLUTION, path=PATH)

    assert is_pristine(stub)
    ast.parse(stub)


bodies = st.text(st.sampled_from("ab \t\n\r'#é\u2028\x0c"), max_size=30).map(
    lambda text: '"""Doc."""\n' + "".join(f"# {line}\n" for line in text.splitlines()) + "x = 1\n"
)


@given(body=bodies, data=st.data())
def test_pristine_survives_what_editors_and_checkouts_do(body, data):
    """Other line ends, blanks at line ends, a byte order mark and blank lines at the end change nothing."""
    stub = make_stub(body, path=PATH)
    assert is_pristine(stub)

    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = [line + data.draw(st.sampled_from(["", " ", "\t  "])) for line in stub.split("\n")]
    tail = data.draw(st.sampled_from(["", end, end * 3]))
    assert is_pristine(data.draw(st.sampled_from(["", "\ufeff"])) + end.join(lines) + tail)
    assert is_pristine(stub.rstrip("\n"))


@given(data=st.data())
def test_any_edit_ends_the_pristine_state(data):
    """One visible character more or less, anywhere above the last line, makes it the learner's file."""
    stub = make_stub(SOLUTION, path=PATH)
    end = stub.index("# stub ")
    place = data.draw(st.integers(0, end - 4))
    added = data.draw(st.sampled_from(["x", "#", "0"]))

    assert not is_pristine(stub[:place] + added + stub[place:])
    if stub[place].strip():
        assert not is_pristine(stub[:place] + stub[place + 1 :])


@pytest.mark.parametrize("text", ["", "\n", "x = 1\n", "# stub 012345678901\n", "# stub \n", "\ud800"])
def test_what_is_no_stub_is_not_pristine(text):
    """Files without the last line, or with one that does not fit, are the learner's."""
    assert not is_pristine(text)


def test_a_stub_without_its_last_line_is_the_learners():
    """Where the line was taken out, the harness cannot tell, and so keeps its hands off."""
    stub = make_stub(SOLUTION, path=PATH)

    assert not is_pristine(stub[: stub.index("# stub ")])
    assert not is_pristine(stub + "answer = 42\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "katas" / "07_tiny_things"


def test_sync_writes_what_is_missing_or_outdated(folder):
    """A stub appears, stays as it is, and follows its solution when that changes."""
    kata = make_kata(folder, stub=None)

    def statuses(*, write: bool) -> list[str]:
        (change,) = sync([kata], write=write)
        assert (change.kata, change.path) == (kata, folder / "tiny_things.py")
        return [change.status, "there" if kata.stub.exists() else "not there"]

    assert statuses(write=False) == [Status.MISSING, "not there"]
    assert statuses(write=True) == [Status.WRITTEN, "there"]
    assert kata.stub.read_bytes().decode() == stub_of(kata)
    assert statuses(write=True) == statuses(write=False) == [Status.SAME, "there"]

    old = kata.stub.read_bytes()
    kata.solution.write_text(SOLUTION.replace("Doubles a number.", "Doubles any number."))
    assert statuses(write=False) == [Status.OUTDATED, "there"]
    assert kata.stub.read_bytes() == old
    assert statuses(write=True) == [Status.WRITTEN, "there"]
    assert b"Doubles any number." in kata.stub.read_bytes()
    assert sorted(path.name for path in folder.glob("*tiny_things.py*")) == [
        "test_tiny_things.py",
        "tiny_things.py",
    ]


def test_sync_takes_other_line_ends_for_the_same(folder):
    """A checkout with Windows line ends is up to date, and is written only when the solution changes."""
    kata = make_kata(folder)
    kata.stub.write_bytes(kata.stub.read_bytes().replace(b"\n", b"\r\n"))
    assert [change.status for change in sync([kata], write=True)] == [Status.SAME]
    assert b"\r\n" in kata.stub.read_bytes()

    kata.solution.write_text(SOLUTION.replace("Doubles a number.", "Doubles any number."))
    assert [change.status for change in sync([kata], write=False)] == [Status.OUTDATED]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"def double(number):\n    return 2 * number\n",
        "# schön\n".encode("latin-1"),
    ],
)
def test_sync_never_touches_what_a_learner_wrote(folder, content):
    """A file that differs from every stub is left alone, whatever it holds."""
    kata = make_kata(folder)
    kata.stub.write_bytes(content)

    assert [change.status for change in sync([kata], write=True)] == [Status.EDITED]
    assert kata.stub.read_bytes() == content


def test_sync_keeps_an_old_stub_whose_last_line_was_removed(folder):
    """Without its checksum an outdated stub counts as edited, an up-to-date one as the same."""
    kata = make_kata(folder)
    text = kata.stub.read_text()
    kata.stub.write_text(text[: text.index("# stub ")])
    assert [change.status for change in sync([kata], write=True)] == [Status.SAME]

    kata.solution.write_text(SOLUTION.replace("Doubles a number.", "Doubles any number."))
    assert [change.status for change in sync([kata], write=True)] == [Status.EDITED]


def test_sync_reports_all_broken_solutions_and_writes_nothing(tmp_path):
    """An author sees every solution that is wrong at once, before any stub has changed."""
    good = make_kata(tmp_path / "katas" / "01_good", stub=None)
    gone = make_kata(tmp_path / "katas" / "02_gone", solution=None)
    latin = make_kata(tmp_path / "katas" / "03_latin")
    latin.solution.write_bytes("# schön\n".encode("latin-1"))
    bare = make_kata(tmp_path / "katas" / "04_bare", solution="def double(number):\n    return 2\n")

    with pytest.raises(CatalogueError) as caught:
        sync([gone, good, latin, bare], write=True)

    assert str(caught.value).splitlines() == [
        f"{gone.solution}: cannot be read (No such file or directory); every kata has one",
        f"{latin.solution}: is not UTF-8 (byte 5); save it as UTF-8",
        f"{bare.solution}:1: double has no markers; put # <solution> … # </solution> around its body",
    ]
    assert not good.stub.exists()


def test_sync_says_which_stub_it_cannot_read_or_write(folder):
    """A folder in the stub's place is a clear message."""
    kata = make_kata(folder, stub=None)
    kata.stub.mkdir()

    with pytest.raises(WorkspaceError, match=r"tiny_things.py: cannot be read or written \(Is a directory\)"):
        sync([kata], write=False)
