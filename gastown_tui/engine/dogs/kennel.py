"""All the dogs: every module of this folder that has a `check`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.config import Config
from gastown_tui.engine.dogs.finding import BAD, Finding
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError


def names() -> list[str]:
    """The dogs there are: the modules here, but for this one and the shape of a finding."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in ("kennel", "finding"))


def run(place: Place, config: Config) -> Iterator[Finding]:
    """Let every dog look; one that cannot is itself a finding, never "all is well"."""
    for name in names():
        dog = importlib.import_module(f"gastown_tui.engine.dogs.{name}")
        try:
            yield from dog.check(place, config)
        except (GasTownError, OSError) as error:
            yield Finding(name.replace("_", " "), BAD, f"could not be looked at: {error}", "Try it by hand.")
