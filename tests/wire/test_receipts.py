"""Stock peers get one acknowledgement a frame; ends of ours one for many."""

from uuid import UUID

from mooring.wire.inbox import Held
from mooring.wire.payloads import Acknowledge, MessageType
from mooring.wire.receipts import Delays, Receipts

DELAYS = Delays(selective_s=0.25, cumulative_s=0.5)


def receipts(*, cumulative: bool) -> Receipts:
    made = Receipts(MessageType.INPUT_STREAM_DATA, every_bytes=100, delays=DELAYS)
    made.cumulative = cumulative
    return made


def held(size: int = 10) -> Held:
    return Held(UUID(int=5), 1, b"x" * size)


def receipt(sequence: int, *, cumulative: bool) -> Acknowledge:
    return Acknowledge(
        message_type="input_stream_data",
        message_id=str(UUID(int=5)),
        sequence_number=sequence,
        cumulative=cumulative,
    )


def test_each_frame_is_acknowledged_once_by_itself() -> None:
    made = receipts(cumulative=False)
    early = held()

    assert made.out_of_turn(1, early) == (receipt(1, cumulative=False),)
    assert made.given_out(0, held(), 0.0) == ()
    assert made.given_out(1, early, 0.0) == ()
    assert made.deadline == 0.25
    assert made.due(0.2) == ()
    assert made.due(0.25) == (receipt(0, cumulative=False),)
    assert made.deadline is None
    assert made.all_given_out() == ()


def test_a_handshake_is_acknowledged_at_once_and_many_bytes_too() -> None:
    made = receipts(cumulative=False)
    handshake = Held(UUID(int=5), 6, b"{}")

    assert made.given_out(0, held(), 0.0) == ()
    assert made.given_out(1, handshake, 0.0) == (
        receipt(0, cumulative=False),
        receipt(1, cumulative=False),
    )
    assert made.given_out(2, held(100), 0.0) == (receipt(2, cumulative=False),)


def test_many_frames_are_acknowledged_by_their_bytes() -> None:
    made = receipts(cumulative=True)

    assert made.given_out(0, held(60), 0.0) == ()
    assert made.given_out(1, held(60), 0.0) == (receipt(1, cumulative=True),)
    assert made.deadline is None


def test_a_few_frames_are_acknowledged_after_a_while() -> None:
    made = receipts(cumulative=True)
    made.given_out(0, held(), 1.0)
    made.given_out(1, held(), 1.2)

    assert made.deadline == 1.5
    assert made.due(1.4) == ()
    assert made.due(1.5) == (receipt(1, cumulative=True),)
    assert made.due(9.0) == ()


def test_a_frame_out_of_turn_repeats_the_last_acknowledgement() -> None:
    made = receipts(cumulative=True)

    assert made.out_of_turn(3, held()) == ()
    made.given_out(0, held(), 0.0)
    assert made.out_of_turn(3, held()) == (receipt(0, cumulative=True),)
