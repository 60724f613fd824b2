"""The order in which a stock plugin may hear of a port session's start, and the silence after it.

From what was measured with the plugin: the acknowledgement of its answer comes before
HandshakeComplete, and nothing after it before its first data or a quarter of a second.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.peer import FakePeer
from tests.gateway.forwarding import (
    ANSWERED,
    BYE,
    COMPLETE,
    REQUEST,
    RESPONSE,
    SYN,
    a_port_scene,
    data,
)
from tests.gateway.scenes import Scene, acknowledge, keys, output, parse, terminating, types

from mooring.gateway.relay import Side
from mooring.gateway.start_gap import ANSWER_S, HOLD_S
from mooring.sessions.session import End
from mooring.wire.payloads import MessageType, PayloadType

NEWS = output(2, data(b"hello"))


def shaken(tmp_path: Path) -> tuple[Scene, FakePeer]:
    """Return a scene whose client has answered the handshake."""
    scene = a_port_scene(tmp_path)
    scene.join(Side.AGENT, own=False)
    client = scene.join(Side.CLIENT)
    scene.says(Side.AGENT, REQUEST)
    scene.says(Side.CLIENT, acknowledge(0), RESPONSE)
    return scene, client


def test_complete_waits_for_the_acknowledgement_of_the_answer(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)

    scene.says(Side.AGENT, COMPLETE)
    assert client.sent == [REQUEST]
    scene.says(Side.AGENT, ANSWERED)

    assert client.sent == [REQUEST, ANSWERED, COMPLETE]
    assert client.flushed == 3


def test_nothing_follows_for_a_quarter_of_a_second(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)
    scene.says(Side.AGENT, ANSWERED, COMPLETE)

    scene.says(Side.AGENT, ANSWERED, NEWS)
    scene.office.passes(HOLD_S - 0.01)
    assert client.sent[1:] == [ANSWERED, COMPLETE]
    scene.office.passes(0.02)

    assert client.sent[3:] == [ANSWERED, NEWS]


def test_the_clients_first_data_ends_the_silence(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)
    scene.says(Side.AGENT, ANSWERED, COMPLETE, NEWS)

    scene.says(Side.CLIENT, acknowledge(1))
    assert NEWS not in client.sent
    scene.says(Side.CLIENT, keys(1, SYN))

    assert client.sent[3:] == [NEWS]
    scene.says(Side.AGENT, output(3, data(b"more")))
    assert len(client.sent) == 5


def test_complete_that_comes_again_meanwhile_is_sent_once(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)

    scene.says(Side.AGENT, COMPLETE, COMPLETE, ANSWERED, COMPLETE)
    scene.office.passes(HOLD_S)

    assert client.sent.count(COMPLETE) == 1


def test_an_acknowledgement_that_passed_unseen_is_not_waited_for_longer(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)

    scene.says(Side.AGENT, COMPLETE)
    scene.office.passes(ANSWER_S)

    assert client.sent[-1] == COMPLETE


def test_a_session_that_goes_on_after_a_restart_is_not_held(tmp_path: Path) -> None:
    scene = a_port_scene(tmp_path)
    scene.join(Side.AGENT, own=False)
    client = scene.join(Side.CLIENT)

    scene.says(Side.AGENT, output(90, data(b"a")), output(91, data(b"b")))

    assert len(client.sent) == 2


def test_a_client_that_is_away_hears_of_the_start_when_it_is_back(tmp_path: Path) -> None:
    scene, _ = shaken(tmp_path)
    scene.relay.detach(Side.CLIENT, scene.relay.legs[Side.CLIENT])
    scene.says(Side.AGENT, ANSWERED, COMPLETE, NEWS)

    client = scene.join(Side.CLIENT)
    assert client.sent == [ANSWERED, COMPLETE]
    scene.office.passes(HOLD_S)

    assert client.sent == [ANSWERED, COMPLETE, NEWS]


def test_a_client_that_leaves_in_the_silence_gets_a_new_one(tmp_path: Path) -> None:
    scene, _ = shaken(tmp_path)
    scene.says(Side.AGENT, ANSWERED, COMPLETE)
    scene.relay.detach(Side.CLIENT, scene.relay.legs[Side.CLIENT])
    client = scene.join(Side.CLIENT)

    scene.office.passes(HOLD_S / 2)
    scene.says(Side.AGENT, COMPLETE, NEWS)
    scene.office.passes(HOLD_S * 0.75)
    assert client.sent == [COMPLETE]
    scene.office.passes(HOLD_S)

    assert client.sent == [COMPLETE, NEWS]


def test_an_end_in_the_silence_is_told_after_it(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)
    scene.says(Side.AGENT, ANSWERED, COMPLETE, NEWS, terminating())
    assert client.closed is None
    assert len(client.sent) == 3

    scene.office.passes(HOLD_S)

    assert client.sent[3] == NEWS
    assert parse(client.sent[4]).message_type == MessageType.CHANNEL_CLOSED
    assert client.closed == (1000, "")
    assert scene.office.ends == [(End.CONNECTION, "")]


def test_ctrl_c_is_the_users_end(tmp_path: Path) -> None:
    scene, client = shaken(tmp_path)
    scene.says(Side.AGENT, ANSWERED, COMPLETE)

    scene.says(Side.CLIENT, keys(1, BYE, PayloadType.FLAG))
    scene.says(Side.AGENT, terminating())

    assert scene.office.ends == [(End.USER, "")]
    assert scene.relay.end is End.USER
    assert types(client.sent)[-1] == MessageType.CHANNEL_CLOSED


@pytest.mark.parametrize("own", [True, False])
def test_our_own_agent_is_told_of_its_client_all_the_same(tmp_path: Path, *, own: bool) -> None:
    scene = a_port_scene(tmp_path)
    agent = scene.join(Side.AGENT, own=own)

    scene.join(Side.CLIENT)

    assert types(agent.sent) == (["mooring_client"] if own else [])


words = st.lists(
    st.one_of(
        st.sampled_from([ANSWERED, COMPLETE, NEWS, acknowledge(1, of="input_stream_data")]),
        st.floats(0, 0.3),
    ),
    max_size=20,
)


@given(words)
def test_in_any_order_complete_comes_after_the_answer_and_before_a_silence(
    said: list[bytes | float],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene, client = shaken(Path(folder))
        times = [0.0] * len(client.sent)
        for word in said:
            if isinstance(word, float):
                scene.office.passes(word)
            else:
                scene.says(Side.AGENT, word)
            times += [scene.office.time] * (len(client.sent) - len(times))
        told = list(zip(client.sent, times, strict=True))
    start = next((at for at, (sent, _) in enumerate(told) if sent == COMPLETE), len(told))
    for sent, at in told[start + 1 : start + 2]:
        assert at >= told[start][1] + HOLD_S, parse(sent)
