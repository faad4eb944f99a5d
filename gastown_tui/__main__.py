"""`python -m gastown_tui`, `gt` and `gastown`: agents' verbs take the short way, all others the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run `gt` and return its exit code."""
    from gastown_tui.door import call

    if (code := call.main(sys.argv[1:])) is not None:
        return code
    from gastown_tui.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
