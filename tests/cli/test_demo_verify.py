"""The demo's verification: says yes to what was landed, and no as soon as one check in it is gone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gastown_tui.cli import demo_verify
from gastown_tui.cli.demo_verify import verify
from tests.agents.rehearsal.weave import ENVIRONMENT, Weave, git


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose main holds the whole play."""
    weave = Weave(tmp_path_factory.mktemp("landed") / "todo")
    weave.finish()
    assert weave.green()
    return weave.root


def test_what_was_landed_is_verified_and_nothing_is_left_running(landed: Path, tmp_path: Path) -> None:
    before = _children()
    verdict = verify(landed, git(landed, "rev-parse", "main").strip(), tmp_path)
    assert verdict.ok, verdict.checks
    assert len(verdict.checks) == 12
    assert _children() <= before


def _children() -> set[psutil.Process]:
    return {process for process in psutil.Process().children() if process.status() != psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize(("file", "check", "without", "name"), [
    ("app/tokens.py", 'if not hmac.compare_digest(_bytes(signature), _sign(f"{head}.{claims}", secret)):', "if False:",
     "forged tokens"),
    ("app/routes.py", "*protected(handlers.ROUTES)", "*handlers.ROUTES", "no token"),
    ("app/todos.py", "FROM todos WHERE owner = ? ORDER BY id", "FROM todos WHERE 0 < ? ORDER BY id", "own todos only"),
    ("app/users.py", "if row and right", "if row", "wrong password"),
    ("app/users.py", "UNIQUE ", "", "register twice"),
    ("app/tokens.py", "import hmac", "import hmacs", "start"),
    ("Dockerfile", "", "", "Dockerfile"),
])
def test_without_one_check_it_is_not(
    landed: Path, tmp_path: Path, file: str, check: str, without: str, name: str,
) -> None:
    git(tmp_path, "clone", "-q", str(landed), "changed")
    changed = tmp_path / "changed" / file
    text = changed.read_text()
    assert check in text
    if check:
        changed.write_text(text.replace(check, without))
    else:
        changed.unlink()
    git(tmp_path / "changed", "commit", "-qam", "Take a check away")
    verdict = verify(tmp_path / "changed", "HEAD", tmp_path / "verify")
    assert not verdict.ok
    assert name in {check.name for check in verdict.checks if not check.ok}


def test_what_cannot_be_cloned_or_started_is_not_verified(landed: Path, tmp_path: Path) -> None:
    assert not verify(landed, "0" * 40, tmp_path / "a").ok
    seed = git(landed, "rev-list", "--max-parents=0", "main").strip()
    assert not verify(landed, seed, tmp_path / "b").ok
    assert not demo_verify.Verdict(()).ok


def test_as_a_program(landed: Path) -> None:
    words = [sys.executable, "-m", "gastown_tui.cli.demo_verify", str(landed), "main"]
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert '"ok": true' in done.stdout


def test_it_shares_no_code_with_the_rehearsal() -> None:
    tree = ast.parse(Path(demo_verify.__file__).read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not [name for name in imported if name.startswith("gastown_tui")]
