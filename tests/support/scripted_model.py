"""A Messages API on 127.0.0.1 that plays scripts: what the real Claude Code talks to in tests, instead of a model."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-ant-scripted-0123456789abcdef0123456789abcdef"
"""The dummy key of tests; nobody checks it."""


@dataclass(frozen=True)
class Say:
    """An answer in words, which ends the turn."""

    text: str


@dataclass(frozen=True)
class Use:
    """A tool call."""

    tool: str
    input: Mapping[str, Any]
    text: str = ""


Answer = Say | Use


def bash(command: str) -> Use:
    """A call of the Bash tool."""
    return Use("Bash", {"command": command, "description": "as the script says"})


@dataclass(frozen=True)
class Asked:
    """What a script's step may look at: the prompt that chose it, the step's number, and what the last tool said."""

    prompt: str
    step: int
    result: str
    refused: bool


Step = Answer | Callable[[Asked], Answer]


@dataclass(frozen=True)
class Script:
    """Answers for every prompt that `match` is found in: one a request, in order; after the last, "Done."."""

    name: str
    match: str
    steps: Sequence[Step]


@dataclass(frozen=True)
class Heard:
    """One request as the server took it: which script and step answered, and what the tool before had said."""

    script: str
    session: str
    asked: Asked


@dataclass
class ScriptedModel:
    """The server's memory. It is stateless in what it answers: a request's messages alone choose script and step, so
    that a resumed session goes on where it was.
    """

    scripts: Sequence[Script]
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    holds: dict[tuple[str, int], threading.Event] = field(default_factory=dict)

    def hold(self, script: str, step: int) -> threading.Event:
        """Let that step's answer wait until the returned event is set: a model that thinks."""
        return self.holds.setdefault((script, step), threading.Event())

    def of(self, script: str) -> list[Asked]:
        """What a script was asked, in order."""
        return [heard.asked for heard in list(self.heard) if heard.script == script]

    def answer(self, request: Mapping[str, Any], session: str) -> Answer:
        """The scripted answer to one request."""
        if not request.get("tools"):
            return Say("Scripted.")
        found = choose(self.scripts, request.get("messages", []))
        if found is None:
            self.strange.append(json.dumps(request.get("messages", []))[-2000:])
            return Say("No script answers this.")
        script, asked = found
        self.heard.append(Heard(script.name, session, asked))
        if (hold := self.holds.get((script.name, asked.step))) is not None:
            hold.wait(120)
        if asked.step >= len(script.steps):
            return Say("Done.")
        step = script.steps[asked.step]
        return step(asked) if callable(step) else step


def choose(scripts: Sequence[Script], messages: Sequence[Mapping[str, Any]]) -> tuple[Script, Asked] | None:
    """The script of the latest user text that one matches; its step is the number of assistant messages after that."""
    step = 0
    result, refused = _last_result(messages)
    for message in reversed(messages):
        if message.get("role") == "assistant":
            step += 1
        elif message.get("role") == "user":
            text = "\n".join(_texts(message))
            for script in scripts:
                if re.search(script.match, text):
                    return script, Asked(text, step, result, refused)
    return None


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content", "")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    return (str(block.get("text", "")) for block in _blocks(message) if block.get("type") == "text")


def _last_result(messages: Sequence[Mapping[str, Any]]) -> tuple[str, bool]:
    for message in reversed(messages):
        for block in reversed(_blocks(message)):
            if block.get("type") == "tool_result":
                text = "\n".join(_texts({"content": block.get("content", "")}))
                return text, bool(block.get("is_error"))
    return "", False


def events(answer: Answer, number: int, model: str) -> Iterator[dict[str, Any]]:
    """The stream of one answer, as the Messages API sends it (facts/claude-code.md, "The wire")."""
    usage = {"input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": f"msg_scripted_{number:06}", "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip
    yield {"type": "message_start", "message": message}
    index = 0
    if answer.text:
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": answer.text}}
        yield {"type": "content_block_stop", "index": 0}
        index = 1
    if isinstance(answer, Use):
        block = {"type": "tool_use", "id": f"toolu_scripted_{number:06}", "name": answer.tool, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(dict(answer.input))}
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = "tool_use" if isinstance(answer, Use) else "end_turn"
    end = {"stop_reason": stop, "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": 20}}
    yield {"type": "message_stop"}


class _Handler(BaseHTTPRequestHandler):
    model: ScriptedModel
    count = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith("/v1/messages") or "count_tokens" in self.path:
            self.model.strange.append(f"POST {self.path}")
            self.send_error(404)
            return
        request = json.loads(body)
        answer = self.model.answer(request, self.headers.get("X-Claude-Code-Session-Id", ""))
        with self.lock:
            type(self).count += 1
            number = self.count
        stream = list(events(answer, number, str(request.get("model", "scripted"))))
        data = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in stream).encode()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the caller was killed meanwhile
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def do_GET(self) -> None:
        self.model.strange.append(f"GET {self.path}")
        self.send_error(404)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: pytest's output is for pytest."""


@contextlib.contextmanager
def serving(*scripts: Script) -> Iterator[ScriptedModel]:
    """A server for these scripts on a free port of 127.0.0.1, until the block ends."""
    model = ScriptedModel(scripts)
    handler = type("Handler", (_Handler,), {"model": model, "count": 0, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    model.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, name="scripted model", daemon=True)
    thread.start()
    try:
        yield model
    finally:
        for hold in model.holds.values():
            hold.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
