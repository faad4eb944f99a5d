"""A merge request: one approved commit waiting to be tested on the combined tree and landed."""

from __future__ import annotations

import msgspec


class MergeRequest(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An entry of the Refinery's queue: queued, allowed (ungated), testing, landing or waiting.

    `why` says why it is not landed.
    """

    bead: str
    epoch: int
    commit: str
    entered: float
    priority: int = 2
    state: str = "queued"
    why: str = ""
    candidate: str = ""
    onto: str = ""


class GateRun(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One finished run of the gates on a tree; verdicts are looked up by tree and gates."""

    tree: str
    gates: str
    ok: bool
    at: float
    seconds: float = 0.0
    failed: str = ""
