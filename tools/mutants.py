"""Mutants of a module: one operator, number or condition changed, never a text."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult,
    ast.FloorDiv: ast.Div, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_PAIRS = [
    ("min", "max"), ("nanmin", "nanmax"), ("minimum", "maximum"), ("argmin", "argmax"), ("any", "all"),
    ("floor", "ceil"), ("first", "last"), ("sin", "cos"), ("cumsum", "cumprod"), ("zeros", "ones"), ("add", "subtract"),
]  # fmt: skip
_NAMES = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_WORDS = {"left": "right", "right": "left"}
_DECLARATIONS = {"record_feature", "window_feature", "recording_feature", "visit_feature"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes
    ----------
    file : str
    site : int
        Number of the changed node, in the order of a walk over the file.
    function : int
        First line of the function that it lies in; 0 for the module itself.
    line : int
    change : str
        What was there and what is there now.
    """

    file: str
    site: int
    function: int
    line: int
    change: str


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """Return every mutant of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    excluded, functions = _excluded(tree), _functions(tree)
    found = []
    for site, node in enumerate(ast.walk(tree)):
        if id(node) not in excluded and (other := _changed(node)) is not None:
            change = f"`{ast.unparse(node)}` to `{ast.unparse(other)}`"
            line = getattr(node, "lineno", 0)
            found.append(Mutant(str(path.relative_to(root)), site, functions.get(id(node), 0), line, change))
    return found


def mutated(source: str, site: int) -> str:
    """Return the source with the node of this number changed."""
    tree = ast.parse(source)
    target = list(ast.walk(tree))[site]
    other = _changed(target)
    assert other is not None
    return ast.unparse(_Replaced(target, other).visit(tree))


def chosen(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """Choose mutants at random, from each file in proportion to what it has, and in a random order.

    In a random order, so that a run that stops half-way has judged a fair share of all of them.
    """
    stream, files = random.Random(seed), sorted({mutant.file for mutant in mutants})  # noqa: S311 (a sample)
    own = {file: [mutant for mutant in mutants if mutant.file == file] for file in files}
    exact = {file: count * len(own[file]) / len(mutants) for file in files}
    share = {file: int(exact[file]) for file in files}
    for file in sorted(files, key=lambda file: share[file] - exact[file])[: count - sum(share.values())]:
        share[file] += 1
    taken = [mutant for file in files for mutant in stream.sample(own[file], min(share[file], len(own[file])))]
    stream.shuffle(taken)
    return taken


class _Replaced(ast.NodeTransformer):
    def __init__(self, target: ast.AST, other: ast.AST) -> None:
        self._target, self._other = target, other

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self._other, node) if node is self._target else super().visit(node)


def _changed(node: ast.AST) -> ast.AST | None:
    """Return what a node is changed to, or nothing."""
    other = copy.deepcopy(node)
    match other:
        case ast.Compare(ops=[operator]) if type(operator) in _COMPARED:
            other.ops = [_COMPARED[type(operator)]()]
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _COMPUTED:
            other.op = _COMPUTED[type(operator)]()
        case ast.BoolOp(op=operator):
            other.op = ast.And() if isinstance(operator, ast.Or) else ast.Or()
        case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub(), operand=operand):
            return operand
        case ast.Constant(value=bool(value)):
            other.value = not value
        case ast.Constant(value=int(value)):
            other.value = value + 1
        case ast.Constant(value=float(value)):
            other.value = 1.5 * value if value else 1.0
        case ast.Constant(value=str(value)) if value in _WORDS:
            other.value = _WORDS[value]
        case ast.Attribute(attr=name) if name in _NAMES:
            other.attr = _NAMES[name]
        case ast.IfExp(test=test) | ast.If(test=test):
            other.test = ast.UnaryOp(ast.Not(), test)
        case _:
            return None
    return other


def _excluded(tree: ast.Module) -> set[int]:
    """Return nodes that say nothing to a computer: types, texts, messages of errors, what only type checkers read."""
    found: set[int] = set()
    for node in ast.walk(tree):
        found |= {id(inner) for part in _silent(node) for inner in ast.walk(part)}
    return found


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=annotation) if annotation is not None:
            yield annotation
        case ast.FunctionDef(returns=returns) if returns is not None:
            yield returns
        case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            yield node
        case ast.Call(func=ast.Name(id="dataclass")):
            yield node
        case ast.Call(func=ast.Name(id=name), keywords=keywords) if name in _DECLARATIONS:
            # what is declared in words and places; bounds and lengths are numbers as others
            yield from (each.value for each in keywords if each.arg in ("source", "outputs", "missing_when"))
        case ast.Assign(targets=[ast.Name(id=name)]) if name.endswith(("_SOURCE", "_HEAD", "_SEED")):
            yield node
    return


def _functions(tree: ast.Module) -> dict[int, int]:
    """Return for each node the first line of the function that it lies in, decorators included."""
    found: dict[int, int] = {}
    for node in ast.walk(tree):  # outer functions come first, so that inner ones overwrite them
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found |= {id(inner): first for part in (*node.body, node.args) for inner in ast.walk(part)}
    return found
