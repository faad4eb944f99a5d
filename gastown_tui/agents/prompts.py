"""What each role is told: fills the Markdown files of `prompts/`, each value once and never read as a template."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from gastown_tui.model.errors import GasTownError

if TYPE_CHECKING:
    from importlib.abc import Traversable

_FENCED = {"diff": "diff", "sheriff": "text"}
"""Values from outside, shown between fences that nothing inside them can close."""

_LISTED = ("gates",)
"""Values of one command a line, shown as a list."""

_ONLY_IF = re.compile(r"\?(\w+) ?(.*\n?)")
_TICKS = re.compile(r"`{3,}")


def render(name: str, /, **values: str) -> str:
    """The prompt `name` with its values.

    In a file `$name` stands for a value. A line that starts with `?name ` is there only if that value is not empty,
    and so is a line that holds nothing but a place. Raises GasTownError when a value is missing or is not one the
    file has a place for: what a role should know must not get lost silently.
    """
    lines = _lines(name)
    wanted = places(name)
    if wanted != values.keys():
        missing, unknown = sorted(wanted - values.keys()), sorted(values.keys() - wanted)
        hint = f"Missing: {missing}; without a place: {unknown}"
        raise GasTownError(f"The prompt {name!r} was filled wrongly.", hint)
    shown = {key: _shown(key, value) for key, value in values.items()}
    kept = []
    for line in lines:
        only_if = _ONLY_IF.fullmatch(line)
        if only_if and values[only_if[1]].strip():
            kept.append(only_if[2])
        elif not only_if and not (line.startswith("$") and not shown.get(line[1:].strip(), "?").strip()):
            kept.append(line)
    return Template("".join(kept)).substitute(shown).strip("\n") + "\n"


def places(name: str) -> frozenset[str]:
    """The names of the values a prompt wants."""
    text = "".join(_lines(name))
    found = {match["named"] or match["braced"] for match in Template.pattern.finditer(text)}
    return frozenset(found - {None} | set(re.findall(r"^\?(\w+)", text, re.M)))


def names() -> list[str]:
    """The prompts there are."""
    return sorted(entry.name.removesuffix(".md") for entry in _folder().iterdir() if entry.name.endswith(".md"))


def fenced(text: str, kind: str = "") -> str:
    """`text` between fences longer than any inside it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in _TICKS.findall(text)), default=0))
    return f"{ticks}{kind}\n{text.rstrip(chr(10))}\n{ticks}"


def _shown(name: str, value: str) -> str:
    if name in _FENCED:
        return fenced(value, _FENCED[name])
    if name in _LISTED:
        return "\n".join(f"- `{line.strip()}`" for line in value.splitlines() if line.strip()) or "- none"
    return value


def _folder() -> Traversable:
    return files("gastown_tui.agents") / "prompts"


@cache
def _lines(name: str) -> tuple[str, ...]:
    source = _folder() / f"{name}.md"
    if not re.fullmatch(r"[a-z_]+", name) or not source.is_file():
        raise GasTownError(f"There is no prompt {name!r}.", f"There are: {', '.join(names())}")
    return tuple(source.read_text("utf-8").splitlines(keepends=True))
