"""Tests of `harness.workspace.progress`."""

import json
from concurrent.futures import ThreadPoolExecutor

import filelock
import pytest

from harness.errors import WorkspaceError
from harness.model import ExerciseVerdict, Outcome, Verdict
from harness.workspace import progress
from harness.workspace.progress import Record
from harness.workspace.workspace import Workspace

CODE = {"double": "abc"}


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "w")


def verdict_of(**outcomes: str) -> Verdict:
    return Verdict(
        topic="tiny_things",
        implementation="learner",
        exercises=tuple(
            ExerciseVerdict(exercise=name, outcome=Outcome(outcome), points=0, possible=1, seconds=0.0)
            for name, outcome in outcomes.items()
        ),
    )


def test_nothing_is_known_at_first(workspace):
    """An empty workspace has no progress, and reading it writes nothing."""
    assert progress.load(workspace).of("tiny_things", "double") == Record()
    assert not workspace.root.exists()


def test_a_verdict_is_remembered(workspace):
    """What one process records, another reads: outcome, code and time."""
    progress.record(workspace, verdict_of(double="passed", join_words="todo"), CODE)
    known = progress.load(workspace)
    double, join = known.of("tiny_things", "double"), known.of("tiny_things", "join_words")
    assert (double.outcome, double.code, join.outcome) == (Outcome.PASSED, "abc", Outcome.TODO)
    assert double.when.endswith("+00:00")
    assert known.set_aside is None


def test_verdicts_and_hints_leave_each_other_alone(workspace):
    """A check keeps the number of hints, and a hint keeps the outcome."""
    assert progress.take_hint(workspace, "tiny_things", "double", most=3) == 1
    progress.record(workspace, verdict_of(double="failed"), CODE)
    assert progress.take_hint(workspace, "tiny_things", "double", most=3) == 2
    record = progress.load(workspace).of("tiny_things", "double")
    assert (record.outcome, record.hints) == (Outcome.FAILED, 2)


def test_hints_end(workspace):
    """No more are counted than there are."""
    assert [progress.take_hint(workspace, "t", "e", most=2) for _ in range(3)] == [1, 2, 2]


def test_an_exercise_can_be_forgotten(workspace):
    """Only the named exercises are; one that is not known is no error."""
    progress.record(workspace, verdict_of(double="passed", join_words="passed"), CODE)
    progress.forget(workspace, "tiny_things", ("double", "unknown"))
    assert list(progress.load(workspace).records) == ["tiny_things.join_words"]


def test_several_processes_lose_nothing(workspace):
    """Records that are made at the same time are all kept."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: progress.take_hint(workspace, "t", f"e{n}", most=3), range(16)))
    assert len(progress.load(workspace).records) == 16


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b'{"version": 3, "exercises": {}}',
        b'{"version": 1, "exercises": []}',
        b'{"version": 1, "exercises": {"a.b": 1}}',
        b'{"version": 1, "exercises": {"a.b": {"outcome": "excellent"}}}',
        b'{"version": 1, "exercises": {"a.b": {"hints": "many"}}}',
    ],
)
def test_a_damaged_file_is_set_aside(workspace, content):
    """It is moved among the copies as it is, and the learner goes on with nothing known."""
    file = workspace.state / "progress.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    known = progress.load(workspace)
    assert known.records == {}
    assert known.set_aside is not None
    assert (known.set_aside.read_bytes(), file.exists()) == (content, False)
    assert progress.take_hint(workspace, "t", "e", most=3) == 1


def test_a_damaged_file_stays_where_no_copy_can_be_made(workspace):
    """Reading goes on even so, and nothing is lost."""
    file = workspace.state / "progress.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    (workspace.state / "copies").write_text("in the way")
    assert progress.load(workspace).set_aside == file
    assert file.read_text() == "{"


def test_what_cannot_be_read_is_an_error(workspace):
    """A folder in the place of the file is named."""
    (workspace.state / "progress.json").mkdir(parents=True)
    with pytest.raises(WorkspaceError, match=r"progress\.json: cannot be read"):
        progress.load(workspace)


def test_what_cannot_be_written_is_an_error(workspace):
    """A file in the place of the folder is named."""
    workspace.root.mkdir()
    workspace.state.write_text("in the way")
    with pytest.raises(WorkspaceError, match=r"progress\.json: cannot be written"):
        progress.take_hint(workspace, "t", "e", most=3)


def test_a_lock_that_is_held_is_named(workspace, monkeypatch):
    """Whoever waits in vain is told which file is held."""

    def never(self, *_, **__):
        raise filelock.Timeout(str(self.lock_file))

    monkeypatch.setattr(filelock.FileLock, "acquire", never)
    with pytest.raises(WorkspaceError, match=r"progress\.lock: another `kata` holds this file"):
        progress.take_hint(workspace, "t", "e", most=3)


def test_the_file_is_documented_json(workspace):
    """The file is what the module's docstring says."""
    progress.record(workspace, verdict_of(double="passed"), CODE)
    document = json.loads((workspace.state / "progress.json").read_text())
    entry = document["exercises"]["tiny_things.double"]
    assert document["version"] == progress.VERSION
    assert set(entry) == {"outcome", "code", "when", "hints"}


def test_the_first_version_is_read(workspace):
    """Outcomes and hints of the first version are kept; what it knew of the code is not enough."""
    file = workspace.state / "progress.json"
    file.parent.mkdir(parents=True)
    file.write_text(
        '{"version": 1, "exercises": {"t.e": {"outcome": "passed", "file": "abc", "when": "", "hints": 2}}}'
    )
    assert progress.load(workspace).of("t", "e") == Record(outcome=Outcome.PASSED, hints=2)
