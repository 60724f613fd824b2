"""Tokens are long, kept only as hashes, and good for one thing."""

import base64
from datetime import timedelta

import pytest
from tests.fakes.world import FakeWorld

from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.tokens import new_ticket, open_page_token, page_token, token_hash


async def test_a_ticket_keeps_the_hash_and_never_the_token(world: FakeWorld) -> None:
    token, ticket = new_ticket(world.world, kind="client", subject="s", bearer="b")

    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    assert ticket.token_hash == token_hash(token)
    assert token not in repr(ticket)
    assert ticket.expires_at == world.clock.now() + timedelta(seconds=60)


def test_the_hash_is_sha_256_in_hex() -> None:
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert token_hash("abc") == known


async def test_no_page_token_is_the_first_page(world: FakeWorld) -> None:
    assert open_page_token(world.world, "DescribeSessions", "") == {}


async def test_a_page_token_says_where_to_go_on(world: FakeWorld) -> None:
    token = page_token(world.world, "DescribeSessions", {"after": "i-1"})

    assert open_page_token(world.world, "DescribeSessions", token) == {"after": "i-1"}
    assert "i-1" not in base64.urlsafe_b64decode(token).decode("latin-1")


async def test_a_page_token_that_was_changed_or_is_anothers_is_refused(world: FakeWorld) -> None:
    token = page_token(world.world, "DescribeSessions", {"after": "i-1"})
    changed = ("B" if token[0] == "A" else "A") + token[1:]

    for operation, text in (("DescribeSessions", changed), ("DescribeActivations", token)):
        with pytest.raises(OperationRefused) as refused:
            open_page_token(world.world, operation, text)
        assert refused.value.problem is Problem.INVALID_NEXT_TOKEN
