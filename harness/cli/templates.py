"""The files of a new kata, with one exercise that works, for its author to replace."""

from __future__ import annotations

TOML = """\
title = {title}
summary = "You can centre the columns of a matrix."  # what a learner can do after this kata
part = {part}
# Only what the kata cannot do without: processes, loopback, unix_sockets, compiler, meta, torchvision, transformers.
capabilities = []

[[exercise]]
name = "centre_columns"  # the function or class in {topic}.py
points = 1  # 1 to 5
difficulty = 1  # 1 warm-up … 5 takes thought
minutes = 5
needs = []  # exercises that the spec of this one uses as well
forbid = []  # dotted names that would give it away, such as "torch.softmax"
hints = [
  "Over which dimension do you average, if each column has a mean of its own?",
  "Read about `dim` and `keepdim`: https://docs.pytorch.org/docs/stable/generated/torch.mean.html",
  "Average over dimension 0; broadcasting then lines the means up with the columns, and one operator is left.",
]

[exercise.equivalent]  # what `kata mutate {topic}` shows and no spec can tell from a right answer, with the reason
ba15e19f = "means of shape (1, n) are broadcast as those of shape (n,) are"
"""

LESSON = """\
# {title}

What it is about, in a few warm and exact sentences: the idea, and the formula where there is one.

The mean of column $j$ of an $m \\times n$ matrix is $\\mu_j = \\frac{{1}}{{m}} \\sum_i x_{{ij}}$.

## Worked example

Not the answer of any exercise. All Python code in the lesson is run as a doctest.

```python
>>> import torch
>>> torch.tensor([[1.0, 2.0], [3.0, 6.0]]).mean(dim=1)
tensor([1.5000, 4.5000])

```

## Exercises

### `centre_columns`

Subtract from every column its own mean. The result is a new tensor of the same shape and dtype, and `matrix` is left as
it was. A matrix of a single row gives zeros, and one without columns an empty matrix of its shape.

## Links

- [torch.mean](https://docs.pytorch.org/docs/stable/generated/torch.mean.html)
"""

SOLUTION = '''\
"""{title}. The lesson is in README.md, beside this file."""

from torch import Tensor


def centre_columns(matrix: Tensor) -> Tensor:
    """Subtracts from every column its own mean.

    Args:
        matrix: (m, n) with m > 0, float32 or float64.

    Returns:
        (m, n), same dtype: a new tensor, whose columns each have the mean zero.
    """
    # <solution>
    return matrix - matrix.mean(dim=0)  # (m, n) - (n,)
    # </solution>
'''

SPEC = '''\
"""Spec of {topic}."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.spec import assert_own_memory, assert_tensor, matrices, unchanged

FLOATS = st.sampled_from([torch.float32, torch.float64])


@pytest.mark.exercise("centre_columns")
@given(matrix=matrices(columns=st.integers(0, 4), dtype=FLOATS, min_value=-128, max_value=128, noncontiguous=True))
def test_every_column_loses_its_mean(impl, matrix):
    """Every element is what it was, less the mean of its column."""
    expected = matrix.numpy().astype("float64")
    expected = torch.from_numpy(expected - expected.mean(axis=0)).to(matrix.dtype)
    assert_tensor(impl.centre_columns(matrix), expected, rtol=1e-5, atol=1e-4)  # float32 rounds means of about 100


@pytest.mark.exercise("centre_columns")
@given(matrix=matrices(dtype=FLOATS))
def test_the_argument_is_left_alone(impl, matrix):
    """The result is a new tensor, and `matrix` keeps its values."""
    with unchanged(matrix=matrix):
        result = impl.centre_columns(matrix)
    assert_own_memory(result, matrix, "matrix")
'''

MISTAKES = '''\
"""What people get wrong in {topic}."""


def centre_columns__rows(matrix):
    """You subtracted from each row its mean: `dim=1` averages along a row, `dim=0` down a column."""
    return matrix - matrix.mean(dim=1, keepdim=True)


def centre_columns__one_mean(matrix):
    """You subtracted one mean of the whole matrix: without `dim`, `mean` averages over everything."""
    return matrix - matrix.mean()


def centre_columns__in_place(matrix):
    """You changed `matrix` itself: `-=` works in place, and whoever called you still needs the old values."""
    matrix -= matrix.mean(dim=0)
    return matrix
'''


def files(number: int, topic: str, *, title: str, part: str) -> dict[str, str]:
    """The texts of a new kata by their paths inside a pack; the stub is made from the solution."""
    import json

    folder = f"katas/{number:02}_{topic}"
    quoted = {"title": json.dumps(title, ensure_ascii=False), "part": json.dumps(part, ensure_ascii=False)}
    plain = {"title": title, "topic": topic}
    return {
        f"{folder}/kata.toml": TOML.format(topic=topic, **quoted),
        f"{folder}/README.md": LESSON.format(**plain),
        f"{folder}/test_{topic}.py": SPEC.format(**plain),
        f"{folder}/mistakes.py": MISTAKES.format(**plain),
        f"solutions/{topic}.py": SOLUTION.format(**plain),
    }
