"""What lies in folders that spec and implementation share, and wrong answers that work on files."""

import os
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from harness.data.copying import Copy, NotCopied
from harness.diagnosis.diagnose import diagnose
from harness.diagnosis.folders import LARGEST, files_of, folders_in, lay_out, loaded
from harness.judge.diagnosing import Diagnoses
from harness.runner import seeds
from harness.runner.loading import submission
from harness.runner.proxy import Impl
from harness.runner.session import Session
from harness.spec import assert_value
from harness.tests.tiny_kata import LESSON, TOML, make_kata

SOLUTION = '''\
"""Tiny things."""

import torch


def double(path):
    """Doubles the number in a file."""
    # <solution>
    number = torch.load(path)["number"]
    torch.save({"number": 2 * number}, path)
    # </solution>


def join_words(words):
    """Joins words."""
    # <solution>
    return " ".join(words)
    # </solution>
'''

MISTAKES = '''\
import torch


def double__squares(path):
    """You squared it."""
    number = torch.load(path)["number"]
    torch.save({"number": number * number}, path)


def double__beside(path):
    """You wrote beside the file."""
    number = torch.load(path)["number"]
    torch.save({"number": 2 * number}, path.with_suffix(".new"))


def double__into_a_folder(path):
    """You wrote into a folder."""
    number = torch.load(path)["number"]
    path.with_suffix("").mkdir()
    torch.save({"number": 2 * number}, path.with_suffix("") / path.name)


def join_words__nothing(words):
    """You joined nothing."""
    return ""
'''


def is_twice(impl):
    for number in (2.0, 3.0):
        path = impl.folder() / "number.pt"
        torch.save({"number": torch.tensor(number)}, path)
        impl.double(path)
        assert_value(torch.load(path)["number"].item(), 2 * number)


@pytest.mark.parametrize(
    "apart",
    [False, pytest.param(True, marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork"))],
)
@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ("torch.save(OrderedDict(number=x * x), path)", "double__squares"),
        ('torch.save({"number": x + x}, path.parent / "number.new")', "double__beside"),
        (
            '(path.parent / "number").mkdir()\n    torch.save({"number": x + x}, path.parent / "number" / "number.pt")',
            "double__into_a_folder",
        ),
        ('path.write_text("nothing of the kind")', None),
    ],
)
def test_mistakes_are_recognised_by_the_files_that_they_leave(tmp_path, body, mistake, apart):
    """Files are laid out as the answer found them, and a mistake leaves what the answer left."""
    seeds.register_torch_generator()
    kata = make_kata(tmp_path / "katas/01_tiny", toml=TOML, solution=SOLUTION, lesson=LESSON, mistakes=MISTAKES)
    answer = tmp_path / "answer.py"
    answer.write_text(
        "from collections import OrderedDict\n\nimport torch\n\n\ndef double(path):\n"
        f'    x = torch.load(path)["number"]\n    {body}\n'
    )
    session, diagnoses = Session.start(kata, submission(kata, answer)), Diagnoses()
    recorder = diagnoses.watch(session)
    diagnoses.begin(session, kata.exercise("double"), "is_twice")
    with pytest.raises(Exception) as error:
        is_twice(Impl(session))
    recorder.fail(error.value)
    assert [each.mistake for each in diagnose(kata, recorder.tests, apart=apart)] == ([mistake] if mistake else [])
    session.close()


def test_a_folder_is_laid_out_as_it_was(tmp_path):
    """Files, folders and empty folders come back, and what came since goes."""
    folder = tmp_path / "a"
    (folder / "b" / "c").mkdir(parents=True)
    (folder / "b" / "file").write_bytes(b"1")
    (folder / "b.x").write_bytes(b"2")
    files = files_of(folder)
    (folder / "b" / "file").write_bytes(b"3")
    (folder / "more").write_bytes(b"4")

    lay_out(folder, files)

    assert files_of(folder) == files == {"b": None, "b.x": b"2", "b/c": None, "b/file": b"1"}


@pytest.mark.parametrize("thing", ["large", "link", "pipe", "missing"])
def test_what_cannot_be_laid_out_again_is_refused(tmp_path, thing):
    """Too much, what is no file, and a folder that is gone."""
    folder = tmp_path / "a"
    if thing != "missing":
        folder.mkdir()
    if thing == "large":
        (folder / "file").write_bytes(bytes(LARGEST + 1))
    elif thing == "link":
        (folder / "file").symlink_to("/etc/hostname")
    elif thing == "pipe":
        os.mkfifo(folder / "file")
    with pytest.raises(NotCopied):
        files_of(folder)


def test_folders_of_paths_are_found(tmp_path):
    """Each path names the folder right below the base; those elsewhere are nobody's."""
    value = [tmp_path / "a" / "b", {"x": (tmp_path / "c",)}, tmp_path, Path("/elsewhere/d"), "text"]
    paths = Copy(value, lambda other: other, []).paths

    assert folders_in(paths, tmp_path) == {tmp_path / "a", tmp_path / "c"}


def test_files_of_safetensors_are_the_same_in_any_order():
    """The order of the metadata says nothing; what they say does."""
    x = {"w": torch.ones(2)}
    same, again = (save(x, dict.fromkeys(names, "1")) for names in (("a", "b", "c"), ("c", "b", "a")))

    assert loaded(same) == loaded(again)
    assert loaded(same) != loaded(save(x, {"a": "1", "b": "1", "c": "2"}))
    assert loaded(same) != loaded(save({"w": torch.zeros(2)}, dict.fromkeys("abc", "1")))


def test_what_was_saved_is_compared_in_plain_types(tmp_path):
    """Dicts of any type are dicts, parameters are tensors, and what torch cannot load stays bytes."""
    file = tmp_path / "file"
    torch.save(OrderedDict(w=torch.nn.Parameter(torch.ones(2)), more=[(1, "a")]), file)

    found = loaded(file.read_bytes())

    assert type(found) is dict
    assert type(found["w"]) is torch.Tensor
    assert (found["w"].requires_grad, found["more"]) == (False, [(1, "a")])
    assert loaded(b"no file of torch") == b"no file of torch"
