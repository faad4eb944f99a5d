"""What the rehearsal Mayor makes of the overseer's messages: a plan, a revised plan, or an answer."""

from __future__ import annotations

import json
import re
from typing import Any

from gastown_tui.agents.rehearsal import play
from gastown_tui.agents.rehearsal.script import Step

_PLAN = re.compile(r"^[ \t]*(`{3,})plan[ \t]*\n(.*?)^[ \t]*\1", re.S | re.M)
_REFUSED = re.compile(r"^The overseer refused plan [\w.-]+(?: \(.*?\))?:[ \t]*(.*)", re.M | re.S)
_MESSAGE = re.compile(r"^(?:#+[ \t]*)?(?:what )?the overseer(?:'s (?:message|words|goal))?"
                      r"(?: (?:says|said|wrote|asks|wants))?[ \t]*:?[ \t]*$\n", re.M | re.I)
_QUESTION = re.compile(r"^(?:what|why|how|who|when|where|which|is|are|do|does|did|can|could|nudge)\b|\?\s*$", re.I)
_TITLE = 72


def said(prompt: str) -> str:
    """The overseer's own words: what follows the last line that announces them, else the whole prompt."""
    found = list(_MESSAGE.finditer(prompt))
    return (prompt[found[-1].end():] if found else prompt).strip()


def plan(prompts: list[str]) -> dict[str, Any] | None:
    """The plan that answers the last message, knowing those before; None when it wants an answer in words."""
    message = said(prompts[-1])
    if match := _PLAN.search(message):
        return _read(match.group(2)) or _single(message)
    if match := _REFUSED.search(message):
        earlier = next((found for end in range(len(prompts) - 1, 0, -1) if (found := plan(prompts[:end]))), None)
        return _revised(earlier, match.group(1).strip()) if earlier else _single(match.group(1).strip())
    if name := play.answering(message):
        return play.plan(name)
    return None if "```rehearse" not in message and _QUESTION.search(message) else _single(message)


def steps(prompts: list[str]) -> tuple[Step, ...]:
    """The steps for the last of the Mayor's prompts."""
    made = plan(prompts)
    message = said(prompts[-1])
    if made is None:
        return (Step("think", "A question: nothing to plan"), Step("say", "", _answer(message)))
    look = () if _PLAN.search(message) else (
        Step("read", "README.md"), Step("run", "git ls-files | head -60"), Step("run", "git log --oneline -5"))
    return (Step("think", "I look at what there is before I cut the work into beads"), *look,
            Step("gt", "plan submit -", json.dumps(made, indent=1, ensure_ascii=False) + "\n"),
            Step("say", "", summary(made)))


def waves(beads: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Beads in waves: each needs only what earlier waves hold; what needs itself in a circle comes last."""
    left, known = list(beads), set[str]()
    cut = []
    while left:
        wave = [bead for bead in left if known.issuperset(bead.get("needs") or ())] or left
        cut.append(wave)
        known |= {str(bead.get("key")) for bead in wave}
        left = [bead for bead in left if bead not in wave]
    return cut


def summary(made: dict[str, Any]) -> str:
    """A plan in a few words of Markdown: the plan itself is on the board."""
    beads = [bead for bead in made.get("beads", ()) if isinstance(bead, dict)]
    cut = waves(beads)
    how = f"{len(beads)} bead{'s' * (len(beads) != 1)}"
    if len(cut) > 1:
        how += f" in {len(cut)} waves, {len(cut[0])} of them side by side at once"
    minutes = sum(int(bead.get("estimated_minutes") or 0) for bead in beads)
    long = f"Estimated work: {minutes} minutes." if minutes else "I cannot say yet how long it takes."
    return f"**{made.get('title', 'A plan')}**: {how}. {long} Nothing starts before you approve the plan."


def _single(message: str) -> dict[str, Any]:
    """A plan of one bead that carries the message whole."""
    first = next((row.strip() for row in message.split("\n") if row.strip()), "Do what was asked")
    title = first if len(first) <= _TITLE else first[:_TITLE - 1] + "…"
    criteria = "What the message asks for is there, and the gates are green."
    return {"title": title, "beads": [{"key": "work", "title": title, "description": message,
                                       "acceptance_criteria": criteria, "files": [], "needs": [], "priority": 2,
                                       "labels": [], "estimated_minutes": 5}]}


def _revised(made: dict[str, Any], words: str) -> dict[str, Any]:
    """The same plan with the overseer's words in its title and at the end of what every bead says."""
    brief = " ".join(words.split())[:_TITLE]
    beads = [{**bead, "description": f"{bead.get('description', '')}\n\nThe overseer asked for: {words}".strip()}
             for bead in made["beads"]]
    return {**made, "title": f"{made['title']} (revised: {brief})", "beads": beads}


def _read(text: str) -> dict[str, Any] | None:
    """The plan in a fence; None when it is no JSON object, which makes the message itself the work."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("beads"), list) else None


def _answer(message: str) -> str:
    """Words for a question: a rehearsal has no opinion, and says what it can do."""
    return (f"You asked: {' '.join(message.split())[:200]}\n\n"
            "I am the rehearsal Mayor and follow a script: I cannot judge that. Tell me what to build and I cut it "
            "into beads, or ask `gt status` how the town stands.")
