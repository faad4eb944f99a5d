"""The real Claude Code for tests: where it is, and an environment in which it meets the scripted model only."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from tests.support.environment import clean
from tests.support.scripted_model import KEY

INSTALL = "pip install -e '.[test]'"


def program() -> Path:
    """The claude that the SDK's wheel brings; fails saying how to get it."""
    spec = importlib.util.find_spec("claude_agent_sdk")
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = next((path for folder in folders if (path := Path(folder) / "_bundled" / "claude").is_file()), None)
    if found is None:
        pytest.fail(f"The real Claude Code is not installed. Get it with: {INSTALL}")
    return found


def settings(url: str, config_dir: Path) -> dict[str, str]:
    """The variables Claude Code wants in a test: a model on 127.0.0.1, a folder of its own, and no other traffic."""
    return {
        "CLAUDE_CONFIG_DIR": str(config_dir),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": KEY,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_ERROR_REPORTING": "1",
    }


def environment(home: Path, url: str, config_dir: Path) -> dict[str, str]:
    """A whole environment for it; only PATH is inherited."""
    return clean(home, **settings(url, config_dir))


def seed(config_dir: Path, *trusted: Path) -> None:
    """What a person's first start leaves behind: onboarding seen, the key approved, these folders trusted."""
    config_dir.mkdir(parents=True, exist_ok=True)
    content = {
        "hasCompletedOnboarding": True,
        "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
        "projects": {str(path): {"hasTrustDialogAccepted": True} for path in trusted},
    }
    (config_dir / ".claude.json").write_text(json.dumps(content), encoding="utf-8")
