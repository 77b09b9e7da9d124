"""Tests of `harness.catalogue.source.definitions`."""

import pytest

from harness.catalogue.source.definitions import extract, replace

SOLUTION = '''\
"""Lesson."""

import math

# <solution>
SCALE: float = 2.0
UNUSED = 1


def _helper(x):
    return SCALE * _inner(x)


def _inner(x):
    return math.sqrt(x)
# </solution>


@property
def first(x):
    """First."""
    # <solution>
    return _helper(x) + second(x)
    # </solution>


def second(x):
    # <solution>
    return x
    # </solution>
'''


def test_an_exercise_comes_with_its_helpers():
    """Helpers of helpers, too, in the order of the file; neither markers, nor other exercises, nor what is not used."""
    shown = extract(SOLUTION, "first", without=["first", "second"])
    assert shown == (
        "SCALE: float = 2.0\n\n\n"
        "def _helper(x):\n    return SCALE * _inner(x)\n\n\n"
        "def _inner(x):\n    return math.sqrt(x)\n\n\n"
        '@property\ndef first(x):\n    """First."""\n    return _helper(x) + second(x)\n'
    )


def test_an_exercise_that_uses_itself_ends():
    """Recursion is no reason to look twice."""
    assert extract("def f(x):\n    return f(x)\n", "f") == "def f(x):\n    return f(x)\n"


@pytest.mark.parametrize("function", [extract, lambda text, name: replace("", name, text)])
def test_what_is_not_there_is_an_error(function):
    """A name that the reference does not define is no silent nothing."""
    with pytest.raises(KeyError):
        function("x = 1\n", "f")


STUB = 'def f(x):\n    """F."""\n    raise NotImplementedError("f")\n\n\ndef g():\n    pass\n\n\n# stub 0123\n'
F = 'def f(x):\n    """F."""\n    raise NotImplementedError("f")\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\n\ndef f(x):\n    return 1\n# mine\n", f"a = 1\n\n{F}# mine\n"),
        ("import x\n\n@x.y\n@x.z(\n    1\n)\ndef f(x): return 1", f"import x\n\n{F}"),
        ("class f:\n    def f(self): ...\n", F),
        ("async def f(x): ...\n", F),
        ("f = lambda x: (\n    x\n)\nb = 2\n", f"{F}b = 2\n"),
        ("f: object = None\n", F),
        ("def f(x):\n    return 1\nb = 2\ndef f(x):\n    return 2\nc = 3\n", f"{F}b = 2\nc = 3\n"),
        ("b = 2\n\n\n\n", f"b = 2\n\n\n{F}"),
        ("", F),
        ("a = '\x0c \u2028'\n\x0c\ndef f(x): return 1\nb = 1\n", f"a = '\x0c \u2028'\n\x0c\n{F}b = 1\n"),
    ],
)
def test_only_the_definition_is_replaced(text, expected):
    """Whatever form the learner's definition has, the stub stands in its place and the rest stays."""
    assert replace(text, "f", STUB) == expected


def test_line_ends_are_those_of_the_file():
    """A file from Windows stays one."""
    assert replace("a = 1\r\ndef f(x): return 1\r\n", "f", STUB) == f"a = 1\r\n{F}".replace("\r\n", "\n").replace(
        "\n", "\r\n"
    )


def test_broken_python_is_an_error():
    """Where the file does not parse, nothing can be found in it."""
    with pytest.raises(SyntaxError):
        replace("def f(:\n", "f", STUB)
