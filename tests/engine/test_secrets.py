"""Secrets of every shape, planted wherever text comes into a running town, are in nothing the town keeps or shows."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest

from gastown_tui.cli import peek
from gastown_tui.config import Gate, SheriffAllow
from gastown_tui.door.client import Client
from gastown_tui.engine.ledger.reading import read_town, records
from gastown_tui.engine.place import Place
from gastown_tui.model.bead import EDITABLE, encode
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.orders import ORDERS, OVERSEER
from tests.cli.towns import gt, start, stop
from tests.engine.towns import founded, rehearse
from tests.support import rigs
from tests.support.planted import core, planted
from tests.support.waiting import until

TYPED = planted(11)
"""What the overseer types."""

FOUND = planted(12)
"""What agents come upon: it stands in a file of the rig."""

SECRETS = sorted({core(text) for text in (*TYPED.values(), *FOUND.values())})
AT_ONCE = 8
OTHER = frozenset({"import_beads", "type_keys", "stop", "freeze", "thaw", "resize", "sling", "undo", "redo"})
"""Orders without text of their own, and records of others, which are refused instead."""

SEEN = ("anthropic", "github p", "openai project", "jwt", "password")
"""What an agent has its terminal show, each alone: the rehearsal shows the end of an output only."""

LOOK = rehearse("\n".join(f"run cat {number}.txt" for number in range(len(SEEN))) + "\nstall")
WORK = rehearse(
    'run cat secrets.txt\nrun cp secrets.txt copy.txt\ncommit Add a copy\nrun gt done -m "$(cat secrets.txt)"',
    'run git rm -q copy.txt\ncommit Take it out again\nrun gt escalate "$(cat secrets.txt)"',
)


TAKEN = frozenset({
    "create_bead", "update_bead", "close_bead", "release", "tell_mayor", "submit_plan", "edit_plan", "drop_plan", "do",
    "nudge", "escalate", "answer",
})  # fmt: skip
"""Orders that are accepted with a secret in them: all others are planted, too, and may refuse what they are given."""


@dataclass
class Planter:
    """Asks for every order with secrets in each of its texts; `taken` are those that were accepted."""

    client: Client
    taken: set[str] = field(default_factory=set)
    left_out: int = 0

    def ask(self, name: str, /, **args: Any) -> dict[str, Any]:
        """Ask; a refusal is an answer, too."""
        try:
            answer = self.client.order(name, args)
        except GasTownError:
            return {}
        self.taken.add(name)
        self.left_out += len(answer.get("left_out", ()))
        return answer

    def plant(self, agent: str, text: str) -> None:
        """Every order once, with `text` wherever it takes one."""
        ids = {"agent": agent, "discovered_from": "", "revises": "", "key": "one", "verdict": "fail"}
        for name, row in ORDERS.items():
            if name in OTHER or OVERSEER not in row.who:
                continue
            ids["bead"] = self.ask("create_bead", title="To be planted")["bead"]
            plan = {"title": f"Plan {name}", "beads": [{"key": "a", "title": "A"}]}
            ids["plan"] = self.ask("submit_plan", plan=plan)["plan"]
            ids["need"] = next(iter(read_needs(self.client)), "none")
            self.ask(name, **_args(row.order, ids, text))


def read_needs(client: Client) -> list[str]:
    """Ids of what waits for an answer in words."""
    return [need["id"] for need in client.status()["needs_you"] if need["kind"] == "question"]


def _args(kind: type[msgspec.Struct], ids: dict[str, str], text: str) -> dict[str, Any]:
    fields = {one.name: one.type for one in msgspec.structs.fields(kind)}
    values = {name: _value(type_, name, ids, text) for name, type_ in fields.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(kind: Any, name: str, ids: dict[str, str], text: str) -> Any:
    if kind is str and name in ids:
        return ids[name]
    if kind is str:
        return " ".join(text.split()) if name == "title" else text
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _args(kind, ids, text)
    if get_origin(kind) is dict:
        return {row.name: text for row in EDITABLE.values() if row.kind in ("line", "word", "text")}
    if get_origin(kind) is tuple and (inner := get_args(kind)[0]) is not str:
        return [_args(inner, ids, text)]
    if get_origin(kind) is tuple and name not in ("needs", "beads", "keys"):
        return [text]
    return None


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A town in which all of it was planted, after its engine has ended."""
    gate = Gate("loud", "cat secrets.txt; test ! -e copy.txt", 60.0)
    files = {"secrets.txt": "\n".join(FOUND.values()) + "\n"}
    files |= {f"{number}.txt": f"it is {FOUND[name]}\n" for number, name in enumerate(SEEN)}
    allow = SheriffAllow(("copy.txt",))  # its own look at what is landed would end the story before the Witness
    settings: dict[str, Any] = {"gates": (gate,), "sheriff": ("cat secrets.txt",), "sheriff_allow": allow}
    place = founded(tmp_path_factory.mktemp("planted"), files, **settings)
    process = start(place)
    planter = Planter(Client.of(place))
    try:
        stalled = planter.ask("do", text=LOOK)["bead"]
        loud = planter.ask("do", text=WORK)["bead"]
        agent = until(lambda: planter.client.town().beads[stalled].assignee, "a polecat at work")
        # What nobody has yet, one of the planted orders may take back.
        until(lambda: planter.client.town().beads[loud].assignee, "another beside it")
        texts = list(TYPED.values())
        for at in range(0, len(texts), AT_ONCE):
            planter.plant(agent, "\n".join(texts[at : at + AT_ONCE]))
        until(lambda: planter.client.town().beads[loud].work.returns, "a gate that sends it back")
        until(lambda: loud in [n.bead for n in planter.client.town().needs.values()], "a polecat's question")
        until(lambda: all(core(FOUND[name])[:20] in _shown(place) for name in SEEN), "all of it on a screen")
        assert planter.ask("release", bead=stalled, reason=texts[0])
        assert planter.taken >= TAKEN and planter.left_out > len(TYPED)
        yield place
    finally:
        stop(place, process)


def _shown(place: Place) -> str:
    return "".join(path.read_text(errors="replace") for path in place.spool.glob("*.raw"))


def holding(text: str) -> list[str]:
    """The planted secrets a text holds."""
    return [secret for secret in SECRETS if secret in text]


def test_no_file_of_the_town_holds_one(town: Place) -> None:
    """But for raw spools, worktrees, which are the rig's, and what agents write down themselves."""
    looked = 0
    for path in town.gastown.rglob("*"):
        theirs = path.suffix == ".raw" or "worktrees" in path.parts or path.match("sessions/*/*.jsonl")
        if path.is_file() and not theirs:
            looked += 1
            assert holding(path.read_text(errors="replace")) == [], path
    assert looked > 10


def test_no_prompt_holds_one(town: Place) -> None:
    """The diff for the witness, what was sent back, nudges, the chat: all that an agent is told."""
    prompts = []
    for path in town.sessions.glob("*/*.jsonl"):
        for line in path.read_text(errors="replace").splitlines():
            entry = json.loads(line)
            if isinstance(entry.get("rehearsal"), dict) and entry["rehearsal"].get("prompt"):
                prompts.append(str(entry["message"]["content"]))
    text = "\n".join(prompts)
    assert holding(text) == [] and "+[redacted: " in text and text.count("[redacted: ") > len(FOUND)


def test_no_screen_shows_one(town: Place) -> None:
    """`gt peek` of everybody who had one on the screen."""
    agents = [agent for agent in read_town(town).agents.values() if agent.spool]
    screens = ["\n".join(peek.screen(str(town.root / agent.spool), 1000)) for agent in agents]
    assert all(holding(screen) == [] for screen in screens) and any("[redacted: " in screen for screen in screens)


def test_no_record_and_no_bead_holds_one(town: Place) -> None:
    """Decoded, as what is packed away inside a record would hide from a search of the files."""
    for record in records(town):
        assert holding(str(record)) == [], record.seq
    for bead in read_town(town).beads.values():
        assert holding(encode(bead).decode()) == [], bead.id
    said = gt(town.root, "log", "--all").out + gt(town.root, "status").out + gt(town.root, "feed").out
    assert holding(said) == [] and "[redacted: " in said


def test_no_object_of_the_ledger_holds_one(town: Place) -> None:
    """Every commit, tree and record that the branch reaches; and no message the town wrote on the target."""
    until(lambda: rigs.git(town.root, "log", "-1", "--format=%B", "gt-ledger"), "a ledger")
    names = [line.split()[0] for line in rigs.git(town.root, "rev-list", "--objects", "gt-ledger").splitlines()]
    command = ["git", "-C", str(town.root), "cat-file", "--batch"]
    objects = subprocess.run(command, input="\n".join(names).encode(), capture_output=True, check=True).stdout
    text = objects.decode(errors="replace")  # trees are not text
    assert len(names) > 20 and holding(text) == [] and "[redacted: " in text
    assert holding(rigs.git(town.root, "log", "--all", "--format=%B")) == []


def test_raw_spools_are_the_persons_alone_and_go_with_the_town(town: Place, tmp_path: Path) -> None:
    """0600 in a folder of 0700 that git does not see; `gt uninit` takes them away."""
    spools = [*town.spool.glob("*.raw"), *town.spool.glob("*.idx")]
    assert spools and all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in spools)
    assert stat.S_IMODE(os.stat(town.spool).st_mode) == 0o700
    assert rigs.git(town.root, "status", "--porcelain", "--ignored=no") == ""
    other = founded(tmp_path)
    shutil.copytree(town.spool, other.spool, dirs_exist_ok=True)
    assert gt(other.root, "uninit", "--yes").code == 0 and not other.spool.exists()


def test_whoever_asks_is_told_what_was_left_out(town: Place) -> None:
    """By the long way and the short one, beside the answer: what is piped stays clean."""
    token = TYPED["github p"]
    for words in (("bead", "create", "Use it", "-d", f"With {token}"), ("mayor", "tell", f"Use {token}")):
        said = gt(town.root, *words, "--json")
        assert said.code == 0 and said.json["left_out"][0]["kind"] == "GitHub token"
        assert "Left out, because the town keeps no secrets: GitHub token (" in said.err
