"""Flow through a relay under load: a healthy sender never loses a frame, and nothing piles up.

Reading is paused while a read is still being taken apart, so frames go on coming for a moment.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.scenes import Scene, a_scene, keys, output, types

from mooring.gateway.backlog import MAX_BACKLOG
from mooring.gateway.relay import Side

FRAME = 32 * 1024
TAIL = 4 * MAX_BACKLOG // FRAME
"""Frames that a read under way may still bring after reading has been paused."""


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


def test_the_rest_of_a_read_reaches_an_agent_that_has_become_slow(scene: Scene) -> None:
    scene.join(Side.CLIENT)
    agent = scene.join(Side.AGENT, own=False)
    scene.relay.writable(Side.AGENT, is_writable=False)

    for number in range(TAIL):
        scene.says(Side.CLIENT, keys(number, bytes(FRAME)))
        agent.buffered += FRAME

    assert len(agent.sent) == TAIL


def test_the_rest_of_a_read_reaches_a_client_that_has_become_slow(scene: Scene) -> None:
    client = scene.join(Side.CLIENT)
    scene.join(Side.AGENT)
    scene.relay.writable(Side.CLIENT, is_writable=False)

    for number in range(TAIL):
        scene.says(Side.AGENT, output(number, bytes(FRAME)))
        client.buffered += FRAME

    assert len(client.sent) == TAIL


def test_an_agent_that_comes_to_a_slow_client_is_held_at_once(scene: Scene) -> None:
    client = scene.join(Side.CLIENT)
    scene.join(Side.AGENT, own=False)
    scene.relay.writable(Side.CLIENT, is_writable=False)
    scene.relay.detach(Side.AGENT, scene.relay.legs[Side.AGENT])

    agent = scene.join(Side.AGENT, own=False)
    held = agent.reading
    scene.relay.writable(Side.CLIENT, is_writable=True)

    assert (held, agent.reading) == (False, True)
    assert types(agent.sent) == ["pause_publication", "start_publication"]
    assert client.sent == []


def test_a_client_that_comes_to_a_slow_agent_is_held_at_once(scene: Scene) -> None:
    scene.join(Side.CLIENT)
    scene.join(Side.AGENT)
    scene.relay.writable(Side.AGENT, is_writable=False)

    client = scene.join(Side.CLIENT)
    held = client.reading
    scene.relay.writable(Side.AGENT, is_writable=True)

    assert (held, client.reading) == (False, True)


def test_what_an_agent_says_while_it_breathes_is_bounded_even_within_one_read(
    scene: Scene,
) -> None:
    client = scene.join(Side.CLIENT)
    agent = scene.join(Side.AGENT, own=False)
    scene.relay.writable(Side.CLIENT, is_writable=False)

    for number in range(10 * TAIL):
        if number % TAIL == 0:
            scene.relay.breathe()
        scene.says(Side.AGENT, output(number, bytes(FRAME)))
        client.buffered = sum(map(len, client.sent))

    assert client.buffered <= MAX_BACKLOG + 2 * FRAME
    assert not agent.reading


def test_after_a_client_has_caught_up_nothing_is_dropped_again(scene: Scene) -> None:
    client = scene.join(Side.CLIENT)
    scene.join(Side.AGENT, own=False)
    scene.relay.writable(Side.CLIENT, is_writable=False)
    scene.relay.breathe()
    scene.relay.writable(Side.CLIENT, is_writable=True)
    scene.relay.writable(Side.CLIENT, is_writable=False)
    client.buffered = 2 * MAX_BACKLOG

    scene.says(Side.AGENT, output(0, b"x"))

    assert client.sent == [output(0, b"x")]


def test_an_agent_that_replaces_a_held_one_is_asked_to_pause_itself(scene: Scene) -> None:
    scene.join(Side.CLIENT)
    scene.join(Side.AGENT, own=False)
    scene.relay.writable(Side.CLIENT, is_writable=False)

    agent = scene.join(Side.AGENT, own=False)

    assert types(agent.sent) == ["pause_publication"]
    assert not agent.reading
