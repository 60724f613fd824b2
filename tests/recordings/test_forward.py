"""A destination is written as people write it."""

from __future__ import annotations

import pytest

from mooring.recordings.forward import Forward


@pytest.mark.parametrize(
    ("host", "written"),
    [("localhost", "localhost:80"), ("10.0.0.7", "10.0.0.7:80"), ("fd00::1", "[fd00::1]:80")],
)
def test_a_destination_is_host_and_port(host: str, written: str) -> None:
    forward = Forward(
        owner="arn:aws:iam::123456789012:user/ann",
        node_id="mi-0123456789abcdef0",
        document_name="AWS-StartPortForwardingSessionToRemoteHost",
        host=host,
        port="80",
        is_multiplexed=True,
    )

    assert forward.destination == written
