"""`gt plan`: what the Mayor files and you decide on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from gastown_tui.cli import common
from gastown_tui.model.errors import Refused, Usage
from gastown_tui.text import count

if TYPE_CHECKING:
    from gastown_tui.model.convoy import Draft, PlannedBead
    from gastown_tui.model.town import Town


@click.group()
def plan() -> None:
    """Submit, read, edit, approve or drop a plan. PLAN may be left out while only one is open.

    \b
    Example:
      gt plan show
      gt plan approve
    """


@plan.command("submit")
@click.argument("file")
@click.option("--revises", default="", help="The open plan this is a new revision of.")
@common.as_json
def submit(file: str, revises: str, as_json: bool) -> None:
    """File the plan in FILE (JSON; - for stdin) as a draft. Nothing is spent before you approve it.

    \b
    {"title", "beads": [{"key", "title", "description", "acceptance_criteria", "files",
      "needs": [keys], "priority", "labels", "estimated_minutes"}]}
    \b
    Example:
      gt plan submit plan.json
    """
    answer = common.order("submit_plan", plan=common.read_object(file), revises=revises)
    common.show(answer, _filed(answer), as_json)


def _filed(answer: dict[str, Any]) -> str:
    if answer.get("state") == "approved":
        return f"Plan {answer['plan']} is filed and approved: convoy {answer['convoy']}."
    revision, beads = answer["revision"], len(answer["beads"])
    filed = f"Plan {answer['plan']} is a draft now (revision {revision}, {beads} beads)."
    return f"{filed} Decide: gt plan show, gt plan approve"


@plan.command("show")
@click.argument("id", default="", metavar="[PLAN]")
@common.as_json
def show(id: str, as_json: bool) -> None:
    """A plan as a tree of waves: what can be built at the same time, and what waits for what.

    \b
    Example:
      gt plan show
      gt plan show p2 --json
    """
    import msgspec

    town = common.town()
    if not id and len(open_ := _open(town)) != 1:
        newest = sorted(town.drafts.values(), key=lambda d: -d.at)
        rows = [[d.id, d.state, f"{len(d.plan.beads)} beads", d.plan.title] for d in open_ or newest]
        common.show([msgspec.to_builtins(d) for d in open_ or newest], common.table(rows) or [NONE], as_json)
        return
    draft = _draft(town, id)
    common.show(msgspec.to_builtins(draft), list(lines(draft)), as_json)


NONE = 'No plan yet. Ask for one: gt mayor tell "what you want"'


def lines(draft: Draft) -> Iterator[str]:
    """A plan for people: beads by wave, with files, needs and minutes."""
    from gastown_tui.model.convoy import waves

    beads = draft.plan.beads
    yield f"{draft.id}  {draft.plan.title}  ({draft.state}, revision {draft.revision}, by {draft.by})"
    minutes = [b.estimated_minutes for b in beads]
    # A sum of guesses of which some are missing would be read as an estimate of the whole.
    length = f"{sum(m for m in minutes if m):g} minutes of work" if all(minutes) else "length unsure"
    all_waves = waves(beads)
    yield f"    {count(len(beads), 'bead')} in {count(len(all_waves), 'wave')}, {length}"
    for number, wave in enumerate(all_waves, 1):
        yield ""
        yield f"  wave {number}"
        for bead in wave:
            yield from _planned(bead)
    if draft.state == "draft":
        yield ""
        yield f"  gt plan approve {draft.id}   gt plan edit {draft.id}   gt plan drop {draft.id} WHY"
    elif draft.reason:
        yield f"  {draft.state}: {draft.reason}"


def _planned(bead: PlannedBead) -> Iterator[str]:
    minutes = f"  ~{bead.estimated_minutes:g} min" if bead.estimated_minutes else ""
    yield f"    {bead.key}  P{bead.priority}  {bead.title}{minutes}"
    if bead.needs:
        yield f"        after {', '.join(bead.needs)}"
    if bead.files:
        yield f"        {' '.join(bead.files)}"


@plan.command("edit")
@click.argument("id", default="", metavar="[PLAN]")
@click.option("--file", "file", default="", help="Take the plan from this file (- for stdin) instead of an editor.")
@common.as_json
def edit(id: str, file: str, as_json: bool) -> None:
    """Change a draft in your editor ($EDITOR), as JSON.

    \b
    Example:
      gt plan edit
      gt plan edit p1 --file plan.json
    """
    import msgspec

    draft = _draft(common.town(), id)
    changed = common.read_object(file) if file else _edited(msgspec.to_builtins(draft.plan))
    if changed is None:
        common.show({"plan": draft.id, "revision": draft.revision}, "Nothing was changed.", as_json)
        return
    answer = common.order("edit_plan", plan=draft.id, changed=changed)
    common.show(answer, _filed(answer), as_json)


def _edited(plan: dict[str, Any]) -> dict[str, Any] | None:
    before = json.dumps(plan, indent=2, ensure_ascii=False) + "\n"
    after = click.edit(before, extension=".json")
    if after is None or after == before:
        return None
    try:
        found = json.loads(after)
    except ValueError as error:
        raise Usage(f"This is not JSON: {error}.", "The draft is as it was; edit it again.") from error
    if not isinstance(found, dict):
        raise Usage("One JSON object is wanted.", "The draft is as it was; edit it again.")
    return found


@plan.command("approve")
@click.argument("id", default="", metavar="[PLAN]")
@click.option("--only", "keys", multiple=True, help="Take only this bead and what it needs. May be repeated.")
@common.as_json
def approve(id: str, keys: tuple[str, ...], as_json: bool) -> None:
    """Say yes: the beads are made and polecats start.

    \b
    Example:
      gt plan approve
      gt plan approve p1 --only schema --only login
    """
    answer = common.order("approve_plan", plan=id, keys=keys)
    sent = count(len(answer["beads"]), "bead")
    words = f"Convoy {answer['convoy']} is on its way with {sent}. Follow it with: gt feed -f"
    common.show(answer, words, as_json)


@plan.command("drop")
@click.argument("id", default="", metavar="[PLAN]")
@click.argument("words", nargs=-1)
@common.as_json
def drop(id: str, words: tuple[str, ...], as_json: bool) -> None:
    """Say no, and why: the Mayor gets your words and plans again.

    \b
    Example:
      gt plan drop p1 "No new dependencies, please"
    """
    if id and id not in common.town().drafts:
        id, words = "", (id, *words)  # one open plan, and only words were given
    answer = common.order("drop_plan", plan=id, reason=" ".join(words))
    said = " The Mayor gets your words." if words else ""
    common.show(answer, f"Plan {answer['plan']} is dropped.{said}", as_json)


def _open(town: Town) -> list[Draft]:
    return sorted((d for d in town.drafts.values() if d.state == "draft"), key=lambda d: d.at)


def _draft(town: Town, id: str) -> Draft:
    if id and id in town.drafts:
        return town.drafts[id]
    found = _open(town)
    if not id and len(found) == 1:
        return found[0]
    names = ", ".join(d.id for d in found) or "none"
    raise Refused(f"There is no plan {id}." if id else "Which plan?", f"Open ones: {names}.")
