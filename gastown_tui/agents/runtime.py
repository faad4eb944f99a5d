"""Agent programs as data: reads `runtimes/*.toml` and makes a launch of one for a seat in the town."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from gastown_tui.agents import seeds
from gastown_tui.agents.dialogs import Dialog, DialogRow, Limit, LimitRow, find_dialog, find_limit
from gastown_tui.agents.session import Launch
from gastown_tui.agents.templates import fill, fill_all, fill_groups
from gastown_tui.agents.transcript import Prices
from gastown_tui.model.errors import GasTownError
from gastown_tui.world import DiskFiles, Files

FROM_HOOK = "from hook"
"""A runtime's `transcript` when its hooks say where it is."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_ARGUMENT_LIMIT = 100_000  # bytes; Linux refuses a single argument of 128 KB
_DISK = DiskFiles()


class Find(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the program may be: names on PATH, else a file inside an installed module (never imported)."""

    names: tuple[str, ...]
    hint: str
    module: str = ""
    inside: str = ""


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a role may do without asking, in the runtime's own words."""

    mode: str = ""
    tools: tuple[str, ...] = ()


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a private configuration folder must hold before the first start."""

    file: str
    content: dict[str, Any]


class Runtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the registry: a TOML file of `runtimes/`, whose comments explain the fields."""

    title: str
    command: tuple[tuple[str, ...], ...]
    resume: tuple[tuple[str, ...], ...]
    find: Find
    memory_mb: int
    transcript: str
    roles: dict[str, Role]
    name: str = ""
    reads: tuple[str, ...] = ()
    default_model: str = ""
    env: dict[str, str] = {}
    env_drop: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    seed: Seed | None = None
    dialogs: tuple[DialogRow, ...] = ()
    limits: tuple[LimitRow, ...] = ()
    prices: dict[str, Prices] = {}

    @property
    def reads_instructions(self) -> bool:
        """Whether it reads a rig's instruction files by itself (which ones: `reads`)."""
        return bool(self.reads)

    def dialog(self, screen_lines: Sequence[str]) -> Dialog | None:
        """The known dialog a screen shows."""
        return find_dialog(self.dialogs, screen_lines)

    def limit(self, screen_lines: Sequence[str]) -> Limit | None:
        """The known limit a screen shows."""
        return find_limit(self.limits, screen_lines)

    def program(self, path: str | None = None, python: str = "") -> str:
        """Where the program is; raises GasTownError that says how to get it.

        Args:
            path: a PATH to search; this process's own when None.
            python: stands for `{python}` in the names.
        """
        for name in self.find.names:
            if found := shutil.which(fill(name, {"python": python}), path=path):
                return found
        if self.find.module and (inside := _inside(self.find.module, self.find.inside)):
            if os.access(inside, os.X_OK):
                return str(inside)
            raise GasTownError(f"{inside} is not executable.", f"Nothing was started. Do: chmod +x {inside}")
        raise GasTownError(f"{self.title} is not on this machine.", f"Nothing was started. {self.find.hint}")


def _inside(module: str, path: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    folders = (spec.submodule_search_locations or []) if spec else []
    return next((Path(folder) / path for folder in folders if (Path(folder) / path).is_file()), None)


@dataclass(frozen=True)
class Seat:
    """Who is to sit down where, for a runtime to be started.

    `folder` is this session's private scratch folder; `port` and `token` lead its hooks to the door; `env` is its
    environment whole; `config_dir` a private configuration folder, None for the person's own account.
    """

    role: str
    name: str
    worktree: Path
    session: str
    prompt: str
    model: str
    folder: Path
    port: int
    token: str
    env: Mapping[str, str]
    config_dir: Path | None = None
    python: str = "python3"
    spool: Path | None = None
    prefix: tuple[str, ...] = field(default=())
    rows: int = 40
    columns: int = 120


def available(extra_folder: Path | None = None) -> list[str]:
    """Names of the runtimes that can be loaded; `program` says whether one is installed."""
    names = {entry.name.removesuffix(".toml") for entry in _shipped().iterdir() if entry.name.endswith(".toml")}
    if extra_folder is not None and extra_folder.is_dir():
        names |= {entry.stem for entry in extra_folder.glob("*.toml")}
    return sorted(names)


def _shipped() -> Any:
    return files("gastown_tui.agents") / "runtimes"


def load(name: str, extra_folder: Path | None = None) -> Runtime:
    """Read a runtime; a file of this name in `extra_folder` goes before the shipped one.

    Raises GasTownError that names the file when there is none, or something in it is unknown or wrong.
    """
    own = extra_folder / f"{name}.toml" if extra_folder is not None else None
    source = own if own is not None and own.is_file() else _shipped() / f"{name}.toml"
    if not _NAME.fullmatch(name) or not source.is_file():
        raise GasTownError(f"There is no agent runtime {name!r}.", f"There are: {', '.join(available(extra_folder))}")
    try:
        row = msgspec.convert({**tomllib.loads(source.read_text("utf-8")), "name": name}, Runtime)
        for pattern in [*(dialog.match for dialog in row.dialogs), *(limit.match for limit in row.limits)]:
            re.compile(pattern)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, re.error, UnicodeDecodeError) as error:
        raise GasTownError(f"The runtime file {source} is not right: {error}.", "Nothing was started.") from error
    return row


def transcript_path(runtime: Runtime, seat: Seat) -> Path | None:
    """Where the session writes its transcript; None when only its hooks say."""
    if runtime.transcript == FROM_HOOK:
        return None
    return Path(fill(runtime.transcript, {"folder": str(seat.folder), "session": seat.session}))


def prepare(runtime: Runtime, seat: Seat, resume: bool = False, files: Files = _DISK) -> Launch:
    """Write what the program needs (settings, a seeded private folder, a long prompt) and say how to start it.

    With `resume` the session of `seat.session` goes on, with the prompt as its next one if there is one.
    Raises GasTownError when the program is not on this machine or the role is not one the runtime has.
    """
    role = runtime.roles.get(seat.role)
    if role is None:
        raise GasTownError(f"{runtime.title} has no role {seat.role!r}.", "Nothing was started.")
    seat.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = _values(runtime, seat, role)
    values["program"] = runtime.program(seat.env.get("PATH", os.defpath), seat.python)
    if runtime.settings:
        path = seat.folder / "settings.json"
        files.replace(path, msgspec.json.format(msgspec.json.encode(fill_all(runtime.settings, values)), indent=1))
        values["settings"] = str(path)
    if seat.config_dir is not None and runtime.seed is not None:
        content = seeds.without_blanks(fill_all(runtime.seed.content, values))
        seeds.merge(Path(fill(runtime.seed.file, values)), content, files)
    values["prompt"] = _prompt(seat, files)
    env = {key: value for key, value in seat.env.items() if key not in runtime.env_drop}
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    env |= {key: filled for key, value in runtime.env.items() if (filled := fill(value, values))}
    env.setdefault("GT_TOKEN", seat.token)
    return Launch(
        name=seat.name, argv=tuple(fill_groups(runtime.resume if resume else runtime.command, values)),
        cwd=seat.worktree, env=env, spool=seat.spool or seat.folder / f"{seat.session}.raw",
        rows=seat.rows, columns=seat.columns, prefix=seat.prefix,
    )  # fmt: skip


def _values(runtime: Runtime, seat: Seat, role: Role) -> dict[str, str]:
    key = seat.env.get("ANTHROPIC_API_KEY", "")
    return {
        "role": seat.role, "name": seat.name, "session": seat.session, "model": seat.model or runtime.default_model,
        "folder": str(seat.folder), "worktree": str(seat.worktree), "port": str(seat.port), "python": seat.python,
        "config_dir": str(seat.config_dir or ""), "mode": role.mode, "tools": " ".join(role.tools),
        "transcript": str(transcript_path(runtime, seat) or ""), "settings": "",
        "api_key_end": key[-20:],  # by its end Claude Code remembers which key was approved
    }  # fmt: skip


def _prompt(seat: Seat, files: Files) -> str:
    """The prompt itself, or where to read it when it is too long for a command line."""
    prompt = seat.prompt.replace("\0", "")
    if prompt.startswith("-"):
        prompt = f" {prompt}"  # or a message of somebody's would be read as the program's options
    data = prompt.encode("utf-8", "replace")
    if len(data) <= _ARGUMENT_LIMIT:
        return data.decode()
    path = seat.folder / f"prompt-{seat.session}.md"
    files.replace(path, data)
    return f"Read the file {path} from beginning to end: it is your whole task. Then do what it says."
