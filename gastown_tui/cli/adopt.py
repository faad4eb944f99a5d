"""`gt adopt`: makes a branch or worktree of a person's own a bead, and sends it through the gates."""

from __future__ import annotations

import sys

import click

from gastown_tui.cli import common
from gastown_tui.text import count


@click.command()
@click.argument("what", metavar="BRANCH|WORKTREE")
@click.option("--title", default="", help="By default the subject of its last commit.")
@click.option("-d", "--description", default="", help="What it is for, as the Witness shall judge it; - reads stdin.")
@common.as_json
def adopt(what: str, title: str, description: str, as_json: bool) -> None:
    """Make work begun elsewhere a bead, and send it to Sheriff, Witness and Refinery as if a polecat had handed it in.

    Your branch is neither moved nor deleted: the town works on a copy. What a gate sends back, a polecat mends there.
    It lands with you as its author.

    \b
    Example:
      gt adopt feature/login
      gt adopt ../login-worktree --title "Rate-limit the login"
    """
    folder = common.folder() / what
    if description == "-":
        description = sys.stdin.read()
    answer = common.order(
        "adopt", what=what, folder=str(folder.resolve()) if folder.is_dir() else "", title=title,
        description=description,
    )  # fmt: skip
    said = [
        f"{answer['bead']} is {answer['from']} with {count(answer['commits'], 'commit')}: {answer['title']}",
        f"It is with the Sheriff now. {answer['from']} stays as it is; the town works on {answer['branch']}.",
    ]
    common.show(answer, said, as_json)
