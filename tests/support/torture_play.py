"""A play for a torture town: a small repository, its gate, and beads with planted conflicts, breaks and culprits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

PLAIN, CONFLICT, BREAK, CULPRIT, HOPELESS, FLAKY, SHERIFF, CRASH = (
    "plain", "conflict", "break", "culprit", "hopeless", "flaky", "sheriff", "crash",
)  # fmt: skip

STILL = "TORTURE_STILL"
"""With this in its environment the gate's flaky tests pass: what is left is the truth about a tree."""

FLAKE = 0.04
"""How often each flaky test fails by chance."""

SHERIFFS = "if ls facts/*.sloppy >/dev/null 2>&1; then echo 'facts/: a file is sloppy'; exit 1; fi"
"""The sheriff's command."""

CHECK = '''"""The tests of this repository: `python check.py SECONDS` takes that long; red when something is wrong."""

import os
import random
import sys
import time
from pathlib import Path

PASSED, FAILED = [], []


def test(name, good, where, why):
    (PASSED if good else FAILED).append((name, where, why))


time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 0)
for path in sorted(Path("facts").glob("*.txt")):
    lines = path.read_text().splitlines()
    test(f"test_{path.stem}", lines[-1:] != ["broken"], f"{path}:{len(lines)}", "it is broken")
for pair in sorted(Path("pairs").glob("*")):
    sides = {path.name for path in pair.iterdir()}
    test(f"test_pair_{pair.name}", not {"a", "b"} <= sides or "both" in sides, f"{pair}/a:1", "a and b do not fit")
for path in sorted(Path("shelf").glob("*.txt")):
    test(f"test_shelf_{path.stem}", "<<<<<<<" not in path.read_text(), f"{path}:1", "a conflict was committed")
for path in sorted(Path("flaky").glob("*")):
    lucky = "TORTURE_STILL" in os.environ or random.random() >= float(path.read_text())
    test(f"test_flaky_{path.name}", lucky, f"{path}:1", "it failed by chance")
for name, where, why in FAILED:
    print(f"{where}: AssertionError: {why}")
    print(f"FAILED check.py::{name} - AssertionError: {why}")
print(f"{len(FAILED)} failed, {len(PASSED)} passed in 0.01s" if FAILED else f"{len(PASSED)} passed in 0.01s")
sys.exit(1 if FAILED else 0)
'''
"""The gate. It prints as pytest does."""


@dataclass(frozen=True)
class Planted:
    """One bead: its key, what is planted in it, with whom (a group of conflicts, a pair), and what it waits for.

    `marks` are (file, words): once the bead has landed, these words stand in that file for good.
    """

    key: str
    kind: str
    group: str
    script: str
    needs: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]

    @property
    def test(self) -> str:
        """The name of its test in the gate's output."""
        return f"test_pair_{self.group}" if self.kind == BREAK else f"test_{self.key}"


def seed(shelves: int = 64) -> dict[str, str]:
    """The files of the repository before anybody worked on it."""
    return {
        "check.py": CHECK, "README.md": "# A torture town\n", "facts/begin.txt": "begin\n", ".gitignore": "*.pyc\n",
        **{f"shelf/{n:02}.txt": f"top of {n:02}\nmiddle\nrow: free\nend\n" for n in range(shelves)},
    }  # fmt: skip


def beads(count: int, at_once: int, chance: random.Random) -> list[Planted]:
    """So many beads, in the order of their plan: those that are planted together stand near each other.

    Args:
        at_once: how many polecats work at once; members of a group are at most that far apart.
    """
    kinds = _kinds(count)
    placed: list[tuple[float, int, str, str]] = []
    for number, (kind, group, members) in enumerate(kinds):
        middle = chance.uniform(0, count)
        spread = at_once / 4 if members > 1 else 0.0
        near = (middle + chance.uniform(-spread, spread) for _ in range(members))
        placed += [(place, number, kind, group) for place in near]
    placed.sort(key=lambda one: one[:2])
    out: list[Planted] = []
    sides: dict[str, int] = {}
    for number, (_, _, kind, group) in enumerate(placed):
        side = sides[group] = sides.get(group, -1) + 1
        free = [one.key for one in out[:-at_once] if one.kind == PLAIN][-20:]
        needs: tuple[str, ...] = (chance.choice(free),) if free and kind == PLAIN and chance.random() < 0.25 else ()
        if kind == CRASH:
            needs = tuple(one.key for one in out if one.kind == CRASH)[-1:]
        out.append(_planted(f"k{number:03}", kind, group, side, needs))
    return out


def plan(planted: list[Planted]) -> dict[str, object]:
    """The plan as `gt plan submit` takes it."""
    rows = [
        {"key": one.key, "title": f"Add {one.key} ({one.kind})", "description": one.script, "needs": list(one.needs)}
        for one in planted
    ]
    return {"title": "A torture town", "beads": rows}


def _kinds(count: int) -> list[tuple[str, str, int]]:
    """What is planted, as (kind, group, members), in shares of `count`; the rest is plain."""
    groups = max(1, round(count * 0.06))
    found = [(CONFLICT, f"{n:02}", 2 + n % 2 * (count > 12)) for n in range(groups)]
    found += [(BREAK, f"p{n:02}", 2) for n in range(max(1, round(count * 0.06)))]
    found += [(CULPRIT, f"c{n}", 1) for n in range(max(1, round(count * 0.06)))]
    found += [(HOPELESS, f"h{n}", 1) for n in range(round(count * 0.01))]
    found += [(FLAKY, f"f{n}", 1) for n in range(round(count * 0.015))]
    found += [(SHERIFF, f"s{n}", 1) for n in range(round(count * 0.03))]
    found += [(CRASH, f"d{n}", 1) for n in range(round(count * 0.02))]
    left = count - sum(members for _, _, members in found)
    return found + [(PLAIN, f"x{n}", 1) for n in range(left)]


def _planted(key: str, kind: str, group: str, side: int, needs: tuple[str, ...]) -> Planted:
    fact = f"{key} stands"
    first, back, marks = [*_write(f"facts/{key}.txt", fact)], list[str](), [(f"facts/{key}.txt", fact)]
    if kind == CONFLICT:
        shelf = f"shelf/{group}.txt"
        if int(group) % 2:
            first += [f"replace {shelf} <<END", f"top of {group}", "====", f"top of {group}", f"{key} was here", "END"]
            marks.append((shelf, f"{key} was here"))
        else:
            first += [f"run sed -i 's/^row: /row: {key} /' {shelf}"]
            marks.append((shelf, f" {key} "))
    elif kind == BREAK:
        first += _write(f"pairs/{group}/{'ab'[side]}", fact)
        back += _write(f"pairs/{group}/both", "a and b fit")
        marks.append((f"pairs/{group}/{'ab'[side]}", fact))
    elif kind == CULPRIT:
        first += [f"append facts/{key}.txt <<END", "broken", "END"]
        back += [f"append facts/{key}.txt <<END", "mended", "END"]
        marks.append((f"facts/{key}.txt", "mended"))
    elif kind == HOPELESS:
        first += [f"append facts/{key}.txt <<END", "broken", "END"]
    elif kind == FLAKY:
        first += _write(f"flaky/{key}", f"{FLAKE}")
        marks.append((f"flaky/{key}", f"{FLAKE}"))
    elif kind == SHERIFF:
        first += _write(f"facts/{key}.sloppy", "sloppy")
        back += [f"run rm -f facts/{key}.sloppy"]
    elif kind == CRASH:
        # Three deaths within half a minute would hold the town until somebody came: each waits for the one before.
        first += ["wait 16", "once died crash"]
    # Handed in again, a bead is never the commit it was, even where nothing had to be mended.
    again = ["merge", *back, f"run date +%s%N >> facts/{key}.again", f"commit Mend {key}", f"done Mended {key}"]
    blocks = [("```rehearse", [*first, f"commit Add {key}", f"done Added {key}"]), ("```rehearse back", again)]
    text = "\n\n".join("\n".join([fence, *rows, "```"]) for fence, rows in blocks)
    return Planted(key, kind, group, text, needs, tuple(marks))


def _write(path: str, line: str) -> Iterator[str]:
    yield from (f"write {path} <<END", line, "END")
