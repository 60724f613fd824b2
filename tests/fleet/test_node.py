"""A node is online while it holds a line, and inactive after a month without."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mooring.fleet.node import Node, PingStatus, ResourceType, ping_status, resource_type

NOW = datetime(2026, 3, 4, tzinfo=UTC)
NODE = Node(
    account_id="111122223333",
    region="eu-west-1",
    node_id="mi-00000000000000000",
    name="web",
    role_name="Role",
    activation_id="11111111-2222-4333-8444-555555555555",
    public_key="",
    fingerprint="",
    registered_at=NOW,
)


def test_a_line_means_online_however_old_it_is() -> None:
    node = replace(NODE, connected_at=NOW, last_seen=NOW)

    assert ping_status(node, NOW + timedelta(days=365)) is PingStatus.ONLINE


@pytest.mark.parametrize(
    ("silent", "status"),
    [
        (timedelta(0), PingStatus.CONNECTION_LOST),
        (timedelta(days=30), PingStatus.CONNECTION_LOST),
        (timedelta(days=30, microseconds=1), PingStatus.INACTIVE),
    ],
)
def test_without_a_line_it_depends_on_when_it_was_last_seen(
    silent: timedelta, status: PingStatus
) -> None:
    seen = NOW + timedelta(days=100)

    assert ping_status(NODE, NOW + silent) is status
    assert ping_status(replace(NODE, last_seen=seen), seen + silent) is status


def test_the_id_tells_the_kind() -> None:
    assert resource_type("i-00000000000000000") is ResourceType.INSTANCE
    assert resource_type("mi-00000000000000000") is ResourceType.MANAGED_INSTANCE
