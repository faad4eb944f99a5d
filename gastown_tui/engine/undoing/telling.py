"""What taking landings back would do, in the words the command line and the cockpit show alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gastown_tui.text import count, one_line, pad, width

_FILES, _LINES = 8, 4


def lines(would: Mapping[str, Any], now: float) -> Iterator[str]:
    """Which landings, which files, who built on them, what is in the way, and where the work stays.

    Args:
        would: as `outlook.document` has it.
        now: unix seconds.
    """
    for one in would["landings"]:
        verb = "put back" if one["again"] else "take back"
        when = "" if one["again"] else f", landed {_ago(now - one['at'])} ago"
        yield f"{verb} {one['bead']} {one_line(one['title'])} ({one['commit'][:9]}{when})"
    files = would["files"]
    yield f"  changes {count(len(files), 'file')}: {_some(files, _FILES)}"
    yield from _dependants(would)
    for commit in would["stays"]:
        yield f"  stays: {commit['commit'][:9]} {one_line(commit['subject'])} ({one_line(commit['author'])}, no bead's)"
    if would["conflict"] is not None:
        yield from _in_the_way(would)
        return
    back = [one for one in would["landings"] if not one["again"]]
    if len(back) == 1:
        yield f"  the bead goes back to Backlog; its work is kept on branch {back[0]['branch']}"
    elif back:
        yield f"  the beads go back to Backlog; their work is kept on branches {back[0]['branch']}, ..."


def _in_the_way(would: Mapping[str, Any]) -> Iterator[str]:
    conflict = would["conflict"]
    paths = _some([f"{path['path']} ({path['kind']})" for path in conflict["paths"]], _LINES)
    with_ = ", ".join(conflict["beads"]) or "what the target became since"
    yield f"  CONFLICTS as things are: {conflict['bead']} with {with_} in {paths}"
    named = [one["bead"] for one in would["landings"]]
    if conflict["beads"] and not would["to"]:
        yield f"  take all of them back:  gt undo {' '.join(dict.fromkeys((*conflict['beads'], *named)))}"
    yield f"  or have a polecat do it: gt undo {' '.join(named)} --polecat"


def _dependants(would: Mapping[str, Any]) -> Iterator[str]:
    rows = [(one["bead"], one["column"], one_line(one["title"]), _how(one)) for one in would["dependants"]]
    if rows:
        yield "  built on it since:"
    widths = [max(width(row[n]) for row in rows) for n in range(3)] if rows else []
    for row in rows:
        yield "  ".join(["   ", *(pad(cell, cells) for cell, cells in zip(row, widths, strict=False)), row[3]])
    if more := would["not_compared"]:
        yield f"    and {count(more, 'older landing')} that were not compared"


def _how(one: Mapping[str, Any]) -> str:
    how = ["CONFLICTS"] if one["conflicts"] else []
    how += [f"needs {', '.join(one['needs'])}"] if one["needs"] else []
    if one["lines"]:
        how.append(f"same lines: {_some(one['lines'], _LINES)}")
    elif one["files"]:
        how.append(f"same file: {_some(one['files'], _LINES)}")
    return "; ".join(how)


def _some(names: list[str], most: int) -> str:
    left = len(names) - most
    return ", ".join(map(one_line, names[:most])) + (f" and {left} more" if left > 0 else "")


def question(would: Mapping[str, Any]) -> str:
    """What a person is asked."""
    if would["conflict"] is not None:
        return "File a bead, and have a polecat do it?"
    many = len(would["landings"])
    what = "this landing" if many == 1 else f"these {many} landings"
    return f"{'Put' if all(one['again'] for one in would['landings']) else 'Take'} {what} back?"


def done(answer: Mapping[str, Any]) -> Iterator[str]:
    """What was filed, and what may be done next."""
    named = " ".join(one["bead"] for one in answer["landings"])
    filed = answer["filed"]
    if answer["polecat"]:
        yield f"{filed} is filed: a polecat does it, and it is reviewed and tested like any other."
    elif all(one["again"] for one in answer["landings"]):
        yield f"{filed} puts {named} back: it is in the queue, tested on the tip like any other."
    else:
        yield f"{filed} takes {named} back: it is in the queue, tested on the tip like any other."
        yield f"Once it has landed, gt redo {named} puts it back."
    for name in answer["nothing"]:
        yield f"Of {name} nothing was left to take back."


def _ago(seconds: float) -> str:
    for size, sign in ((604800, "w"), (86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{sign}"
    return f"{int(max(0.0, seconds))}s"
