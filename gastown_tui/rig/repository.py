"""One git repository: its refs, its checkouts and what lies between two of its commits."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

import pygit2

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import exclude, git, obstacles
from gastown_tui.rig.errors import GitFailed, InTheWay, Moved, NoSuchRef, NotARepository
from gastown_tui.world import DiskFiles, Files

ZERO = "0" * 40
_TRIES, _PAUSE = 8, 0.02
_HEX = re.compile(r"[0-9a-f]{40}")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", "-M")


@dataclass(frozen=True)
class Commit:
    """One commit, as a list shows it."""

    id: str
    subject: str
    author: str


@dataclass(frozen=True)
class Stat:
    """How much lies between two commits: files touched, lines added and removed (a binary file counts no lines)."""

    files: int
    added: int
    removed: int


@dataclass(frozen=True)
class Checkout:
    """One row of `git worktree list`; `branch` is a full ref, "" when detached; `gone` means its folder is missing."""

    path: Path
    head: str
    branch: str
    locked: str | None = None
    gone: bool = False


class Repository:
    """A repository under management, seen from its main checkout. Methods block: call them in a thread from asyncio."""

    def __init__(self, path: Path, files: Files | None = None) -> None:
        """Open the repository that `path` lies in. Raises NotARepository."""
        told = git.run(["rev-parse", "--git-dir", "--git-common-dir"], _folder(path), check=False)
        if told.code:
            raise NotARepository(f"{path} is not in a git repository git will open.", f"git said: {told.said.strip()}")
        own, common = ((_folder(path) / line).resolve() for line in told.line.split("\n"))
        self.common_dir: Path = common
        self.files: Files = files or DiskFiles()
        self.root: Path = self._main_checkout(_folder(path), own)
        try:
            self.store = pygit2.Repository(str(common))
        except pygit2.GitError as error:
            hint = "Is it of a format newer than libgit2 knows (reftable, SHA-256)?"
            raise NotARepository(f"{path} cannot be opened: {error}.", hint) from error

    @classmethod
    def discover(cls, path: Path) -> Repository:
        """The repository `path` lies in, from any of its folders or worktrees. Raises NotARepository."""
        return cls(path)

    def _main_checkout(self, path: Path, own: Path) -> Path:
        if own == self.common_dir:
            top = git.run(["rev-parse", "--show-toplevel"], path, check=False)
            return Path(top.line).resolve() if top.code == 0 and top.line else self.common_dir
        if self.common_dir.name == ".git":
            return self.common_dir.parent
        first = git.run(["worktree", "list", "--porcelain"], path).text.split("\n", 1)[0]
        return Path(first.removeprefix("worktree ")).resolve()

    def git(self, *args: str, check: bool = True) -> git.Output:
        """Run git in the main checkout. Raises GitFailed."""
        return git.run(args, self.root, check=check)

    # refs

    def lookup(self, ref: str) -> str | None:
        """The commit a ref or branch name stands at, or None when there is none. Raises GasTownError when unsure."""
        name = ref if ref == "HEAD" or ref.startswith("refs/") else f"refs/heads/{ref}"
        try:
            found = self.store.references.get(name)
            if found is None:
                return None
            return str(found.resolve().peel(pygit2.Commit).id)
        except KeyError:
            return None
        except (pygit2.GitError, ValueError, OSError) as error:
            raise GasTownError(f"Cannot read {ref}: {error}.", "Nothing was changed; try: git fsck") from error

    def exists(self, ref: str) -> bool:
        """Whether there is such a ref or branch."""
        return self.lookup(ref) is not None

    def tip(self, ref: str) -> str:
        """The commit (40 hexadecimal characters) of a branch, a full ref, HEAD or a commit id. Raises NoSuchRef."""
        if _HEX.fullmatch(ref):
            told = self.git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", check=False)
            found = told.line if told.code == 0 else None
        else:
            found = self.lookup(ref)
        if found is None:
            raise NoSuchRef(f"{self.root} has no {ref}.", "Name a branch that exists, or make a first commit.")
        return found

    def default_branch(self) -> str:
        """main or master (the one HEAD is on first), else the branch HEAD is on. Raises NoSuchRef without a commit."""
        told = self.git("symbolic-ref", "--short", "--quiet", "HEAD", check=False)
        head = told.line if told.code == 0 else ""
        order = [head, "main", "master"] if head in ("main", "master") else ["main", "master", head]
        for name in order:
            if name and self.exists(name):
                return name
        raise NoSuchRef(f"{self.root} has no commit on a branch yet.", "Make a first commit, then try again.")

    def move(self, ref: str, old: str | None, new: str) -> None:
        """Move a ref from `old` (None: it must not exist) to `new`, or not at all.

        Raises:
            Moved: it stands elsewhere. GitFailed: git refused for another reason.
        """
        name = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        self._update(name, old, ["update-ref", name, new, old or ZERO])
        if (found := self.lookup(name)) != new:
            raise Moved(name, new, found)

    def create_branch(self, name: str, commit: str) -> None:
        """Make a branch that must not exist yet. Raises Moved when it does, GitFailed for a name git does not take."""
        self.git("check-ref-format", "--branch", name)
        self.move(f"refs/heads/{name}", None, commit)

    def delete_branch(self, name: str, expected: str) -> None:
        """Delete a branch that stands at `expected` and is checked out nowhere. Raises Moved, InTheWay, GitFailed."""
        if held := self.checkouts_of(name):
            raise InTheWay(str(held[0]), (), f"it has {name} checked out")
        self._update(f"refs/heads/{name}", expected, ["update-ref", "-d", f"refs/heads/{name}", expected])

    def _update(self, name: str, old: str | None, command: list[str]) -> None:
        if (found := self.lookup(name)) != old:
            raise Moved(name, old, found)
        try:
            self.git(*command)
        except GitFailed:
            if (found := self.lookup(name)) != old:
                raise Moved(name, old, found) from None
            raise

    # checkouts

    def checkouts(self) -> list[Checkout]:
        """Every worktree git knows of, the main checkout first. Raises GitFailed."""
        for attempt in range(_TRIES):
            # git fails over a worktree that is being made at this instant ("failed to read .../commondir: Success").
            told = self.git("worktree", "list", "--porcelain", check=attempt + 1 == _TRIES)
            if told.code == 0:
                break
            time.sleep(_PAUSE)
        return [_checkout(block) for block in told.text.split("\n\n") if block.strip()]

    def checkouts_of(self, branch: str) -> list[Path]:
        """Where a branch is checked out, or being rebased or bisected (its HEAD is detached meanwhile)."""
        ref = f"refs/heads/{branch}"
        return [c.path for c in self.checkouts() if not c.gone and (c.branch == ref or _under_way(c, ref))]

    def status(self, path: Path) -> list[str]:
        """`git status` of a checkout, one "XY name" a line; empty when clean. Raises GitFailed when that is unsure."""
        words = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal"]
        return [line for line in git.run(words, path).text.split("\0") if line]

    def fast_forward(self, checkout: Path, commit: str) -> None:
        """Move the branch a checkout is on to `commit`, files and ref together, and see that it happened.

        Neither a person's edit nor an untracked or ignored file of theirs is overwritten or stashed away.

        Raises:
            InTheWay: git refused because of what is in the checkout; nothing was touched.
            Moved: the branch is not an ancestor of `commit`. GitFailed: anything else; nothing is known to be landed.
        """
        obstacles.check(checkout, self.common_dir)
        ref = git.run(["symbolic-ref", "--quiet", "HEAD"], checkout).line
        before = self.tip(ref)
        words = ["merge", "--ff-only", "--quiet", "--no-autostash", "--no-overwrite-ignore", "--no-verify-signatures"]
        failed: GitFailed | None = None
        try:
            git.run([*words, commit], checkout)
        except GitFailed as error:
            failed = error
        head = git.run(["rev-parse", "--verify", "HEAD"], checkout).line
        if head == commit and self.lookup(ref) == commit:
            return
        if failed is None:
            raise Moved(ref, commit, head)
        if failed.lock and head == before:
            # git moves the files first and the ref last: what it took ahead goes back.
            git.run(["read-tree", "-m", "-u", commit, before], checkout, check=False)
        raise obstacles.why_not(checkout, failed) or (
            failed if self.is_ancestor(before, commit) else Moved(ref, before, self.lookup(ref))
        )

    def head_of(self, worktree: Path) -> str:
        """The commit a worktree is at. Raises GitFailed."""
        return git.run(["rev-parse", "--verify", "HEAD^{commit}"], worktree).line

    # what lies between

    def is_ancestor(self, a: str, b: str) -> bool:
        """Whether commit `a` is `b` or an ancestor of it."""
        told = self.git("merge-base", "--is-ancestor", a, b, check=False)
        if told.code not in (0, 1):
            raise GitFailed(["merge-base", "--is-ancestor", a, b], told.code, told.said)
        return told.code == 0

    def merge_base(self, a: str, b: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        try:
            # Opened anew: another thread may ask, and what was written a moment ago must be seen.
            found = pygit2.Repository(str(self.common_dir)).merge_base(a, b)
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            raise GitFailed(["merge-base", a, b], 128, str(error)) from error
        return None if found is None else str(found)

    def diff(self, base: str, head: str, limit_bytes: int = 400_000) -> str:
        """What `head` adds since it left `base` (git's three dots), as a patch of at most `limit_bytes` and a note."""
        raw = self.git("diff", *_PLAIN, f"{base}...{head}").out
        text = raw[:limit_bytes].decode("utf-8", "replace")
        if len(raw) <= limit_bytes:
            return text
        return f"{text[: text.rfind(chr(10)) + 1]}\n[cut: {len(raw) - limit_bytes} more bytes of this diff]\n"

    def diff_stat(self, base: str, head: str) -> Stat:
        """How much `head` adds since it left `base`."""
        files = added = removed = 0
        for line in self.git("diff", *_PLAIN, "--numstat", f"{base}...{head}").text.splitlines():
            plus, minus, _ = line.split("\t", 2)
            files += 1
            added += int(plus) if plus != "-" else 0
            removed += int(minus) if minus != "-" else 0
        return Stat(files, added, removed)

    def changed_paths(self, base: str, head: str) -> list[str]:
        """The paths `head` changed since it left `base`; a renamed file counts under both names."""
        told = self.git("diff", *_PLAIN, "--no-renames", "--name-only", "-z", f"{base}...{head}").text
        return [path for path in told.split("\0") if path]

    def log(self, base: str | None, head: str) -> list[Commit]:
        """The commits of `head` that `base` does not have, oldest first."""
        span = f"{base}..{head}" if base else head
        shape = ("--reverse", "--topo-order", "-z", "--format=%H%x1f%s%x1f%an")
        told = self.git("log", "--no-show-signature", *shape, span)
        return [Commit(*row.split("\x1f", 2)) for row in told.text.split("\0") if row]

    # the person

    def ident(self) -> tuple[str, str]:
        """The person's (name, email) as git's configuration has it. Raises GasTownError with what to set."""
        told = self.git("config", "-z", "--get-regexp", r"^user\.(name|email)$", check=False).text
        rows = dict(row.partition("\n")[::2] for row in told.split("\0") if row)
        found = [rows.get(key, "").strip() for key in ("user.name", "user.email")]
        if not all(found):
            missing = "user.name" if not found[0] else "user.email"
            raise GasTownError(
                f"git does not know who you are: {missing} is not set.",
                'Set it: git config --global user.name "Your Name" && git config --global user.email you@example.com',
            )
        return found[0], found[1]

    def exclude(self, lines: list[str]) -> None:
        """Ignore patterns in this clone only (info/exclude); the person's lines stay, repeating is harmless."""
        exclude.add(self.common_dir, lines, self.files)

    def unexclude(self) -> None:
        """Take our patterns away again: the file is byte for byte what it was, but for what the person added since."""
        exclude.remove(self.common_dir, self.files)


def create_bare(path: Path) -> None:
    """Make an empty bare repository, for the ledger of a town with many rigs; one that is there is left alone."""
    path.mkdir(parents=True, exist_ok=True)
    git.run(["init", "--quiet", "--bare", "--initial-branch=gt-ledger", "."], path)


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _checkout(block: str) -> Checkout:
    fields = {key: value for key, _, value in (line.partition(" ") for line in block.strip("\n").split("\n"))}
    path, head, branch = Path(fields["worktree"]), fields.get("HEAD", ""), fields.get("branch", "")
    return Checkout(path, head, branch, fields.get("locked"), "prunable" in fields)


def _under_way(checkout: Checkout, ref: str) -> bool:
    """Whether a rebase or bisection there will come back to `ref`: git itself counts that as checked out."""
    if checkout.branch:
        return False
    # Read, not asked of git: agents' checkouts are detached, many, and go away at any instant.
    folder = checkout.path / ".git"
    if link := _text(folder).removeprefix("gitdir: "):
        folder = checkout.path / link
    short = ref.removeprefix("refs/heads/")
    told = (("rebase-merge/head-name", ref), ("rebase-apply/head-name", ref), ("BISECT_START", short))
    return any(_text(folder / name) == wanted for name, wanted in told)


def _text(path: Path) -> str:
    """What a small file says, "" where there is none."""
    try:
        return path.read_text("utf-8", "surrogateescape").strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""
