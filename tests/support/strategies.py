"""Hypothesis strategies for the town's frozen records, made from their own type hints."""

from __future__ import annotations

import types
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

TEXT = st.text(max_size=20)
"""Any text that can be written down: everything but lone surrogates."""

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
"""Any JSON value."""

_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.dictionaries(TEXT, JSON, max_size=3).map(msgspec.json.encode),
    type(None): st.none(),
    Any: JSON,
    msgspec.Raw: JSON.map(msgspec.json.encode).map(msgspec.Raw),
}


@cache
def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type: a struct, a tuple, a dict, a union or a plain one."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return of(args[0])
    if origin in (Union, types.UnionType):
        return st.one_of([of(arg) for arg in args])
    if origin is tuple:
        return st.lists(of(args[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(of(args[0]), of(args[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return st.builds(hint, **{field.name: of(field.type) for field in msgspec.structs.fields(hint)})
    raise TypeError(f"no strategy for {hint}")
