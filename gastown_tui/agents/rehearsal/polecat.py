"""What a polecat does with its prompts: its script, its mending when sent back, or plain work when nothing is said."""

from __future__ import annotations

from gastown_tui.agents.rehearsal import briefing, script
from gastown_tui.agents.rehearsal.script import Step


def steps(prompts: list[str]) -> tuple[Step, ...]:
    """The steps for the last of a polecat's prompts, knowing those before."""
    prompt = prompts[-1]
    back = briefing.sent_back(prompt)
    if back is None:
        first = script.parse(prompt).first
        if first is None and (told := _told(prompt)) is not None:
            return told
        return first if first is not None else _plain(briefing.title(prompt))
    earlier = (script.parse(prompt).backs for prompt in reversed(prompts))
    backs = next((found for found in earlier if found), ())
    mending = script.Script(None, backs).back(back.gate, back.times)
    return mending if mending is not None else _mend(prompts, back)


def _told(prompt: str) -> tuple[Step, ...] | None:
    """What an unscripted worker does when it is told to wait for another bead, or that it has landed."""
    if "`gt done` is not taken before" in prompt:
        return (Step("say", "I wait until I am told."),)
    if "has landed on" in prompt and "git merge" in prompt:
        title = "Merge what landed before"
        return (Step("merge"), Step("commit", title), Step("done", title))
    return None


def _plain(title: str) -> tuple[Step, ...]:
    """Work without a script: a line in a log, committed and handed in."""
    return (Step("think", f"{title}: a small thing, one line does it"), Step("read", "README.md"),
            Step("append", "WORKLOG.md", f"- {title}\n"), Step("commit", title), Step("done", title))


def _mend(prompts: list[str], back: briefing.SentBack) -> tuple[Step, ...]:
    """Mending without a script: merge the target keeping both sides, note the reason, run the gates, hand in."""
    noted = () if back.gate == "refinery" else (
        Step("append", "WORKLOG.md", f"- mended for the {back.gate}: {back.reason}\n"),)
    title = f"Mend what the {back.gate} sent back"
    return (Step("think", f"Sent back by the {back.gate}: {back.reason}"), Step("merge"), *noted,
            *(Step("run", gate) for gate in briefing.gates(prompts)), Step("commit", title), Step("done", title))
