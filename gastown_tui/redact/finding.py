"""Finds what looks like a secret in text the town is about to write or show, and puts words in its place."""

from __future__ import annotations

import base64
import binascii
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from gastown_tui.redact.literals import TRAILING, is_literal


class Finding(NamedTuple):
    """Something that looks like a secret: what it is in words, and where it stands, `start` to before `end`."""

    kind: str
    start: int
    end: int


class _Shape(NamedTuple):
    """One shape: `marks` are what a text must hold (in lower case) before `pattern` is worth the time.

    The finding is the group called `secret`, or the whole match; `check` has the last word.
    """

    kind: str
    marks: tuple[str, ...]
    pattern: re.Pattern[str]
    check: Callable[[re.Match[str]], bool] | None = None


# No pattern may look back over what it has read: quantifiers are possessive or bounded, so the time is linear in the
# text whatever it is. A token may follow a letter: a colour code that lost its ESC ends in `m`.
_APART = r"(?:(?<![A-Za-z0-9_-])|(?<=[0-9;\[]m))"


def _is_jwt(match: re.Match[str]) -> bool:
    head = match["head"][:2048]
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError, TypeError):
        return False


_ASSIGNED = re.compile(
    r"""(?P<name>passwor[dt]|passwd|passphrase|pwd|secret|token|credentials?|gt_lease
            |(?:(?<=api)|(?<=api[_-])|(?<=auth)|(?<=auth[_-])|(?<=access)|(?<=access[_-])|(?<=secret)|(?<=secret[_-])
              |(?<=private)|(?<=private[_-]))key)
        (?:\\{0,7}["'`]\]?)?(?P<sign>[ \t]{0,4}(?::=|=>|==?|:)[ \t]{0,4}|[ \t]{1,4})
        (?:[bruf]{0,2}(?:\\{1,7}"(?P<escaped>[^"\s\\]{1,4096}+)(?=\\|$)|"(?P<double>[^"\s]{1,4096}+)(?="|$)
            |'(?P<single>[^'\s]{1,4096}+)(?='|$))
         |(?P<bare>[^\s"'`<>,;(){}\[\]\\][^\s"'`<>]{0,4095}+))""", re.I | re.X,
)  # fmt: skip
_NAMED = ("passw", "passphrase", "pwd", "secret", "token", "credential", "gt_lease", "key")
_OPTION = re.compile(r"(?<!-)--[a-z-]{0,24}$", re.I)
_BODY = "[A-Za-z0-9_.~+/=-]"

_SHAPES = (
    _Shape("Anthropic key", ("sk-ant-",), re.compile(r"sk-ant-[A-Za-z0-9_-]{8,}+")),
    _Shape(
        "OpenAI key", ("sk-",),
        re.compile(_APART + r"sk-(?!ant-)(?:(?:proj|svcacct|admin|service|None|or-v1)-[A-Za-z0-9_-]{12,}+"
                            r"|[A-Za-z0-9]{20,}+[A-Za-z0-9_-]*+)"),
    ),
    # Since April 2026 an installation token is ghs_<app>_<JWT>, of any length (GitHub's changelog of 2026-04-24).
    _Shape(
        "GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"gh[pousr]_(?:[A-Za-z0-9]{16,}+|[A-Za-z0-9]{1,24}_[A-Za-z0-9_-]{20,}+)(?:\.[A-Za-z0-9_-]++)*+"
                   r"|github_pat_[A-Za-z0-9_]{16,}+"),
    ),
    _Shape(
        "AWS key", ("akia", "asia"),
        re.compile(r"(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])(?:[\s,:;\"'|]{1,4}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))?"),
    ),
    _Shape(
        "AWS secret", ("secret",),
        re.compile(r"(?i:secret[_ -]?(?:access[_ -]?)?key)[^A-Za-z0-9/+]{1,20}(?P<secret>[A-Za-z0-9/+]{40})"
                   r"(?![A-Za-z0-9/+])"),
    ),
    _Shape("GitLab token", ("glpat-",), re.compile(r"glpat-[A-Za-z0-9_-]{20,}+(?:\.[A-Za-z0-9_-]++)*+")),
    _Shape("Slack token", ("xox", "xapp-"), re.compile(r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}+")),
    _Shape("Google key", ("aiza",), re.compile(r"AIza[A-Za-z0-9_-]{35,}+")),
    _Shape("Stripe key", ("k_live_", "k_test_"), re.compile(r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}+")),
    _Shape("npm token", ("npm_",), re.compile(r"npm_[A-Za-z0-9]{36,}+")),
    _Shape("PyPI token", ("pypi-ag",), re.compile(r"pypi-Ag[A-Za-z0-9_-]{50,}+")),
    _Shape("Hugging Face token", ("hf_",), re.compile(_APART + r"hf_[A-Za-z0-9]{30,}+")),
    _Shape(
        "JWT", ("eyj",),
        re.compile(r"(?:(?<![A-Za-z0-9_.-])|(?<=[0-9;\[]m))(?P<head>eyJ[A-Za-z0-9_-]{8,}+)"
                   r"\.[A-Za-z0-9_-]{2,}+(?:\.[A-Za-z0-9_-]++){0,3}+"),
        _is_jwt,
    ),
    _Shape(
        "password", ("://",),
        re.compile(r"://(?P<name>[^\s/:@\"'<>]{0,100}+):(?P<secret>[^\s/@\"'<>]{1,300}+)@"),
        lambda match: is_literal("url", match["secret"], quoted=True),
    ),
    _Shape(
        "credentials", ("authoriz",),
        re.compile(r"(?i:authorization)\\{0,7}[\"']?[ \t]{0,4}[:=,][ \t]{0,4}\\{0,7}[\"']?"
                   rf"(?i:(?P<name>bearer|basic|token|digest)[ \t]{{1,4}})?(?P<secret>{_BODY}{{6,}}+)"),
        lambda match: is_literal(match["name"] or "token", match["secret"], quoted=True),
    ),
    _Shape(
        "credentials", ("bearer ",), re.compile(rf"(?i:bearer)[ \t]{{1,4}}(?P<secret>{_BODY}{{16,}}+)"),
        lambda match: is_literal("bearer", match["secret"], quoted=True),
    ),
)  # fmt: skip
_KINDS = {"token": "token", "key": "key", "secret": "secret", "lease": "lease"}
"""What an assigned value is called, by a part of its name; any other is a password."""

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----")
_BLOB = re.compile(r"[A-Za-z0-9+/=]{16}")
_LINES = re.compile(r"(?:(?:\s|\\{1,7}[nr]|[+>|# -])*+[A-Za-z0-9+/=]{16,}+)++")
_LINE = re.compile(r"[\s+>|#-]{0,8}[A-Za-z0-9+/=]{16,200}\s{0,4}")
_LINE_AT_MOST, _KEY_AT_MOST = 240, 32 * 1024
_PASSES = 5
"""What is left beside a secret may look like one in its turn; bounded, so that nobody can make it take long."""
_COLOURS = re.compile("[\x1b\ufffd]\\[[0-9;:?]{0,40}[A-Za-z]")
_ALL_MARKS = {"private key", *_NAMED, *(mark for shape in _SHAPES for mark in shape.marks)}
_MARKS = tuple(mark for mark in _ALL_MARKS if not any(other in mark for other in _ALL_MARKS - {mark}))
"""The least that must be looked for to be sure that a text holds nothing."""


def may_hold(text: str) -> bool:
    """Whether it is worth looking closer; a microsecond or two for a short text."""
    low = text.lower()
    for mark in _MARKS:
        if mark in low:
            return True
    return _coloured(text)


def find(text: str) -> tuple[Finding, ...]:
    """Everything in a text that looks like a secret, in order, none overlapping another.

    Colour codes inside a token do not hide it, whether whole or with their ESC replaced. The time is linear in the
    text, whatever somebody wrote to make it slow.
    """
    if not may_hold(text):
        return ()
    if _coloured(text):
        return _through_colours(text)
    low = text.replace("\u0130", "i").lower()  # the one letter that grows: places must stay the same
    found = list(_keys(text)) if "private key" in low else []
    for shape in _SHAPES:
        if any(mark in low for mark in shape.marks):
            found += _of(shape, text)
    for mark in _NAMED:
        found += _assigned(mark, text, low)
    return _apart(found)


def redact(text: str) -> str:
    """The text with `[redacted: KIND]` for each secret in it; redacting twice changes nothing more."""
    for _ in range(_PASSES):
        if not (found := find(text)):
            break
        text = replaced(text, found)
    return text


def replaced(text: str, findings: Iterable[Finding]) -> str:
    """The text with words in the place of these findings."""
    out, at = [], 0
    for kind, start, end in findings:
        out += [text[at:start], f"[redacted: {kind}]"]
        at = end
    return "".join((*out, text[at:]))


class Found(NamedTuple):
    """A secret in a JSON value: what it is, and where, as `metadata.api_key` or `beads.0.title`."""

    kind: str
    where: str


def inside(value: Any, where: str = "", ours: frozenset[str] = frozenset()) -> tuple[Any, tuple[Found, ...]]:
    """A JSON value with every text in it redacted, and what was found; the very same value when nothing was.

    A text is also judged by the key it stands under: `{"password": "..."}`. What stands under a key of `ours` is the
    town's own and stays as it is.
    """
    if isinstance(value, str):
        found = find(value)
        return (redact(value), tuple(Found(one.kind, where) for one in found)) if found else (value, ())
    if isinstance(value, dict):
        parts: dict[Any, tuple[Any, tuple[Found, ...]]] = {
            key: (part, ()) if key in ours else _under(key, part, f"{where}.{key}" if where else key, ours)
            for key, part in value.items()
        }
        founds = tuple(found for _, some in parts.values() for found in some)
        return ({key: part for key, (part, _) in parts.items()} if founds else value), founds
    if isinstance(value, (list, tuple)):
        items = [inside(part, f"{where}.{number}" if where else str(number), ours) for number, part in enumerate(value)]
        founds = tuple(found for _, some in items for found in some)
        return (type(value)(part for part, _ in items) if founds else value), founds
    return value, ()


def _under(key: str, part: Any, where: str, ours: frozenset[str]) -> tuple[Any, tuple[Found, ...]]:
    new, found = inside(part, where, ours)
    if found or not isinstance(part, str) or not (named := find(f'"{key}": "{part}"')):
        return new, found
    return f"[redacted: {named[0].kind}]", (Found(named[0].kind, where),)


def _coloured(text: str) -> bool:
    return ("\x1b[" in text or "\ufffd[" in text) and _COLOURS.search(text) is not None


def _of(shape: _Shape, text: str) -> Iterator[Finding]:
    group = "secret" if "secret" in shape.pattern.groupindex else 0
    for match in shape.pattern.finditer(text):
        if shape.check is None or shape.check(match):
            yield Finding(shape.kind, *match.span(group))


def _assigned(mark: str, text: str, low: str) -> Iterator[Finding]:
    """What is given to names that hold `mark`, after a sign or, as an option of a command, after a blank."""
    at = low.find(mark)
    while at >= 0:
        match = _ASSIGNED.match(text, at)
        if match is not None:
            group = next(name for name in ("escaped", "double", "single", "bare") if match[name] is not None)
            if _is_given(match, group, text):
                kind = next((word for part, word in _KINDS.items() if part in match["name"].lower()), "password")
                end = match.start(group) + len(match[group].rstrip(TRAILING)) if group == "bare" else match.end(group)
                yield Finding(kind, match.start(group), end)
        at = low.find(mark, match.end() if match is not None else at + len(mark))


def _is_given(match: re.Match[str], group: str, text: str) -> bool:
    sign = match["sign"]
    if not sign.strip() and _OPTION.search(text[max(0, match.start() - 27) : match.start()]) is None:
        return False
    spaced = ":" in sign or sign.strip() != sign
    return is_literal(match["name"], match[group], quoted=group != "bare", spaced=spaced)


def _keys(text: str) -> Iterator[Finding]:
    """Private keys: whole, cut off below, or cut off above."""
    ends = [match.span() for match in _END.finditer(text)]
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        at = begin.end()
        place = bisect_right(ends, (at, at))
        if place < len(ends) and ends[place][0] - at < _KEY_AT_MOST:
            body = _BLOB.search(text, at, ends[place][0])
            at = ends[place][1]
        elif body := _LINES.match(text, at, at + _KEY_AT_MOST):
            at = body.end()
        if body is not None:
            yield Finding("private key", begin.start(), at)
    for first, last in ends:
        if (above := _above(text, first)) < first:
            yield Finding("private key", above, last)


def _above(text: str, at: int) -> int:
    """Where the lines of base64 right above `at` begin; `at` when there are none."""
    while True:
        end = text.rfind("\n", 0, at)
        if end < 0 or at - end > 9 or text[end + 1 : at].strip(" +>|#-"):
            return at
        start = text.rfind("\n", max(0, end - _LINE_AT_MOST), end) + 1
        if _LINE.fullmatch(text, start, end) is None:
            return at
        at = start


def _through_colours(text: str) -> tuple[Finding, ...]:
    """The findings of a text as it reads without its colour codes, at their places in the text with them."""
    pieces: list[str] = []
    starts, shifts, length, at = [0], [0], 0, 0
    for match in _COLOURS.finditer(text):
        pieces.append(text[at : match.start()])
        length += match.start() - at
        at = match.end()
        starts.append(length)
        shifts.append(at - length)
    plain = "".join((*pieces, text[at:]))

    def place(index: int) -> int:
        return index + shifts[bisect_right(starts, index) - 1]

    return tuple(Finding(kind, place(start), place(end - 1) + 1) for kind, start, end in find(plain))


def _apart(found: list[Finding]) -> tuple[Finding, ...]:
    """Sorted; of those that overlap the one that begins first, or was looked for first, and all they cover."""
    found.sort(key=lambda finding: finding.start)
    out: list[Finding] = []
    for one in found:
        if out and one.start < out[-1].end:
            out[-1] = out[-1]._replace(end=max(out[-1].end, one.end))
        else:
            out.append(one)
    return tuple(out)
