"""The URL keeps the client's own name for us, and nobody else's."""

import pytest

from mooring.operations.caller import Origin
from mooring.operations.stream_url import is_served, stream_url
from mooring.operations.world import Site

SITE = Site(region="eu-west-1", domain="mooring.example")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8022",
        "127.0.0.1:1",
        "[::1]:8443",
        "::1",
        "mooring.example",
        "MOORING.example:443",
        "ssm.eu-west-1.mooring.example",
    ],
)
def test_our_names_are_served(host: str) -> None:
    assert is_served(SITE, host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "mooring.example.evil.example",
        "notmooring.example",
        "evil.example/x.mooring.example",
        "evil.example#.mooring.example",
        "me@evil.example:80?.mooring.example",
        "evil.example\\.mooring.example",
        "localhost:8022@evil.example",
        "a b.mooring.example",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not is_served(SITE, host)
    origin = Origin(address="192.0.2.1", secure=True, host=host)
    assert stream_url(SITE, origin, "s").startswith("wss://mooring.example/v1/data-channel/s?")


@pytest.mark.parametrize(
    ("host", "secure", "expected"),
    [
        ("localhost:8022", False, "ws://localhost:8022"),
        ("ssm.eu-west-1.mooring.example:1", True, "wss://ssmmessages.eu-west-1.mooring.example:1"),
        ("ssm.us-east-1.mooring.example", True, "wss://ssm.us-east-1.mooring.example"),
        ("mooring.example:8443", True, "wss://mooring.example:8443"),
    ],
)
def test_scheme_and_name_are_the_clients(host: str, expected: str, *, secure: bool) -> None:
    origin = Origin(address="192.0.2.1", secure=secure, host=host)

    url = stream_url(SITE, origin, "ann-0")

    assert url == f"{expected}/v1/data-channel/ann-0?role=publish_subscribe"
