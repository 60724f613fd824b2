"""Two ends joined by a line that loses, doubles, shuffles and is cut give out what was sent."""

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mooring.wire.channel_events import Received
from mooring.wire.data_channel import DataChannel, Limits, Role
from mooring.wire.handshake import Terms
from mooring.wire.payloads import PayloadType

WINDOW = 512
LIMITS = Limits(
    max_payload=1024,
    first_payload=16,
    window_bytes=WINDOW,
    ack_every_bytes=64,
    reorder_frames=64,
    reorder_bytes=2048,
)
TERMS = Terms(max_payload=32, window_bytes=WINDOW)


class BadLine(RuleBasedStateMachine):
    """The line is two lists of frames; the rules do to them what a network may do."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.made = 0
        self.ends = {role: self.new_end(role) for role in Role}
        self.line: dict[Role, list[bytes]] = {role: [] for role in Role}
        self.sent = dict.fromkeys(Role, b"")
        self.got = dict.fromkeys(Role, b"")
        self.connected = True

    def new_id(self) -> UUID:
        self.made += 1
        return UUID(int=self.made)

    def new_end(self, role: Role) -> DataChannel:
        return DataChannel(role=role, new_id=self.new_id, wall_offset=1.0, limits=LIMITS)

    def pump(self) -> None:
        for role, channel in self.ends.items():
            self.line[other(role)] += channel.writes()
            for event in channel.events():
                if isinstance(event, Received):
                    self.got[role] += event.payload

    @initialize(own=st.booleans())
    def agree(self, *, own: bool) -> None:
        if own:
            for channel in self.ends.values():
                channel.adopt(TERMS)

    @rule(role=st.sampled_from(Role), payload=st.binary(min_size=1, max_size=100))
    def send(self, role: Role, payload: bytes) -> None:
        if self.ends[role].room():
            self.ends[role].send(PayloadType.OUTPUT, payload, self.now)
            self.sent[role] += payload
            self.pump()

    @precondition(lambda self: self.connected)
    @rule(role=st.sampled_from(Role), at=st.integers(0, 200), copies=st.integers(0, 2))
    def deliver(self, role: Role, at: int, copies: int) -> None:
        if self.line[role]:
            frame = self.line[role].pop(at % len(self.line[role]))
            for _ in range(copies):
                self.ends[role].receive(frame, self.now)
            self.pump()

    @rule(role=st.sampled_from(Role), ready=st.booleans())
    def stand_still(self, role: Role, *, ready: bool) -> None:
        self.ends[role].ready = ready
        self.pump()

    @rule(seconds=st.floats(0.001, 3.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for channel in self.ends.values():
            channel.tick(self.now)
        self.pump()

    @precondition(lambda self: self.connected)
    @rule()
    def cut(self) -> None:
        self.connected = False
        for role, channel in self.ends.items():
            channel.disconnected()
            self.line[role].clear()

    @precondition(lambda self: not self.connected)
    @rule()
    def join(self) -> None:
        self.connected = True
        for channel in self.ends.values():
            channel.reconnected(self.now)
        self.pump()

    @invariant()
    def nothing_wrong_is_given_out(self) -> None:
        for role in Role:
            assert self.sent[other(role)].startswith(self.got[role])

    @invariant()
    def the_window_holds(self) -> None:
        for channel in self.ends.values():
            assert channel.unacked_bytes < WINDOW + 100

    def teardown(self) -> None:
        """A line that works again for a while brings everything over, and it ends."""
        if not self.connected:
            self.join()
        for channel in self.ends.values():
            channel.ready = True
        self.pump()
        for _ in range(300):
            for role in Role:
                frames, self.line[role] = self.line[role], []
                for frame in frames:
                    self.ends[role].receive(frame, self.now)
            self.pump()
            if not any(self.line.values()) and self.idle():
                break
            self.now += 0.5
            for channel in self.ends.values():
                channel.tick(self.now)
            self.pump()
        assert self.got == {role: self.sent[other(role)] for role in Role}
        assert self.idle()

    def idle(self) -> bool:
        return all(channel.deadline() is None for channel in self.ends.values())


def other(role: Role) -> Role:
    return Role.CLIENT if role is Role.AGENT else Role.AGENT


BadLine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBadLine = BadLine.TestCase
