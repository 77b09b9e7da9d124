"""cosmic-ray's operators, those that are worth their time."""

from __future__ import annotations

import ast
from contextlib import suppress
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from harness.errors import KataError
from harness.mutation.edits import Edit
from harness.mutation.operators.dimensions import is_dimension
from harness.mutation.operators.operator import called

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.mutation.edits import Source

_BINARY = {
    "Add": ("Sub", "Mul"),
    "Sub": ("Add",),
    "Mul": ("Div", "Add"),
    "Div": ("Mul", "FloorDiv"),
    "FloorDiv": ("Div", "Mod"),
    "Mod": ("FloorDiv",),
    "Pow": ("Mul",),
    "LShift": ("RShift",),
    "RShift": ("LShift",),
    "BitAnd": ("BitOr",),
    "BitOr": ("BitAnd",),
    "BitXor": ("BitOr",),
}
"""Of the eleven others for each, those that somebody might write: what dies of these dies of any."""
_COMPARISON = {
    "Lt": ("LtE", "GtE"),
    "LtE": ("Lt", "Gt"),
    "Gt": ("GtE", "LtE"),
    "GtE": ("Gt", "Lt"),
    "Eq": ("NotEq", "GtE", "LtE"),
    "NotEq": ("Eq", "Gt", "Lt"),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
"""The boundary and the negation; for equality the negation, and either side of it."""
_OPERATORS = (
    *(f"ReplaceBinaryOperator_{one}_{other}" for one, others in _BINARY.items() for other in others),
    *(f"ReplaceComparisonOperator_{one}_{other}" for one, others in _COMPARISON.items() for other in others),
    *(f"ReplaceUnaryOperator_Delete_{one}" for one in ("USub", "Invert", "Not")),
    *("NumberReplacer", "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr"),
    *("ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer"),
    *("RemoveDecorator", "ZeroIterationForLoop"),
)
"""Left out: NoOp, and VariableReplacer and VariableInserter, which put anything anywhere."""


def changes(source: Source, nodes: Iterable[ast.AST]) -> list[tuple[str, tuple[Edit, ...]]]:
    """What cosmic-ray would change in a statement.

    Args:
        source: the statement.
        nodes: its nodes that may be changed; what cosmic-ray finds elsewhere is left out.

    Raises:
        KataError: cosmic-ray is not installed.
    """
    try:  # late: it is needed by authors only, and slow to import
        from cosmic_ray.ast import ast_nodes, get_ast
        from cosmic_ray.plugins import get_operator
    except ImportError as error:
        raise KataError(
            "mutants need cosmic-ray, which is not installed; `pip install -e .[dev]` in the repository installs it"
        ) from error
    found: list[tuple[str, tuple[Edit, ...]]] = []
    nodes = list(nodes)
    places, pointless = _places(source, nodes), {*_pointless(source, nodes)}
    tree = get_ast(source.text)
    for name in _OPERATORS:
        operator, family = get_operator(f"core/{name}")(), _family(name)
        for at, node in enumerate(ast_nodes(tree)):
            for index, (start, _) in enumerate(operator.mutation_positions(node)):
                place = _offset(source, start)
                if place not in places or (family, place) in pointless:
                    continue
                fresh = next(islice(ast_nodes(get_ast(source.text)), at, None))  # what is mutated is changed
                with suppress(AttributeError):  # its ExceptionReplacer cannot read a dotted name in a tuple
                    found.append((f"core/{name}", (_edit(source, node, operator.mutate(fresh, index)),)))
    return found


def _family(name: str) -> str:
    """How `_pointless` calls an operator."""
    if name.startswith("ReplaceComparisonOperator") and name.endswith(("Eq_GtE", "Eq_LtE", "NotEq_Gt", "NotEq_Lt")):
        return "side"
    return "sign" if name in ("NumberReplacer", "ReplaceUnaryOperator_Delete_USub") else name


def _places(source: Source, nodes: Iterable[ast.AST]) -> set[int]:
    """The places at which cosmic-ray may begin to change something: those of nodes, and of operators between them."""
    places: set[int] = set()
    for node in nodes:
        places.add(source.span(node)[0])
        places.update(source.span(each)[0] - 1 for each in getattr(node, "decorator_list", []))
        for one, other in pairwise(_operands(node)):
            places.update(range(source.span(one)[1], source.span(other)[0]))
    return places


def _operands(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return node.values if isinstance(node, ast.BoolOp) else []


def _pointless(source: Source, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, int]]:
    """Families of operators, and places at which they say nothing new."""
    for node in nodes:
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            test = node.test
            compared = isinstance(test, ast.Compare) and not isinstance(test.ops[0], ast.In | ast.NotIn)
            # The opposite of a comparison is made at its operator; a loop that does not end costs a whole deadline.
            if compared or isinstance(test, ast.UnaryOp) or isinstance(node, ast.While):
                yield "AddNot", source.span(test)[0]
        if isinstance(node, ast.Compare) and not any(map(_is_number, _operands(node))):
            for one, other in pairwise(_operands(node)):  # sides are for numbers
                yield from (("side", at) for at in range(source.span(one)[1], source.span(other)[0]))
        if isinstance(node, ast.Call) and called(node) == "zip":  # `strict` matters to no right caller
            yield from (("ReplaceTrueWithFalse", source.span(each.value)[0]) for each in node.keywords)
        if isinstance(node, ast.Constant | ast.UnaryOp) and is_dimension(node, source):  # our own operator sees to it
            yield "sign", source.span(node)[0]


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _offset(source: Source, place: tuple[int, int]) -> int:
    return source.offset(place[0], 0) + place[1]


def _edit(source: Source, node: Any, mutated: Any) -> Edit:
    """What a mutation of cosmic-ray's comes to in the text."""
    start, end = _offset(source, node.start_pos), _offset(source, node.end_pos)
    if mutated is None:  # a decorator: its whole line
        return Edit(start - node.start_pos[1], end, "")
    return Edit(start, end, mutated.get_code(include_prefix=False).lstrip())
