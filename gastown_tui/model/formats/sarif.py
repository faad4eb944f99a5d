"""SARIF 2.1.0: one bead for each finding of an analyser, known again by its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from gastown_tui.model.formats.draft import Draft, Fault, Reading, record_of
from gastown_tui.model.formats.places import Wrong, text_of, value_of

NAME = "sarif"
PRIORITIES = {"error": 1, "warning": 2, "note": 3, "none": 4}
"""SARIF's level (section 3.27.10) → priority; a result without one is a warning unless its rule says otherwise."""

_TITLE = 160
_Object = Mapping[str, Any]
_Place = tuple[str, str, str]


def read(data: bytes) -> Reading:
    """The results of every run, without the suppressed ones; results of one fingerprint are one bead."""
    try:
        text = text_of(data.removeprefix(b"\xef\xbb\xbf"))
        found = value_of(text)
    except Wrong as error:
        before = data.decode("utf-8", "replace")[: error.offset]
        return Reading(NAME, faults=(_fault(before, error.what),))
    runs = found.get("runs") if isinstance(found, dict) else None
    if not isinstance(runs, list):
        return Reading(NAME, faults=(Fault(1, 1, "there is no list of `runs` in it: this is no SARIF log"),))
    lines = _lines_of_results(text)
    drafts: dict[str, Draft] = {}
    faults: list[Fault] = []
    hidden = again = 0
    for run, result in _results(runs):
        line = next(lines, 1)
        try:
            if _suppressed(_object(result)):
                hidden += 1
                continue
            draft = _draft(_object(run), _object(result), line)
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            faults.append(Fault(line, 1, f"this result is not as SARIF 2.1.0 says: {error}"))
            continue
        again += draft.origin in drafts
        drafts.setdefault(draft.origin, draft)
    skipped = [f"suppressed results: {hidden}"] if hidden else []
    skipped += [f"results with the fingerprint of another: {again}"] if again else []
    return Reading(NAME, tuple(drafts.values()), tuple(faults), tuple(skipped))


def _results(runs: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Each result with its run; a run without a list of them counts as one that is amiss."""
    for run in runs:
        found = run.get("results") if isinstance(run, dict) else run
        yield from ((run, result) for result in (found if isinstance(found, list) else [found] if found else []))


def _fault(before: str, what: str) -> Fault:
    return Fault(before.count("\n") + 1, len(before) - before.rfind("\n"), what)


def _lines_of_results(text: str) -> Iterator[int]:
    """The line of each result's message, as near as a text search comes to where the result stands."""
    line, at = 1, 0
    while (found := text.find('"message"', at)) >= 0:
        line += text.count("\n", at, found)
        at = found + 1
        yield line


def _suppressed(result: _Object) -> bool:
    """Whether a viewer hides it: a suppression was accepted, or one is rejected while another is under review.

    The published samples decide (shared/data/sarif/Suppressions.sarif): all rejected, or all under review, is shown.
    """
    found = {str(_object(x).get("status", "accepted")) for x in _objects(result.get("suppressions"))}
    return bool(found) and found not in ({"rejected"}, {"underReview"})


def _draft(run: _Object, result: _Object, line: int) -> Draft:
    driver = _object(_object(run.get("tool")).get("driver"))
    rule, rule_id = _rule(driver, result)
    message = _message(result, rule)
    places = [_place(x) for x in _objects(result.get("locations"))]
    places = [place for place in places if place[0]] or [("", "", "")]
    tool = str(driver.get("name") or "")
    record = {
        "title": _title(rule_id, message, places), "description": _description(tool, rule, message, places),
        "priority": _priority(result, rule), "issue_type": "bug", "labels": [x for x in ("sarif", rule_id) if x],
        "source_system": f"sarif:{tool}" if tool else "sarif",
    }  # fmt: skip
    told = _fingerprint(result) or ("\0".join(places[0]) if places[0][0] else message)
    origin = "sarif:" + hashlib.sha256(f"{tool}\0{rule_id}\0{told}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    files = tuple(dict.fromkeys(file for file, *_ in places if file and not file.startswith(("/", ".."))))
    return Draft(record_of(record), line, origin, True, files)


def _fingerprint(result: _Object) -> str:
    """What the analyser says stays the same while the code around moves."""
    for name in ("fingerprints", "partialFingerprints"):
        if found := _object(result.get(name)):
            return msgspec.json.encode({str(k): str(v) for k, v in found.items()}, order="sorted").decode()
    return ""


def _rule(driver: _Object, result: _Object) -> tuple[_Object, str]:
    """The rule a result is of, as far as the driver describes it, and its id."""
    rules = [_object(x) for x in _objects(driver.get("rules"))]
    own = _object(result.get("rule"))
    index = result.get("ruleIndex", own.get("index"))
    found: _Object = rules[index] if isinstance(index, int) and 0 <= index < len(rules) else {}
    id = str(result.get("ruleId") or own.get("id") or found.get("id") or "")
    return found or next((rule for rule in rules if rule.get("id") == id), {}), id


def _message(result: _Object, rule: _Object) -> str:
    """Its own words, or the rule's with the arguments in their places (section 3.11)."""
    message = _object(result.get("message"))
    text = message.get("text") or message.get("markdown")
    if not text and "id" in message:
        text = _object(_object(rule.get("messageStrings")).get(str(message["id"]))).get("text")
    text = str(text or _object(rule.get("shortDescription")).get("text") or "A finding without words")
    for number, word in enumerate(message.get("arguments") or ()):
        text = text.replace(f"{{{number}}}", str(word))
    return text


def _place(location: _Object) -> _Place:
    """File, line and column of a location; empty when it names no file."""
    physical = _object(location.get("physicalLocation"))
    uri = str(_object(physical.get("artifactLocation")).get("uri") or "")
    parts = urlsplit(uri)
    file = unquote(parts.path) if parts.scheme in ("", "file") else uri
    region = _object(physical.get("region"))
    return file, str(region.get("startLine") or ""), str(region.get("startColumn") or "")


def _at(place: _Place) -> str:
    return ":".join(part for part in place[:2] if part)


def _title(rule: str, message: str, places: Sequence[_Place]) -> str:
    said = " ".join(message.strip().split("\n", 1)[0].split())
    head = f"{rule}: {said}" if rule else said
    tail = f" ({_at(places[0])})" if places[0][0] else ""
    room = max(40, _TITLE - len(tail))
    return (head if len(head) <= room else head[: room - 1].rstrip() + "…") + tail


def _description(tool: str, rule: _Object, message: str, places: Sequence[_Place]) -> str:
    more = _object(rule.get("fullDescription")).get("text") or _object(rule.get("shortDescription")).get("text")
    lines = [message, ""]
    lines += [f"At {_at(place)}" for place in places[:20] if place[0]]
    lines += [str(more)] if more and str(more) != message else []
    lines += [str(rule["helpUri"])] if rule.get("helpUri") else []
    lines += [f"Found by {tool}."] if tool else []
    return "\n".join(lines).strip()


def _priority(result: _Object, rule: _Object) -> int:
    usual = _object(rule.get("defaultConfiguration")).get("level", "warning")
    level = result.get("level", usual if result.get("kind", "fail") == "fail" else "none")
    return PRIORITIES.get(str(level), 2)


def _object(found: Any) -> _Object:
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TypeError(f"an object is wanted where {str(found)[:40]!r} stands")
    return found


def _objects(found: Any) -> Sequence[Any]:
    if found is None:
        return ()
    if not isinstance(found, list):
        raise TypeError(f"a list is wanted where {str(found)[:40]!r} stands")
    return found
