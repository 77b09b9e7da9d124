"""What a spec sees of memory and identity: the same, whether an implementation lives in its process or in another."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch

from harness.errors import ImplementationError
from harness.runner.isolation import remote
from harness.tests.isolated import Faces

MODES = [
    "in process",
    pytest.param("apart", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")),
]


@pytest.fixture(params=MODES)
def proxy(request, monkeypatch):
    """Makes proxies of answers: in this process, or in one of their own."""
    if request.param == "in process":
        yield request.getfixturevalue("impl_factory").make
        return
    monkeypatch.setattr(remote, "_parent", request.getfixturevalue("warm"))
    proxies = Faces(request.getfixturevalue("cellar"))
    yield proxies.make
    proxies.close()


KEEPS = """\
import numpy as np
import torch

tensor, array, generator = torch.zeros(2, 3), np.zeros(4), torch.Generator()


def lone():
    return tensor


def nested():
    return {"a": [tensor.t(), (array[::-1], 1)], "b": slice(array, None), "c": torch.tensor(0.0)}


def source():
    return [generator]


def appended(items, entries):
    items.append(tensor)
    entries["a"] = array


def change():
    tensor.add_(1)
    array[:] += 1
    generator.manual_seed(7)
"""


def test_results_do_not_change_afterwards(proxy):
    """What a call gave stays as it was when the implementation changes what it has kept, and the other way round."""
    proxy = proxy(KEEPS)
    lone, nested, (generator,) = proxy.lone(), proxy.nested(), proxy.source()
    items, entries = [], {}
    proxy.appended(items, entries)
    state = generator.get_state()
    proxy.change()
    given = [lone, nested["a"][0], nested["a"][1][0], nested["b"].start, items[0], entries["a"]]
    assert [float(np.abs(np.asarray(x)).sum()) for x in given] == [0] * 6
    assert torch.equal(generator.get_state(), state)
    for x in given:
        x += 5
    generator.manual_seed(3)
    assert proxy.lone().tolist() == [[1, 1, 1]] * 2
    assert proxy.nested()["a"][1][0].tolist() == [1] * 4
    assert proxy.source()[0].initial_seed() == 7


def test_results_of_two_calls_share_nothing(proxy):
    """A tensor that two calls give is two tensors to the spec, and handles are no exception."""
    proxy = proxy("import torch\n\n\nclass Box:\n    def __init__(self, x):\n        self.x = x\n")
    x = torch.zeros(3)
    box = proxy.Box(x)
    first, second = box.x, box.x
    first.fill_(1)
    assert (x.tolist(), second.tolist()) == ([0] * 3, [0] * 3)


def test_what_one_call_gives_shares_memory_as_it_was_made(proxy):
    """Views and arrays in one result stand in one memory, with the strides that they had."""
    proxy = proxy(
        """\
        import torch

        kept = torch.arange(12.0)


        def f():
            return kept, kept[2:8:2], kept.numpy()[::-1], kept.view(3, 4).t(), torch.ones(1).expand(2, 2)
        """
    )
    whole, part, backwards, turned, expanded = proxy.f()
    assert (part.stride(), backwards.strides, turned.stride(), expanded.stride()) == ((2,), (-4,), (1, 4), (0, 0))
    whole[11], whole[4] = 110, 40
    assert (part.tolist(), backwards[0], turned[3, 2], turned[0, 1]) == ([2, 40, 6], 110, 110, 40)
    assert proxy.f()[0].tolist() == list(range(12))


def test_what_lies_in_an_argument_stays_there(proxy):
    """Arguments and views of them come back as such, beside results that are copied."""
    proxy = proxy(
        "import torch\n\nkept = torch.zeros(2)\n\n\n"
        "def f(x, a, items):\n    return x, x[1:], torch.from_numpy(a), items, kept\n"
    )
    x, a, items = torch.zeros(3), np.zeros(2), [1]
    same, part, other, list_, kept = proxy.f(x, a, items)
    x[2], a[1] = 5, 6
    assert (same is x, list_ is items, part.tolist(), other.tolist()) == (True, True, [0, 5], [0, 6])
    kept.fill_(1)
    assert proxy.f(x, a, items)[-1].tolist() == [0, 0]


def test_an_argument_is_a_view_where_it_was_one(proxy):
    """An implementation finds a base where the spec gave a view, and none where it did not."""
    proxy = proxy("def f(x):\n    return x._is_view(), x.reshape(-1, 1)._base is x\n")
    x = torch.arange(6.0)
    assert proxy.f(x) == (False, True)
    assert [proxy.f(view) for view in (x[1:], x[::2], x.view(1, 6), x[:0])] == [(True, False)] * 4


def test_a_device_of_any_number(proxy):
    """A number beyond what torch writes down and reads again is no obstacle."""
    assert proxy('import torch\n\n\ndef f():\n    return torch.device("cuda:200")\n').f() == torch.device("cuda", 200)


@pytest.mark.parametrize("result", ["np.zeros(2, 'i4,f4')", "[np.zeros(2, 'V3')]"])
def test_a_result_that_is_no_plain_data(proxy, result):
    """It is the answer's fault, in the same words."""
    proxy = proxy(f"import numpy as np\n\n\ndef f():\n    return {result}\n")
    with pytest.raises(ImplementationError, match=r"the result cannot be judged: an array of .* is not plain data"):
        proxy.f()


SEEDED = """\
import random

import numpy as np
import torch


def drawn(module):
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)
    module.f
    return torch.rand(()).item(), random.random(), np.random.rand()
"""


def test_an_answer_is_loaded_before_a_probe_begins(proxy):
    """What a probe has seeded is still so after its first look at the answer."""
    proxy = proxy("import random\n\nrandom.seed(0)\n\n\ndef f():\n    return 1\n", probes=SEEDED)
    assert proxy.probes.drawn() == proxy.probes.drawn()
