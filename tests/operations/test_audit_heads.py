"""Each minute's head holds the log fast; what is lost with its heads shows at the next one."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.contracts.rows import an_event
from tests.fakes.world import FakeWorld, make_world

from mooring.operations.audit_heads import AuditSigner
from mooring.wire.audit_chain import AuditHead, AuditVerdict, verify_audit


async def append(world: FakeWorld, account_id: str, count: int = 1) -> None:
    for _ in range(count):
        await world.store.write(account_id, lambda tx: tx.audit.append(an_event()))


async def verdict(world: FakeWorld, account_id: str) -> AuditVerdict:
    public = world.world.keys.public_keys()

    def is_signed(key_id: str, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public[key_id]).verify(signature, message)
        except (InvalidSignature, KeyError):
            return False
        return True

    lines, heads = await world.store.read(
        account_id,
        lambda tx: (tx.audit.lines(after=0, limit=1000), tx.audit.heads(after=0, limit=1000)),
    )
    return verify_audit(lines, heads, account_id=account_id, public_key_verify=is_signed)


async def test_a_log_that_grew_is_signed_and_verifies(world: FakeWorld) -> None:
    account_id = await world.account()
    signer = AuditSigner(world.world)

    await append(world, account_id, 3)
    first = await signer.sign()
    nothing_new = await signer.sign()
    await append(world, account_id)
    world.pass_time(seconds=60)
    second = await signer.sign()

    assert (first, nothing_new, second) == (1, 0, 1)
    found = await verdict(world, account_id)
    assert found.is_whole
    assert (found.events, found.heads, found.signed_until) == (4, 2, 4)


async def test_a_log_without_events_has_no_head(world: FakeWorld) -> None:
    account_id = await world.account()

    assert await AuditSigner(world.world).sign() == 0
    assert (await verdict(world, account_id)).heads == 0


async def test_another_signer_goes_on_from_the_stored_head(world: FakeWorld) -> None:
    account_id = await world.account()
    await append(world, account_id)
    await AuditSigner(world.world).sign()
    await append(world, account_id)

    await AuditSigner(world.world).sign()

    found = await verdict(world, account_id)
    assert found.is_whole
    assert found.heads == 2


async def test_events_lost_together_with_their_heads_show_at_the_next_head(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with make_world(tmp_path) as world:
        account_id = await world.account()
        signer = AuditSigner(world.world)
        await append(world, account_id)
        await signer.sign()
        await append(world, account_id, 2)
        await signer.sign()
        with closing(sqlite3.connect(tmp_path / "mooring.db")) as thief:
            thief.execute("DELETE FROM audit_events WHERE sequence > 1")
            thief.execute("DELETE FROM audit_heads WHERE number > 1")
            thief.commit()
        assert (await verdict(world, account_id)).is_whole

        with caplog.at_level(logging.ERROR):
            await signer.sign()

        assert "audit_heads_lost" in caplog.messages
        found = await verdict(world, account_id)
        assert found.detail == "head 2: is missing, number 3 is in its place"


async def test_a_head_names_the_place_of_every_writer(world: FakeWorld) -> None:
    account_id = await world.account()
    await append(world, account_id, 2)

    await AuditSigner(world.world).sign()

    head = await world.store.read(account_id, lambda tx: tx.audit.last_head())
    places = await world.store.read(account_id, lambda tx: tx.audit.writers())
    assert head is not None
    read = AuditHead.parse(head.text)
    assert read.writers == places
    assert [sequence for sequence, _ in places.values()] == [2]
    assert read.key_id == world.world.keys.signing_key_id
