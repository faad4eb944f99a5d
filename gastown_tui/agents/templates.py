"""Fills `{name}` places of a runtime's file with values, in one pass, so that a value is never read as a template."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gastown_tui.model.errors import GasTownError

_PLACE = re.compile(r"\{([a-z_]+)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """`template` with every `{name}` replaced; raises GasTownError for a name there is no value for."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            known = ", ".join(sorted(values))
            raise GasTownError(f"A runtime file asks for {match[0]}.", f"Nothing was started. Known are: {known}")
        return values[match[1]]

    return _PLACE.sub(value, template)


def fill_all(data: Any, values: Mapping[str, str]) -> Any:
    """The same for every string in nested tables and lists, keys included."""
    if isinstance(data, str):
        return fill(data, values)
    if isinstance(data, Mapping):
        return {fill(key, values): fill_all(value, values) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [fill_all(value, values) for value in data]
    return data


def fill_groups(groups: Sequence[Sequence[str]], values: Mapping[str, str]) -> list[str]:
    """A command line from groups of words; a group with a place whose value is empty is left out whole."""
    words: list[str] = []
    for group in groups:
        if all(values.get(name, "?") for word in group for name in _PLACE.findall(word)):
            words += [fill(word, values) for word in group]
    return words
