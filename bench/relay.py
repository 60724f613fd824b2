"""The relay's processor time: per GB beside a raw TCP relay, per message beside aiohttp.

Run with ``python -m bench.relay``. Each relay is a process on one core, the load is on another:
blocks of masked websocket frames that were made beforehand, sent by one thread and counted by
another. Rounds interleave and medians count. What goes from client to agent is relayed only; what
goes from agent to client is recorded as well, and that figure stands beside the first.
"""

from __future__ import annotations

import socket
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID

from bench.figures import Figure, show
from bench.process import Served, pin
from mooring.wire.agent_message import AgentMessage
from mooring.wire.payloads import PayloadType

__all__ = ["main"]

ROUNDS = 5
SMALL, LARGE = 1024, 32 * 1024
SMALL_MESSAGES, LARGE_MESSAGES = 100_000, 24_000
RECORDED_MESSAGES = 40_000
BLOCK = 64 * 1024
MASK = b"\x5a\xa5\x3c\xc3"
GB = 1e9

Blocks = list[bytes]


def _frame(message_type: str, payload_size: int, sequence: int) -> bytes:
    """One agent message in a masked websocket frame, as a client or an agent sends it."""
    shown = (b"0123456789abcdef" * (payload_size // 16 + 1))[:payload_size]
    data = AgentMessage(
        message_type=message_type,
        payload=shown,
        payload_type=PayloadType.OUTPUT,
        sequence_number=sequence,
        message_id=UUID("01234567-89ab-4def-8123-456789abcdef"),
        created_date=1_700_000_000_000,
    ).serialize()
    return b"\x82\xfe" + len(data).to_bytes(2) + MASK + _masked(data)


def _masked(data: bytes) -> bytes:
    mask = (MASK * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(mask)).to_bytes(len(data))


class _Leg:
    """A blocking socket to a relay; ``path`` is empty for the raw one."""

    def __init__(self, port: int, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        if path:
            self._upgrade(path)

    def _upgrade(self, path: str) -> None:
        head = (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        self.socket.sendall(head.encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += self.socket.recv(1)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        token = b'{"TokenValue":"bench"}'
        self.socket.sendall(bytes([0x81, 0x80 | len(token)]) + MASK + _masked(token))

    def send(self, blocks: Blocks) -> None:
        for block in blocks:
            self.socket.sendall(block)

    def count(self, size: int) -> None:
        buffer = bytearray(BLOCK * 4)
        while size > 0:
            got = self.socket.recv_into(buffer)
            assert got, "the relay closed the connection"
            size -= got


class _Relay:
    """A relay under load."""

    def __init__(self, kind: str) -> None:
        self.served = Served("bench.relay_servers", [kind])
        self._is_raw = kind == "raw"
        self._number = 0

    def run(self, load: _Load) -> float:
        """Send everything through; return the relay's processor time in seconds."""
        self._number += 1
        to = "agent" if load.source == "client" else "client"
        paths = (
            ["", ""]
            if self._is_raw
            else [f"/{to}/{self._number}", f"/{load.source}/{self._number}"]
        )
        sink, source = (_Leg(self.served.port, path) for path in paths)
        # A server does not mask: four bytes less for each message.
        expected = sum(map(len, load.blocks)) - (0 if self._is_raw else 4 * load.messages)
        before = self.served.cpu_s()
        feeder = threading.Thread(target=source.send, args=(load.blocks,))
        feeder.start()
        sink.count(expected)
        used = self.served.cpu_s() - before
        feeder.join()
        source.socket.close()
        sink.socket.close()
        return used


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What one run sends."""

    source: str
    payload_size: int
    messages: int
    blocks: Blocks

    @property
    def gb(self) -> float:
        """Payload bytes, in GB."""
        return self.payload_size * self.messages / GB

    @classmethod
    def of(cls, source: str, payload_size: int, messages: int) -> _Load:
        # What is relayed only may have one number for all; what is recorded may not.
        kind = "input_stream_data" if source == "client" else "output_stream_data"
        per_block = max(1, BLOCK // payload_size)
        whole = messages // per_block * per_block
        if source == "client":
            blocks = [_frame(kind, payload_size, 0) * per_block] * (whole // per_block)
        else:
            frames = [_frame(kind, payload_size, number) for number in range(whole)]
            blocks = [b"".join(frames[at : at + per_block]) for at in range(0, whole, per_block)]
        return cls(source=source, payload_size=payload_size, messages=whole, blocks=blocks)


def _medians(relays: dict[str, _Relay], load: _Load) -> dict[str, float]:
    """Interleave the rounds of all relays under one load."""
    runs: dict[str, list[float]] = {kind: [] for kind in relays}
    for _ in range(ROUNDS):
        for kind, relay in relays.items():
            runs[kind].append(relay.run(load))
    return {kind: statistics.median(used) for kind, used in runs.items()}


def main() -> list[Figure]:
    """Measure and print."""
    pin(1)
    with ExitStack() as stack:
        relays = {kind: _Relay(kind) for kind in ("ours", "raw", "aiohttp")}
        for relay in relays.values():
            stack.enter_context(relay.served)
        figures = _relayed(relays)
        note = _recording(relays["ours"], relayed_us=figures[-1].ours)
    for figure in figures:
        show(figure)
    print(note)
    return figures


def _relayed(relays: dict[str, _Relay]) -> list[Figure]:
    large, small = (
        _Load.of("client", LARGE, LARGE_MESSAGES),
        _Load.of("client", SMALL, SMALL_MESSAGES),
    )
    at_large, at_small = _medians(relays, large), _medians(relays, small)
    per_gb = {kind: used / large.gb for kind, used in at_large.items()}
    per_small = {kind: used / small.messages * 1e6 for kind, used in at_small.items()}
    per_large = {kind: used / large.messages * 1e6 for kind, used in at_large.items()}
    return [
        _figure("relay per GB, 32 KiB frames", "s/GB", per_gb, "raw", 2.5),
        _figure("relay per message, 32 KiB frames", "us", per_large, "aiohttp", 0.7),
        _figure("relay per message, 1 KiB frames", "us", per_small, "aiohttp", 0.5),
    ]


def _recording(ours: _Relay, *, relayed_us: float) -> str:
    """Tell what it costs to have every byte of output on file before it is sent on.

    No budget stands on it; what a bare ``write(2)`` of the same bytes takes is said beside it.
    """
    load = _Load.of("agent", SMALL, RECORDED_MESSAGES)
    recorded_us = _medians({"ours": ours}, load)["ours"] / load.messages * 1e6
    return (
        f"recording adds {recorded_us - relayed_us:.1f} us to the {relayed_us:.1f} us of each "
        f"1 KiB frame of output; a bare write(2) of it takes {_bare_write_us():.1f} us"
    )


def _bare_write_us() -> float:
    line = bytes(SMALL)
    with tempfile.TemporaryFile(buffering=0) as file:
        began = time.process_time()
        for _ in range(RECORDED_MESSAGES):
            file.write(line)
        return (time.process_time() - began) / RECORDED_MESSAGES * 1e6


def _figure(name: str, unit: str, used: dict[str, float], peer: str, limit: float) -> Figure:
    return Figure(
        name=name, unit=unit, ours=used["ours"], peer=used[peer], peer_name=peer, limit=limit
    )


if __name__ == "__main__":
    main()
