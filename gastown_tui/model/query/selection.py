"""Asks a query of a town: tests made once for a town and a moment, so that each bead costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gastown_tui.model.agent import POLECAT, Agent
from gastown_tui.model.lifecycle import COLUMNS
from gastown_tui.model.query import fields, literals
from gastown_tui.model.query.fields import Field
from gastown_tui.model.query.fuzzy import fits
from gastown_tui.model.query.tree import All, Among, Compare, Expand, Node, Not, Order, Query, Value, Word

if TYPE_CHECKING:
    from gastown_tui.model.bead import Bead
    from gastown_tui.model.state import State

Test = Callable[["Bead"], bool]
_PLACE = {name: number for number, name in enumerate(COLUMNS)}


class Scope:
    """A town at unix second `now`, and what several beads' values are read from; worked out when first wanted."""

    def __init__(self, town: State, now: float, zone: tzinfo | None) -> None:
        self.town: State = town.until(max(now, town.at))
        self.now = now
        self.zone = zone

    @cached_property
    def asking(self) -> frozenset[str]:
        """Beads about which the overseer is asked, or whose agent asks."""
        agents = self.town.agents
        needs = self.town.needs.values()
        found = (need.bead or (agents[need.agent].bead if need.agent in agents else "") for need in needs)
        return frozenset(id for id in found if id)

    @cached_property
    def idle(self) -> dict[str, float]:
        """Since when the polecat of a bead in work does nothing; beads without one, or with a busy one, lack."""
        latest: dict[str, Agent] = {}
        for agent in self.town.agents.values():
            old = latest.get(agent.bead)
            if agent.role == POLECAT and (old is None or (agent.epoch, agent.since) > (old.epoch, old.since)):
                latest[agent.bead] = agent
        working = {bead.id for bead in self.town.in_column("working")}
        return {id: a.since for id, a in latest.items() if id in working and a.state not in ("working", "starting")}

    @cached_property
    def blocked(self) -> frozenset[str]:
        """Beads that something open holds up."""
        return self.town.blocked()


def matching(query: Query, town: State, now: float, zone: tzinfo | None) -> Test:
    """The test `Query.matching` gives."""
    return _test(query.where, Scope(town, now, zone)) if query.where is not None else lambda bead: True


def select(query: Query, town: State, now: float, zone: tzinfo | None) -> list[Bead]:
    """The beads `Query.select` gives."""
    scope = Scope(town, now, zone)
    town = scope.town
    beads: Iterable[Bead] = town.beads.values()
    if query.where is not None:
        test = _test(query.where, scope)
        beads = [bead for bead in beads if test(bead)]
    if query.expand is not None:
        beads = _around(query.expand, scope, [bead.id for bead in beads])
    found = sorted(beads, key=lambda bead: _usual(town, bead))
    for term in reversed(query.order):
        found = _sorted(term, scope, found)
    return found


def _usual(town: State, bead: Bead) -> tuple[int, int, str, str]:
    return _PLACE.get(town.column(bead) or "", len(_PLACE)), bead.priority, bead.created_at, bead.id


def _sorted(term: Order, scope: Scope, beads: list[Bead]) -> list[Bead]:
    """By one field, beads without a value last either way; what is equal stays as it was."""
    field = _known(term.field)
    keyed = [(_rank(field, field.read(scope, bead)), bead) for bead in beads]
    having = [pair for pair in keyed if pair[0] is not None]
    having.sort(key=lambda pair: pair[0], reverse=term.down)
    return [bead for _, bead in having] + [bead for key, bead in keyed if key is None]


def _rank(field: Field, value: Any) -> Any:
    if field.kind == "words":
        return sorted(text.lower() for text in value) or None
    if field.kind != "text":
        return value
    if field.choices and value in field.choices:
        return field.choices.index(value), ""
    return (len(field.choices), value.lower()) if value else None


def _known(name: str) -> Field:
    found = fields.find(name)
    if found is None:
        raise LookupError(name)
    return found


def _test(node: Node, scope: Scope) -> Test:
    if isinstance(node, Word):
        return _word(node, scope)
    if isinstance(node, Compare):
        return _compare(node, scope)
    if isinstance(node, Among):
        return _among(node, scope)
    if isinstance(node, Not):
        inner = _test(node.part, scope)
        return lambda bead: not inner(bead)
    tests = [_test(part, scope) for part in node.parts]
    if isinstance(node, All):
        return lambda bead: all(test(bead) for test in tests)
    return lambda bead: any(test(bead) for test in tests)


def _word(node: Word, scope: Scope) -> Test:
    word, read = node.text.lower(), fields.DESCRIPTION
    needle = fields.needle(word)

    def test(bead: Bead) -> bool:
        title = bead.title.lower()
        if word in title or word in bead.id.lower():
            return True
        if not node.exact and fits(word, title):
            return True
        return not (needle and fields.lacks(bead, needle)) and word in read(scope, bead).lower()

    return test


def _among(node: Among, scope: Scope) -> Test:
    """Any of the values; texts are looked up at once, however many they are."""
    field = _known(node.field)
    read, negated = field.read, node.negated
    if field.kind in ("text", "words"):
        wanted = frozenset("" if value.nil else value.text.lower() for value in node.values)
        if field.kind == "text":
            return lambda bead: (read(scope, bead).lower() in wanted) is not negated
        return lambda bead: any(text.lower() in wanted for text in read(scope, bead) or ("",)) is not negated
    tests = [_is(field, value, scope) for value in node.values]
    return lambda bead: any(test(bead) for test in tests) is not negated


def _compare(node: Compare, scope: Scope) -> Test:
    field, sign = _known(node.field), node.sign
    read, text = field.read, node.value.text.lower()
    if sign in ("~", "!~"):
        wanted = sign == "~"
        if field.cold and (needle := fields.needle(text)):
            return lambda bead: (not fields.lacks(bead, needle) and text in read(scope, bead).lower()) is wanted
        if field.kind == "text":
            return lambda bead: (text in read(scope, bead).lower()) is wanted
        return lambda bead: any(text in found.lower() for found in read(scope, bead)) is wanted
    if sign in ("=", "!="):
        test = _is(field, node.value, scope)
        return test if sign == "=" else lambda bead: not test(bead)
    return _sized(field, sign, _limit(field, text, scope), scope)


def _is(field: Field, value: Value, scope: Scope) -> Test:
    read, text = field.read, value.text.lower()
    if value.nil:
        return lambda bead: read(scope, bead) in (None, "", ())
    if field.kind == "text":
        return lambda bead: read(scope, bead).lower() == text
    if field.kind == "words":
        return lambda bead: any(found.lower() == text for found in read(scope, bead))
    if field.kind == "flag":
        return lambda bead: bool(read(scope, bead)) is fields.FLAGS[text]
    if field.kind == "time":
        moment = literals.moment(text, scope.now, scope.zone)
        return lambda bead: moment is not None and (found := read(scope, bead)) is not None and moment.holds(found)
    limit = _limit(field, text, scope)
    return lambda bead: bool(read(scope, bead) == limit)


def _limit(field: Field, text: str, scope: Scope) -> float:
    """The number a value stands for; of a day, its beginning."""
    if field.kind == "time":
        moment = literals.moment(text, scope.now, scope.zone)
        found = None if moment is None else moment.start
    else:
        found = {"number": literals.number, "priority": literals.priority, "span": literals.span}[field.kind](text)
    if found is None:
        raise LookupError(text)
    return found


def _sized(field: Field, sign: str, limit: float, scope: Scope) -> Test:
    """Larger or smaller; a bead without a value is neither."""
    read = field.read
    if sign == "<":
        return lambda bead: (found := read(scope, bead)) is not None and found < limit
    if sign == "<=":
        return lambda bead: (found := read(scope, bead)) is not None and found <= limit
    if sign == ">":
        return lambda bead: (found := read(scope, bead)) is not None and found > limit
    return lambda bead: (found := read(scope, bead)) is not None and found >= limit


def _around(expand: Expand, scope: Scope, ids: list[str]) -> Iterator[Bead]:
    """The beads found and those so many steps away: up is what they wait for and belong to, down the reverse."""
    town = scope.town
    found, edge, left = dict.fromkeys(ids), ids, expand.depth or len(town.beads)
    while edge and left:
        left -= 1
        beyond: dict[str, None] = {}
        for id in edge:
            for other in _next(scope, id, expand.way):
                if other not in found and other in town.beads:
                    found[other] = beyond[other] = None
        edge = list(beyond)
    return (town.beads[id] for id in found)


def _next(scope: Scope, id: str, way: str) -> Iterator[str]:
    if way in ("up", "all"):
        bead = scope.town.beads[id]
        yield from bead.needs
        yield from bead.parents
    if way in ("down", "all"):
        yield from scope.town.dependants.get(id, ())
        yield from scope.town.children.get(id, ())
