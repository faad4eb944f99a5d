"""Puts settings into a private configuration folder without losing what the program keeps there itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from gastown_tui.model.errors import CannotWrite, GasTownError
from gastown_tui.world import Files


def without_blanks(data: Any) -> Any:
    """`data` without empty strings in its lists: values nobody had."""
    if isinstance(data, dict):
        return {key: without_blanks(value) for key, value in data.items()}
    if isinstance(data, list):
        return [without_blanks(value) for value in data if value != ""]
    return data


def merged(old: Any, new: Any) -> Any:
    """`old` with `new` put in: tables key by key, lists as their union, anything else replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old[key], value) if key in old else value for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *(value for value in new if value not in old)]
    return new


def merge(path: Path, content: dict[str, Any], files: Files) -> None:
    """Make the JSON file at `path` hold `content` beside what it holds; written only if something was missing.

    Raises GasTownError if the file is there and is not JSON: it is left as it is.
    """
    try:
        old = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        old = {}
    except msgspec.DecodeError as error:
        raise GasTownError(f"{path} is not JSON: {error}.", "It was left as it is; mend or remove it.") from error
    new = merged(old, content)
    if new == old:
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(path, msgspec.json.format(msgspec.json.encode(new), indent=1))
    except OSError as error:
        raise CannotWrite(f"{path} could not be written: {error.strerror}.", "Nothing was started.") from error
