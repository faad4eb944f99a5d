"""How a run says that it is of some gates only: verdicts on a tree are of all of them."""

from __future__ import annotations

from gastown_tui.model.merge import TestRun

_OF = ":"


def some(gates: str, name: str) -> str:
    """What a run of one gate alone carries; `gates` names all as they are configured."""
    return f"{gates}{_OF}{name}"


def only(run: TestRun) -> tuple[str, ...]:
    """The names of the only gates a run is of; none when it is of all."""
    name = run.gates.partition(_OF)[2]
    return (name,) if name else ()
