"""What errors of dialling mean for the next try."""

import errno
import socket
import ssl

import pytest

from mooring.agent.api import ApiRefused
from mooring.agent.line import outcome_of
from mooring.agent.patience import Ending
from mooring.net.http import HttpFailed, HttpProtocolError
from mooring.net.websocket import ConnectFailed, ConnectRefused, WebSocketClosed
from mooring.wire.errors import RemoteProtocolError


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        OSError(errno.ENETUNREACH, "network is unreachable"),
        OSError(errno.EHOSTUNREACH, "no route to host"),
        socket.gaierror(socket.EAI_AGAIN, "temporary failure in name resolution"),
        caused(HttpFailed("cannot reach", sent=False), OSError(errno.ENETUNREACH, "x")),
        caused(ConnectFailed("no answer"), TimeoutError()),
    ],
)
def test_silence_is_the_networks(error: Exception) -> None:
    assert outcome_of(error).ending is Ending.UNANSWERED


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        ConnectionResetError(errno.ECONNRESET, "reset"),
        ssl.SSLCertVerificationError("who are you"),
        caused(HttpFailed("cannot reach", sent=False), ConnectionRefusedError(111, "refused")),
        HttpProtocolError("what is this"),
        ConnectRefused(503, b""),
        RemoteProtocolError("answer has no `TokenValue`"),
        ApiRefused(status=400, code="AccessDeniedException", message=""),
        WebSocketClosed(1006),
    ],
)
def test_a_refusal_is_the_servers(error: Exception) -> None:
    assert outcome_of(error).ending is Ending.DENIED


def test_keeps_when_the_server_wants_us_back() -> None:
    refused = ApiRefused(status=503, code="x", message="", retry_after_s=3.0)

    assert outcome_of(refused).delay_s == 3.0
    assert outcome_of(WebSocketClosed(1001, "retry-after-ms=250")).delay_s == 0.25
    assert outcome_of(WebSocketClosed(1001, "bye")).delay_s is None
