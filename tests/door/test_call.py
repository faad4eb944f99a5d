"""The agents' way in, as agents run it: a process that has the standard library and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from gastown_tui.door import call
from gastown_tui.door.shim import starting
from gastown_tui.model import orders
from tests.door.fake import FakeEngine
from tests.door.serving import a_place, serving

POLECAT = {"GT_TOKEN": "secret", "GT_LEASE": "td-1:1:s"}
WITNESS = {"GT_TOKEN": "secret", "GT_LEASE": "w"}
PLAN = {"title": "A gate", "beads": [{"key": "a", "title": "A"}]}
VERDICT = {"bead": "td-1", "epoch": 1, "decision": "APPROVE", "reason": "fine", "checks": []}


async def run(cwd: Path, *words: str, env: dict[str, str] | None = None, stdin: str = "") -> tuple[int, str, str]:
    """Run call.py as the shim does; (exit code, stdout, stderr)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", starting(), *words, cwd=cwd, env={"PATH": os.environ["PATH"], **(env or {})},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(stdin.encode())
    return process.returncode or 0, out.decode(), err.decode()


def test_every_verb_reaches_the_engine_as_its_order(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        async with serving(engine, place):
            sock = {"GT_SOCKET": str(place.socket)}
            assert (await run(tmp_path, "done", "-m", "it's ünder way", env=sock | POLECAT))[0] == 0
            assert (await run(tmp_path, "plan", "submit", "-", env=sock, stdin=json.dumps(PLAN)))[0] == 0
            assert (await run(tmp_path, "verdict", "-", env=sock | WITNESS, stdin=json.dumps(VERDICT)))[0] == 0
            assert (await run(tmp_path, "nudge", "quartz", "look up", env=sock))[0] == 0
            assert (await run(tmp_path, "escalate", "which one?", env=sock | POLECAT))[0] == 0
            assert (await run(tmp_path, "mayor", "tell", "build a gate", env=sock))[0] == 0
        asked = [order for order, _ in engine.asked]
        assert asked[0] == orders.Done("it's ünder way") and engine.asked[0][1].name == "obsidian"
        assert isinstance(asked[1], orders.SubmitPlan) and asked[1].plan.title == "A gate"
        assert isinstance(asked[2], orders.Verdict) and asked[2].decision == "APPROVE"
        assert asked[3:] == [
            orders.Nudge("quartz", "look up"), orders.Escalate("which one?"), orders.TellMayor("build a gate"),
        ]  # fmt: skip

    asyncio.run(scene())


def test_words_for_people_json_for_programs(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        async with serving(engine, place):
            env = {"GT_SOCKET": str(place.socket)} | POLECAT
            _, out, _ = await run(tmp_path, "done", env=env)
            assert "td-1" in out and out.count("\n") == 1
            _, out, _ = await run(tmp_path, "done", "--json", env=env)
            assert json.loads(out)["bead"] == "td-1"
            code, out, err = await run(tmp_path, "mayor", "tell", "x", "--json", env=env)
            assert code == 1 and out == "" and json.loads(err)["error"]["code"] == 1  # not a polecat's to say
            code, _, err = await run(tmp_path, "done", env=env | {"GT_TOKEN": "old"})
            assert code == 5 and err.strip() == "Somebody newer has the bead. Stop here."

    asyncio.run(scene())


def test_the_town_is_found_upward_and_its_absence_has_a_code(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        deep = tmp_path / "a" / "b"
        deep.mkdir(parents=True)
        async with serving(engine, place):
            assert (await run(deep, "escalate", "here", env={}))[0] == 0
        code, _, err = await run(deep, "escalate", "here")
        assert code == 4 and "gt up" in err
        place.config.unlink()
        code, _, err = await run(deep, "escalate", "here")
        assert code == 3 and "gt init" in err

    asyncio.run(scene())


@pytest.mark.parametrize("stdin", ["", "{", "[1]", "\x00\xff"])
def test_an_unreadable_file_is_a_usage_error_and_sends_nothing(tmp_path: Path, stdin: str) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        async with serving(engine, place):
            env = {"GT_SOCKET": str(place.socket)} | WITNESS
            code, _, err = await run(tmp_path, "verdict", "-", env=env, stdin=stdin)
            assert code == 2 and "Nothing was sent" in err
            assert (await run(tmp_path, "plan", "submit", "missing.json", env=env))[0] == 2
        assert engine.asked == []

    asyncio.run(scene())


def test_a_hook_passes_json_both_ways_and_never_fails_its_agent(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        env = {"GT_SOCKET": str(place.socket)} | POLECAT
        async with serving(engine, place):
            code, out, _ = await run(tmp_path, "hook", "Stop", env=env, stdin='{"cwd": "/x"}')
            assert code == 0 and json.loads(out) == {"decision": "block", "reason": "go on"}
            assert await run(tmp_path, "hook", "SessionStart", env=env, stdin="{}") == (0, "", "")
            assert await run(tmp_path, "hook", "Stop", env=env, stdin="not json") == (0, "", "")
            assert await run(tmp_path, "hook", "Stop", env=env | {"GT_TOKEN": "old"}, stdin="{}") == (0, "", "")
            assert await run(tmp_path, "hook", "../orders", env=env, stdin="{}") == (0, "", "")
        assert [event for event, _, _ in engine.hooks] == ["Stop", "SessionStart"]
        assert await run(tmp_path, "hook", "Stop", env=env, stdin="{}") == (0, "", "")

    asyncio.run(scene())


def test_an_agents_call_waits_for_a_restarting_engine(tmp_path: Path) -> None:
    async def scene() -> None:
        engine, place = FakeEngine(), a_place(tmp_path)
        env = {"GT_SOCKET": str(place.socket)} | POLECAT
        async with asyncio.TaskGroup() as group:
            calling = group.create_task(run(tmp_path, "done", env=env), name="call")
            # A listener that leaves in the middle of the answer: the engine dies after it took the order.
            half = asyncio.Event()

            async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{")
                writer.close()
                half.set()

            server = await asyncio.start_unix_server(dying, place.socket)
            await half.wait()
            server.close()
            async with serving(engine, place):
                code, out, err = await calling
        assert (code, err) == (0, "") and "td-1" in out
        assert len(engine.asked) == 1

    asyncio.run(scene())


def test_what_is_not_ours_is_left_to_the_whole_command_line() -> None:
    for words in ([], ["status"], ["done", "--help"], ["done", "extra"], ["plan", "show"], ["mayor", "attach"],
                  ["nudge", "quartz"], ["escalate"], ["plan", "submit"], ["done", "-m"], ["hook"]):  # fmt: skip
        assert call.main(words) is None, words


def test_errors_quote_nothing_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    assert call.complain(1, "a\x1b]52;c;x\x07", "b\x9b1m", False) == 1
    err = capsys.readouterr().err
    assert "\x1b" not in err and "\x9b" not in err and "\x07" not in err


def test_it_loads_the_standard_library_and_little_of_it(tmp_path: Path) -> None:
    async def scene() -> None:
        program = (
            f"import sys; before=set(sys.modules); sys.path.insert(0, {str(Path(call.__file__).parent)!r}); "
            "import call; call.main(['hook', 'Stop']); "
            "print(sorted(set(sys.modules) - before))"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", "-c", program, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
            cwd=tmp_path, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        loaded = (await process.communicate())[0].decode()
        for heavy in ("http", "'json", "'re'", "click", "pathlib", "argparse", "gastown_tui", "asyncio", "'socket'"):
            assert heavy not in loaded, loaded
        assert "_socket" in loaded

    asyncio.run(scene())


def test_json_is_read_and_written_as_the_json_module_does() -> None:
    """Without loading it, but for saying what is wrong."""
    value: dict[str, object] = {"e": "x" * 5000, "b": {"c": {}, "d": []}}
    value["a"] = [1, -2.5, 1e300, True, False, None, "ü \U0001f600 \udc80 \n\"\\"]
    assert call._json_of(value) == json.dumps(value)
    assert call._parsed(f" \n{json.dumps(value)} \n".encode()) == value
    for broken in (b"", b"{", b"[1,]", b'{"a": }', b"{} x", b"\xff", b'"\x01"', b"nul"):
        with pytest.raises(ValueError):
            call._parsed(broken)
