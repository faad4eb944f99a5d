"""What the Sheriff lets nobody hand in by accident: huge files, keys, conflict markers, stray locks and submodules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import NamedTuple

from gastown_tui.config import Config
from gastown_tui.model.bead import Bead, Check
from gastown_tui.rig.carried import Carried

_MB = 1_000_000
_SHOWN = 12
_MARKER = r"^(<{7}|>{7})( |$)"
_KEY = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----"
_EXAMPLE = frozenset({"example", "sample", "template", "dist", "defaults", "schema"})
_KEY_NAMES = frozenset(
    {"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", ".pypirc", ".git-credentials", ".pgpass", ".htpasswd"}
)
_KEY_ENDINGS = frozenset({".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk"})
_MANIFESTS: dict[str, tuple[str, ...]] = {
    "package-lock.json": ("package.json",), "npm-shrinkwrap.json": ("package.json",), "yarn.lock": ("package.json",),
    "pnpm-lock.yaml": ("package.json", "pnpm-workspace.yaml"), "bun.lock": ("package.json",),
    "bun.lockb": ("package.json",), "deno.lock": ("deno.json", "deno.jsonc", "package.json"),
    "Cargo.lock": ("Cargo.toml",), "poetry.lock": ("pyproject.toml",), "uv.lock": ("pyproject.toml",),
    "pdm.lock": ("pyproject.toml",), "Pipfile.lock": ("Pipfile",), "Gemfile.lock": ("Gemfile", "*.gemspec"),
    "composer.lock": ("composer.json",), "go.sum": ("go.mod",), "mix.lock": ("mix.exs",),
    "pubspec.lock": ("pubspec.yaml",), "Podfile.lock": ("Podfile",), "Package.resolved": ("Package.swift",),
    "flake.lock": ("flake.nix",), "packages.lock.json": ("*.csproj", "Directory.Packages.props"),
    "gradle.lockfile": ("build.gradle", "build.gradle.kts"), ".terraform.lock.hcl": ("*.tf",),
}  # fmt: skip
"""Lock file → what it is made from, as each tool's own manual says."""


class Stop(NamedTuple):
    """One thing that does not belong in a landing: which stop, where, why, and what the agent does about it."""

    name: str
    path: str
    why: str
    todo: str


def stops(carried: Carried, bead: Bead, config: Config) -> list[Stop]:
    """What a branch carries that stops at the Sheriff, but for the paths config.toml allows. Raises GitFailed."""
    found = [
        *_large(carried, config), *_secret(carried), *_markers(carried), *_locks(carried, bead),
        *_submodules(carried, bead), *_unsigned(carried, config),
    ]  # fmt: skip
    return [stop for stop in found if not allowed(stop.path, config.sheriff_allow.paths)]


def allowed(path: str, globs: Sequence[str]) -> bool:
    """Whether a path fits one of the globs, or lies in a folder one of them names."""
    return any(fnmatchcase(path, glob) or path.startswith(f"{glob.rstrip('/')}/") for glob in globs)


def reason(found: Sequence[Stop], fork: str) -> str:
    """What the polecat is told: each finding, and how to go on."""
    lines = [f"- {stop.path}: {stop.why} {stop.todo}" for stop in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"- and {len(found) - _SHOWN} more")
    if any(stop.name in ("large file", "key file") for stop in found):
        lines.append(
            "Deleting a file in a further commit is not enough, its history would land: "
            f"`git reset --soft {fork[:12]}`, `git rm --cached FILE`, name it in .gitignore, and commit the rest again."
        )
    lines.append(
        "If the bead cannot do without it, do not work round this: `gt escalate \"<which file, and why>\"`. "
        "The overseer can allow it under [sheriff_allow] in .gastown/config.toml."
    )
    return "The sheriff stops this, because of what the branch carries:\n" + "\n".join(lines)


def checks(found: Sequence[Stop]) -> tuple[Check, ...]:
    """The findings as named checks of a review."""
    return tuple(Check(stop.name, "fail", f"{stop.path}: {stop.why}") for stop in found[:_SHOWN])


def _large(carried: Carried, config: Config) -> Iterator[Stop]:
    most = config.max_file_mb
    largest: dict[str, int] = {}
    for blob in carried.blobs:
        if most and blob.size > most * _MB:
            largest[blob.path] = max(blob.size, largest.get(blob.path, 0))
    for path, size in sorted(largest.items()):
        why = f"{size / _MB:.1f} MB, and no file over {most:g} MB lands."
        yield Stop("large file", path, why, "Take it out of the branch; make it when it is needed, or fetch it.")


def _secret(carried: Carried) -> Iterator[Stop]:
    todo = "Take it out of the branch; read it from the environment, and commit an example without values."
    holding = {path for path, _ in carried.matching(_KEY)}
    named = {c.path for c in carried.changes if c.status == "A"} | {blob.path for blob in carried.blobs}
    for path in sorted(named | holding):
        if path in holding:
            yield Stop("key file", path, "it holds a private key.", todo)
        elif (why := _is_secret(path)) and not carried.tracked(path):
            yield Stop("key file", path, why, todo)


def _is_secret(path: str) -> str:
    """Why a file's name says that it is nobody else's business, or nothing."""
    name = PurePosixPath(path).name
    words = name.lower().split(".")
    if words[:2] == ["", "env"] and not _EXAMPLE & set(words[2:]):
        return "an environment file holds what is true on one machine, and its secrets."
    if name in _KEY_NAMES or PurePosixPath(path).suffix.lower() in _KEY_ENDINGS:
        return "its name is that of a key or of credentials."
    return ""


def _markers(carried: Carried) -> Iterator[Stop]:
    lines: dict[str, list[int]] = {}
    for path, number in carried.matching(_MARKER):
        lines.setdefault(path, []).append(number)
    for path, numbers in sorted(lines.items()):
        where = ", ".join(map(str, numbers[:6]))
        why = f"conflict markers are left in line{'s' if len(numbers) > 1 else ''} {where}."
        yield Stop("conflict markers", path, why, "Decide what both sides meant, and take the markers out.")


def _locks(carried: Carried, bead: Bead) -> Iterator[Stop]:
    changed = [change.path for change in carried.changes]
    for change in carried.changes:
        lock = PurePosixPath(change.path)
        manifests = _MANIFESTS.get(lock.name)
        if manifests is None or change.status != "M" or asked(bead, change.path):
            continue
        # A workspace has one lock at its top for manifests anywhere below.
        below = [PurePosixPath(p) for p in changed if PurePosixPath(p).is_relative_to(lock.parent)]
        if not any(fnmatchcase(p.name, m) for p in below for m in manifests):
            why = f"it changed and {' or '.join(manifests)} did not."
            todo = f"Put it back: `git checkout {carried.fork[:12]} -- {change.path}`, and commit."
            yield Stop("lock file", change.path, why, todo)


def _submodules(carried: Carried, bead: Bead) -> Iterator[Stop]:
    for change in carried.changes:
        if not change.submodule or any(asked(bead, word) for word in (change.path, "submodule", "submodules")):
            continue
        how = {"A": "was added", "D": "was taken away"}.get(change.status, f"points at {change.after[:9]} now")
        back = f"Put it back: `git checkout {carried.fork[:12]} -- {change.path}`, and commit."
        todo = f"Take it out: `git rm --cached {change.path}`, and commit." if change.status == "A" else back
        yield Stop("submodule", change.path, f"the submodule {how}, and the bead does not ask for it.", todo)


def _unsigned(carried: Carried, config: Config) -> Iterator[Stop]:
    if not config.sign_off:
        return
    for commit in carried.unsigned():
        why = "it has no Signed-off-by line, and every commit here has one."
        yield Stop("sign-off", commit[:9], why, f"Add it: `git rebase --signoff {carried.fork[:12]}`.")


def asked(bead: Bead, path: str) -> bool:
    """Whether a bead speaks of a file by its path or name: then a change of it is what it asks for."""
    if any(allowed(path, (name,)) for name in bead.work.files):
        return True
    said = f"{bead.title}\n{bead.description}\n{bead.cold('acceptance_criteria', '')}"
    name = PurePosixPath(path).name
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", said, re.IGNORECASE) is not None
