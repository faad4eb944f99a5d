"""Tells a password that stands in a text from the code, the placeholders and the prose that stand where one could."""

from __future__ import annotations

import re

_WORDS = frozenset(re.split(r"\s+", """
    password passwd passwort passphrase pass pwd pw secret token tokens key apikey api_key credentials credential
    none null nil true false undefined str string bytes int bool object any optional text value user username
    required invalid missing empty expired wrong changeme change-me change_me example placeholder dummy redacted
    hidden masked self this your hash encrypted default basic bearer digest yes no not unknown
""".strip()))  # fmt: skip
_PLACEHOLDER = re.compile(
    r"\$\{?\{?[A-Z_][A-Z0-9_]*+\}?\}?|\$[a-z_]+|\$[({].*|%[\w(].*|@[A-Za-z_]+@|<.*|\{.*|\[.*|\.{2,}.*"
    r"|(?i:(?:your|my|the|some|example|x{3,}|dummy|fake|placeholder|change.?me)(?:[_. -].*)?)"
)
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:\??(?:\.|->|::)[A-Za-z_]\w*)+[!?]?|[A-Za-z_][\w.]*[(\[{].*"
    r"|[A-Za-z_]\w*=.*|[!~&*]?[a-z_]\w*::.*"
)
_NAME = re.compile(
    r"_*(?:new|old|my|test|user|db|auth|access|refresh|csrf)?_?"
    r"(?:passw?(?:or)?d?|pwd?|token|secret|tok|key)s?_?[0-9]?", re.I,
)  # fmt: skip
_LETTERS = re.compile(r"[A-Za-z_]+")
_NUMBER = re.compile(r"[0-9.:,x-]+")
_PASSWORDS = ("pass", "pwd", "url", "basic", "credential")
_SHORT, _WORD, _TOKEN, _LONG = 4, 6, 8, 20


TRAILING = ".,;:)]}"
"""What stands behind a bare value and is not part of it."""


def is_literal(name: str, value: str, *, quoted: bool = False, spaced: bool = False) -> bool:
    """Whether what was given to `name` is a secret itself, and not a way to get one.

    Args:
        name: what it was given to, as `password`, `api_key`, `url`.
        value: what stands there, without quotes and blanks.
        quoted: it stood in quotes, or where no code can stand.
        spaced: the sign between them was a colon or had blanks beside it, as code and prose have.
    """
    bare = value if quoted else value.rstrip(TRAILING)
    low, name = bare.lower(), name.lower()
    if len(bare) < _SHORT or low in _WORDS or len(set(low)) < 3:
        return False
    if _PLACEHOLDER.fullmatch(bare) or _NAME.fullmatch(bare):
        return False
    password = name.startswith(_PASSWORDS)
    if _CODE.fullmatch(bare) and not (quoted and password):
        return False
    letters = _LETTERS.fullmatch(bare) is not None
    if password:
        # A word alone, or before a comma or bracket, is prose or a name of the program's.
        return not letters or (len(bare) >= _WORD and (quoted or not (spaced or bare != value)))
    if len(bare) < _TOKEN or _NUMBER.fullmatch(bare):
        return False
    if letters:
        return len(bare) >= _LONG and not bare.islower() and not bare.isupper() and "_" not in bare
    return any(char.isdigit() for char in bare) and any(char.isalpha() for char in bare) and bare[0] != "/"
