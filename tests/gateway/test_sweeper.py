"""What is due is done: strangers cut, the silent dropped, pings spread, lonely sessions ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.peer import FakePeer
from tests.gateway.forwarding import BYE, FORWARD, STREAM, a_port_scene
from tests.gateway.scenes import Scene, a_scene, keys, types

from mooring.gateway.control import ControlListener
from mooring.gateway.leg import DataListener
from mooring.gateway.relay import Relay, Side
from mooring.gateway.sweeper import Deadlines, sweep
from mooring.operations.channels import ControlOpened
from mooring.recordings.forward import Forward
from mooring.sessions.session import End, SessionStatus
from mooring.wire.agent_message import AgentMessage
from mooring.wire.control_channel import TaskComplete
from mooring.wire.open_message import OpenMessage
from mooring.wire.payloads import PayloadType

CAME = 1000.0
DUE = Deadlines(
    now=CAME,
    before=CAME - 1,
    token_s=10,
    ping_every_s=15,
    silence_s=40,
    start_s=20,
    client_grace_s=1200,
    stream_grace_s=75,
    agent_grace_s=1200,
    agent_back_s=60,
    online_since={},
)


class NoDoor:
    """Implements ``ControlDoor``; nothing comes here."""

    def redeem_control(self, listener: ControlListener, message: OpenMessage) -> None:
        raise AssertionError(listener, message)

    def task_complete(
        self, listener: ControlListener, report: TaskComplete, message: AgentMessage
    ) -> None:
        raise AssertionError(listener, report, message)

    def gone(self, listener: ControlListener) -> None:
        raise AssertionError(listener)


def a_line(*, admitted: bool = True) -> tuple[ControlListener, FakePeer]:
    listener, peer = ControlListener("mi-0123456789abcdef0", "192.0.2.1", NoDoor()), FakePeer()
    listener.opened(peer)
    peer.last_seen = CAME
    if admitted:
        listener.admit(ControlOpened(account_id="1", region="r", node_id="mi-0123456789abcdef0"))
    return listener, peer


def sweep_at(
    now: float, *lines: ControlListener | DataListener, relay: Relay | None = None
) -> None:
    due = replace(DUE, now=now, before=now - 1)
    sweep([(line, CAME) for line in lines], [relay] if relay is not None else [], due)


@pytest.mark.parametrize(("after", "is_cut"), [(9, False), (10, False), (11, True)])
def test_a_stranger_without_a_token_is_cut(after: float, *, is_cut: bool) -> None:
    line, peer = a_line(admitted=False)

    sweep_at(CAME + after, line)

    assert peer.closed == ((1008, "no token in time") if is_cut else None)


def test_who_showed_a_token_stays() -> None:
    line, peer = a_line()

    sweep_at(CAME + 11, line)

    assert peer.closed is None


@pytest.mark.parametrize(("silent", "is_cut"), [(40, False), (41, True)])
def test_a_silent_line_is_dropped_within_the_promised_time(silent: float, *, is_cut: bool) -> None:
    line, peer = a_line()
    peer.last_seen = CAME + 100

    sweep_at(CAME + 100 + silent, line)

    assert peer.aborted is is_cut


def test_a_side_that_we_do_not_read_is_not_called_silent() -> None:
    line, peer = a_line()
    peer.reading = False

    sweep_at(CAME + 500, line)

    assert not peer.aborted


def test_every_line_is_pinged_once_in_fifteen_seconds_however_late_a_sweep_is() -> None:
    line, peer = a_line()
    before, now = CAME, CAME
    steps = [1.0, 1.004, 1.3, 0.999, 4.2, 1.0, 1.0, 7.1, 1.02] * 20

    for step in steps:
        before, now = now, now + step
        peer.last_seen = now
        sweep([(line, CAME)], [], replace(DUE, now=now, before=before))

    assert peer.pings == (now - CAME) // 15


def test_lines_that_came_at_other_times_are_pinged_at_other_times() -> None:
    pinged = []
    for came in range(15):
        line, peer = a_line()
        sweep([(line, CAME + came)], [], replace(DUE, now=CAME + 30, before=CAME + 29))
        pinged.append(peer.pings)

    assert sum(pinged) == 1


def test_a_listener_that_is_not_open_yet_is_passed_over() -> None:
    listener = ControlListener("mi-0123456789abcdef0", "192.0.2.1", NoDoor())

    sweep_at(CAME + 100, listener)

    assert listener.peer is None
    assert not listener.is_admitted


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = a_scene(tmp_path)
    scene.office.time = CAME
    scene.relay.away_since = dict.fromkeys(Side, CAME)
    return scene


def test_a_node_that_does_not_come_ends_the_session_with_a_reason(scene: Scene) -> None:
    client = scene.join(Side.CLIENT)

    sweep_at(CAME + 20, relay=scene.relay)
    assert scene.office.ends == []
    sweep_at(CAME + 21, relay=scene.relay)

    assert scene.office.ends == [(End.TIMEOUT, "the node did not open its side in time")]
    assert types(client.sent) == ["channel_closed"]


def test_a_node_that_was_there_has_longer_to_come_back(scene: Scene) -> None:
    scene.join(Side.CLIENT)
    scene.join(Side.AGENT)
    scene.relay.detach(Side.AGENT, scene.relay.legs[Side.AGENT])

    sweep_at(CAME + 1200, relay=scene.relay)
    assert scene.office.ends == []
    sweep_at(CAME + 1201, relay=scene.relay)

    assert scene.office.ends == [(End.NODE_LOST, "the node did not come back")]


def test_a_session_whose_node_has_settled_without_it_is_over_soon(scene: Scene) -> None:
    scene.join(Side.CLIENT)
    scene.join(Side.AGENT)
    scene.relay.detach(Side.AGENT, scene.relay.legs[Side.AGENT])
    node_id = scene.relay.session.node_id

    def sweep_with(now: float, online_since: float) -> None:
        due = replace(DUE, now=now, before=now - 1, online_since={node_id: online_since})
        sweep([], [scene.relay], due)

    sweep_with(CAME + 300, CAME + 299)
    sweep_with(CAME + 359, CAME + 299)
    assert scene.office.ends == []
    sweep_with(CAME + 360, CAME + 299)

    assert scene.office.ends == [(End.NODE_LOST, "the node did not come back")]


def test_after_a_restart_of_ours_a_node_has_longer_to_come_back(tmp_path: Path) -> None:
    scene = a_scene(tmp_path, SessionStatus.CONNECTED)
    scene.relay.away_since = dict.fromkeys(Side, CAME)

    sweep_at(CAME + 100, relay=scene.relay)
    assert scene.office.ends == []
    sweep_at(CAME + 1201, relay=scene.relay)

    assert scene.office.ends == [(End.NODE_LOST, "the node did not come back")]


def test_a_client_that_does_not_come_back_ends_the_session(scene: Scene) -> None:
    agent = scene.join(Side.AGENT)
    scene.join(Side.CLIENT)
    scene.relay.detach(Side.CLIENT, scene.relay.legs[Side.CLIENT])

    sweep_at(CAME + 1200, relay=scene.relay)
    assert scene.office.ends == []
    sweep_at(CAME + 1201, relay=scene.relay)

    assert scene.office.ends == [(End.CLIENT_LOST, "")]
    assert types(agent.sent)[-1] == "channel_closed"


def test_a_client_that_said_it_leaves_is_believed_though_the_node_does_nothing(
    tmp_path: Path,
) -> None:
    scene = a_port_scene(tmp_path, FORWARD)
    agent = scene.join(Side.AGENT, own=False)
    scene.join(Side.CLIENT)
    scene.says(Side.CLIENT, keys(0, BYE, PayloadType.FLAG))
    scene.relay.detach(Side.CLIENT, scene.relay.legs[Side.CLIENT])

    for later in (4, 6):
        now = scene.office.time + later
        sweep([], [scene.relay], replace(DUE, now=now, before=now - 1))
        assert bool(scene.office.ends) == (later > 5)

    assert scene.office.ends == [(End.USER, "")]
    assert types(agent.sent)[-1] == "channel_closed"


@pytest.mark.parametrize(
    ("forward", "silent_s", "patience_s"),
    [(STREAM, 5.0, 75), (STREAM, 41.0, 1200), (FORWARD, 5.0, 1200)],
    ids=["it left", "it fell silent", "many connections"],
)
def test_a_client_that_closed_its_only_stream_is_not_waited_for_long(
    tmp_path: Path, forward: Forward, silent_s: float, patience_s: float
) -> None:
    scene = a_port_scene(tmp_path, forward)
    agent, client = scene.join(Side.AGENT, own=False), scene.join(Side.CLIENT)
    client.last_seen = scene.office.time - silent_s
    scene.relay.detach(Side.CLIENT, scene.relay.legs[Side.CLIENT])

    for later in (patience_s - 1, patience_s + 1):
        now = scene.office.time + later
        sweep([], [scene.relay], replace(DUE, now=now, before=now - 1))
        assert bool(scene.office.ends) == (later > patience_s)

    assert scene.office.ends == [(End.CLIENT_LOST, "")]
    assert types(agent.sent)[-1] == "channel_closed"


def test_a_client_that_is_back_has_its_whole_grace_again(tmp_path: Path) -> None:
    scene = a_port_scene(tmp_path, STREAM)
    scene.join(Side.AGENT, own=False)
    scene.join(Side.CLIENT).last_seen = scene.office.time
    scene.relay.detach(Side.CLIENT, scene.relay.legs[Side.CLIENT])
    scene.join(Side.CLIENT)

    now = scene.office.time + 76
    sweep([], [scene.relay], replace(DUE, now=now, before=now - 1))

    assert scene.office.ends == []


def test_sides_that_are_there_have_no_deadline(scene: Scene) -> None:
    scene.join(Side.AGENT)
    scene.join(Side.CLIENT)

    sweep_at(CAME + 1_000_000, relay=scene.relay)

    assert scene.office.ends == []


@pytest.mark.parametrize(("held", "is_read"), [(19, False), (21, True)])
def test_a_held_agent_is_read_before_its_own_deadline(
    scene: Scene, held: float, *, is_read: bool
) -> None:
    agent = scene.join(Side.AGENT)
    scene.join(Side.CLIENT)
    scene.relay.writable(Side.CLIENT, is_writable=False)

    sweep_at(CAME + held, relay=scene.relay)

    assert agent.reading is is_read
