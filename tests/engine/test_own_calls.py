"""Only the very command that prompts teach is waved through; whatever carries more is left to the agent's own rules."""

from __future__ import annotations

import pytest

from gastown_tui.engine.own_calls import is_own_call

JSON = '{"title": "It\'s `$HOME`", "beads": [{"key": "a"}]}'


@pytest.mark.parametrize(
    "command",
    [
        f"gt plan submit - <<'PLAN'\n{JSON}\nPLAN",
        f"gt verdict - <<'VERDICT'\n{JSON}\nVERDICT\n",
        "gt verdict - <<'END'\n{\n\n}\nEND",
    ],
)
def test_what_the_prompts_teach(command: str) -> None:
    """A plan and a verdict on standard input."""
    assert is_own_call("Bash", {"command": command})


@pytest.mark.parametrize(
    "command",
    [
        f"gt plan submit - <<'PLAN'\n{JSON}\nPLAN\nrm -rf .",
        f"gt plan submit - <<'PLAN'\n{JSON}\nPLAN\nrm -rf .\nPLAN",
        f"gt plan submit - <<PLAN\n{JSON}\nPLAN",
        f"gt plan submit - <<'PLAN' && rm -rf .\n{JSON}\nPLAN",
        f"cd / && gt verdict - <<'END'\n{JSON}\nEND",
        f"gt down - <<'END'\n{JSON}\nEND",
        "gt plan submit - <<'PLAN'",
        "gt status",
        "",
    ],
)
def test_nothing_more(command: str) -> None:
    """A second command after, before or instead; a heredoc the shell would expand."""
    assert not is_own_call("Bash", {"command": command})


@pytest.mark.parametrize(
    ("tool", "given"), [("Write", {"command": "gt verdict - <<'E'\n\nE"}), ("Bash", {}), ("Bash", {"command": 7})]
)
def test_no_other_tool(tool: str, given: dict[str, object]) -> None:
    """Strange payloads are no call of ours."""
    assert not is_own_call(tool, given)
