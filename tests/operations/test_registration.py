"""A machine becomes a node, proves itself, rotates its key, and is forgotten at once."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.fakes.world import NODE_ROLE, NODE_TRUST, REGION, FakeWorld

from mooring.fleet.activation import NODE_TYPE_TAG
from mooring.fleet.node import Node, Platform
from mooring.operations.activations import NewActivation, create_activation
from mooring.operations.credentials import TemporaryCredentials, resolve
from mooring.operations.node_proof import prove_node
from mooring.operations.nodes import deregister
from mooring.operations.problems import AccessDenied, OperationRefused, Problem
from mooring.operations.registration import (
    node_keys,
    register_managed_instance,
    request_role_token,
    update_instance_information,
    update_public_key,
)
from mooring.operations.users import update_assume_role_policy
from mooring.wire.ids import NodeKind

KEYS = tuple(generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
PUBLIC = tuple(
    base64.b64encode(
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    for key in KEYS
)
TEXT = "a string to sign"


def signed(key: RSAPrivateKey, text: str = TEXT) -> str:
    padding = PSS(mgf=MGF1(SHA256()), salt_length=32)
    return base64.b64encode(key.sign(text.encode(), padding, SHA256())).decode()


async def activation(
    world: FakeWorld, account_id: str, *, limit: int = 1, instance: bool = False
) -> tuple[str, str]:
    admin = await world.administrator(account_id)
    tags = {NODE_TYPE_TAG: "instance"} if instance else {"team": "blue"}
    wanted = NewActivation(
        role=NODE_ROLE, default_instance_name="web", registration_limit=limit, tags=tags
    )
    call = world.call(admin, "ssm:CreateActivation")
    activation_id, code = await create_activation(call, wanted)
    return activation_id, code.reveal()


async def register(
    world: FakeWorld, activation_id: str, code: str, *, public_key: str = PUBLIC[0]
) -> str:
    return await register_managed_instance(
        world.anonymous_call("ssm:RegisterManagedInstance"),
        activation_id=activation_id,
        activation_code=code,
        public_key=public_key,
        fingerprint="a fingerprint",
    )


async def node_of(world: FakeWorld, account_id: str, node_id: str) -> Node | None:
    return await world.store.read(account_id, lambda tx: tx.nodes.get(node_id))


async def nodes_of(world: FakeWorld, account_id: str) -> list[Node]:
    return list(await world.store.read(account_id, lambda tx: tx.nodes.page(after="", limit=100)))


@pytest.mark.parametrize(("instance", "prefix"), [(False, "mi-"), (True, "i-")])
async def test_the_activation_says_which_kind_of_node_it_makes(
    world: FakeWorld, *, instance: bool, prefix: str
) -> None:
    account_id = await world.account()
    activation_id, code = await activation(world, account_id, instance=instance)

    node_id = await register(world, activation_id, code)

    node = await node_of(world, account_id, node_id)
    assert node is not None
    assert node_id.startswith(prefix)
    assert (node.name, node.role_name, node.activation_id) == ("web", NODE_ROLE, activation_id)
    assert node.public_key == PUBLIC[0]
    assert node.connected_at is None


async def test_a_wrong_code_registers_nothing_and_uses_nothing(world: FakeWorld) -> None:
    account_id = await world.account()
    activation_id, code = await activation(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        await register(world, activation_id, code[:-1] + "!")

    assert refused.value.problem is Problem.INVALID_ACTIVATION
    assert await nodes_of(world, account_id) == []
    assert await register(world, activation_id, code)


@pytest.mark.parametrize("activation_id", ["", "nonsense", "00000000-0000-4000-8000-000000000000"])
async def test_an_unknown_activation_is_refused_in_the_same_words(
    world: FakeWorld, activation_id: str
) -> None:
    account_id = await world.account()
    known, _ = await activation(world, account_id)

    with pytest.raises(OperationRefused) as unknown:
        await register(world, activation_id, "a code")
    with pytest.raises(OperationRefused) as wrong:
        await register(world, known, "a code")

    assert unknown.value.message == wrong.value.message


async def test_an_expired_activation_is_refused(world: FakeWorld) -> None:
    account_id = await world.account()
    activation_id, code = await activation(world, account_id)
    world.pass_time(hours=24)

    with pytest.raises(OperationRefused) as refused:
        await register(world, activation_id, code)

    assert refused.value.problem is Problem.INVALID_ACTIVATION
    assert await nodes_of(world, account_id) == []


async def test_an_activation_is_used_up_after_its_limit(world: FakeWorld) -> None:
    account_id = await world.account()
    activation_id, code = await activation(world, account_id, limit=2)
    for _ in range(2):
        await register(world, activation_id, code)

    with pytest.raises(OperationRefused) as refused:
        await register(world, activation_id, code)

    assert refused.value.problem is Problem.INVALID_ACTIVATION
    assert len(await nodes_of(world, account_id)) == 2


@pytest.mark.parametrize("key", ["", "not base64!", "é", base64.b64encode(b"x" * 4097).decode()])
async def test_a_key_that_cannot_be_one_is_refused_and_uses_nothing(
    world: FakeWorld, key: str
) -> None:
    account_id = await world.account()
    activation_id, code = await activation(world, account_id)

    with pytest.raises(OperationRefused) as refused:
        await register(world, activation_id, code, public_key=key)

    assert refused.value.problem is Problem.INVALID_VALUE
    assert await register(world, activation_id, code)


async def test_registration_is_audited_where_the_node_is_without_the_code(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    activation_id, code = await activation(world, account_id)

    node_id = await register(world, activation_id, code)

    event = (await world.events(account_id))[-1]
    assert (event.name, event.principal_arn) == ("RegisterManagedInstance", "anonymous")
    assert event.resources == (f"arn:aws:ssm:{REGION}:{account_id}:managed-instance/{node_id}",)
    assert all(code not in repr(event) for event in await world.events(account_id))


async def token_of(world: FakeWorld, node: Node) -> TemporaryCredentials:
    call = await world.node_call(node, "ssm:RequestManagedInstanceRoleToken", by_key=True)
    return (await request_role_token(call, fingerprint="another")).credentials


async def test_a_role_token_is_the_nodes_own_role_session(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, kind=NodeKind.MANAGED_INSTANCE)

    issued = await token_of(world, node)

    key = await resolve(world.world, issued.access_key_id, issued.session_token.reveal())
    assert key.node_id == node.node_id
    assert key.principal.arn == (
        f"arn:aws:sts::{account_id}:assumed-role/{NODE_ROLE}/{node.node_id}"
    )
    assert key.secret == issued.secret
    after = await node_of(world, account_id, node.node_id)
    assert after is not None
    assert after.fingerprint == "another"
    assert issued.secret.reveal() not in repr(await world.events(account_id))


async def test_a_role_that_trusts_nodes_no_more_gives_no_token(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    node = await world.node(account_id, kind=NodeKind.MANAGED_INSTANCE)
    others = NODE_TRUST.replace("ssm.amazonaws.com", "ec2.amazonaws.com")
    change = world.call(admin, "iam:UpdateAssumeRolePolicy")
    await update_assume_role_policy(change, NODE_ROLE, others)

    with pytest.raises(AccessDenied, match="no role trust policy allows"):
        await token_of(world, node)


async def test_a_role_tokens_credentials_fetch_no_further_token(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id)
    call = await world.node_call(node, "ssm:RequestManagedInstanceRoleToken")

    with pytest.raises(AccessDenied):
        await request_role_token(call, fingerprint="")


async def test_people_have_no_node_key(world: FakeWorld) -> None:
    account_id = await world.account()
    call = world.call(await world.administrator(account_id), "ssm:Anything")

    with pytest.raises(AccessDenied, match="not a registered node"):
        await request_role_token(call, fingerprint="")
    with pytest.raises(AccessDenied, match="not a registered node"):
        await update_public_key(call, public_key=PUBLIC[0])


async def test_a_rotated_key_becomes_the_only_one_when_it_is_used(world: FakeWorld) -> None:
    account_id = await world.account()
    node = await world.node(account_id, public_key=PUBLIC[0])
    call = await world.node_call(node, "ssm:UpdateManagedInstancePublicKey", by_key=True)
    await update_public_key(call, public_key=PUBLIC[1])
    rotated = await node_of(world, account_id, node.node_id)
    assert rotated is not None
    assert node_keys(rotated) == PUBLIC

    old_before = await prove_node(world.world, node.node_id, signed(KEYS[0]), TEXT)
    new = await prove_node(world.world, node.node_id, signed(KEYS[1]), TEXT)
    old_after = await prove_node(world.world, node.node_id, signed(KEYS[0]), TEXT)

    assert old_before is not None
    assert new is not None
    assert old_after is None
    settled = await node_of(world, account_id, node.node_id)
    assert settled is not None
    assert node_keys(settled) == (PUBLIC[1],)


async def test_deregistration_stops_key_and_credentials_at_once(world: FakeWorld) -> None:
    account_id = await world.account()
    admin = await world.administrator(account_id)
    node = await world.node(account_id, kind=NodeKind.MANAGED_INSTANCE, public_key=PUBLIC[0])
    issued = await token_of(world, node)

    await deregister(world.call(admin, "ssm:DeregisterManagedInstance"), node.node_id)

    with pytest.raises(OperationRefused) as refused:
        await resolve(world.world, issued.access_key_id, issued.session_token.reveal())
    assert refused.value.problem is Problem.UNKNOWN_KEY
    assert await prove_node(world.world, node.node_id, signed(KEYS[0]), TEXT) is None
    call = await world.node_call(node, "ssm:RequestManagedInstanceRoleToken", by_key=True)
    with pytest.raises(AccessDenied):
        await request_role_token(call, fingerprint="")


async def test_a_node_reports_only_itself_and_an_empty_field_says_nothing(
    world: FakeWorld,
) -> None:
    account_id = await world.account()
    node, other = await world.node(account_id), await world.node(account_id)
    said = Platform(platform_name="Debian", ip_address="192.0.2.9")

    await update_instance_information(
        await world.node_call(node, "ssm:UpdateInstanceInformation"),
        node_id=node.node_id,
        platform=said,
    )
    with pytest.raises(AccessDenied):
        await update_instance_information(
            await world.node_call(node, "ssm:UpdateInstanceInformation"),
            node_id=other.node_id,
            platform=said,
        )

    kept, untouched = [await node_of(world, account_id, n.node_id) for n in (node, other)]
    assert kept is not None
    assert kept.platform == Platform(
        agent_name="mooring-agent",
        platform_type="Linux",
        platform_name="Debian",
        ip_address="192.0.2.9",
    )
    assert untouched == other
