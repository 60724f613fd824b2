"""Frames carry the time of the wall, made from the time of the loop."""

from uuid import UUID

from mooring.wire.agent_message import AgentMessage, Flags
from mooring.wire.payloads import MessageType
from mooring.wire.stamp import Stamp


def test_a_frame_has_the_sender_s_id_and_date() -> None:
    stamp = Stamp(lambda: UUID(int=9), 1_700_000_000.0)

    assert stamp.unnumbered(MessageType.ACKNOWLEDGE, b"{}", 2.5, flags=Flags.SYN) == AgentMessage(
        message_type="acknowledge",
        payload=b"{}",
        flags=Flags.SYN,
        message_id=UUID(int=9),
        created_date=1_700_000_002_500,
    )


def test_a_date_is_never_nothing() -> None:
    assert Stamp(lambda: UUID(int=9), 0.0).date(0.0) == 1
