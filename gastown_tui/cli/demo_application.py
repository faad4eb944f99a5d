"""Runs the application that landed, from a clone of its own, for as long as somebody holds its input open."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gastown_tui.cli.demo_verify import cloned, environment, running

_END = 15.0
"""Seconds the application and its clone may take to go."""


@contextlib.contextmanager
def serving(repo: Path, commit: str) -> Iterator[str]:
    """Run one commit of a repository in a process of its own while the block runs.

    It ends with this process, however that ends: what holds it is a pipe, which the kernel closes.

    Yields:
        The address of its form, "" when it does not listen.
    """
    command = [sys.executable, "-P", "-m", "gastown_tui.cli.demo_application", str(repo), commit]
    # A session of its own: ctrl+c and a dropped line are for whoever holds the pipe to act on.
    runner = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert runner.stdin is not None and runner.stdout is not None
    try:
        yield runner.stdout.readline().strip()
    finally:
        runner.stdin.close()
        runner.stdout.close()
        try:
            runner.wait(_END)
        except subprocess.TimeoutExpired:
            runner.kill()
            runner.wait()


def main(words: list[str]) -> int:
    """`python -m gastown_tui.cli.demo_application REPO COMMIT`: print the address; end when standard input ends."""
    if len(words) != 2:
        sys.stderr.write("usage: python -m gastown_tui.cli.demo_application REPO COMMIT\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="gastown-app-") as folder:
        work = Path(folder)
        if trouble := cloned(Path(words[0]), words[1], work / "app", environment(work)):
            sys.stderr.write(f"{trouble}\n")
            return 1
        with running(work / "app", work / "todo.db", environment(work)) as (port, trouble):
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.write("\n" if trouble else f"http://127.0.0.1:{port}/register\n")
                sys.stdout.flush()
            sys.stdin.read()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
