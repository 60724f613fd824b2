"""Any order of coming, going, stalling and talking: what a relay may never do.

The model is small: each side's sender repeats what the other side has not had, as both ends of a
data channel do, and every frame must arrive at last, in the order of its number's first arrival.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.fakes.peer import FakePeer
from tests.gateway.scenes import Scene, a_scene, keys, output, parse

from mooring.gateway.backlog import MAX_BACKLOG
from mooring.gateway.relay import Leg, Side
from mooring.sessions.session import End
from mooring.wire.asciicast import output_bytes

LARGE = MAX_BACKLOG // 5
sides = st.sampled_from(list(Side))


def other(side: Side) -> Side:
    return Side.CLIENT if side is Side.AGENT else Side.AGENT


def made(side: Side, number: int, *, large: bool) -> bytes:
    payload = (b"%06d." % number) * (LARGE // 7 if large else 1)
    return output(number, payload) if side is Side.AGENT else keys(number, payload)


class RelayMachine(RuleBasedStateMachine):
    """Two senders, a relay between them, and everything that may happen to their lines."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.scene: Scene = a_scene(self.folder)
        self.said: dict[Side, list[bytes]] = {side: [] for side in Side}
        self.heard: dict[Side, set[int]] = {side: set() for side in Side}
        self.full: set[Side] = set()
        self.old: list[FakePeer] = []

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @property
    def legs(self) -> dict[Side, Leg]:
        return self.scene.relay.legs

    def peer(self, side: Side) -> FakePeer:
        peer = self.legs[side].peer
        assert isinstance(peer, FakePeer)
        return peer

    def collect(self) -> None:
        """Let both ends take what has reached them."""
        for side in self.legs:
            peer = self.peer(side)
            kind = "input_stream_data" if side is Side.AGENT else "output_stream_data"
            for data in peer.sent:
                message = parse(data)
                if message.message_type == kind:
                    assert data == self.said[other(side)][message.sequence_number]
                    self.heard[other(side)].add(message.sequence_number)
            peer.sent.clear()

    @rule(side=sides, own=st.booleans())
    def comes(self, side: Side, own: bool) -> None:  # noqa: FBT001  # hypothesis fills it in
        self.collect()
        if side in self.legs:
            self.old.append(self.peer(side))
        self.full.discard(side)
        self.scene.join(side, own=own)

    @rule(side=sides)
    def goes(self, side: Side) -> None:
        self.collect()
        if side in self.legs:
            self.full.discard(side)
            self.scene.relay.detach(side, self.legs[side])

    @rule(side=sides, large=st.booleans())
    def talks(self, side: Side, large: bool) -> None:  # noqa: FBT001  # hypothesis fills it in
        if side not in self.legs:
            return
        data = made(side, len(self.said[side]), large=large)
        self.said[side].append(data)
        self.scene.says(side, data)

    @rule(side=sides)
    def repeats(self, side: Side) -> None:
        if side in self.legs:
            self.collect()
            for number, data in enumerate(self.said[side]):
                if number not in self.heard[side]:
                    self.scene.says(side, data)

    @rule(side=sides)
    def becomes_slow(self, side: Side) -> None:
        if side in self.legs and side not in self.full:
            self.full.add(side)
            self.scene.relay.writable(side, is_writable=False)

    @rule(side=sides)
    def catches_up(self, side: Side) -> None:
        if side in self.full:
            self.full.remove(side)
            self.scene.relay.writable(side, is_writable=True)

    @precondition(lambda self: self.scene.relay.held_since is not None)
    @rule()
    def a_held_agent_breathes(self) -> None:
        self.scene.relay.breathe()

    @invariant()
    def nobody_is_held_without_a_reason(self) -> None:
        """A side is not read only while the other is slow, or away with its backlog full."""
        for side in self.legs:
            if other(side) in self.legs and other(side) not in self.full:
                assert self.peer(side).reading, f"{side} waits for nothing"

    @invariant()
    def the_replaced_hear_nothing(self) -> None:
        assert all(peer.closed is not None for peer in self.old)

    @invariant()
    def what_was_shown_is_on_record(self) -> None:
        on_file = output_bytes(
            line
            for path in sorted((self.folder / "spool").iterdir())
            for line in path.read_bytes().split(b"\n")
            if line.startswith(b"[")
        )
        shown = self.heard[Side.AGENT]
        if shown:
            payloads = [parse(data).payload for data in self.said[Side.AGENT]]
            assert on_file.startswith(b"".join(payloads[: max(shown) + 1]))

    @rule()
    def in_the_end_everything_arrives(self) -> None:
        """However it stands now: once both are here and read, repeating brings all across."""
        for side in Side:
            self.comes(side, own=True)
        for side in Side:
            self.repeats(side)
        self.collect()

        assert all(self.heard[side] == set(range(len(self.said[side]))) for side in Side)

    @precondition(lambda self: self.said[Side.AGENT])
    @rule()
    def an_end_is_told_to_who_is_here(self) -> None:
        here = [self.peer(side) for side in self.legs]

        self.scene.relay.finish(End.TERMINATED, "over")

        for peer in here:
            assert parse(peer.sent[-1]).message_type == "channel_closed"
            assert peer.closed is not None
        self.__init__()  # type: ignore[misc]  # the next session


TestRelayMachine = RelayMachine.TestCase
