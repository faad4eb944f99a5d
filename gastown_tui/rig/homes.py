"""Where worktrees go: inside `.gastown`, unless the repository's own tools would walk into them there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def detect_trouble(root: Path) -> list[str]:
    """Why worktrees inside this repository would disturb its tools; empty when they may stay.

    jest and vitest match dot folders and name modules twice; tsc, Go and the editors behind them look for their
    project files below the root (interfaces.md).
    """
    package = read_json(root / "package.json")
    tools = {*_names(package, "devDependencies"), *_names(package, "dependencies")}
    scripts = " ".join(_values(package, "scripts"))
    found = [
        f"{tool} walks into folders whose names begin with a dot and would run every worktree's tests"
        for tool in ("jest", "vitest")
        if tool in tools or tool in package or re.search(rf"\b{tool}\b", scripts) or any(root.glob(f"{tool}.config.*"))
    ]
    if (root / "tsconfig.json").is_file():
        found.append("tsconfig.json: tsc and editors would take every worktree for a project inside this one")
    if (root / "go.mod").is_file() or (root / "go.work").is_file():
        found.append("go.mod: Go tools and editors would find every worktree's module inside this one")
    return found


def home(root: Path, env: Mapping[str, str] | None = None) -> Path:
    """The folder for this repository's worktrees: `.gastown/worktrees`, or one of its own in the user's data folder.

    Args:
        env: the environment to read `XDG_DATA_HOME` and `HOME` from (the process's own if None).
    """
    if not detect_trouble(root):
        return root / ".gastown" / "worktrees"
    real = os.path.realpath(root)
    mark = hashlib.sha1(real.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return data_folder(os.environ if env is None else env) / "gastown" / "worktrees" / f"{Path(real).name}-{mark}"


def data_folder(env: Mapping[str, str]) -> Path:
    """The user's data folder as the platform has it."""
    given = env.get("XDG_DATA_HOME", "")
    if os.path.isabs(given):
        return Path(given)
    person = Path(env.get("HOME") or Path.home())
    return person / "Library" / "Application Support" if sys.platform == "darwin" else person / ".local" / "share"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a repository's file; {} when there is none or it does not parse: guesses are built on it."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _names(package: dict[str, Any], key: str) -> list[str]:
    found = package.get(key)
    return list(found) if isinstance(found, dict) else []


def _values(package: dict[str, Any], key: str) -> list[str]:
    found = package.get(key)
    return [value for value in found.values() if isinstance(value, str)] if isinstance(found, dict) else []
