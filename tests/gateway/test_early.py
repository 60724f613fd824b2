"""Frames on the heels of the token are kept in order, and not without end."""

from mooring.gateway.early import MAX_EARLY, EarlyFrames


def test_frames_are_taken_once_in_their_order() -> None:
    early = EarlyFrames()
    early.add(b"one")
    early.add(b"two")

    assert early.take() == [b"one", b"two"]
    assert early.take() == []


def test_a_frame_is_copied_out_of_the_read_buffer() -> None:
    early, buffer = EarlyFrames(), bytearray(b"frame")

    early.add(memoryview(buffer))
    buffer[:] = b"other"

    assert early.take() == [b"frame"]


def test_a_flood_is_refused() -> None:
    early = EarlyFrames()

    kept = [early.add(bytes(MAX_EARLY // 4)) for _ in range(5)]

    assert kept == [True] * 4 + [False]


def test_there_is_room_again_after_taking() -> None:
    early = EarlyFrames()
    early.add(bytes(MAX_EARLY))
    early.take()

    assert early.add(b"more")
