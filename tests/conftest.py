"""What every test has: a home folder of its own, patient property tests, and a word about what was left out."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any

import hypothesis
import pytest

_HOME = pytest.StashKey[str]()
_LEFT_OUT = pytest.StashKey[int]()
_AT_ONCE = 3

hypothesis.settings.register_profile(
    "patient", deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Have the whole suite, which mostly waits for terminals, wait for three at once; a part of it runs by itself."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and config.option.markexpr != "host"
    if whole and config.option.numprocesses is None and "PYTEST_XDIST_WORKER" not in os.environ:
        config.option.numprocesses, config.option.dist = _AT_ONCE, "worksteal"


def pytest_configure(config: pytest.Config) -> None:
    """Give this process a home of its own before anything reads one: no test sees the person's git or agents."""
    home = tempfile.mkdtemp(prefix="gt-test-home-")
    config.stash[_HOME] = home
    os.environ.update(HOME=home, XDG_CONFIG_HOME=f"{home}/.config", XDG_DATA_HOME=f"{home}/.local/share")
    for name in [n for n in os.environ if n.startswith(("GT_", "GIT_", "CLAUDE", "ANTHROPIC_"))]:
        del os.environ[name]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take that home away again."""
    if home := config.stash.get(_HOME, ""):
        shutil.rmtree(home, ignore_errors=True)


class _LeftOut:
    """Counts the host tests that were deselected."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        count = sum(1 for item in items if item.get_closest_marker("host"))
        self._config.stash[_LEFT_OUT] = self._config.stash.get(_LEFT_OUT, 0) + count


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to count."""
    session.config.pluginmanager.register(_LeftOut(session.config), "host-tests-left-out")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several at once tells the first how many it left out (each of them collects all tests)."""
    told: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["left_out"] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear how many that was."""
    told: dict[str, int] = getattr(node, "workeroutput", {})
    node.config.stash[_LEFT_OUT] = max(node.config.stash.get(_LEFT_OUT, 0), told.get("left_out", 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line about host tests that did not run."""
    if count := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} host tests left out: they want tmux, sshd, bubblewrap or the like. Run them with: pytest -m host"
        )
