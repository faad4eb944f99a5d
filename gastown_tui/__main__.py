"""`python -m gastown_tui`, `gt` and `gastown`: agents' verbs take the short way, all others the command line."""

from __future__ import annotations


def main() -> int:
    """Run `gt` and return its exit code."""
    from gastown_tui.cli.main import run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
