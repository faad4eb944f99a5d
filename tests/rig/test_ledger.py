"""The ledger branch takes a group whole or not at all, git finds it sound, and nobody's work on it is overwritten."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gastown_tui.model.errors import CannotWrite
from gastown_tui.rig.errors import Damaged, Moved
from gastown_tui.rig.git import run
from gastown_tui.rig.ledger import Ledger, bead_path
from gastown_tui.rig.objects import packs
from gastown_tui.rig.repository import create_bare
from tests.rig.conftest import Git
from tests.rig.faults import FaultyDisk

WHEN = 1_700_000_000.0


def test_an_empty_ledger_has_no_head(git: Git) -> None:
    ledger = Ledger(git.path)
    assert ledger.head() == (None, 0) and ledger.read() == {} and list(ledger.messages()) == []


def test_groups_are_kept_with_their_numbers_and_words(git: Git) -> None:
    ledger = Ledger(git.path)
    files: dict[str, bytes | None] = {"town.json": b"{}", "a/b/c": b"1", "a.b": b"2", "a/d": b"3", "a0": b"4"}
    one = ledger.commit(files, 3, "first\n\n{}", WHEN)
    two = ledger.commit({"a/b/c": None, "a.b": b"changed"}, 5, "", WHEN + 1)
    assert ledger.head() == (two, 5)
    assert Ledger(git.path).read() == {"town.json": b"{}", "a.b": b"changed", "a/d": b"3", "a0": b"4"}
    assert list(Ledger(git.path).messages()) == [(one, 3, "first\n\n{}"), (two, 5, "")]
    assert git.out("ls-tree", "-r", "--name-only", one).split("\n") == ["a.b", "a/b/c", "a/d", "a0", "town.json"]
    assert git.out("log", "-1", "--format=%an <%ae> %ct %cn %(trailers:key=Seq,valueonly)", one).strip() == (
        "Gas Town <gastown@localhost> 1700000000 Gas Town 3"
    )
    git.fsck()


def test_git_itself_would_write_the_same_trees(git: Git, tmp_path: Path) -> None:
    chance = random.Random(3)
    files = {bead_path(f"td-{n}"): b"%d" % chance.getrandbits(40) for n in range(300)}
    files |= {"beads.json": b"", "beads-old/x": b"", "a/b": b"\0\xff", "ä/ö ü": b"x"}
    oid = Ledger(git.path).commit(files, 1, "all", WHEN)
    for name, data in files.items():
        path = tmp_path / "plain" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    plain = Git(tmp_path / "plain", git.env)
    plain("init", "--quiet")
    plain("add", "--all")
    assert git.out("rev-parse", f"{oid}^{{tree}}") == plain.out("write-tree")
    git.fsck()


names = st.lists(st.sampled_from(["a", "b", "a.b", "a-b", "é"]), min_size=1, max_size=3).map("/".join)
changes = st.dictionaries(names, st.one_of(st.none(), st.binary(max_size=2)), min_size=1, max_size=4)
branches = (f"ledger-{n}" for n in itertools.count())


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(groups=st.lists(changes, min_size=1, max_size=8))
def test_any_changes_leave_what_a_plain_mapping_would(git: Git, groups: list[dict[str, bytes | None]]) -> None:
    branch = next(branches)
    ledger, expected = Ledger(git.path, branch), dict[str, bytes]()
    for seq, group in enumerate(groups, 1):
        files = {path: data for path, data in {**expected, **group}.items() if data is not None}
        if any(other.startswith(f"{path}/") for path in files for other in files):
            with pytest.raises(ValueError, match="of the ledger"):
                ledger.commit(group, seq, "clash", WHEN)
            continue
        ledger.commit(group, seq, "group", WHEN)
        expected = files
    again = Ledger(git.path, branch)
    assert again.read() == expected == ledger.read()
    if again.head()[0] is not None:
        listed = git.out("-c", "core.quotePath=false", "ls-tree", "-r", "-t", "--name-only", branch)
        folders = {path.rsplit("/", n)[0] for path in expected for n in range(1, path.count("/") + 1)}
        assert set(listed.split("\n")) - {""} == {*expected, *folders}


@pytest.mark.parametrize("path", ["", "/x", "x/", "a//b", "../x", "a/./b", ".git/config", "a/.GIT/x", "a\0b"])
def test_paths_git_cannot_hold_are_refused(git: Git, path: str) -> None:
    ledger = Ledger(git.path)
    with pytest.raises(ValueError, match="not a path"):
        ledger.commit({path: b"x"}, 1, "x", WHEN)
    assert ledger.head() == (None, 0)


@given(st.text())
def test_any_id_is_a_path_and_no_two_share_one(bead: str) -> None:
    path = bead_path(bead)
    parts = path.split("/")
    assert len(parts) == 5 and parts[0] == "beads" and all(len(part) == 1 for part in parts[1:4])
    assert len(parts[4]) <= 210 and set(parts[4]) <= set("%-._") | {c for c in map(chr, range(128)) if c.isalnum()}
    assert path != bead_path(bead + "x") and path != bead_path("%" + bead)


def test_known_paths() -> None:
    assert bead_path("td-5e2") == f"beads/{'/'.join(_sha1('td-5e2')[:3])}/td-5e2.json"
    assert bead_path("../../x y").endswith("/..%2f..%2fx%20y.json")


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def test_a_branch_moved_by_another_is_never_overwritten(git: Git) -> None:
    mine, theirs = Ledger(git.path), Ledger(git.path)
    mine.commit({"a": b"1"}, 1, "mine", WHEN)
    other = theirs.commit({"b": b"2"}, 2, "theirs", WHEN)
    with pytest.raises(Moved) as caught:
        mine.commit({"c": b"3"}, 3, "mine again", WHEN)
    assert caught.value.found == other and mine.head() == (other, 2)
    mine.adopt()
    mine.commit({"c": b"3"}, 3, "mine again", WHEN)
    assert mine.read() == {"a": b"1", "b": b"2", "c": b"3"}
    git("update-ref", "-d", "refs/heads/gt-ledger")
    with pytest.raises(Moved):
        mine.commit({"d": b"4"}, 4, "gone", WHEN)
    assert not git("rev-parse", "--verify", "gt-ledger", check=False).stdout


def test_a_first_commit_does_not_replace_a_branch_made_meanwhile(git: Git) -> None:
    ledger = Ledger(git.path)
    ledger.read()
    git("branch", "gt-ledger")
    with pytest.raises(Moved):
        ledger.commit({"a": b"1"}, 1, "x", WHEN)
    assert git.tip("gt-ledger") == git.tip("main")


def test_a_branch_of_somebody_elses_is_no_ledger(git: Git) -> None:
    git("branch", "gt-ledger")
    with pytest.raises(Damaged, match="no ledger"):
        Ledger(git.path).head()


def test_packed_refs_and_a_collected_store_are_read(git: Git) -> None:
    ledger = Ledger(git.path)
    for seq in range(1, 6):
        ledger.commit({f"f{seq}": b"%d" % seq}, seq, f"m{seq}", WHEN)
    git("gc", "--quiet", "--prune=now")
    ledger.commit({"f6": b"6"}, 6, "m6", WHEN)
    assert set(ledger.read()) == {f"f{n}" for n in range(1, 7)}
    assert [seq for _, seq, _ in Ledger(git.path).messages()] == [1, 2, 3, 4, 5, 6]
    git.fsck()


def test_words_of_a_message_come_back(git: Git) -> None:
    ledger = Ledger(git.path)
    texts = ["Seq: 99", "a\n\nSeq: 7\n\nb", "ünï\u2028 \\0 {}", "x\n\nSeq: 3", "Bead: td-1@2\nSeq: 4"]
    for seq, text in enumerate(texts, 10):
        ledger.commit({"n": b"%d" % seq}, seq, text, WHEN)
    assert [(seq, text) for _, seq, text in ledger.messages()] == list(enumerate(texts, 10))
    ledger.commit({}, 20, "nul \0 and lone \udcff", WHEN)
    assert ledger.head()[1] == 20
    git.fsck()


def test_nothing_is_left_in_a_checkout_or_as_loose_objects(git: Git) -> None:
    before = git.out("count-objects")
    ledger = Ledger(git.path)
    ledger.commit({bead_path(f"td-{n}"): b"x" for n in range(50)}, 1, "x", WHEN)
    assert git.out("count-objects") == before and git.out("status", "--porcelain") == ""
    packs = sorted((git.path / ".git/objects/pack").iterdir())
    assert [path.suffix for path in packs] == [".idx", ".keep", ".pack"]
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in packs)


def test_many_files_are_read_as_one_by_one_and_a_missing_one_is_never_passed_over(git: Git) -> None:
    ledger = Ledger(git.path)
    held = {bead_path(f"td-{n}"): b"\n%d\0\n" % n * (n % 5) for n in range(1200)}
    ledger.commit(dict(held), 1, "x", WHEN)
    assert ledger.read() == held
    gone = git.out("rev-parse", f"gt-ledger:{bead_path('td-7')}")
    (pack,) = (git.path / ".git/objects/pack").glob("*.pack")
    data = pack.read_bytes()
    packs.remove([pack.with_suffix("")])
    run(["unpack-objects", "-q"], git.path, input=data)
    (git.path / ".git/objects" / gone[:2] / gone[2:]).unlink()
    with pytest.raises(Damaged, match=gone[:12]):
        Ledger(git.path).read()


def test_a_group_of_any_size_is_the_same_few_syncs(git: Git) -> None:
    counts = []
    for seq, size in enumerate((1, 400), 1):
        disk = FaultyDisk()
        Ledger(git.path, files=disk).commit({bead_path(f"{seq}-{n}"): b"x" for n in range(size)}, seq, "x", WHEN)
        counts.append(disk.calls)
    assert counts[0] == counts[1] == ["append", "append", "sync", "append", "sync", "sync_folder"]


@pytest.mark.parametrize("at", range(6))
def test_a_refusing_disk_leaves_the_branch_as_it_was(git: Git, at: int) -> None:
    first = Ledger(git.path).commit({"a": b"1"}, 1, "x", WHEN)
    ledger = Ledger(git.path, files=FaultyDisk(at))
    with pytest.raises(CannotWrite, match="kept"):
        ledger.commit({"a": b"2"}, 2, "x", WHEN)
    assert ledger.head() == (first, 1) and ledger.read() == {"a": b"1"}
    second = ledger.commit({"a": b"2"}, 2, "x", WHEN)
    assert Ledger(git.path).head() == (second, 2) and ledger.read() == {"a": b"2"}
    stems = {path.stem for path in (git.path / ".git/objects/pack").iterdir()}
    assert len(list((git.path / ".git/objects/pack").iterdir())) == 3 * len(stems), "no half of a pack is left"
    git.fsck()


def test_a_lock_that_stays_is_refused_and_cleared_on_request(git: Git) -> None:
    ledger = Ledger(git.path)
    first = ledger.commit({"a": b"1"}, 1, "x", WHEN)
    lock = git.path / ".git/refs/heads/gt-ledger.lock"
    lock.touch()
    half = git.path / ".git/objects/pack/pack-x.pack.gt-tmp-1"
    half.touch()
    with pytest.raises(CannotWrite, match="lock"):
        ledger.commit({"a": b"2"}, 2, "x", WHEN)
    assert ledger.head() == (first, 1)
    assert ledger.clear_stale_lock() and not ledger.clear_stale_lock() and not half.exists()
    assert ledger.commit({"a": b"2"}, 2, "x", WHEN) == ledger.head()[0]


def test_a_repository_of_its_own_and_open_files_stay_few(tmp_path: Path) -> None:
    create_bare(tmp_path / "ledger.git")
    ledger = Ledger(tmp_path / "ledger.git")
    for seq in range(1, 121):
        ledger.commit({bead_path(f"td-{seq % 7}"): b"%d" % seq}, seq, "x", WHEN)
    opened = [path for path in _open_files() if str(tmp_path) in path]
    assert len(opened) < 80
    assert len(Ledger(tmp_path / "ledger.git").read()) == 7


def _open_files() -> list[str]:
    return [file.path for file in psutil.Process().open_files()]


_WRITER = """
import sys
from pathlib import Path
from gastown_tui.rig.ledger import Ledger, bead_path
ledger = Ledger(Path(sys.argv[1]))
ledger.clear_stale_lock()
seq = ledger.head()[1]
while True:
    seq += 1
    ledger.commit({bead_path(f"td-{seq % 9}"): b"%d" % seq, "town.json": b"%d" % seq}, seq, f"group {seq}", 1.7e9)
    sys.stdout.write(f"{seq}\\n")
    sys.stdout.flush()
"""


def test_twenty_kills_in_the_middle_of_commits_lose_nothing(git: Git) -> None:
    chance, promised = random.Random(11), 0
    for _ in range(20):
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(git.path)], stdout=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "HOME": git.env["HOME"]}, cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(chance.randint(1, 4))]
        # Anywhere within the next commit, which takes a few milliseconds.
        time.sleep(chance.uniform(0, 0.006))
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
        process.wait()
        promised = max([promised, *(int(line) for line in said if line.endswith("\n"))])
        ledger = Ledger(git.path)
        assert promised <= ledger.head()[1] <= promised + 1
        assert ledger.read()["town.json"] == b"%d" % ledger.head()[1]
    assert [seq for _, seq, _ in ledger.messages()] == list(range(1, ledger.head()[1] + 1))
    assert promised >= 20
    ledger.clear_stale_lock()
    git.fsck()
