"""Markdown as lines: enough of it for what agents write, and nothing in it is ever obeyed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gastown_tui.cockpit.clean import clean
from gastown_tui.cockpit.draw.lines import Line, Span
from gastown_tui.cockpit.text import clip, width

_LONGEST = 40_000
_ROWS = 2_000
_parser = MarkdownIt("commonmark", {"html": False})


@lru_cache(maxsize=512)
def render(text: str, cells: int, role: str = "text") -> tuple[Line, ...]:
    """A text as lines of at most `cells` cells; over-long texts are cut and say so."""
    body = clean(text[:_LONGEST]).expandtabs(4)
    out = list(_blocks(_parser.parse(body), max(8, cells), role))[:_ROWS]
    while out and not out[-1]:
        out.pop()
    if len(text) > _LONGEST:
        out.append((Span("The rest is cut here.", "muted"),))
    return tuple(out)


def _blocks(tokens: list[Token], cells: int, role: str) -> Iterator[Line]:
    """Lines of each block, with a blank one between paragraphs but not between the items of a list."""
    indent, marker, first = 0, "", True
    lists: list[int] = []
    for token in tokens:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            lists.append(int(token.attrs.get("start", 1) or 1) if kind.startswith("ordered") else 0)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif kind == "list_item_open":
            marker = f"{lists[-1]}. " if lists[-1] else "• "
            lists[-1] += 1 if lists[-1] else 0
        elif kind == "list_item_close":
            marker = ""
        elif kind == "blockquote_open":
            indent += 2
        elif kind == "blockquote_close":
            indent -= 2
        elif kind in ("fence", "code_block"):
            if not first:
                yield ()
            yield from _code(token.content, cells - indent, indent)
            first = False
        elif kind == "hr":
            yield (Span("─" * cells, "line"),)
        elif (kind == "heading_open" and not first) or (kind == "paragraph_open" and not first and not lists):
            yield ()
        elif kind == "inline":
            inside = indent + 2 * max(0, len(lists) - 1) + (1 if lists else 0)
            bold = token.level == 1 and _in_heading(tokens, token)
            yield from _inline(token, cells, inside, marker, role, bold)
            marker = " " * len(marker)
            first = False


def _in_heading(tokens: list[Token], token: Token) -> bool:
    at = tokens.index(token)
    return at > 0 and tokens[at - 1].type == "heading_open"


def _code(content: str, cells: int, indent: int) -> Iterator[Line]:
    for row in content.rstrip("\n").split("\n"):
        text = row if width(row) <= cells - 1 else row[: cells - 2] + "…"
        yield (Span(" " * indent), Span(" " + text + " " * max(0, cells - 1 - width(text)), "text", False, "well"))


def _inline(token: Token, cells: int, indent: int, marker: str, role: str, heading: bool) -> Iterator[Line]:
    """A paragraph's words, wrapped; words keep the look of the mark-up they stood in."""
    words: list[Span] = []
    bold = heading
    for child in token.children or []:
        if child.type in ("strong_open", "strong_close"):
            bold = heading or child.type == "strong_open"
        elif child.type in ("text", "code_inline"):
            look = "title" if child.type == "code_inline" or bold else role
            words += [Span(part, look, bold) for part in _split(child.content)]
        elif child.type == "softbreak":
            words.append(Span(" ", role))
        elif child.type == "hardbreak":
            words.append(Span("\n", role))
    yield from _filled(words, cells, indent, marker, role)


def _split(text: str) -> Iterator[str]:
    """Words and the blanks between them."""
    word = ""
    for char in text:
        if char in " \n":
            if word:
                yield word
            yield " "
            word = ""
        else:
            word += char
    if word:
        yield word


def _filled(words: list[Span], cells: int, indent: int, marker: str, role: str) -> Iterator[Line]:
    head = [Span(" " * indent + marker, role)] if indent or marker else []
    rest = [Span(" " * (indent + width(marker)), role)] if indent or marker else []
    room = max(4, cells - indent - width(marker))
    row: list[Span] = []
    used = 0
    for word in words:
        size = width(word.text)
        if word.text == "\n" or (used + size > room and used):
            yield (*head, *_trimmed(row))
            head, row, used = rest, [], 0
        if word.text == "\n" or (word.text == " " and not used):
            continue
        if size > room:
            word = word._replace(text=clip(word.text, room))
            size = width(word.text)
        row.append(word)
        used += size
    if row:
        yield (*head, *_trimmed(row))


def _trimmed(row: list[Span]) -> list[Span]:
    while row and row[-1].text == " ":
        row.pop()
    return row
