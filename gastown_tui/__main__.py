"""`python -m gastown_tui`, `gt`, `gastown`: agents' verbs and `status` take short ways, the rest the command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run `gt` and return its exit code."""
    from gastown_tui.door import call

    if (code := call.main(sys.argv[1:])) is not None:
        return code
    if sys.argv[1:2] == ["status"]:
        from gastown_tui.cli import glance

        if (code := glance.main(sys.argv[1:])) is not None:
            return code
    from gastown_tui.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
