"""The `gt` command: a table of commands, each loaded only when it is called, and the one place errors are printed."""

from __future__ import annotations

import importlib
import json
import keyword
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import click

from gastown_tui import __version__
from gastown_tui.door.wire import error_body
from gastown_tui.model.errors import REFUSED, USAGE, GasTownError
from gastown_tui.text import clean


class Entry(NamedTuple):
    """One command: its room (a module of this package), what it does in a line, and the section of the help."""

    room: str
    summary: str
    section: str


TOWN, WORK, WATCH, AGENTS = "The town", "Work", "Watching", "What agents call (people may, too)"
TABLE: dict[str, Entry] = {
    "init": Entry("init", "Make a town in this repository", TOWN),
    "uninit": Entry("uninit", "Take the town away again", TOWN),
    "up": Entry("power", "Start the engine in the background", TOWN),
    "down": Entry("power", "End every session, keep all work, stop the engine", TOWN),
    "stop": Entry("power", "Freeze every agent at once, or stop the engine", TOWN),
    "doctor": Entry("doctor", "Look the town over, with a fix for each finding", TOWN),
    "demo": Entry("demo", "Watch a whole run on a small project, without a model", TOWN),
    "mayor": Entry("mayor", "Tell the Mayor what you want; attach to its terminal", WORK),
    "plan": Entry("plan", "Submit, read, edit, approve or drop a plan", WORK),
    "do": Entry("sling", "One bead, one polecat, no Mayor", WORK),
    "bead": Entry("bead", "Create, list, show, update or close beads", WORK),
    "ready": Entry("sling", "Beads that wait for nothing", WORK),
    "sling": Entry("sling", "Give ready beads to polecats", WORK),
    "convoy": Entry("convoy", "Beads that travel together", WORK),
    "import": Entry("import_", "Bring beads in: Beads, SARIF, JSON, GitHub issues, Markdown", WORK),
    "export": Entry("export", "Write the beads out: Beads JSONL, CSV, Markdown", WORK),
    "undo": Entry("undo", "Take your last order back", WORK),
    "redo": Entry("undo", "Do again what was undone", WORK),
    "mq": Entry("mq", "The merge queue: what waits, why, and when it may land", WORK),
    "adopt": Entry("adopt", "Send a branch of yours through the gates", WORK),
    "gate": Entry("gate", "Run gates, read their logs, list flaky tests", WORK),
    "bisect": Entry("gate", "Find which landed bead broke a gate", WORK),
    "answer": Entry("answer", "Settle what needs you", WORK),
    "status": Entry("status", "The town at a glance", WATCH),
    "feed": Entry("feed", "What everybody is doing, line by line", WATCH),
    "peek": Entry("peek", "An agent's screen, as text", WATCH),
    "attach": Entry("mayor", "Sit down at an agent's terminal", WATCH),
    "conflicts": Entry("conflicts", "Who is about to collide with whom, and where", WATCH),
    "log": Entry("log", "What happened, in words", WATCH),
    "done": Entry("agents", "Hand a bead in", AGENTS),
    "verdict": Entry("agents", "Judge a bead", AGENTS),
    "nudge": Entry("agents", "Say something to an agent", AGENTS),
    "escalate": Entry("agents", "Ask the overseer", AGENTS),
}
"""Where each command lives; nothing of it is imported to print the help."""


class Rooms(click.Group):
    """A group that imports a command's module when it is called."""

    def invoke(self, context: click.Context) -> Any:
        """Run what was asked for; click itself would end with 1 when the reader of a pipe leaves."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            # Whoever read us has had enough (`gt log | head`); say nothing more, not even at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def list_commands(self, context: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(TABLE)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of that name; commands of a room are named as in the table."""
        if name not in TABLE:
            return None
        function = f"{name}_" if keyword.iskeyword(name) else name
        found: click.Command = getattr(importlib.import_module(f"gastown_tui.cli.{TABLE[name].room}"), function)
        return found

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by section, from the table alone."""
        for section in (TOWN, WORK, WATCH, AGENTS):
            with formatter.section(section):
                formatter.write_dl([(name, row.summary) for name, row in TABLE.items() if row.section == section])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for; a near miss is named."""
        if args and args[0] not in TABLE and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], TABLE, 1)
            raise click.UsageError(f"There is no command {args[0]!r}." + (f" Did you mean {near[0]}?" if near else ""))
        return super().resolve_command(context, args)


@click.group(cls=Rooms, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-C", "folder", type=click.Path(path_type=Path), default=None, help="Work as if started in this folder.")
@click.version_option(__version__, prog_name="gt")
@click.pass_context
def gt(context: click.Context, folder: Path | None) -> None:
    """Gas Town: tell the Mayor what to build; coding agents build it in parallel, tested and reviewed.

    \b
    Example:
      gt init
      gt up
      gt mayor tell "Add rate limiting to the API"
      gt plan approve
      gt feed -f
    """
    if folder is not None and not folder.is_dir():
        raise click.UsageError(f"{folder} is not a folder.")
    context.obj = folder.resolve() if folder is not None else None
    if context.invoked_subcommand is None:
        from gastown_tui.cli.cockpit import open_cockpit

        context.exit(open_cockpit())


def run(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code (interfaces.md)."""
    words = sys.argv[1:] if argv is None else argv
    as_json = "--json" in words
    try:
        done: Any = gt.main(words, prog_name="gt", standalone_mode=False)
    except GasTownError as error:
        return _say(error, as_json)
    except click.Abort:
        return _say(GasTownError("Stopped by you.", "Nothing more was done."), as_json)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "gt"
        return _say(_usage(error.format_message(), f"{where} --help shows how."), as_json)
    except click.ClickException as error:
        return _say(_usage(error.format_message(), "Nothing was done."), as_json)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if isinstance(inner := _inside(error), GasTownError):
            return _say(inner, as_json)
        if os.environ.get("GT_DEBUG"):
            import traceback

            traceback.print_exc()
        why = f"gt failed: {type(inner).__name__}: {inner}."
        return _say(GasTownError(why, "This is a fault of gt's. GT_DEBUG=1 shows where it happened."), as_json)
    return done if isinstance(done, int) else 0


def _inside(error: BaseException) -> BaseException:
    """What went wrong first, without the groups asyncio puts around it."""
    return _inside(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _usage(title: str, hint: str) -> GasTownError:
    error = GasTownError(title, hint)
    error.code = USAGE
    return error


def _say(error: GasTownError, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps(error_body(error), ensure_ascii=False), err=True)
    else:
        click.echo(clean(error.title), err=True)
        if error.hint:
            click.echo(clean(error.hint), err=True)
    return error.code or REFUSED
