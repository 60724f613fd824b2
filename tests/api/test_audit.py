"""The exported log verifies with the server's public keys, and with no other account's."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.api.door import Door
from tests.fakes.world import FakeWorld, make_world

from mooring.operations.audit_heads import AuditSigner
from mooring.wire.audit_chain import AuditLine, AuditVerdict, SignedHead, verify_audit


def check(world: FakeWorld, output: dict[str, object], account_id: str) -> AuditVerdict:
    public = world.world.keys.public_keys()

    def is_signed(key_id: str, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public[key_id]).verify(signature, message)
        except (InvalidSignature, KeyError):
            return False
        return True

    events, heads = output["Events"], output["Heads"]
    assert isinstance(events, list)
    assert isinstance(heads, list)
    return verify_audit(
        [
            AuditLine(text=row["Text"], previous=row["PreviousHash"], hash=row["Hash"])
            for row in events
        ],
        [SignedHead(text=row["Text"], signature=row["Signature"]) for row in heads],
        account_id=account_id,
        public_key_verify=is_signed,
    )


async def test_what_is_exported_verifies(tmp_path: Path) -> None:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        keys = await door.keys(await world.administrator(account_id))
        for name in ("bea", "cid"):
            await door.call(keys, "iam", "CreateUser", {"UserName": name})
        await AuditSigner(world.world).sign()

        answer = await door.call(keys, "mooring", "ExportAuditEvents", {})

        assert answer.output["AccountId"] == account_id
        verdict = check(world, dict(answer.output), account_id)
        assert verdict.is_whole
        assert (verdict.events, verdict.heads, verdict.signed_until) == (2, 1, 2)
