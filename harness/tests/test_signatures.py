from __future__ import annotations

import enum
import functools
import inspect
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.catalogue.source.signatures import compare, reference_signatures
from harness.errors import CatalogueError

GAP = "def join(top, bottom, *, gap=0): ..."


class Dtype:
    """Prints itself as torch's dtypes do."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Rude:
    def __repr__(self) -> str:
        raise ZeroDivisionError

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError

    __hash__ = None  # type: ignore[assignment]


def define(source: str, name: str = "join", **names: object) -> Any:
    """What a learner's source defines under this name."""
    scope: dict[str, object] = dict(names)
    exec(source, scope)
    return scope[name]


def check(reference: str, written: str, name: str = "join", **names: object) -> str | None:
    """What is wrong with a learner's source, compared with a reference's."""
    return compare(name, reference_signatures(reference)[name], define(written, name, **names))


def reason(reference: str, written: str, name: str = "join", **names: object) -> str:
    """The first line's reason, with which every message about parameters begins."""
    message = check(reference, written, name, **names)
    assert message is not None
    first, asked, got = message.splitlines()
    assert asked.startswith(f"  asked for: {name}(")
    assert got.startswith(f"  written:   {name}(")
    return first.removeprefix(f"{name} has other parameters than the exercise asks for: ")


def test_all_definitions_of_a_solution_are_read():
    """Functions and classes are told apart, and shown without annotations, defaults as they are written."""
    found = reference_signatures("""
EPS = 1e-5

def plain(a, b: int = 1) -> int: ...
def every(a, /, b, *c, d, e=torch.float32, **f): ...
async def later(a=EPS, b=NOWHERE): ...
class Net(nn.Module):
    def __init__(self, size: int, *, bias=True) -> None: ...
    def forward(self, x): ...
class Bare:
    x: int
class Static:
    def __init__(): ...
if True:
    def hidden(): ...
""")

    assert {name: (s.is_class, str(s.parameters)) for name, s in found.items()} == {
        "plain": (False, "(a, b=1)"),
        "every": (False, "(a, /, b, *c, d, e=torch.float32, **f)"),
        "later": (False, "(a=1e-05, b=NOWHERE)"),
        "Net": (True, "(size, *, bias=True)"),
        "Bare": (True, "None"),
        "Static": (True, "()"),
    }


@pytest.mark.parametrize("source", ["def f(:", "x = 1\0"])
def test_a_solution_that_is_not_python_is_refused(source):
    """A broken solution is a problem of the catalogue, with Python's own words."""
    with pytest.raises(CatalogueError, match="the solution is not valid Python"):
        reference_signatures(source)


def test_a_signature_says_what_a_name_should_be():
    """Where a name is not defined at all, the signature completes the sentence that asks for it."""
    found = reference_signatures(
        "def join(top, *, gap=0): ...\nclass Net:\n    def __init__(self, n): ...\nclass Bare: ..."
    )

    assert [str(signature) for signature in found.values()] == [
        "a function, called as join(top, *, gap=0)",
        "a class, called as Net(n)",
        "a class",
    ]


def test_the_message_shows_both_signatures():
    """A learner sees what is wrong, what was asked for and what is written, one below the other."""
    assert check(GAP, "def join(top: int, bottom: int) -> int: ...") == (
        "join has other parameters than the exercise asks for: `gap` is missing\n"
        "  asked for: join(top, bottom, *, gap=0)\n"
        "  written:   join(top, bottom)"
    )


@pytest.mark.parametrize(
    ("reference", "written"),
    [
        (GAP, "def join(top: 'Tensor', bottom: Nowhere, *, gap: int = 0) -> Nowhere: ..."),
        (GAP, "def join(top, bottom, gap=0): ..."),
        (GAP, "def join(top, bottom, *, color=1, gap=0): ..."),
        (GAP, "def join(top, bottom, color=1, *, gap=0): ..."),
        (GAP, "join = lambda top, bottom, gap=0: top"),
        ("def join(a, /): ...", "def join(a): ..."),
        ("def join(a, *rest, **more): ...", "def join(a, *others, b=1, **kw): ..."),
        ("def join(a): ...", "def join(a, *, b=1): ..."),
        ("def join(*, a, b): ...", "def join(*, b, a): ..."),
    ],
)
def test_what_may_be_called_as_the_reference_is_accepted(reference, written):
    """Annotations, more parameters with defaults, and ways that take more than was asked for do no harm."""
    source = written if "Nowhere" not in written else f"from __future__ import annotations\n{written}"

    assert check(reference, source) is None


@pytest.mark.parametrize(
    ("reference", "written", "expected"),
    [
        (GAP, "def join(): ...", "`top` is missing"),
        (GAP, "def join(bottom, top, *, gap=0): ...", "parameter 1 is `bottom` instead of `top`"),
        (GAP, "def join(upper, bottom, *, gap=0): ...", "parameter 1 is `upper` instead of `top`"),
        (GAP, "def join(top, gap=0): ...", "`bottom` is missing"),
        (GAP, "def join(bottom, *, gap=0): ...", "`top` is missing"),
        (GAP, "def join(top, *, bottom, gap=0): ...", "`bottom` cannot be given by place; write it before the `*`"),
        (
            "def join(a, /, *, gap=0): ...",
            "def join(a, gap=0, /): ...",
            "`gap` cannot be given by name; write it after the `/`",
        ),
        (GAP, "def join(top, bottom, /, *, gap=0): ...", "`top` cannot be given by name; write it after the `/`"),
        (GAP, "def join(top, bottom, *, gap): ...", "`gap` has no default, but should have 0"),
        (GAP, "def join(top, bottom, *, gap=1): ...", "the default of `gap` is 1 instead of 0"),
        (GAP, "def join(top, bottom=None, *, gap=0): ...", "`bottom` has the default None, but should have none"),
        (
            GAP,
            "def join(top, bottom, more, *, gap=0): ...",
            "`more` is one too many; leave it out or give it a default",
        ),
        (GAP, "def join(*args, gap=0): ...", "`*args` takes anything; name the parameters instead"),
        (
            GAP,
            "def join(top, bottom, *, gap=0, **kwargs): ...",
            "`**kwargs` takes anything; name the parameters instead",
        ),
        ("def join(*parts): ...", "def join(parts): ...", "it does not take any number of arguments by `*`"),
        ("def join(a, **more): ...", "def join(a): ...", "it does not take any number of arguments by `**`"),
        ("def join(a, *rest): ...", "def join(*a): ...", "`a` is missing"),
        (
            "def join(a, *rest): ...",
            "def join(a, b=1, *rest): ...",
            "`b` takes an argument that is meant for the `*`; leave it out",
        ),
    ],
)
def test_what_may_not_be_called_as_the_reference_is_refused(reference, written, expected):
    """Each way in which parameters differ has a reason of its own."""
    assert reason(reference, written) == expected


defaults = [
    ("0", 0, True),
    ("0", 0.0, False),
    ("0", False, False),
    ("-1", -1, True),
    ("1e-5", 0.00001, True),
    ("None", None, True),
    ("None", 0, False),
    ("'mean'", "mean", True),
    ("'mean'", "sum", False),
    ("(1, 2)", (1, 2), True),
    ("(1, 2)", [1, 2], False),
    ("[1]", [Rude()], False),
    ("[]", [], True),
    ("math.pi", math.pi, True),
    ("-math.inf", -math.inf, True),
    ("-math.inf", math.inf, False),
    ("float('inf')", math.inf, True),
    ("-float('inf')", -math.inf, True),
    ("float('nan')", math.nan, True),
    ("torch.float32", Dtype("float32"), True),
    ("torch.float32", Dtype("float64"), False),
    ("torch.float32", None, False),
    ("torch.float32", Rude(), False),
    ("Color.RED", Color.RED, True),
    ("Color.RED", Color.BLUE, False),
    ("nn.Dtype", Dtype, True),
    ("torch.sqrt", math.sqrt, True),
    ("torch.sqrt", math.exp, False),
    ("torch.device('cpu')", Dtype("anything"), True),
    ("EPS", 3, True),
    ("1 / 3", 1 / 3, True),
]


@pytest.mark.parametrize(("source", "value", "same"), defaults)
def test_defaults_agree_by_value_or_by_name(source, value, same):
    """Literals are compared by value and type, names by name; what cannot be told is left to the spec."""
    message = check(f"def join(a={source}): ...", "def join(a=value): ...", value=value)

    assert (message is None) is same
    assert same or "the default of `a` is " in str(message)


def test_a_default_is_shown_in_few_words():
    """Long values, functions and values that cannot be printed do not spoil the message."""
    for value, shown in (
        (Rude(), "an object of type Rude"),
        (math.exp, "exp"),
        ("x" * 500, f"'{'x' * 38}…"),
    ):
        message = check("def join(a=0): ...", "def join(a=value): ...", value=value)
        assert message == (
            f"join has other parameters than the exercise asks for: the default of `a` is {shown} instead of 0\n"
            f"  asked for: join(a=0)\n  written:   join(a={shown})"
        )


def test_what_is_no_function_is_told_in_its_own_words():
    """A number, or a class, in a function's place is named."""
    assert check(GAP, "join = 3") == (
        "join should be a function, called as join(top, bottom, *, gap=0), but it is of type int; "
        "has something been assigned to join?"
    )
    assert check(GAP, "class join: ...") == (
        "join should be a function, called as join(top, bottom, *, gap=0), but it is a class; write `def join(…): …`"
    )


def test_what_is_no_class_is_told_in_its_own_words():
    """A function or an object in a class's place is named."""
    net = "class Net:\n    def __init__(self, size): ..."

    assert check(net, "def Net(size): ...", "Net") == (
        "Net should be a class, called as Net(size), but it is no class; write `class Net: …`"
    )
    assert check("class Net: ...", "Net = None", "Net") == (
        "Net should be a class, but it is of type NoneType; has something been assigned to Net?"
    )


def test_classes_are_compared_by_their_constructor():
    """The parameters of `__init__` count, wherever it comes from."""
    net = "class Net:\n    def __init__(self, size, *, bias=True): ..."

    assert check(net, net, "Net") is None
    assert check(net, f"{net.replace('Net', 'Base')}\nclass Net(Base): ...", "Net") is None
    assert (
        check(
            net, "import dataclasses\n@dataclasses.dataclass\nclass Net:\n    size: int\n    bias: bool = True", "Net"
        )
        is None
    )
    assert reason(net, "class Net:\n    def __init__(self, size): ...", "Net") == "`bias` is missing"
    assert reason(net, "class Net: ...", "Net") == "`size` is missing (Net has no __init__ of its own)"
    assert reason(net, "class Base:\n    def __init__(self, *a): ...\nclass Net(Base): ...", "Net") == (
        "`*a` takes anything; name the parameters instead (Net has no __init__ of its own)"
    )


def test_a_class_without_constructor_is_not_compared():
    """Where the reference has no `__init__`, a learner's class may have any."""
    assert check("class Net: ...", "class Net:\n    def __init__(self, *anything): ...", "Net") is None


def test_wrapped_functions_count_as_what_they_wrap():
    """A decorator that keeps the signature is looked through; one that hides it is told so."""

    def keeping(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    reference = reference_signatures(GAP)["join"]
    function = define(GAP)

    assert compare("join", reference, keeping(function)) is None
    assert compare("join", reference, functools.lru_cache(function)) is None
    hidden = compare("join", reference, lambda *args, **kwargs: function(*args, **kwargs))
    assert "`*args` takes anything" in str(hidden)


def test_partial_functions_objects_and_builtins_are_taken_as_they_come():
    """Whatever can be called is compared if it tells its signature, and accepted if it does not."""

    class Broken:
        __signature__ = "nonsense"

        def __call__(self):
            return 1

    class Fine:
        def __call__(self, top, bottom, *, gap=0):
            return 1

    reference = reference_signatures(GAP)["join"]
    function = define("def join(scale, top, bottom, *, gap): ...")

    assert compare("join", reference, functools.partial(function, 1, gap=0)) is None
    assert "the default of `gap` is 1" in str(compare("join", reference, functools.partial(function, 1, gap=1)))
    assert compare("join", reference, functools.partial(function, nonsense=1)) is None
    assert compare("join", reference, Fine()) is None
    assert compare("join", reference, Broken()) is None
    assert compare("join", reference, max) is None  # a builtin without a signature
    assert "parameter 1 is `y` instead of `top`" in str(compare("join", reference, math.atan2))


parameter_lists = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from(list(inspect._ParameterKind)), st.sampled_from(["", "0", "1"])
    ),
    max_size=5,
    unique_by=lambda item: item[0],
)


def signature_of(parameters: list[tuple[str, Any, str]]) -> str | None:
    """The source of a function with these parameters, if Python allows them."""
    built = [
        inspect.Parameter(name, kind, **({"default": int(default)} if default else {}))
        for name, kind, default in parameters
        if not default or "VAR" not in kind.name
    ]
    try:
        source = f"def join{inspect.Signature(sorted(built, key=lambda p: p.kind))}: return locals()"
        compile(source, "join", "exec")
    except (ValueError, SyntaxError):
        return None
    return source


@given(reference=parameter_lists, written=parameter_lists)
def test_what_is_accepted_takes_every_call_of_the_reference(reference, written):
    """If two signatures are said to agree, a call that fits the one fits the other, and means the same there."""
    sources = signature_of(reference), signature_of(written)
    if None in sources:
        return
    agree = check(sources[0], sources[1]) is None  # type: ignore[arg-type]
    assert check(sources[0], sources[0]) is None  # type: ignore[arg-type]
    if agree:
        functions = [define(str(source)) for source in sources]
        parameters = inspect.signature(functions[0]).parameters.values()
        for by_name in (inspect.Parameter.POSITIONAL_OR_KEYWORD, None):
            args = [i for i, p in enumerate(parameters) if p.kind < 2 and p.kind is not by_name]
            kwargs = {p.name: 9 for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY or p.kind is by_name}
            expected, got = (function(*args, **kwargs) for function in functions)
            for p in parameters:
                if p.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                    assert got[p.name] == expected[p.name]
