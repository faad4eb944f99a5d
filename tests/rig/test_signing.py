"""Commits made in memory are signed, signed off and worded as the repository wants them, and git agrees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import dressing
from gastown_tui.rig.dressing import Unfit, dressed, habits
from gastown_tui.rig.merging import landing_commit, landing_message
from gastown_tui.rig.replaying import Replayed, replay
from gastown_tui.rig.signing import CannotSign
from tests.rig.conftest import Git

PERSON = ("Pat Person", "pat@example.com")


def chain(git: Git) -> list[str]:
    """Two landing commits on main's tip, the second one on the first, as the Refinery makes them."""
    made: list[str] = []
    tip = git.tip("main")
    for number in (1, 2):
        git("checkout", "--quiet", "--detach", tip)
        side = git.commit(f"work {number}", {f"file{number}": "text\n"})
        parents = [made[-1] if made else tip, side]
        made.append(
            landing_commit(
                git.path, tree=git.out("rev-parse", f"{side}^{{tree}}"), parents=parents,
                message=landing_message(f"Merge td-{number}: Größe", f"td-{number}", 1), author=("jasper", PERSON[1]),
                committer=PERSON, when=1_700_000_000 + number,
            )
        )  # fmt: skip
    git("checkout", "--quiet", "main")
    return made


def ssh_key(git: Git) -> Path:
    """An SSH key of the test's own that git signs with, and trusts."""
    key = git.path.parent / "home" / "id_test"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True, env=git.env)
    trusted = key.with_name("trusted")
    trusted.write_text(f"{PERSON[1]} {key.with_suffix('.pub').read_text()}")
    git("config", "gpg.format", "ssh")
    git("config", "commit.gpgsign", "true")
    git("config", "user.signingkey", str(key))
    git("config", "gpg.ssh.allowedSignersFile", str(trusted))
    return key


def test_a_repository_without_wishes_gets_its_commits_as_they_are(git: Git) -> None:
    commits = chain(git)
    found = habits(git.path, PERSON)
    assert found.none
    assert dressed(commits, found) == {commit: commit for commit in commits}


def test_commits_signed_in_memory_verify_and_stay_the_same_trees_in_the_same_order(git: Git) -> None:
    ssh_key(git)
    commits = chain(git)
    made = dressed(commits, habits(git.path, PERSON))
    assert not set(made) & set(made.values())
    for old, new in made.items():
        git("verify-commit", new)
        for shape in ("%T", "%an %ae %at", "%cn %ce %ct", "%B"):
            assert git.out("log", "-1", f"--format={shape}", old) == git.out("log", "-1", f"--format={shape}", new)
    assert git.out("rev-parse", f"{made[commits[1]]}^1") == made[commits[0]]
    again = dressed(list(made.values()), habits(git.path, PERSON))
    git("verify-commit", again[made[commits[1]]])
    git.fsck()


def test_a_public_key_written_out_is_signed_for_by_the_agent_and_without_one_it_says_so(git: Git) -> None:
    commits = chain(git)
    key = ssh_key(git)
    git("config", "user.signingkey", f"key::{key.with_suffix('.pub').read_text().strip()}")
    with pytest.raises(CannotSign, match=r"ssh-keygen said: ") as refused:
        dressed(commits, habits(git.path, PERSON))
    assert "ssh-add" in refused.value.hint
    git("config", "--unset", "user.signingkey")
    with pytest.raises(GasTownError, match=r"user\.signingkey is not set"):
        habits(git.path, PERSON)
    git("config", "gpg.ssh.defaultKeyCommand", f"cat {key}.pub")
    found = habits(git.path, PERSON)
    assert found.signer is not None and found.signer.key.startswith("ssh-ed25519 ")


def test_replayed_commits_are_named_as_they_land_when_they_are_signed(git: Git) -> None:
    """The last of a bead's commits says which before it were not tested alone: those that are on the target."""
    tip = git.tip("main")
    git("checkout", "--quiet", "--detach", tip)
    first, second, third = (git.commit(f"Part {n}", {f"part{n}": "text\n"}) for n in (1, 2, 3))
    git("checkout", "--quiet", "main")
    git.commit("Meanwhile", {"other": "text\n"})
    found = replay(git.path, git.tip("main"), third, committer=PERSON, when=1_700_000_000.0, trailers="Bead: td-1@1")
    assert isinstance(found, Replayed) and len(found.commits) == 3 and not {first, second} & set(found.commits)
    ssh_key(git)
    git("config", "format.signOff", "true")
    made = dressed(found.commits, habits(git.path, PERSON))
    landed = [made[commit] for commit in found.commits]
    named = git.out("log", "-1", "--format=%(trailers:key=Not-tested-alone,valueonly)", landed[-1]).split()
    assert named == [commit[:12] for commit in landed[:-1]] and not set(made) & set(landed)
    assert git.out("rev-list", "--reverse", f"main..{landed[-1]}").split() == landed


FAKE_GPG = """#!{python}
import hashlib, sys
from pathlib import Path
words = sys.argv[1:]
Path(__file__).with_name("said").write_text(" ".join(words))
if "--verify" in words:
    signature = Path(words[words.index("--verify") + 1]).read_text()
    sound = hashlib.sha256(sys.stdin.buffer.read()).hexdigest() in signature
    print("\\n[GNUPG:] " + ("GOODSIG 0123456789ABCDEF Pat" if sound else "BADSIG 0123456789ABCDEF Pat"))
    print("[GNUPG:] VALIDSIG AB 2026-01-01 0 0 4 0 1 8 00 AB\\n[GNUPG:] TRUST_ULTIMATE 0 pgp")
    sys.exit(0 if sound else 1)
print("-----BEGIN PGP SIGNATURE-----\\r\\n\\r\\n" + hashlib.sha256(sys.stdin.buffer.read()).hexdigest())
print("-----END PGP SIGNATURE-----")
if not Path(__file__).with_name("locked").exists():
    sys.stderr.write("[GNUPG:] KEY_CONSIDERED AB 2\\n[GNUPG:] SIG_CREATED D 1 8 00 1 AB\\n")
"""


@pytest.mark.parametrize(("kind", "setting"), [("openpgp", "gpg.program"), ("x509", "gpg.x509.program")])
def test_the_configured_program_signs_as_git_would_call_it(git: Git, kind: str, setting: str) -> None:
    program = git.path.parent / "fake-gpg"
    program.write_text(FAKE_GPG.format(python=sys.executable))
    program.chmod(0o755)
    for key, value in (("commit.gpgsign", "true"), ("gpg.format", kind), (setting, str(program))):
        git("config", key, value)
    commits = chain(git)
    new = dressed(commits, habits(git.path, PERSON))[commits[0]]
    assert program.with_name("said").read_text() == "--status-fd=2 -bsau Pat Person <pat@example.com>"
    if kind == "openpgp":
        git("verify-commit", new)
    assert "\r" not in git.out("cat-file", "commit", new)
    program.with_name("locked").touch()
    with pytest.raises(CannotSign):
        dressed(commits, habits(git.path, PERSON))


def test_an_unknown_format_is_refused_by_name(git: Git) -> None:
    git("config", "commit.gpgsign", "true")
    git("config", "gpg.format", "seal")
    with pytest.raises(GasTownError, match="'seal', which signs nothing"):
        habits(git.path, PERSON)


@pytest.mark.parametrize("by", ["setting", "git"])
def test_a_sign_off_stands_among_the_trailers_and_once(git: Git, by: str) -> None:
    if by == "git":
        git("config", "format.signOff", "true")
    commits = chain(git)
    found = habits(git.path, PERSON, sign_off=by == "setting")
    new = dressed(commits, found)[commits[0]]
    assert git.out("log", "-1", "--format=%(trailers:key=Bead,valueonly)", new).strip() == "td-1@1"
    assert git.out("log", "-1", "--format=%(trailers:key=Signed-off-by,valueonly)", new).strip() == (
        "Pat Person <pat@example.com>"
    )
    text = git.out("log", "-1", "--format=%B", new)
    assert dressing.message(f"{text}\n", found).count("Signed-off-by") == 1
    assert dressing.message("Fix: all of it\n", found) == f"Fix: all of it\n\n{found.sign_off}\n"
    assert dressing.message("Fix\n\nIt was: wrong\nand is not now\n", found).endswith(f"now\n\n{found.sign_off}\n")


@pytest.mark.parametrize("path", ["", "tools/hooks"])
def test_the_message_hook_has_its_say_wherever_it_lies(git: Git, path: str) -> None:
    commits = chain(git)
    hook = git.path / (path or ".git/hooks") / "commit-msg"
    hook.parent.mkdir(parents=True, exist_ok=True)
    refusing = 'grep -q td-2 "$1" && { echo "no second one" >&2; exit 1; }'
    hook.write_text(f'#!/bin/sh\n{refusing}\necho "Change-Id: I1" >> "$1"\n')
    hook.chmod(0o755)
    if path:
        git("config", "core.hooksPath", path)
    found = habits(git.path, PERSON)
    new = dressed(commits[:1], found)[commits[0]]
    assert git.out("log", "-1", "--format=%(trailers:key=Change-Id,valueonly)", new).strip() == "I1"
    with pytest.raises(Unfit, match="no second one"):
        dressed(commits, found)
    hook.write_text('#!/bin/sh\necho "nothing left" > "$1"\n')
    with pytest.raises(Unfit, match="Bead: td-1@1"):
        dressed(commits[:1], found)


def test_another_encoding_is_named_in_the_commit_and_git_reads_it_back(git: Git) -> None:
    git("config", "i18n.commitEncoding", "ISO-8859-1")
    ssh_key(git)
    commits = chain(git)
    new = dressed(commits, habits(git.path, PERSON))[commits[1]]
    raw = subprocess.run(["git", "cat-file", "commit", new], cwd=git.path, env=git.env, capture_output=True).stdout
    assert b"Gr\xf6\xdfe" in raw and b"\nencoding ISO-8859-1\n" in raw
    assert "Größe" in git.out("log", "-1", "--format=%s", "--encoding=UTF-8", new)
    git("verify-commit", new)
    git("config", "i18n.commitEncoding", "klingon")
    assert habits(git.path, PERSON).encoding == ""
