"""The floors hold: by contract, and by what is loaded when the program runs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gastown_tui.engine.desk import HANDLERS
from gastown_tui.model.orders import ORDERS
from tests.house.sources import PACKAGE, ROOT, sources
from tests.support.environment import clean

BELOW_THE_COCKPIT = ("model", "config", "text", "world", "rig", "agents", "engine", "door")
REHEARSAL = PACKAGE / "agents" / "rehearsal"


def _loaded(tmp_path: Path, code: str) -> set[str]:
    """The modules a fresh interpreter has loaded after `code` that it had not before."""
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    env = clean(tmp_path / "home", PYTHONPATH=str(ROOT))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def _tops(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_contracts_are_kept(tmp_path: Path) -> None:
    """import-linter reads them from pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, env=clean(tmp_path / "home"), capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0 and "0 broken" in done.stdout, done.stdout + done.stderr


def test_each_contract_says_why() -> None:
    """A rule without a reason is obeyed until it is in the way."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(text) if line == "[[tool.importlinter.contracts]]"]
    assert len(heads) == len(tomllib.loads("\n".join(text))["tool"]["importlinter"]["contracts"]) >= 7
    assert [number for number in heads if not text[number - 1].startswith("# ")] == []


def test_nothing_below_the_cockpit_loads_a_toolkit(tmp_path: Path) -> None:
    """Every module of the lower floors together: neither textual nor rich."""
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in _modules(BELOW_THE_COCKPIT)]
    loaded = _loaded(tmp_path, "\n".join(f"import {name}" for name in names))
    assert "gastown_tui.engine.engine" in loaded and "gastown_tui.door.host" in loaded
    assert not {"textual", "rich", "click"} & _tops(loaded)


def _modules(floors: tuple[str, ...]) -> list[Path]:
    found = [source.path for source in sources("gastown_tui") if source.path.name not in ("__init__.py", "__main__.py")]
    return [path for path in found if path.relative_to(PACKAGE).with_suffix("").parts[0] in floors]


def test_the_engine_loads_neither_textual_nor_rich(tmp_path: Path) -> None:
    """The house's promise by name."""
    assert not {"textual", "rich"} & _tops(_loaded(tmp_path, "import gastown_tui.engine.engine"))


def test_agents_verbs_load_the_standard_library_only(tmp_path: Path) -> None:
    """`gt done` is called often, by many, on a busy machine."""
    loaded = _loaded(tmp_path, "import gastown_tui.door.call")
    assert _tops(loaded) <= {*sys.stdlib_module_names, "gastown_tui"}
    assert {name for name in loaded if name.startswith("gastown_tui")} == {
        "gastown_tui", "gastown_tui.door", "gastown_tui.door.call",
    }  # fmt: skip
    assert not {"http", "click", "asyncio", "argparse", "subprocess"} & _tops(loaded)


def test_a_look_at_the_town_goes_without_click(tmp_path: Path) -> None:
    """`gt status` is what prompts and status bars ask all the time."""
    assert not {"click", "asyncio", "msgspec", "pygit2"} & _tops(_loaded(tmp_path, "import gastown_tui.cli.glance"))


def test_the_package_itself_imports_nothing(tmp_path: Path) -> None:
    """Only its version is in there."""
    assert _loaded(tmp_path, "import gastown_tui") == {"gastown_tui"}


def test_the_verifier_of_the_demo_shares_no_code_with_the_rehearsal(tmp_path: Path) -> None:
    """What proves must not be what played, nor anything that started it."""
    loaded = _loaded(tmp_path, "import gastown_tui.cli.demo_verify")
    assert {name for name in loaded if name.startswith("gastown_tui")} == {
        "gastown_tui", "gastown_tui.cli", "gastown_tui.cli.demo_verify",
    }  # fmt: skip


def test_the_rehearsal_loads_the_standard_library_only(tmp_path: Path) -> None:
    """It knows its prompt, its worktree and `gt`."""
    names = [f"gastown_tui.agents.rehearsal.{path.stem}" for path in REHEARSAL.glob("*.py") if path.stem != "__main__"]
    loaded = _loaded(tmp_path, "\n".join(f"import {name}" for name in names))
    assert _tops(loaded) <= {*sys.stdlib_module_names, "gastown_tui"}
    ours = {name for name in loaded if name.startswith("gastown_tui.") and "rehearsal" not in name}
    assert ours == {"gastown_tui.agents"}


RUNTIMES = sorted(path.stem for path in (PACKAGE / "agents" / "runtimes").glob("*.toml"))


@pytest.mark.parametrize("floor", ["engine", "door", "rig", "agents", "model"])
def test_nobody_branches_on_the_name_of_a_runtime(floor: str) -> None:
    """What differs between agents stands in their TOML files; a new one needs no code."""
    assert {"claude", "rehearsal"} <= set(RUNTIMES)
    for source in sources(f"gastown_tui/{floor}"):
        if source.path.is_relative_to(REHEARSAL):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value.lower() not in RUNTIMES, f"{source.name}:{node.lineno} names {node.value}"


def test_every_order_has_a_handler_and_every_handler_an_order(tmp_path: Path) -> None:
    """Looked at as the engine loads them, in a process of their own."""
    assert HANDLERS is not None
    code = (
        "import gastown_tui.engine.engine, json\n"
        "from gastown_tui.engine.desk import HANDLERS\n"
        f"open({str(tmp_path / 'handlers')!r}, 'w').write(json.dumps([kind.__name__ for kind in HANDLERS]))"
    )
    _loaded(tmp_path, code)
    handled = json.loads((tmp_path / "handlers").read_text())
    assert sorted(handled) == sorted(row.order.__name__ for row in ORDERS.values())
