"""What bad input gets from the real server: a clear error, nothing stored, nobody else harmed."""

import base64
import json
import os
import socket
import struct
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.e2e.dev import Dev

from mooring.agent.identity import new_private_key, public_key

GARBAGE = 1000


def client(dev: Dev, service: str, **changes: str) -> boto3.client:
    made = {
        "region_name": dev.facts["region"],
        "endpoint_url": dev.facts["endpoint_url"],
        "aws_access_key_id": dev.key("admin", "aws_access_key_id"),
        "aws_secret_access_key": dev.key("admin", "aws_secret_access_key"),
    }
    return boto3.client(service, **{**made, **changes})


def refused(call: "boto3.client", **given: str) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


@contextmanager
def connected(dev: Dev) -> Iterator[socket.socket]:
    address = urlsplit(dev.facts["endpoint_url"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as line:
        yield line


def upgrade(line: socket.socket, path: str) -> bytes:
    """Become a websocket by hand, and return the answer's head."""
    key = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        more = line.recv(4096)
        if not more:
            break
        head += more
    return head


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """Write a masked client frame."""
    first = (0x80 if final else 0) | opcode
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + b"\0\0\0\0" + payload


def close_code(line: socket.socket) -> int:
    """Read until the server's close frame, or the end (0)."""
    data = b""
    while True:
        try:
            more = line.recv(4096)
        except ConnectionResetError:
            return 0
        if not more:
            break
        data += more
    at = data.find(b"\x88")
    return int(struct.unpack_from("!H", data, at + 2)[0]) if at >= 0 and len(data) > at + 3 else 0


def started(dev: Dev) -> dict[str, str]:
    answer: dict[str, str] = client(dev, "ssm").start_session(Target=dev.node(0))
    return answer


def test_a_wrong_key_a_wrong_secret_and_a_stranger_are_told_apart(dev: Dev) -> None:
    unknown = client(dev, "ssm", aws_access_key_id="AKIAAAAAAAAAAAAAAAAA")
    wrong = client(dev, "ssm", aws_secret_access_key="x" * 40)

    assert refused(unknown.describe_sessions, State="Active") == "UnrecognizedClientException"
    assert refused(wrong.describe_sessions, State="Active") == "InvalidSignatureException"


def test_a_token_opens_one_channel_once(dev: Dev) -> None:
    session = started(dev)
    path = f"/v1/data-channel/{session['SessionId']}?role=publish_subscribe"
    token = frame(1, f'{{"TokenValue":"{session["TokenValue"]}"}}'.encode())

    with connected(dev) as first, connected(dev) as second:
        assert b" 101 " in upgrade(first, path)
        first.sendall(token)
        first.settimeout(5)
        assert first.recv(1)  # the shell's first output, or a ping: the channel is open
        assert b" 101 " in upgrade(second, path)
        second.sendall(token)
        assert close_code(second) == 1008

    client(dev, "ssm").terminate_session(SessionId=session["SessionId"])


def test_a_client_cannot_play_agent(dev: Dev) -> None:
    session = started(dev)
    with connected(dev) as line:
        assert b" 101 " in upgrade(line, f"/v1/control-channel/{dev.node(0)}")
        line.sendall(frame(1, f'{{"TokenValue":"{session["TokenValue"]}"}}'.encode()))
        assert close_code(line) == 1008

    client(dev, "ssm").terminate_session(SessionId=session["SessionId"])
    assert dev.aws("admin", "ssm", "get-connection-status", "--target", dev.node(0)).returncode == 0


def test_frames_too_large_or_in_pieces_harm_nobody(dev: Dev) -> None:
    path = "/v1/data-channel/admin-0123456789abcdef0"
    with connected(dev) as large, connected(dev) as pieces:
        assert b" 101 " in upgrade(large, path)
        try:
            large.sendall(frame(2, bytes(10_000_000)))
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert close_code(large) in {0, 1008, 1009}
        assert b" 101 " in upgrade(pieces, path)
        pieces.sendall(frame(1, b'{"Token', final=False) + frame(0, b'Value":"nobody"}'))
        assert close_code(pieces) == 1008

    dev.wait_until_online()


def test_a_thousand_garbage_handshakes_and_half_open_sockets(dev: Dev) -> None:
    shell = dev.shell("admin", dev.node(0))
    shell.expect("[$#] ")
    with connected(dev) as half_open:
        half_open.sendall(b"GET /v1/data-ch")
        for number in range(GARBAGE):
            with connected(dev) as line:
                line.sendall(b"\x16\x03\x01" + number.to_bytes(4) + os.urandom(40) + b"\r\n\r\n")
        shell.sendline("echo still-$((1+1))-here")
        shell.expect("still-2-here", timeout=5)

    shell.sendline("exit")
    shell.expect("Exiting session")
    shell.close()


def register(dev: Dev, activation: dict[str, str], code: str) -> tuple[int, dict[str, str]]:
    """Call RegisterManagedInstance as a machine does: unsigned, with a key of its own."""
    body = {
        "ActivationId": activation["ActivationId"],
        "ActivationCode": code,
        "PublicKey": public_key(new_private_key()),
        "PublicKeyType": "Rsa",
        "Fingerprint": "f",
    }
    request = urllib.request.Request(  # noqa: S310 - loopback
        dev.facts["endpoint_url"],
        data=json.dumps(body).encode(),
        headers={
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "AmazonSSM.RegisterManagedInstance",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return 200, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_an_activation_lets_in_as_many_as_it_says_and_only_with_its_code(dev: Dev) -> None:
    ssm = client(dev, "ssm")
    role = "service-role/AmazonEC2RunCommandRoleForManagedInstances"
    activation = ssm.create_activation(IamRole=role)
    ending = ssm.create_activation(
        IamRole=role, ExpirationDate=datetime.now(UTC) + timedelta(seconds=2)
    )

    wrong = register(dev, activation, "x" * 20)
    right = register(dev, activation, activation["ActivationCode"])
    again = register(dev, activation, activation["ActivationCode"])
    time.sleep(2.1)  # until the other one has expired
    late = register(dev, ending, ending["ActivationCode"])

    assert wrong[1]["__type"] == "InvalidActivation"
    assert right[0] == 200
    assert again[1]["__type"] == "InvalidActivation"
    assert late[1]["__type"] == "InvalidActivation"
    counts = {
        row["ActivationId"]: row["RegistrationsCount"]
        for row in ssm.describe_activations()["ActivationList"]
    }
    assert counts[activation["ActivationId"]] == 1
    assert counts[ending["ActivationId"]] == 0
    ssm.deregister_managed_instance(InstanceId=right[1]["InstanceId"])


def test_an_activation_needs_a_role_that_exists(dev: Dev) -> None:
    ssm = client(dev, "ssm")
    before = ssm.describe_activations()["ActivationList"]

    code = refused(ssm.create_activation, IamRole="no-such-role")

    assert code == "ValidationException"
    assert ssm.describe_activations()["ActivationList"] == before
