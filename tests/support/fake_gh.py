"""Answers like `gh` from a state of its own: pull requests over a real bare repository, checks, statuses, comments."""

from __future__ import annotations

import contextlib
import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VIEW = frozenset({
    "baseRefName", "body", "closed", "comments", "headRefName", "headRefOid", "mergeCommit", "mergedBy", "number",
    "reviews", "state", "statusCheckRollup", "title", "url",
})  # fmt: skip
"""Those fields of `gh pr view --json` that this one knows; the names are gh's own."""


@contextlib.contextmanager
def state(folder: Path) -> Iterator[dict[str, Any]]:
    """The state, to read and change; one process at a time."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder / "state.json"
        found: dict[str, Any] = json.loads(path.read_text())
        yield found
        path.write_text(json.dumps(found))


def head(found: dict[str, Any], branch: str) -> str:
    """Where a branch stands in the bare repository, "" when it is gone."""
    words = ["git", "-C", found["far"], "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def refuse(text: str, code: int = 1) -> None:
    """End as gh does when something is wrong."""
    sys.stderr.write(f"{text}\n")
    raise SystemExit(code)


def flags(words: list[str]) -> dict[str, list[str]]:
    """Options with their values; words that belong to none stand under ""."""
    out: dict[str, list[str]] = {"": []}
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            out.setdefault(word, []).append(next(rest))
        else:
            out[""].append(word)
    return out


def shown(found: dict[str, Any], pull: dict[str, Any]) -> dict[str, Any]:
    """A pull request as `gh pr view` knows it."""
    commit = pull["mergedHead"] or head(found, pull["headRefName"])
    runs = [
        {
            "__typename": "CheckRun", "name": c["name"], "status": c["status"].upper(), "workflowName": "CI",
            "conclusion": (c["conclusion"] or "").upper(), "detailsUrl": c["html_url"],
        }
        for c in found["checks"].get(commit, [])
    ]  # fmt: skip
    statuses = [
        {"__typename": "StatusContext", "context": s["context"], "state": s["state"].upper(), "targetUrl": ""}
        for s in found["statuses"].get(commit, [])
    ]
    url = f"https://github.example/ada/rig/pull/{pull['number']}"
    comments = [{"url": f"{url}#issuecomment-{c['id']}", "body": c["body"]} for c in pull["comments"]]
    return {
        **pull, "url": url, "headRefOid": commit, "statusCheckRollup": runs + statuses, "comments": comments,
        "closed": pull["state"] != "OPEN",
    }  # fmt: skip


def pr(found: dict[str, Any], verb: str, words: list[str], text: str) -> str:
    """`gh pr list|create|view|comment|close`."""
    given = flags(words)
    if verb == "create":
        branch, base = given["--head"][0], given["--base"][0]
        if any(p["headRefName"] == branch and p["state"] == "OPEN" for p in found["pulls"]):
            refuse(f'a pull request for branch "{branch}" into branch "{base}" already exists')
        if not head(found, branch):
            refuse("pull request create failed: GraphQL: Head sha can't be blank, Head ref must be a branch")
        number = len(found["pulls"]) + 1
        found["pulls"].append({
            "number": number, "headRefName": branch, "baseRefName": base, "title": given["--title"][0], "body": text,
            "state": "OPEN", "mergeCommit": None, "mergedBy": None, "reviews": [], "comments": [], "remarks": [],
            "mergedHead": "",
        })  # fmt: skip
        return f"https://github.example/ada/rig/pull/{number}\n"
    if verb == "list":
        rows = [p for p in found["pulls"] if p["headRefName"] == given["--head"][0] and p["state"] == "OPEN"]
        return json.dumps([{"number": p["number"]} for p in rows])
    pull = next((p for p in found["pulls"] if str(p["number"]) == given[""][0]), None)
    if pull is None:
        refuse("GraphQL: Could not resolve to a PullRequest")
        raise AssertionError
    if verb == "comment":
        found["comments"] += 1
        pull["comments"].append({"id": found["comments"], "body": text})
        return ""
    if verb == "close":
        pull["state"] = "CLOSED"
        return ""
    wanted = given["--json"][0].split(",")
    if unknown := set(wanted) - VIEW:
        refuse(f"Unknown JSON field: {sorted(unknown)[0]!r}")
    whole = shown(found, pull)
    return json.dumps({name: whole[name] for name in wanted})


def api(found: dict[str, Any], words: list[str], text: str) -> str:
    """`gh api`, for the few addresses that are asked."""
    given = flags(words)
    place = given[""][0].split("?")[0].removeprefix("repos/{owner}/{repo}/").split("/")
    method = given.get("--method", ["GET"])[0]
    fields = dict(pair.split("=", 1) for pair in given.get("--raw-field", []))
    if (method, place[0]) == ("POST", "statuses"):
        if not found["may_write_statuses"]:
            refuse("gh: Resource not accessible by integration (HTTP 403)")
        found["statuses"].setdefault(place[1], []).insert(0, fields)
        return json.dumps(fields)
    if (method, place[:2]) == ("PATCH", ["issues", "comments"]):
        for comment in (c for p in found["pulls"] for c in p["comments"]):
            if str(comment["id"]) == place[2]:
                comment["body"] = text
        return "{}"
    if place[0] == "pulls" and place[2] == "comments":
        return json.dumps(next(p["remarks"] for p in found["pulls"] if str(p["number"]) == place[1]))
    if place[0] == "commits" and place[2] == "check-runs":
        runs = found["checks"].get(place[1], [found["ci"]] if found["ci"] else [])
        return json.dumps({"total_count": len(runs), "check_runs": runs})
    if place[0] == "commits" and place[2] == "status":
        return json.dumps({"state": "pending", "statuses": found["statuses"].get(place[1], []), "total_count": 0})
    refuse(f"gh: Not Found (HTTP 404) {'/'.join(place)}")
    raise AssertionError


def main(folder: Path, words: list[str]) -> None:
    """One call of gh."""
    text = sys.stdin.read()
    with state(folder) as found:
        found["calls"].append(words)
        if not found["login"]:
            refuse("To get started with GitHub CLI, please run:  gh auth login", 4)
        said = pr(found, words[1], words[2:], text) if words[0] == "pr" else api(found, words[1:], text)
    sys.stdout.write(said)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
