"""Judges a diff by named checks on the lines it adds; every figure of speech here is a rule, none is a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gastown_tui.agents.rehearsal.diffs import Added, Changed, Unreadable, parse

PASS, FAIL, UNSURE = "pass", "fail", "unsure"

_COMPARED = re.compile(r"(?<![=!<>])(?:==|!=)(?!=)")
_SIGNATURE = re.compile(r"\b\w*(?:signature|digest|hmac|(?:token|password)_hash)\w*\b(?!\s*\.\s*(?:split|count))", re.I)
_SECRET = re.compile(
    r"""\b\w*(?:secret|password|passwd|api_?key|token|private_key)\w*  # a name that promises a secret
        \s*(?::\s*[\w.]+\s*)?=\s*[rb]?(["'])  # and a value that could be one
        (?:[^"'\s/{}<>]{6,}|\[redacted:[^"']+)\1             # or that the town has left out""", re.I | re.X)
_STATEMENT = r"(?:select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from)\b"
_BUILT_SQL = re.compile(
    rf"""\bf(["']).*{_STATEMENT}.*\{{       # f"SELECT ... {{name}}"
       | ["'].*{_STATEMENT}.*["']\s*(?:%|\+|\.format\()""", re.I | re.X)
_LEFTOVER = re.compile(r"\bbreakpoint\(\)|\bset_trace\(|^\s*print\(|#\s*(?:TODO|FIXME|XXX)\b")
_DISABLED = re.compile(r"@(?:unittest\.)?(?:skip(?:If|Unless)?|expectedFailure)\b|@pytest\.mark\.(?:skip|xfail)"
                       r"|\.skipTest\(|\bpytest\.skip\(")
_STRING = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")


class Check(NamedTuple):
    """One named check: pass, fail or unsure, and why."""

    name: str
    verdict: str
    note: str


class Judgement(NamedTuple):
    """What all checks together decide."""

    checks: tuple[Check, ...]
    decision: str
    reason: str


def judge(diff: str | None) -> Judgement:
    """Judge a diff (git's unified format); one that is missing, empty or does not parse is never approved."""
    try:
        files = parse(diff) if diff is not None else []
    except Unreadable as error:
        return _unread(f"I could not read the diff: {error}.")
    if not files:
        return _unread("The diff is empty: commit first." if diff is not None else
                       "I could not read the diff: there is none.")
    checks = tuple(check(files) for check in _CHECKS)
    failed = [check for check in checks if check.verdict == FAIL]
    if failed:
        return Judgement(checks, "REJECT", " ".join(check.note for check in failed))
    return Judgement(checks, "APPROVE", f"{len(files)} files read, nothing found against them.")


def is_test(path: str) -> bool:
    """Whether a path is a test's by its name."""
    name = path.rsplit("/", 1)[-1]
    return path.startswith("tests/") or "/tests/" in path or name.startswith("test_") or name.endswith("_test.py")


def _unread(reason: str) -> Judgement:
    return Judgement(tuple(Check(name, UNSURE, "Not checked.") for name in _NAMES), "REJECT", reason)


def _secret_comparison(row: str) -> bool:
    """`==` between what looks like a signature; comparing with a literal or a length is no secret's comparison."""
    code = row.split("#")[0]
    if not _COMPARED.search(code) or "len(" in code or "compare_digest" in code:
        return False
    sides = [_STRING.sub('""', side).strip(" :)") for side in _COMPARED.split(code, maxsplit=1)]
    return any(_SIGNATURE.search(side) for side in sides) and not {'""', "None"} & set(sides)


def _lines(files: list[Changed], tests: bool) -> Iterator[tuple[str, Added]]:
    """Added lines of Python that is a test, or is not."""
    for file in files:
        if file.path.endswith(".py") and is_test(file.path) == tests:
            for added in file.added:
                yield file.path, added


def _rule(name: str, wrong: Callable[[str], object], advice: str, *, tests: bool = False,
          ) -> Callable[[list[Changed]], Check]:
    """A check that fails at the first added line for which `wrong` holds."""

    def check(files: list[Changed]) -> Check:
        for path, added in _lines(files, tests):
            if wrong(added.text):
                return Check(name, FAIL, f"{path}:{added.number}: {advice}")
        return Check(name, PASS, "Nothing found.")

    return check


def _tested(files: list[Changed]) -> Check:
    """Code without a test is said, not refused: there may be one already."""
    code = [file.path for file in files if file.path.endswith(".py") and not is_test(file.path) and file.added]
    if code and not any(is_test(file.path) for file in files):
        return Check("tests", UNSURE, f"{code[0]} changed and no test with it.")
    return Check("tests", PASS, "Tests changed with the code." if code else "No code changed.")


_CHECKS: tuple[Callable[[list[Changed]], Check], ...] = (
    _rule("secret-comparison", _secret_comparison,
          "a signature is compared with ==, which tells an attacker by its timing how much was right: "
          "use hmac.compare_digest."),
    _rule("secrets", _SECRET.search, "a secret stands in the code: read it from the environment."),
    _rule("sql", _BUILT_SQL.search, "SQL is put together from text: pass the values as parameters (?)."),
    _rule("leftovers", _LEFTOVER.search,
          "left over from debugging: take it out, or file a bead for what is still to do."),
    _rule("disabled-tests", _DISABLED.search, "a test is switched off: mend it instead.", tests=True),
    _tested,
)
_NAMES = ("secret-comparison", "secrets", "sql", "leftovers", "disabled-tests", "tests")
