"""What looks like a secret is found wherever it stands; what only speaks of one is left alone."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gastown_tui.redact import Finding, Found, find, inside, redact
from tests.support.planted import core, planted

SHAPES = planted(1)
AROUND = [
    ("", ""), ("see ", " there"), ('{"text": "', '"}'), ("\x1b[32m", "\x1b[0m"),
    ("\ufffd[1;31m", "\ufffd[m"), ("(", ")"),
]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("before", "after"), AROUND)
def test_every_shape_is_found_wherever_it_stands(name: str, before: str, after: str) -> None:
    """Alone, in prose, in JSON, in colours, in brackets."""
    secret = SHAPES[name]
    said = redact(before + secret + after)
    assert core(secret) not in said and "[redacted: " in said
    assert said.startswith(before) and said.endswith(after)
    assert redact(said) == said


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_found_with_its_line_breaks_escaped(name: str) -> None:
    """As it stands inside a JSON text inside a JSON text."""
    once = json.dumps(SHAPES[name])
    assert core(SHAPES[name]) not in redact(once) and core(SHAPES[name]) not in redact(json.dumps(once))


@pytest.mark.parametrize("name", [name for name in SHAPES if "pem" not in name and name not in ("password", "url")])
def test_colours_inside_a_token_do_not_hide_it(name: str) -> None:
    """`grep --color` paints the part it looked for."""
    secret = SHAPES[name]
    value = core(secret)
    painted = secret.replace(value, f"{value[:5]}\x1b[01;31m\x1b[K{value[5:9]}\x1b[m\x1b[K{value[9:]}")
    assert value[9:] not in redact(f"1: {painted} end") and redact(f"1: {painted} end").endswith(" end")


def test_a_private_key_is_found_in_parts() -> None:
    """A screen shows its end, a diff has signs before its lines, a cut text has only its beginning."""
    lines = SHAPES["pem"].split("\n")
    for part in (lines[2:], lines[:-1], [f"+{line}" for line in lines], [f"  {line}" for line in lines[2:]]):
        said = redact("\n".join(["above", *part, "below"]))
        assert all(line not in said for line in lines[2:-1]), said
        assert said.startswith("above\n") and said.endswith("below")


SPOKEN = [
    'password=os.environ["DB_PASSWORD"]', "password = getpass()", "password: str", 'password: str = ""',
    "password=None", "connect(user=user, password=password)", "token=self.token", "token = next(tokens)",
    "if password == user.password:", "def f(password, token=None):", "token: the current one", '"token": "string"',
    'type="password"', "max_tokens: 4096", "GITHUB_TOKEN=${{ secrets.GITHUB_TOKEN }}", "password=$PASSWORD",
    "password=${DB_PASSWORD}", "password=<yours>", 'api_key="YOUR_API_KEY"', "password=****",
    "the password: it is asked for", "https://user:pass@host/path", "a task-force-is-risk-averse-and-asks-again",
    "[redacted: GitHub token]", "password=[redacted: password]", "3f786850e387550fdab836ed7e6dc881de23001b",
    "123e4567-e89b-12d3-a456-426614174000", "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAUA" * 20,
    "eyJ.not.one", "eyJhIjoxfQ.eyJhIjoxfQ.aaaa", 'if "-----BEGIN PRIVATE KEY-----" in text:',
]  # fmt: skip


@pytest.mark.parametrize("text", SPOKEN)
def test_what_only_speaks_of_a_secret_is_left_alone(text: str) -> None:
    """Code, types, placeholders, hashes and pictures."""
    assert find(text) == ()


def test_findings_say_what_and_where() -> None:
    """In order, none overlapping."""
    key, token = SHAPES["anthropic"], SHAPES["github p"]
    text = f"{key} and token={token}"
    at = text.index(token)
    assert find(text) == (Finding("Anthropic key", 0, len(key)), Finding("GitHub token", at, len(text)))


def test_a_json_value_is_searched_all_through() -> None:
    """By what its texts hold, and by the keys they stand under; without a finding it is the very same."""
    token = SHAPES["github p"]
    value = {"title": "plain", "notes": [f"use {token}"], "metadata": {"api_key": "abcd1234efgh", "keys": 3}}
    new, found = inside(value)
    assert found == (Found("GitHub token", "notes.0"), Found("key", "metadata.api_key"))
    assert new["notes"] == ["use [redacted: GitHub token]"]
    assert new["metadata"] == {"api_key": "[redacted: key]", "keys": 3}
    assert inside(new) == (new, ()) and inside(new)[0] is new


_PIECES = st.sampled_from([
    *SHAPES.values(), "password=", "token: ", "sk-", "ghp_", "eyJ", "://", "@", ":", '"', "'", "\\", "AKIA", "\n", " ",
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\x1b[1m", "[redacted: ", "]",
])  # fmt: skip


@given(st.lists(_PIECES | st.text(max_size=6), max_size=12).map("".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """Whatever stands beside whatever."""
    once = redact(text)
    assert redact(once) == once
    spans = [(finding.start, finding.end) for finding in find(text)]
    assert spans == sorted(spans) and all(a < b for a, b in spans)
    assert all(last <= first for (_, last), (first, _) in pairwise(spans))


HOSTILE = [
    "sk-", "eyJ", "eyJaaaaaaaa.", "://a:", ":", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----\n",
    'password="', "--token ", "-", "\x1b[", "\x1b[1m", "authorization: ", "AKIA", "secret_access_key ", "A",
    "A" * 64 + "\n", " ",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_time_is_linear_whatever_the_text(unit: str) -> None:
    """A fifth of a second each; were one of them squared, it would take minutes and run into the time limit."""
    text = "password " + unit * (250_000 // len(unit)) + " -----END PRIVATE KEY-----"
    assert all(finding.end <= len(text) for finding in find(text))
