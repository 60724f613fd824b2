"""Frames wait in their order, and no more of them than there is room for."""

from __future__ import annotations

from tests.fakes.peer import FakePeer

from mooring.gateway.backlog import MAX_BACKLOG, Backlog


def test_frames_come_out_in_their_order_and_once() -> None:
    backlog, peer = Backlog(), FakePeer()
    for frame in (b"a", b"b", b"c"):
        assert backlog.add(frame)

    backlog.drain(peer)
    backlog.drain(peer)

    assert peer.sent == [b"a", b"b", b"c"]
    assert backlog.size == 0


def test_what_does_not_fit_is_refused_until_there_is_room() -> None:
    backlog = Backlog()
    assert backlog.add(bytes(MAX_BACKLOG))

    assert not backlog.add(b"x")
    assert len(backlog.take()) == 1
    assert backlog.add(b"x")
