"""Signs commits that are made in memory, by running the person's signing program as git itself would."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gastown_tui.model.errors import GasTownError
from gastown_tui.rig import git
from gastown_tui.rig.errors import GitFailed

_PROGRAMS = {"openpgp": "gpg", "x509": "gpgsm", "ssh": "ssh-keygen"}
"""What git runs for each `gpg.format` when no program is configured (git-config(1))."""
_SECONDS = 120.0
"""A key on a token waits for a touch that long."""
_HINT = (
    "Nothing was landed; it is tried again by itself. Unlock the key for your agent (ssh-add, or gpg --sign once), or "
    "let unsigned commits land: git config commit.gpgsign false"
)


class CannotSign(GasTownError):
    """The person's signing program made no signature; nothing was written."""

    def __init__(self, program: str, said: str) -> None:
        words = " / ".join(line.strip() for line in said.strip().splitlines()[-3:]) or "it said nothing"
        super().__init__(f"A landing commit cannot be signed: {program} said: {words}"[:500], _HINT)


@dataclass(frozen=True)
class Signer:
    """How a repository's commits are signed: git's `gpg.format`, the program, and the key's name or file."""

    format: str
    program: str
    key: str
    root: Path

    def sign(self, payload: bytes) -> bytes:
        """The armored signature of a commit's bytes. Raises CannotSign."""
        return (self._ssh if self.format == "ssh" else self._gpg)(payload).replace(b"\r\n", b"\n")

    def _gpg(self, payload: bytes) -> bytes:
        told = _run([self.program, "--status-fd=2", "-bsau", self.key], self.root, payload)
        # As git does: an exit code of 0 alone is no proof that there is a signature.
        if told.returncode or b"\n[GNUPG:] SIG_CREATED " not in b"\n" + told.stderr:
            raise CannotSign(self.program, told.stderr.decode("utf-8", "replace"))
        return told.stdout

    def _ssh(self, payload: bytes) -> bytes:
        with tempfile.TemporaryDirectory(prefix="gt-sign-") as folder:
            text, literal = Path(folder) / "commit", _literal(self.key)
            text.write_bytes(payload)
            key = str(self.root / os.path.expanduser(self.key))
            if literal:
                named = Path(folder) / "key"
                named.write_text(f"{literal}\n", encoding="utf-8")
                key = str(named)
            words = [self.program, "-Y", "sign", "-n", "git", "-f", key, *(("-U",) if literal else ()), str(text)]
            told = _run(words, self.root, None)
            made = text.with_name("commit.sig")
            if told.returncode or not made.exists():
                raise CannotSign(self.program, told.stderr.decode("utf-8", "replace"))
            return made.read_bytes()


def signer(root: Path, settings: Mapping[str, str], committer: tuple[str, str]) -> Signer | None:
    """The signer that git's configuration asks for, or None when commits are not signed here.

    Args:
        settings: git's configuration by lower-case key, as `configured` reads it.
        committer: (name, email), the key's name where none is configured.

    Raises:
        GasTownError: signing is asked for, and by something git does not know or without a key.
    """
    if not truth(settings.get("commit.gpgsign", "false")):
        return None
    kind = settings.get("gpg.format", "openpgp")
    if kind not in _PROGRAMS:
        raise GasTownError(f"git's gpg.format is {kind!r}, which signs nothing.", f"One of: {', '.join(_PROGRAMS)}.")
    program = settings.get(f"gpg.{kind}.program") or _PROGRAMS[kind]
    if kind == "openpgp":
        program = settings.get("gpg.openpgp.program") or settings.get("gpg.program") or program
    key = settings.get("user.signingkey", "")
    if not key and kind == "ssh":
        key = _default_key(root, settings.get("gpg.ssh.defaultkeycommand", ""))
    return Signer(kind, os.path.expanduser(program), key or f"{committer[0]} <{committer[1]}>", root)


def configured(root: Path, pattern: str) -> dict[str, str]:
    """git's configuration whose keys fit a pattern, the last value of each key. Raises GitFailed."""
    told = git.run(["config", "--null", "--get-regexp", pattern], root, check=False)
    if told.code not in (0, 1):
        raise GitFailed(["config", "--get-regexp", pattern], told.code, told.said)
    rows = (row.partition("\n") for row in told.text.split("\0") if row)
    # A key that stands alone, without "=", means yes.
    return {key: value if cut else "true" for key, cut, value in rows}


def truth(value: str) -> bool:
    """Whether git takes a value for yes."""
    text = value.strip().lower()
    return text in ("true", "yes", "on") or (text.lstrip("+-").isdigit() and int(text) != 0)


def _default_key(root: Path, command: str) -> str:
    """What `gpg.ssh.defaultKeyCommand` names first."""
    if not command:
        hint = "Set it: git config user.signingkey ~/.ssh/id_ed25519.pub. Nothing was landed."
        raise GasTownError("Commits are to be signed with SSH, and git knows no key: user.signingkey is not set.", hint)
    told = _run(["/bin/sh", "-c", command], root, None)
    first = (told.stdout.decode("utf-8", "replace").splitlines() or [""])[0].strip()
    if told.returncode or not _literal(first):
        raise CannotSign(command, told.stderr.decode("utf-8", "replace") or "it named no key")
    return first


def _literal(key: str) -> str:
    """The public key itself, where one is written in place of a file's name; else nothing."""
    return key.removeprefix("key::") if key.startswith(("ssh-", "key::")) else ""


def _run(words: list[str], folder: Path, payload: bytes | None) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the person's with nobody there to answer it: no terminal, and none to be found by name."""
    env = {key: value for key, value in git.environment().items() if key != "GPG_TTY"}
    try:
        return subprocess.run(
            words, cwd=folder, env=env, input=payload or b"", capture_output=True, timeout=_SECONDS,
            start_new_session=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CannotSign(words[0], f"no answer within {_SECONDS:.0f} s") from error
    except OSError as error:
        raise CannotSign(words[0], str(error)) from error
