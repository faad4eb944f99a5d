"""`gt init`: finds out what a repository is, tries its commands once, and makes a town in it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, dataclass
from typing import Any

import click

from gastown_tui.cli import common, naming, offering
from gastown_tui.cli.tryout import Tried, clean_tip, try_out
from gastown_tui.config import Config, Gate, Roles, RoleSettings, WorktreeSettings
from gastown_tui.engine.place import Place
from gastown_tui.model.errors import GasTownError, Refused, Usage
from gastown_tui.rig.detect import Found, detect
from gastown_tui.rig.errors import NoSuchRef, NotARepository
from gastown_tui.rig.repository import Repository
from gastown_tui.world import DiskFiles, SystemClock

SETUP, SHERIFF = "set-up", "sheriff"
UNGATED = (
    "UNGATED: no test command was found, so nothing is tested before it lands, and each landing will ask you.",
    'Name one: gt uninit, then gt init --gate tests="make test"; or write [[gates]] in .gastown/config.toml.',
)


@dataclass
class Wanted:
    """What the command line says."""

    target: str
    gates: tuple[str, ...]
    run: bool
    runtime: str
    yes: bool
    json: bool


@click.command()
@click.option("--target", default="", help="The branch work lands on (main, master or the current one by default).")
@click.option("--gate", "gates", multiple=True, metavar="NAME=CMD", help="A test command; replaces the guessed ones.")
@click.option("--no-run", is_flag=True, help="Do not try the commands now.")
@click.option("--runtime", default="claude", show_default=True, help="Which agent plays every role.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@common.as_json
def init(target: str, gates: tuple[str, ...], no_run: bool, runtime: str, yes: bool, as_json: bool) -> None:
    """Make a town in this repository, in .gastown. No tracked file is changed and nothing is committed.

    Its commands are guessed, and each is run once on the clean tip, in a worktree of its own.

    \b
    Example:
      gt init
      gt init --gate tests="make check"
    """
    wanted = Wanted(target, gates, not no_run, runtime, yes, as_json)
    repo = repository()
    place = Place(repo.root)
    if place.there:
        common.show({"created": False, "root": str(repo.root)}, "There is a town here already: gt status", as_json)
        return
    document = asyncio.run(make(repo, place, wanted))
    said = [] if as_json else [*offering.offer(place, document["board"], not yes)]
    common.show(document, [*closing(document)[:-1], *said, closing(document)[-1]], as_json)


def repository() -> Repository:
    """The repository the person stands in, with a commit and a checkout; raises Refused that says what is missing."""
    folder = common.folder()
    try:
        repo = Repository.discover(folder)
    except NotARepository as error:
        made = "Make it one: git init, git add, git commit. Then: gt init"
        raise Refused(f"{folder} is not in a git repository.", made) from error
    if repo.git("rev-parse", "--is-bare-repository").line == "true":
        raise Refused(f"{repo.root} is bare: nobody can work in it.", "Clone it, and gt init in the clone.")
    return repo


async def make(repo: Repository, place: Place, wanted: Wanted) -> dict[str, Any]:
    """Find out, try, and found the town; returns the document of `gt init --json`."""
    from gastown_tui.agents import runtime as runtimes
    from gastown_tui.engine.founding import found as found_town

    runtime = runtimes.load(wanted.runtime)
    target = _target(repo, wanted.target)
    tip = repo.tip(f"refs/heads/{target}")
    _say(wanted, f"{repo.root.name}: {target} at {tip[:9]}")
    found, tried = await _look(repo, tip, wanted)
    role = RoleSettings(runtime=wanted.runtime)
    config = Config(
        rig=naming.rig_name(repo.root.name), prefix=naming.prefix(repo.root.name), target=target,
        gates=tuple(found.gates), sheriff=tuple(found.sheriff), worktree=WorktreeSettings(setup=tuple(found.setup)),
        roles=Roles(role, role, role),
    )  # fmt: skip
    kept = found_town(place, config, clock=SystemClock(), files=DiskFiles())
    by_command = {one.run: one for one in tried}
    return {
        "created": True, "root": str(repo.root), "town": kept.rig or config.rig, "prefix": kept.prefix or config.prefix,
        "taken_up": {"seq": kept.seq, "beads": len(kept.beads)} if kept.rig else None, "target": target,
        "tip": tip, "kind": found.kind, "languages": found.languages, "gated": config.gated,
        "setup": [asdict(by_command.get(c) or Tried(SETUP, c)) for c in found.setup],
        "sheriff": [asdict(by_command.get(c) or Tried(SHERIFF, c)) for c in found.sheriff],
        "gates": [asdict(by_command.get(g.run) or Tried(g.name, g.run)) for g in found.gates],
        "uncommitted": len(repo.status(repo.root)), "warnings": _warnings(repo, runtime),
        "board": offering.board(repo.root),
    }  # fmt: skip


def _target(repo: Repository, named: str) -> str:
    try:
        if named:
            repo.tip(f"refs/heads/{named}")
        return named or repo.default_branch()
    except NoSuchRef as error:
        if named:
            raise Usage(f"There is no branch {named}.", "Nothing was made.") from error
        hint = "Make a first commit (git add, git commit), then: gt init"
        raise Refused(f"{repo.root} has no commit yet.", hint) from error


async def _look(repo: Repository, tip: str, wanted: Wanted) -> tuple[Found, list[Tried]]:
    """What the repository is, and how its commands did on the tip; guesses that fail as a sheriff are left out."""
    given = [_gate(text) for text in wanted.gates]
    if not wanted.run:
        found = detect(repo.root)
        found.gates = given or found.gates
        return found, []
    with clean_tip(repo, tip) as tree:
        found = detect(tree)
        found.gates = given or found.gates
        commands = [(SETUP, c) for c in found.setup] + [(SHERIFF, c) for c in found.sheriff]
        commands += [(gate.name, gate.run) for gate in found.gates]
        tried = await try_out(
            tree, commands, SystemClock(), lambda command: _say(wanted, f"  trying {command} ..."),
            lambda one: _report(wanted, one),
        )  # fmt: skip
    red = {one.run for one in tried if not one.ok}
    # A sheriff that is red on the bare tip would send every bead back for what its polecat did not do.
    found.sheriff = [command for command in found.sheriff if command not in red]
    found.gates = [gate for gate in found.gates if gate.run not in red or _keep(gate, bool(given), tried, wanted)]
    return found, tried


def _gate(text: str) -> Gate:
    name, sign, command = text.partition("=")
    if not sign or not name.strip() or not command.strip():
        raise Usage(f"{text!r} is not NAME=CMD.", 'For example: --gate tests="make test"')
    return Gate(name.strip(), command.strip())


def _keep(gate: Gate, given: bool, tried: list[Tried], wanted: Wanted) -> bool:
    """Whether a gate that is red on the bare tip stays: it does, unless it tests nothing or the person says no."""
    if not given and any(one.run == gate.run and one.why == "it found no tests" for one in tried):
        return False
    if wanted.yes or wanted.json or not sys.stdin.isatty():
        return True
    question = f"`{gate.run}` is RED without any change. Keep it? Nothing lands until it is green"
    return click.confirm(question, default=True, err=True)


def _say(wanted: Wanted, text: str) -> None:
    if not wanted.json:
        common.hint(text)


def _report(wanted: Wanted, one: Tried) -> None:
    if one.ok:
        _say(wanted, f"    ok, {one.seconds:.1f} s")
        return
    _say(wanted, f"    {'LEFT OUT' if one.name == SHERIFF else 'RED'} on the clean tip, {one.seconds:.1f} s")
    for line in one.why.splitlines()[:14]:
        _say(wanted, f"      {line}")


def _warnings(repo: Repository, runtime: Any) -> list[str]:
    """What will be in the way later, said now."""
    from gastown_tui.rig.homes import detect_trouble, home

    found = []
    try:
        repo.ident()
    except GasTownError as error:
        found.append(str(error))
    try:
        runtime.program(python=sys.executable)
    except GasTownError as error:
        found.append(f"{error.title} {error.hint.removeprefix('Nothing was started. ')}")
    if trouble := detect_trouble(repo.root):
        found.append(f"Worktrees go to {home(repo.root)}: {trouble[0]}.")
    return found


def closing(document: dict[str, Any]) -> list[str]:
    """What `gt init` says at its end."""
    lines = [f"The town of {document['town']} is made; beads are called {document['prefix']}-..., work lands on "
             f"{document['target']}."]  # fmt: skip
    if kept := document["taken_up"]:
        beads = f"{kept['beads']} bead" + ("" if kept["beads"] == 1 else "s")
        lines.append(f"The ledger that was here (branch gt-ledger) goes on: {beads}, record {kept['seq']}.")
    for name in ("setup", "sheriff", "gates"):
        for one in document[name]:
            how = "not tried" if one["ok"] is None else f"ok in {one['seconds']} s" if one["ok"] else "RED"
            lines.append(f"  {name:<8} {one['run']}  ({how})")
    red = [one["run"] for one in document["gates"] if one["ok"] is False]
    if red:
        lines.append(f"RED: {', '.join(red)} fails on {document['target']} as it is. Nothing lands until it is green.")
    if not document["gated"]:
        lines += UNGATED
    if document["uncommitted"]:
        count = document["uncommitted"]
        lines.append(f"Uncommitted changes here: {count}. They stay untouched; polecats start from the last commit.")
    lines += document["warnings"]
    return [*lines, 'Next: gt opens the cockpit (without a screen: gt up, then gt mayor tell "what you want")']
