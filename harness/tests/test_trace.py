from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import pytest
import torch

from harness.data.copying import LARGEST_CALL, NotCopied, copy_data, stored_in
from harness.diagnosis.folders import LARGEST
from harness.diagnosis.recorder import FIRST, LATEST, Recorder
from harness.diagnosis.trace import Held, Raised, Step
from harness.errors import DeadlineExceeded
from harness.runner import seeds
from harness.runner.handles import Target
from harness.runner.loading import submission
from harness.runner.proxy import Impl
from harness.runner.request import Request
from harness.runner.session import Session
from harness.tests.tiny_kata import LESSON, TOML, make_kata

SOLUTION = '''\
"""Tiny things."""


def double(values):
    """Doubles in place."""
    # <solution>
    return values.mul_(2) if hasattr(values, "mul_") else [2 * value for value in values]
    # </solution>


class Counter:
    """Counts."""

    # <solution>
    count = 0

    def up(self, other=None):
        """Counts, and gives itself."""
        self.count += 1 + (other.count if other else 0)
        return self
    # </solution>
'''


def refuse(value):
    raise NotCopied


@pytest.fixture
def proxy(tmp_path):
    toml = TOML.replace('"join_words"', '"Counter"')
    kata = make_kata(
        tmp_path / "katas/01_tiny", toml=toml, lesson=LESSON.replace("join_words", "Counter"), solution=SOLUTION
    )
    session = Session.start(kata, submission(kata, kata.solution))
    recorder = Recorder(session.base)
    session.record(recorder.host)
    recorder.start("test_double", "double")
    proxy = Impl(session)
    RECORDERS[proxy] = recorder
    yield proxy
    session.close()


RECORDERS: WeakKeyDictionary[Impl, Recorder] = WeakKeyDictionary()


def steps(proxy: Impl) -> list[Step]:
    return RECORDERS[proxy].tests[-1].example.steps


def test_a_step_holds_what_went_in_and_what_came_out(proxy):
    """Arguments are those from before the call, even if the call changes them, and the change is kept, too."""
    x = torch.tensor([1.0, 2.0])
    proxy.double(x)
    (step,) = steps(proxy)
    assert (step.operation, step.kind, step.target) == ("call", "exercise", "double")
    assert step.args[0].tolist() == [1.0, 2.0]
    assert step.result.tolist() == [2.0, 4.0]
    assert step.after[0][0].tolist() == [2.0, 4.0]
    assert step.lies == ((0, True),)


def test_a_change_behind_the_back_is_seen(proxy):
    """An argument that was changed without torch's counting it, as another process does, has changed all the same."""
    x = torch.tensor([1.0, 2.0])
    recorder = RECORDERS[proxy]
    request = Request("call", Target("exercise", "double"), (x,))
    step = recorder.before(0, request)
    x.numpy()[:] = 5.0
    recorder.after(step, request, None)
    assert step.after[0][0].tolist() == [5.0, 5.0]


def test_later_changes_reach_no_trace(proxy):
    """What the spec does with a result afterwards is not seen in the trace."""
    result = proxy.double([1.0])
    result.append(7)
    assert steps(proxy)[0].result == [2.0]


def test_an_exception_is_kept_by_type_and_text(proxy):
    """A call that raises leaves the exception's full name and message."""
    with pytest.raises(TypeError):
        proxy.double(None)
    result = steps(proxy)[0].result
    assert type(result) is Raised
    assert result.kind == "builtins.TypeError"
    assert "NoneType" in result.message


def test_handles_become_numbers(proxy):
    """An object that stays with the implementation stands in the trace as its number, wherever it appears."""
    first, second = proxy.Counter(), proxy.Counter()
    assert first.up(second) == first
    found, called = steps(proxy)[-2:]
    assert [step.result for step in steps(proxy)] == [Held(0), Held(1), Held(2), Held(0)]
    assert (found.target, found.args) == (Held(0), ("up",))
    assert (called.target, called.args) == (Held(2), (Held(1),))


def test_a_handle_of_another_example_breaks_the_trace(proxy):
    """An example that uses an object from before cannot be done once more."""
    counter = proxy.Counter()
    seeds.call_seeds.seed(0)
    _ = counter.count
    assert not RECORDERS[proxy].tests[-1].example.usable


def test_fresh_processes_are_told_apart(proxy):
    """Each step says on which process it was done."""
    proxy.double([1])
    proxy.fresh().double([2])
    assert [step.process for step in steps(proxy)] == [0, 1]


def test_seeding_begins_an_example(proxy):
    """Every example has its own steps, and the finished ones are kept."""
    for number in range(3):
        seeds.call_seeds.seed(0)
        proxy.double([number])
    test = RECORDERS[proxy].tests[-1]
    assert [example.steps[0].args[0] for example in test.others()] == [[0], [1]]
    assert steps(proxy)[0].args[0] == [2]


def test_a_bounded_number_of_examples_is_kept(proxy):
    """Of many examples the first and the latest stay."""
    for number in range(100):
        seeds.call_seeds.seed(0)
        proxy.double([number])
    kept = [example.steps[0].args[0][0] for example in RECORDERS[proxy].tests[-1].others()]
    assert kept == [*range(FIRST), *range(99 - LATEST, 99)]


def test_a_large_call_drops_its_example_and_no_other(proxy):
    """A call with too many elements is not copied; the next example is kept again."""
    proxy.double(torch.zeros(LARGEST_CALL + 1))
    assert not RECORDERS[proxy].tests[-1].example.usable
    seeds.call_seeds.seed(0)
    proxy.double([1])
    assert RECORDERS[proxy].tests[-1].example.usable


def test_a_large_file_drops_the_example(proxy):
    """What lies in a folder is kept with the call, unless it is too much."""
    folder = proxy.folder()
    with pytest.raises(TypeError):
        proxy.double(folder)
    assert RECORDERS[proxy].tests[-1].example.steps[0].files == {folder: {}}
    (folder / "file").write_bytes(bytes(LARGEST + 1))
    with pytest.raises(TypeError):
        proxy.double(folder / "file")
    assert not RECORDERS[proxy].tests[-1].example.usable


def test_what_the_harness_raises_breaks_the_example():
    """No mistake is looked for where a call ran out of time."""
    recorder = Recorder(Path("/nowhere"))
    recorder.start("test", "double")
    request = Request("call", Target("exercise", "double"), (1,))
    step = recorder.before(0, request)
    assert step is not None
    recorder.after(step, request, DeadlineExceeded("slow"))
    assert not recorder.tests[0].example.usable


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(12.0)[::3],
        torch.arange(3.0).expand(2, 3),
        torch.zeros(0, 3),
        torch.tensor(1 + 2j),
        torch.empty(2, 3, device="meta"),
    ],
    ids=["transposed", "strided", "expanded", "empty", "complex", "meta"],
)
def test_tensors_keep_their_strides(tensor):
    """A copy has the shape, the strides and the values of the original."""
    copy = copy_data(tensor, refuse)
    assert (copy.shape, copy.stride(), copy.dtype, copy.device) == (
        tensor.shape,
        tensor.stride(),
        tensor.dtype,
        tensor.device,
    )
    assert tensor.is_meta or (
        torch.equal(copy, tensor) and (not tensor.numel() or copy.data_ptr() != tensor.data_ptr())
    )


def test_shared_memory_stays_shared():
    """Two views of one memory are two views of one memory in the copy, and one tensor stays one."""
    x = torch.arange(6.0)
    a, b, again = copy_data([x[1:4], x[2:], x[1:4]], refuse)
    a[1] = 70
    assert b[0] == 70
    assert again[1] == 70
    assert x[2] == 2
    both = copy_data((x, x), refuse)
    assert both[0] is both[1]


def test_arrays_and_generators_are_copied():
    """An array keeps its strides and cannot be written to if the original cannot, and a generator keeps its state."""
    array = np.arange(6.0)[::-2]
    array.flags.writeable = False
    generator = torch.Generator().manual_seed(3)
    array_copy, generator_copy = copy_data([array, generator], refuse)
    assert array_copy.strides == array.strides
    assert array_copy.tolist() == array.tolist()
    assert not array_copy.flags.writeable
    torch.rand(2, generator=generator_copy)
    assert torch.equal(generator.get_state(), torch.Generator().manual_seed(3).get_state())


def test_what_is_no_data_is_replaced():
    """Anything else is left to whoever knows what stands for it."""
    assert copy_data({"a": (object(), Path("b"))}, lambda value: "thing") == {"a": ("thing", Path("b"))}


def test_tensors_and_arrays_are_found_in_order():
    """Nested lists, tuples and dicts are searched from the first item to the last."""
    x, y, z = torch.zeros(1), np.zeros(2), torch.zeros(3)
    assert [each.shape for each in stored_in((x, {"a": [y, 1], "b": "text"}, z))] == [(1,), (2,), (3,)]
