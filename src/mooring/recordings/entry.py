"""One entry in the record of a port session: as JSON for programs, as a line for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mooring.recordings.forward import Forward
from mooring.wire.json_object import JsonObject, JsonValue, write_json

__all__ = ["Entry", "Event", "forward_json", "forward_text"]


class Event(StrEnum):
    """What an entry tells."""

    OPENED = "opened"
    BYTES = "bytes"
    CLOSED = "closed"
    REFUSED = "refused"
    UNFOLLOWED = "unfollowed"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``sent`` are bytes from the client to the node, ``received`` the other way.

    ``ended`` names the side that has ended a connection first. With ``is_least``, more may have
    passed than could be told apart.
    """

    event: Event
    connection: int = 0
    stream: int = 0
    by: str = ""
    ended: str = ""
    sent: int = 0
    received: int = 0
    reason: str = ""
    is_least: bool = False

    def to_json(self, forward: Forward) -> str:
        """Return the entry for programs."""
        body: dict[str, JsonValue] = {"event": self.event.value}
        if self.connection:
            body |= {"connection": self.connection, "stream": self.stream}
        if self.event is Event.OPENED:
            body |= {"to": forward.destination, "by": self.by}
        if self.event in _COUNTED:
            body |= {"sent": self.sent, "received": self.received}
        if self.ended:
            body["ended"] = self.ended
        if self.reason:
            body["reason"] = self.reason
        if self.is_least:
            body["at_least"] = True
        return write_json(body).decode()

    @classmethod
    def parse(cls, text: str) -> Entry | None:
        """Read an entry; None when it is of an event that says nothing of a connection.

        Raises:
            RemoteProtocolError: it is no entry.
        """
        body = JsonObject.parse(text.encode(), what="entry of a record")
        event = body.text("event")
        if event not in _OF_CONNECTIONS or not body.has("connection"):
            return None
        return cls(
            event=Event(event),
            connection=body.integer("connection"),
            stream=body.integer("stream"),
            by=body.text_or("by", ""),
            ended=body.text_or("ended", ""),
            sent=body.integer("sent") if body.has("sent") else 0,
            received=body.integer("received") if body.has("received") else 0,
            reason=body.text_or("reason", ""),
            is_least=body.is_true("at_least"),
        )

    def to_text(self, forward: Forward) -> str:
        """Return the entry for people; empty for one that only programs want."""
        name = f"connection {self.connection} to {forward.destination}"
        if self.event is Event.OPENED:
            return f"{name} opened by the {self.by}"
        if self.event is Event.CLOSED:
            why = self.reason or f"ended by the {self.ended}"
            return f"{name} closed: {self._counts()} ({why})"
        if self.event is Event.SUMMARY:
            word = "connection" if self.connection == 1 else "connections"
            return f"{self.connection} {word} in all: {self._counts()}"
        return "" if self.event is Event.BYTES else self.reason

    def _counts(self) -> str:
        least = "at least " if self.is_least else ""
        return f"{least}{self.sent:,} bytes sent, {least}{self.received:,} bytes received"


_COUNTED = frozenset({Event.BYTES, Event.CLOSED, Event.SUMMARY})
_OF_CONNECTIONS = frozenset({"opened", "bytes", "closed"})


def forward_json(forward: Forward) -> str:
    """Return a record's first entry for programs: who, from where to what."""
    body: dict[str, JsonValue] = {
        "event": "forward",
        "owner": forward.owner,
        "node": forward.node_id,
        "document": forward.document_name,
        "host": forward.host,
        "port": forward.port,
    }
    return write_json(body).decode()


def forward_text(forward: Forward) -> str:
    """Return a record's first entry for people."""
    return (
        f"{forward.owner} connects to {forward.destination} "
        f"through {forward.node_id} ({forward.document_name}); only connections are recorded"
    )
