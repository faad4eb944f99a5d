"""Ports for agents: nobody's twice, none that somebody listens on, and the same again for who comes back."""

from __future__ import annotations

import os
import socket

from gastown_tui.engine.ports import HIGHEST, LOWEST, Ports


def test_fifty_agents_have_ports_of_their_own() -> None:
    ports, width = Ports(), 3
    runs = [set(range(first, first + width)) for n in range(50) for first in [ports.of(f"agent-{n}", width)]]
    assert len(set().union(*runs)) == 150
    assert all(min(run) >= LOWEST and max(run) <= HIGHEST for run in runs)


def test_a_port_somebody_listens_on_is_not_given() -> None:
    name = f"quartz-{os.getpid()}"  # a test beside this one has other ports
    wanted = Ports().of(name, 2)
    with socket.socket() as other:
        other.bind(("127.0.0.1", wanted + 1))
        other.listen()
        given = Ports().of(name, 2)
    assert given not in (wanted, wanted + 1)


def test_who_comes_back_has_what_it_had_though_its_server_still_listens() -> None:
    ports, name = Ports(), f"jasper-{os.getpid()}"
    first = ports.of(name, 1)
    with socket.socket() as own:
        own.bind(("127.0.0.1", first))
        own.listen()
        assert ports.of(name, 1) == first
