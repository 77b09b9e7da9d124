"""How an exercise's function or class is to be called, and whether an implementation's may be called that way.

The reference's signature is read from its source, so that the solution need not be there when learners' code runs.
"""

from __future__ import annotations

import ast
import inspect
import math
from dataclasses import dataclass
from inspect import Parameter

from harness.errors import CatalogueError

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
_CATCH_ALL = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}


class _Text(str):
    """A default as it is to be shown: `inspect.Signature` prints the `repr` of defaults."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Signature:
    """How the reference is called.

    Attributes:
        name: of the function or class.
        is_class: whether it is a class.
        parameters: of the function, or of the class's own `__init__` without `self`, defaults as source text; None
            for a class that has no `__init__` of its own: then they are not compared.
    """

    name: str
    is_class: bool
    parameters: inspect.Signature | None

    def __str__(self) -> str:
        """Continues a sentence that says what something should be."""
        kind = "class" if self.is_class else "function"
        return f"a {kind}, called as {self.name}{self.parameters}" if self.parameters else f"a {kind}"


def reference_signatures(solution_text: str) -> dict[str, Signature]:
    """The signatures of all functions and classes that a solution defines, without importing it.

    Raises:
        CatalogueError: the solution is not valid Python.
    """
    try:
        tree = ast.parse(solution_text)
    except (SyntaxError, ValueError) as error:
        raise CatalogueError(f"the solution is not valid Python: {error}") from None
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: dict[str, Signature] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = Signature(name=node.name, is_class=False, parameters=_parameters(node.args, constants))
        elif isinstance(node, ast.ClassDef):
            inits = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
            parameters = _parameters(inits[-1].args, constants, skip=1) if inits else None
            found[node.name] = Signature(name=node.name, is_class=True, parameters=parameters)
    return found


def _parameters(args: ast.arguments, constants: dict[str, ast.expr], *, skip: int = 0) -> inspect.Signature:
    def parameter(arg: ast.arg, kind: inspect._ParameterKind, default: ast.expr | None = None) -> Parameter:
        if isinstance(default, ast.Name):
            default = constants.get(default.id, default)
        return Parameter(arg.arg, kind, default=Parameter.empty if default is None else _Text(ast.unparse(default)))

    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(args.defaults)), *args.defaults]
    kinds = [Parameter.POSITIONAL_ONLY] * len(args.posonlyargs) + [Parameter.POSITIONAL_OR_KEYWORD] * len(args.args)
    found = [parameter(*three) for three in zip(positional, kinds, defaults, strict=True)][skip:]
    if args.vararg:
        found.append(parameter(args.vararg, Parameter.VAR_POSITIONAL))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        found.append(parameter(arg, Parameter.KEYWORD_ONLY, default))
    if args.kwarg:
        found.append(parameter(args.kwarg, Parameter.VAR_KEYWORD))
    return inspect.Signature(found)


def compare(name: str, reference: Signature, actual: object) -> str | None:
    """Whether what an implementation has under this name may be called as the reference is.

    Annotations do not matter, and more parameters may follow if they have defaults.

    Returns:
        None if it may, or cannot be found out; else what is wrong, with both signatures.
    """
    asked = f"{name} should be {reference}"
    is_class = inspect.isclass(actual)
    if not callable(actual):
        return f"{asked}, but it is of type {type(actual).__name__}; has something been assigned to {name}?"
    if reference.is_class and not is_class:
        return f"{asked}, but it is no class; write `class {name}: …`"
    if is_class and not reference.is_class:
        return f"{asked}, but it is a class; write `def {name}(…): …`"
    if reference.parameters is None:
        return None
    try:
        written = inspect.signature(actual)
    except Exception:  # what has none (some builtins), or has a broken one: calls will show whether it fits
        return None
    trouble = _difference(reference.parameters, written)
    if not trouble:
        return None
    if is_class and "__init__" not in vars(actual):
        trouble = f"{trouble} ({name} has no __init__ of its own)"
    shown = inspect.Signature(
        [
            p.replace(
                annotation=Parameter.empty,
                default=p.default if p.default is Parameter.empty else _Text(_show(p.default)),
            )
            for p in written.parameters.values()
        ]
    )
    return (
        f"{name} has other parameters than the exercise asks for: {trouble}\n"
        f"  asked for: {name}{reference.parameters}\n"
        f"  written:   {name}{shown}"
    )


def _difference(reference: inspect.Signature, written: inspect.Signature) -> str | None:
    """The first reason why a call that fits the reference might not fit, or mean something else."""
    wanted = {p.name: p for p in reference.parameters.values() if p.kind not in _CATCH_ALL}
    given = {p.name: p for p in written.parameters.values() if p.kind not in _CATCH_ALL}
    for kind, stars in _CATCH_ALL.items():
        asked = any(p.kind is kind for p in reference.parameters.values())
        names = [p.name for p in written.parameters.values() if p.kind is kind]
        if names and not asked:
            return f"`{stars}{names[0]}` takes anything; name the parameters instead"
        if asked and not names:
            return f"it does not take any number of arguments by `{stars}`"
    in_order = [name for name, p in given.items() if p.kind in _POSITIONAL]
    for index, (name, parameter) in enumerate(wanted.items()):
        by_place = parameter.kind in _POSITIONAL
        instead = in_order[index] if by_place and index < len(in_order) else name
        if name not in given and (instead == name or instead in wanted):
            return f"`{name}` is missing"
        if name in given and by_place and given[name].kind is Parameter.KEYWORD_ONLY:
            return f"`{name}` cannot be given by place; write it before the `*`"
        if instead != name:
            return f"parameter {index + 1} is `{instead}` instead of `{name}`"
        if parameter.kind in _BY_NAME and given[name].kind is Parameter.POSITIONAL_ONLY:
            return f"`{name}` cannot be given by name; write it after the `/`"
        if trouble := _other_default(parameter, given[name]):
            return trouble
    collects = any(p.kind is Parameter.VAR_POSITIONAL for p in reference.parameters.values())
    for name, parameter in given.items():
        if name not in wanted and parameter.default is Parameter.empty:
            return f"`{name}` is one too many; leave it out or give it a default"
        if name not in wanted and collects and parameter.kind in _POSITIONAL:
            return f"`{name}` takes an argument that is meant for the `*`; leave it out"
    return None


def _other_default(wanted: Parameter, given: Parameter) -> str | None:
    if wanted.default is Parameter.empty:
        if given.default is Parameter.empty:
            return None
        return f"`{wanted.name}` has the default {_show(given.default)}, but should have none"
    if given.default is Parameter.empty:
        return f"`{wanted.name}` has no default, but should have {wanted.default}"
    if _same(wanted.default, given.default):
        return None
    return f"the default of `{wanted.name}` is {_show(given.default)} instead of {wanted.default}"


def _same(source: str, value: object) -> bool:
    """Whether a default is what the reference's source text says, as far as the text tells."""
    node = ast.parse(source, mode="eval").body
    try:
        expected = _evaluate(node)
    except (ValueError, TypeError):
        if not isinstance(node, ast.Attribute):
            return True
        spellings = (_show(value), str(getattr(value, "name", "")))  # torch.float32, a class, an enumeration
        return any(spelling.rpartition(".")[2] == node.attr for spelling in spellings)
    if type(value) is not type(expected):
        return False
    try:
        return repr(value) == repr(expected) or bool(value == expected)
    except Exception:  # something in a list that does not compare, such as a tensor
        return False


def _evaluate(node: ast.expr) -> object:
    """The value of a literal, of a constant that has a name, or of `float("inf")`."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Attribute() | ast.Call() as operand):
            return -float(str(_evaluate(operand)))
        case ast.Attribute(value=ast.Name(id="math" | "torch" | "np" | "numpy"), attr="pi" | "e" | "inf" | "nan"):
            return float(getattr(math, node.attr))
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str() as text)]):
            return float(text)
    return ast.literal_eval(node)


def _show(value: object) -> str:
    """A default in few words."""
    if inspect.isclass(value) or inspect.isroutine(value):
        return value.__name__
    try:
        text = repr(value)
    except Exception:  # a learner's own __repr__
        text = " at 0x"
    if " at 0x" in text:  # an address would be another one at each run
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:39]}…"
