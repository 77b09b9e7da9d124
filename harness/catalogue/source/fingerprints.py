"""On what in a file an exercise depends, read off the syntax tree: what has not changed need not be judged again.

An exercise's fingerprint covers its own definition, every definition of the module that it uses, directly or through
others, and all other statements of the module (imports, constants, assignments), since those run whenever the module is
loaded. Definitions that use one variable of the module see one another, unless its value can never change. Comments and
formatting are no part of it. Where names cannot tell (`import *`, `exec`, `globals()`, a `global` statement, functions
or modules that are patched), an exercise depends on the whole file.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from harness.catalogue.files import digest_of_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_REACHING_NAMES = {"globals", "locals", "vars", "eval", "exec", "compile", "setattr", "delattr", "__import__"}
_REACHING_ATTRIBUTES = {"__dict__", "__globals__", "__code__", "__subclasses__", "__builtins__", "_getframe"}
_REACHING_IMPORTS = {"*", "importlib", "inspect", "builtins", "gc", "ctypes", "runpy", "mock", "modules", "_getframe"}
_REACHING_METHODS = {"__init_subclass__", "__set_name__"}
"""Names with which code reaches, or changes, what it does not name."""

_PURE_DECORATORS = {
    *("staticmethod", "classmethod", "property", "dataclass", "cache", "lru_cache", "cached_property", "wraps"),
    *("contextmanager", "overload", "final", "override", "total_ordering", "singledispatch"),
    *("no_grad", "inference_mode", "enable_grad", "compile", "script", "once_differentiable"),
}
"""Decorators that do nothing to others than what they decorate, by the last part of their names."""


def fingerprints(source: str, exercises: Iterable[str]) -> dict[str, str]:
    """A hash for each exercise that changes whenever its verdict may.

    Args:
        source: an implementation's text.
        exercises: names of functions or classes; one that the text does not define depends on the whole text.
    """
    names = list(exercises)
    try:
        module = _Module(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return dict.fromkeys(names, digest_of_text(source))
    return {name: module.fingerprint(name) for name in names}


def own_fingerprints(source: str, exercises: Iterable[str]) -> dict[str, str]:
    """A hash of each exercise's own definition and nothing else; empty where there is none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module(body=[], type_ignores=[])
    found = {node.name: digest_of_text(ast.unparse(node)) for node in tree.body if isinstance(node, _DEFINITIONS)}
    return {name: found.get(name, "") for name in exercises}


def first_lines(source: str, exercises: Iterable[str]) -> dict[str, int]:
    """The line on which each exercise's definition begins, 0 where there is none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return dict.fromkeys(exercises, 0)
    found = {node.name: node.lineno for node in tree.body if isinstance(node, _DEFINITIONS)}
    return {name: found.get(name, 0) for name in exercises}


def mentioned(source: str, roots: Iterable[str]) -> frozenset[str]:
    """All names, attributes and short texts in some functions of a module and in what they use of it.

    A parameter uses what has its name, as a fixture does.

    Raises:
        SyntaxError: the text is not Python.
    """
    module = _Module(ast.parse(source), trusting=True)
    reached: set[str | None] = set()
    wanted: set[str | None] = {*roots}
    while not wanted <= reached:
        reached |= module.reach(wanted) | wanted
        statements = (inner for key in reached for inner in module.nodes.get(key, ()))
        wanted |= {node.arg for inner in statements for node in ast.walk(inner) if isinstance(node, ast.arg)}
    found: set[str] = set()
    for node in (inner for key in reached for statement in module.nodes.get(key, ()) for inner in ast.walk(statement)):
        if isinstance(node, ast.Name | ast.Attribute):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.add(node.value)
    return frozenset(found)


def users(source: str, exercises: Collection[str]) -> dict[str, tuple[str, ...]]:
    """For each definition and variable of a module, the exercises that use it, themselves or through helpers.

    An exercise counts as used by itself alone: what is wrong with it is for its own tests to find.

    Raises:
        SyntaxError: the text is not Python.
    """
    module = _Module(ast.parse(source), trusting=True)
    reached = {name: module.reach([name], short_of={*exercises} - {name}) for name in exercises}
    return {key: tuple(name for name in exercises if key in reached[name]) for key in module.nodes if key is not None}


class _Module:
    """A module in pieces: its top-level definitions by name, and under None all that is no definition.

    Args:
        tree: the module.
        trusting: no decorator does anything to others than what it decorates, and nothing that runs when the module is
            loaded matters but for the variables that it binds.
    """

    def __init__(self, tree: ast.Module, *, trusting: bool = False) -> None:
        self._trusting = trusting
        self.nodes: dict[str | None, list[ast.stmt]] = defaultdict(list)
        for node in tree.body:
            if _is_main_guard(node):
                continue
            names: list[str | None] = [None]
            if isinstance(node, _DEFINITIONS) and (trusting or _keeps_to_itself(node)):
                names = [node.name]
            elif trusting and isinstance(node, ast.Assign | ast.AnnAssign):
                names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
            for name in names:
                self.nodes[name].append(node)
        self._text = digest_of_text("".join(ast.unparse(node) for node in tree.body))
        self.nodes.setdefault(None, [])
        self._uses = {key: {name for node in nodes for name in _names(node)} for key, nodes in self.nodes.items()}
        self._imported = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        self._shared = self._shared_variables()
        self.undecidable = (
            any(_reaches_far(node) for node in ast.walk(tree)) or "__getattr__" in self.nodes or self._patches(tree)
        )

    def fingerprint(self, exercise: str) -> str:
        """The hash of an exercise."""
        if self.undecidable or exercise not in self.nodes:
            return self._text
        reached = sorted(name for name in self.reach([exercise]) if name is not None)
        pieces = [(name, node) for name in (None, *reached) for node in self.nodes[name]]
        return digest_of_text("\n".join(f"{name or ''}:{ast.unparse(node)}" for name, node in pieces))

    def reach(self, roots: Iterable[str | None], *, short_of: Collection[str] = ()) -> set[str | None]:
        """The definitions that are used from some, those included, and from what runs when the module is loaded.

        Those that it stops `short_of` are left out, with what only they use.
        """
        reached: set[str | None] = set()
        waiting: list[str | None] = [*roots] if self._trusting else [None, *roots]
        while waiting:
            key = waiting.pop()
            if key in reached or key not in self.nodes or key in short_of:
                continue
            reached.add(key)
            used = self._uses[key]
            waiting += used
            for variable in used & self._shared.keys() if key is not None else ():
                waiting += self._shared[variable]
        return reached

    def _shared_variables(self) -> dict[str, list[str]]:
        """Variables of the module that may hold state, each with the definitions that use it: they see one another."""
        variables: set[str] = set()
        for node in self.nodes[None]:
            if isinstance(node, ast.Import | ast.ImportFrom) or self._is_constant(node):
                continue
            variables |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        keys = [key for key in self.nodes if key is not None]
        return {variable: [key for key in keys if variable in self._uses[key]] for variable in variables}

    def _is_constant(self, node: ast.stmt) -> bool:
        """Whether a statement binds names to values that nobody can change, or binds none."""
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            return all(isinstance(target, ast.Name) for target in targets) and self._is_frozen(node.value)
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

    def _is_frozen(self, value: ast.expr | None) -> bool:
        if isinstance(value, ast.Tuple):
            return all(self._is_frozen(element) for element in value.elts)
        if isinstance(value, ast.BinOp):
            return self._is_frozen(value.left) and self._is_frozen(value.right)
        if isinstance(value, ast.UnaryOp):
            return self._is_frozen(value.operand)
        if isinstance(value, ast.Attribute):  # torch.float32, math.pi
            return _root(value) in self._imported
        return value is None or isinstance(value, ast.Constant)

    def _patches(self, tree: ast.Module) -> bool:
        """Whether an attribute or item of a definition, or of something imported, is assigned to."""
        outside = self._imported | {key for key in self.nodes if key is not None}
        return any(
            isinstance(node, ast.Attribute | ast.Subscript)
            and isinstance(node.ctx, ast.Store | ast.Del)
            and _root(node) in outside
            for node in ast.walk(tree)
        )


def _names(node: ast.AST) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _keeps_to_itself(node: _Definition) -> bool:
    """Whether a definition does nothing, when it runs, but bind its name."""
    for decorator in node.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name not in _PURE_DECORATORS:
            return False
    return not (isinstance(node, ast.ClassDef) and any(keyword.arg == "metaclass" for keyword in node.keywords))


def _reaches_far(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _REACHING_NAMES | _REACHING_ATTRIBUTES
    if isinstance(node, ast.Attribute):
        return node.attr in _REACHING_ATTRIBUTES or ast.unparse(node) == "sys.modules"
    if isinstance(node, _DEFINITIONS):
        return node.name in _REACHING_METHODS
    if isinstance(node, ast.Import | ast.ImportFrom):
        parts = {part for alias in node.names for part in alias.name.split(".")}
        parts |= set((getattr(node, "module", None) or "").split("."))
        return not parts.isdisjoint(_REACHING_IMPORTS)
    return isinstance(node, ast.Global)


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_main_guard(node: ast.stmt) -> bool:
    """Whether it is `if __name__ == "__main__":`, which a judge never runs."""
    return isinstance(node, ast.If) and not node.orelse and ast.unparse(node.test) == "__name__ == '__main__'"
