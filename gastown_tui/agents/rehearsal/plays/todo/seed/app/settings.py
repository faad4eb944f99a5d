"""What can be set from outside: on the command line for one run, in the environment for a machine."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the application is told when it starts."""

    host: str = "127.0.0.1"
    port: int = 8000
    database: str = "todo.db"


def load(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the settings; a mistake in the arguments ends the program with a message."""
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    parser.add_argument("--port", type=int, default=Settings.port, help="0 takes any free one")
    parser.add_argument("--db", default=Settings.database, help="the SQLite file")
    chosen = parser.parse_args(arguments)
    return Settings(
        host=environment.get("TODO_HOST", Settings.host),
        port=chosen.port,
        database=chosen.db,
    )
