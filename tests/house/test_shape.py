"""Rooms stay small and say what they are for."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator

from tests.house.sources import Function, Source, length, sources

FILE, CLASS, FUNCTION, MEDIAN = 400, 250, 50, 150
SENTENCES = re.compile(r"[.!?]\s+[A-Z]")
BROAD_ALLOWED = {
    ("gastown_tui/engine/jobs.py", "_run"): "the engine's supervisor: one failed job is not the town's end",
    ("gastown_tui/cli/main.py", "run"): "the last place before the person: no traceback reaches them",
}


def test_rooms_are_small() -> None:
    """Files up to 400 lines, classes 250, functions 50."""
    found = [f"{source.name}: {source.lines} lines" for source in sources() if source.lines > FILE]
    for source in sources():
        for node in ast.walk(source.tree):
            limit = CLASS if isinstance(node, ast.ClassDef) else FUNCTION
            if isinstance(node, ast.ClassDef | Function) and length(node) > limit:
                found.append(f"{source.name}: {node.name} has {length(node)} lines")
    assert found == []


def test_the_median_module_is_short() -> None:
    """Near 100 lines is the aim; this is where to look when it drifts."""
    lengths = [source.lines for source in sources("gastown_tui") if source.lines > 1]
    assert statistics.median(lengths) <= MEDIAN


def test_each_module_says_in_one_sentence_what_it_is_for() -> None:
    """On top, with a full stop."""
    said = {source.name: ast.get_docstring(source.tree) or "" for source in sources()}
    assert {name: text for name, text in said.items() if not text.endswith(".") or SENTENCES.search(text)} == {}


def test_what_others_may_use_is_documented() -> None:
    """Public classes, functions and methods have docstrings, or are documented where they are declared."""
    assert [f"{source.name}: {name}" for source in sources("gastown_tui") for name in _undocumented(source)] == []


def _undocumented(source: Source) -> Iterator[str]:
    declared = set(_documented_methods(source))
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            methods = [m for m in node.body if isinstance(m, Function) and m.name not in declared]
            documentable = [node, *(m for m in methods if not _exempt(m))]
        elif isinstance(node, Function) and not _exempt(node):
            documentable = [node]
        else:
            continue
        yield from (found.name for found in documentable if not ast.get_docstring(found))


def _documented_methods(source: Source) -> Iterator[str]:
    """Methods a Protocol or base of this module documents: its bodies need not say it again."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef):
            yield from (m.name for m in node.body if isinstance(m, Function) and ast.get_docstring(m))


def _exempt(function: Function) -> bool:
    """Private; a setter beside its getter; or registered for a record that is documented (`@case(Event)`)."""
    decorators = [ast.unparse(d) for d in function.decorator_list]
    registered = any(re.match(r"(case|handles)\(\w+\.\w+\)$", d) or d.endswith(".setter") for d in decorators)
    return function.name.startswith("_") or registered or "overload" in decorators


def test_broad_excepts_stand_in_named_places_only() -> None:
    """Elsewhere an error nobody expected must be heard; and no named place outlives what it excuses."""
    found = {
        (source.name, getattr(function, "name", ""))
        for source in sources()
        if any(isinstance(node, ast.ExceptHandler) and _broad(node) for node in ast.walk(source.tree))
        for function in [*source.functions(), source.tree]
        if any(isinstance(node, ast.ExceptHandler) and _broad(node) for node in _own(function))
    }
    assert found == set(BROAD_ALLOWED)


def _own(top: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module without those of functions inside it."""
    for node in ast.iter_child_nodes(top):
        if not isinstance(node, Function):
            yield node
            yield from _own(node)


def _broad(node: ast.ExceptHandler) -> bool:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in kinds)


def test_tasks_belong_to_a_group_and_have_names() -> None:
    """A bare task swallows its error and outlives who started it."""
    found = []
    for source in sources("gastown_tui"):
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            owner = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
            named = any(word.arg == "name" for word in node.keywords)
            if name == "ensure_future" or (name == "create_task" and not (owner.endswith("group") and named)):
                found.append(f"{source.name}:{node.lineno}")
    assert found == []
