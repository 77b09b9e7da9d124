"""Tests of `harness.catalogue.files`."""

from pathlib import Path

import pytest

from harness.catalogue.files import digest, read_text, write_text
from harness.errors import WorkspaceError


def test_a_text_comes_back_as_it_was_written(tmp_path):
    """Line ends and letters survive a round trip, and folders on the way are made."""
    path = tmp_path / "new folder" / "ключ.py"
    write_text(path, "a\r\né\n")
    assert read_text(path) == "a\r\né\n"


def test_a_byte_order_mark_is_left_out(tmp_path):
    """Files from Windows editors read as if they had none."""
    path = tmp_path / "x.py"
    path.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert read_text(path) == "x = 1\n"


def test_other_encodings_are_named(tmp_path):
    """A file that is not UTF-8 gives one line with the path, the place and the fix."""
    path = tmp_path / "x.py"
    path.write_bytes(b"x = '\xff'\n")
    with pytest.raises(WorkspaceError, match=r"x\.py: is not UTF-8 \(byte 5\); save it as UTF-8"):
        read_text(path)


def test_what_cannot_be_read_is_named(tmp_path):
    """A folder where a file should be gives one line with the path and the reason."""
    with pytest.raises(WorkspaceError, match=r"cannot be read \(Is a directory\)"):
        read_text(tmp_path)


def test_a_folder_in_the_way_is_named_and_kept(tmp_path):
    """Nothing is written over a folder."""
    (tmp_path / "x.py").mkdir()
    with pytest.raises(WorkspaceError, match=r"x\.py: cannot be written \(a folder is in the way\)"):
        write_text(tmp_path / "x.py", "1")


def test_a_link_is_followed(tmp_path):
    """The file behind a link is written, and the link stays one."""
    (tmp_path / "real.py").write_text("old")
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    write_text(tmp_path / "link.py", "new")
    assert ((tmp_path / "real.py").read_text(), (tmp_path / "link.py").is_symlink()) == ("new", True)


def test_rights_are_kept(tmp_path):
    """A file that only its owner may read stays one."""
    path = tmp_path / "x.py"
    path.write_text("old")
    path.chmod(0o640)
    write_text(path, "new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    """Where the disk fails in the middle, the old content is still there, whole."""

    def full(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "x.py"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(WorkspaceError, match="No space left on device"):
        write_text(path, "new")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("x.py", "old")]


def test_the_digest_depends_on_the_content_alone(tmp_path):
    """Equal files have equal digests, others another, and a missing file an empty one."""
    for name, text in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / name).write_text(text)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b != c
    assert digest(tmp_path / "none") == ""
