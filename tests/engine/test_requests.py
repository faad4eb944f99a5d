"""Landing by pull request, with a `gh` that answers for a real bare repository."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gastown_tui.config import Gate
from gastown_tui.engine.refinery import ci, pushing, requests, withdrawing
from gastown_tui.model.bead import Bead
from gastown_tui.model.errors import GasTownError
from gastown_tui.model.merge import GateRun, PullRequest
from gastown_tui.model.orders import Answer, CloseBead, Undo
from tests.engine.towns import GREEN, Running, founded, note, rehearse, running
from tests.support import rigs
from tests.support.hub import Hub, hub, run

LONG = 120.0
"""Seconds a busy machine may take for what here takes one."""


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remote, requests and checks are looked at often."""
    monkeypatch.setattr(pushing, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(requests, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(withdrawing, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(ci, "POLL", 0.1)


async def offered(town: Running, bead: str, commit: str = "") -> int:
    """Wait for a bead's pull request, of another commit than this one; returns its number."""
    await town.until(
        lambda t: bead in t.queue
        and t.queue[bead].state == "requested"
        and (r := t.beads[bead].work.request) is not None
        and r.commit != commit,
        "the pull request",
        LONG,
    )
    request = town.bead(bead).work.request
    assert request is not None
    return request.number


def test_a_bead_is_offered_mended_and_merged_by_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="pr", sheriff=("true",))
        site = hub(place.root, tmp_path, monkeypatch)
        async with running(place) as town:
            mend = "append a.txt <<END\n{}\nEND\ncommit Mend\ndone Mended"
            mends = mend.format("tested"), mend.format("linted")
            bead = await town.do(rehearse(note("a.txt"), *mends, title="Ask @ada"))
            number = await offered(town, bead)
            pull, first = site.pull(number), town.bead(bead).work.commit
            assert (pull["headRefName"], pull["headRefOid"], pull["title"]) == (f"gt/{bead}", first, "Ask @ada")
            assert f"Bead: {bead}@1" in pull["body"] and rigs.git(place.root, "status", "--porcelain") == ""
            said = pull["comments"][0]["body"]
            rows = ("| Sheriff | passed | true |", "| Witness | passed |", "| Gates | green |")
            assert all(row in said for row in rows)
            with_status = site.calls("api", "--method", "POST", f"repos/{{owner}}/{{repo}}/statuses/{first}")
            assert with_status == 1

            site.review(number, "ada", "CHANGES_REQUESTED", "Where is its test?", "2026-01-02T10:00:00Z", "this line")
            second = await _again(town, site, bead, first)
            back = town.bead(bead).work.returns[0]
            assert back.by == "pull request" and "ada asks for changes:\nWhere is its test?" in back.reason
            assert "a.txt:1: this line" in back.reason
            await town.until(lambda t: "ada to look again" in t.queue[bead].why, "nothing to be done twice", LONG)

            site.check(second, "slow", None)
            site.check(second, "unit", "failure")
            await town.until(lambda t: "1 check of" in t.queue[bead].why, "the other check to be waited for", LONG)
            site.check(second, "slow", "success")
            third = await _again(town, site, bead, second)
            reason = town.bead(bead).work.returns[1].reason
            assert "- unit: failure https://ci.example/unit" in reason and "slow" not in reason

            site.review(number, "ada", "APPROVED", "", "2026-01-03T10:00:00Z")
            await town.until(lambda t: "approved and waits to be merged" in t.queue[bead].why, "the approval", LONG)
            merged = site.merge(number, squash=True)
            await town.landed(bead, seconds=LONG)
            assert town.bead(bead).work.landed == merged == town.town.tip == rigs.git(place.root, "rev-parse", "main")
            assert (place.root / "a.txt").read_text() == "text\ntested\nlinted\n" and not town.town.needs
            assert len(site.pull(number)["comments"]) == 1 and third[:12] in site.pull(number)["comments"][0]["body"]
            await town.until(lambda t: not rigs.git(site.far, "branch", "--list", "gt/*"), "it to go there", LONG)
            await town.until(lambda t: not rigs.git(place.root, "branch", "--list", "polecat/*"), "it to go", LONG)

    asyncio.run(story())


async def _again(town: Running, site: Hub, bead: str, commit: str) -> str:
    """Wait for the same request to have another commit; returns it."""
    number = await offered(town, bead, commit)
    assert number == 1 and site.calls("pr", "create") == 1
    newer = str(site.pull(number)["headRefOid"])
    assert newer == town.bead(bead).work.commit != commit
    return newer


def test_what_is_closed_is_asked_about_and_gh_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="pr")
        site = hub(place.root, tmp_path, monkeypatch)
        site.change(login=False, may_write_statuses=False)
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            await town.until(lambda t: any(n.kind == "gh" for n in t.needs.values()), "the question about gh", LONG)
            assert "gh auth login" in next(iter(town.town.needs.values())).question
            site.change(login=True)
            number = await offered(town, bead)
            await town.until(lambda t: not t.needs, "the question to be settled", LONG)
            site.close(number)
            await town.until(lambda t: t.beads[bead].work.held, "the question about the closed one", LONG)
            need = next(iter(town.town.needs.values()))
            assert (need.kind, need.bead) == ("bead", bead) and "merged nothing" in need.question
            await town.engine.ask(Answer(need.id, "retry"))
            assert await offered(town, bead) == 2
            theirs = rigs.commit(_clone(tmp_path, site, bead), {"a.txt": "ours, changed by hand\n"}, "By hand")
            rigs.git(tmp_path / "clone", "push", "-q", "origin", f"HEAD:gt/{bead}")
            await town.until(lambda t: "commits of somebody else" in t.queue[bead].why, "it to be seen", LONG)
            site.merge(2)
            await town.landed(bead, seconds=LONG)
            assert rigs.git(place.root, "merge-base", "--is-ancestor", theirs, "main") == ""
            assert rigs.git(site.far, "rev-parse", f"refs/heads/gt/{bead}") == theirs, "their branch is left to them"

    asyncio.run(story())


def test_the_request_of_a_closed_bead_is_closed_or_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="pr")
        site = hub(place.root, tmp_path, monkeypatch)
        async with running(place) as town:
            first, second = [await town.do(rehearse(note(name))) for name in ("a.txt", "b.txt")]
            one, two = await offered(town, first), await offered(town, second)
            answer = await town.engine.ask(CloseBead(first, reason="ask @ada, it is not wanted"))
            assert [r["number"] for r in answer["requests"]] == [one]
            await town.until(lambda t: t.beads[first].work.request is None, "it to be closed", LONG)
            pull = site.pull(one)
            said = pull["comments"][-1]["body"]
            assert pull["state"] == "CLOSED" and f"bead {first} was closed without landing: ask @\u200bada" in said
            assert site.pull(two)["state"] == "OPEN" and not town.town.needs
            assert rigs.git(site.far, "branch", "--list", f"gt/{first}"), "its branch is kept"
            await town.engine.ask(Undo())
            assert await offered(town, first) == 3, "what is taken back is offered anew"

            site.change(login=False)
            await town.engine.ask(CloseBead(second))
            await town.until(lambda t: any(n.kind == "request" for n in t.needs.values()), "the question", LONG)
            need = next(n for n in town.town.needs.values() if n.kind == "request")
            assert need.title == f"Pull request #{two} of {second} is still open" and "gh auth login" in need.question
            assert site.pull(two)["state"] == "OPEN"
        async with running(place) as town:
            site.change(login=True)
            await town.until(lambda t: t.beads[second].work.request is None, "the next engine to close it", LONG)
            assert site.pull(two)["state"] == "CLOSED" and not [n for n in town.town.needs.values() if n.bead == second]

    asyncio.run(story())


def test_a_request_with_commits_of_others_is_left_to_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="pr")
        site = hub(place.root, tmp_path, monkeypatch)
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            number = await offered(town, bead)
            rigs.commit(_clone(tmp_path, site, bead), {"a.txt": "by hand\n"}, "By hand")
            rigs.git(tmp_path / "clone", "push", "-q", "origin", f"HEAD:gt/{bead}")
            await town.engine.ask(CloseBead(bead))
            await town.until(lambda t: any(n.kind == "request" for n in t.needs.values()), "the question", LONG)
            need = next(n for n in town.town.needs.values() if n.kind == "request")
            assert "It has commits of somebody else." in need.question and need.choices == ("leave it open",)
            await town.engine.ask(Answer(need.id, "leave it open"))
            assert town.bead(bead).work.request is None and site.pull(number)["state"] == "OPEN"

    asyncio.run(story())


def _clone(tmp_path: Path, site: Hub, bead: str) -> Path:
    clone = tmp_path / "clone"
    rigs.git(tmp_path, "clone", "-q", "-b", f"gt/{bead}", str(site.far), str(clone))
    for key, value in (("user.name", "Eve"), ("user.email", "eve@example.org")):
        rigs.git(clone, "config", key, value)
    return clone


def test_the_remotes_checks_are_a_gate_and_a_red_one_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        place = founded(tmp_path, land="push", ci="push", gates=(Gate("green", GREEN, 60.0),))
        site = hub(place.root, tmp_path, monkeypatch)
        site.change(ci=run("build", None))
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt"), "write b.txt <<END\nx\nEND\ncommit Mend\ndone Mended"))
            await town.until(lambda t: "ci: 0 of 1 checks done" in town.engine.notes.values(), "its check", LONG)
            assert bead in town.town.queue
            first = rigs.git(site.far, "for-each-ref", "--format=%(objectname)", "refs/heads/gt/staging/")
            site.check(first, "build", None)
            site.change(ci=run("build", "success"))
            site.check(first, "build", "failure")
            await town.until(lambda t: t.beads[bead].work.returns, "it to come back", LONG)
            assert "- build: failure https://ci.example/build" in town.bead(bead).work.returns[0].reason
            await town.landed(bead, seconds=LONG)
            assert rigs.git(site.far, "rev-parse", "main") == rigs.git(place.root, "rev-parse", "main")
            assert rigs.git(site.far, "branch", "--list", "gt/*") == ""

    asyncio.run(story())


def test_an_offer_that_fails_for_another_reason_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing changes in the town by that, and so nothing else would have it offered."""
    sent, times = requests.Requests._sent, 0

    async def broken(self: requests.Requests, bead: Bead, run: GateRun | None) -> PullRequest:
        nonlocal times
        times += 1
        if times == 1:
            raise GasTownError("git gave no answer.")
        return await sent(self, bead, run)

    monkeypatch.setattr(requests.Requests, "_sent", broken)

    async def story() -> None:
        place = founded(tmp_path, land="pr")
        hub(place.root, tmp_path, monkeypatch)
        async with running(place) as town:
            bead = await town.do(rehearse(note("a.txt")))
            assert await offered(town, bead) == 1 and times == 2

    asyncio.run(story())
