"""The settings of a town: `.gastown/config.toml` to and from frozen dataclasses."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import tomli_w

from gastown_tui.model.errors import GasTownError
from gastown_tui.world import Files


@dataclass(frozen=True)
class Services:
    """What a gate needs running: `up` before it, `down` after it, whatever became of it."""

    up: str = ""
    down: str = ""


@dataclass(frozen=True)
class Gate:
    """One named command the Refinery runs on the combined tree.

    `timeout` is in seconds; only changes that match one of the globs `paths` run it (none: all do). Gates of one
    `phase` run side by side as far as the `cores` each takes allow, the next phase after it. Of those with the same
    name in `exclusive` one runs at a time, in all test slots. `junit` are globs of the reports it writes.
    """

    name: str
    run: str
    timeout: float = 900.0
    paths: tuple[str, ...] = ()
    phase: int = 0
    cores: float = 1.0
    exclusive: str = ""
    services: Services = Services()
    junit: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorktreeSettings:
    """What a new worktree gets: commands, paths of the person's checkout to copy or link, and how many ports in a row
    an agent has from GT_PORT on.
    """

    setup: tuple[str, ...] = ()
    teardown: tuple[str, ...] = ()
    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    ports: int = 1


@dataclass(frozen=True)
class RoleSettings:
    """Which runtime plays a role, and with which model ("" is the runtime's own choice)."""

    runtime: str = "claude"
    model: str = ""


@dataclass(frozen=True)
class Roles:
    """The three roles."""

    mayor: RoleSettings = RoleSettings()
    polecat: RoleSettings = RoleSettings()
    witness: RoleSettings = RoleSettings()


@dataclass(frozen=True)
class EnvSettings:
    """Names of the person's environment that agents do not get; `set` adds values, `only` (when given) inherits these
    alone.
    """

    drop: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    set: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SheriffAllow:
    """What the Sheriff's stops let through: `paths` as globs (`*` goes through folders; a folder means all in it)."""

    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """The whole of config.toml (interfaces.md).

    With `staging = "convoy"` the beads of a plan approved from then on land on the branch staging/<convoy> first, and
    that lands on the target as one when all of them are on it.
    """

    rig: str = ""
    prefix: str = "gt"
    target: str = "main"
    land: str = "local"
    staging: str = ""
    strategy: str = "merge"
    remote: str = "origin"
    ci: str = ""
    ci_timeout: float = 3600.0
    sign_off: bool = False
    approve_plan: str = "ask"
    max_polecats: int = 6
    budget_usd: float = 0.0
    max_returns: int = 3
    slots: int = 0
    pregate: str = "auto"
    filed_cap: int = 20
    memory_reserve_mb: int = 1024
    gates: tuple[Gate, ...] = ()
    sheriff: tuple[str, ...] = ()
    sheriff_timeout: float = 300.0
    sheriff_allow: SheriffAllow = SheriffAllow()
    max_file_mb: float = 5.0
    worktree: WorktreeSettings = WorktreeSettings()
    roles: Roles = Roles()
    env: EnvSettings = EnvSettings()
    config_dir: str = ""
    theme: str = ""

    @property
    def gated(self) -> bool:
        """Whether anything is tested before landing; a rig that is not is UNGATED everywhere."""
        return bool(self.gates)


_CHOICES = {"land": ("local", "push", "pr"), "staging": ("", "convoy"), "strategy": ("merge", "squash", "rebase"),
            "approve_plan": ("ask", "auto"), "ci": ("", "push"), "pregate": ("auto", "on", "off")}


def load(path: Path) -> Config:
    """Read config.toml; raises GasTownError naming the key that does not fit."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GasTownError(f"{path.name} cannot be read: {error}.", "Mend it, or delete it.") from error
    config: Config = _build(Config, values, "")
    for name, allowed in _CHOICES.items():
        if getattr(config, name) not in allowed:
            named = ", ".join(word or '""' for word in allowed)
            raise GasTownError(f"config.toml: {name} is one of {named}.", "Mend it and try again.")
    _check_gates(config)
    if config.staging and config.land == "pr":
        hint = 'Take one of them out. With land = "pr" each bead is offered as a pull request of its own.'
        raise GasTownError('config.toml: staging = "convoy" and land = "pr" do not go together.', hint)
    if config.slots < 0:
        raise GasTownError("config.toml: slots is 0 (as many as there is room for) or more.", "Mend it and try again.")
    if config.max_polecats < 1:
        raise GasTownError("config.toml: max_polecats is at least 1.", "Mend it and try again.")
    return config


def _check_gates(config: Config) -> None:
    seen: set[str] = set()
    for gate in config.gates:
        wrong = "has no name" if not gate.name else f"{gate.name} is there twice" if gate.name in seen else ""
        if gate.timeout <= 0 or gate.cores <= 0:
            wrong = f"{gate.name} needs a timeout and cores above 0"
        if gate.services.up and not gate.services.down:
            wrong = f"{gate.name} has services that come up and do not go down"
        if wrong:
            raise GasTownError(f"config.toml: a gate {wrong}." if "no name" in wrong else f"config.toml: gate {wrong}.",
                               "Mend it and try again.")  # fmt: skip
        seen.add(gate.name)


def change(path: Path, config: Config, files: Files, **values: str | float) -> Config:
    """Change settings that stand at the top of config.toml; all else in it stays as it is written, comments too.

    Returns:
        `config` with them, whatever else the file says meanwhile.

    Raises:
        GasTownError: the file cannot be read; nothing was changed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        wanted = tomllib.loads(text)
    except FileNotFoundError:
        text, wanted = "", {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise GasTownError(f"{path.name} cannot be read: {error}.", "Nothing was changed. Mend it first.") from error
    plain = asdict(Config())
    for name, value in values.items():
        wanted = {key: old for key, old in wanted.items() if key != name}
        row = ""
        if value != plain[name]:
            wanted, row = {name: value, **wanted}, tomli_w.dumps({name: value})
        text = _with_row(text, name, row)
    files.replace(path, (text if _says(text, wanted) else tomli_w.dumps(wanted)).encode(), 0o644)
    return replace(config, **values)  # type: ignore[arg-type]


def _with_row(text: str, name: str, row: str) -> str:
    """The file with one row of its top in place of the one of that name, or as its first."""
    first = re.search(r"^[ \t]*\[", text, re.MULTILINE)
    top, rest = (text[: first.start()], text[first.start() :]) if first is not None else (text, "")
    old = re.compile(rf"^[ \t]*{re.escape(name)}[ \t]*=.*(?:\n|\Z)", re.MULTILINE)
    if old.search(top):
        return old.sub(lambda found: row, top, count=1) + rest
    return f"{row}{top}{rest}"


def _says(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def save(path: Path, config: Config, files: Files) -> None:
    """Write config.toml in one step; settings that stand at their default are left out."""
    values = _trim(asdict(config), asdict(Config()))
    if config.gates:
        plain = asdict(Gate("", ""))
        values["gates"] = [{"name": g.name, "run": g.run, **_trim(asdict(g), plain)} for g in config.gates]
    files.replace(path, tomli_w.dumps(values).encode(), 0o644)


def _trim(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(defaults.get(name), dict) and defaults[name]:
            if inner := _trim(value, defaults[name]):
                out[name] = inner
        elif value != defaults.get(name):
            out[name] = _plain(value)
    return out


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v not in ((), {}, [])}
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value


def _build(shape: Any, values: dict[str, Any], where: str) -> Any:
    hints = get_type_hints(shape)
    known = {f.name for f in fields(shape)}
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            there = f"There are: {', '.join(sorted(known))}."
            raise GasTownError(f"config.toml: there is no setting {where}{name}.", there)
        made[name] = _value(hints[name], value, f"{where}{name}")
    try:
        return shape(**made)
    except TypeError as error:
        raise GasTownError(f"config.toml: {where or 'the file'} {error}.", "Mend it and try again.") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    wrong = GasTownError(f"config.toml: {where} has the wrong type ({type(value).__name__}).", "Mend it and try again.")
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise wrong
        return _build(hint, value, f"{where}.")
    if getattr(hint, "__origin__", None) is tuple:
        if not isinstance(value, list):
            raise wrong
        return tuple(_value(hint.__args__[0], item, where) for item in value)
    if getattr(hint, "__origin__", None) is dict:
        if not isinstance(value, dict):
            raise wrong
        return {str(k): str(v) for k, v in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise wrong
    return value
