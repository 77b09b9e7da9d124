"""Tests of `harness.workspace.workspace`."""

from pathlib import Path

import pytest

from harness.catalogue.source.stubs import stub_of
from harness.errors import WorkspaceError
from harness.tests.tiny_kata import LESSON, SOLUTION, make_kata
from harness.workspace import workspace as module
from harness.workspace.workspace import Workspace


@pytest.fixture
def kata(tmp_path):
    return make_kata(tmp_path / "pack" / "katas" / "03_tiny_things")


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """The tests see no workspace but their own, and no clone."""
    monkeypatch.delenv("KATA_WORKSPACE", raising=False)
    monkeypatch.setattr(module, "clone", lambda: None)
    monkeypatch.chdir(tmp_path)


def test_the_named_workspace_comes_first(tmp_path, monkeypatch, kata):
    """`$KATA_WORKSPACE` wins over a workspace around the working folder."""
    Workspace.create(tmp_path / "here", [kata])
    named, _ = Workspace.create(tmp_path / "named", [kata])
    monkeypatch.setenv("KATA_WORKSPACE", str(named.root))
    assert Workspace.locate(tmp_path / "here") == named


def test_a_named_folder_must_be_a_workspace(tmp_path, monkeypatch):
    """A `$KATA_WORKSPACE` that leads elsewhere is an error with the command that makes one there."""
    monkeypatch.setenv("KATA_WORKSPACE", str(tmp_path))
    with pytest.raises(WorkspaceError, match="is no workspace; `kata init"):
        Workspace.locate()


def test_the_named_folder_may_be_the_clone(tmp_path, monkeypatch):
    """The clone is a workspace without having been made one."""
    monkeypatch.setattr(module, "clone", lambda: tmp_path)
    monkeypatch.setenv("KATA_WORKSPACE", str(tmp_path))
    assert Workspace.locate() == Workspace(tmp_path, "clone")


def test_the_nearest_folder_around_is_taken(tmp_path, kata):
    """From deep inside a workspace its root is found, and the innermost of two."""
    Workspace.create(tmp_path / "outer", [kata])
    inner, _ = Workspace.create(tmp_path / "outer" / "inner", [kata])
    assert Workspace.locate(inner.root / "03_tiny_things") == inner


def test_the_clone_is_the_last_resort(tmp_path, monkeypatch, kata):
    """Where there is no workspace, the clone's own files are the learner's."""
    monkeypatch.setattr(module, "clone", lambda: tmp_path / "pack")
    found = Workspace.locate(tmp_path)
    assert (found.kind, found.root, found.file(kata)) == ("clone", tmp_path / "pack", kata.stub)


def test_without_clone_and_workspace_the_way_out_is_named(tmp_path):
    """An installed package without a workspace says how to make one."""
    with pytest.raises(WorkspaceError, match="there is no workspace here; `kata init DIR` makes one"):
        Workspace.locate(tmp_path)


def test_the_repository_is_a_clone(monkeypatch):
    """The root of the repository that the tests run from is found; a package elsewhere has none."""
    monkeypatch.undo()
    assert module.clone() == Path(__file__).resolve().parents[2]
    monkeypatch.setattr(module, "home", lambda: Path(__file__).parent)
    assert module.clone() is None


def test_a_workspace_holds_stubs_and_lessons(tmp_path, kata):
    """A new one, on a path with blanks and umlauts, has all that a learner needs."""
    workspace, added = Workspace.create(tmp_path / "Übungen für Torch", [kata])
    folder = workspace.root / "03_tiny_things"
    assert (folder / "tiny_things.py").read_text(encoding="utf-8") == stub_of(kata)
    assert (folder / "README.md").read_text(encoding="utf-8") == LESSON
    assert added.new == [folder / "tiny_things.py", folder / "README.md"]
    assert workspace.state == workspace.root / ".kata"


def test_a_second_time_changes_nothing(tmp_path, kata):
    """Where everything is up to date, nothing is written."""
    Workspace.create(tmp_path / "w", [kata])
    _, added = Workspace.create(tmp_path / "w", [kata])
    assert not (added.new or added.refreshed or added.kept or added.copies)


def test_an_update_adds_refreshes_and_keeps(tmp_path, kata):
    """New katas are added, untouched stubs and lessons refreshed, and what the learner wrote is kept."""
    edited = make_kata(tmp_path / "pack" / "katas" / "05_small_words")
    workspace, _ = Workspace.create(tmp_path / "w", [kata, edited])
    answer = "def double(number):\n    return 2 * number\n"
    workspace.file(edited).write_text(answer)
    for each in (kata, edited):
        each.solution.write_text(SOLUTION.replace("Doubles a number", "Doubles any number"), encoding="utf-8")
        each.lesson.write_text(LESSON + "\nMore.\n", encoding="utf-8")
    late = make_kata(tmp_path / "pack" / "katas" / "07_late")
    _, added = Workspace.create(workspace.root, [kata, edited, late])
    assert workspace.file(edited).read_text() == answer
    assert "any number" in workspace.file(kata).read_text()
    assert added.kept == [workspace.file(edited)]
    assert {path.parent.name for path in added.new} == {"07_late"}
    assert workspace.file(kata) in added.refreshed
    assert added.copies == []
    assert "More." in (workspace.root / "05_small_words" / "README.md").read_text()


def test_notes_in_a_lesson_are_kept_as_a_copy(tmp_path, kata):
    """A lesson into which the learner wrote is refreshed only after a copy was made."""
    workspace, _ = Workspace.create(tmp_path / "w", [kata])
    lesson = workspace.root / "03_tiny_things" / "README.md"
    lesson.write_text("my notes")
    _, added = Workspace.create(workspace.root, [kata])
    (copy,) = added.copies
    assert (copy.read_text(), lesson.read_text()) == ("my notes", LESSON)
    assert copy.parent == workspace.state / "copies" / "03_tiny_things"


@pytest.mark.parametrize("content", ["", "[]", '{"lessons": []}', '{"lessons": null}', "\0"])
def test_a_damaged_marker_only_costs_copies(tmp_path, kata, content):
    """Without the memory of what was written, every differing lesson is copied before it is replaced."""
    workspace, _ = Workspace.create(tmp_path / "w", [kata])
    (workspace.state / "workspace.json").write_text(content)
    kata.lesson.write_text("new")
    _, added = Workspace.create(workspace.root, [kata])
    assert len(added.copies) == 1


def test_a_learners_file_in_another_encoding_is_kept(tmp_path, kata):
    """What is not UTF-8 is certainly not a stub, and stays."""
    workspace, _ = Workspace.create(tmp_path / "w", [kata])
    workspace.file(kata).write_bytes(b"# \xff")
    _, added = Workspace.create(workspace.root, [kata])
    assert (added.kept, workspace.file(kata).read_bytes()) == ([workspace.file(kata)], b"# \xff")


def test_files_are_found_after_a_renumbering(tmp_path, kata):
    """A kata that got another number goes on with the file, and the lesson, in the old folder."""
    workspace = Workspace(tmp_path / "w")
    old = workspace.root / "02_tiny_things" / "tiny_things.py"
    old.parent.mkdir(parents=True)
    old.write_text("mine")
    _, added = Workspace.create(workspace.root, [kata])
    assert workspace.file(kata) == old
    assert added.new == [old.with_name("README.md")]


def test_files_may_lie_flat(tmp_path, kata):
    """`topic.py` in the root is the learner's file, too; the lesson has a folder all the same."""
    workspace = Workspace(tmp_path / "w")
    workspace.root.mkdir()
    (workspace.root / "tiny_things.py").write_text("mine")
    _, added = Workspace.create(workspace.root, [kata])
    assert workspace.file(kata) == workspace.root / "tiny_things.py"
    assert added.new == [workspace.root / "03_tiny_things" / "README.md"]


def test_a_file_that_is_nowhere_has_its_usual_place(tmp_path, kata):
    """Messages about a missing file name the place where it belongs."""
    assert Workspace(tmp_path).file(kata) == tmp_path / "03_tiny_things" / "tiny_things.py"


def test_no_workspace_inside_the_clone(tmp_path, monkeypatch, kata):
    """The repository's own root is refused: it is where a learner may work anyway."""
    monkeypatch.setattr(module, "clone", lambda: tmp_path)
    with pytest.raises(WorkspaceError, match="is the repository"):
        Workspace.create(tmp_path, [kata])


@pytest.mark.parametrize("obstacle", ["", "03_tiny_things", ".kata"])
def test_a_file_in_the_way_is_named(tmp_path, kata, obstacle):
    """A file where a folder should be made is an error with its path, and stays."""
    root = tmp_path / "w"
    place = root / obstacle
    place.parent.mkdir(exist_ok=True)
    place.write_text("precious")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        Workspace.create(root, [kata])
    assert place.read_text() == "precious"


def test_copies_never_replace_one_another(tmp_path, kata):
    """Several copies within a second all stay, each with what the file held then."""
    workspace, _ = Workspace.create(tmp_path / "w", [kata])
    file = workspace.file(kata)
    copies = []
    for text in "abc":
        file.write_text(text)
        copies.append(workspace.keep_copy(file))
    assert [copy.read_text() for copy in copies] == ["a", "b", "c"]
    assert {copy.parent for copy in copies} == {workspace.state / "copies" / "tiny_things"}


def test_a_copy_that_cannot_be_made_is_an_error(tmp_path, kata):
    """Where no copy can be kept, the caller learns of it before it overwrites anything."""
    workspace, _ = Workspace.create(tmp_path / "w", [kata])
    (workspace.state / "copies").write_text("in the way")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        workspace.keep_copy(workspace.file(kata))
    with pytest.raises(WorkspaceError, match="cannot be read"):
        workspace.keep_copy(tmp_path / "none.py")
