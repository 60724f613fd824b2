"""Port sessions for the tests of the gateway: what peers say in them, and scenes to say it in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.entropy import FakeEntropy
from tests.fakes.keys import FakeKeyRing
from tests.gateway.scenes import FakeOffice, Scene, a_session, acknowledge, keys, output

from mooring.gateway.forward_recorder import ForwardRecorder
from mooring.gateway.relay import Relay
from mooring.gateway.segments import RecorderSettings
from mooring.recordings.forward import Forward
from mooring.wire.payloads import MessageType, PayloadType, SessionFlag, serialize_flag
from mooring.wire.stamp import Stamp

FORWARD = Forward(
    owner="arn:aws:iam::123456789012:user/ann",
    node_id="mi-0123456789abcdef0",
    document_name="AWS-StartPortForwardingSession",
    host="localhost",
    port="8080",
    is_multiplexed=True,
)
STREAM = Forward(
    owner=FORWARD.owner,
    node_id=FORWARD.node_id,
    document_name="AWS-StartSSHSession",
    host="localhost",
    port="22",
    is_multiplexed=False,
)

REQUEST = output(0, b'{"AgentVersion":"3.3.0.0"}', PayloadType.HANDSHAKE_REQUEST)
RESPONSE = keys(0, b'{"ClientVersion":"1.2.0.0"}', PayloadType.HANDSHAKE_RESPONSE)
ANSWERED = acknowledge(0, of=MessageType.INPUT_STREAM_DATA)
COMPLETE = output(1, b'{"HandshakeTimeToComplete":1}', PayloadType.HANDSHAKE_COMPLETE)
BYE = serialize_flag(SessionFlag.TERMINATE_SESSION)
# From a capture of a stock plugin when somebody connects: a SYN, then data.
SYN = bytes.fromhex("0100000003000000")
FIN = bytes.fromhex("0101000003000000")


def data(text: bytes, stream: int = 3, version: int = 1) -> bytes:
    """Return an smux frame of data."""
    return (
        bytes([version, 2]) + len(text).to_bytes(2, "little") + stream.to_bytes(4, "little") + text
    )


def a_forward_recorder(
    spool: Path, clock: FakeClock, forward: Forward = FORWARD, **sizes: int
) -> ForwardRecorder:
    """Return a recorder; ``segment_bytes`` and ``minutes`` are when it seals."""
    settings = RecorderSettings(
        spool=spool,
        key=b"a key of the tests",
        segment_bytes=sizes.get("segment_bytes", 1024 * 1024),
        segment_age=timedelta(minutes=sizes.get("minutes", 10)),
    )
    return ForwardRecorder(a_session(), forward, settings, (clock, FakeKeyRing()))


def a_port_scene(
    tmp_path: Path, forward: Forward = FORWARD, office: FakeOffice | None = None
) -> Scene:
    """Return a relay of a port session whose sides have not come yet."""
    spool = tmp_path / "spool"
    spool.mkdir()
    clock, office = FakeClock(), office or FakeOffice()
    stamp = Stamp(FakeEntropy().uuid, 1_700_000_000.0)
    recorder = a_forward_recorder(spool, clock, forward)
    relay = Relay(a_session(), recorder, office, stamp)
    return Scene(relay=relay, office=office, clock=clock, spool=spool)
