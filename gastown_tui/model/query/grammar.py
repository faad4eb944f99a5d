"""Understands a query: words in, an immutable tree out, or an error that points at the word it failed on."""

from __future__ import annotations

from difflib import get_close_matches

from gastown_tui.model.query import fields
from gastown_tui.model.query.fields import Field
from gastown_tui.model.query.tree import All, Among, Compare, Either, Expand, Node, Not, Order, Query, Value, Word
from gastown_tui.model.query.words import QueryError, Token, cut, shown

_DEEPEST = 50
"""Parentheses and nots within one another: more would be a joke on the reader."""
_WAYS = ("up", "down", "all")
_JOINS = ("and", "or")


def parse(text: str) -> Query:
    """The query a text means; raises QueryError (exit code 2), whatever the text is, and nothing else.

    ```
    query  := [either] ["expand" ("up" | "down" | "all") ["depth" (number | "*")]] ["order by" field ["desc"] {","...}]
    either := all {"or" all}            all := part {["and"] part}
    part   := "not" part | "(" either ")" | word | field sign value | field ["not"] "in" "(" value {"," value} ")"
    ```
    """
    return _Reader(text).query()


class _Reader:
    """Goes through the words of one query, once, left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = cut(text)
        self._next = 0
        self._depth = 0

    def query(self) -> Query:
        """All of it."""
        where = None if self._here.kind == "end" or self._clause() else self._either()
        expand = self._expand() if self._clause() == "expand" else None
        order = self._order() if self._clause() == "order" else ()
        if self._clause() == "expand":
            raise self._wrong(self._here, "expand comes too late", "It stands before order by.")
        if self._here.kind != "end":
            raise self._wrong(self._here, self._surprise(), "Expected and, or, expand, order by, or the end.")
        return Query(where, expand, order)

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    def _ahead(self, steps: int) -> Token:
        return self._tokens[min(self._next + steps, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._here
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _clause(self) -> str:
        """Which clause begins here, if one does: `expand` and `order` alone are words like others."""
        after = self._ahead(1).keyword
        if self._here.keyword == "order" and after == "by":
            return "order"
        return "expand" if self._here.keyword == "expand" and after in _WAYS else ""

    def _wrong(self, token: Token, what: str, expected: str) -> QueryError:
        return QueryError(self._text, token.at, token.length, what, expected)

    def _surprise(self) -> str:
        return "The query ends here" if self._here.kind == "end" else f"{shown(self._here.text)} is not expected here"

    def _either(self) -> Node:
        parts = [self._all()]
        while self._here.keyword == "or":
            self._take()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(_flat(parts, Either))

    def _all(self) -> Node:
        parts = [self._part()]
        while not self._over():
            if self._here.keyword == "and":
                self._take()
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else All(_flat(parts, All))

    def _over(self) -> bool:
        """Whether nothing more can belong to the words joined by and."""
        token = self._here
        return token.kind == "end" or token.marks(")") or token.keyword == "or" or bool(self._clause())

    def _part(self) -> Node:
        token = self._here
        if token.keyword == "not" or token.marks("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._wrong(token, "This is nested too deeply", f"{_DEEPEST} levels are enough; say it simpler.")
            part = self._group() if token.marks("(") else self._negated()
            self._depth -= 1
            return part
        if token.kind not in ("word", "quoted") or token.keyword in _JOINS:
            wanted = "Expected a word, a field with a value (status = open), not, or (."
            raise self._wrong(token, self._surprise(), wanted)
        after = self._ahead(1)
        if token.kind == "word" and (after.kind == "sign" or self._listed()):
            return self._comparison()
        if after.kind == "sign":
            raise self._wrong(token, "A field is never quoted", f"Write it bare: {shown(token.text)} {after.text} ...")
        self._take()
        return Word(token.text, token.kind == "quoted")

    def _negated(self) -> Node:
        self._take()
        return Not(self._part())

    def _group(self) -> Node:
        opened = self._take()
        inside = self._either()
        if not self._here.marks(")"):
            if self._here.kind == "end":
                raise self._wrong(opened, "This parenthesis is never closed", "Expected ) after it.")
            raise self._wrong(self._here, self._surprise(), "Expected and, or, or ).")
        self._take()
        return inside

    def _listed(self) -> bool:
        """Whether a list follows the word here; a known field before `in` is never taken for a bare word."""
        negated = self._ahead(1).keyword == "not"
        if self._ahead(1 + negated).keyword != "in":
            return False
        return self._ahead(2 + negated).marks("(") or fields.find(self._here.text) is not None

    def _field(self) -> Field:
        token = self._take()
        if token.kind == "word" and (found := fields.find(token.text)) is not None:
            return found
        if token.kind != "word":
            raise self._wrong(token, "There is no field here", "Expected the name of a field, as priority.")
        near = get_close_matches(token.text[:40].lower(), fields.NAMES, 1, 0.5)
        wanted = f"Did you mean {near[0]}? " if near else ""
        wanted += "The fields are listed by: gt bead list --help"
        raise self._wrong(token, f"There is no field {shown(token.text)}", wanted)

    def _comparison(self) -> Node:
        field = self._field()
        sign = self._take()
        if sign.kind == "word":
            negated = sign.keyword == "not"
            if negated:
                self._take()
            return Among(field.name, self._list(field), negated)
        if sign.text not in field.signs:
            signs = " ".join((*field.signs, "in"))
            raise self._wrong(sign, f"{field.name} takes no {shown(sign.text)}", f"Expected one of: {signs}")
        if self._here.kind == "end":
            raise self._wrong(sign, "The query ends after this", f"Expected {field.wanted}, as {field.example}.")
        return Compare(field.name, sign.text, self._value(field, sign.text))

    def _list(self, field: Field) -> tuple[Value, ...]:
        if field.kind == "flag":
            raise self._wrong(self._here, f"{field.name} is true or false", f"Expected {field.example}.")
        if not self._here.marks("("):
            raise self._wrong(self._here, self._surprise(), f"Expected a list, as {field.name} in (a, b).")
        self._take()
        values = [self._value(field, "in")]
        while self._here.marks(","):
            self._take()
            values.append(self._value(field, "in"))
        if not self._here.marks(")"):
            raise self._wrong(self._here, self._surprise(), "Expected , and another value, or ).")
        self._take()
        return tuple(values)

    def _value(self, field: Field, sign: str) -> Value:
        clause = self._clause()
        token = self._take()
        if clause or token.kind not in ("word", "quoted") or token.keyword in (*_JOINS, "not"):
            what = "The query ends here" if token.kind == "end" else f"{shown(token.text)} is no value"
            raise self._wrong(token, what, f"Expected {field.wanted}, as {field.example}.")
        value = Value(token.text, token.kind == "quoted")
        if value.nil:
            if sign not in ("=", "!=", "in") or field.kind == "flag":
                raise self._wrong(token, f"{field.name} {sign} nil means nothing", f"Expected {field.wanted}.")
            return value
        if sign not in ("~", "!~") and (trouble := field.refuses(value.text)):
            raise self._wrong(token, trouble, f"Expected {field.wanted}, as {field.example}.")
        return value

    def _expand(self) -> Expand:
        self._take()
        way = self._take().keyword
        if self._here.keyword != "depth":
            return Expand(way)
        self._take()
        token = self._take()
        if token.text == "*":
            return Expand(way, 0)
        if token.kind != "word" or not token.text.isascii() or not token.text.isdigit() or not 0 < len(token.text) < 4:
            raise self._wrong(token, f"{shown(token.text) or 'Nothing'} is no depth", "Expected 1 to 999, or *.")
        if not (depth := int(token.text)):
            raise self._wrong(token, "Depth 0 expands nothing", "Expected 1 to 999, or *.")
        return Expand(way, depth)

    def _order(self) -> tuple[Order, ...]:
        self._take()
        self._take()
        terms = []
        while True:
            field = self._field()
            down = self._here.keyword == "desc"
            if self._here.keyword in ("asc", "desc"):
                self._take()
            terms.append(Order(field.name, down))
            if not self._here.marks(","):
                return tuple(terms)
            self._take()


def _flat(parts: list[Node], kind: type[All] | type[Either]) -> tuple[Node, ...]:
    """Parts of parts as parts: `(a and b) and c` is `a and b and c`."""
    out: list[Node] = []
    for part in parts:
        out.extend(part.parts if isinstance(part, kind) else [part])
    return tuple(out)

