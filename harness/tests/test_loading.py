"""From a value of `--impl` to a module, and what is said where that does not work out."""

from __future__ import annotations

import dataclasses
import os
import sys

import pytest

from harness.catalogue import builtin, manager
from harness.catalogue.files import digest, read_text
from harness.errors import SourceError, WorkspaceError
from harness.runner import loading
from harness.runner.loading import find_file, load_source, read_source
from harness.tests.tiny_kata import SOLUTION


def implementation(reference, kata):
    """What a value of `--impl` stands for, asked of all plugins."""
    return manager.load().implementation(reference, kata)


def write(folder, name, content):
    """Writes a file and the folders around it."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


ON_IMPORT = "fails when the file is imported"
NO_TEXT = "is not UTF-8 text: save the file as UTF-8"
BROKEN = {
    "syntax": (b"x = 1\n\ndef f(:\n    pass\n", "a.py:3 is not valid Python: invalid syntax\n    def f(:"),
    "unclosed": (b"x = (1,\n", "a.py:1 is not valid Python: '(' was never closed\n    x = (1,"),
    "import": (
        b"import no_such\n",
        f"a.py:1 {ON_IMPORT}: ModuleNotFoundError: No module named 'no_such'\n    import no_such",
    ),
    "raises": (b"def g():\n    1 / 0\n\ng()\n", f"a.py:2 {ON_IMPORT}: ZeroDivisionError: division by zero\n    1 / 0"),
    "exits": (b"import sys\nsys.exit(0)\n", f"a.py:2 {ON_IMPORT}: SystemExit: 0\n    sys.exit(0)"),
    "interrupts": (b"raise KeyboardInterrupt\n", f"a.py:1 {ON_IMPORT}: KeyboardInterrupt (without a message)"),
    "skips": (b"import pytest\npytest.skip('no', allow_module_level=True)\n", f"a.py:2 {ON_IMPORT}: Skipped: no"),
    "to do": (
        b"raise NotImplementedError\n",
        f"a.py:1 {ON_IMPORT}: NotImplementedError (without a message)\n    raise NotImplementedError",
    ),
    "no words": (
        b"class E(Exception):\n    def __str__(self):\n        1 / 0\n\nraise E\n",
        f"a.py:5 {ON_IMPORT}: E: its message cannot be read\n    raise E",
    ),
    "latin 1": ("x = 1\ny = 'Übung'\n".encode("latin1"), f"a.py:2 {NO_TEXT}\n    y = '\ufffdbung'"),
    "latin 1, late": (b"#\n" * 9 + b"# \xe9\r\n", f"a.py:10 {NO_TEXT}\n    # \ufffd"),
    "unknown encoding": (b"# coding: klingon\n", "a.py names an encoding that it is not written in (unknown"),
    "wrong encoding": ("# coding: ascii\n# ä\n".encode(), "a.py names an encoding that it is not written in ("),
    "null byte": (b"x = 1\ny = '\0'\n", "a.py:2 holds a null byte, which Python takes nowhere: remove it"),
    "nested": (b"x = " + b"(" * 400 + b")" * 400, "a.py:1 is not valid Python: too many nested parentheses"),
    "deep": (b"x = " + b"-" * 100_000 + b"1", "a.py is too deeply nested for Python"),
    "long": (b"x = 1" + b"+1" * 100_000, "a.py is too deeply nested for Python"),
    "huge": (b"#" * 1_000_001, "a.py is larger than 1,000,000 bytes: a kata's file holds functions, not data"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_used_says_where_and_why(tmp_path, name):
    """Each thing that can be wrong with a file has a message of its own, with the learner's line where there is one."""
    content, said = BROKEN[name]
    file = write(tmp_path, "a.py", content)
    before = set(sys.modules)
    with pytest.raises(SourceError) as caught:
        load_source(file)
    message = str(caught.value)
    assert message.removeprefix(f"{tmp_path}/").startswith(said), message
    assert len(message) < 500
    assert not [name for name in set(sys.modules) - before if name.startswith("_kata")]


def test_a_pipe_is_not_waited_for(tmp_path):
    """What is no ordinary file is refused at once, since reading it might never end."""
    os.mkfifo(tmp_path / "a.py")
    with pytest.raises(SourceError, match=r"a\.py cannot be read: is no ordinary file"):
        load_source(tmp_path / "a.py")
    with pytest.raises(WorkspaceError, match="is no ordinary file"):
        read_text(tmp_path / "a.py")
    assert digest(tmp_path / "a.py") == ""


def test_a_file_that_cannot_be_read_says_so(tmp_path, monkeypatch):
    """A missing file comes with the way back, a folder or a forbidden file with the system's reason."""
    with pytest.raises(SourceError, match=r"a\.py does not exist: `kata init` or `kata reset` puts the stub there"):
        load_source(tmp_path / "a.py")
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        load_source(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"x = '\xc3\xa4'\n",
        b"\xef\xbb\xbfx = '\xc3\xa4'\n",
        b"# coding: latin1\nx = '\xe4'\n",
        b"x = '\xc3\xa4'\r\ny = 1\r\n",
        b"y = 1\rx = '\xc3\xa4'\r",
    ],
    ids=["utf-8", "mark", "latin 1", "windows", "mac"],
)
def test_any_text_that_python_reads_is_read(tmp_path, content):
    """Encodings, byte order marks and line ends are as Python itself takes them."""
    assert load_source(write(tmp_path, "a.py", content)).x == "ä"
    assert "\r" not in read_source(tmp_path / "a.py")


def test_modules_live_side_by_side(tmp_path):
    """Each load is a new module, and what lies beside a file is not imported with it."""
    file = write(tmp_path, "a.py", "state = []\n")
    write(tmp_path, "helper.py", "")
    assert load_source(file).state is not load_source(file).state
    with pytest.raises(SourceError, match="No module named 'helper'"):
        load_source(write(tmp_path, "b.py", "import helper\n"))


def test_a_module_is_known_while_it_runs(tmp_path):
    """Dataclasses and pickling find a class's module, and tracebacks its lines, whatever signs stand in them."""
    source = "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: 'int' = 1\n"
    source += "def f():\n    '\x0c\u2028'\n    1 / 0\n"
    module = load_source(write(tmp_path, "a.py", source))
    assert dataclasses.asdict(module.A()) == {"x": 1}
    assert sys.modules[module.A.__module__] is module
    with pytest.raises(ZeroDivisionError) as caught:
        module.f()
    assert str(caught.traceback[-1].statement).strip() == "1 / 0"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        (["tiny_things.py"], "."),
        (["03_tiny_things/tiny_things.py"], "."),
        (["99_tiny_things/tiny_things.py", "03_other/other.py", "other.py"], "."),
        (["anything.py"], "anything.py"),
        (["a folder/tiny_things.py"], "a folder"),
        (["tiny_things.py", "03_tiny_things/tiny_things.py"], "03_tiny_things"),
    ],
)
def test_a_submission_is_found_in_every_layout(kata, tmp_path, files, path):
    """A folder of files, a folder of folders, and one file whatever its name."""
    for name in files:
        write(tmp_path / "s", name, SOLUTION)
    submission = loading.submission(kata, tmp_path / "s" / path)
    assert submission.load().double(4) == 8
    assert submission.label == str(tmp_path / "s" / path)
    assert submission.only is None


@pytest.mark.parametrize(
    ("files", "path", "said"),
    [
        (
            ["tiny_things.py", "03_tiny_things/tiny_things.py"],
            ".",
            "(tiny_things.py, 03_tiny_things/tiny_things.py): keep one",
        ),
        (["03_tiny_things/tiny_things.py", "04_tiny_things/tiny_things.py"], ".", "more than once"),
        (["other.py"], ".", "holds neither tiny_things.py nor 03_tiny_things/tiny_things.py"),
        (
            ["tiny_things (1).py"],
            ".",
            "03_tiny_things/tiny_things.py: is tiny_things (1).py meant? Call it tiny_things.py",
        ),
        (["Tiny_things.PY", "tiny_things_final.py"], ".", "is Tiny_things.PY or tiny_things_final.py meant?"),
        (["03_tiny_things/tiny_things - Copy.py"], ".", "is 03_tiny_things/tiny_things - Copy.py meant?"),
        (["tiny_things.txt"], "tiny_things.txt", "is not a Python file"),
        ([], "nowhere", "does not exist: --impl takes learner, solution, a folder or a .py file"),
    ],
)
def test_what_is_no_submission_is_refused(kata, tmp_path, files, path, said):
    """Several candidates are refused as well as none: nobody should wonder which file was judged."""
    for name in files:
        write(tmp_path / "s", name, SOLUTION)
    with pytest.raises(SourceError) as caught:
        find_file(kata, tmp_path / "s" / path)
    assert said in str(caught.value)


def test_built_in_references(kata, monkeypatch):
    """Each of the words that `--impl` knows has its label, its file, and the exercise that it is about."""
    monkeypatch.setenv("KATA_WORKSPACE", str(builtin.home()))
    references = {
        "solution": (kata.solution, None),
        "stub": (kata.folder / "tiny_things (stub).py", None),
        "mistake:double__square": (kata.mistakes, "double"),
        "distorted:double__negated": (kata.solution, "double"),
    }
    for reference, (path, only) in references.items():
        found = implementation(reference, kata)
        assert (found.label, found.path, found.only) == (reference, path, only)
        assert found.load() is not found.load()
    assert implementation("mistake:double__square", kata).load().double(3) == 9
    assert implementation("distorted:double__negated", kata).load().double(3) == -6
    assert implementation("solution", kata).load().double(3) == 6
    assert implementation("learner", kata).path == kata.stub


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("mistake", "'' names no mistake of tiny_things: they are called EXERCISE__what_went_wrong"),
        ("mistake:double", "'double' names no mistake of tiny_things"),
        ("mistake:triple__it", "'triple__it' names no mistake of tiny_things"),
        ("distorted:double__upside_down", "'double__upside_down' is no distortion of tiny_things: they are called"),
        ("~nobody_of_that_name/a.py", "~nobody_of_that_name/a.py does not exist"),
    ],
)
def test_references_that_lead_nowhere(kata, reference, said):
    """A reference with a typo says what there is instead."""
    with pytest.raises(SourceError) as caught:
        implementation(reference, kata)
    assert said in str(caught.value)


def test_a_mistake_that_nobody_wrote(kata):
    """A mistake of the right form that mistakes.py does not define is missed when it is loaded."""
    with pytest.raises(SourceError, match="defines no double__twice"):
        implementation("mistake:double__twice", kata).load()


def test_a_stub_is_made_on_the_spot(kata):
    """The reference `stub` is what the solution gives now, whatever stands in the learner's file."""
    kata.stub.write_text("x = 1\n", encoding="utf-8")
    module = loading.stub(kata).load()
    with pytest.raises(NotImplementedError):
        module.double(1)
    assert not hasattr(module, "x")


def test_home_is_what_the_package_carries(monkeypatch, tmp_path):
    """An installed harness has its katas in itself, a clone beside itself."""
    assert (builtin.home() / "harness" / "catalogue" / "builtin.py").is_file()
    monkeypatch.setattr(builtin, "__file__", str(tmp_path / "harness" / "catalogue" / "builtin.py"))
    (tmp_path / "harness" / "_packaged").mkdir(parents=True)
    assert builtin.home() == tmp_path / "harness" / "_packaged"
