"""Entries: the same facts for programs and for people."""

from __future__ import annotations

import json

import pytest

from mooring.recordings.entry import Entry, Event, forward_json, forward_text
from mooring.recordings.forward import Forward
from mooring.wire.errors import RemoteProtocolError

FORWARD = Forward(
    owner="arn:aws:iam::123456789012:user/ann",
    node_id="mi-0123456789abcdef0",
    document_name="AWS-StartSSHSession",
    host="localhost",
    port="22",
    is_multiplexed=False,
)


def test_the_first_entry_says_who_and_where() -> None:
    assert json.loads(forward_json(FORWARD)) == {
        "event": "forward",
        "owner": "arn:aws:iam::123456789012:user/ann",
        "node": "mi-0123456789abcdef0",
        "document": "AWS-StartSSHSession",
        "host": "localhost",
        "port": "22",
    }
    assert forward_text(FORWARD) == (
        "arn:aws:iam::123456789012:user/ann connects to localhost:22 through "
        "mi-0123456789abcdef0 (AWS-StartSSHSession); only connections are recorded"
    )


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (
            Entry(event=Event.OPENED, connection=2, stream=5, by="client"),
            "connection 2 to localhost:22 opened by the client",
        ),
        (
            Entry(event=Event.CLOSED, connection=2, stream=5, ended="node", sent=1200, received=3),
            "connection 2 to localhost:22 closed: 1,200 bytes sent, 3 bytes received "
            "(ended by the node)",
        ),
        (
            Entry(event=Event.CLOSED, connection=2, stream=5, reason="with it", is_least=True),
            "connection 2 to localhost:22 closed: at least 0 bytes sent, "
            "at least 0 bytes received (with it)",
        ),
        (Entry(event=Event.BYTES, connection=2, stream=5, sent=1, received=2), ""),
    ],
)
def test_entries_of_a_connection_are_read_as_they_were_written(entry: Entry, text: str) -> None:
    assert entry.to_text(FORWARD) == text
    assert Entry.parse(entry.to_json(FORWARD)) == entry


def test_entries_of_the_session_are_for_reading_only() -> None:
    summary = Entry(event=Event.SUMMARY, connection=1, sent=5, received=6)

    assert summary.to_text(FORWARD) == "1 connection in all: 5 bytes sent, 6 bytes received"
    for text in (summary.to_json(FORWARD), forward_json(FORWARD)):
        assert Entry.parse(text) is None


@pytest.mark.parametrize("text", ["", "[]", '{"event":"opened","connection":"x"}'])
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        Entry.parse(text)
