"""Bringing work in and out by whole commands: 1,000 findings, the Gas Town board with its history, and many beads."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gastown_tui.engine.place import Place
from tests.benchmarks.report import at_most, finish, say
from tests.engine.towns import founded
from tests.support import shared
from tests.support.environment import clean

FINDINGS = 1000


def main() -> int:
    """Measure, print, and say which targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer beads, under 40 s")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder:
        figures = _measured(Path(folder), 2_000 if quick else 20_000)
    targets = {
        "1,000 SARIF results imported, whole command, seconds": at_most(2.0, figures["sarif_first_s"]),
        "the same again, seconds": at_most(2.0, figures["sarif_again_s"]),
        "beads that came back other than they went in": at_most(0, figures["board_differs"]),
    }
    return finish("interop", figures, targets)


def _measured(folder: Path, many: int) -> dict[str, Any]:
    place = founded(folder)
    figures: dict[str, Any] = {"beads": many, "python_pass_s": _timed(place, [sys.executable, "-c", "pass"])}
    log = place.root / "f.sarif"
    log.write_bytes(_log(FINDINGS))
    parse = f"import json; json.load(open({str(log)!r}))"
    figures["json_load_s"] = _timed(place, [sys.executable, "-c", parse])
    say(f"floor: python -c pass {figures['python_pass_s']} s, json.load of the log {figures['json_load_s']} s")
    figures["sarif_first_s"] = _gt(place, "import", "f.sarif")
    figures["sarif_again_s"] = _gt(place, "import", "f.sarif")
    say(f"{FINDINGS} findings: {figures['sarif_first_s']} s, again {figures['sarif_again_s']} s")
    figures |= _board(place, folder)
    data = place.root / "many.jsonl"
    data.write_bytes(b"".join(_bead(n) for n in range(many)))
    figures["import_s"] = _gt(place, "import", "many.jsonl")
    figures["import_again_s"] = _gt(place, "import", "many.jsonl")
    figures["export_s"] = _gt(place, "export", "out.jsonl")
    say(f"{many} beads: in {figures['import_s']} s, again {figures['import_again_s']} s, out {figures['export_s']} s")
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return figures


def _board(place: Place, folder: Path) -> dict[str, Any]:
    """The Gas Town board: five files in, and another board in and out again."""
    backup = folder / "backup"
    backup.mkdir()
    for path in shared.data("beads").glob("gastown-backup.*"):
        os.symlink(path, backup / path.name)
    took = _gt(place, "import", str(backup))
    differs = 0
    for name in ("agent-island", "beads-history"):
        _gt(place, "import", str(shared.data("beads", f"{name}.issues.jsonl")))
        _gt(place, "export", "board.jsonl", "--force")
        out = set((place.root / "board.jsonl").read_bytes().split(b"\n"))
        differs += sum(line not in out for line in shared.board(name))
    say(f"the Gas Town board, 677 beads and 3,667 steps of history: {took} s; records that differ: {differs}")
    return {"board_s": took, "board_differs": differs}


def _gt(place: Place, *words: str) -> float:
    return _timed(place, [sys.executable, "-P", "-m", "gastown_tui", *words])


def _timed(place: Place, command: list[str]) -> float:
    """Seconds from start to end; a command that fails ends the benchmark."""
    began = time.perf_counter()
    env = clean(place.root.parent / "home")
    done = subprocess.run(command, cwd=place.root, env=env, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return round(took, 3)


def _log(count: int) -> bytes:
    """A SARIF log of so many findings, each with a fingerprint, a place and a sentence."""
    rules = [{"id": f"R{n}", "fullDescription": {"text": "What this rule is about. " * 8}} for n in range(17)]
    results = [
        {
            "ruleId": f"R{n % 17}", "level": ("error", "warning", "note")[n % 3],
            "message": {"text": f"Finding {n}: the token is compared where its key may be read, which should not be."},
            "partialFingerprints": {"primaryLocationLineHash": f"{n:016x}:1"},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": f"src/mod{n % 50}/file{n}.py"}, "region": {"startLine": n + 1},
            }}],
        }
        for n in range(count)
    ]  # fmt: skip
    run = {"tool": {"driver": {"name": "Scanner", "rules": rules}}, "results": results}
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=1).encode()


def _bead(number: int) -> bytes:
    edge = {"issue_id": f"x-{number}", "depends_on_id": f"x-{number - 1}", "type": "blocks"}
    record = {
        "id": f"x-{number}", "title": f"Bead {number}", "description": "What is to be done, in a few words. " * 6,
        "status": "open", "priority": number % 5, "issue_type": "task", "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "dependencies": [edge],
    }  # fmt: skip
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


if __name__ == "__main__":
    raise SystemExit(main())
