"""Makes a landing commit the kind the person's repository wants: its message hook, sign-off, encoding and signature."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.errors import cannot_write
from gastown_tui.rig.objects.pack import object_id, person
from gastown_tui.rig.replaying import UNTESTED
from gastown_tui.rig.signing import Signer, configured, signer, truth

_KEYS = r"^(commit\.gpgsign|gpg\..*|user\.signingkey|i18n\.commitencoding|format\.signoff)$"
_HOOK = "commit-msg"
_TRAILERS = re.compile(r"\n\n(?:[A-Za-z0-9-]+: [^\n]*(?:\n|\Z))+\Z")
"""A last paragraph of nothing but trailers, after a subject of its own."""

_NAMED = 12
_UNTESTED = re.compile(rf"^{UNTESTED}: ([0-9a-f]{{{_NAMED}}})$", re.MULTILINE)
"""How a replayed commit names those before it, as `replaying` writes it."""


class Unfit(GasTownError):
    """The repository's commit-msg hook does not take a landing's message; nothing was written."""


@dataclass(frozen=True)
class Habits:
    """How a repository's own people commit: with which signature, sign-off line, encoding and message hook."""

    root: Path
    signer: Signer | None = None
    sign_off: str = ""
    encoding: str = ""
    hooked: bool = False

    @property
    def none(self) -> bool:
        """Whether a plain commit is all the repository wants."""
        return self.signer is None and not (self.sign_off or self.encoding or self.hooked)


def habits(root: Path, committer: tuple[str, str], *, sign_off: bool = False) -> Habits:
    """The habits git's configuration in `root` tells of; `sign_off` asks for a sign-off line whatever it says.

    `format.signOff` counts as the wish for one: git has no setting of its own for commits.

    Raises:
        GasTownError: the configuration cannot be read, or asks for a signature nobody can make.
    """
    found = configured(root, _KEYS)
    line = f"Signed-off-by: {person(*committer)}" if sign_off or truth(found.get("format.signoff", "false")) else ""
    hooks = git.run(["rev-parse", "--git-path", f"hooks/{_HOOK}"], root).line
    hooked = (root / hooks).is_file()
    return Habits(root, signer(root, found, committer), line, _encoding(found.get("i18n.commitencoding", "")), hooked)


def _encoding(name: str) -> str:
    """The encoding's name where it is one Python knows, and not the one a commit has anyway."""
    try:
        return "" if codecs.lookup(name or "utf-8").name == "utf-8" else name
    except LookupError:
        return ""


def dressed(commits: Sequence[str], habits: Habits) -> dict[str, str]:
    """Commits of ours written again as the repository wants them: tree, author, committer and order stay.

    Args:
        commits: those that will land, parents before children; nobody was shown them yet.

    Returns:
        The new commit of each old one; parents outside `commits` stay as they are.

    Raises:
        Unfit: the commit-msg hook says no. CannotSign, CannotWrite, GasTownError: nothing of it may land.
    """
    if habits.none:
        return {commit: commit for commit in commits}
    pygit2.settings.enable_fsync_gitdir(True)
    repo = pygit2.Repository(str(_common(habits.root)))
    made: dict[str, str] = {}
    for commit in commits:
        try:
            raw = repo.odb.read(commit)[1]
        except (KeyError, ValueError, pygit2.GitError) as error:
            title = f"{commit[:12]} cannot be read: {error}."
            raise GasTownError(title, "Nothing was landed. Try: git fsck") from error
        made[commit] = _write(repo, _rewritten(raw, made, habits))
    return made


def _common(root: Path) -> Path:
    return (root / git.run(["rev-parse", "--git-common-dir"], root).line).resolve()


def _rewritten(raw: bytes, made: dict[str, str], habits: Habits) -> bytes:
    head, _, body = raw.partition(b"\n\n")
    lines = [_parent(line, made) for line in _unsigned(head)]
    text = message(_renamed(body.decode("utf-8", "replace"), made), habits)
    if habits.encoding:
        lines.append(b"encoding " + habits.encoding.encode())
    names = habits.encoding or "utf-8"
    lines = [line.decode("utf-8", "surrogateescape").encode(names, "replace") for line in lines]
    words = b"\n\n" + text.encode(names, "replace")
    if habits.signer is not None:
        signature = habits.signer.sign(b"\n".join(lines) + words)
        lines.append(b"gpgsig " + signature.rstrip(b"\n").replace(b"\n", b"\n "))
    return b"\n".join(lines) + words


def _unsigned(head: bytes) -> list[bytes]:
    """The header's lines without an old signature (its further lines begin with a blank) and encoding."""
    kept: list[bytes] = []
    dropping = False
    for line in head.split(b"\n"):
        dropping = line.startswith((b"gpgsig", b"encoding ")) or (dropping and line.startswith(b" "))
        kept += () if dropping else (line,)
    return kept


def _parent(line: bytes, made: dict[str, str]) -> bytes:
    kind, _, value = line.partition(b" ")
    return b"parent " + made.get(value.decode(), value.decode()).encode() if kind == b"parent" else line


def _renamed(text: str, made: dict[str, str]) -> str:
    """The message with those commits it names that were written again called as they land."""
    shorter = {old[:_NAMED]: new[:_NAMED] for old, new in made.items()}
    return _UNTESTED.sub(lambda found: f"{UNTESTED}: {shorter.get(found[1], found[1])}", text)


def message(text: str, habits: Habits) -> str:
    """A landing's message as the repository wants it: signed off once, then through its commit-msg hook.

    Raises:
        Unfit: the hook says no, or takes away the line that says which bead this is.
    """
    if habits.sign_off and habits.sign_off not in text.splitlines():
        text = text.rstrip()
        text += f"{'' if _TRAILERS.search(text) else chr(10)}\n{habits.sign_off}\n"
    return _through_hook(text, habits.root) if habits.hooked else text


def _through_hook(text: str, root: Path) -> str:
    """What the repository's commit-msg hook makes of a message; git itself finds it (`core.hooksPath`)."""
    with tempfile.TemporaryDirectory(prefix="gt-message-") as folder:
        path = Path(folder) / "COMMIT_EDITMSG"
        path.write_text(text, encoding="utf-8")
        told = git.run(["hook", "run", "--ignore-missing", _HOOK, "--", str(path)], root, check=False, timeout=120)
        if told.code:
            said = " / ".join(line.strip() for line in (told.said + told.text).strip().splitlines()[-4:])
            hint = f"Nothing was landed; it is tried again by itself. The message was: {text.splitlines()[0]}"
            raise Unfit(f"The repository's {_HOOK} hook refuses a landing's message: {said or told.code}"[:500], hint)
        after = path.read_text(encoding="utf-8", errors="replace")
    if missing := [line for line in text.splitlines() if line.startswith("Bead: ") and line not in after.splitlines()]:
        raise Unfit(f"The repository's {_HOOK} hook takes `{missing[0]}` out of a landing.", "Nothing was landed.")
    return after if after.endswith("\n") else f"{after}\n"


def _write(repo: pygit2.Repository, raw: bytes) -> str:
    expected = object_id("commit", raw).hex()
    try:
        written = str(repo.odb.write(pygit2.GIT_OBJECT_COMMIT, raw))
        # A fresh look at the disk, not at what libgit2 remembers.
        kind, back = pygit2.Repository(repo.path).odb.read(expected)
    except (OSError, pygit2.GitError, KeyError, ValueError) as error:
        raise cannot_write("The landing commit", error) from error
    if written != expected or back != raw or int(kind) != pygit2.GIT_OBJECT_COMMIT:
        raise cannot_write("The landing commit", OSError("it does not read back as written"))
    return expected
