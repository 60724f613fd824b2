"""From signed request to answer: AWS's codes, statuses and words, and one event for each call."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.api.door import Door, Keys, signed, unsigned
from tests.fakes.world import REGION, FakeWorld, make_world, policy

from mooring.iam.identity import KeyStatus, User
from mooring.operations.credentials import issue_role_credentials
from mooring.ports.store import StoreUnavailable

# One operation for each service that answers people, with an input that is valid.
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "ssm": ("DescribeInstanceInformation", {}),
    "iam": ("ListUsers", {}),
    "sts": ("GetCallerIdentity", {}),
    "ec2": ("DescribeInstances", {}),
}
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details."
)
EC2_AUTH = "AWS was not able to validate the provided access credentials"
INVALID = "The security token included in the request is invalid."
EXPIRED = "The security token included in the request is expired"


@dataclass(frozen=True)
class Site:
    """An account with its administrator before the door."""

    door: Door
    world: FakeWorld
    account_id: str
    admin: User
    keys: Keys


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with make_world(tmp_path) as world:
        door = Door(world)
        account_id = await world.account()
        admin = await world.administrator(account_id)
        yield Site(door, world, account_id, admin, await door.keys(admin))


async def ask(site: Site, service: str, keys: Keys | None) -> tuple[int, str, str]:
    answer = await site.door.call(keys, service, *ASKED[service])
    return answer.status, answer.code, answer.message


@pytest.mark.parametrize("service", ASKED)
async def test_a_right_signature_is_answered(site: Site, service: str) -> None:
    assert await ask(site, service, site.keys) == (200, "", "")


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (
            "ssm",
            (400, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ),
        (
            "iam",
            (403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        ),
        (
            "sts",
            (403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        ),
        ("ec2", (401, "AuthFailure", EC2_AUTH)),
    ],
)
async def test_no_signature(site: Site, service: str, expected: tuple[int, str, str]) -> None:
    assert await ask(site, service, None) == expected


UNKNOWN_KEY = [
    ("ssm", (400, "UnrecognizedClientException", INVALID)),
    ("iam", (403, "InvalidClientTokenId", INVALID)),
    ("sts", (403, "InvalidClientTokenId", INVALID)),
    ("ec2", (401, "AuthFailure", EC2_AUTH)),
]


@pytest.mark.parametrize(("service", "expected"), UNKNOWN_KEY)
async def test_an_unknown_key(site: Site, service: str, expected: tuple[int, str, str]) -> None:
    keys = Keys(access_key_id="AKIAIOSFODNN7EXAMPLE", secret=site.keys.secret)

    assert await ask(site, service, keys) == expected


@pytest.mark.parametrize(("service", "expected"), UNKNOWN_KEY)
async def test_an_inactive_key_is_an_unknown_one(
    site: Site, service: str, expected: tuple[int, str, str]
) -> None:
    def work(tx: Any) -> None:  # noqa: ANN401 - a transaction
        key = tx.identities.access_key(site.keys.access_key_id)
        tx.identities.put_access_key(replace(key, status=KeyStatus.INACTIVE))

    await site.world.store.write(site.account_id, work)

    assert await ask(site, service, site.keys) == expected


@pytest.mark.parametrize(("service", "expected"), UNKNOWN_KEY)
@pytest.mark.parametrize("token", [None, "", "bm9uc2Vuc2U=", "é"])
async def test_a_temporary_key_without_its_token_is_an_unknown_one(
    site: Site, service: str, expected: tuple[int, str, str], token: str | None
) -> None:
    keys = replace(await temporary(site), token=token)

    assert await ask(site, service, keys) == expected


async def temporary(site: Site) -> Keys:
    """Return keys of a role session that may do everything."""
    role = await site.world.role(site.account_id, "Everything", policy("*"))
    issued = issue_role_credentials(
        site.world.world,
        role,
        session_name="ann",
        node_id="",
        lifetime=timedelta(hours=1),
    )
    return Keys(
        access_key_id=issued.access_key_id,
        secret=issued.secret.reveal(),
        token=issued.session_token.reveal(),
    )


@pytest.mark.parametrize("service", ASKED)
async def test_a_session_token_is_answered_as_its_role_session(site: Site, service: str) -> None:
    keys = await temporary(site)

    assert await ask(site, service, keys) == (200, "", "")
    event = (await site.world.events(site.account_id))[-1]
    assert event.principal_arn == f"arn:aws:sts::{site.account_id}:assumed-role/Everything/ann"


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("ssm", (400, "ExpiredTokenException", EXPIRED)),
        ("iam", (403, "ExpiredToken", EXPIRED)),
        ("sts", (403, "ExpiredToken", EXPIRED)),
        ("ec2", (400, "RequestExpired", "Request has expired.")),
    ],
)
async def test_an_expired_token(site: Site, service: str, expected: tuple[int, str, str]) -> None:
    keys = await temporary(site)
    site.world.pass_time(hours=1)

    assert await ask(site, service, keys) == expected


WRONG_SIGNATURE = [
    ("ssm", (400, "InvalidSignatureException", MISMATCH)),
    ("iam", (403, "SignatureDoesNotMatch", MISMATCH)),
    ("sts", (403, "SignatureDoesNotMatch", MISMATCH)),
    ("ec2", (401, "AuthFailure", EC2_AUTH)),
]


@pytest.mark.parametrize(("service", "expected"), WRONG_SIGNATURE)
async def test_a_wrong_secret(site: Site, service: str, expected: tuple[int, str, str]) -> None:
    assert await ask(site, service, replace(site.keys, secret="x" * 40)) == expected


@pytest.mark.parametrize(("service", "expected"), WRONG_SIGNATURE)
async def test_a_body_changed_on_the_way(
    site: Site, service: str, expected: tuple[int, str, str]
) -> None:
    operation, given = ASKED[service]
    request = unsigned(service, operation, given)
    sent = signed(request, site.keys, name=service, now=site.world.clock.now())
    more = b" " if service == "ssm" else b"&MaxItems=1"

    answer = await site.door.send(replace(sent, body=sent.body + more), service, operation)

    assert (answer.status, answer.code, answer.message) == expected


async def at(site: Site, service: str, *, minutes: float) -> tuple[int, str, str]:
    operation, given = ASKED[service]
    then = site.world.clock.now() + timedelta(minutes=minutes)
    request = signed(unsigned(service, operation, given), site.keys, name=service, now=then)
    answer = await site.door.send(request, service, operation)
    return answer.status, answer.code, answer.message


@pytest.mark.parametrize(
    ("service", "minutes"), [("ssm", 4.9), ("ec2", 4.9), ("iam", 14.9), ("sts", 14.9)]
)
async def test_a_clock_that_is_a_little_wrong_is_let_in(
    site: Site, service: str, minutes: float
) -> None:
    for off in (minutes, -minutes):
        assert await at(site, service, minutes=off) == (200, "", "")


async def test_a_clock_that_is_too_wrong_is_told_by_how_much(site: Site) -> None:
    # The world stands at 03:04:05.
    old = (
        "Signature expired: 20260102T025805Z is now earlier than 20260102T025905Z "
        "(20260102T030405Z - 5 min.)"
    )
    new = (
        "Signature not yet current: 20260102T032005Z is still later than 20260102T031905Z "
        "(20260102T030405Z + 15 min.)"
    )

    assert await at(site, "ssm", minutes=-6) == (400, "InvalidSignatureException", old)
    assert await at(site, "iam", minutes=16) == (403, "SignatureDoesNotMatch", new)
    assert await at(site, "sts", minutes=16) == (403, "SignatureDoesNotMatch", new)
    assert await at(site, "ec2", minutes=-6) == (401, "AuthFailure", EC2_AUTH)


async def scoped(site: Site, service: str, *, name: str, region: str) -> tuple[int, str, str]:
    operation, given = ASKED[service]
    request = unsigned(service, operation, given)
    sent = signed(request, site.keys, name=name, now=site.world.clock.now(), region=region)
    answer = await site.door.send(sent, service, operation)
    return answer.status, answer.code, answer.message


async def test_a_signature_for_another_region_or_service_is_refused(site: Site) -> None:
    status, code, text = await scoped(site, "ssm", name="ssm", region="eu-west-9")
    assert (status, code) == (400, "InvalidSignatureException")
    assert text == "Credential should be scoped to a valid region."
    status, code, text = await scoped(site, "ssm", name="s3", region=REGION)
    assert (status, code) == (400, "InvalidSignatureException")
    assert text == "Credential should be scoped to correct service: 'ssm'."


@pytest.mark.parametrize("service", ["iam", "sts"])
async def test_global_services_take_any_region(site: Site, service: str) -> None:
    assert await scoped(site, service, name=service, region="us-east-1") == (200, "", "")


@pytest.mark.parametrize(
    ("service", "status", "code"),
    [
        ("ssm", 400, "IncompleteSignatureException"),
        ("iam", 400, "IncompleteSignature"),
        ("sts", 400, "IncompleteSignature"),
        ("ec2", 401, "AuthFailure"),
    ],
)
@pytest.mark.parametrize("header", ["nonsense", "AWS4-HMAC-SHA256 Credential=a", "Bearer token"])
async def test_a_malformed_authorization(
    site: Site, service: str, status: int, code: str, header: str
) -> None:
    operation, given = ASKED[service]
    request = unsigned(service, operation, given)
    sent = replace(request, headers={**request.headers, "authorization": header})

    answer = await site.door.send(sent, service, operation)

    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("service", "action", "status", "code"),
    [
        ("ssm", "Nonsense", 400, "UnknownOperationException"),
        ("iam", "Nonsense", 400, "InvalidAction"),
        ("sts", "Nonsense", 400, "InvalidAction"),
        ("ec2", "Nonsense", 400, "InvalidAction"),
        ("ssm", "CreateOpsItem", 400, "UnknownOperationException"),
        ("iam", "CreateSAMLProvider", 400, "InvalidAction"),
        ("sts", "AssumeRoleWithSAML", 400, "InvalidAction"),
        ("ec2", "RunInstances", 400, "InvalidAction"),
    ],
)
async def test_an_operation_we_lack_is_answered_as_an_unknown_one(
    site: Site, service: str, action: str, status: int, code: str
) -> None:
    request = unsigned(service, *ASKED[service])
    body = request.body.replace(ASKED[service][0].encode(), action.encode())
    target = request.headers.get("x-amz-target", "").replace(ASKED[service][0], action)
    extra = {"x-amz-target": target} if target else {}
    sent = signed(
        replace(request, body=body, headers={**request.headers, **extra}),
        site.keys,
        name=service,
        now=site.world.clock.now(),
    )

    answer = await site.door.send(sent, service, action)

    assert (answer.status, answer.code) == (status, code)


async def test_a_denied_person_reads_who_what_where_and_why(site: Site) -> None:
    denied = policy("iam:ListUsers", "*", Effect="Deny")
    user = await site.world.user(site.account_id, "ann", denied)
    keys = await site.door.keys(user)
    account_id = site.account_id

    assert await ask(site, "ssm", keys) == (
        400,
        "AccessDeniedException",
        f"User: {user.arn} is not authorized to perform: ssm:DescribeInstanceInformation on "
        f"resource: arn:aws:ssm:{REGION}:{account_id}:* because no identity-based policy allows "
        "the ssm:DescribeInstanceInformation action",
    )
    assert await ask(site, "iam", keys) == (
        403,
        "AccessDenied",
        f"User: {user.arn} is not authorized to perform: iam:ListUsers on resource: "
        f"arn:aws:iam::{account_id}:user/ with an explicit deny in an identity-based policy",
    )
    assert await ask(site, "ec2", keys) == (
        403,
        "UnauthorizedOperation",
        "You are not authorized to perform this operation. "
        f"User: {user.arn} is not authorized to perform: ec2:DescribeInstances because no "
        "identity-based policy allows the ec2:DescribeInstances action",
    )


async def test_everybody_may_ask_who_they_are_even_against_a_deny(site: Site) -> None:
    user = await site.world.user(site.account_id, "ann", policy("*", "*", Effect="Deny"))

    answer = await site.door.call(await site.door.keys(user), "sts", *ASKED["sts"])

    assert answer.output["Arn"] == user.arn
    assert answer.output["Account"] == site.account_id
    assert answer.output["UserId"] == user.user_id


@pytest.mark.parametrize(("after_s", "status"), [(0, 200), (59, 200), (61, 403)])
async def test_a_presigned_request_is_good_for_its_time(
    site: Site, after_s: int, status: int
) -> None:
    request = replace(
        unsigned("sts", "GetCallerIdentity", {}),
        method="GET",
        query_string="Action=GetCallerIdentity&Version=2011-06-15",
        body=b"",
    )
    bare = replace(request, headers={"host": request.headers["host"]})
    now = site.world.clock.now()
    sent = signed(bare, site.keys, name="sts", now=now, presigned_for_s=60)
    site.world.pass_time(seconds=after_s)

    answer = await site.door.send(sent, "sts", "GetCallerIdentity")

    assert answer.status == status


async def test_input_is_checked_before_the_policies_are_asked(site: Site) -> None:
    keys = await site.door.keys(await site.world.user(site.account_id, "ann"))

    answer = await site.door.call(keys, "ssm", "StartSession", {})

    assert (answer.status, answer.code) == (400, "ValidationException")
    assert "'target'" in answer.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"Target": 1}', b"null"])
async def test_a_body_that_cannot_be_read_is_the_callers_fault(site: Site, body: bytes) -> None:
    request = replace(unsigned("ssm", "StartSession", {"Target": "i-1"}), body=body)
    sent = signed(request, site.keys, name="ssm", now=site.world.clock.now())

    answer = await site.door.send(sent, "ssm", "StartSession")

    assert answer.status == 400
    assert answer.code in {"SerializationException", "ValidationException"}


async def test_a_request_that_names_nothing_is_answered_too(site: Site) -> None:
    request = replace(
        unsigned("ssm", "StartSession", {"Target": "i-1"}), headers={"host": "x"}, body=b"hello"
    )

    response = await site.door.chain.answer(request)

    assert response.status == 400
    assert b"UnknownOperationException" in response.body


async def test_success_denial_and_refusal_leave_one_event_each(site: Site) -> None:
    ann = await site.world.user(site.account_id, "ann")
    keys = await site.door.keys(ann)
    given = {"Target": "i-00000000000000000"}

    await site.door.call(site.keys, "iam", "CreateUser", {"UserName": "bea"})
    await site.door.call(keys, "iam", "CreateUser", {"UserName": "cleo"})
    await site.door.call(site.keys, "ssm", "StartSession", given)
    await site.door.call(site.keys, "ssm", "StartSession", {})

    events = await site.world.events(site.account_id)
    assert [(event.name, event.error_code) for event in events] == [
        ("CreateUser", ""),
        ("CreateUser", "AccessDenied"),
        ("StartSession", "TargetNotConnected"),
        ("StartSession", "ValidationException"),
    ]
    assert msgspec.json.decode(events[0].request) == {"userName": "bea"}
    assert events[0].resources == (f"arn:aws:iam::{site.account_id}:user/bea",)
    assert events[0].access_key_id == site.keys.access_key_id
    assert events[0].source_address == "127.0.0.1"
    assert not events[0].read_only
    assert len({event.event_id for event in events}) == 4
    await site.world.store.read(site.account_id, lambda tx: tx.audit.verify())


async def test_secrets_of_an_answer_are_in_no_event(site: Site) -> None:
    answer = await site.door.call(site.keys, "iam", "CreateAccessKey", {"UserName": "admin"})

    secret = answer.output["AccessKey"]["SecretAccessKey"]
    assert len(secret) == 40
    assert secret not in repr(await site.world.events(site.account_id))


async def test_a_new_key_works_at_once_and_a_deleted_one_stops_at_once(site: Site) -> None:
    answer = await site.door.call(site.keys, "iam", "CreateAccessKey", {})
    made = answer.output["AccessKey"]
    keys = Keys(access_key_id=made["AccessKeyId"], secret=made["SecretAccessKey"])

    before = await ask(site, "ssm", keys)
    given = {"AccessKeyId": keys.access_key_id}
    await site.door.call(site.keys, "iam", "DeleteAccessKey", given)
    after = await ask(site, "ssm", keys)

    assert (before[0], after[:2]) == (200, (400, "UnrecognizedClientException"))


class _Broken:
    """A store that gave up."""

    async def read(self, *_: object) -> None:
        raise StoreUnavailable("disk full")

    write = find = create_account = read


async def test_a_store_that_gave_up_is_an_internal_error_without_its_words(site: Site) -> None:
    operation, given = ASKED["ssm"]
    request = unsigned("ssm", operation, given)
    sent = signed(request, site.keys, name="ssm", now=site.world.clock.now())
    broken: Any = _Broken()
    world = replace(site.world.world, store=broken)
    door = Door(replace(site.world, world=world))

    answer = await door.send(sent, "ssm", operation)

    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert answer.message.startswith("The store could not answer. Request id: ")
    assert "disk full" not in answer.message


@pytest.mark.parametrize("service", ASKED)
async def test_every_answer_carries_its_request_id(site: Site, service: str) -> None:
    answer = await site.door.call(site.keys, service, *ASKED[service])

    assert answer.output["ResponseMetadata"]["RequestId"]
