"""A query once it is understood: an immutable tree, which prints as text that is understood the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

import msgspec

from gastown_tui.model.query.words import quoted

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.state import State


class Value(msgspec.Struct, frozen=True):
    """What a field is compared with, as it was written; `nil` without quotes means that there is none."""

    text: str
    quoted: bool = False

    @property
    def nil(self) -> bool:
        """Whether the lack of a value is meant."""
        return not self.quoted and self.text.lower() == "nil"

    def __str__(self) -> str:
        return quoted(self.text) if self.quoted else self.text


class Word(msgspec.Struct, frozen=True):
    """A word to be found in title, id or description; in quotes it must stand there letter by letter."""

    text: str
    exact: bool = False

    def __str__(self) -> str:
        return quoted(self.text) if self.exact else self.text


class Compare(msgspec.Struct, frozen=True):
    """A field, a sign and a value."""

    field: str
    sign: str
    value: Value

    def __str__(self) -> str:
        return f"{self.field} {self.sign} {self.value}"


class Among(msgspec.Struct, frozen=True):
    """A field that is, or is not, one of several values."""

    field: str
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.field} {'not in' if self.negated else 'in'} ({', '.join(map(str, self.values))})"


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    part: Node

    def __str__(self) -> str:
        return f"not {_inside(self.part, (All, Either))}"


class All(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(_inside(part, (All, Either)) for part in self.parts)


class Either(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(_inside(part, (Either,)) for part in self.parts)


Node = Word | Compare | Among | Not | All | Either


def _inside(part: Node, loose: tuple[type, ...]) -> str:
    return f"({part})" if isinstance(part, loose) else str(part)


class Expand(msgspec.Struct, frozen=True):
    """What stands around the beads found: `way` is up, down or all; `depth` 0 means all the way."""

    way: str
    depth: int = 1

    def __str__(self) -> str:
        return f"expand {self.way} depth {self.depth or '*'}"


class Order(msgspec.Struct, frozen=True):
    """A field to sort by."""

    field: str
    down: bool = False

    def __str__(self) -> str:
        return f"{self.field} desc" if self.down else self.field


class Query(msgspec.Struct, frozen=True):
    """A query that can be asked of any town, any number of times; `parse(str(query)) == query`."""

    where: Node | None = None
    expand: Expand | None = None
    order: tuple[Order, ...] = ()

    def __str__(self) -> str:
        order = f"order by {', '.join(map(str, self.order))}" if self.order else ""
        return " ".join(str(part) for part in (self.where, self.expand, order) if part)

    def fields(self) -> frozenset[str]:
        """The names of the fields it speaks of."""
        found = {term.field for term in self.order}
        left = [self.where]
        while left:
            part = left.pop()
            if isinstance(part, Compare | Among):
                found.add(part.field)
            elif isinstance(part, All | Either):
                left.extend(part.parts)
            elif isinstance(part, Not):
                left.append(part.part)
        return frozenset(found)

    def matching(self, town: State, now: float, zone: tzinfo | None = None) -> Callable[[Bead], bool]:
        """A test of single beads, without `expand` and `order by`: what a filter of a board needs.

        Args:
            town: the town the beads are of.
            now: unix seconds, for `-7d`, `today` and how long somebody is idle.
            zone: the zone of days, and of times that name none; None is the machine's.
        """
        from gastown_tui.model.query.selection import matching

        return matching(self, town, now, zone)

    def select(self, town: State, now: float, zone: tzinfo | None = None) -> list[Bead]:
        """The beads meant, as of unix second `now` (`zone` as for `matching`), in one order for ever.

        That is `order by`, beads without a value last; where that leaves beads equal, and without it: by column,
        then priority, then age, then id.
        """
        from gastown_tui.model.query.selection import select

        return select(self, town, now, zone)
