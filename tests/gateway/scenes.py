"""What the tests of the gateway are made of: frames, sessions, an office that keeps notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from tests.fakes.clock import START, FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.keys import FakeKeyRing
from tests.fakes.peer import FakePeer

from mooring.gateway.recorder import Recorder
from mooring.gateway.relay import Leg, Relay, Side
from mooring.gateway.segments import RecorderSettings
from mooring.sessions.session import End, Session, SessionStatus
from mooring.wire.agent_message import AgentMessage, DigestRule, Flags
from mooring.wire.payloads import (
    Acknowledge,
    AgentSessionState,
    MessageType,
    PayloadType,
    SessionState,
)
from mooring.wire.stamp import Stamp

MESSAGE_ID = UUID("01234567-89ab-4def-8123-456789abcdef")
SESSION_ID = "ann-0123456789abcdef0"
NODE_ID = "mi-0123456789abcdef0"


def a_session(status: SessionStatus = SessionStatus.CONNECTING, **other: str) -> Session:
    """Return a session of Ann's that has just begun."""
    return Session(
        account_id="123456789012",
        region="ap-northeast-1",
        session_id=other.get("session_id", SESSION_ID),
        node_id=NODE_ID,
        status=status,
        owner="arn:aws:iam::123456789012:user/ann",
        owner_user_id="AIDACKCEVSQ6C2EXAMPLE",
        document_name="SSM-SessionManagerRunShell",
        started_at=START,
        details=other.get("details", ""),
    )


def frame(
    message_type: str,
    payload: bytes = b"{}",
    *,
    sequence: int = 0,
    payload_type: int = 0,
    message_id: UUID = MESSAGE_ID,
) -> bytes:
    """Return a frame as a peer writes it."""
    return AgentMessage(
        message_type=message_type,
        payload=payload,
        payload_type=payload_type,
        sequence_number=sequence,
        flags=Flags.NONE,
        message_id=message_id,
        created_date=1_700_000_000_000,
    ).serialize()


def output(sequence: int, payload: bytes, payload_type: int = PayloadType.OUTPUT) -> bytes:
    """Return what a shell shows."""
    return frame(
        MessageType.OUTPUT_STREAM_DATA, payload, sequence=sequence, payload_type=payload_type
    )


def keys(sequence: int, payload: bytes, payload_type: int = PayloadType.OUTPUT) -> bytes:
    """Return what a person types."""
    return frame(
        MessageType.INPUT_STREAM_DATA, payload, sequence=sequence, payload_type=payload_type
    )


def acknowledge(sequence: int, of: str = MessageType.OUTPUT_STREAM_DATA) -> bytes:
    """Return an acknowledgement."""
    body = Acknowledge(message_type=of, message_id=str(MESSAGE_ID), sequence_number=sequence)
    return frame(MessageType.ACKNOWLEDGE, body.serialize())


def terminating(text: str = "", exit_code: int | None = None) -> bytes:
    """Return an agent's last word."""
    body = AgentSessionState(
        session_id=SESSION_ID, state=SessionState.TERMINATING, output=text, exit_code=exit_code
    )
    return frame(MessageType.AGENT_SESSION_STATE, body.serialize())


def parse(data: bytes) -> AgentMessage:
    """Read a frame strictly."""
    return AgentMessage.parse(data, max_payload=2**20, digest_rule=DigestRule.ENFORCED)


def types(frames: Sequence[bytes]) -> list[str]:
    """Return what kinds of frames these are."""
    return [parse(data).message_type for data in frames]


@dataclass(slots=True)
class FakeOffice:
    """Implements ``relay.Office``."""

    time: float = 100.0
    met: int = 0
    ends: list[tuple[End, str]] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> float:
        """Return the time it was set to."""
        return self.time

    def later(self, delay_s: float, act: Callable[[], None]) -> None:
        """Note it for ``passes``."""
        self.due.append((self.time + delay_s, act))

    def passes(self, seconds: float) -> None:
        """Let time go by, and do what is due then."""
        self.time += seconds
        while self.due and min(at for at, _ in self.due) <= self.time:
            entry = min(self.due, key=lambda due: due[0])
            self.due.remove(entry)
            entry[1]()

    def connected(self, relay: Relay) -> None:  # noqa: ARG002
        """Count."""
        self.met += 1

    def ended(self, relay: Relay, end: End, text: str) -> None:
        """Note, and seal as the gateway does."""
        self.ends.append((end, text))
        relay.recorder.finish(end.value)
        self.sealed(relay)

    def sealed(self, relay: Relay) -> None:
        """Note the files."""
        self.kept += relay.recorder.segments.take_sealed()


@dataclass(slots=True, kw_only=True)
class Scene:
    """A relay with everything around it."""

    relay: Relay
    office: FakeOffice
    clock: FakeClock
    spool: Path

    def join(self, side: Side, *, own: bool = True, client_id: str = "c-1") -> FakePeer:
        """Let a side in."""
        peer = FakePeer()
        leg = Leg(peer=peer, client_id=client_id, client_version="1.2.0.0", is_own_agent=own)
        self.relay.attach(side, leg)
        return peer

    def says(self, side: Side, *frames: bytes) -> None:
        """Have a side send frames that came in one buffer."""
        for number, data in enumerate(frames, 1):
            self.relay.frame(side, memoryview(data), last=number == len(frames))

    def on_file(self) -> bytes:
        """Return all that is in the spool."""
        return b"".join(path.read_bytes() for path in sorted(self.spool.iterdir()))


def a_recorder(
    spool: Path, clock: FakeClock, session: Session | None = None, **sizes: int
) -> Recorder:
    """Return a recorder; ``segment_bytes`` and ``minutes`` are when it seals."""
    settings = RecorderSettings(
        spool=spool,
        key=b"a key of the tests",
        segment_bytes=sizes.get("segment_bytes", 1024 * 1024),
        segment_age=timedelta(minutes=sizes.get("minutes", 10)),
    )
    return Recorder(session or a_session(), settings, clock, FakeKeyRing())


def a_scene(tmp_path: Path, status: SessionStatus = SessionStatus.CONNECTING) -> Scene:
    """Return a relay whose sides have not come yet."""
    spool = tmp_path / "spool"
    spool.mkdir()
    clock, office = FakeClock(), FakeOffice()
    session = a_session(status)
    stamp = Stamp(FakeEntropy().uuid, 1_700_000_000.0)
    relay = Relay(session, a_recorder(spool, clock, session), office, stamp)
    return Scene(relay=relay, office=office, clock=clock, spool=spool)
