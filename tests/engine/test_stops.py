"""What stops at the Sheriff because of what a branch carries, and what a formatter of the rig's rewrites."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gastown_tui.config import Config, SheriffAllow
from gastown_tui.engine import stops
from gastown_tui.model import bead as beads
from gastown_tui.model.bead import Bead, Work
from gastown_tui.rig.carried import carried
from tests.engine.towns import founded, rehearse, running
from tests.support import rigs

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n"
MARKED = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n"
HEADINGS = "Title\n=======\n\n> quoted\n>>> 1 + 1\n"

Files = dict[str, str | None]
STOPPED: dict[str, tuple[Files, Files]] = {
    "large file big.txt": ({}, {"big.txt": "x" * 1_200_000}),
    "key file .env": ({}, {".env": "A=1\n"}),
    "key file deploy/id_ed25519": ({}, {"deploy/id_ed25519": "x\n"}),
    "key file notes.md": ({}, {"notes.md": f"look:\n{KEY}"}),
    "key file store.p12": ({}, {"store.p12": "x\n"}),
    "key file web/.env.production": ({}, {"web/.env.production": "A=1\n"}),
    "conflict markers a.py": ({}, {"a.py": MARKED}),
    "lock file js/yarn.lock": (
        {"js/yarn.lock": "1\n", "js/package.json": "{}\n"}, {"js/yarn.lock": "2\n", "package.json": "{}\n"},
    ),
    "lock file tool/go.sum": ({"tool/go.sum": "1\n"}, {"tool/go.sum": "2\n", "tool/other.mod": "x\n"}),
}  # fmt: skip
"""What stops, in the order it is told → files before and after."""

PASSES: dict[str, tuple[Files, Files]] = {
    "plain files": ({}, {"plain.py": "x = 1\n", ".env.example": "KEY=\n", "doc.rst": HEADINGS}),
    "a public certificate": ({}, {"ca.pem": "-----BEGIN CERTIFICATE-----\n"}),
    "an environment file the repository tracks": ({"old/.env": "A=1\n"}, {"old/.env": "A=2\n"}),
    "a file that holds its old key": ({"k": KEY}, {"k": f"{KEY}more\n"}),
    "markers that were there": ({"m": MARKED}, {"m": f"{MARKED}more\n"}),
    "a lock file and its manifest": (
        {"w/package-lock.json": "1\n", "w/app/package.json": "{}\n"},
        {"w/package-lock.json": "2\n", "w/app/package.json": "{ }\n"},
    ),
    "a new lock file": ({}, {"Cargo.lock": "1\n"}),
    "a lock file the bead names": ({"uv.lock": "1\n"}, {"uv.lock": "2\n"}),
    "a lock file among its files": ({"z/poetry.lock": "1\n"}, {"z/poetry.lock": "2\n"}),
    "a folder that is allowed": ({}, {"tests/data/.env": "A=1\n"}),
    "a glob that is allowed": ({}, {"spec/x.key": KEY}),
}


def work(root: Path, before: Files, after: Files) -> tuple[str, str]:
    """A fork and a commit on top of it, with these files."""
    fork = rigs.commit(root, {"README.md": "more\n", **before}, "Before")
    return fork, rigs.commit(root, after, "After")


def bead(title: str = "Add a thing", files: tuple[str, ...] = ()) -> Bead:
    """A bead that asks for something else."""
    return beads.make("rg-1", title, "2026-01-01T00:00:00Z", work=Work(files=files))


def found(root: Path, fork: str, commit: str, config: Config, about: Bead | None = None) -> list[str]:
    """What stops, as "name path"."""
    return [f"{s.name} {s.path}" for s in stops.stops(carried(root, fork, commit), about or bead(), config)]


def test_what_stops_and_what_passes(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    cases = [*STOPPED.values(), *PASSES.values()]
    before, after = ({k: v for case in cases for k, v in case[side].items()} for side in (0, 1))
    fork, commit = work(root, before, after)
    config = Config(max_file_mb=1.0, sheriff_allow=SheriffAllow(("tests/data", "spec/*.key")))
    assert found(root, fork, commit, config, bead("Bring uv.lock up to date", ("z/poetry.lock",))) == list(STOPPED)
    more = ["lock file uv.lock", "lock file z/poetry.lock"]
    assert set(found(root, fork, commit, Config(max_file_mb=1.0))) == {
        *STOPPED, *more, "key file tests/data/.env", "key file spec/x.key",
    }  # fmt: skip


def test_what_a_later_commit_takes_out_again_would_still_land(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    fork, _ = work(root, {}, {".env": "A=1\n", "big": "x" * 1_200_000})
    commit = rigs.commit(root, {".env": None, "big": None, "a": "1\n"}, "Take it out")
    assert found(root, fork, commit, Config(max_file_mb=1.0)) == ["large file big", "key file .env"]
    told = stops.reason(stops.stops(carried(root, fork, commit), bead(), Config()), fork)
    assert f"git reset --soft {fork[:12]}" in told and "gt escalate" in told
    assert found(root, fork, commit, Config(max_file_mb=0.0)) == ["key file .env"]


def test_a_submodule_moves_only_when_the_bead_says_so(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    fork = rigs.git(root, "rev-parse", "HEAD")
    rigs.git(root, "update-index", "--add", "--cacheinfo", f"160000,{fork},vendor/lib")
    rigs.git(root, "commit", "-q", "-m", "Point")
    commit = rigs.git(root, "rev-parse", "HEAD")
    assert found(root, fork, commit, Config()) == ["submodule vendor/lib"]
    assert found(root, fork, commit, Config(), bead("Move the submodule on")) == []
    assert found(root, fork, commit, Config(), bead("Use the newest lib")) == []


def test_where_commits_are_signed_off_each_of_them_is(tmp_path: Path) -> None:
    root = rigs.make(tmp_path / "rig")
    fork, bare = work(root, {}, {"a": "1\n"})
    (root / "b").write_text("2\n")
    rigs.git(root, "add", "b")
    rigs.git(root, "commit", "-q", "-s", "-m", "Signed off")
    commit = rigs.git(root, "rev-parse", "HEAD")
    assert found(root, fork, commit, Config()) == []
    assert found(root, fork, commit, Config(sign_off=True)) == [f"sign-off {bare[:9]}"]
    assert carried(root, fork, commit, [bare]).unsigned() == []


def test_a_stopped_bead_goes_back_with_what_to_do_and_lands_without_the_file(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path, sheriff=("echo ran >> ran.log",))
        async with running(place) as town:
            fork = rigs.git(place.root, "rev-parse", "HEAD")
            mend = f"run git reset -q --soft {fork}\nrun git rm -q --cached .env\nrun rm .env\ncommit Mend\ndone Mended"
            first = "write .env <<END\nA=1\nEND\nwrite a.txt <<END\ntext\nEND\ncommit Add\ndone Added"
            id = await town.do(rehearse(first, mend))
            await town.landed(id)
            back = town.bead(id).work.returns
            assert [r.by for r in back] == ["sheriff"] and ".env: an environment file" in back[0].reason
            assert ".env" not in rigs.git(place.root, "log", "main", "--name-only", "--format=").split()

    asyncio.run(story())


def test_what_a_sheriff_command_rewrites_is_committed_once_and_checked_again(tmp_path: Path) -> None:
    async def story() -> None:
        tidy = "for f in *.txt; do sed 's/ *$//' $f > t && cat t > $f && rm t; done; echo again >> never.md"
        files = {"old.txt": "left as it is   \n", "never.md": "x\n"}
        place = founded(tmp_path, files, sheriff=(tidy, "! grep -q ' $' a.txt"))
        async with running(place) as town:
            id = await town.do(rehearse("write a.txt <<END\ntrailing   \nEND\ncommit Add\ndone Added"))
            await town.landed(id)
            assert town.bead(id).work.returns == ()
            log = rigs.git(place.root, "log", "--format=%an|%s|%(trailers:key=Rewritten-for,valueonly)", "--no-merges")
            assert [line for line in log.splitlines() if "Apply what" in line] == [
                f"obsidian|Apply what `{tidy[:60]}` rewrote|{id}@1"
            ]
            assert rigs.git(place.root, "show", "main:a.txt") == "trailing"
            assert (place.root / "old.txt").read_text() == "left as it is   \n"
            assert (place.root / "never.md").read_text() == "x\n"
            checks = next(r for r in town.bead(id).work.reviews if r.by == "sheriff").checks
            assert [c.verdict for c in checks] == ["pass", "pass"] and "put back" in checks[-1].note

    asyncio.run(story())


def test_a_hook_that_rewrites_after_every_commit_does_not_keep_work_from_being_handed_in(tmp_path: Path) -> None:
    async def story() -> None:
        place = founded(tmp_path)
        hook = place.root / ".git/hooks/post-commit"
        hook.write_text("#!/bin/sh\nfor f in *.txt; do echo stamped >> $f; done\n")
        hook.chmod(0o755)
        async with running(place) as town:
            again = "gt done || true\nappend a.txt <<END\nmore\nEND\ncommit More\ngt done"
            id = await town.do(rehearse(f"write a.txt <<END\ntext\nEND\ncommit Add\n{again}"))
            await town.landed(id)
            log = rigs.git(place.root, "log", "--topo-order", "--format=%an|%s", "--no-merges").splitlines()
            assert log[0] == "obsidian|Apply what a hook rewrote in a.txt"
            assert rigs.git(place.root, "show", "main:a.txt").count("stamped") == 2

    asyncio.run(story())
