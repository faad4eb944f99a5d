"""A place like GitHub for tests: a bare repository, and a `gh` on the PATH that answers for it (fake_gh.py)."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import fake_gh, rigs


def bare(root: Path, folder: Path) -> Path:
    """A bare repository beside a rig, known there as origin."""
    far = folder / "far.git"
    rigs.git(root, "clone", "--quiet", "--bare", str(root), str(far))
    rigs.git(root, "remote", "add", "origin", str(far))
    return far


def protect(far: Path, text: str = "GH006: Protected branch update failed for refs/heads/main.") -> Path:
    """Have the bare repository refuse every push to main; deleting the file that is returned ends it."""
    hook = far / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\n[ "$1" != refs/heads/main ] || {{ echo "{text}" >&2; exit 1; }}\n')
    hook.chmod(0o755)
    return hook


@dataclass
class Hub:
    """What people do there, and what they find."""

    far: Path
    folder: Path

    def change(self, **values: Any) -> None:
        """Set parts of the state."""
        with fake_gh.state(self.folder) as found:
            found.update(values)

    def pull(self, number: int) -> dict[str, Any]:
        """A pull request as `gh pr view` shows it."""
        with fake_gh.state(self.folder) as found:
            return fake_gh.shown(found, found["pulls"][number - 1])

    def calls(self, *words: str) -> int:
        """How often gh was called with these first words."""
        with fake_gh.state(self.folder) as found:
            return sum(1 for call in found["calls"] if tuple(call[: len(words)]) == words)

    def review(self, number: int, author: str, verdict: str, body: str, at: str, remark: str = "") -> None:
        """Somebody reviews."""
        with fake_gh.state(self.folder) as found:
            pull = found["pulls"][number - 1]
            pull["reviews"].append({"author": {"login": author}, "state": verdict, "body": body, "submittedAt": at})
            if remark:
                pull["remarks"].append({"path": "a.txt", "line": 1, "body": remark, "created_at": at})

    def check(self, commit: str, name: str, conclusion: str | None) -> None:
        """A check run of a commit stands so; None while it goes on."""
        with fake_gh.state(self.folder) as found:
            runs = [c for c in found["checks"].get(commit, []) if c["name"] != name]
            found["checks"][commit] = [*runs, run(name, conclusion)]

    def close(self, number: int) -> None:
        """Somebody closes it."""
        with fake_gh.state(self.folder) as found:
            found["pulls"][number - 1].update(state="CLOSED")

    def merge(self, number: int, squash: bool = False) -> str:
        """Somebody merges it on the site; returns what the target has of it."""
        commit = self.pull(number)["headRefOid"]
        main = rigs.git(self.far, "rev-parse", "refs/heads/main")
        tree = rigs.git(self.far, "merge-tree", "--write-tree", main, commit).splitlines()[0]
        who = ("-c", "user.name=GitHub", "-c", "user.email=noreply@github.example")
        parents = ["-p", main, *([] if squash else ["-p", commit])]
        merged = rigs.git(self.far, *who, "commit-tree", tree, *parents, "-m", f"Merge pull request #{number}")
        rigs.git(self.far, "update-ref", "refs/heads/main", merged, main)
        with fake_gh.state(self.folder) as found:
            found["pulls"][number - 1].update(
                state="MERGED", mergeCommit={"oid": merged}, mergedBy={"login": "ada"}, mergedHead=commit
            )
        return merged


def run(name: str, conclusion: str | None) -> dict[str, Any]:
    """A check run as the REST interface writes it."""
    status = "in_progress" if conclusion is None else "completed"
    return {"name": name, "status": status, "conclusion": conclusion, "html_url": f"https://ci.example/{name}"}


def hub(root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A place for a rig, with a `gh` in front of everything else on the PATH of this process."""
    found = Hub(bare(root, folder), folder / "hub")
    found.folder.mkdir()
    empty = {"far": str(found.far), "pulls": [], "checks": {}, "statuses": {}, "comments": 0, "calls": [], "ci": None}
    (found.folder / "state.json").write_text(json.dumps({**empty, "login": True, "may_write_statuses": True}))
    gh = folder / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f'#!/bin/sh\nexec {sys.executable} {fake_gh.__file__} {found.folder} "$@"\n')
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gh.parent}{os.pathsep}{os.environ['PATH']}")
    return found
