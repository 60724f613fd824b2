"""Whom a role trusts, what they must give, and what their session carries and hands on."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.world import ADMINISTRATOR, FakeWorld, policy
from tests.operations.login_steps import code_of, device_of
from tests.operations.sts_steps import Signer, call_with, signer, trusting

from mooring.iam.identity import EntityKind, Role, User
from mooring.operations.assume_role import (
    AssumedRole,
    RoleRequest,
    SecondFactor,
    assume_role,
    find_role,
)
from mooring.operations.authorize import Question, ask
from mooring.operations.credentials import TemporaryCredentials
from mooring.operations.problems import OperationRefused, Problem
from mooring.operations.session_requests import SessionRequest

WITH_TAGS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


async def assume(
    world: FakeWorld,
    keys: Signer | TemporaryCredentials,
    role: Role | str,
    *,
    session_name: str = "work",
    **rest: object,
) -> AssumedRole:
    arn = role if isinstance(role, str) else role.arn
    asked = replace(RoleRequest(role_arn=arn, session_name=session_name), **rest)  # type: ignore[arg-type]
    return await assume_role(await call_with(world, keys, "sts:AssumeRole"), asked)


async def refusal(
    world: FakeWorld, keys: Signer | TemporaryCredentials, role: Role | str, **rest: object
) -> OperationRefused:
    with pytest.raises(OperationRefused) as refused:
        await assume(world, keys, role, **rest)  # type: ignore[arg-type]
    return refused.value


async def may(
    world: FakeWorld, keys: TemporaryCredentials, action: str, resource: str = "*"
) -> bool:
    call = await call_with(world, keys, action)
    return (await ask(call, Question(action=action, resources=(resource,)))).allowed


@pytest.fixture
async def ann(world: FakeWorld) -> User:
    return await world.user(await world.account(), "ann")


async def test_a_user_whom_the_role_names_needs_no_policy(world: FakeWorld, ann: User) -> None:
    role = await world.role(ann.account_id, "Role", policy("ssm:*"), trust=trusting(ann.arn))

    opened = await assume(world, await signer(world, ann), role)

    call = await call_with(world, opened.credentials, "sts:GetCallerIdentity")
    assert opened.principal == call.caller.principal
    assert opened.principal.arn == f"arn:aws:sts::{ann.account_id}:assumed-role/Role/work"
    assert opened.principal.user_id == f"{role.role_id}:work"
    assert opened.credentials.expires_at == world.clock.now() + timedelta(hours=1)
    assert opened.packed_percent is None
    assert await may(world, opened.credentials, "ssm:StartSession")
    assert not await may(world, opened.credentials, "iam:GetUser")


async def test_an_account_that_is_named_leaves_it_to_its_policies(
    world: FakeWorld, ann: User
) -> None:
    trust = trusting(f"arn:aws:iam::{ann.account_id}:root")
    role = await world.role(ann.account_id, "Role", trust=trust)
    bea = await world.user(ann.account_id, "bea", policy("sts:AssumeRole", role.arn))

    denied = await refusal(world, await signer(world, ann), role)
    opened = await assume(world, await signer(world, bea), role)

    assert denied.message == (
        f"User: {ann.arn} is not authorized to perform: sts:AssumeRole on resource: {role.arn} "
        "because no identity-based policy allows the sts:AssumeRole action"
    )
    assert opened.principal.session_name == "work"


async def test_across_accounts_both_sides_must_allow(world: FakeWorld, ann: User) -> None:
    owner = await world.account()
    bea = await world.user(ann.account_id, "bea", policy("sts:AssumeRole"))
    for_both = await world.role(
        owner, "Role", trust=trusting(f"arn:aws:iam::{ann.account_id}:root")
    )
    for_ann = await world.role(owner, "ForAnn", trust=trusting(ann.arn))
    for_none = await world.role(owner, "ForNone")

    opened = await assume(world, await signer(world, bea), for_both)

    assert opened.principal.account_id == owner
    for user, role in ((ann, for_both), (ann, for_ann), (bea, for_ann), (bea, for_none)):
        refused = await refusal(world, await signer(world, user), role)
        assert refused.problem is Problem.ACCESS_DENIED, (user.name, role.name)


async def test_the_account_of_the_role_has_an_event_of_its_own(world: FakeWorld, ann: User) -> None:
    owner = await world.account()
    bea = await world.user(ann.account_id, "bea", policy("sts:AssumeRole"))
    role = await world.role(owner, "Role", trust=trusting(bea.arn))

    opened = await assume(world, await signer(world, bea), role)
    await refusal(world, await signer(world, ann), role)

    events = await world.events(owner)
    assert [(event.name, event.principal_arn) for event in events] == [("AssumeRole", bea.arn)]
    told = json.loads(events[0].response)
    assert told["credentials"]["accessKeyId"] == opened.credentials.access_key_id
    assert told["assumedRoleUser"]["arn"] == opened.principal.arn
    for secret in (opened.credentials.secret, opened.credentials.session_token):
        assert secret.reveal() not in events[0].response


async def test_a_role_that_is_not_there_answers_like_one_that_trusts_nobody(
    world: FakeWorld, ann: User
) -> None:
    keys = await signer(world, await world.administrator(ann.account_id))
    owner = await world.account()
    closed = await world.role(owner, "Closed")
    gone = closed.arn.replace("Closed", "Gone")
    elsewhere = closed.arn.replace("role/", "role/path/")

    texts = [(await refusal(world, keys, arn)).message for arn in (closed.arn, gone, elsewhere)]

    assert texts[1] == texts[0].replace(closed.arn, gone)
    assert texts[2] == texts[0].replace(closed.arn, elsewhere)


async def test_a_role_that_is_not_there_opens_for_nobody(world: FakeWorld) -> None:
    assert await find_role(world.world, "arn:aws:iam::999988887777:role/Gone") is None


@pytest.mark.parametrize("arn", ["arn:aws:iam::1:role/R", "arn:aws:iam::111122223333:user/ann"])
async def test_what_is_no_role_is_refused(world: FakeWorld, ann: User, arn: str) -> None:
    refused = await refusal(world, await signer(world, ann), arn)

    assert (refused.problem, refused.message) == (Problem.INVALID_VALUE, f"{arn} is invalid")


async def test_the_trust_policy_can_ask_for_an_external_id_and_a_name(
    world: FakeWorld, ann: User
) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "secret-7", "sts:RoleSessionName": "work"}}
    role = await world.role(ann.account_id, "Role", trust=trusting(ann.arn, condition=condition))
    keys = await signer(world, ann)

    await assume(world, keys, role, external_id="secret-7")

    for given in (
        {},
        {"external_id": "secret-8"},
        {"external_id": "secret-7", "session_name": "x1"},
    ):
        refused = await refusal(world, keys, role, **given)
        assert "no role trust policy allows the sts:AssumeRole action" in refused.message


async def test_a_policy_of_the_caller_can_look_at_the_roles_tags(
    world: FakeWorld, ann: User
) -> None:
    role = await world.role(
        ann.account_id, "Role", trust=trusting(f"arn:aws:iam::{ann.account_id}:root")
    )
    tagged = replace(role, tags={"team": "blue"})
    await world.store.write(ann.account_id, lambda tx: tx.identities.put_role(tagged))
    blue = {"StringEquals": {"iam:ResourceTag/team": "blue", "aws:ResourceTag/team": "blue"}}
    red = {"StringEquals": {"iam:ResourceTag/team": "red"}}
    bea = await world.user(ann.account_id, "bea", policy("sts:AssumeRole", Condition=blue))
    eva = await world.user(ann.account_id, "eva", policy("sts:AssumeRole", Condition=red))

    await assume(world, await signer(world, bea), role)

    assert (await refusal(world, await signer(world, eva), role)).problem is Problem.ACCESS_DENIED


async def test_the_duration_is_bounded_by_the_role(world: FakeWorld, ann: User) -> None:
    role = await world.role(ann.account_id, "Role", trust=trusting(ann.arn))
    long = replace(role, max_session=timedelta(hours=12))
    keys = await signer(world, ann)

    refused = await refusal(world, keys, role, duration=timedelta(hours=1, seconds=1))
    await world.store.write(ann.account_id, lambda tx: tx.identities.put_role(long))
    opened = await assume(world, keys, role, duration=timedelta(hours=12))

    assert refused.message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )
    assert opened.credentials.expires_at == world.clock.now() + timedelta(hours=12)


async def chain(world: FakeWorld, ann: User, *actions: str) -> tuple[Role, Role]:
    """Return two roles: the first trusts the user, the second the first."""
    first = await world.role(ann.account_id, "First", trust=trusting(ann.arn, *WITH_TAGS))
    trust = trusting(first.arn, *(actions or WITH_TAGS))
    second = await world.role(ann.account_id, "Second", policy("ssm:*"), trust=trust)
    attach = policy(list(WITH_TAGS))
    await world.store.write(
        ann.account_id,
        lambda tx: tx.identities.put_inline(EntityKind.ROLE, "First", "assume", attach),
    )
    long = replace(second, max_session=timedelta(hours=12))
    await world.store.write(ann.account_id, lambda tx: tx.identities.put_role(long))
    return first, long


async def test_a_chain_of_roles_lasts_an_hour_at_most(world: FakeWorld, ann: User) -> None:
    first, second = await chain(world, ann)
    opened = await assume(world, await signer(world, ann), first)

    refused = await refusal(
        world, opened.credentials, second, duration=timedelta(hours=1, seconds=1)
    )
    again = await assume(world, opened.credentials, second, duration=timedelta(hours=1))

    assert "1 hour session limit for roles assumed by role chaining" in refused.message
    assert again.principal.arn.endswith("assumed-role/Second/work")


async def test_transitive_tags_and_the_source_identity_go_along_the_chain(
    world: FakeWorld, ann: User
) -> None:
    first, second = await chain(world, ann)
    given = SessionRequest(
        tags=(("team", "blue"), ("cost", "7")), transitive=("team",), source_identity="ann"
    )
    opened = await assume(world, await signer(world, ann), first, session=given)

    again = await assume(world, opened.credentials, second)

    assert again.source_identity == "ann"
    assert dict(again.principal.tags) == {"team": "blue"}
    call = await call_with(world, again.credentials, "ssm:StartSession")
    assert call.caller.session is not None
    assert call.caller.session.inherited == {"team": "blue"}


async def test_what_a_chain_hands_on_cannot_be_changed(world: FakeWorld, ann: User) -> None:
    first, second = await chain(world, ann)
    given = SessionRequest(tags=(("team", "blue"),), transitive=("team",), source_identity="ann")
    opened = await assume(world, await signer(world, ann), first, session=given)

    for other, says in (
        (SessionRequest(tags=(("Team", "red"),)), "conflicts with a transitive tag key"),
        (SessionRequest(source_identity="bea"), "can't be changed"),
    ):
        refused = await refusal(world, opened.credentials, second, session=other)
        assert says in refused.message


async def test_a_role_must_trust_the_tags_that_come_along(world: FakeWorld, ann: User) -> None:
    first, second = await chain(world, ann, "sts:AssumeRole")
    given = SessionRequest(tags=(("team", "blue"),), transitive=("team",))
    plain = await assume(world, await signer(world, ann), first)
    tagged = await assume(world, await signer(world, ann), first, session=given)

    await assume(world, plain.credentials, second)
    refused = await refusal(world, tagged.credentials, second)

    assert "no role trust policy allows the sts:TagSession action" in refused.message


@pytest.mark.parametrize(
    ("given", "action"),
    [
        (SessionRequest(tags=(("team", "blue"),)), "sts:TagSession"),
        (SessionRequest(source_identity="ann"), "sts:SetSourceIdentity"),
    ],
)
async def test_tags_and_source_identity_are_permissions_of_their_own(
    world: FakeWorld, ann: User, given: SessionRequest, action: str
) -> None:
    role = await world.role(ann.account_id, "Role", trust=trusting(ann.arn))

    refused = await refusal(world, await signer(world, ann), role, session=given)

    assert f"is not authorized to perform: {action} on resource: {role.arn}" in refused.message


async def test_the_trust_policy_can_judge_the_tags(world: FakeWorld, ann: User) -> None:
    condition = {
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": "team", "sts:TransitiveTagKeys": "team"},
    }
    trust = trusting(ann.arn, *WITH_TAGS, condition=condition)
    role = await world.role(ann.account_id, "Role", trust=trust)
    keys = await signer(world, ann)
    blue, red = (("team", "blue"),), (("team", "red"),)

    await assume(world, keys, role, session=SessionRequest(tags=blue, transitive=("team",)))

    for tags in (red, (*blue, ("cost", "7")), ()):
        refused = await refusal(world, keys, role, session=SessionRequest(tags=tags))
        assert refused.problem is Problem.ACCESS_DENIED


async def test_session_policies_limit_and_never_add(world: FakeWorld, ann: User) -> None:
    role = await world.role(
        ann.account_id, "Role", policy(["ssm:StartSession", "iam:*"]), trust=trusting(ann.arn)
    )
    given = SessionRequest(policy=policy("ssm:*"))

    opened = await assume(world, await signer(world, ann), role, session=given)

    assert opened.packed_percent is not None
    assert 0 < opened.packed_percent <= 100
    assert await may(world, opened.credentials, "ssm:StartSession")
    assert not await may(world, opened.credentials, "iam:GetUser")
    assert not await may(world, opened.credentials, "ssm:TerminateSession")


async def test_managed_session_policies_are_looked_up_in_the_roles_account(
    world: FakeWorld, ann: User
) -> None:
    role = await world.role(
        ann.account_id, "Role", managed=(ADMINISTRATOR,), trust=trusting(ann.arn)
    )
    keys = await signer(world, ann)
    reading = SessionRequest(policy_arns=("arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",))

    opened = await assume(world, keys, role, session=reading)
    foreign = SessionRequest(policy_arns=("arn:aws:iam::111122223333:policy/Other",))
    refused = await refusal(world, keys, role, session=foreign)

    assert await may(world, opened.credentials, "ssm:DescribeSessions")
    assert not await may(world, opened.credentials, "ssm:StartSession")
    assert refused.problem is Problem.INVALID_VALUE


async def test_session_tags_are_the_principals(world: FakeWorld, ann: User) -> None:
    blue = {"StringEquals": {"aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "ann"}}
    role = await world.role(
        ann.account_id,
        "Role",
        policy("ssm:*", Condition=blue),
        trust=trusting(ann.arn, *WITH_TAGS),
    )
    keys = await signer(world, ann)
    given = SessionRequest(tags=(("Team", "blue"),), source_identity="ann")

    tagged = await assume(world, keys, role, session=given)
    plain = await assume(world, keys, role)

    assert await may(world, tagged.credentials, "ssm:StartSession")
    assert not await may(world, plain.credentials, "ssm:StartSession")


async def test_a_trust_policy_can_want_a_second_factor(world: FakeWorld, ann: User) -> None:
    admin = await world.administrator(ann.account_id)
    phone = await device_of(world, admin, ann)
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    role = await world.role(
        ann.account_id,
        "Role",
        policy("ssm:*", Condition={"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}),
        trust=trusting(ann.arn, condition=condition),
    )
    keys = await signer(world, ann)
    good = SecondFactor(serial=phone.serial, code=code_of(world, phone))

    without = await refusal(world, keys, role)
    opened = await assume(world, keys, role, second_factor=good)
    again = await refusal(world, keys, role, second_factor=good)

    assert "role trust policy" in without.message
    assert again.message == (
        "MultiFactorAuthentication failed with invalid MFA one time pass code."
    )
    assert await may(world, opened.credentials, "ssm:StartSession")
    world.pass_time(seconds=60)
    assert not await may(world, opened.credentials, "ssm:StartSession")
